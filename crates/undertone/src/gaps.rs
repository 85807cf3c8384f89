//! Speech under no text: what is decoded again alone. Not the decoding.

use crate::Segment;
use crate::recording::{FRAMES_PER_SECOND, Recording, frame_seconds};
use std::ops::Range;

/// Seconds of speech that are worth another try.
const LEAST: f64 = 1.0;
/// Speech that is this near, in seconds, belongs together.
const NEAR: f64 = 2.0;
/// Seconds before and behind it that are heard along.
const MARGIN: f64 = 0.2;

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
    let groups = together(&bare.into_iter().filter(inside).collect::<Vec<_>>());
    let gap = |(start, end): (f64, f64)| {
        let (from, to) = recording.to_view((start - MARGIN).max(0.0), end + MARGIN);
        let frame = |time: f64| (time * FRAMES_PER_SECOND as f64).round() as usize;
        let frames = frame(from)..frame(to).min(recording.frames());
        (!frames.is_empty()).then_some(Gap { frames, sound: (start, end) })
    };
    groups.into_iter().filter_map(gap).collect()
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

/// Spans that are near each other as one, without those of too little speech.
fn together(spans: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut groups: Vec<((f64, f64), f64)> = Vec::new();
    for &(start, end) in spans {
        match groups.last_mut() {
            Some(((_, last), speech)) if start - *last < NEAR => {
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
    fn scraps_are_joined_and_small_ones_left_alone() {
        assert_eq!(together(&[(0.0, 0.5), (1.0, 1.6), (9.0, 9.9), (12.0, 14.0)]), [(0.0, 1.6), (12.0, 14.0)]);
    }
}
