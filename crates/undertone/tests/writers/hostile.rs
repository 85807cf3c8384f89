//! Formats that need not be openai-whisper's bytes, on texts that try to break out of them. Not the reading of broken
//! files.

use proptest::prelude::*;
use undertone::layout::Layout;
use undertone::writers::{Format, WriterOptions, write_with};
use undertone::{Segment, Transcript, Word};

use crate::parse;

fn body(format: Format, transcript: &Transcript, layout: Option<Layout>) -> String {
    let options = WriterOptions { layout, ..WriterOptions::default() };
    let mut bytes = Vec::new();
    write_with(format, transcript, &options, &mut bytes).expect("a vector takes everything");
    String::from_utf8(bytes).expect("it is UTF-8")
}

fn texts() -> impl Strategy<Value = String> {
    let pieces = vec![
        "\n",
        "\r\n",
        "\n\n",
        "-->",
        "--->",
        "\"",
        "\"\"",
        "<i>",
        "</p>",
        "&amp;",
        "&",
        ",",
        "\0",
        "\u{202e}",
        "שלום",
        "😀",
        "{\\k1}",
        "}",
        "\\N",
        "\\",
        "[00:01.00]",
        "]]>",
        "日本。",
        "word",
        " ",
        "\t",
        "\u{1b}[31m",
        "\u{ffff}",
        "\u{2028}",
        "\u{feff}",
        "WEBVTT",
        "1\n00:00:00,000 --> 00:00:01,000\nx",
        "Dialogue: 0",
        "''",
        "<!--",
        "\u{85}",
    ];
    let piece =
        prop_oneof![4 => prop::sample::select(pieces).prop_map(str::to_owned), 1 => "[^\u{2060}]{0,4}"];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// Segments in order of time; all have words (perhaps none), or none has.
fn transcripts() -> impl Strategy<Value = Transcript> {
    let segment = (0.0..50.0_f64, 0.01..40.0_f64, prop::collection::vec(texts(), 0..4));
    (prop::collection::vec(segment, 0..6), any::<bool>(), texts()).prop_map(
        |(parts, with_words, language)| {
            let mut now = 0.0;
            let mut segments = Vec::new();
            for (pause, length, words) in parts {
                let start = now + pause;
                now = start + length;
                let step = length / words.len().max(1) as f64;
                let word = |(at, word): (usize, String)| {
                    let start = start + step * at as f64;
                    Word { word, start, end: start + step * 0.9, probability: 0.5 }
                };
                let words: Vec<Word> = words.into_iter().enumerate().map(word).collect();
                let text = words.iter().map(|word| word.word.as_str()).collect();
                let words = with_words.then_some(words);
                segments.push(Segment { start, end: now, text, words, ..Segment::default() });
            }
            Transcript { segments, language, ..Transcript::default() }
        },
    )
}

/// The characters that are seen.
fn seen(text: &str) -> String {
    let gone = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
    text.chars().filter(|&c| !gone(c)).collect()
}

fn units(seconds: f64, of: f64) -> u64 {
    (seconds * of).round_ties_even() as u64
}

/// What cues say without a layout, in order: start, end, the characters seen.
fn cues(transcript: &Transcript) -> Vec<(f64, f64, String)> {
    let cue = |segment: &Segment| match segment.words.as_deref() {
        None => {
            let text =
                segment.text.trim_matches(|c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c));
            Some((segment.start, segment.end, seen(&text.replace("-->", "->"))))
        }
        Some([]) => None,
        Some(words @ [first, .., last]) => {
            Some((first.start, last.end, words.iter().map(|w| seen(&w.word)).collect()))
        }
        Some([word]) => Some((word.start, word.end, seen(&word.word))),
    };
    transcript.segments.iter().filter_map(cue).collect()
}

proptest! {
    #[test]
    fn tables_and_lyrics_read_back(transcript in transcripts()) {
        let ms = |seconds| units(seconds, 1000.0);
        let rows = parse::csv(&body(Format::Csv, &transcript, None));
        let kept = |text: &str| -> String {
            text.chars().filter(|c| c.is_whitespace() || ('\x1c'..='\x1f').contains(c) || !c.is_control()).collect()
        };
        let expected = transcript.segments.iter().map(|s| (ms(s.start), ms(s.end), kept(&s.text)));
        prop_assert_eq!(rows, expected.collect::<Vec<_>>());
        let lines = parse::lrc(&body(Format::Lrc, &transcript, None));
        let lines = lines.into_iter().map(|(time, text)| (time, seen(&text)));
        let expected = transcript.segments.iter().map(|s| (units(s.start, 100.0), seen(&s.text)));
        prop_assert_eq!(lines.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    }

    #[test]
    fn ass_reads_back(transcript in transcripts()) {
        let lines = parse::ass(&body(Format::Ass, &transcript, None));
        let expected: Vec<_> =
            cues(&transcript).into_iter().map(|(s, e, text)| (units(s, 100.0), units(e, 100.0), text)).collect();
        let got: Vec<_> = lines.iter().map(|line| (line.start, line.end, seen(&line.text))).collect();
        prop_assert_eq!(got, expected);
        for line in lines.iter().filter(|line| !line.syllables.is_empty()) {
            prop_assert_eq!(line.syllables.iter().sum::<u64>(), line.end - line.start);
        }
    }

    #[test]
    fn ttml_reads_back(transcript in transcripts()) {
        let read = parse::ttml(&body(Format::Ttml, &transcript, None));
        let expected: Vec<_> =
            cues(&transcript).into_iter().map(|(s, e, text)| (units(s, 1000.0), units(e, 1000.0), text)).collect();
        let got: Vec<_> = read.iter().map(|((start, end, text), _)| (*start, *end, seen(text))).collect();
        prop_assert_eq!(got, expected);
        for ((start, end, _), spans) in read {
            prop_assert!(spans.iter().all(|(begin, stop)| begin <= stop && *stop <= end - start));
            prop_assert!(spans.is_sorted());
        }
    }

    #[test]
    fn subtitles_that_are_laid_out_read_back(transcript in transcripts()) {
        // Arrows lose hyphens.
        let text = |text: &str| seen(text).replace(['-', '>'], "");
        let said: String = transcript.segments.iter().map(|segment| text(&segment.text)).collect();
        let ms = |seconds| units(seconds, 1000.0);
        let layout = Layout::default();
        let times: Vec<_> = layout.cues(&transcript).iter().map(|cue| (ms(cue.start), ms(cue.end))).collect();
        for (format, read) in [(Format::Srt, parse::srt as fn(&str) -> _), (Format::Vtt, parse::vtt)] {
            let cues: Vec<parse::Cue> = read(&body(format, &transcript, Some(layout.clone())));
            prop_assert_eq!(cues.iter().map(|cue| (cue.0, cue.1)).collect::<Vec<_>>(), times.clone());
            prop_assert_eq!(cues.iter().map(|cue| text(&cue.2)).collect::<String>(), said.clone());
            prop_assert!(cues.windows(2).all(|pair| pair[0].1 <= pair[1].0));
        }
        for format in [Format::Ass, Format::Ttml] {
            let _ = body(format, &transcript, Some(layout.clone()));
        }
    }
}
