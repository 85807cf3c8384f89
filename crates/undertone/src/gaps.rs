//! Speech under no text: what is decoded again alone. Not the decoding.

use crate::Segment;
use crate::recording::{FRAMES_PER_SECOND, Recording, frame_seconds};
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// Seconds of speech that are worth another try.
const LEAST: f64 = 1.0;
/// Speech that is this near, in seconds, belongs together.
const NEAR: f64 = 2.0;
/// Seconds before and behind it that are heard along.
const MARGIN: f64 = 0.2;
/// Seconds before and behind it in which its words may stand already.
const AROUND: f64 = 10.0;
/// Words in a row that are no chance.
const ROW: usize = 3;

/// A stretch of speech under no text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Gap {
    /// Its frames in what is transcribed.
    pub(crate) frames: Range<usize>,
    /// Its times in the sound, in seconds.
    pub(crate) sound: (f64, f64),
}

/// The speech of `recording` that is under none of `segments`, inside `clips` (frames).
pub(crate) fn find(recording: &Recording, segments: &[&Segment], clips: &[Range<usize>]) -> Vec<Gap> {
    let Some(voiced) = recording.voiced() else { return Vec::new() };
    let mut covered: Vec<(f64, f64)> =
        segments.iter().filter(|s| !s.text.trim().is_empty()).map(|s| (s.start, s.end)).collect();
    covered.sort_by(|a, b| a.0.total_cmp(&b.0));
    let inside = |(start, end): &(f64, f64)| {
        clips.iter().any(|clip| frame_seconds(clip.start) <= *start && *end <= frame_seconds(clip.end))
    };
    let bare = uncovered(voiced, &covered);
    let groups = together(&bare.into_iter().filter(inside).collect::<Vec<_>>(), &covered);
    let gap = |(start, end): (f64, f64)| {
        let (from, to) = recording.to_view((start - MARGIN).max(0.0), end + MARGIN);
        let frame = |time: f64| (time * FRAMES_PER_SECOND as f64).round() as usize;
        let frames = frame(from)..frame(to).min(recording.frames());
        (!frames.is_empty()).then_some(Gap { frames, sound: (start, end) })
    };
    groups.into_iter().filter_map(gap).collect()
}

/// Whether the text of `again`, which was decoded alone, stands beside it already, in one of `segments` or across two:
/// most of its words in a row. Times of words can be so far off that speech seems to be under no text.
pub(crate) fn is_said(again: &Segment, segments: &[&Segment]) -> bool {
    let near = |s: &&&Segment| s.start < again.end + AROUND && s.end > again.start - AROUND;
    let mut around: Vec<&Segment> = segments.iter().filter(near).copied().collect();
    around.sort_by(|a, b| a.start.total_cmp(&b.start));
    let around: Vec<String> = around.iter().flat_map(|segment| words(&segment.text)).collect();
    let words = words(&again.text);
    let enough = ROW.max((words.len() * 2).div_ceil(3));
    words.windows(enough).any(|row| around.windows(enough).any(|said| said == row))
}

/// The words of a text without signs and cases; of scripts without spaces, its characters.
fn words(text: &str) -> Vec<String> {
    text.unicode_words().map(str::to_lowercase).collect()
}

/// The parts of `spans` that lie under none of `covered`; both ascending.
fn uncovered(spans: &[(f64, f64)], covered: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut bare = Vec::new();
    for &(start, end) in spans {
        let mut at = start;
        for &(from, to) in covered.iter().filter(|(from, to)| *from < end && *to > start) {
            if from > at {
                bare.push((at, from));
            }
            at = at.max(to);
        }
        if at < end {
            bare.push((at, end));
        }
    }
    bare
}

/// Spans that are near each other with none of `covered` between them as one, without those of too little speech.
fn together(spans: &[(f64, f64)], covered: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let is_between = |last: f64, start: f64| covered.iter().any(|(from, to)| *from < start && *to > last);
    let mut groups: Vec<((f64, f64), f64)> = Vec::new();
    for &(start, end) in spans {
        match groups.last_mut() {
            Some(((_, last), speech)) if start - *last < NEAR && !is_between(*last, start) => {
                *last = end;
                *speech += end - start;
            }
            _ => groups.push(((start, end), end - start)),
        }
    }
    groups.into_iter().filter(|(_, speech)| *speech >= LEAST).map(|(span, _)| span).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_text_stands_over_is_no_gap() {
        let spans = [(0.0, 5.0), (6.0, 9.0), (20.0, 24.0)];
        assert_eq!(uncovered(&spans, &[(0.0, 9.0), (19.0, 25.0)]), []);
        assert_eq!(
            uncovered(&spans, &[(1.0, 2.0), (4.0, 7.0)]),
            [(0.0, 1.0), (2.0, 4.0), (7.0, 9.0), (20.0, 24.0)]
        );
        assert_eq!(uncovered(&spans, &[]), spans);
    }

    #[test]
    fn what_stands_beside_it_is_not_said_twice() {
        let segment = |start: f64, text: &str| Segment {
            start,
            end: start + 4.0,
            text: text.to_owned(),
            ..Segment::default()
        };
        let said = [
            segment(0.0, " The gut being cut across,"),
            segment(5.0, " the stomach may be removed entire."),
            segment(40.0, " Nobody was there at all."),
        ];
        let said: Vec<&Segment> = said.iter().collect();
        let is_said = |text: &str| is_said(&segment(4.0, text), &said);
        assert!(is_said(" The stomach may be removed"));
        assert!(is_said(" Cut across. The stomach may"), "across two segments");
        assert!(!is_said(" Nobody was there at all."), "too far away");
        assert!(!is_said(" The stomach"), "two words may be chance");
        assert!(!is_said(" And then the stomach may turn round and be ill"), "a third of the words");
        assert!(!is_said(""));
    }

    #[test]
    fn scraps_are_joined_and_small_ones_left_alone() {
        let scraps = [(0.0, 0.5), (1.0, 1.6), (9.0, 9.9), (12.0, 14.0)];
        assert_eq!(together(&scraps, &[]), [(0.0, 1.6), (12.0, 14.0)]);
        let words = [(0.5, 0.9), (9.9, 12.0)];
        assert_eq!(together(&scraps, &words), [(12.0, 14.0)], "pauses between words are no gap");
    }
}
