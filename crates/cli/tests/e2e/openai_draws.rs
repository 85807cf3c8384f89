//! openai-whisper's options that draw random numbers, or show outside the transcript, through the real binary. Not the
//! others: see `openai_runs`.

use crate::binary::{Done, done, recording, undertone};
use serde_json::Value;
use std::fs;
use std::path::Path;

const SHORT: &str = "sense-and-sensibility-0880";

/// `undertone whisper` on the shortest recording with the model base, and its transcript.
fn whisper(options: &str, folder: &Path) -> (Done, Value) {
    let file = recording(SHORT);
    let mut args = vec!["whisper", &file, "--model", "base", "--output_dir", folder.to_str().unwrap()];
    args.extend(options.split(' '));
    let got = done(&mut undertone(&args));
    assert_eq!(got.code, Some(0), "{}", got.stderr);
    let json = fs::read(folder.join(format!("{SHORT}.json"))).expect("the JSON is there");
    (got, serde_json::from_slice(&json).expect("it is JSON"))
}

fn transcript(options: &str) -> Value {
    whisper(options, tempfile::tempdir().unwrap().path()).1
}

/// The temperatures that the segments came of.
fn temperatures(transcript: &Value) -> Vec<f64> {
    let segments = transcript["segments"].as_array().unwrap();
    assert!(!segments.is_empty(), "{transcript}");
    segments.iter().map(|segment| segment["temperature"].as_f64().unwrap()).collect()
}

fn all_are(temperature: f64, options: &str) {
    let transcript = transcript(options);
    assert!(temperatures(&transcript).iter().all(|t| *t == temperature), "{options}: {transcript}");
}

/// A low temperature draws what is likely; more candidates leave a likelier one.
#[test]
fn a_temperature_is_sampled_at() {
    let options = "--language en --temperature 0.2 --temperature_increment_on_fallback None --best_of";
    let best = transcript(&format!("{options} 5"));
    assert!(temperatures(&best).iter().all(|t| *t == 0.2), "{best}");
    assert!(best["text"].as_str().unwrap().contains("young man"), "{best}");
    let one = transcript(&format!("{options} 1"));
    let score = |transcript: &Value| transcript["segments"][0]["avg_logprob"].as_f64().unwrap();
    assert!(score(&best) >= score(&one) - 0.2, "{} with five, {} with one", score(&best), score(&one));
}

/// No text has a log-probability above 0, so every window fails, up to the last temperature.
#[test]
fn a_failed_window_is_tried_at_every_temperature() {
    let options = "--language en --beam_size None --best_of 1 --temperature_increment_on_fallback 0.4";
    all_are(0.8, &format!("{options} --logprob_threshold 0.5 --no_speech_threshold None"));
}

#[test]
fn a_low_ratio_is_a_failure_and_none_is_no_limit() {
    let options = "--language en --beam_size None --best_of 1 --temperature_increment_on_fallback 1";
    all_are(1.0, &format!("{options} --compression_ratio_threshold 0.1"));
    all_are(0.0, &format!("{options} --compression_ratio_threshold None --logprob_threshold None"));
}

/// `False` leaves the language and nothing else on standard output; no warning comes without fp16.
#[test]
fn verbose_false_shows_the_language_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (got, _) = whisper("--verbose False --fp16 False --beam_size None", folder.path());
    assert_eq!(got.stdout, "Detected language: English\n");
    assert!(!got.stderr.contains("FP16"), "{}", got.stderr);
}

#[test]
fn one_format_is_one_file_and_threads_are_used() {
    let folder = tempfile::tempdir().unwrap();
    let file = recording(SHORT);
    let out = folder.path().to_str().unwrap();
    let args = [
        "whisper",
        &file,
        "--model",
        "base",
        "-o",
        out,
        "-f",
        "json",
        "--threads",
        "1",
        "--beam_size",
        "None",
    ];
    let got = done(&mut undertone(&args));
    assert_eq!(got.code, Some(0), "{}", got.stderr);
    let names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, [format!("{SHORT}.json").as_str()]);
    let json: Value = serde_json::from_slice(&fs::read(folder.path().join(&names[0])).unwrap()).unwrap();
    assert_eq!(json["run"]["threads"], 1);
    assert!(got.stderr.contains("FP16 is not supported on CPU"), "{}", got.stderr);
}

/// Models are looked for, and kept, in the folder that is named.
#[test]
fn the_model_folder_is_searched() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let args = ["whisper", &recording(SHORT), "--model", "base", "--model_dir", out, "-o", out];
    let got = done(undertone(&args).env("HF_HUB_OFFLINE", "1"));
    assert_eq!(got.code, Some(1), "{}", got.stderr);
    assert!(got.stderr.contains(out), "{}", got.stderr);
}

/// One file that fails stops no other, and makes the exit code 1: openai-whisper's is 0.
#[test]
fn a_file_that_fails_is_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let (good, bad) = (recording(SHORT), "tests/audio/README.md");
    let got = done(&mut undertone(&[
        "whisper",
        bad,
        &good,
        "--model",
        "base",
        "-o",
        out,
        "-f",
        "txt",
        "--beam_size",
        "None",
    ]));
    assert_eq!(got.code, Some(1), "{}", got.stderr);
    assert!(got.stderr.contains(&format!("undertone: {bad}: ")), "{}", got.stderr);
    assert!(folder.path().join(format!("{SHORT}.txt")).exists());
}
