//! What a layout moves as one: words with their signs, or the characters of a script without spaces. Not their order
//! on the screen.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::breaks;
use crate::transcript::{Segment, Transcript, Word};
use crate::writers::on_one_line;

/// A piece of text that is never broken.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chunk {
    /// Its text, without space around it.
    pub text: String,
    /// Columns of the text, 1 at least.
    pub width: usize,
    /// Whether a space parts it from the chunk before, if both are on one line.
    pub spaced: bool,
    /// When it starts, in seconds; never before the chunk before.
    pub start: f64,
    /// When it ends, in seconds.
    pub end: f64,
    /// The end of its segment, in seconds.
    pub limit: f64,
    /// The number of its segment.
    pub segment: usize,
    /// Whether its times were measured.
    pub timed: bool,
    /// The probability of its word.
    pub probability: f64,
}

/// The chunks of a transcript, none wider than `line` columns but for words that can't be broken.
pub(super) fn of(transcript: &Transcript, line: usize) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    for (number, segment) in transcript.segments.iter().enumerate() {
        let first = chunks.len();
        let words = segment.words.as_deref().filter(|words| !words.is_empty());
        let whole = [Word {
            word: format!(" {}", segment.text),
            start: segment.start,
            end: segment.end,
            probability: 0.0,
        }];
        for word in words.unwrap_or(&whole) {
            let timed = words.is_some();
            for chunk in pieces(word, segment, timed) {
                let chunk = Chunk { segment: number, ..chunk };
                let before = if chunks.len() > first { chunks.last_mut() } else { None };
                match before {
                    Some(before) if breaks::clings(before, &chunk) && before.width + chunk.width <= line => {
                        join(before, &chunk);
                    }
                    _ => chunks.push(chunk),
                }
            }
        }
        if let Some(chunk) = chunks.get_mut(first) {
            chunk.spaced = true;
        }
    }
    unspace_segments(&mut chunks);
    in_order(&mut chunks);
    chunks
}

/// Between segments stands a space, unless both sides are of a script without spaces.
fn unspace_segments(chunks: &mut [Chunk]) {
    for at in 1..chunks.len() {
        let (before, after) = (&chunks[at - 1], &chunks[at]);
        if before.segment != after.segment {
            let unspaced = before.text.chars().next_back().is_some_and(breaks::is_unspaced)
                && after.text.chars().next().is_some_and(breaks::is_unspaced);
            chunks[at].spaced = !unspaced;
        }
    }
}

fn join(before: &mut Chunk, after: &Chunk) {
    before.text.push_str(&after.text);
    before.width += after.width;
    before.end = after.end;
}

/// The pieces of a word: at its spaces, and between the characters of a script without them. Its time is shared by
/// columns.
fn pieces(word: &Word, segment: &Segment, timed: bool) -> Vec<Chunk> {
    let text = on_one_line(&word.word);
    let (low, high) = (segment.start.min(segment.end), segment.start.max(segment.end));
    let within = |time: f64| if time.is_nan() { low } else { time.max(low).min(high) };
    let (start, end) = (within(word.start), within(word.end));
    let mut texts: Vec<(bool, String)> = Vec::new();
    let mut spaced = false;
    for c in text.chars() {
        if c == ' ' {
            spaced = true;
            continue;
        }
        match texts.last_mut() {
            Some((_, piece)) if !spaced && together(piece, c) => piece.push(c),
            _ => texts.push((spaced, c.to_string())),
        }
        spaced = false;
    }
    // A character without columns still takes a moment.
    let share = |piece: &str| piece.width().max(1) as f64;
    let whole: f64 = texts.iter().map(|(_, piece)| share(piece)).sum();
    let step = (end - start).max(0.0) / whole.max(1.0);
    let mut now = start;
    let chunk = |(spaced, text): (bool, String)| {
        let from = now;
        now += step * share(&text);
        let (width, probability) = (text.width().max(1), word.probability);
        let (end, limit) = (now.min(high), high);
        Chunk { text, width, spaced, start: from.min(high), end, limit, segment: 0, timed, probability }
    };
    texts.into_iter().map(chunk).collect()
}

/// Whether the character belongs to the piece before it: both are of a script with spaces, or it only changes what
/// stands before.
fn together(piece: &str, c: char) -> bool {
    let before = piece.chars().next_back();
    c.width() == Some(0)
        || before.is_some_and(|before| {
            before == '\u{200d}' || !(breaks::is_unspaced(before) || breaks::is_unspaced(c))
        })
}

/// Starts never go back, and a chunk ends when or after it starts.
fn in_order(chunks: &mut [Chunk]) {
    let mut now = 0.0_f64;
    for chunk in chunks {
        chunk.start = chunk.start.max(now);
        chunk.end = chunk.end.max(chunk.start);
        chunk.limit = chunk.limit.max(chunk.start);
        now = chunk.start;
    }
}
