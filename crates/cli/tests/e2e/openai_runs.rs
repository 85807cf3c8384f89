//! openai-whisper's options through the real binary, each against what openai-whisper itself made of the recording
//! (`openai/runs.py`). Not sampling, which no two programs draw alike: see `openai_draws`.

use crate::binary::{done, recording, undertone};
use serde_json::Value;
use std::fs;

/// Logarithms and probabilities may differ by this: sums of f32 in another order, and weights that came as f16.
const NEAR: f64 = 2e-2;
/// Times may differ by one step of a timestamp.
const STEP: f64 = 0.0201;

/// What differs between two values of a segment or word, by name.
fn compare(name: &str, got: &Value, expected: &Value, at: &str) {
    let near = |within: f64| {
        let (got, expected) = (got.as_f64().unwrap(), expected.as_f64().unwrap());
        assert!((got - expected).abs() <= within, "{at}: {name} is {got}, expected {expected}");
    };
    match name {
        "avg_logprob" | "no_speech_prob" | "probability" => near(NEAR),
        "start" | "end" => near(STEP),
        "compression_ratio" | "temperature" => near(1e-9),
        "words" => all(got, expected, &format!("{at}, words")),
        _ => assert_eq!(got, expected, "{at}: {name}"),
    }
}

/// Compares lists of segments or words: what openai-whisper says of each, whatever else we say.
fn all(got: &Value, expected: &Value, at: &str) {
    let (got, expected) = (got.as_array().unwrap(), expected.as_array().unwrap());
    assert_eq!(got.len(), expected.len(), "{at}: {got:?}");
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        for (name, value) in expected.as_object().unwrap() {
            compare(name, &got[name], value, &format!("{at} {i}"));
        }
    }
}

/// Text without the times in it.
fn timeless(text: &str) -> Vec<&str> {
    text.lines()
        .map(|line| line.rsplit_once("] ").map_or(line, |(_, text)| text))
        .filter(|l| !l.contains("-->"))
        .collect()
}

fn run(name: &str) {
    let runs: Vec<Value> = serde_json::from_str(include_str!("openai/runs.json")).unwrap();
    let run =
        runs.iter().find(|run| run["name"] == name).unwrap_or_else(|| panic!("{name} is not among the runs"));
    let folder = tempfile::tempdir().unwrap();
    let audio = run["audio"].as_str().unwrap();
    let file = recording(audio);
    let mut args = vec!["whisper", &file, "--output_dir", folder.path().to_str().unwrap()];
    args.extend(run["options"].as_array().unwrap().iter().map(|option| option.as_str().unwrap()));
    let got = done(&mut undertone(&args));
    assert_eq!(got.code, Some(0), "{}", got.stderr);
    let read = |format: &str| fs::read_to_string(folder.path().join(format!("{audio}.{format}"))).unwrap();
    let files = &run["files"];
    let (json, expected): (Value, _) = (serde_json::from_str(&read("json")).unwrap(), &files["json"]);
    assert_eq!(json["text"], expected["text"]);
    assert_eq!(json["language"], expected["language"]);
    all(&json["segments"], &expected["segments"], "segment");
    assert_eq!(timeless(&got.stdout), timeless(run["stdout"].as_str().unwrap()));
    for format in ["srt", "vtt"] {
        let (text, expected) = (read(format), files[format].as_str().unwrap());
        assert_eq!(timeless(&text), timeless(expected), "{format}");
        assert_eq!(text.lines().count(), expected.lines().count(), "{format}");
    }
}

macro_rules! runs {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            run(stringify!($name));
        })*

        #[test]
        fn every_run_is_a_test() {
            let lines = include_str!("openai/runs.txt").lines().filter(|line| !line.starts_with('#'));
            let names: Vec<&str> = lines.filter_map(|line| line.split(' ').next()).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}

runs! {
    greedy beams patient suppressed everything prompted first_prompt every_prompt forgetful silent spoken words
    loose_words highlighted lines few_words clips silence_skipped translated german
}
