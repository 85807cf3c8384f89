//! Tokens, text, times and probabilities of whole recordings. Not what stands inside the model: see `internals`.

use crate::model;
use crate::recordings::{Golden, Recordings, report_samples};
use undertone::options::WordTimes;
use undertone::{Options, Transcriber};

/// What `make.py` of the goldens gave openai-whisper for a variant: temperature 0 without fallback.
fn options(variant: &str) -> Options {
    Options {
        temperature: vec![0.0],
        beam_size: (!variant.starts_with("greedy")).then_some(5),
        word_timestamps: variant.ends_with("words").then_some(WordTimes::Exact),
        ..Options::openai()
    }
}

fn transcriber(options: &Options) -> Transcriber {
    Transcriber::new(model(), &cpu::Cpu::new(2), options).expect("the base model compiles")
}

/// Holds every recording that has a golden in `variant` against it; `least` are there.
fn compare(variant: &str, least: usize) {
    let Some(recordings) = Recordings::find() else { return };
    let options = options(variant);
    let mut transcriber = transcriber(&options);
    let (mut compared, mut faults, mut distances) = (0, Vec::new(), Vec::new());
    for file in recordings.files().into_iter().filter(|file| recordings.has(file, variant)) {
        let golden = Golden::read(&recordings, &file, variant);
        let Some(sound) = golden.sound_of_its_samples(&recordings, &file) else { continue };
        let outcome = transcriber.transcribe(&sound, &options, &mut ()).expect("the sound is whole");
        faults.extend(golden.differences(&outcome.transcript));
        if options.word_timestamps.is_some() {
            match golden.word_distances(&outcome.transcript) {
                Some(apart) => distances.extend(apart),
                None => faults.push(format!("{file}: other words")),
            }
        }
        compared += 1;
    }
    println!("{variant}: {compared} recordings compared");
    if !distances.is_empty() {
        let near = distances.iter().filter(|apart| **apart <= 0.0201).count();
        let percent = 100.0 * near as f64 / distances.len() as f64;
        let farthest = distances.iter().copied().fold(0.0, f64::max);
        println!(
            "{variant}: {percent:.2} % of {} times within 0.02 s, the farthest {farthest:.2} s",
            distances.len()
        );
        assert!(percent >= 99.0, "{percent} % of the words' times are within 0.02 s");
    }
    assert!(faults.is_empty(), "{} differences:\n{}", faults.len(), faults.join("\n"));
    assert!(compared >= least, "only {compared} recordings are there");
}

#[test]
fn every_recording_gives_the_tokens_of_openai_whisper() {
    compare("greedy", 100);
}

#[test]
fn so_it_does_with_five_beams() {
    compare("beam5", 100);
}

#[test]
fn so_it_does_with_five_beams_and_the_times_of_words() {
    compare("beam5-words", 100);
}

#[test]
fn so_does_the_long_file_with_the_times_of_words() {
    compare("greedy-words", 1);
}

/// Words timed in passing are near those that one more run of the decoder times; how near is stated.
#[test]
fn words_timed_in_passing_are_near() {
    let Some(recordings) = Recordings::find() else { return };
    let exact = Options { protections: false, ..options("greedy-words") };
    let passing = Options { word_timestamps: Some(WordTimes::InPass), ..exact.clone() };
    let mut transcriber = transcriber(&exact);
    let mut apart = Vec::new();
    for file in recordings.files().into_iter().filter(|file| file.starts_with("LJ") || *file == "jfk.flac") {
        let sound = audio::Sound::open(&recordings.path(&file)).expect("the recording opens");
        let mut words = |options: &Options| {
            let outcome = transcriber.transcribe(&sound, options, &mut ()).expect("the sound is whole");
            let words = outcome.transcript.segments.into_iter().flat_map(|s| s.words.unwrap_or_default());
            words.collect::<Vec<_>>()
        };
        let (exact, passing) = (words(&exact), words(&passing));
        let texts = |words: &[undertone::Word]| words.iter().map(|w| w.word.clone()).collect::<Vec<_>>();
        if texts(&exact) == texts(&passing) {
            let both = exact.iter().zip(&passing);
            apart.extend(both.flat_map(|(a, b)| [(a.start - b.start).abs(), (a.end - b.end).abs()]));
        }
    }
    apart.sort_by(f64::total_cmp);
    let median = apart[apart.len() / 2];
    println!("{} times, in passing {median:.3} s from exact by the median", apart.len());
    assert!(apart.len() > 300 && median <= 0.1, "{median} s over {} times", apart.len());
    let (long, golden) = ("long-dev.flac", Golden::read(&recordings, "long-dev.flac", "greedy"));
    let sound = audio::Sound::open(&recordings.path(long)).expect("the recording opens");
    let outcome = transcriber.transcribe(&sound, &passing, &mut ()).expect("the sound is whole");
    assert_eq!(golden.differing_words(&outcome.transcript.text), (vec![], vec![]), "words move no windows");
}

/// For files that are not 16 kHz mono already: how far our samples are from ffmpeg's, and what that does to the
/// words. Stated, not judged, but for the length and the bulk of the samples.
#[test]
fn other_formats_give_nearly_the_samples_of_ffmpeg() {
    let Some(recordings) = Recordings::find() else { return };
    let options = options("greedy");
    let mut transcriber = transcriber(&options);
    for file in recordings.files().into_iter().filter(|f| recordings.pcm(f).exists()) {
        let golden = Golden::read(&recordings, &file, "greedy");
        let difference = report_samples(&recordings, &file);
        let sound = audio::Sound::open(&recordings.path(&file)).expect("the format is known");
        let outcome = transcriber.transcribe(&sound, &options, &mut ()).expect("the sound is whole");
        let words = golden.differing_words(&outcome.transcript.text);
        println!("{file}: {difference}, differing words: {words:?}");
        assert!(difference.length <= 64, "{file}: {difference}");
        assert!(difference.rms < 40.0, "{file}: {difference}");
    }
}
