//! Short files encoded no further than their sound, through the real binary. Not a measure of their words.

use crate::binary::{done, recording, undertone};
use serde_json::Value;
use std::fs;
use std::path::Path;

const CLIPS: [&str; 4] = ["0880", "0890", "0920", "0930"];

/// The transcripts of the clips, in one call.
fn transcripts(more: &[&str]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let files = CLIPS.map(|clip| recording(&format!("sense-and-sensibility-{clip}")));
    let out = folder.path().to_str().unwrap();
    let mut args = vec!["transcribe", "--output-dir", out, "--output-format", "json", "--beam-size", "None"];
    args.extend(more);
    args.extend(files.iter().map(String::as_str));
    let got = done(&mut undertone(&args));
    assert_eq!(got.code, Some(0), "{}", got.stderr);
    files.iter().map(|file| read(folder.path(), file)).collect()
}

fn read(folder: &Path, file: &str) -> Value {
    let stem = Path::new(file).file_stem().unwrap().to_str().unwrap();
    serde_json::from_slice(&fs::read(folder.join(format!("{stem}.json"))).unwrap()).unwrap()
}

/// What was done to a clip, and why.
fn events(transcript: &Value) -> Vec<(&str, &str)> {
    let events = transcript["events"].as_array().map(Vec::as_slice).unwrap_or_default();
    events.iter().map(|e| (e["action"].as_str().unwrap(), e["reason"].as_str().unwrap())).collect()
}

/// How often words differ, place by place.
fn changed(a: &Value, b: &Value) -> usize {
    let words = |t: &Value| t["text"].as_str().unwrap().split(' ').map(str::to_owned).collect::<Vec<_>>();
    let (a, b) = (words(a), words(b));
    a.len().abs_diff(b.len()) + a.iter().zip(&b).filter(|(a, b)| a != b).count()
}

/// Each clip has a length of its own, and lanes share the steps of all of them.
#[test]
fn a_short_file_is_encoded_no_further_than_its_sound() {
    let whole = transcripts(&["--word-timestamps"]);
    let short = transcripts(&["--word-timestamps", "--short-form"]);
    let lanes = transcripts(&["--word-timestamps", "--short-form", "--batch-size", "8"]);
    for ((whole, short), lanes) in whole.iter().zip(&short).zip(&lanes) {
        assert_eq!(short["run"]["options"]["short_form"], true);
        assert_eq!(short["segments"], lanes["segments"]);
        assert_ne!(short["segments"][0]["avg_logprob"], whole["segments"][0]["avg_logprob"], "{short}");
        assert!(changed(whole, short) <= 2, "{} for {}", short["text"], whole["text"]);
        assert_eq!(events(short), [], "{short}");
        let seconds = short["duration"].as_f64().unwrap();
        let segments = short["segments"].as_array().unwrap();
        let words: Vec<&Value> = segments.iter().flat_map(|s| s["words"].as_array().unwrap()).collect();
        assert!(words.iter().all(|word| word["end"].as_f64().unwrap() <= seconds), "{short}");
        assert!(words.last().unwrap()["end"].as_f64().unwrap() > seconds - 1.5, "{short}");
    }
}

/// No text is likely enough for this threshold.
#[test]
fn doubtful_text_is_decoded_again_with_the_whole_window() {
    let strict = ["--no-fallback", "--logprob-threshold", "0"];
    let whole = transcripts(&strict);
    let again = transcripts(&[&strict[..], &["--short-form"]].concat());
    for (whole, again) in whole.iter().zip(&again) {
        assert_eq!(events(whole), [("failed", "log-prob")]);
        assert_eq!(events(again), [("lengthened", "log-prob"), ("failed", "log-prob")]);
        assert_eq!(whole["segments"], again["segments"]);
    }
    let clip = recording("sense-and-sensibility-0880");
    let got = done(&mut undertone(&[
        "transcribe",
        &clip,
        "--short-form",
        "--report",
        strict[0],
        strict[1],
        strict[2],
    ]));
    assert!(
        got.stderr.contains("tried again with silence up to 30 s: the text is unlikely"),
        "{}",
        got.stderr
    );
}
