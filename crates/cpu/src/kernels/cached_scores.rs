//! Raw scores of queries against cached keys, for the heads that an alignment asks for. Not an attention: there is
//! no softmax, and no values.
//!
//! Threads share heads and blocks of queries; a block reads each key once. A score is one chain over the lanes'
//! dimensions and one tree over the lanes.

use super::Cx;
use super::cached_attention::pass::dots;
use super::linear::pack::Element;
use super::rows::{Rows, Shared};
use crate::simd::{Body, Simd, dispatch};
use std::ops::Range;

/// Queries that read a key together.
const QUERIES: usize = 8;
/// Keys that are scored together.
const GROUP: usize = 4;

/// `scale * q k^T` of some heads, over all places of each query's slot.
#[derive(Debug, Clone, Copy)]
pub struct CachedScores<'a, E = f32> {
    /// `[n, heads * d]`.
    pub q: Rows<'a>,
    /// `[slots, positions, heads * d]`.
    pub keys: &'a [E],
    /// Positions of a slot.
    pub positions: usize,
    /// `[rows]`: the slot of each row.
    pub table: &'a [i32],
    /// `[n]`: the row of each query.
    pub row: &'a [i32],
    /// Heads; they divide the columns of q.
    pub heads: usize,
    /// The heads that are scored.
    pub pick: &'a [usize],
    /// The factor of the scores.
    pub scale: f32,
}

impl<E> CachedScores<'_, E> {
    /// The slot of query `i`.
    #[inline(always)]
    fn slot(&self, i: usize) -> usize {
        self.table[self.row[i] as usize] as usize
    }

    /// Checks every index that the kernel follows.
    fn check(&self) {
        let (n, width) = (self.q.rows(), self.q.cols());
        assert!(self.heads > 0 && width.is_multiple_of(self.heads), "heads divide the columns");
        assert!(self.pick.iter().all(|head| *head < self.heads), "heads of {}: {:?}", self.heads, self.pick);
        assert_eq!(self.row.len(), n, "one row for each query");
        let slot_len = (self.positions * width).max(1);
        assert!(self.keys.len().is_multiple_of(slot_len), "whole slots");
        let (rows, slots) = (self.table.len(), self.keys.len() / slot_len);
        for (i, row) in self.row.iter().enumerate() {
            let slot = usize::try_from(*row).ok().and_then(|row| self.table.get(row));
            let slot = slot.unwrap_or_else(|| panic!("query {i} is of row {row} of {rows}"));
            let valid = usize::try_from(*slot).is_ok_and(|slot| slot < slots);
            assert!(valid, "the table of row {row} names slot {slot} of {slots}");
        }
    }
}

/// Writes `[heads picked, n, positions]` to `out`.
///
/// # Panics
/// When shapes don't fit or an index is out of range.
pub fn cached_scores<E: Element>(cx: Cx<'_>, args: &CachedScores<'_, E>, out: &mut [f32]) {
    args.check();
    let (n, d) = (args.q.rows(), args.q.cols() / args.heads);
    assert_eq!(out.len(), args.pick.len() * n * args.positions, "shapes of scores");
    let blocks = n.div_ceil(QUERIES);
    let work = out.len() * d;
    let out = Shared::new(out);
    cx.split(args.pick.len() * blocks, work, |part| {
        for unit in part {
            let (picked, block) = (unit / blocks, unit % blocks);
            let queries = block * QUERIES..((block + 1) * QUERIES).min(n);
            let (from, len) = ((picked * n + queries.start) * args.positions, queries.len() * args.positions);
            // SAFETY: the rows of a head and a block are in one part only.
            let out = unsafe { out.slice(from, len) };
            dispatch(cx.isa, Block { args, head: args.pick[picked], queries, out });
        }
    });
}

/// One head of a block of queries.
struct Block<'a, 'o, E> {
    args: &'a CachedScores<'a, E>,
    head: usize,
    queries: Range<usize>,
    out: &'o mut [f32],
}

impl<E: Element> Body for Block<'_, '_, E> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Block { args, head, queries, out } = self;
        let mut first = queries.start;
        while first < queries.end {
            let slot = args.slot(first);
            let together = (first..queries.end).take_while(|i| args.slot(*i) == slot).count();
            let out = &mut out[(first - queries.start) * args.positions..][..together * args.positions];
            let whole = args.positions - args.positions % GROUP;
            for j in (0..whole).step_by(GROUP) {
                group::<S, E, GROUP>(s, args, out, [head, first, slot, j]);
            }
            for j in whole..args.positions {
                group::<S, E, 1>(s, args, out, [head, first, slot, j]);
            }
            first += together;
        }
    }
}

/// The scores of `N` positions from `j` of a slot, for the queries from `first` whose rows are in `out`.
#[inline(always)]
fn group<S: Simd, E: Element, const N: usize>(
    s: S,
    args: &CachedScores<'_, E>,
    out: &mut [f32],
    [head, first, slot, j]: [usize; 4],
) {
    let (width, positions) = (args.q.cols(), args.positions);
    let d = width / args.heads;
    let mut keys = [&args.keys[..0]; N];
    for (n, key) in keys.iter_mut().enumerate() {
        *key = &args.keys[(slot * positions + j + n) * width + head * d..][..d];
    }
    for (i, row) in out.chunks_exact_mut(positions).enumerate() {
        let scores = dots(s, &args.q.row(first + i)[head * d..][..d], keys);
        for (to, score) in row[j..].iter_mut().zip(scores) {
            *to = score * args.scale;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Isa;
    use crate::kernels::testing::{assert_close, assert_same_bits, noise, on_every_path};
    use crate::pool::Pool;

    fn reference(a: &CachedScores<'_>) -> Vec<f64> {
        let (width, d) = (a.q.cols(), a.q.cols() / a.heads);
        let mut out = Vec::new();
        for head in a.pick {
            for i in 0..a.q.rows() {
                for j in 0..a.positions {
                    let key = &a.keys[(a.slot(i) * a.positions + j) * width + head * d..][..d];
                    let products = a.q.row(i)[head * d..][..d].iter().zip(key);
                    let sum: f64 = products.map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
                    out.push(sum * f64::from(a.scale));
                }
            }
        }
        out
    }

    #[test]
    fn agrees_with_f64_and_queries_and_threads_do_not_change_bits() {
        for ([heads, d, positions], pick) in
            [([2, 64, 150], &[1][..]), ([3, 24, 37], &[2, 0]), ([1, 7, 5], &[0]), ([4, 16, 3], &[3, 1, 1])]
        {
            let width = heads * d;
            let (keys, table) = (noise(1, 3 * positions * width), [2, 0, 1, 1]);
            let row = [0, 0, 1, 2, 3, 3, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2];
            let q = noise(2, row.len() * width);
            let rows = Rows::new(&q, row.len(), width);
            let args = CachedScores {
                q: rows,
                keys: &keys,
                positions,
                table: &table,
                row: &row,
                heads,
                pick,
                scale: 0.3,
            };
            let want = reference(&args);
            on_every_path(|cx| {
                let mut all = vec![f32::NAN; want.len()];
                cached_scores(cx, &args, &mut all);
                assert_close(&all, &want, 1e-5, cx.isa.name());
                for i in 0..row.len() {
                    let one = CachedScores { q: rows.part(i, 1), row: &row[i..=i], ..args };
                    let mut alone = vec![f32::NAN; pick.len() * positions];
                    cached_scores(cx, &one, &mut alone);
                    for (h, alone) in alone.chunks(positions).enumerate() {
                        let all = &all[(h * row.len() + i) * positions..][..positions];
                        assert_same_bits(alone, all, cx.isa.name());
                    }
                }
            });
        }
    }

    #[test]
    fn no_query_is_no_work() {
        let args = CachedScores {
            q: Rows::new(&[], 0, 4),
            keys: &[0.0; 8],
            positions: 2,
            table: &[0],
            row: &[],
            heads: 1,
            pick: &[0],
            scale: 1.0,
        };
        on_every_path(|cx| cached_scores(cx, &args, &mut []));
    }

    #[test]
    #[should_panic(expected = "names slot -1 of 1")]
    fn a_slot_out_of_range_is_refused() {
        let args = CachedScores {
            q: Rows::new(&[0.0; 4], 1, 4),
            keys: &[0.0; 8],
            positions: 2,
            table: &[-1],
            row: &[0],
            heads: 1,
            pick: &[0],
            scale: 1.0,
        };
        cached_scores(Cx { isa: Isa::Scalar, pool: &Pool::new(1) }, &args, &mut [0.0; 2]);
    }
}
