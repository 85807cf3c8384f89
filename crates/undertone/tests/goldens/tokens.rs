//! Tokens, text, times and probabilities of whole recordings. Not what stands inside the model: see `internals`.

use crate::model;
use crate::recordings::{Golden, Recordings, report_samples};
use undertone::{Options, Transcriber};

fn transcriber() -> Transcriber {
    Transcriber::new(model(), &cpu::Cpu::new(2)).expect("the base model compiles")
}

#[test]
fn every_recording_gives_the_tokens_of_openai_whisper() {
    let Some(recordings) = Recordings::find() else { return };
    let mut transcriber = transcriber();
    let (mut compared, mut faults) = (0, Vec::new());
    for file in recordings.files() {
        let golden = Golden::read(&recordings, &file);
        let Some(sound) = golden.sound_of_its_samples(&recordings, &file) else { continue };
        let outcome =
            transcriber.transcribe(&sound, &Options::openai(), &mut ()).expect("the sound is whole");
        faults.extend(golden.differences(&outcome.transcript));
        compared += 1;
    }
    println!("{compared} recordings compared");
    assert!(faults.is_empty(), "{} differences:\n{}", faults.len(), faults.join("\n"));
    assert!(compared > 100, "only {compared} recordings are there");
}

/// For files that are not 16 kHz mono already: how far our samples are from ffmpeg's, and what that does to the
/// words. Stated, not judged, but for the length and the bulk of the samples.
#[test]
fn other_formats_give_nearly_the_samples_of_ffmpeg() {
    let Some(recordings) = Recordings::find() else { return };
    let mut transcriber = transcriber();
    for file in recordings.files().into_iter().filter(|f| recordings.pcm(f).exists()) {
        let golden = Golden::read(&recordings, &file);
        let difference = report_samples(&recordings, &file);
        let sound = audio::Sound::open(&recordings.path(&file)).expect("the format is known");
        let outcome =
            transcriber.transcribe(&sound, &Options::openai(), &mut ()).expect("the sound is whole");
        let words = golden.differing_words(&outcome.transcript.text);
        println!("{file}: {difference}, differing words: {words:?}");
        assert!(difference.length <= 64, "{file}: {difference}");
        assert!(difference.rms < 40.0, "{file}: {difference}");
    }
}
