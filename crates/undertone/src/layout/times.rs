//! How long a cue stays: as long as it is spoken and read, but never into the next one. Not where it ends in the text.

use std::ops::Range;

use super::chunks::Chunk;
use super::{Cue, Layout, lines};
use crate::transcript::Word;

impl Layout {
    /// The cue of some of the chunks, in lines of the given lengths.
    pub(super) fn timed(&self, chunks: &[Chunk], range: Range<usize>, lengths: Vec<usize>) -> Cue {
        let own = &chunks[range.clone()];
        let start = own.first().map_or(0.0, |chunk| chunk.start);
        let end = self.end(own, start, chunks.get(range.end));
        let mut rest = own;
        let mut rows = Vec::with_capacity(lengths.len());
        for length in lengths {
            let (row, after) = rest.split_at(length);
            rows.push(words(row, end));
            rest = after;
        }
        Cue { start, end, lines: rows, timed: own.iter().all(|chunk| chunk.timed) }
    }

    /// When the cue of `own` ends.
    fn end(&self, own: &[Chunk], start: f64, next: Option<&Chunk>) -> f64 {
        let spoken = own.last().map_or(start, |chunk| chunk.end);
        let limit = own.last().map_or(start, |chunk| chunk.limit);
        let read = lines::width(own) as f64 / self.chars_per_second.max(1.0);
        let wanted = start + read.max(self.min_duration);
        let latest = limit.min(start + self.max_duration.max(0.0));
        let end = spoken.max(wanted).min(latest);
        match next {
            Some(next) if end > next.start - self.min_gap => {
                let with_gap = next.start - self.min_gap.max(0.0);
                // Without room for the gap, the words matter more than it does.
                let half = f64::midpoint(start, next.start);
                end.min(with_gap.max(half)).max(start)
            }
            _ => end,
        }
    }
}

/// The chunks of a line as words, each with the space before it but the first.
fn words(row: &[Chunk], end: f64) -> Vec<Word> {
    let word = |(place, chunk): (usize, &Chunk)| {
        let space = if place > 0 && chunk.spaced { " " } else { "" };
        Word {
            word: format!("{space}{}", chunk.text),
            start: chunk.start.min(end),
            end: chunk.end.min(end),
            probability: chunk.probability,
        }
    };
    row.iter().enumerate().map(word).collect()
}
