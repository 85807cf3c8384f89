//! What the command line refuses and says, without a model. Not the decoding of speech: see `speech`.

use crate::binary::{done, recording, undertone};
use std::fs;

/// Nothing can be downloaded, and nothing is in the cache.
fn offline(args: &[&str]) -> (crate::binary::Done, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let mut command = undertone(args);
    for name in ["HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_ENDPOINT", "XDG_CACHE_HOME"] {
        command.env_remove(name);
    }
    command.env("HOME", home.path()).env("LOCALAPPDATA", home.path()).env("HF_HUB_OFFLINE", "1");
    (done(&mut command), home)
}

/// One line on standard error, nothing on standard output.
fn refused(args: &[&str], code: i32) -> String {
    let (got, _home) = offline(args);
    assert_eq!(got.code, Some(code), "{args:?}: {}", got.stderr);
    assert_eq!(got.stdout, "", "{args:?}");
    got.stderr
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    for args in [
        &[][..],
        &["transcribe"],
        &["listen", "a.wav"],
        &["transcribe", "a.wav", "--no-such-option"],
        &["transcribe", "a.wav", "--threads", "many"],
        &["transcribe", "a.wav", "--condition-on-previous-text", "maybe"],
        &["transcribe", "a.wav", "--quiet", "--verbose"],
        &["transcribe", "a.wav", "--max-memory", "much"],
        &["graph", "base", "--batch-size", "8"],
        &["graph", "base", "--plan", "--dot"],
        &["whisper", "a.wav", "--device", "cuda"],
        &["completions", "tcsh"],
    ] {
        refused(args, 2);
    }
}

#[test]
fn what_is_wrong_is_named_with_what_would_do() {
    let says = |args: &[&str], expected: &[&str]| {
        let message = refused(args, 2);
        for part in expected {
            assert!(message.contains(part), "{args:?} says {message}, without {part}");
        }
    };
    let file = recording("sense-and-sensibility-0880");
    says(&["transcribe", "a.wav", "--language", "klingon"], &["klingon", "--language", "such as en"]);
    says(
        &["transcribe", "a.wav", "--output-format", "doc"],
        &["doc", "txt, vtt, srt, tsv, json, lrc, csv, ass, ttml or all"],
    );
    says(&["transcribe", "a.wav", "--compute", "int4"], &["int4", "auto, f32, bf16, int8"]);
    says(&["transcribe", &file, "--isa", "sse9"], &["\"sse9\"", "scalar"]);
    says(&["transcribe", "a.wav", "--hotwords-form", "prompt"], &["--hotwords-form", "pass --hotwords"]);
    says(&["transcribe", "a.wav", "--output-format", "all"], &["--output-dir"]);
    says(&["transcribe", "a.wav", "-f", "json", "-o", "-"], &["standard output", "leave --output-dir out"]);
    says(&["transcribe", "a.wav", "b.wav", "--output-format", "srt"], &["2 files", "srt", "--output-dir"]);
    says(&["graph", "base", "--after", "fuse-all"], &["\"fuse-all\"", "fuse-linear", "dce"]);
}

#[test]
fn two_files_that_would_be_one_are_refused_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let out = out.to_str().unwrap();
    let message = refused(&["transcribe", "a/x.wav", "b/x.mp3", "--output-dir", out], 2);
    assert!(message.contains("a/x.wav and b/x.mp3"), "{message}");
    assert!(!folder.path().join("out").exists());
}

#[test]
fn both_spellings_reach_the_same_option() {
    for (command, option) in [
        ("transcribe", "--output-format"),
        ("transcribe", "--output_format"),
        ("whisper", "--output_format"),
        ("whisper", "--output-format"),
    ] {
        let message = refused(&[command, "a.wav", option, "doc"], 2);
        assert!(message.contains("no format is called \"doc\""), "{command} {option}: {message}");
    }
}

#[test]
fn bad_files_are_each_reported_and_need_no_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("empty.wav"), "").unwrap();
    fs::write(path("notes.txt"), "Plain words and nothing else.\n".repeat(20)).unwrap();
    let names = ["missing.mp3", "empty.wav", "notes.txt", ""].map(path);
    let args: Vec<&str> = ["transcribe"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let message = refused(&args, 1);
    let lines: Vec<&str> = message.lines().collect();
    assert_eq!(lines.len(), names.len(), "{message}");
    for ((line, name), what) in lines.iter().zip(&names).zip(["does not exist", "empty", "text", "directory"])
    {
        assert!(line.starts_with(&format!("undertone: {name}: ")) && line.contains(what), "{line}");
    }
}

#[test]
fn nothing_on_standard_input_is_a_bad_file() {
    assert_eq!(refused(&["transcribe", "-"], 1), "undertone: -: the file is empty (0 bytes)\n");
}

#[test]
fn a_model_that_is_not_there_ends_the_call_with_one_line() {
    let file = recording("sense-and-sensibility-0880");
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().to_str().unwrap();
    for (model, what) in [
        ("bose", "did you mean \"base\"?"),
        ("./no/such/model", "./no/such/model"),
        (empty, "holds no model: config.json is missing"),
        ("tiny", "HF_HUB_OFFLINE"),
    ] {
        let message = refused(&["transcribe", &file, &file, "--model", model], 1);
        assert!(message.contains(what), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

#[test]
fn a_broken_model_names_what_is_wrong_with_it() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("config.json", "{}"), ("tokenizer.json", "{}"), ("model.bin", "no weights")] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let model = folder.path().to_str().unwrap();
    for args in [vec!["inspect", model], vec!["graph", model, "--plan"]] {
        let message = refused(&args, 1);
        assert!(message.starts_with(&format!("undertone: model {model}: ")), "{message}");
    }
}

/// openai-whisper's warnings stand on standard error, once, whatever the number of files.
#[test]
fn whisper_warns_as_openai_whisper_does() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let message = refused(&["whisper", "a.wav", "b.wav", "--output_dir", out], 1);
    let first = "undertone: FP16 is not supported on CPU; using FP32 instead\n";
    assert!(message.starts_with(first) && message.matches("FP16").count() == 1, "{message}");
    let quiet = refused(&["whisper", "a.wav", "--output_dir", out, "--quiet"], 1);
    assert_eq!(quiet, "undertone: a.wav: the file does not exist\n");
    let message = refused(&["whisper", "a.wav", "--highlight_words", "True"], 2);
    assert_eq!(message, "undertone: --highlight_words requires --word_timestamps True\n");
}

/// With values that change nothing, the file is reached.
#[test]
fn whisper_accepts_values_that_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let args = "whisper missing.wav --beam_size None --temperature_increment_on_fallback None --temperature 0.0 \
        --best_of None --fp16 False --clip_timestamps 0 --word_timestamps False --max_line_width None \
        --suppress_tokens -1,50257 --logprob_threshold -2 --carry_initial_prompt True --language None --threads 1 \
        --length_penalty 1";
    let args: Vec<&str> = args.split_whitespace().chain(["--output_dir", out]).collect();
    assert_eq!(refused(&args, 1), "undertone: missing.wav: the file does not exist\n");
}

/// The name that the program is called by picks the door.
#[cfg(unix)]
#[test]
fn called_as_whisper_it_is_whisper() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("whisper");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_undertone"), &program).unwrap();
    let got = done(std::process::Command::new(&program).args(["a.wav", "--max_line", "3"]));
    assert_eq!(got.code, Some(2));
    assert!(got.stderr.contains("'--max_line'"), "an ambiguous start of a name: {}", got.stderr);
    let got = done(std::process::Command::new(&program).args(["a.wav", "--max_line_w", "3"]));
    assert_eq!(got.stderr, "undertone: --max_line_width requires --word_timestamps True\n");
    let help = done(std::process::Command::new(&program).arg("--help"));
    assert!(help.stdout.contains("Usage: whisper [OPTIONS] <AUDIO>..."), "{}", help.stdout);
}

const TRANSCRIPT: &str = r#"{"text": " Hello there. Yes.", "segments": [
    {"id": 0, "seek": 0, "start": 0.0, "end": 1.5, "text": " Hello there.", "tokens": [], "temperature": 0.0,
     "avg_logprob": NaN, "compression_ratio": 1.0, "no_speech_prob": 0.0,
     "words": [{"word": " Hello", "start": 0.0, "end": 0.5, "probability": 1.0},
               {"word": " there.", "start": 0.5, "end": 1.5, "probability": 1.0}]},
    {"id": 1, "seek": 0, "start": 2.0, "end": 3.0, "text": " Yes.", "tokens": [], "temperature": 0.0,
     "avg_logprob": 0.0, "compression_ratio": 1.0, "no_speech_prob": 0.0,
     "words": [{"word": " Yes.", "start": 2.0, "end": 3.0, "probability": 1.0}]}], "language": "en"}"#;

#[test]
fn a_transcript_is_converted() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("talk.json"), TRANSCRIPT).unwrap();
    let got = done(&mut undertone(&["convert", &path("talk.json"), &path("talk.SRT")]));
    assert_eq!((got.code, got.stdout.as_str(), got.stderr.as_str()), (Some(0), "", ""));
    let srt = "1\n00:00:00,000 --> 00:00:01,500\nHello there.\n\n2\n00:00:02,000 --> 00:00:03,000\nYes.\n\n";
    assert_eq!(fs::read_to_string(path("talk.SRT")).unwrap(), srt);
    let shown = |options: &[&str]| {
        let args = ["convert", &path("talk.json"), "-"];
        let got = done(&mut undertone(&args.iter().chain(options).copied().collect::<Vec<_>>()));
        assert_eq!((got.code, got.stderr.as_str()), (Some(0), ""));
        got.stdout
    };
    assert_eq!(shown(&["--output-format", "srt"]), srt);
    let vtt = shown(&["-f", "vtt", "--highlight-words"]);
    assert!(vtt.contains("00:00.500 --> 00:01.500\nHello <u>there.</u>\n"), "{vtt}");
    let vtt = shown(&["-f", "vtt", "--max-line-width", "8", "--max-line-count", "2"]);
    assert!(vtt.contains("00:00.000 --> 00:01.500\nHello\nthere.\n"), "{vtt}");
    let vtt = shown(&["-f", "vtt", "--layout", "--max-line-width", "8"]);
    assert_eq!(vtt.matches("-->").count(), 2, "{vtt}");
    assert!(shown(&["-f", "csv"]).contains("\n2000,3000,\" Yes.\"\n"));
    assert!(shown(&["-f", "json"]).ends_with("}\n"));
}

#[test]
fn what_can_not_be_converted_is_refused_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let out = path("out.srt");
    for (text, what) in [
        ("", "EOF while parsing"),
        (&TRANSCRIPT[..200], "EOF while parsing"),
        ("{}", "missing field `segments`"),
        ("{\"segments\": 3}", "expected a sequence"),
        ("1\n00:00:00,000 --> 00:00:01,500\nHello.\n", "it is no JSON object"),
    ] {
        fs::write(path("bad.json"), text).unwrap();
        let message = refused(&["convert", &path("bad.json"), &out], 1);
        assert!(
            message.starts_with(&format!("undertone: {} is no transcript: ", path("bad.json"))),
            "{message}"
        );
        assert!(message.contains(what) && message.contains("expected the JSON that undertone"), "{message}");
    }
    let message = refused(&["convert", &path("no.json"), &out], 1);
    assert!(message.starts_with(&format!("undertone: can't read {}: ", path("no.json"))), "{message}");
    assert!(!std::path::Path::new(&out).exists());
    for (args, what) in [
        (&["a.json", "out.doc"][..], "the name out.doc tells no format: pass --output-format"),
        (&["a.json", "-"], "--output-format"),
        (&["a.json", "-", "-f", "doc"], "no format is called \"doc\""),
        (&["a.json", "a.srt", "--max-duration", "0.5"], "--max-duration: expected more than 0"),
        (&["a.json", "a.srt", "--min-gap", "inf"], "expected a finite number"),
        (&["a.json", "a.srt", "--min-gap", "1", "--max-words-per-line", "2"], "--max-words-per-line"),
    ] {
        let args: Vec<&str> = ["convert"].iter().chain(args).copied().collect();
        let message = refused(&args, 2);
        assert!(message.contains(what), "{args:?}: {message}");
    }
}

#[test]
fn transcripts_in_a_folder_are_judged_without_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let manifest = "file\tlanguage\ttranscript\na.flac\ten\tHello there; yes!\nb.flac\ten\tMr. Twenty-One\nc.flac\tja\t今日は\n";
    fs::write(path("list.tsv"), manifest).unwrap();
    fs::write(path("a.json"), TRANSCRIPT).unwrap();
    fs::write(path("b.txt"), "mister 22 is\n").unwrap();
    fs::write(path("c.txt"), "今日\n").unwrap();
    let args = ["eval", &path("list.tsv"), "--hypotheses", folder.path().to_str().unwrap()];
    let (got, _home) = offline(&[&args[..], &["--show-differences"]].concat());
    assert_eq!((got.code, got.stderr.as_str()), (Some(0), ""));
    let rows: Vec<Vec<&str>> = got.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[1], ["a.flac", "3", "0", "0", "0", "0", "0.00"]);
    assert_eq!(rows[2], ["b.flac", "2", "2", "1", "0", "1", "100.00"]);
    assert_eq!(rows[3], ["1", "[21]", "->", "[22", "is]"]);
    assert_eq!(rows[6], ["all", "2,", "words", "5", "2", "1", "0", "1", "40.00"]);
    assert_eq!(rows[7], ["all", "1,", "characters", "3", "1", "0", "1", "0", "33.33"]);
    let (got, _home) = offline(&[&args[..], &["--json"]].concat());
    let report: serde_json::Value = serde_json::from_str(&got.stdout).expect("it is JSON");
    assert_eq!(report["totals"][0]["rate"], 0.4);
    assert_eq!(report["files"][1]["differences"][0]["hypothesis"][0], "22");

    for option in
        [&["--beam-size", "1"][..], &["--no-vad"], &["--task", "transcribe"], &["--batch_size", "2"]]
    {
        let message = refused(&[&args[..], option].concat(), 2);
        assert!(message.contains("--hypotheses") && message.contains("cannot be used with"), "{message}");
    }

    fs::remove_file(path("b.txt")).unwrap();
    let (got, _home) = offline(&args);
    assert_eq!(got.code, Some(1));
    assert!(
        got.stderr.starts_with("undertone: b.flac: no ") && got.stderr.contains("b.txt can't be read"),
        "{}",
        got.stderr
    );
    assert!(got.stdout.contains("all 1, words"), "{}", got.stdout);
}

#[test]
fn completions_know_the_commands_and_their_options() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let got = done(&mut undertone(&["completions", shell]));
        assert_eq!(got.code, Some(0));
        for word in ["transcribe", "whisper", "output-dir", "output_dir", "temperature_increment_on_fallback"]
        {
            assert!(got.stdout.contains(word), "{shell} lacks {word}");
        }
    }
}

#[test]
fn the_manual_page_has_every_command_and_option() {
    let got = done(&mut undertone(&["man"]));
    assert_eq!(got.code, Some(0));
    assert!(got.stdout.contains(".TH undertone 1"));
    for word in
        ["UNDERTONE TRANSCRIBE", "UNDERTONE WHISPER", "no\\-speech\\-threshold", "best_of", "\\-\\-plan"]
    {
        assert!(got.stdout.contains(word), "the page lacks {word}");
    }
}

#[test]
fn help_is_as_reviewed() {
    let short = done(&mut undertone(&["transcribe", "-h"]));
    insta::assert_snapshot!("help_transcribe_short", short.stdout);
    for command in ["", "transcribe", "whisper", "convert", "eval", "inspect", "graph", "profile", "bench"] {
        let args = [command, "--help"];
        let got = done(&mut undertone(if command.is_empty() { &args[1..] } else { &args }));
        assert_eq!((got.code, got.stderr.as_str()), (Some(0), ""));
        let name = if command.is_empty() { "help".to_owned() } else { format!("help_{command}") };
        insta::assert_snapshot!(name, got.stdout);
    }
}

#[test]
fn the_version_is_the_packages() {
    let got = done(&mut undertone(&["--version"]));
    assert_eq!((got.code, got.stdout), (Some(0), format!("undertone {}\n", env!("CARGO_PKG_VERSION"))));
}
