//! Attention of a few queries to keys and values in cache slots: the decoder's, to itself and to the window. They are
//! f32, or narrower and widened as they are read.
//! Not for whole windows of queries, which pack their keys first.
//!
//! A table names the slot of each position of a row, so that rows share the past without copies. Threads split
//! the heads and take one after the other, since a head's positions lie side by side. Neighbouring queries are taken
//! together, up to [`QUERIES`] at a time, as far as their rows name the same slots, and read each key once; from there
//! each goes on alone. A score is one chain over the lanes' dimensions and one tree over the lanes; an output is one
//! chain over positions.

mod group;
mod pass;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
pub(crate) mod window;

use std::ops::Range;

use super::linear::Out;
use super::linear::narrow::words_mut;
use super::linear::pack::Element;
use super::rows::{Rows, SharedRows};
use super::scratch::{Shares, scratch_len};
use super::vectors::{Identity, exp_in_place, max, multiply_in_place, scale_in_place};
use super::{Cx, cut};
use crate::simd::{Body, Simd, dispatch};
use group::{Ahead, Group};

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

fn thread_len(positions: usize, d: usize) -> usize {
    2 * QUERIES * (positions + d)
}

/// The f32 values of scratch that [`cached_attention`] needs, with `d` values a head.
pub fn cached_attention_scratch(threads: usize, positions: usize, d: usize) -> usize {
    scratch_len(threads, thread_len(positions, d))
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
    assert!(i32::try_from(args.keys.len() / d.max(1)).is_ok(), "rows of a cache are numbered by 32 bits");
    let scratch = Shares::new(scratch, threads, thread_len(args.positions, d));
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

impl<E: Element> Body for Part<'_, '_, E> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Part { args, d, heads, out, scratch } = self;
        let (q, scratch) = scratch.split_at_mut(QUERIES * d);
        let (acc, scratch) = scratch.split_at_mut(QUERIES * d);
        let (weights, rows) = scratch.split_at_mut(QUERIES * args.positions);
        let rows = words_mut(rows);
        let mut first = 0;
        while first < args.q.rows() {
            let group = Group::new(args, first, rows);
            first += group.count;
            let mut ahead = Ahead::new(s, &group, heads.clone(), d);
            for head in heads.clone() {
                for (i, to) in q.chunks_exact_mut(d).enumerate().take(group.count) {
                    for (to, &x) in to.iter_mut().zip(&args.q.row(group.first + i)[head * d..][..d]) {
                        *to = x * args.scale;
                    }
                }
                for block in group.each(head, d) {
                    block.scores(s, q, weights, &mut ahead);
                }
                for (i, row) in weights.chunks_exact_mut(args.positions).enumerate().take(group.count) {
                    let row = &mut row[..group.lens[i]];
                    let factors = args.factors_of(group.first + i, head);
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
                acc[..group.count * d].fill(0.0);
                for block in group.each(head, d) {
                    block.accumulate(s, &group.lens, weights, acc, &mut ahead);
                }
                for (i, acc) in acc.chunks_exact(d).enumerate().take(group.count) {
                    // SAFETY: the columns of this head are in one part only.
                    let to =
                        unsafe { std::slice::from_raw_parts_mut(out.row(group.first + i).add(head * d), d) };
                    to.copy_from_slice(acc);
                }
            }
        }
    }
}
