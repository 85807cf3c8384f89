//! A lane: one stretch of a recording on its way through its windows, with its own place and prompt. Not a decoder:
//! it says what to decode next and takes what came of it (openai-whisper's `transcribe.py`).

use crate::recording::FRAMES_PER_SECOND;
use crate::{Options, Segment};
use std::ops::Range;
use whisper::graphs::FRAMES;
use whisper::{Decoded, Tokenizer};

/// Seconds of one timestamp step.
const TIME_PRECISION: f64 = 0.02;
/// Mel frames of one timestamp step.
const INPUT_STRIDE: usize = 2;
/// A window that was sampled at a higher temperature is no prompt.
const PROMPT_TEMPERATURE: f64 = 0.5;

/// One stretch of a recording.
#[derive(Debug)]
pub(crate) struct Lane {
    /// The frame at which the next window starts.
    seek: usize,
    /// The frame at which the stretch ends.
    end: usize,
    tokens: Vec<u32>,
    prompt_from: usize,
    segments: usize,
}

/// The frames of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// The first frame.
    pub(crate) seek: usize,
    /// How many; at most 3000.
    pub(crate) frames: usize,
}

impl Lane {
    pub(crate) fn new(frames: Range<usize>) -> Lane {
        Lane { seek: frames.start, end: frames.end, tokens: Vec::new(), prompt_from: 0, segments: 0 }
    }

    /// The window to decode next; `None` at the end.
    pub(crate) fn window(&self) -> Option<Window> {
        let frames = FRAMES.min(self.end.saturating_sub(self.seek));
        (frames > 0).then_some(Window { seek: self.seek, frames })
    }

    /// The tokens of earlier windows that are its prompt.
    pub(crate) fn prompt(&self) -> &[u32] {
        &self.tokens[self.prompt_from..]
    }

    /// All tokens so far.
    pub(crate) fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// Takes what came of `window`, moves on, and gives its segments. `heard` hears of each as it was decoded; those
    /// without text or length are then emptied.
    pub(crate) fn take(
        &mut self,
        window: Window,
        decoded: &Decoded,
        (options, tokenizer): (&Options, &Tokenizer),
        heard: &mut dyn FnMut(&Segment),
    ) -> Vec<Segment> {
        if is_silence(decoded, options) {
            self.seek += window.frames;
            return Vec::new();
        }
        let (pieces, advance) = split(&decoded.tokens, window, tokenizer.specials().timestamp_begin);
        let eot = tokenizer.specials().eot;
        let segments = pieces.into_iter().map(|piece| {
            let tokens = decoded.tokens[piece.tokens].to_vec();
            let words: Vec<u32> = tokens.iter().copied().filter(|t| *t < eot).collect();
            let mut segment = Segment {
                id: self.segments,
                seek: window.seek,
                start: piece.start,
                end: piece.end,
                text: tokenizer.decode(&words),
                tokens,
                temperature: decoded.temperature,
                avg_logprob: decoded.avg_logprob,
                compression_ratio: decoded.compression_ratio,
                no_speech_prob: decoded.no_speech_prob,
                words: None,
            };
            heard(&segment);
            if segment.start == segment.end || segment.text.trim().is_empty() {
                segment.text.clear();
                segment.tokens.clear();
            }
            self.segments += 1;
            self.tokens.extend_from_slice(&segment.tokens);
            segment
        });
        let segments = segments.collect();
        if !options.condition_on_previous_text || decoded.temperature > PROMPT_TEMPERATURE {
            self.prompt_from = self.tokens.len();
        }
        self.seek += advance;
        segments
    }
}

/// Whether the window is skipped: likely no speech, and its text not likely enough.
fn is_silence(decoded: &Decoded, options: &Options) -> bool {
    let unlikely = options.logprob_threshold.is_none_or(|least| decoded.avg_logprob <= least);
    options.no_speech_threshold.is_some_and(|most| decoded.no_speech_prob > most) && unlikely
}

/// A segment's tokens and times.
#[derive(Clone, Debug, PartialEq)]
struct Piece {
    tokens: Range<usize>,
    start: f64,
    end: f64,
}

/// Cuts a window's tokens between adjoining timestamps, and gives how many frames the next window starts later.
fn split(tokens: &[u32], window: Window, begin: u32) -> (Vec<Piece>, usize) {
    let offset = window.seek as f64 / FRAMES_PER_SECOND as f64;
    let is_time = |i: usize| tokens[i] >= begin;
    let step = |i: usize| (tokens[i] - begin) as usize;
    let single_ending = match tokens.len() {
        0 | 1 => false,
        n => !is_time(n - 2) && is_time(n - 1),
    };
    let mut cuts: Vec<usize> = (1..tokens.len()).filter(|i| is_time(i - 1) && is_time(*i)).collect();
    if cuts.is_empty() {
        let last = (0..tokens.len()).rev().find(|i| is_time(*i)).map(step).filter(|step| *step > 0);
        let whole = window.frames as f64 / FRAMES_PER_SECOND as f64;
        let duration = last.map_or(whole, |step| step as f64 * TIME_PRECISION);
        let piece = Piece { tokens: 0..tokens.len(), start: offset, end: offset + duration };
        return (vec![piece], window.frames);
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
    (pieces, advance)
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
        let (pieces, advance) = split(tokens, WINDOW, BEGIN);
        (pieces.iter().map(|p| (p.start, p.end)).collect(), advance)
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

    #[test]
    fn silence_needs_both_signs() {
        let decoded = |no_speech_prob, avg_logprob| Decoded {
            tokens: vec![],
            text: String::new(),
            avg_logprob,
            no_speech_prob,
            compression_ratio: 1.0,
            temperature: 0.0,
            looped: false,
        };
        let options = Options::openai();
        assert!(is_silence(&decoded(0.7, -1.5), &options));
        assert!(!is_silence(&decoded(0.7, -0.5), &options));
        assert!(!is_silence(&decoded(0.5, -1.5), &options));
        let always = Options { logprob_threshold: None, ..options };
        assert!(is_silence(&decoded(0.7, -0.5), &always));
    }
}
