//! The products of bytes in tiles: sixteen positions are the rows of one, the digits of the queries its columns. Not the
//! weights between them.

use std::arch::x86_64::{
    _mm512_cvtepi32_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_loadu_si512, _mm512_mul_ps, _mm512_set1_ps,
    _mm512_setzero_ps, _mm512_shuffle_f32x4, _mm512_shuffle_i32x4, _mm512_storeu_ps, _mm512_storeu_si512,
};

use graph::ops::quantize::BASE;

use super::{QUERIES, ROWS, STEP, woven};
use crate::kernels::cached_attention::window::{AHEAD, D, TILE, ask, fours};
use crate::simd::Tiles;

/// Writes the scores of every position with every query to `scores[query][position]`.
///
/// # Safety
/// `keys` points to `positions` rows of D values, and never to fewer than a step, as `key_factors` does.
#[inline(always)]
pub(super) unsafe fn score(
    tiles: &Tiles,
    (keys, positions): (*const i8, usize),
    queries: &[f32],
    (key_factors, factors): (&[f32], &[f32; QUERIES]),
    turned: &mut [f32],
    scores: &mut [f32],
) {
    let stride = scores.len() / QUERIES;
    for step in (0..positions).step_by(STEP) {
        // The last step starts early, so that it reads no further than the slot; what it says twice is the same. What it
        // says of positions that nobody sees is not used.
        let at = step.min(positions.saturating_sub(STEP));
        // SAFETY: the rows are within the slot; the tiles fit; prefetch takes any address.
        unsafe {
            ask(keys.wrapping_add((step + AHEAD) * D).cast(), STEP * D);
            tiles.four_of_64(keys.add(at * D).cast(), queries.as_ptr().cast(), turned.as_mut_ptr().cast());
            for (i, tile) in turned.chunks_exact(TILE).enumerate() {
                let at = at + i * ROWS;
                let factors = (key_factors.as_ptr().add(at), factors);
                turn(tile.as_ptr().cast(), factors, scores.as_mut_ptr().add(at), stride);
            }
        }
    }
}

/// The products of sixteen positions with the digits of eight queries as scores; those of query `i` go to
/// `out[i * stride..]`.
///
/// # Safety
/// `tile` points to the tile, the factors to those of its positions; `out` takes the rows.
#[target_feature(enable = "avx512f")]
unsafe fn turn(
    tile: *const i32,
    (key_factors, factors): (*const f32, &[f32; QUERIES]),
    out: *mut f32,
    stride: usize,
) {
    // A position and the fourth after it share a vector, so that positions are in turn at the end.
    const FIRST: [usize; 8] = [0, 1, 2, 3, 8, 9, 10, 11];
    let mut rows = [_mm512_setzero_ps(); 8];
    for (row, i) in rows.iter_mut().zip(FIRST) {
        // SAFETY: the caller's contract.
        let a = unsafe { _mm512_loadu_si512(tile.add(ROWS * i).cast()) };
        // SAFETY: the caller's contract.
        let b = unsafe { _mm512_loadu_si512(tile.add(ROWS * (i + 4)).cast()) };
        let first = _mm512_cvtepi32_ps(_mm512_shuffle_i32x4::<0x44>(a, b));
        let second = _mm512_cvtepi32_ps(_mm512_shuffle_i32x4::<0xee>(a, b));
        *row = _mm512_fmadd_ps(second, _mm512_set1_ps(1.0 / BASE), first);
    }
    let fours = fours(rows);
    // SAFETY: the caller's contract.
    let key_factors = unsafe { _mm512_loadu_ps(key_factors) };
    for j in 0..4 {
        let (low, high) = (fours[j], fours[4 + j]);
        let of = [_mm512_shuffle_f32x4::<0x88>(low, high), _mm512_shuffle_f32x4::<0xdd>(low, high)];
        for (query, products) in [j, 4 + j].into_iter().zip(of) {
            let factors = _mm512_mul_ps(key_factors, _mm512_set1_ps(factors[query]));
            // SAFETY: the caller's contract.
            unsafe { _mm512_storeu_ps(out.add(query * stride), _mm512_mul_ps(products, factors)) };
        }
    }
}

/// Adds the values of all positions, times the digits of their weights: sixteen rows of D sums, woven as [`woven`] leaves
/// them.
///
/// # Safety
/// `values` points to `positions` rows of D values.
#[inline(always)]
pub(super) unsafe fn gather(
    tiles: &Tiles,
    (values, positions): (*const i8, usize),
    weights: &[u8],
    woven: &mut [f32],
    sums: &mut [f32],
) {
    let (to, steps) = (woven.as_mut_ptr(), positions.div_ceil(STEP));
    let fill = |step: usize| {
        let at = step * STEP;
        // SAFETY: as many rows as are woven are within the slot; prefetch takes any address.
        unsafe {
            ask(values.wrapping_add((at + AHEAD) * D).cast(), STEP * D);
            weave(values.wrapping_add(at * D), STEP.min(positions - at), to);
        }
    };
    let rows = (weights.as_ptr(), weights.len() / ROWS, steps);
    // SAFETY: the weights hold sixteen rows of the steps, the tiles and the sums fit.
    unsafe { tiles.wide_16_of_bytes(rows, to.cast(), fill, sums.as_mut_ptr()) };
}

/// Fours of positions of 64 columns as four tiles: see [`woven`]. Positions beyond `count` are zero.
///
/// # Safety
/// `rows` points to `count` rows; `out` takes four tiles.
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn weave(rows: *const i8, count: usize, out: *mut f32) {
    for four in 0..STEP / 4 {
        // SAFETY: the rows are the caller's; a row of each of its tiles.
        unsafe {
            let rows = rows.wrapping_add(4 * four * D);
            let tiles = match count.saturating_sub(4 * four) {
                left @ 0..4 => woven::<0>(rows, left),
                _ => woven::<0>(rows, 4),
            };
            for (i, tile) in tiles.iter().enumerate() {
                _mm512_storeu_si512(out.add(i * TILE + four * 16).cast(), *tile);
            }
        }
    }
}
