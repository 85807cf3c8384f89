//! A window's tokens cut into segments at their timestamps (transcribe.py). Not the loop over windows.

use crate::recording::frame_seconds;
use std::ops::Range;

/// Seconds of one timestamp step.
pub(crate) const TIME_PRECISION: f64 = 0.02;
/// Mel frames of one timestamp step.
const INPUT_STRIDE: usize = 2;

/// The frames of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// The first frame.
    pub(crate) seek: usize,
    /// How many; at most 3000.
    pub(crate) frames: usize,
}

impl Window {
    /// When it starts, in seconds.
    pub(crate) fn start(self) -> f64 {
        frame_seconds(self.seek)
    }

    /// How long it is, in seconds.
    pub(crate) fn seconds(self) -> f64 {
        frame_seconds(self.frames)
    }
}

/// A window's tokens in pieces.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cut {
    pub(crate) pieces: Vec<Piece>,
    /// How many frames the next window starts later.
    pub(crate) advance: usize,
    /// Whether the last token, and no other before it, is a timestamp: after it there is silence.
    pub(crate) single_ending: bool,
}

/// A segment's tokens and times.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Piece {
    pub(crate) tokens: Range<usize>,
    pub(crate) start: f64,
    pub(crate) end: f64,
}

/// Cuts a window's tokens between adjoining timestamps; `begin` is the first timestamp.
pub(crate) fn cut(tokens: &[u32], window: Window, begin: u32) -> Cut {
    let offset = window.start();
    let is_time = |i: usize| tokens[i] >= begin;
    let step = |i: usize| (tokens[i] - begin) as usize;
    let single_ending = match tokens.len() {
        0 | 1 => false,
        n => !is_time(n - 2) && is_time(n - 1),
    };
    let mut cuts: Vec<usize> = (1..tokens.len()).filter(|i| is_time(i - 1) && is_time(*i)).collect();
    if cuts.is_empty() {
        let last = (0..tokens.len()).rev().find(|i| is_time(*i)).map(step).filter(|step| *step > 0);
        let duration = last.map_or(window.seconds(), |step| step as f64 * TIME_PRECISION);
        let piece = Piece { tokens: 0..tokens.len(), start: offset, end: offset + duration };
        return Cut { pieces: vec![piece], advance: window.frames, single_ending };
    }
    if single_ending {
        cuts.push(tokens.len());
    }
    let mut from = 0;
    let mut pieces = Vec::with_capacity(cuts.len());
    for to in cuts {
        let at = |i: usize| offset + time_step(tokens[i], begin) * TIME_PRECISION;
        pieces.push(Piece { tokens: from..to, start: at(from), end: at(to - 1) });
        from = to;
    }
    let advance = if single_ending { window.frames } else { step(from - 1) * INPUT_STRIDE };
    Cut { pieces, advance, single_ending }
}

/// The step of a timestamp token; below 0 for a text token, which only a decoding without rules puts there.
fn time_step(token: u32, begin: u32) -> f64 {
    f64::from(token) - f64::from(begin)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: u32 = 50364;
    const WINDOW: Window = Window { seek: 1000, frames: 3000 };

    fn times(tokens: &[u32]) -> (Vec<(f64, f64)>, usize) {
        let cut = cut(tokens, WINDOW, BEGIN);
        (cut.pieces.iter().map(|p| (p.start, p.end)).collect(), cut.advance)
    }

    #[test]
    fn an_unfinished_segment_is_decoded_again() {
        let tokens = [BEGIN, 400, BEGIN + 100, BEGIN + 100, 401];
        assert_eq!(times(&tokens), (vec![(10.0, 12.0)], 200));
    }

    #[test]
    fn a_single_timestamp_at_the_end_means_silence_after_it() {
        let tokens = [BEGIN, 400, BEGIN + 100, BEGIN + 150, 401, BEGIN + 200];
        assert_eq!(times(&tokens), (vec![(10.0, 12.0), (13.0, 14.0)], 3000));
    }

    #[test]
    fn without_a_pair_the_last_timestamp_ends_the_window() {
        assert_eq!(times(&[BEGIN, 400, BEGIN + 100]), (vec![(10.0, 12.0)], 3000));
        assert_eq!(times(&[BEGIN, 400]), (vec![(10.0, 40.0)], 3000));
        assert_eq!(times(&[]), (vec![(10.0, 40.0)], 3000));
    }
}
