//! Subtitles laid out for reading: what stands in a cue, where its lines break, how long it stays. Not a file format:
//! those are the writers'.
//!
//! Limits follow the guides of Netflix and the BBC. A cue ends at a sentence's end before a clause's, at a clause's
//! before a phrase's, and never after an article where that can be helped.

mod breaks;
mod chunks;
mod lines;
mod times;

use crate::transcript::{Transcript, Word};
use chunks::Chunk;
use lines::fits;

/// A silence that always ends a cue, in seconds.
const LONG_PAUSE: f64 = 1.5;
/// What one more cue costs: breaks between two cues at the best of places are still breaks.
const CUE: f64 = 12.0;
/// What each missing share of the time needed to read a cue costs.
const HURRY: f64 = 60.0;

/// Limits of a layout. They are kept where that is possible: speech may be too fast to be read, and a word too long
/// for a line.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// Columns of a line at most; a character of East Asian width takes two.
    pub chars_per_line: usize,
    /// Lines of a cue at most.
    pub lines: usize,
    /// Columns that are read in a second.
    pub chars_per_second: f64,
    /// The shortest time that a cue stays, in seconds.
    pub min_duration: f64,
    /// The longest time that a cue stays, in seconds.
    pub max_duration: f64,
    /// The time between two cues, in seconds.
    pub min_gap: f64,
}

impl Default for Layout {
    /// 42 columns by 2 lines, 17 columns a second, 5/6 s to 7 s, two frames of 24 a second between cues.
    fn default() -> Self {
        Self {
            chars_per_line: 42,
            lines: 2,
            chars_per_second: 17.0,
            min_duration: 5.0 / 6.0,
            max_duration: 7.0,
            min_gap: 2.0 / 24.0,
        }
    }
}

/// Lines on the screen between two times.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cue {
    /// When it appears, in seconds.
    pub start: f64,
    /// When it vanishes, in seconds.
    pub end: f64,
    /// Its lines as words, which follow one another without anything between them.
    pub lines: Vec<Vec<Word>>,
    /// Whether the times of the words were measured, not only shared out.
    pub timed: bool,
}

impl Layout {
    /// Lays the transcript out. A cue lies within the span of the segments that it has words of; with segments in
    /// order of time, no two overlap. Texts are cleaned of line breaks and control characters.
    pub fn cues(&self, transcript: &Transcript) -> Vec<Cue> {
        let chunks = chunks::of(transcript, self.line());
        let ends = self.ends(&chunks, &transcript.language);
        let mut from = 0;
        let mut cues = Vec::with_capacity(ends.len());
        for to in ends {
            let lines = lines::broken(&chunks[from..to], self.line(), &transcript.language);
            cues.push(self.timed(&chunks, from..to, lines));
            from = to;
        }
        cues
    }

    fn line(&self) -> usize {
        self.chars_per_line.max(1)
    }

    /// Where each cue ends, as the number of the chunk after it: the cheapest of all ways to cut.
    fn ends(&self, chunks: &[Chunk], language: &str) -> Vec<usize> {
        // For each place, the price of the best way there and where its last cue starts.
        let mut best = vec![(0.0, 0); chunks.len() + 1];
        for to in 1..=chunks.len() {
            let end = self.price_of_end(chunks, to, language);
            best[to] = (f64::INFINITY, to - 1);
            for from in (0..to).rev() {
                if to - from > 1 && !self.holds(&chunks[from..to]) {
                    break;
                }
                let price = best[from].0 + CUE + end + self.price_of_reading(chunks, from, to);
                if price < best[to].0 {
                    best[to] = (price, from);
                }
            }
        }
        let mut ends = Vec::new();
        let mut at = chunks.len();
        while at > 0 {
            ends.push(at);
            at = best[at].1;
        }
        ends.reverse();
        ends
    }

    /// Whether the chunks may be one cue.
    fn holds(&self, chunks: &[Chunk]) -> bool {
        let (Some(first), Some(last), Some(second)) = (chunks.first(), chunks.last(), chunks.get(1)) else {
            return true;
        };
        // Longer cues from further on were tried before, so only the newest pair can hold a pause.
        last.end - first.start <= self.max_duration
            && second.start - first.end < LONG_PAUSE
            && fits(chunks, self.line(), self.lines.max(1))
    }

    fn price_of_end(&self, chunks: &[Chunk], to: usize, language: &str) -> f64 {
        let Some(next) = chunks.get(to) else { return 0.0 };
        let price = breaks::price(&chunks[to - 1], next, language);
        // A pause that leaves room for the gap is a good place in any sentence.
        let pause = next.start - chunks[to - 1].end;
        if pause >= LONG_PAUSE { 0.0 } else { price / (1.0 + pause.max(0.0) / self.min_gap.max(0.05) / 4.0) }
    }

    /// What it costs that there is less time than the text needs.
    fn price_of_reading(&self, chunks: &[Chunk], from: usize, to: usize) -> f64 {
        let width = lines::width(&chunks[from..to]);
        let latest = chunks.get(to).map_or(f64::INFINITY, |next| next.start - self.min_gap);
        let there = (latest.min(chunks[to - 1].limit) - chunks[from].start).max(0.0);
        let needed = (width as f64 / self.chars_per_second.max(1.0)).max(self.min_duration);
        HURRY * (1.0 - there / needed.max(1e-3)).max(0.0)
    }
}

#[cfg(test)]
mod tests;
