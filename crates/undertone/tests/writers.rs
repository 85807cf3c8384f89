//! The writers beside openai-whisper's: equal bytes for made transcripts, and the same times and texts read back from
//! any. `writers/make.py` made the expected files.

#[path = "writers/hostile.rs"]
mod hostile;
#[path = "writers/parse.rs"]
mod parse;

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;
use undertone::writers::{Format, WriterOptions, write, write_with};
use undertone::{Segment, Transcript};

fn written(format: Format, transcript: &Transcript) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(format, transcript, &mut bytes).expect("a vector takes everything");
    bytes
}

fn cases() -> BTreeMap<String, Transcript> {
    serde_json::from_str(include_str!("writers/cases.json")).expect("the cases are transcripts")
}

#[test]
fn bytes_are_openai_whispers() {
    for (name, transcript) in cases() {
        for format in Format::OPENAI {
            let path =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/writers").join(format!("{name}.{format}"));
            let expected = std::fs::read(&path).expect("the expected file is there");
            let got = written(format, &transcript);
            if format == Format::Json {
                // Our own fields follow theirs.
                let shared = expected.strip_suffix(b"}").expect("an object");
                let ours = got.strip_prefix(shared).map(String::from_utf8_lossy);
                assert_eq!(ours.as_deref(), Some(", \"duration\": 0.0}"), "{name}");
            } else {
                assert_eq!(
                    String::from_utf8_lossy(&got),
                    String::from_utf8_lossy(&expected),
                    "{name}.{format}"
                );
            }
        }
    }
}

/// Every combination in `options.json`, for every case with words.
#[test]
fn bytes_are_openai_whispers_with_any_options() {
    let mut compared = 0;
    for (name, transcript) in cases() {
        if transcript.segments.iter().all(|segment| segment.words.is_none()) {
            continue;
        }
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/writers").join(format!("{name}.options.json"));
        let expected = std::fs::read_to_string(&path).expect("the expected file is there");
        let expected: Vec<Value> = serde_json::from_str(&expected).expect("it is JSON");
        for part in &expected {
            let given = &part["options"];
            let limit = |name: &str| given[name].as_u64().map(|limit| limit as usize);
            let options = WriterOptions {
                highlight_words: given["highlight_words"] == true,
                max_line_width: limit("max_line_width"),
                max_line_count: limit("max_line_count"),
                max_words_per_line: limit("max_words_per_line"),
                ..WriterOptions::default()
            };
            let format: Format = part["format"].as_str().expect("a name").parse().expect("a format");
            let mut bytes = Vec::new();
            write_with(format, &transcript, &options, &mut bytes).expect("a vector takes everything");
            assert_eq!(
                String::from_utf8_lossy(&bytes),
                part["text"].as_str().expect("a text"),
                "{name} {given}"
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 5 * 18 * 2, "cases with words, options, formats");
}

#[test]
fn our_own_fields_are_in_the_json() {
    let transcript = Transcript {
        language_probability: Some(0.75),
        duration: 12.5,
        language: "de".into(),
        ..Transcript::default()
    };
    assert_eq!(
        String::from_utf8(written(Format::Json, &transcript)).unwrap(),
        r#"{"text": "", "segments": [], "language": "de", "language_probability": 0.75, "duration": 12.5}"#
    );
}

#[test]
fn a_number_that_json_lacks_is_null() {
    let segment = Segment { avg_logprob: f64::NAN, compression_ratio: f64::INFINITY, ..Segment::default() };
    let transcript = Transcript { segments: vec![segment], ..Transcript::default() };
    let json: serde_json::Value =
        serde_json::from_slice(&written(Format::Json, &transcript)).expect("it is JSON");
    assert!(
        json["segments"][0]["avg_logprob"].is_null() && json["segments"][0]["compression_ratio"].is_null()
    );
}

/// A cue's times in milliseconds and its text.
type Cue = (u64, u64, String);

fn time(text: &str) -> u64 {
    let (clock, thousandths) = text.split_once(['.', ',']).expect("thousandths");
    assert_eq!(thousandths.len(), 3);
    let seconds = clock.split(':').fold(0, |sum, part| sum * 60 + part.parse::<u64>().expect("a number"));
    seconds * 1000 + thousandths.parse::<u64>().expect("a number")
}

fn subtitle_cues(body: &str, numbered: bool) -> Vec<Cue> {
    // A cue without text leaves one more line break before the next.
    let blocks =
        body.split("\n\n").map(|block| block.trim_start_matches('\n')).filter(|block| !block.is_empty());
    let cue = |(place, block): (usize, &str)| {
        let mut lines = block.splitn(if numbered { 3 } else { 2 }, '\n');
        if numbered {
            assert_eq!(lines.next().unwrap().parse(), Ok(place + 1));
        }
        let (start, end) = lines.next().unwrap().split_once(" --> ").expect("a line of times");
        (time(start), time(end), lines.next().unwrap_or_default().to_owned())
    };
    blocks.enumerate().map(cue).collect()
}

fn table_rows(body: &str) -> Vec<Cue> {
    let mut lines = body.split_terminator('\n');
    assert_eq!(lines.next(), Some("start\tend\ttext"));
    let row = |line: &str| {
        let mut cells = line.split('\t');
        let mut cell = || cells.next().expect("three cells").to_owned();
        let row = (cell().parse().unwrap(), cell().parse().unwrap(), cell());
        assert_eq!(cells.next(), None);
        row
    };
    lines.map(row).collect()
}

/// Transcripts with ordered times and texts in any script, without line breaks: those make more lines in every format,
/// as in openai-whisper.
fn transcripts() -> impl Strategy<Value = Transcript> {
    let text = r"[^\n]{0,12}( --> )?[\t \PC]{0,12}";
    prop::collection::vec((0.0..500.0_f64, 0.0..4000.0_f64, text), 0..8).prop_map(|parts| {
        let mut now = 0.0;
        let segments = parts.into_iter().enumerate().map(|(id, (pause, length, text))| {
            let start = now + pause;
            now = start + length;
            Segment { id, start, end: now, text, ..Segment::default() }
        });
        let segments: Vec<Segment> = segments.collect();
        let text = segments.iter().map(|segment| segment.text.as_str()).collect();
        Transcript { text, segments, language: "en".into(), ..Transcript::default() }
    })
}

fn is_python_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

proptest! {
    #[test]
    fn times_and_texts_read_back(transcript in transcripts()) {
        let body = |format| String::from_utf8(written(format, &transcript)).expect("it is UTF-8");
        let expected = |change: fn(&str) -> String| -> Vec<Cue> {
            let ms = |seconds: f64| (seconds * 1000.0).round_ties_even() as u64;
            transcript.segments.iter()
                .map(|s| (ms(s.start), ms(s.end), change(s.text.trim_matches(is_python_space))))
                .collect()
        };
        let cues = expected(|text| text.replace("-->", "->"));
        prop_assert_eq!(&subtitle_cues(&body(Format::Srt), true), &cues);
        let vtt = body(Format::Vtt);
        prop_assert_eq!(&subtitle_cues(vtt.strip_prefix("WEBVTT\n\n").expect("a head"), false), &cues);
        prop_assert_eq!(table_rows(&body(Format::Tsv)), expected(|text| text.replace('\t', " ")));
        let times: Vec<u64> = cues.iter().flat_map(|(start, end, _)| [*start, *end]).collect();
        prop_assert!(times.is_sorted(), "{:?}", times);
        prop_assert_eq!(body(Format::Txt).matches('\n').count(), transcript.segments.len());
        let read: Transcript = serde_json::from_str(&body(Format::Json)).expect("it is our JSON");
        prop_assert_eq!(read, transcript);
    }
}
