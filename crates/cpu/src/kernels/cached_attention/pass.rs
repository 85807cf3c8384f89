//! The two passes over cached positions of one head: scores, and weighted sums. Not the softmax between them.

use std::ops::Range;

use super::group::{Ahead, Block};
use crate::kernels::linear::pack::Element;
use crate::kernels::vectors::{read, write};
use crate::simd::Simd;

/// Positions of one run of values: the sums stay in registers for as long.
const RUN: usize = 16;
/// Keys that are scored together.
const GROUP: usize = 4;

/// As many of `count` queries as registers hold the sums of: 1, 2 or 4.
#[inline(always)]
fn tile<S: Simd>(_s: S, count: usize) -> usize {
    match count {
        0 | 1 => 1,
        4.. if S::TILE_ROWS >= 12 => 4,
        _ => 2,
    }
}

impl<'a, E: Element> Block<'a, E> {
    /// The row of `cache` at the block's position `n`.
    #[inline(always)]
    fn row(&self, cache: &'a [E], n: usize) -> &'a [E] {
        &cache[(self.rows[n] as usize + self.skip) * self.d..][..self.d]
    }

    /// Writes the scores of the block's positions to `weights[query][position]`.
    #[inline(always)]
    pub(super) fn scores<S: Simd>(&self, s: S, q: &[f32], weights: &mut [f32], ahead: &mut Ahead<'_, E>) {
        let len = self.rows.len();
        let whole = len - len % GROUP;
        for n in (0..whole).step_by(GROUP) {
            ahead.ask(s, GROUP);
            self.keys::<S, GROUP>(s, q, weights, n);
        }
        for n in whole..len {
            ahead.ask(s, 1);
            self.keys::<S, 1>(s, q, weights, n);
        }
    }

    /// The scores of `N` positions from the block's position `n`.
    #[inline(always)]
    fn keys<S: Simd, const N: usize>(&self, s: S, q: &[f32], weights: &mut [f32], n: usize) {
        let mut keys = [&self.args.keys[..0]; N];
        for (r, key) in keys.iter_mut().enumerate() {
            *key = self.row(self.args.keys, n + r);
        }
        let mut i = self.queries.start;
        while i < self.queries.end {
            let count = tile(s, self.queries.end - i);
            match count {
                1 => self.dots::<S, 1, N>(s, q, keys, weights, [i, n]),
                2 => self.dots::<S, 2, N>(s, q, keys, weights, [i, n]),
                _ => self.dots::<S, 4, N>(s, q, keys, weights, [i, n]),
            }
            i += count;
        }
    }

    /// The products of `Q` queries from query `i` with each of `keys`, which are those from the block's position `n`: one
    /// chain over vectors, then the tree over lanes.
    #[inline(always)]
    fn dots<S: Simd, const Q: usize, const N: usize>(
        &self,
        s: S,
        q: &[f32],
        keys: [&[E]; N],
        weights: &mut [f32],
        [i, n]: [usize; 2],
    ) {
        let d = self.d;
        let q = &q[i * d..][..Q * d];
        let mut acc = [[s.splat(0.0); N]; Q];
        let mut from = 0;
        while from < d {
            let count = (d - from).min(S::LANES);
            let mut k = [s.splat(0.0); N];
            for (k, key) in k.iter_mut().zip(keys) {
                *k = read(s, key, from, count);
            }
            for (r, acc) in acc.iter_mut().enumerate() {
                let x = read(s, &q[r * d..][..d], from, count);
                for (acc, k) in acc.iter_mut().zip(k) {
                    *acc = s.fma(x, k, *acc);
                }
            }
            from += S::LANES;
        }
        let to = &mut weights[i * self.args.positions + self.positions.start + n..];
        for r in 0..Q {
            let out = &mut to[r * self.args.positions..][..N];
            if N == 4 {
                out.copy_from_slice(&s.reduce_add4([acc[r][0], acc[r][1 % N], acc[r][2 % N], acc[r][3 % N]]));
            } else {
                for (c, out) in out.iter_mut().enumerate() {
                    *out = s.reduce_add(acc[r][c]);
                }
            }
        }
    }

    /// Adds the values of the block's positions, times their weights, to `acc[query]`.
    #[inline(always)]
    pub(super) fn accumulate<S: Simd>(
        &self,
        s: S,
        lens: &[usize],
        weights: &[f32],
        acc: &mut [f32],
        ahead: &mut Ahead<'_, E>,
    ) {
        let Block { queries, positions, rows, .. } = self;
        for from in (0..rows.len()).step_by(RUN) {
            let len = RUN.min(rows.len() - from);
            ahead.ask(s, len);
            let mut i = queries.start;
            while i < queries.end {
                // Queries that see the whole run go together, others alone.
                let first = positions.start + from;
                let lens = &lens[i..queries.end];
                let count = tile(s, lens.iter().take_while(|&&seen| seen >= first + len).count());
                match count {
                    1 => self.add::<S, 1>(
                        s,
                        weights,
                        acc,
                        i,
                        from..from + len.min(lens[0].saturating_sub(first)),
                    ),
                    2 => self.add::<S, 2>(s, weights, acc, i, from..from + len),
                    _ => self.add::<S, 4>(s, weights, acc, i, from..from + len),
                }
                i += count;
            }
        }
    }

    /// Adds the block's positions `run` to the sums of `Q` queries from query `i`.
    #[inline(always)]
    fn add<S: Simd, const Q: usize>(
        &self,
        s: S,
        weights: &[f32],
        acc: &mut [f32],
        i: usize,
        run: Range<usize>,
    ) {
        let mut column = 0;
        while column + 4 * S::LANES <= self.d {
            self.columns::<S, Q, 4>(s, weights, acc, (i, run.clone()), column);
            column += 4 * S::LANES;
        }
        while column < self.d {
            self.columns::<S, Q, 1>(s, weights, acc, (i, run.clone()), column);
            column += S::LANES;
        }
    }

    /// `C` vectors of them; with one vector, it may be partial.
    #[inline(always)]
    fn columns<S: Simd, const Q: usize, const C: usize>(
        &self,
        s: S,
        weights: &[f32],
        acc: &mut [f32],
        (i, run): (usize, Range<usize>),
        column: usize,
    ) {
        let (d, positions) = (self.d, self.args.positions);
        let n = (d - column).min(C * S::LANES);
        let mut sum = [[s.splat(0.0); C]; Q];
        let mut of = [&weights[..0]; Q];
        for (q, (sum, of)) in sum.iter_mut().zip(&mut of).enumerate() {
            *sum = load::<S, f32, C>(s, &acc[(i + q) * d + column..][..n]);
            *of = &weights[(i + q) * positions + self.positions.start + run.start..][..run.len()];
        }
        for (j, at) in run.enumerate() {
            let v = load::<S, E, C>(s, &self.row(self.args.values, at)[column..][..n]);
            for (sum, of) in sum.iter_mut().zip(of) {
                let w = s.splat(of[j]);
                for (sum, v) in sum.iter_mut().zip(v) {
                    *sum = s.fma(w, v, *sum);
                }
            }
        }
        for (q, sum) in sum.iter().enumerate() {
            let to = &mut acc[(i + q) * d + column..][..n];
            for (c, sum) in sum.iter().enumerate() {
                write(s, to, c * S::LANES, if C > 1 { S::LANES } else { n }, *sum);
            }
        }
    }
}

/// `C` vectors; with one, it may be partial.
#[inline(always)]
fn load<S: Simd, E: Element, const C: usize>(s: S, from: &[E]) -> [S::V; C] {
    let mut out = [s.splat(0.0); C];
    for (c, out) in out.iter_mut().enumerate() {
        *out = read(s, from, c * S::LANES, if C > 1 { S::LANES } else { from.len() });
    }
    out
}
