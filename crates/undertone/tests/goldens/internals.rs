//! How far log-mel, encoding and logits are from openai-whisper's in f32, for the first window of a short and a long
//! recording, with both of its paddings. The words are compared elsewhere: closeness alone has lost them before.

use crate::model;
use crate::recordings::Recordings;
use std::io::Read;
use std::path::Path;
use undertone::recording::Recording;
use whisper::{Batch, Session, SessionOptions, Wanted};

/// The f32 arrays of a NumPy archive, by name.
struct Archive(zip::ZipArchive<std::fs::File>);

impl Archive {
    fn open(path: &Path) -> Archive {
        Archive(
            zip::ZipArchive::new(std::fs::File::open(path).expect("the archive opens")).expect("it is a zip"),
        )
    }

    fn array(&mut self, name: &str) -> Vec<f32> {
        let mut bytes = Vec::new();
        let mut entry = self.0.by_name(&format!("{name}.npy")).expect("the array is there");
        entry.read_to_end(&mut bytes).expect("the array can be read");
        let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let text = String::from_utf8_lossy(&bytes[10..header]);
        assert!(text.contains("'<f4'") && text.contains("'fortran_order': False"), "{text}");
        bytes[header..].chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
    }
}

fn largest(ours: &[f32], theirs: &[f32]) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// Log-mel has channels first there.
fn transposed(mel: &[f32], channels: usize) -> Vec<f32> {
    let frames = mel.len() / channels;
    (0..frames).flat_map(|t| (0..channels).map(move |c| mel[c * frames + t])).collect()
}

/// The logits after `tokens` on the encoded window.
fn logits(session: &mut Session, tokens: &[u32]) -> Vec<f32> {
    let n = tokens.len();
    let batch = Batch {
        token: tokens.iter().map(|t| *t as i32).collect(),
        row: vec![0; n],
        pos: (0..n as i32).collect(),
        slot: vec![0; n],
        table: vec![0; session.model().config.n_text_ctx],
        window: vec![0],
        wanted: vec![Wanted { at: n - 1, bias: 0, spans: [0; 4], mass: false }],
        align: vec![],
    };
    session.decode(&batch).expect("the decoder runs").filtered.to_vec()
}

#[test]
fn every_stage_is_close_to_openai_whisper() {
    let Some(recordings) = Recordings::find() else { return };
    let model = model();
    let options = SessionOptions { rows: 1, windows: 1 };
    let mut session = Session::new(model.clone(), &cpu::Cpu::new(2), options).expect("it compiles");
    let specials = *model.tokenizer.specials();
    for file in ["jfk.flac", "long-dev.flac"] {
        let sound = audio::Sound::open(&recordings.path(file)).expect("the recording opens");
        let mut golden = Archive::open(&recordings.internals(file));
        let mut recording = Recording::new(&sound, &mut session).expect("it scans");
        let channels = model.config.n_mels;

        let silent = recording.with_silence(&mut session).expect("it windows").to_vec();
        let mel_language = largest(&silent, &transposed(&golden.array("mel_language"), channels));
        session.encode(&silent, 0).expect("it encodes");
        let ours = logits(&mut session, &[specials.sot]);
        let language = largest(&ours, &golden.array("language_logits"));

        let mut recording = Recording::new(&sound, &mut session).expect("it scans");
        let frames = recording.frames().min(whisper::graphs::FRAMES);
        let mel = recording.decoded(&mut session, 0, frames).expect("it windows").to_vec();
        let mel_decode = largest(&mel, &transposed(&golden.array("mel_decode"), channels));
        let encoding = session.encode(&mel, 0).expect("it encodes").to_vec();
        let encoder = largest(&encoding, &golden.array("encoder_decode"));
        let best = (specials.first_language..specials.first_language + specials.n_languages)
            .max_by(|a, b| ours[*a as usize].total_cmp(&ours[*b as usize]))
            .expect("there are languages");
        let decode = logits(&mut session, &[specials.sot, best, specials.transcribe]);
        let decode = largest(&decode, &golden.array("logits_decode"));
        println!(
            "{file}: log-mel {mel_decode:.1e} decoded, {mel_language:.1e} with silence; \
             encoder {encoder:.1e}; logits {decode:.1e} decoded, {language:.1e} after <|startoftranscript|>"
        );
        assert!(mel_decode < 1e-4 && mel_language < 1e-4, "{file}: log-mel");
        assert!(encoder < 2e-3, "{file}: encoder {encoder}");
        assert!(decode < 2e-3 && language < 2e-3, "{file}: logits {decode} {language}");
    }
}
