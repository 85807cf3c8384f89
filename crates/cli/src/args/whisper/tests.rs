//! Command lines against openai-whisper's own reading of them (`tests/e2e/openai/make.py`). Not the effect of options: see
//! the tests of the binary.

use super::Whisper;
use crate::args::whisper_alone;
use clap::FromArgMatches as _;
use serde_json::{Map, Value, json};
use undertone::{Run, Target, Timings};

/// Warnings of `transcribe()`, which the recording of openai-whisper's command line does not reach.
const LATER: [&str; 2] = ["FP16 is not supported on CPU", "Word-level timestamps on translations"];

/// The arguments as read, or what is said of them.
fn read(args: &[&str]) -> Result<Whisper, String> {
    let words = ["whisper"].iter().chain(args);
    let matches = whisper_alone().try_get_matches_from(words).map_err(|error| error.to_string())?;
    Whisper::from_arg_matches(&matches).map_err(|error| error.to_string())
}

/// What is read, by openai-whisper's names and in its types.
fn as_openai(args: &Whisper) -> Result<Map<String, Value>, String> {
    let options = args.options().map_err(|error| error.0)?;
    let target = Target { device: "cpu", isa: "scalar", threads: 1, compute: undertone::Compute::F32 };
    let mut all = Run::new("", &target, &options, Timings::default()).options;
    all["word_timestamps"] = json!(all["word_timestamps"] == "exact");
    let named = args.lines().language.map_or_else(|| all["language"].clone(), Value::from);
    let number = |value: Option<super::OrNone<usize>>| json!(value.and_then(|value| value.0));
    let rest = [
        ("audio", json!(args.audio)),
        ("language_named", named),
        ("model", json!(args.model)),
        ("verbose", json!(args.verbose.0)),
        ("fp16", json!(args.fp16.0)),
        ("threads", json!(args.threads().filter(|threads| *threads > 0))),
        ("highlight_words", json!(args.highlight_words.0)),
        ("max_line_width", number(args.max_line_width)),
        ("max_line_count", number(args.max_line_count)),
        ("max_words_per_line", number(args.max_words_per_line)),
    ];
    all.extend(rest.into_iter().map(|(name, value)| (name.to_owned(), value)));
    Ok(all)
}

#[test]
fn command_lines_are_read_as_openai_whisper_reads_them() {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../../../tests/e2e/openai/command_lines.json")).unwrap();
    let plain = cases[0]["options"].as_object().unwrap();
    assert!(cases.len() > 40 && plain.len() > 25);
    for case in &cases {
        let args: Vec<&str> = case["args"].as_array().unwrap().iter().map(|a| a.as_str().unwrap()).collect();
        let got = read(&args).and_then(|args| as_openai(&args).map(|options| (args.warnings(), options)));
        let Some(changed) = case["options"].as_object() else {
            let error = case["error"].as_str().unwrap();
            let message = got.err().unwrap_or_else(|| panic!("{args:?} is read, and should give {error}"));
            let named = error.split([' ', ':', '/']).find(|word| word.starts_with("--"));
            assert!(message.contains(named.unwrap_or("<AUDIO>")), "{args:?}: {message}");
            continue;
        };
        let (warnings, options) = got.unwrap_or_else(|error| panic!("{args:?}: {error}"));
        let warnings: Vec<&String> =
            warnings.iter().filter(|w| LATER.iter().all(|later| !w.starts_with(later))).collect();
        assert_eq!(json!(warnings), case["warnings"], "{args:?}");
        for (name, value) in plain {
            assert_eq!(&options[name], changed.get(name).unwrap_or(value), "{args:?}: {name}");
        }
    }
}

/// What openai-whisper says of each window, and skips the file for, ends the call.
#[test]
fn what_would_fail_in_every_window_is_refused() {
    for (line, says) in [
        ("--beam_size None --patience 2", "patience requires beam_size"),
        ("--beam_size 1 --patience 0.4", "a larger patience"),
        ("--temperature 1.5", "temperature 1.5"),
        ("--temperature_increment_on_fallback 0", "expected a step above 0"),
        ("--length_penalty 1.5", "from 0 to 1"),
        ("--beam_size 0", "1 or more"),
        ("--clip_timestamps 1,b", "expected a number"),
        ("--suppress_tokens 1,,2", "expected a whole number"),
        ("--temperature=-0.1", "0 or more"),
    ] {
        let args: Vec<&str> = ["a.wav"].into_iter().chain(line.split(' ')).collect();
        let message = read(&args).and_then(|args| as_openai(&args)).unwrap_err();
        assert!(message.contains(says), "{line}: {message}");
    }
    let sampled = "--temperature 0.5 --temperature_increment_on_fallback None --beam_size None --patience 2";
    let args: Vec<&str> = ["a.wav"].into_iter().chain(sampled.split(' ')).collect();
    assert!(as_openai(&read(&args).unwrap()).is_ok(), "no beams are needed where nothing is searched");
}

#[test]
fn warnings_are_openai_whispers() {
    let warnings = |line: &str| read(&line.split(' ').collect::<Vec<_>>()).unwrap().warnings();
    assert_eq!(warnings("a.wav"), ["FP16 is not supported on CPU; using FP32 instead"]);
    let translated = "a.wav --fp16 False --word_timestamps True --task translate";
    assert_eq!(warnings(translated), ["Word-level timestamps on translations may not be reliable."]);
    assert!(warnings("a.wav --model base.en --language None --fp16 False").is_empty());
}
