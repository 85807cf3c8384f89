//! Packed weights kept between processes, through the real binary: nobody can tell from the text. Not the files' own
//! laws: those are in `cpu`.

use crate::binary::{done, recording, undertone};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The command that transcribes a clip to JSON on standard output.
fn command(more: &[&str]) -> Command {
    let clip = recording("sense-and-sensibility-0880");
    undertone(&[&["transcribe", &clip, "--output-format", "json"], more].concat())
}

/// The transcript, without the times that it took.
fn transcript(command: &mut Command) -> Value {
    let got = done(command);
    assert_eq!(got.code, Some(0), "{}", got.stderr);
    let mut transcript: Value = serde_json::from_str(&got.stdout).unwrap();
    let timings = transcript["run"].as_object_mut().unwrap().remove("timings");
    assert!(timings.is_some(), "{}", got.stdout);
    transcript
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn a_second_start_gives_what_the_first_does_and_what_one_without_files_does() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let option = ["--pack-cache", kept.to_str().unwrap()];
    let without = transcript(&mut command(&["--pack-cache", "off"]));
    let first = transcript(&mut command(&option));
    let written = files(&kept);
    // The encoder, the decoder and the head.
    assert_eq!(written.len(), 3, "{written:?}");
    let times = |files: &[PathBuf]| -> Vec<_> {
        files.iter().map(|file| fs::metadata(file).unwrap().modified().unwrap()).collect()
    };
    let before = times(&written);
    let second = transcript(&mut command(&option));
    assert_eq!((&first, &second), (&without, &without));
    assert_eq!(
        (files(&kept), times(&files(&kept))),
        (written.clone(), before),
        "found, and not written again"
    );

    // What is not whole is not taken.
    let bytes = fs::read(&written[0]).unwrap();
    fs::write(&written[0], &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(transcript(&mut command(&option)), without);
    assert!(fs::read(&written[0]).unwrap() == bytes);
}

#[test]
fn the_option_goes_before_the_variable() {
    let folder = tempfile::tempdir().unwrap();
    let [option, variable] = ["option", "variable"].map(|name| folder.path().join(name));
    let named = |more: &[&str]| {
        let mut command = command(more);
        command.env("UNDERTONE_PACK_CACHE", &variable);
        transcript(&mut command);
    };
    named(&["--pack-cache", "off"]);
    assert!(!variable.exists());
    named(&["--pack-cache", option.to_str().unwrap()]);
    assert!(option.exists() && !variable.exists());
    named(&[]);
    assert_eq!(files(&variable).len(), 3);
}
