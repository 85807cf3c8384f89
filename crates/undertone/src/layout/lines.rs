//! The lines of a cue: whether its chunks have room, and where they break best. Not where a cue ends.

use super::breaks;
use super::chunks::Chunk;

/// What a column beyond the line's end costs: more than any break.
const BEYOND: f64 = 1e4;
/// What a share of a line that one line is shorter than another costs.
const UNEVEN: f64 = 60.0;

/// Columns of the chunks on one line.
pub(super) fn width(chunks: &[Chunk]) -> usize {
    chunks.iter().enumerate().map(|(place, chunk)| chunk.width + usize::from(place > 0 && chunk.spaced)).sum()
}

/// Whether the chunks have room on so many lines.
pub(super) fn fits(chunks: &[Chunk], line: usize, lines: usize) -> bool {
    count(chunks, line) <= lines
}

/// The fewest lines of `line` columns that hold the chunks; a chunk that is wider has a line to itself.
fn count(chunks: &[Chunk], line: usize) -> usize {
    let (mut lines, mut used) = (0, 0);
    for chunk in chunks {
        let more = chunk.width + usize::from(chunk.spaced);
        if lines > 0 && used + more <= line {
            used += more;
        } else {
            lines += 1;
            used = chunk.width;
        }
    }
    lines
}

/// The lengths, in chunks, of the fewest lines that hold all; of all ways to break them the best.
pub(super) fn broken(chunks: &[Chunk], line: usize, language: &str) -> Vec<usize> {
    let lines = count(chunks, line);
    if lines <= 1 {
        return vec![chunks.len()];
    }
    let even = width(chunks) as f64 / lines as f64;
    // Columns up to each chunk as if all stood on one line, and the price of a break behind it.
    let before: Vec<usize> = (0..=chunks.len()).map(|to| width(&chunks[..to])).collect();
    let ends: Vec<f64> = chunks.windows(2).map(|pair| breaks::price(&pair[0], &pair[1], language)).collect();
    let price = |from: usize, to: usize| {
        let space = usize::from(from > 0 && chunks[from].spaced);
        let width = before[to] - before[from] - space;
        let beyond = width.saturating_sub(line) as f64 * BEYOND;
        let uneven = (width as f64 - even).abs() / line as f64;
        beyond + UNEVEN * uneven + ends.get(to - 1).copied().unwrap_or(0.0)
    };
    // By lines so far and chunks so far: the price of the best way, and where its last line starts.
    let mut best = vec![vec![(f64::INFINITY, 0); chunks.len() + 1]; lines + 1];
    best[0][0].0 = 0.0;
    for row in 1..=lines {
        for to in row..=chunks.len() {
            for from in row - 1..to {
                let all = best[row - 1][from].0 + price(from, to);
                if all < best[row][to].0 {
                    best[row][to] = (all, from);
                }
            }
        }
    }
    let mut lengths = Vec::with_capacity(lines);
    let mut to = chunks.len();
    for row in (1..=lines).rev() {
        let from = best[row][to].1;
        lengths.push(to - from);
        to = from;
    }
    lengths.reverse();
    lengths
}
