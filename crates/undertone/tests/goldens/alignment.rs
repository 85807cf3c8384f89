//! When words are spoken, against openai-whisper's times for the tokens that it found. Not the search, nor the rules
//! that clamp words to segments: words that these may have moved are left out.

use crate::model;
use crate::recordings::{Golden, Recordings};
use serde_json::Value;
use undertone::recording::Recording;
use whisper::align::{
    APPENDED, InPass, PREPENDED, Spoken, find_alignment, find_alignment_with, merge_punctuations,
};
use whisper::graphs::FRAMES;
use whisper::rules::ROW_TEXT;
use whisper::{
    Batch, Language, Model, RuleOptions, Rules, Session, SessionOptions, Task, Wanted, WordTiming,
};

/// Recordings of one window, in languages with and without spaces, read from clean and from noisy sound.
const FILES: [&str; 10] = [
    "jfk.flac",
    "LJ001-0001.flac",
    "LJ001-0002.flac",
    "aishell-BAC009S0724W0121.flac",
    "common_voice_ja_24511055.mp3",
    "cheetah-test_de.flac",
    "cheetah-test_fr.flac",
    "deepspeech-ru.flac",
    "ls-1688-142285-0000.flac",
    "ls-1998-15444-0003.flac",
];

/// The most that a word's end may be off: one place of the encoding, the least step of a time.
const NEAR: f64 = 0.02 + 1e-9;

/// One recording's first window in a session, and openai-whisper's words for it.
struct Clip {
    json: Value,
    text: Vec<u32>,
    language: Language,
    frames: usize,
}

impl Clip {
    /// Encodes the recording's first window as window 0.
    fn encode(recordings: &Recordings, session: &mut Session, file: &str) -> Option<Clip> {
        let sound = Golden::read(recordings, file).sound_of_its_samples(recordings, file)?;
        let mut recording = Recording::new(&sound, session).expect("it scans");
        let frames = recording.scan.frames().min(FRAMES);
        let mel = recording.decoded(session, 0, frames).expect("it windows").to_vec();
        session.encode(&mel, 0).expect("it encodes");
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let json = std::fs::read_to_string(recordings.path(&format!("golden/{stem}.beam5-words.json")));
        let json: Value = serde_json::from_str(&json.expect("the golden can be read")).expect("it is JSON");
        let eot = session.model().tokenizer.specials().eot;
        let tokens = segments(&json).flat_map(|s| s["tokens"].as_array().expect("tokens are a list"));
        let tokens = tokens.map(|t| t.as_u64().expect("tokens are ids") as u32);
        let text = tokens.filter(|token| *token < eot).collect();
        let language = json["language"].as_str().and_then(|code| code.parse().ok()).expect("a language");
        Some(Clip { json, text, language, frames })
    }

    fn spoken(&self) -> Spoken<'_> {
        let (tokens, frames) = (&self.text[..], self.frames);
        Spoken { window: 0, tokens, language: self.language, task: Task::Transcribe, frames }
    }
}

fn segments(json: &Value) -> impl Iterator<Item = &Value> {
    json["segments"].as_array().expect("segments are a list").iter().inspect(|s| assert_eq!(s["seek"], 0))
}

/// The golden's words, and whether a rule may have moved each: the first two and the last of a segment, and one after
/// a sentence's end.
fn golden_words(json: &Value) -> Vec<(&Value, bool)> {
    let mut out = Vec::new();
    for segment in segments(json) {
        let words = segment["words"].as_array().expect("words are a list");
        for (i, word) in words.iter().enumerate() {
            let text = |i: usize| words[i]["word"].as_str().unwrap_or_default();
            let after_end =
                i > 0 && text(i - 1).trim_end_matches('"').ends_with(['.', '。', '!', '！', '?', '？']);
            out.push((word, i < 2 || i + 1 == words.len() || after_end));
        }
    }
    out
}

fn session(model: std::sync::Arc<Model>) -> Session {
    let rules = Rules::new(&model.tokenizer, &model.config, &RuleOptions::default()).expect("rules");
    let options = SessionOptions { rows: 1, windows: 1 };
    let mut session = Session::new(model, &cpu::Cpu::new(2), options).expect("it compiles");
    session.set_biases(&rules.bias_table());
    session
}

#[test]
fn words_are_spoken_when_openai_whisper_says() {
    let Some(recordings) = Recordings::find() else { return };
    let mut session = session(model());
    let (mut compared, mut near) = (0, 0);
    for file in FILES {
        let Some(clip) = Clip::encode(&recordings, &mut session, file) else { continue };
        let mut words = find_alignment(&mut session, &clip.spoken()).expect("it aligns");
        merge_punctuations(&mut words, PREPENDED, APPENDED);
        words.retain(|word| !word.word.is_empty());
        let golden = golden_words(&clip.json);
        let texts: Vec<&str> = golden.iter().filter_map(|(word, _)| word["word"].as_str()).collect();
        assert_eq!(words.iter().map(|w| w.word.as_str()).collect::<Vec<_>>(), texts, "{file}");
        for (ours, (theirs, moved)) in words.iter().zip(golden) {
            let number = |name: &str| theirs[name].as_f64().expect("numbers are numbers");
            let probability = number("probability");
            assert!(
                (ours.probability - probability).abs() < 2e-3,
                "{file}: {ours:?}, expected {probability}"
            );
            if !moved {
                let far = (ours.start - number("start")).abs().max((ours.end - number("end")).abs());
                compared += 1;
                near += usize::from(far <= NEAR);
                if far > NEAR {
                    println!("{file}: {:?} is at {:.2} s, off by {far:.2} s", ours.word, ours.start);
                }
            }
        }
    }
    println!("{near} of {compared} words are within {NEAR:.2} s");
    assert!(compared > 100 && near * 100 >= compared * 99, "{near} of {compared}");
}

/// Decodes `clip`'s own text token by token, as a search does, and records what it sees.
fn recorded(session: &mut Session, clip: &Clip) -> (Vec<f32>, Vec<f64>) {
    let model = session.model().clone();
    let (context, vocab) = (model.config.n_text_ctx, model.config.n_vocab);
    let mut tokens = model.tokenizer.sot_sequence(clip.language, Task::Transcribe).expect("a start");
    tokens.push(model.tokenizer.specials().no_timestamps);
    let start = tokens.len() - 1;
    tokens.extend_from_slice(&clip.text);
    let heads = model.config.alignment_heads.len();
    let (mut rows, mut probabilities) = (vec![Vec::new(); heads], Vec::new());
    for (pos, token) in tokens.iter().enumerate() {
        let batch = Batch {
            token: vec![*token as i32],
            row: vec![0],
            pos: vec![pos as i32],
            slot: vec![0],
            table: vec![0; context],
            window: vec![0],
            wanted: vec![Wanted { at: 0, bias: ROW_TEXT, spans: [0; 4], mass: false }],
            align: if pos < start { vec![] } else { vec![0] },
        };
        let ranked = session.decode(&batch).expect("it decodes");
        assert_eq!(ranked.filtered.len(), vocab);
        assert_eq!(ranked.scores.is_empty(), pos < start);
        for (row, scores) in rows.iter_mut().zip(ranked.scores.chunks(model.config.n_audio_ctx)) {
            row.extend_from_slice(scores);
        }
        if let Some(next) = tokens.get(pos + 1).filter(|_| pos >= start) {
            probabilities.push(f64::from((ranked.filtered[*next as usize] - ranked.log_sum[0]).exp()));
        }
    }
    (rows.concat(), probabilities)
}

#[test]
fn what_a_search_records_gives_nearly_the_same_words() {
    let Some(recordings) = Recordings::find() else { return };
    let mut session = session(model());
    let clip = Clip::encode(&recordings, &mut session, "jfk.flac").expect("its samples are its own");
    let exact = find_alignment(&mut session, &clip.spoken()).expect("it aligns");
    let (scores, probabilities) = recorded(&mut session, &clip);
    let in_pass = InPass { scores: &scores, probabilities: &probabilities };
    let ours = find_alignment_with(&in_pass, &mut session, &clip.spoken()).expect("it aligns");
    let near = |(a, b): &(&WordTiming, &WordTiming)| (a.start - b.start).abs() <= 0.1 + 1e-9;
    let near = exact.iter().zip(&ours).filter(near).count();
    println!("{near} of {} words start within 0.1 s", exact.len());
    assert!(ours.len() == exact.len() && near * 10 >= exact.len() * 9, "{near} of {}", exact.len());
    for (a, b) in exact.iter().zip(&ours) {
        assert!((a.probability - b.probability).abs() < 1e-4, "{a:?} {b:?}");
    }
    let short = InPass { scores: &scores[1..], ..in_pass };
    let error = find_alignment_with(&short, &mut session, &clip.spoken()).unwrap_err().to_string();
    assert!(error.contains(" scores and "), "{error}");
    let long = vec![11; 445];
    let error = find_alignment(&mut session, &Spoken { tokens: &long, ..clip.spoken() }).unwrap_err();
    let expected = "450 tokens are to be aligned, expected at most 448, which the model's context holds; align less text";
    assert_eq!(error.to_string(), expected);
}
