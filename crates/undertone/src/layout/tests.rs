//! What any layout keeps, and what a few look like. Not the writers' tests.

use std::collections::HashSet;

use proptest::prelude::*;
use unicode_width::UnicodeWidthStr as _;

use super::{Cue, Layout};
use crate::transcript::{Segment, Transcript, Word};

fn transcript(language: &str, parts: &[(f64, f64, &str)]) -> Transcript {
    let segment = |(id, &(start, end, text)): (usize, &(f64, f64, &str))| Segment {
        id,
        start,
        end,
        text: text.to_owned(),
        ..Segment::default()
    };
    let segments = parts.iter().enumerate().map(segment).collect();
    Transcript { segments, language: language.into(), ..Transcript::default() }
}

fn lines(cue: &Cue) -> Vec<String> {
    cue.lines.iter().map(|line| line.iter().map(|word| word.word.as_str()).collect()).collect()
}

fn shown(layout: &Layout, transcript: &Transcript) -> Vec<Vec<String>> {
    layout.cues(transcript).iter().map(lines).collect()
}

#[test]
fn lines_break_between_clauses_and_before_little_words() {
    let text = " And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your \
        country. We choose to go to the moon in this decade.";
    let cues = shown(&Layout::default(), &transcript("en", &[(0.0, 14.0, text)]));
    assert_eq!(
        cues,
        [
            vec!["And so, my fellow Americans,", "ask not what your country can do for you,"],
            vec!["ask what you can do for your country."],
            vec!["We choose to go", "to the moon in this decade."],
        ]
    );
}

#[test]
fn an_article_stays_with_its_noun() {
    let text = " Nobody could have told us about the extraordinary";
    let cues = shown(&Layout::default(), &transcript("en", &[(0.0, 5.0, text)]));
    assert_eq!(cues, [["Nobody could have told us", "about the extraordinary"]]);
}

#[test]
fn no_line_of_japanese_begins_with_what_closes() {
    let layout = Layout { chars_per_line: 10, ..Layout::default() };
    let cues =
        shown(&layout, &transcript("ja", &[(0.0, 8.0, "「今日は晴れ」、と言った。明日は雨だろうか？")]));
    for line in cues.iter().flatten() {
        assert!(line.width() <= 10 && !line.starts_with(['」', '、', '。', '？', 'っ']), "{cues:?}");
        assert!(!line.ends_with('「'), "{cues:?}");
    }
    assert_eq!(cues.concat().concat(), "「今日は晴れ」、と言った。明日は雨だろうか？");
}

#[test]
fn a_cue_stays_to_be_read_but_not_into_the_next() {
    let parts = [(0.0, 4.0, " Yes."), (4.0, 4.5, " This has no time."), (4.5, 9.0, " Good.")];
    let mut with_words = transcript("en", &parts);
    with_words.segments[0].words =
        Some(vec![Word { word: " Yes.".into(), start: 0.5, end: 0.7, probability: 0.9 }]);
    let cues = Layout::default().cues(&with_words);
    let times: Vec<_> =
        cues.iter().map(|cue| (cue.start, (cue.end * 1000.0).round() / 1000.0, cue.timed)).collect();
    assert_eq!(times[0], (0.5, 1.333, true));
    assert!(cues.windows(2).all(|pair| pair[0].end <= pair[1].start));
}

/// Every character but white space, which may become a line break.
fn letters(text: &str) -> String {
    text.chars().filter(|c| !crate::writers::is_space(*c) && !c.is_control()).collect()
}

fn texts() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "and",
        "the",
        "house.",
        "of",
        "Donaudampfschifffahrtsgesellschaftskapitänswitwe",
        "a,",
        "“Yes”",
        "今日は",
        "。",
        "「",
        "」",
        "っ",
        "ภาษาไทย",
        "👨‍👩‍👧",
        "e\u{301}",
        "\n",
        "-->",
        "\0",
        "(",
        ")",
        "I",
        "שלום",
        "1,000",
        "…",
    ]);
    prop::collection::vec((piece, prop::sample::select(vec!["", " ", " ", "\t"])), 0..30)
        .prop_map(|pieces| pieces.into_iter().flat_map(|(piece, space)| [space, piece]).collect())
}

fn transcripts() -> impl Strategy<Value = Transcript> {
    let segment = (0.0..3.0_f64, 0.0..12.0_f64, texts(), prop::collection::vec(texts(), 0..5), any::<bool>());
    (prop::collection::vec(segment, 0..6), prop::sample::select(vec!["en", "de", "ja", ""])).prop_map(
        |(parts, language)| {
            let mut now = 0.0;
            let mut transcript = transcript(language, &[]);
            for (pause, length, text, words, with_words) in parts {
                let start = now + pause;
                now = start + length;
                let step = length / words.len().max(1) as f64;
                let word = |(at, word): (usize, String)| {
                    let start = start + step * at as f64;
                    Word { word, start, end: start + step * 0.8, probability: 0.5 }
                };
                let words: Vec<Word> = words.into_iter().enumerate().map(word).collect();
                let use_words = with_words && !words.is_empty();
                let text = if use_words { words.iter().map(|w| w.word.as_str()).collect() } else { text };
                let words = use_words.then_some(words);
                transcript.segments.push(Segment { start, end: now, text, words, ..Segment::default() });
            }
            transcript
        },
    )
}

fn layouts() -> impl Strategy<Value = Layout> {
    (4..50_usize, 1..4_usize, 5.0..25.0_f64, 0.0..1.5_f64, 2.0..8.0_f64, 0.0..0.3_f64).prop_map(
        |(chars_per_line, lines, chars_per_second, min_duration, max_duration, min_gap)| Layout {
            chars_per_line,
            lines,
            chars_per_second,
            min_duration,
            max_duration,
            min_gap,
        },
    )
}

proptest! {
    #[test]
    fn words_order_and_limits_are_kept(transcript in transcripts(), layout in layouts()) {
        let cues = layout.cues(&transcript);
        let said: String = transcript.segments.iter().map(|segment| letters(&segment.text)).collect();
        let written: String = cues.iter().flat_map(lines).map(|line| letters(&line)).collect();
        prop_assert_eq!(written, said);
        for cue in &cues {
            prop_assert!(cue.lines.len() <= layout.lines);
            for line in &cue.lines {
                prop_assert!(!line.is_empty());
                let text: String = line.iter().map(|word| word.word.as_str()).collect();
                prop_assert_eq!(text.trim(), &text);
                prop_assert!(text.width() <= layout.chars_per_line || line.len() == 1, "{}", text);
            }
        }
    }

    #[test]
    fn times_are_kept(transcript in transcripts(), layout in layouts()) {
        let cues = layout.cues(&transcript);
        let ends: HashSet<u64> = transcript.segments.iter().map(|segment| segment.end.to_bits()).collect();
        let mut last = 0.0;
        for (at, cue) in cues.iter().enumerate() {
            prop_assert!(last <= cue.start && cue.start <= cue.end);
            prop_assert!(cue.end - cue.start <= layout.max_duration + 1e-9);
            let within = transcript.segments.iter().any(|segment| segment.start <= cue.start && cue.start <= segment.end)
                && transcript.segments.iter().any(|segment| cue.end <= segment.end);
            prop_assert!(within);
            if let Some(next) = cues.get(at + 1) {
                let there = next.start - cue.start;
                prop_assert!(next.start - cue.end >= layout.min_gap.min(there / 2.0) - 1e-9);
                let room = layout.min_duration.min(there - layout.min_gap);
                let to_segment_end = ends.contains(&cue.end.to_bits());
                prop_assert!(cue.end - cue.start >= room - 1e-9 || to_segment_end);
            }
            let words: Vec<_> = cue.lines.iter().flatten().collect();
            prop_assert!(words.iter().all(|word| cue.start <= word.start && word.end <= cue.end));
            prop_assert!(words.windows(2).all(|pair| pair[0].start <= pair[1].start));
            last = cue.end;
        }
    }
}
