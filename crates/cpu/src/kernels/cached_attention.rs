//! Attention of a few queries to keys and values in cache slots: the decoder's, to itself and to the window. They are
//! f32, or narrower and widened as they are read.
//! Not for whole windows of queries, which pack their keys first.
//!
//! A table names the slot of each position of a row, so that rows share the past without copies. Threads split
//! the heads. Neighbouring queries are taken together, up to [`QUERIES`] at a time, as far as their rows name the same
//! slots, and read each key once, while those some positions ahead are on their way from memory; from there each goes on
//! alone. A score is one chain over the lanes' dimensions and one tree over the lanes; an output is one chain over
//! positions.

pub(super) mod pass;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
pub(crate) mod window;

use std::ops::Range;

use super::linear::Out;
use super::linear::pack::Element;
use super::rows::{Rows, SharedRows};
use super::scratch::{Shares, scratch_len};
use super::vectors::{Identity, exp_in_place, max, multiply_in_place, scale_in_place};
use super::{Cx, cut};
use crate::simd::{Body, Simd, dispatch};
use pass::{RUN, accumulate, scores};

/// The queries that are taken together.
pub const QUERIES: usize = 8;

/// `softmax(q k^T * scale) v` for each query and each of `heads` heads, over cached positions.
#[derive(Debug, Clone, Copy)]
pub struct CachedAttention<'a, E = f32> {
    /// `[n, heads * d]`.
    pub q: Rows<'a>,
    /// `[slots, heads, positions, d]`.
    pub keys: &'a [E],
    /// `[slots, heads, positions, d]`.
    pub values: &'a [E],
    /// `[slots, heads, positions]` each: what keys and values are times. The table has one column then.
    pub factors: Option<[&'a [f32]; 2]>,
    /// Positions of a slot.
    pub positions: usize,
    /// `[rows, columns]`: the slot of each row at each position.
    pub table: &'a [i32],
    /// Columns of the table: `positions`, or 1 where a row has one slot for all.
    pub columns: usize,
    /// `[n]`: the row of each query.
    pub row: &'a [i32],
    /// `[n]`: the last position that each query sees.
    pub last: &'a [i32],
    /// Heads; they divide the columns of q.
    pub heads: usize,
    /// The factor of the scores.
    pub scale: f32,
}

impl<E> CachedAttention<'_, E> {
    /// The positions that query `i` sees.
    fn len(&self, i: usize) -> usize {
        self.last[i] as usize + 1
    }

    /// The slot of query `i` at position `j`.
    #[inline(always)]
    fn slot(&self, i: usize, j: usize) -> usize {
        let column = if self.columns == 1 { 0 } else { j };
        self.table[self.row[i] as usize * self.columns + column] as usize
    }

    /// The slots of row `row`, a column each.
    fn slots(&self, row: i32) -> &[i32] {
        &self.table[row as usize * self.columns..][..self.columns]
    }

    /// The factors of the positions of a head of query `i`, from the first, of the keys and of the values.
    #[inline(always)]
    fn factors_of(&self, i: usize, head: usize) -> Option<[&[f32]; 2]> {
        let at = (self.slot(i, 0) * self.heads + head) * self.positions;
        self.factors.map(|both| both.map(|factors| &factors[at..][..self.positions]))
    }

    /// The queries from `first` that start with the same slot, and the positions that all of them share: as many as the
    /// longest sees where their rows are the same, or where a row has one slot.
    fn together(&self, first: usize) -> (Range<usize>, usize) {
        let most = (first + QUERIES).min(self.q.rows());
        let end = (first + 1..most).find(|&i| self.slot(i, 0) != self.slot(first, 0)).unwrap_or(most);
        let own = self.slots(self.row[first]);
        let longest = (first..end).map(|i| self.len(i)).max().unwrap_or(0);
        let shared =
            (first + 1..end).filter(|&i| self.columns > 1 && self.row[i] != self.row[first]).map(|i| {
                let both = own.iter().zip(self.slots(self.row[i]));
                both.take(longest).take_while(|(a, b)| a == b).count()
            });
        (first..end, shared.min().unwrap_or(longest))
    }

    /// Checks every index that the passes follow.
    fn check(&self) {
        let (n, width) = (self.q.rows(), self.q.cols());
        assert!(self.heads > 0 && width.is_multiple_of(self.heads), "heads divide the columns");
        assert!(self.columns == 1 || self.columns == self.positions, "columns of the table");
        assert_eq!(self.keys.len(), self.values.len(), "keys and values");
        let d = width / self.heads;
        let fits = |factors: &[f32]| self.columns == 1 && factors.len() * d == self.keys.len();
        assert!(self.factors.is_none_or(|both| both.iter().all(|f| fits(f))), "factors of a cache");
        assert_eq!(self.row.len(), n, "one row for each query");
        assert_eq!(self.last.len(), n, "one last position for each query");
        let slot_len = (self.positions * width).max(1);
        assert!(self.keys.len().is_multiple_of(slot_len), "whole slots");
        let (rows, slots) = (self.table.len() / self.columns, self.keys.len() / slot_len);
        for i in 0..n {
            let row = self.row[i];
            assert!(usize::try_from(row).is_ok_and(|r| r < rows), "query {i} is of row {row} of {rows}");
            let last = self.last[i];
            let seen = usize::try_from(last).is_ok_and(|last| last < self.positions);
            assert!(seen, "query {i} sees up to {last} of {} positions", self.positions);
            let seen = if self.columns == 1 { 1 } else { last as usize + 1 };
            let used = &self.table[row as usize * self.columns..][..seen];
            let valid = used.iter().all(|&slot| (slot as u32 as usize) < slots);
            assert!(valid, "the table of row {row} names a slot beyond {slots}");
        }
    }
}

/// The most heads of one thread.
fn share_of_heads(heads: usize, threads: usize) -> usize {
    heads.div_ceil(threads)
}

fn thread_len(heads: usize, positions: usize, d: usize) -> usize {
    QUERIES * heads * (positions + 2 * d)
}

/// The f32 values of scratch that [`cached_attention`] needs, with `d` values a head.
pub fn cached_attention_scratch(threads: usize, heads: usize, positions: usize, d: usize) -> usize {
    scratch_len(threads, thread_len(share_of_heads(heads, threads), positions, d))
}

/// Writes `[n, heads * d]` to `out`.
///
/// Each query sees at least one position. Positions that no query of the call sees are not read into results,
/// whatever they hold.
///
/// # Panics
/// When shapes don't fit, an index is out of range, or the scratch is shorter than [`cached_attention_scratch`].
pub fn cached_attention<E: Element>(cx: Cx<'_>, args: &CachedAttention<'_, E>, out: Out<'_, '_>) {
    let Out { mut rows, scratch } = out;
    args.check();
    assert_eq!((rows.rows(), rows.cols()), (args.q.rows(), args.q.cols()), "shapes of attention");
    let (threads, d) = (cx.pool.threads(), args.q.cols() / args.heads);
    let share = thread_len(share_of_heads(args.heads, threads), args.positions, d);
    let scratch = Shares::new(scratch, threads, share);
    let out = rows.shared();
    let parts = threads.min(args.heads);
    cx.pool.run_on(parts, &|thread, part| {
        // SAFETY: no two parts run on one thread at the same time.
        let scratch = unsafe { scratch.of(thread) };
        dispatch(cx.isa, Part { args, d, heads: cut(part, parts, args.heads), out, scratch });
    });
}

/// Some heads of all queries.
struct Part<'a, 's, E> {
    args: &'a CachedAttention<'a, E>,
    d: usize,
    heads: Range<usize>,
    out: SharedRows<'a>,
    scratch: &'s mut [f32],
}

/// Queries and positions at which they have the same keys, and some heads of them.
#[derive(Clone)]
struct Block<'a, E> {
    args: &'a CachedAttention<'a, E>,
    queries: Range<usize>,
    positions: Range<usize>,
    /// The end of the positions that each sees.
    lens: &'a [usize],
    d: usize,
    heads: Range<usize>,
}

impl<E> Block<'_, E> {
    /// Where position `j` of the thread's first head starts in keys and values.
    #[inline(always)]
    fn place(&self, j: usize) -> usize {
        let args = self.args;
        let first = args.slot(self.queries.start, j) * args.heads + self.heads.start;
        (first * args.positions + j) * self.d
    }

    /// From a position of one head to that of the next.
    #[inline(always)]
    fn stride(&self) -> usize {
        self.args.positions * self.d
    }
}

impl<E: Element> Body for Part<'_, '_, E> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Part { args, d, heads, out, scratch } = self;
        let (width, positions) = (heads.len() * d, args.positions);
        let (q, scratch) = scratch.split_at_mut(QUERIES * width);
        let (acc, weights) = scratch.split_at_mut(QUERIES * width);
        let mut first = 0;
        while first < args.q.rows() {
            let (queries, shared) = args.together(first);
            first = queries.end;
            let count = queries.len();
            let mut lens = [0; QUERIES];
            for (len, i) in lens.iter_mut().zip(queries.clone()) {
                *len = args.len(i);
            }
            for (to, i) in q.chunks_exact_mut(width).zip(queries.clone()) {
                for (to, &x) in to.iter_mut().zip(&args.q.row(i)[heads.start * d..][..width]) {
                    *to = x * args.scale;
                }
            }
            // What they share, then what each has alone, with the number of its first query.
            let block = |from: usize, to: usize, positions: Range<usize>| {
                let queries = queries.start + from..queries.start + to;
                (from, Block { args, queries, positions, lens: &lens[from..to], d, heads: heads.clone() })
            };
            let alone = (0..count).filter(|&i| shared < lens[i]).map(|i| block(i, i + 1, shared..lens[i]));
            let blocks = std::iter::once(block(0, count, 0..shared)).chain(alone);
            for (i, block) in blocks.clone() {
                scores(s, &block, &q[i * width..], &mut weights[i * positions..]);
            }
            acc[..count * width].fill(0.0);
            for h in 0..heads.len() {
                for (i, &len) in lens.iter().enumerate().take(count) {
                    let row = &mut weights[(h * QUERIES + i) * positions..][..len];
                    let factors = args.factors_of(queries.start + i, heads.start + h);
                    if let Some([keys, _]) = factors {
                        multiply_in_place(s, row, keys);
                    }
                    let greatest = max(s, row, Identity);
                    let sum = exp_in_place(s, row, greatest);
                    scale_in_place(s, row, 1.0 / sum);
                    if let Some([_, values]) = factors {
                        multiply_in_place(s, row, values);
                    }
                }
            }
            for (i, block) in blocks {
                let end = block.positions.end;
                for from in block.positions.clone().step_by(RUN) {
                    let run = from..(from + RUN).min(end);
                    accumulate(s, &block, &weights[i * positions..], &mut acc[i * width..], run);
                }
            }
            for (acc, i) in acc.chunks_exact(width).zip(queries.clone()) {
                // SAFETY: the columns of these heads are in one part only.
                let to = unsafe { std::slice::from_raw_parts_mut(out.row(i).add(heads.start * d), width) };
                to.copy_from_slice(acc);
            }
        }
    }
}
