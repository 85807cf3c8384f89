//! `undertone bench` through the real binary: what it refuses, and one small comparison. Not its arithmetic: that is
//! tested beside it.

use crate::binary::{done, recording, undertone};
use serde_json::Value;
use std::fs;

const SHORT: &str = "sense-and-sensibility-0880";

#[test]
fn what_cannot_be_measured_is_refused() {
    for (args, expected) in [
        (&["-"][..], "standard input can be read once"),
        (&["a.wav", "b.wav", "--reference", "a.txt"], "got 2 files"),
        (&["a.wav", "--compute", "f32,int4"], "int4"),
        (&["a.wav", "--beam-size", "5,many"], "or greedy"),
        (&["a.wav", "--threads", "1,0"], "a whole number of 1 or more"),
        (&["a.wav", "--runs", "0"], "a whole number of 1 or more"),
        (&["a.wav", "--isa", "sse9"], "\"sse9\""),
        (&[], "<FILE>..."),
    ] {
        let got = done(&mut undertone(&[&["bench"], args].concat()));
        assert_eq!((got.code, got.stdout.as_str()), (Some(2), ""), "{args:?}: {}", got.stderr);
        assert!(got.stderr.contains(expected), "{args:?}: {}", got.stderr);
    }
    let got = done(&mut undertone(&["bench", "a.wav", "--reference", "no/such.txt"]));
    assert_eq!(got.code, Some(1));
    assert!(got.stderr.starts_with("undertone: can't read no/such.txt: "), "{}", got.stderr);
}

#[test]
fn variants_are_measured_in_turns() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let table = fs::read_to_string(crate::binary::root().join("tests/audio/transcripts.tsv")).unwrap();
    let said = table.lines().find_map(|line| line.strip_prefix(&format!("{SHORT}.flac\t"))).unwrap();
    fs::write(path("said.txt"), said).unwrap();
    let (file, out, said) = (recording(SHORT), path("bench.json"), path("said.txt"));
    let args = ["bench", &file, "--language", "en", "--compute", "f32,int8", "--beam-size", "greedy"];
    let more = ["--threads", "1", "--runs", "2", "--reference", &said, "--json", "--output", &out];
    let got = done(&mut undertone(&[&args[..], &more].concat()));
    assert_eq!((got.code, got.stdout.as_str()), (Some(0), ""), "{}", got.stderr);
    // The second round starts with the second variant.
    // On a new machine the model is fetched first, and that is said, too.
    let rounds = got.stderr.lines().filter(|line| line.contains(": round "));
    let turns: Vec<&str> = rounds.filter_map(|line| line.split(", ").nth(1)).collect();
    assert_eq!(turns, ["f32", "int8", "int8", "f32"], "{}", got.stderr);
    let json: Value = serde_json::from_slice(&fs::read(&out).unwrap()).unwrap();
    let case = &json["cases"][0];
    assert_eq!(case["base"], "f32, greedy, 1 thread");
    let lines = case["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 2);
    for line in lines {
        assert_eq!(line["runs"].as_array().unwrap().len(), 2, "{line}");
        for figure in ["load_s", "transcribe_s", "process_s", "transcribe_s_ratio", "words"] {
            assert!(line[figure].as_f64().is_some_and(|figure| figure > 0.0), "{figure}: {line}");
        }
        assert!(line["wer"].as_f64().is_some_and(|rate| rate < 30.0), "{line}");
        assert!(line["runs"][0]["text"].as_str().unwrap().contains("young man"), "{line}");
        // Weights alone take more; a system that does not tell leaves it out.
        assert!(line["peak_mb"].is_null() || line["peak_mb"].as_f64().unwrap() > 50.0, "{line}");
    }
    assert_eq!(lines[0]["transcribe_s_ratios"], serde_json::json!([1.0, 1.0]));
}

#[test]
fn a_variant_that_fails_is_told_and_the_others_stand() {
    let got = done(&mut undertone(&[
        "bench",
        "tests/audio/README.md",
        "--compute",
        "f32",
        "--runs",
        "3",
        "--quiet",
    ]));
    assert_eq!((got.code, got.stderr.as_str()), (Some(1), ""));
    let row = got.stdout.lines().find(|line| line.starts_with("| f32")).unwrap();
    assert!(row.contains("| absent: ") && row.contains("text"), "{}", got.stdout);
}
