//! The map between a sound's time and that of its speech laid end to end. Not a cutter: it moves no samples.
//!
//! A sample of speech has one place in the sound. A point between two samples may have two: where two spans are joined,
//! the point is the end of one and the start of the other. So an end belongs to the span that it ends, and a start to
//! the span that it starts.

use crate::{Error, SAMPLE_RATE, Span};
use std::ops::Range;

/// Where a sample of the sound is in the speech.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It is this sample of the speech.
    Speech(usize),
    /// It is none: so many samples of speech come before it.
    Silence(usize),
}

impl Place {
    /// The sample of the speech, or the point that the silence has shrunk to.
    pub fn point(self) -> usize {
        match self {
            Place::Speech(at) | Place::Silence(at) => at,
        }
    }
}

/// The time of a sound and of its speech, in samples of 16 kHz; exact, both ways.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeMap {
    pieces: Vec<Piece>,
}

/// One span: speech from `speech` on is the sound from `sound` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    sound: usize,
    speech: usize,
    len: usize,
}

impl TimeMap {
    /// The map of speech that is `spans` of a sound; empty spans add nothing.
    ///
    /// # Errors
    /// A span ends before it starts, or starts before the one before it ends.
    pub fn new(spans: &[Span]) -> Result<TimeMap, Error> {
        let (mut pieces, mut least, mut speech) = (Vec::with_capacity(spans.len()), 0, 0);
        for (index, Span { start, end }) in spans.iter().copied().enumerate() {
            if start < least || end < start {
                return Err(Error::Spans { index, start, end, least });
            }
            if end > start {
                pieces.push(Piece { sound: start, speech, len: end - start });
            }
            (least, speech) = (end, speech + (end - start));
        }
        Ok(TimeMap { pieces })
    }

    /// Samples of speech.
    pub fn speech_len(&self) -> usize {
        self.pieces.last().map_or(0, |last| last.speech + last.len)
    }

    /// The sample of the sound that is sample `at` of the speech; `None` behind the speech.
    pub fn to_sound(&self, at: usize) -> Option<usize> {
        (at < self.speech_len()).then(|| self.start_to_sound(at))
    }

    /// Where sample `at` of the sound is in the speech.
    pub fn to_speech(&self, at: usize) -> Place {
        let after = self.pieces.partition_point(|p| p.sound <= at);
        let Some(piece) = after.checked_sub(1).map(|i| self.pieces[i]) else { return Place::Silence(0) };
        let offset = at - piece.sound;
        if offset < piece.len {
            Place::Speech(piece.speech + offset)
        } else {
            Place::Silence(piece.speech + piece.len)
        }
    }

    /// The stretches of the sound that are the samples `range` of the speech, in order; what lies behind the speech is
    /// left out.
    pub fn pieces(&self, range: Range<usize>) -> impl Iterator<Item = Range<usize>> + '_ {
        let first = self.pieces.partition_point(|p| p.speech + p.len <= range.start);
        let within = self.pieces[first..].iter().take_while(move |p| p.speech < range.end);
        within.map(move |p| {
            let (from, to) = (range.start.max(p.speech) - p.speech, range.end.min(p.speech + p.len) - p.speech);
            p.sound + from..p.sound + to
        })
    }

    /// The point of the sound where something starts that starts at point `at` of the speech: where spans are joined,
    /// the later one's start. Points behind the speech are its end.
    pub fn start_to_sound(&self, at: usize) -> usize {
        self.point_to_sound(at, self.pieces.partition_point(|p| p.speech <= at))
    }

    /// The point of the sound where something ends that ends at point `at` of the speech: where spans are joined, the
    /// earlier one's end. Points behind the speech are its end.
    pub fn end_to_sound(&self, at: usize) -> usize {
        self.point_to_sound(at, self.pieces.partition_point(|p| p.speech < at))
    }

    /// [`TimeMap::start_to_sound`] in seconds, to the nearest sample.
    pub fn start_seconds(&self, speech: f64) -> f64 {
        seconds(self.start_to_sound(point(speech)))
    }

    /// [`TimeMap::end_to_sound`] in seconds, to the nearest sample.
    pub fn end_seconds(&self, speech: f64) -> f64 {
        seconds(self.end_to_sound(point(speech)))
    }

    /// The time in the speech of a time in the sound, both in seconds, to the nearest sample. All of a silence is the
    /// point that it has shrunk to.
    pub fn speech_seconds(&self, sound: f64) -> f64 {
        seconds(self.to_speech(point(sound)).point())
    }

    /// Point `at` as one of the piece before piece `after`, or of the first.
    fn point_to_sound(&self, at: usize, after: usize) -> usize {
        let piece = self.pieces.get(after.saturating_sub(1));
        piece.map_or(0, |p| p.sound + at.saturating_sub(p.speech).min(p.len))
    }
}

/// The point nearest to a time; 0 for times before it and for what is no number.
fn point(seconds: f64) -> usize {
    (seconds * SAMPLE_RATE as f64).round() as usize
}

fn seconds(point: usize) -> f64 {
    point as f64 / SAMPLE_RATE as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn span(start: usize, end: usize) -> Span {
        Span { start, end }
    }

    #[test]
    fn an_end_belongs_to_the_span_it_ends_and_a_start_to_the_one_it_starts() {
        let map = TimeMap::new(&[span(16_000, 32_000), span(48_000, 56_000)]).unwrap();
        assert_eq!(map.speech_len(), 24_000);
        assert_eq!((map.end_seconds(1.0), map.start_seconds(1.0)), (2.0, 3.0));
        assert_eq!((map.end_seconds(0.0), map.start_seconds(0.0)), (1.0, 1.0));
        assert_eq!((map.end_seconds(1.5), map.start_seconds(1.5)), (3.5, 3.5));
        assert_eq!((map.end_seconds(9.0), map.start_seconds(-9.0)), (3.5, 1.0));
        assert_eq!((map.start_seconds(0.25), map.speech_seconds(1.25)), (1.25, 0.25));
        assert_eq!(
            (map.speech_seconds(0.5), map.speech_seconds(2.5), map.speech_seconds(9.0)),
            (0.0, 1.0, 1.5)
        );
        assert_eq!(
            (map.to_speech(31_999), map.to_speech(32_000)),
            (Place::Speech(15_999), Place::Silence(16_000))
        );
        assert_eq!((map.to_sound(16_000), map.to_sound(24_000)), (Some(48_000), None));
    }

    #[test]
    fn no_speech_is_a_map_of_nothing() {
        let map = TimeMap::new(&[span(7, 7)]).unwrap();
        assert_eq!(map, TimeMap::default());
        assert_eq!((map.speech_len(), map.to_sound(0), map.to_speech(7)), (0, None, Place::Silence(0)));
        assert_eq!((map.start_seconds(1.0), map.end_seconds(1.0), map.speech_seconds(1.0)), (0.0, 0.0, 0.0));
    }

    #[test]
    fn spans_that_overlap_are_refused() {
        let refusal = |spans: &[Span]| TimeMap::new(spans).unwrap_err().to_string();
        assert_eq!(
            refusal(&[span(0, 10), span(9, 20)]),
            "span 1 is 9 to 20, expected one that starts at 10 or later and ends after"
        );
        assert_eq!(
            refusal(&[span(5, 4)]),
            "span 0 is 5 to 4, expected one that starts at 0 or later and ends after"
        );
    }

    /// Spans with gaps between them, both possibly empty.
    fn spans() -> impl Strategy<Value = Vec<Span>> {
        proptest::collection::vec((0usize..50, 0usize..50), 0..12).prop_map(|lengths| {
            let mut at = 0;
            let next = |(gap, len)| {
                let start = at + gap;
                at = start + len;
                span(start, at)
            };
            lengths.into_iter().map(next).collect()
        })
    }

    proptest! {
        #[test]
        fn each_sample_of_speech_has_one_place_and_no_other_has_one(spans in spans()) {
            let map = TimeMap::new(&spans).unwrap();
            let samples: Vec<usize> = spans.iter().flat_map(|s| s.start..s.end).collect();
            prop_assert_eq!(map.speech_len(), samples.len());
            let there: Vec<usize> = (0..samples.len()).filter_map(|at| map.to_sound(at)).collect();
            prop_assert_eq!(&there, &samples);
            let pieces: Vec<usize> = map.pieces(3..samples.len() + 9).flatten().collect();
            prop_assert_eq!(&pieces, &samples[samples.len().min(3)..]);
            for at in 0..spans.last().map_or(9, |s| s.end + 9) {
                let before = samples.partition_point(|s| *s < at);
                let speech = samples.get(before) == Some(&at);
                let expected = if speech { Place::Speech(before) } else { Place::Silence(before) };
                prop_assert_eq!(map.to_speech(at), expected);
            }
        }

        #[test]
        fn points_keep_their_order_and_come_back(spans in spans()) {
            let map = TimeMap::new(&spans).unwrap();
            let mut last = 0;
            for at in 0..map.speech_len() {
                let (start, end) = (map.start_to_sound(at), map.end_to_sound(at + 1));
                prop_assert!(last <= start && start < end);
                prop_assert_eq!(end - start, 1);
                prop_assert_eq!((map.to_speech(start).point(), map.to_speech(end).point()), (at, at + 1));
                last = end;
            }
        }

        #[test]
        fn seconds_are_samples(spans in spans(), at in 0usize..700) {
            let map = TimeMap::new(&spans).unwrap();
            let time = at as f64 / SAMPLE_RATE as f64;
            prop_assert_eq!(map.start_seconds(time) * SAMPLE_RATE as f64, map.start_to_sound(at) as f64);
            prop_assert_eq!(map.end_seconds(time) * SAMPLE_RATE as f64, map.end_to_sound(at) as f64);
            prop_assert_eq!(map.speech_seconds(time) * SAMPLE_RATE as f64, map.to_speech(at).point() as f64);
        }
    }
}
