//! The two passes over a run of cached positions: scores, and weighted sums. Not the softmax between them.

use std::ops::Range;

use super::{Block, QUERIES};
use crate::simd::Simd;

/// Positions of one run: keys of all heads of a thread, with the next run, stay in the first-level cache.
pub(super) const RUN: usize = 16;

/// Asks for one head of the position a run ahead, if there is one.
#[inline(always)]
fn ask_ahead<S: Simd>(s: S, block: &Block<'_>, cache: &[f32], j: usize, column: usize) {
    if j + RUN < block.longest {
        let p = cache.as_ptr().wrapping_add(block.place(j + RUN) + column);
        for line in (0..block.d).step_by(16) {
            s.prefetch(p.wrapping_add(line).cast());
        }
    }
}

/// Writes the scores of the positions `run` of each head and query to `weights[head][query][position]`.
#[inline(always)]
pub(super) fn scores<S: Simd>(s: S, block: &Block<'_>, q: &[f32], weights: &mut [f32], run: Range<usize>) {
    let (d, count, positions) = (block.d, block.queries.len(), block.args.positions);
    let width = block.heads.len() * d;
    let keys = block.args.keys;
    for h in 0..block.heads.len() {
        for j in run.clone() {
            ask_ahead(s, block, keys, j, h * d);
        }
        let mut j = run.start;
        while j + 4 <= run.end {
            let mut four = [&keys[..0]; 4];
            for (n, key) in four.iter_mut().enumerate() {
                *key = &keys[block.place(j + n) + h * d..][..d];
            }
            for i in 0..count {
                let scores = dots(s, &q[i * width + h * d..][..d], four);
                weights[(h * QUERIES + i) * positions + j..][..4].copy_from_slice(&scores);
            }
            j += 4;
        }
        for j in j..run.end {
            let key = &keys[block.place(j) + h * d..][..d];
            for i in 0..count {
                weights[(h * QUERIES + i) * positions + j] = dots(s, &q[i * width + h * d..][..d], [key])[0];
            }
        }
    }
}

/// The products of `a` with each of `b`: one chain over vectors, then the tree over lanes.
#[inline(always)]
fn dots<S: Simd, const N: usize>(s: S, a: &[f32], b: [&[f32]; N]) -> [f32; N] {
    let mut acc = [s.splat(0.0); N];
    let len = a.len();
    let whole = len - len % S::LANES;
    let mut i = 0;
    while i < whole {
        // SAFETY: i + LANES is within a.
        let x = unsafe { s.load(a.as_ptr().add(i)) };
        for (acc, b) in acc.iter_mut().zip(b) {
            debug_assert_eq!(b.len(), len);
            // SAFETY: each of b is as long as a.
            *acc = s.fma(x, unsafe { s.load(b.as_ptr().add(i)) }, *acc);
        }
        i += S::LANES;
    }
    if i < len {
        let n = len - i;
        // SAFETY: n more are within a.
        let x = unsafe { s.load_part(a.as_ptr().add(i), n) };
        for (acc, b) in acc.iter_mut().zip(b) {
            // SAFETY: each of b is as long as a.
            *acc = s.fma(x, unsafe { s.load_part(b.as_ptr().add(i), n) }, *acc);
        }
    }
    let mut out = [0.0; N];
    if N == 4 {
        out.copy_from_slice(&s.reduce_add4([acc[0], acc[1 % N], acc[2 % N], acc[3 % N]]));
    } else {
        for (out, acc) in out.iter_mut().zip(acc) {
            *out = s.reduce_add(acc);
        }
    }
    out
}

/// Adds the values of the positions `run`, times their weights, to `acc[query][head]`.
#[inline(always)]
pub(super) fn accumulate<S: Simd>(
    s: S,
    block: &Block<'_>,
    weights: &[f32],
    acc: &mut [f32],
    run: Range<usize>,
) {
    let (d, count) = (block.d, block.queries.len());
    for h in 0..block.heads.len() {
        for j in run.clone() {
            ask_ahead(s, block, block.args.values, j, h * d);
        }
        let mut i = 0;
        while i < count {
            // Queries that see the whole run go together, as many as the registers hold; others alone.
            let whole = block.lens[i..count].iter().take_while(|&&len| len >= run.end).count();
            let most = if S::TILE_ROWS >= 12 { 4 } else { 2 };
            match whole.min(most) {
                0 => {
                    let run = run.start..run.end.min(block.lens[i]);
                    if !run.is_empty() {
                        head::<S, 1>(s, block, weights, acc, (h, i, run));
                    }
                    i += 1;
                }
                1 => {
                    head::<S, 1>(s, block, weights, acc, (h, i, run.clone()));
                    i += 1;
                }
                2 | 3 => {
                    head::<S, 2>(s, block, weights, acc, (h, i, run.clone()));
                    i += 2;
                }
                _ => {
                    head::<S, 4>(s, block, weights, acc, (h, i, run.clone()));
                    i += 4;
                }
            }
        }
    }
}

/// One head of `Q` queries from query `i`.
#[inline(always)]
fn head<S: Simd, const Q: usize>(
    s: S,
    block: &Block<'_>,
    weights: &[f32],
    acc: &mut [f32],
    (h, i, run): (usize, usize, Range<usize>),
) {
    let mut column = 0;
    while column + 4 * S::LANES <= block.d {
        columns::<S, Q, 4>(s, block, weights, acc, (h, i, run.clone(), column));
        column += 4 * S::LANES;
    }
    while column < block.d {
        columns::<S, Q, 1>(s, block, weights, acc, (h, i, run.clone(), column));
        column += S::LANES;
    }
}

/// `C` vectors of one head of `Q` queries; with one vector, it may be partial.
#[inline(always)]
fn columns<S: Simd, const Q: usize, const C: usize>(
    s: S,
    block: &Block<'_>,
    weights: &[f32],
    acc: &mut [f32],
    (h, i, run, column): (usize, usize, Range<usize>, usize),
) {
    let (d, positions) = (block.d, block.args.positions);
    let n = (d - column).min(C * S::LANES);
    let at = |q: usize| (i + q) * block.heads.len() * d + h * d + column;
    let mut sum = [[s.splat(0.0); C]; Q];
    for (q, sum) in sum.iter_mut().enumerate() {
        *sum = load::<S, C>(s, &acc[at(q)..][..n]);
    }
    for j in run {
        let place = block.place(j) + h * d + column;
        let v = load::<S, C>(s, &block.args.values[place..][..n]);
        for (q, sum) in sum.iter_mut().enumerate() {
            let w = s.splat(weights[(h * QUERIES + i + q) * positions + j]);
            for (sum, v) in sum.iter_mut().zip(v) {
                *sum = s.fma(w, v, *sum);
            }
        }
    }
    for (q, sum) in sum.into_iter().enumerate() {
        let to = &mut acc[at(q)..][..n];
        for (c, sum) in sum.into_iter().enumerate() {
            // SAFETY: as in `load`.
            unsafe {
                if C > 1 || n == S::LANES {
                    s.store(to.as_mut_ptr().add(c * S::LANES), sum);
                } else {
                    s.store_part(to.as_mut_ptr(), sum, n);
                }
            }
        }
    }
}

/// `C` vectors; with one, it may be partial.
#[inline(always)]
fn load<S: Simd, const C: usize>(s: S, from: &[f32]) -> [S::V; C] {
    let mut out = [s.splat(0.0); C];
    if C > 1 || from.len() == S::LANES {
        assert!(from.len() >= C * S::LANES);
        for (c, out) in out.iter_mut().enumerate() {
            // SAFETY: the slice holds C vectors.
            *out = unsafe { s.load(from.as_ptr().add(c * S::LANES)) };
        }
    } else {
        // SAFETY: the slice holds its own length, at most a vector.
        out[0] = unsafe { s.load_part(from.as_ptr(), from.len()) };
    }
    out
}
