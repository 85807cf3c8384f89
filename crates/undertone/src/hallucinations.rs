//! Text that was likely made up around silence, found by the times of its words (transcribe.py,
//! `hallucination_silence_threshold`). Not voice activity detection.

use crate::recording::{frame_seconds, nearest_frame};
use crate::segments::Window;
use crate::{Segment, Word, words};
use whisper::graphs::FRAMES;

/// Signs that are no words.
const PUNCTUATION: &str = "\"'“¿([{-\"'.。,，!！?？:：”)]}、";

/// A window, whose segments have words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings {
    pub(crate) window: Window,
    /// Whether its tokens end in a single timestamp.
    pub(crate) single_ending: bool,
    /// The end of the last word before it, in seconds.
    pub(crate) last_speech: f64,
    /// Frames of the whole sound.
    pub(crate) content: usize,
}

/// What is skipped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Skip {
    /// Nothing: the next window starts where it would.
    Nothing,
    /// The next window starts at this frame.
    To(usize),
    /// So it does, and the segments from `from` on are made up.
    Drop { from: usize, seek: usize },
    /// So it does, and all segments are made up: the window is decoded again from there.
    All { seek: usize },
}

/// What to skip after a window with these segments, where silence is longer than `threshold` seconds.
pub(crate) fn skip(segments: &[Segment], around: Surroundings, threshold: f64) -> Skip {
    let Surroundings { window, single_ending, last_speech, content } = around;
    let (offset, window_end) = (window.start(), frame_seconds(window.seek + FRAMES));
    let mut skip = Skip::Nothing;
    if !single_ending && let Some(last) = words::end(segments).filter(|last| *last > offset) {
        let far = window_end - last > threshold;
        skip = Skip::To(if far { nearest_frame(last) } else { window.seek + window.frames });
    }
    // A first segment that is likely made up: the silence before it is skipped.
    if let Some(first) = next_with_words(segments).filter(|first| is_anomaly(Some(first))) {
        let gap = first.start - offset;
        if gap > threshold {
            return Skip::All { seek: window.seek + nearest_frame(gap) };
        }
    }
    let mut last_end = last_speech;
    for i in 0..segments.len() {
        let segment = &segments[i];
        if segment.words.as_ref().is_none_or(Vec::is_empty) {
            continue;
        }
        if is_anomaly(Some(segment)) {
            let next = next_with_words(&segments[i + 1..]);
            let next_start = next.and_then(|s| s.words.as_ref()?.first()).map(|word| word.start);
            let next_start = next_start.unwrap_or(offset + window.seconds());
            let before = segment.start - last_end > threshold
                || segment.start < threshold
                || segment.start - offset < 2.0;
            let after =
                next_start - segment.end > threshold || is_anomaly(next) || window_end - segment.end < 2.0;
            if before && after {
                let near_the_end = frame_seconds(content) - segment.end < threshold;
                let to = if near_the_end { content } else { nearest_frame(segment.start.max(offset + 1.0)) };
                return Skip::Drop { from: i, seek: to };
            }
        }
        last_end = segment.end;
    }
    skip
}

fn next_with_words(segments: &[Segment]) -> Option<&Segment> {
    segments.iter().find(|segment| segment.words.as_ref().is_some_and(|words| !words.is_empty()))
}

/// Words that are improbable, very short or very long.
fn is_anomaly(segment: Option<&Segment>) -> bool {
    let Some(words) = segment.and_then(|segment| segment.words.as_ref()).filter(|words| !words.is_empty())
    else {
        return false;
    };
    let words: Vec<&Word> = words.iter().filter(|word| !PUNCTUATION.contains(&word.word)).take(8).collect();
    let score: f64 = words.iter().map(|word| anomaly(word)).sum();
    score >= 3.0 || score + 0.01 >= words.len() as f64
}

fn anomaly(word: &Word) -> f64 {
    let duration = word.end - word.start;
    let improbable = if word.probability < 0.15 { 1.0 } else { 0.0 };
    let short = if duration < 0.133 { (0.133 - duration) * 15.0 } else { 0.0 };
    let long = if duration > 2.0 { duration - 2.0 } else { 0.0 };
    improbable + short + long
}
