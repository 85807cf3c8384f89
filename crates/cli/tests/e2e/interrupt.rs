//! Ctrl-C in the middle of a recording, and going on after it, through the real binary. Not the library's places: see
//! its own tests.

#![cfg(unix)]

use crate::binary::{Done, done, recording, undertone};
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};

/// Ten windows of one recording on one thread, written to `folder`: time enough for a signal to come.
fn transcribe(folder: &Path, more: &[&str]) -> Command {
    let file = recording("sense-and-sensibility");
    let out = folder.to_str().unwrap();
    let mut args = vec!["transcribe", &file, "--output-dir", out, "--output-format", "json", "--verbose"];
    let clips: Vec<String> =
        (0..10).map(|i| format!("{},{}", 1.5 * f64::from(i), 1.5 * f64::from(i + 1))).collect();
    let clips = clips.join(",");
    args.extend(["--clip-timestamps", &clips, "--no-vad", "--beam-size", "None", "--threads", "1"]);
    args.extend(["--no-fallback", "--no-protections", "--short-form"]);
    args.extend(more);
    hearing(undertone(&args))
}

/// The command with ears for Ctrl-C, which a process in the background may be started without and would hand on.
fn hearing(command: Command) -> Command {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    if ignored & 2 == 0 {
        return command;
    }
    let mut with_ears = Command::new("env");
    with_ears.arg("--default-signal=INT").arg(command.get_program()).args(command.get_args());
    with_ears.current_dir(command.get_current_dir().expect("it runs in the root")).env_remove("COLUMNS");
    with_ears
}

/// The transcript in `folder`.
fn transcript(folder: &Path) -> Value {
    let bytes = fs::read(folder.join("sense-and-sensibility.json")).expect("the JSON is there");
    serde_json::from_slice(&bytes).expect("it is JSON")
}

/// What is said, and when.
fn said(transcript: &Value) -> Vec<(Value, Value, Value)> {
    let segments = transcript["segments"].as_array().unwrap();
    segments.iter().map(|s| (s["start"].clone(), s["end"].clone(), s["text"].clone())).collect()
}

/// Sends Ctrl-C as soon as the language is known, which is before the first window is through.
fn interrupted(command: &mut Command) -> Done {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut reader = BufReader::new(child.stderr.take().unwrap());
    let mut stderr = String::new();
    while !stderr.contains("the language is") {
        assert!(reader.read_line(&mut stderr).unwrap() > 0, "it ended early: {stderr}");
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    reader.read_to_string(&mut stderr).unwrap();
    let output = child.wait_with_output().unwrap();
    Done { stderr, ..Done::from(output) }
}

#[test]
fn what_was_stopped_is_gone_on_with() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let got = done(&mut transcribe(whole.path(), &[]));
    assert_eq!(got.code, Some(0), "{}", got.stderr);
    let stopped = interrupted(&mut transcribe(parts.path(), &[]));
    assert_eq!(stopped.code, Some(130), "{}", stopped.stderr);
    assert!(
        stopped.stderr.contains("stopped at ") && stopped.stderr.contains("--resume"),
        "{}",
        stopped.stderr
    );
    let part = transcript(parts.path());
    assert!(part["resume"].is_object(), "{part}");
    assert!(said(&part).len() < said(&transcript(whole.path())).len(), "{part}");
    let resumed = done(&mut transcribe(parts.path(), &["--resume"]));
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
    assert_eq!(said(&transcript(parts.path())), said(&transcript(whole.path())));
    assert!(transcript(parts.path())["resume"].is_null());
    let again = done(&mut transcribe(parts.path(), &["--resume"]));
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert!(again.stderr.contains("it is transcribed already"), "{}", again.stderr);
}

#[test]
fn going_on_needs_a_folder() {
    let got = done(&mut undertone(&["transcribe", "a.wav", "--resume"]));
    assert_eq!(got.code, Some(2));
    assert!(got.stderr.contains("--output-dir"), "{}", got.stderr);
}
