//! The register tile of matrix products: a few rows times one panel. Not blocked: its caller cuts the matrices.
//!
//! Rows are read from *blocks*: [`CHUNK`] products of each of the tile's rows after another, so that one tile
//! reads one stream of memory and rows at power-of-two strides don't fight over cache sets. A single row is
//! its own block.

use super::pack::Element;
use crate::simd::Simd;

/// Products of one row that lie together in a block: one cache line.
pub(crate) const CHUNK: usize = 16;
/// The most rows of a tile on any path.
pub(crate) const MAX_ROWS: usize = 12;
/// The most values of a tile on any path: 12 rows of two vectors of 16.
pub(crate) const MAX_TILE: usize = MAX_ROWS * 32;

/// Products that are summed in one chain; chains are added in order. A single chain over thousands of products
/// would lose twice the digits.
pub(crate) const CHAIN: usize = 256;

/// How far ahead of its use a panel is asked for, in bytes.
const AHEAD: usize = 4096;

/// The values that a block of `rows` rows of `k` takes.
pub(crate) const fn block_len(rows: usize, k: usize) -> usize {
    rows * k.next_multiple_of(CHUNK)
}

/// Copies `rows` rows of `k` values at `stride` from `x` into a block.
///
/// # Safety
/// `x` holds those rows; `block` holds [`block_len`] values.
#[inline(always)]
pub(crate) unsafe fn fill_block<S: Simd>(s: S, x: *const f32, dims: [usize; 3], block: *mut f32) {
    let [rows, k, stride] = dims;
    for c in (0..k).step_by(CHUNK) {
        let width = CHUNK.min(k - c);
        for r in 0..rows {
            // SAFETY: row r holds k values; the block holds `rows * CHUNK` values for each chunk.
            unsafe {
                let from = x.add(r * stride + c);
                let to = block.add(c * rows + r * CHUNK);
                if width == CHUNK {
                    for v in (0..CHUNK).step_by(S::LANES) {
                        s.store(to.add(v), s.load(from.add(v)));
                    }
                } else {
                    std::ptr::copy_nonoverlapping(from, to, width);
                }
            }
        }
    }
}

/// `out[r][j] = sum over i of x[r][i] * w[i][j]` for `rows` rows and one panel: chains of [`CHAIN`] products in
/// order of `i` from 0, added in order.
///
/// `out` takes rows of two vectors.
///
/// # Safety
/// `rows <= S::TILE_ROWS`; `x` is a block of `rows` rows of `k`; `w` is a panel of `k` rows; `out` holds
/// `rows * 2 * LANES` values.
#[inline(always)]
pub(crate) unsafe fn tile<S: Simd, E: Element>(
    s: S,
    x: *const f32,
    w: *const E,
    [rows, k]: [usize; 2],
    out: *mut f32,
) {
    macro_rules! cases {
        ($($n:literal)*) => {
            match rows {
                $(
                    // SAFETY: the caller's contract.
                    $n if $n <= S::TILE_ROWS => unsafe { fixed::<S, E, $n>(s, x, w, k, out) },
                )*
                _ => unreachable!("a tile of {rows} rows"),
            }
        };
    }
    cases!(1 2 3 4 5 6 7 8 9 10 11 12);
}

#[inline(always)]
unsafe fn fixed<S: Simd, E: Element, const R: usize>(
    s: S,
    x: *const f32,
    w: *const E,
    k: usize,
    out: *mut f32,
) {
    let (mut x, mut w) = (x, w);
    for first in (0..k.max(1)).step_by(CHAIN) {
        let len = CHAIN.min(k - first);
        let mut acc = [[s.splat(0.0); 2]; R];
        for _ in 0..len / CHUNK {
            for i in 0..CHUNK {
                // SAFETY: within the chunk, by the caller's contract.
                unsafe { step(s, &mut acc, x.add(i), w.add(i * 2 * S::LANES)) };
            }
            x = x.wrapping_add(R * CHUNK);
            w = w.wrapping_add(CHUNK * 2 * S::LANES);
        }
        for i in 0..len % CHUNK {
            // SAFETY: within the last chunk, by the caller's contract.
            unsafe { step(s, &mut acc, x.add(i), w.add(i * 2 * S::LANES)) };
        }
        for (r, row) in acc.into_iter().enumerate() {
            for (v, value) in row.into_iter().enumerate() {
                // SAFETY: `out` holds R rows of two vectors, written by the first chain.
                unsafe {
                    let to = out.add((2 * r + v) * S::LANES);
                    s.store(to, if first == 0 { value } else { s.add(s.load(to), value) });
                }
            }
        }
    }
}

/// One product of every row of the tile.
#[inline(always)]
unsafe fn step<S: Simd, E: Element, const R: usize>(
    s: S,
    acc: &mut [[S::V; 2]; R],
    x: *const f32,
    w: *const E,
) {
    // SAFETY: the caller's `x` and `w` are within a chunk; prefetch takes any address.
    unsafe {
        s.prefetch(w.cast::<u8>().wrapping_add(AHEAD));
        if size_of::<E>() * 2 * S::LANES > 64 {
            s.prefetch(w.cast::<u8>().wrapping_add(AHEAD + 64));
        }
        let w = [E::load(s, w), E::load(s, w.add(S::LANES))];
        for (r, acc) in acc.iter_mut().enumerate() {
            let x = s.splat(*x.add(r * CHUNK));
            for (acc, w) in acc.iter_mut().zip(w) {
                *acc = s.fma(x, w, *acc);
            }
        }
    }
}
