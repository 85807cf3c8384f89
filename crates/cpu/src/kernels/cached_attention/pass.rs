//! The two passes over a run of cached positions: scores, and weighted sums. Not the softmax between them.

use std::ops::Range;

use super::{Block, QUERIES};
use crate::kernels::linear::pack::Element;
use crate::simd::Simd;

/// Positions of one run of values: the sums of one head stay in registers for as long.
pub(super) const RUN: usize = 8;
/// Keys that are scored together.
const GROUP: usize = 4;
/// How many positions ahead of its use a row of the cache is asked for.
const AHEAD: usize = 16;

/// Where positions from `j` of the thread's first head start in the cache.
#[inline(always)]
fn places<const N: usize, E>(block: &Block<'_, E>, j: usize) -> [usize; N] {
    let mut out = [0; N];
    for (n, out) in out.iter_mut().enumerate() {
        *out = block.place((j + n).min(block.positions.end - 1));
    }
    out
}

/// Asks for one head of the positions at `places`.
#[inline(always)]
fn ask<S: Simd, E>(s: S, block: &Block<'_, E>, cache: &[E], places: &[usize], h: usize) {
    for place in places {
        let p = cache.as_ptr().wrapping_add(place + h * block.stride());
        for line in (0..block.d).step_by(64 / size_of::<E>()) {
            s.prefetch(p.wrapping_add(line).cast());
        }
    }
}

/// Writes the scores of the block's positions of each head and query to `weights[head][query][position]`.
#[inline(always)]
pub(super) fn scores<S: Simd, E: Element>(s: S, block: &Block<'_, E>, q: &[f32], weights: &mut [f32]) {
    let positions = &block.positions;
    let whole = positions.end - positions.len() % GROUP;
    for j in (positions.start..whole).step_by(GROUP) {
        group::<S, E, GROUP>(s, block, q, weights, j);
    }
    for j in whole..positions.end {
        group::<S, E, 1>(s, block, q, weights, j);
    }
}

/// The scores of `N` positions from `j`.
#[inline(always)]
fn group<S: Simd, E: Element, const N: usize>(
    s: S,
    block: &Block<'_, E>,
    q: &[f32],
    weights: &mut [f32],
    j: usize,
) {
    let (d, count, positions) = (block.d, block.queries.len(), block.args.positions);
    let width = block.heads.len() * d;
    let here = places::<N, E>(block, j);
    let ahead = places::<N, E>(block, j + AHEAD);
    for h in 0..block.heads.len() {
        ask(s, block, block.args.keys, &ahead, h);
        let keys = here.map(|place| &block.args.keys[place + h * block.stride()..][..d]);
        for i in 0..count {
            let scores = dots(s, &q[i * width + h * d..][..d], keys);
            weights[(h * QUERIES + i) * positions + j..][..N].copy_from_slice(&scores);
        }
    }
}

/// The products of `a` with each of `b`: one chain over vectors, then the tree over lanes.
#[inline(always)]
pub(in crate::kernels) fn dots<S: Simd, E: Element, const N: usize>(
    s: S,
    a: &[f32],
    b: [&[E]; N],
) -> [f32; N] {
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
            *acc = s.fma(x, unsafe { E::load(s, b.as_ptr().add(i)) }, *acc);
        }
        i += S::LANES;
    }
    if i < len {
        let n = len - i;
        // SAFETY: n more are within a.
        let x = unsafe { s.load_part(a.as_ptr().add(i), n) };
        for (acc, b) in acc.iter_mut().zip(b) {
            // SAFETY: each of b is as long as a.
            *acc = s.fma(x, unsafe { E::load_part(s, b.as_ptr().add(i), n) }, *acc);
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
pub(super) fn accumulate<S: Simd, E: Element>(
    s: S,
    block: &Block<'_, E>,
    weights: &[f32],
    acc: &mut [f32],
    run: Range<usize>,
) {
    let run = Run { block, weights, first: run.start, len: run.len(), places: places(block, run.start) };
    let ahead: [usize; RUN] = places(block, run.first + AHEAD);
    let count = block.queries.len();
    // The most queries whose sums the registers hold.
    let most = if S::TILE_ROWS >= 12 { 4 } else { 2 };
    for h in 0..block.heads.len() {
        ask(s, block, block.args.values, &ahead, h);
        let mut i = 0;
        while i < count {
            // Queries that see the whole run go together, others alone.
            let whole = block.lens[i..count].iter().take_while(|&&len| len >= run.first + run.len).count();
            let (together, len) = match whole.min(most) {
                0 => (1, block.lens[i].saturating_sub(run.first)),
                1 => (1, run.len),
                2 | 3 => (2, run.len),
                _ => (4, run.len),
            };
            match together {
                1 => head::<S, E, 1>(s, &run, acc, [h, i, len]),
                2 => head::<S, E, 2>(s, &run, acc, [h, i, len]),
                _ => head::<S, E, 4>(s, &run, acc, [h, i, len]),
            }
            i += together;
        }
    }
}

/// Some positions with their weights.
struct Run<'a, E> {
    block: &'a Block<'a, E>,
    weights: &'a [f32],
    first: usize,
    len: usize,
    places: [usize; RUN],
}

/// Head `h` of `Q` queries from query `i`, over the first `len` positions of the run.
#[inline(always)]
fn head<S: Simd, E: Element, const Q: usize>(s: S, run: &Run<'_, E>, acc: &mut [f32], at: [usize; 3]) {
    let mut column = 0;
    while column + 4 * S::LANES <= run.block.d {
        columns::<S, E, Q, 4>(s, run, acc, at, column);
        column += 4 * S::LANES;
    }
    while column < run.block.d {
        columns::<S, E, Q, 1>(s, run, acc, at, column);
        column += S::LANES;
    }
}

/// `C` vectors of one head of `Q` queries; with one vector, it may be partial.
#[inline(always)]
fn columns<S: Simd, E: Element, const Q: usize, const C: usize>(
    s: S,
    run: &Run<'_, E>,
    acc: &mut [f32],
    [h, i, len]: [usize; 3],
    column: usize,
) {
    let block = run.block;
    let (d, positions) = (block.d, block.args.positions);
    let n = (d - column).min(C * S::LANES);
    let at = |q: usize| (i + q) * block.heads.len() * d + h * d + column;
    let mut sum = [[s.splat(0.0); C]; Q];
    let mut weights = [&run.weights[..0]; Q];
    for (q, (sum, weights)) in sum.iter_mut().zip(&mut weights).enumerate() {
        *sum = load::<S, f32, C>(s, &acc[at(q)..][..n]);
        *weights = &run.weights[(h * QUERIES + i + q) * positions + run.first..][..len];
    }
    for (j, place) in run.places.iter().enumerate().take(len) {
        let v = load::<S, E, C>(s, &block.args.values[place + h * block.stride() + column..][..n]);
        for (sum, weights) in sum.iter_mut().zip(weights) {
            let w = s.splat(weights[j]);
            for (sum, v) in sum.iter_mut().zip(v) {
                *sum = s.fma(w, v, *sum);
            }
        }
    }
    for (q, sum) in sum.into_iter().enumerate() {
        let to = &mut acc[at(q)..][..n];
        for (c, sum) in sum.into_iter().enumerate() {
            // SAFETY: the slice holds C vectors; or C is 1, and it holds its own length.
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
fn load<S: Simd, E: Element, const C: usize>(s: S, from: &[E]) -> [S::V; C] {
    let mut out = [s.splat(0.0); C];
    if C > 1 || from.len() == S::LANES {
        assert!(from.len() >= C * S::LANES);
        for (c, out) in out.iter_mut().enumerate() {
            // SAFETY: the slice holds C vectors.
            *out = unsafe { E::load(s, from.as_ptr().add(c * S::LANES)) };
        }
    } else {
        // SAFETY: the slice holds its own length, at most a vector.
        out[0] = unsafe { E::load_part(s, from.as_ptr(), from.len()) };
    }
    out
}
