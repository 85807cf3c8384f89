//! Real speech through the real binary and the real model `base`, which is fetched as a user's would be. Not a
//! measure of accuracy: a few wrong words pass.

use crate::binary::{Done, done, recording, root, undertone};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Stdio;

const SHORT: &str = "sense-and-sensibility-0880";

/// Words in lower case without punctuation, as `transcripts.tsv` spells them.
fn words(text: &str) -> Vec<String> {
    let text = text.to_lowercase().replace("mr.", "mister");
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// How many words must be changed, dropped or added.
fn edits(a: &[String], b: &[String]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("the JSON is there")).expect("it is JSON")
}

fn succeeds(got: &Done) {
    assert_eq!(got.code, Some(0), "{}", got.stderr);
}

/// Cues of a subtitle file: each block's time line and text.
fn cues(text: &str) -> Vec<(&str, &str)> {
    let blocks = text.split("\n\n").map(str::trim).filter(|block| block.contains(" --> "));
    blocks
        .map(|block| {
            let (before, text) = block.rsplit_once('\n').expect("a cue has a time and a text");
            (before.lines().last().expect("a time"), text)
        })
        .collect()
}

/// Every recording in one call, with one that is none among them: words, every format, the report.
#[test]
fn recordings_become_files_of_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let table = fs::read_to_string(root().join("tests/audio/transcripts.tsv")).unwrap();
    let said: Vec<(&str, &str)> = table.lines().skip(1).filter_map(|line| line.split_once('\t')).collect();
    let mut files: Vec<String> = said.iter().map(|(file, _)| format!("tests/audio/{file}")).collect();
    files.insert(1, "tests/audio/README.md".to_owned());
    let mut args = vec!["transcribe", "--output_dir", out];
    args.extend(files.iter().map(String::as_str));
    let got = done(&mut undertone(&args));
    assert_eq!((got.code, got.stdout.as_str()), (Some(1), ""), "{}", got.stderr);
    let complaints: Vec<&str> = got.stderr.lines().filter(|line| !line.contains("fetching")).collect();
    assert_eq!(complaints.len(), 1, "{}", got.stderr);
    assert!(complaints[0].starts_with("undertone: tests/audio/README.md: "), "{}", got.stderr);
    for (file, text) in said {
        let stem = file.strip_suffix(".flac").unwrap();
        let read = |format: &str| fs::read_to_string(folder.path().join(format!("{stem}.{format}"))).unwrap();
        let transcript = json(&folder.path().join(format!("{stem}.json")));
        let (got, expected) = (words(transcript["text"].as_str().unwrap()), words(text));
        let wrong = edits(&got, &expected);
        assert!(wrong <= 1 + expected.len() / 10, "{file}: {wrong} words differ: {got:?}");
        assert_eq!((&transcript["language"], &transcript["run"]["model"]), (&"en".into(), &"base".into()));
        assert!(transcript["run"]["timings"]["transcribe_s"].as_f64().unwrap() > 0.0);
        assert_eq!(transcript["run"]["options"]["language_window"], "decoded");
        let segments = transcript["segments"].as_array().unwrap();
        assert_eq!(words(&read("txt")), got);
        for (format, mark) in [("vtt", '.'), ("srt", ',')] {
            let text = read(format);
            let cues = cues(&text);
            assert_eq!(cues.len(), segments.len(), "{text}");
            assert!(cues.iter().all(|(time, _)| time.matches(mark).count() == 2), "{text}");
            assert_eq!(words(&cues.iter().map(|(_, text)| *text).collect::<Vec<_>>().join(" ")), got);
        }
        let table = read("tsv");
        let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split('\t').collect()).collect();
        assert_eq!(rows[0], ["start", "end", "text"]);
        assert_eq!(rows.len(), segments.len() + 1);
        assert!(rows[1..].iter().all(|row| row[0].parse::<u64>().unwrap() < row[1].parse().unwrap()));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 5 * 5, "nothing else is left there");
}

/// A pipe gives what the file gives; lines and JSON say the same.
#[test]
fn standard_input_gives_what_the_file_gives() {
    let file = fs::File::open(root().join(recording(SHORT))).unwrap();
    let output = undertone(&["transcribe", "-", "--output-format", "json"]).stdin(Stdio::from(file)).output();
    let piped = Done::from(output.unwrap());
    succeeds(&piped);
    let piped: Value = serde_json::from_str(&piped.stdout).expect("one JSON document");
    let lines = done(&mut undertone(&["transcribe", &recording(SHORT), "--language", "English", "--quiet"]));
    succeeds(&lines);
    assert_eq!(lines.stderr, "");
    let segments = piped["segments"].as_array().unwrap();
    assert_eq!(lines.stdout.lines().count(), segments.len());
    for (line, segment) in lines.stdout.lines().zip(segments) {
        assert!(line.starts_with("[00:0") && line.contains(" --> "), "{line}");
        assert!(line.ends_with(segment["text"].as_str().unwrap()), "{line}");
    }
}

/// Expected: what faster-whisper hears with these hotwords; without them it hears "cold-hearted" and "ill-disposed".
#[test]
fn hotwords_in_the_prompt_are_faster_whispers() {
    let file = recording("sense-and-sensibility-0890");
    let heard = |hotwords: &str, more: &[&str]| {
        let args = ["transcribe", &file, "-f", "json", "--language", "English", "--beam-size", "None"];
        let args = [&args[..], &["--quiet", "--hotwords", hotwords], more].concat();
        let got = done(&mut undertone(&args));
        succeeds(&got);
        serde_json::from_str::<Value>(&got.stdout).expect("one JSON document")
    };
    let seen = heard("illdisposed:0.1, coldhearted:9", &["--hotwords-form", "prompt"]);
    let text = " unless to be rather coldhearted and rather selfish is to be illdisposed.";
    assert_eq!(seen["text"], text);
    assert_eq!(
        (&seen["language"], &seen["run"]["options"]["hotwords_form"]),
        (&"en".into(), &"prompt".into())
    );
    assert_eq!(heard("illdisposed, coldhearted", &["--hotwords_form", "both"])["text"], text);
    let raised = heard("Marianne", &[]);
    assert_eq!(raised["run"]["options"]["hotwords_form"], "bias");
    let plain = " Unless to be rather cold-hearted and rather selfish is to be ill-disposed.";
    assert_eq!(raised["text"], plain);
}

/// The options of `transcribe` reach the model: a window that ends after a few tokens lacks words.
#[test]
fn an_evaluation_takes_the_options_of_a_transcription() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = folder.path().join("list.tsv");
    let file = root().join(recording(SHORT)).canonicalize().unwrap();
    let rows =
        format!("file\tlanguage\ttranscript\n{}\ten\the was not an ill disposed young man\n", file.display());
    fs::write(&manifest, rows).unwrap();
    let counts = |options: &[&str]| {
        let args = ["eval", manifest.to_str().unwrap(), "--json", "--quiet", "--beam_size", "None"];
        let got = done(&mut undertone(&[&args[..], options].concat()));
        succeeds(&got);
        let report: Value = serde_json::from_str(&got.stdout).expect("it is JSON");
        let count = |name: &str| report["files"][0][name].as_u64().expect("it is a number");
        (count("words"), count("deletions"), count("substitutions") + count("insertions"))
    };
    assert_eq!(counts(&["--no-vad", "--batch_size", "2", "--threads", "2"]), (8, 0, 0));
    let options =
        ["--sample_len", "4", "--no-fallback", "--max-initial-timestamp", "None", "--no-protections"];
    let (words, missing, others) = counts(&options);
    assert!(words == 8 && missing >= 4 && others <= 1, "{missing} words are missing, {others} are wrong");
}

/// openai-whisper's account on standard output, its file names, into the current folder.
#[test]
fn whisper_writes_what_openai_whisper_writes() {
    let folder = tempfile::tempdir().unwrap();
    let file = root().join(recording(SHORT)).canonicalize().unwrap();
    let args =
        "--model base --beam_size None --temperature_increment_on_fallback None --temperature 0 --threads 2";
    let mut command = undertone(&["whisper", file.to_str().unwrap()]);
    let got = done(command.args(args.split(' ')).current_dir(folder.path()));
    succeeds(&got);
    let lines: Vec<&str> = got.stdout.lines().collect();
    assert_eq!(
        lines[..2],
        [
            "Detecting language using up to the first 30 seconds. Use `--language` to specify the language",
            "Detected language: English"
        ]
    );
    let transcript = json(&folder.path().join(format!("{SHORT}.json")));
    assert_eq!(lines.len() - 2, transcript["segments"].as_array().unwrap().len());
    let keys: Vec<&String> = transcript.as_object().unwrap().keys().take(3).collect();
    assert_eq!(keys, ["text", "segments", "language"]);
    assert_eq!(transcript["run"]["options"]["language_window"], "silence");
    assert!(
        (1..=2).contains(&transcript["run"]["threads"].as_u64().unwrap()),
        "no more than there are processors"
    );
    let entries = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["json", "srt", "tsv", "txt", "vtt"].map(|format| format!("{SHORT}.{format}")));
}

/// What could be heard of a damaged file is written, and the damage is reported.
#[test]
fn a_damaged_file_gives_what_came_before_the_damage() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(root().join(recording("sense-and-sensibility"))).unwrap();
    let file = folder.path().join("cut.flac");
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let out = folder.path().to_str().unwrap();
    let args = ["transcribe", file.to_str().unwrap(), "--language", "en", "-f", "txt", "-o", out];
    let got = done(&mut undertone(&args));
    assert_eq!(got.code, Some(1), "{}", got.stderr);
    assert!(got.stderr.contains("cut.flac: the sound is "), "{}", got.stderr);
    let text = fs::read_to_string(folder.path().join("cut.txt")).unwrap();
    assert!(words(&text).contains(&"dashwood".to_owned()), "{text}");
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut command = undertone(&["transcribe", &recording(SHORT), "--language", "en", "--quiet"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let got = Done::from(child.wait_with_output().unwrap());
    assert_eq!((got.code, got.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_model_shows_its_inside() {
    let inspect = done(&mut undertone(&["inspect", "base"]));
    succeeds(&inspect);
    for line in ["n_text_layer", "embedding", "decoder.token_embedding.weight"] {
        assert!(inspect.stdout.contains(line), "{}", inspect.stdout);
    }
    let built = done(&mut undertone(&["graph", "base", "--part", "mel"]));
    let fused = done(&mut undertone(&["graph", "base", "--part", "mel", "--after", "fuse-elementwise"]));
    succeeds(&built);
    succeeds(&fused);
    assert!(
        built.stdout.starts_with("graph @log_mel[") && !built.stdout.contains(" fused "),
        "{}",
        built.stdout
    );
    assert!(fused.stdout.contains(" fused "), "{}", fused.stdout);
    let plan = done(&mut undertone(&["graph", "base", "--plan", "--threads", "1"]));
    succeeds(&plan);
    assert_eq!(plan.stdout.matches("\n  peak ").count(), 6, "each part states its peak");
    let peak = |lanes: &str| {
        let plan =
            done(&mut undertone(&["graph", "base", "--plan", "--compute", "int8", "--batch-size", lanes]));
        let peak = plan.stdout.lines().find_map(|line| line.strip_prefix("peak "));
        peak.expect("the sum of all parts").trim().parse::<f64>().unwrap() / 1e6
    };
    let (one, eight) = (peak("1"), peak("8"));
    assert!(150.0 < one && 2.0 * one < eight && eight < 8.0 * one, "{one} MB, {eight} MB");
    let dot = done(&mut undertone(&["graph", "base", "--part", "decoder", "--dot"]));
    succeeds(&dot);
    assert!(dot.stdout.starts_with("digraph ") && dot.stdout.trim_end().ends_with('}'));
}

#[test]
fn a_limit_of_memory_is_kept_or_refused() {
    let transcribe = |more: &[&str]| {
        let file = recording(SHORT);
        done(&mut undertone(&[&["transcribe", &file, "--verbose", "--isa", "avx2"], more].concat()))
    };
    if transcribe(&["--max-memory", "2GB"]).stderr.contains("no instruction set") {
        return;
    }
    let fits = transcribe(&["--max-memory", "2GB"]);
    succeeds(&fits);
    assert!(fits.stderr.contains("f32 and batch size 1 fit"), "{}", fits.stderr);
    let less = transcribe(&["--max-memory", "360MB"]);
    succeeds(&less);
    assert!(less.stderr.contains("bf16 and batch size 1 fit"), "{}", less.stderr);
    for (more, least) in [
        (&["--max-memory", "100MB"][..], "(int8, 1 lane)"),
        (
            &["--max-memory", "360MB", "--compute", "f32"],
            "(f32, 1 lane): expected a higher limit, another precision",
        ),
        (
            &["--max-memory", "500MB", "--batch-size", "8"],
            "(int8, 8 lanes): expected a higher limit, fewer lanes",
        ),
    ] {
        let refused = transcribe(more);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{}", refused.stderr);
        assert!(
            refused.stderr.contains("MB are needed at the least") && refused.stderr.contains(least),
            "{}",
            refused.stderr
        );
    }
}

#[test]
fn a_profile_names_parts_kernels_and_steps() {
    let got = done(&mut undertone(&["profile", &recording(SHORT), "--language", "en", "--top", "3"]));
    succeeds(&got);
    for word in ["host", "arena", "encoder: kernels", "decoder: slowest steps", "linear", "GB/s"] {
        assert!(got.stdout.contains(word), "{}", got.stdout);
    }
}

#[test]
fn a_roofline_states_peaks_and_shares() {
    let args = ["profile", &recording(SHORT), "--language", "en", "--top", "3", "--roofline"];
    let got = done(&mut undertone(&args));
    succeeds(&got);
    let line = |start: &str| got.stdout.lines().find(|line| line.starts_with(start)).expect(start);
    let numbers = |start: &str| -> Vec<f64> {
        line(start)[start.len()..].split_whitespace().map_while(|word| word.parse().ok()).collect()
    };
    assert!(line("tests/").contains("transcribed 3 times"), "{}", got.stdout);
    // A prompt is no decode step.
    let [prompts, steps] = ["prompts ", "decoder "].map(|part| numbers(part)[0]);
    assert!(prompts >= 3.0 && steps > prompts, "{}", got.stdout);
    assert_eq!(line("peak").split_whitespace().collect::<Vec<_>>(), ["peak", "f32", "bf16", "int8"]);
    for (rates, count) in [("GFLOP/s", 3), ("Gexp/s", 3), ("GB/s", 1)] {
        let numbers = numbers(rates);
        assert!(numbers.len() == count && numbers.iter().all(|rate| *rate > 0.0), "{}", got.stdout);
    }
    for run in ["encoder ", "prompt ", "decode step "] {
        let &[runs, ms, ideal, share] = &numbers(run)[..] else { panic!("{}", got.stdout) };
        assert!(runs >= 3.0 && (ideal / ms * 100.0 - share).abs() < 1.0, "{}", got.stdout);
    }
    assert!(got.stdout.contains("roof %  bound    name"), "{}", got.stdout);
    assert!(["memory", "compute", "exp"].iter().any(|bound| line("decoder ").ends_with(bound)));
}
