//! Products of narrow factors: of bfloat16 where the machine multiplies them, with f32 sums, and of bytes, with exact
//! ones. Not widened products: `linear` has those.
//!
//! Each output is one chain over the groups of its row, whatever the rows and threads, in the order of the path's own
//! instruction; sums of bytes are the same on every path. Rows are copied into blocks of whole steps, which also takes
//! them from strides that fight over cache sets.

use std::ops::Range;

use super::finish::{Place, ask, finish};
use super::groups::{Factor, Groups, NarrowRows, PANEL, STEP_BYTES, STEP_WORDS, Weights, steps};
use super::nibbles::spread;
use super::{BLOCK_BYTES, Cuts, Epilogue, Factors, Out, Residual, Stored};
use crate::aligned::bytes_mut;
use crate::isa::Isa;
use crate::kernels::Cx;
use crate::kernels::rows::{Beside, RowsMut};
use crate::kernels::scratch::{Shares, scratch_len};
use crate::simd::{Body, Fours, Simd, dispatch};

/// The most rows of bytes that vectors multiply no slower than tiles, which they would leave empty.
const FEW: usize = 8;

/// The path whose instructions multiply `rows` rows: few rows of bytes would leave tiles empty, and the sums are the same.
const fn multiplier(isa: Isa, factor: Factor, rows: usize) -> Isa {
    match (isa, factor) {
        (Isa::Amx, Factor::Int8 | Factor::Int4) if rows <= FEW => Isa::Avx512Vnni,
        _ => isa,
    }
}

/// Rows of the tile of `isa`: two tiles of sixteen, or those of a product in vectors.
pub(crate) const fn tile_rows(isa: Isa) -> usize {
    if matches!(isa, Isa::Amx) { 32 } else { Fours::most_rows(isa) }
}

/// The tiles that fit [`BLOCK_BYTES`]; at least two, so that a panel is read for more than one.
fn block_tiles(isa: Isa, width: usize) -> usize {
    (BLOCK_BYTES / (tile_rows(isa) * steps(width) * STEP_BYTES).max(1)).max(2)
}

/// The f32 values of scratch that [`narrow_linear`] needs for up to `rows` rows of `k` factors on `threads` threads.
pub fn narrow_scratch(isa: Isa, threads: usize, rows: usize, (factor, k): (Factor, usize)) -> usize {
    scratch_len(threads, share(isa, rows, factor, factor.bytes() * k))
}

/// The f32 values of scratch of a part of so many rows: a block of them, of `width` bytes each, and a panel that is spread.
fn share(isa: Isa, rows: usize, factor: Factor, width: usize) -> usize {
    // Few rows may be multiplied by another path, whose tile is no higher.
    let tiles = rows.div_ceil(tile_rows(isa)).min(block_tiles(isa, width));
    tiles * tile_rows(isa) * steps(width) * STEP_BYTES / size_of::<f32>() + spread_len(factor, width)
}

/// The words of a panel that is spread.
const fn spread_len(factor: Factor, width: usize) -> usize {
    if matches!(factor, Factor::Int4) { steps(width) * STEP_WORDS } else { 0 }
}

/// `out = epilogue(x * weights)`: `x` is `[rows, k]` of the weights' factors, `out` `[rows, n]`. Of bytes with more
/// digits than one, `x` has as many rows for each of `out`.
///
/// `scratch` holds [`narrow_scratch`] values or more, of any content.
///
/// # Panics
/// When shapes don't fit, the scratch is short, the weights are packed for another path, factors of bytes are absent, or
/// the path does not multiply the weights' factors.
pub fn narrow_linear<T: Stored>(
    cx: Cx<'_>,
    x: NarrowRows<'_>,
    weights: &Groups,
    epilogue: &Epilogue<'_>,
    out: Out<'_, '_, T>,
) {
    let Out { rows, scratch } = out;
    narrow_linear_in_parts(cx, x, weights, epilogue, (&mut [rows], scratch));
}

/// [`narrow_linear`] whose columns are cut into `out`, as many for each.
///
/// # Panics
/// As [`narrow_linear`], and when one of several is not whole panels.
pub fn narrow_linear_in_parts<T: Stored>(
    cx: Cx<'_>,
    x: NarrowRows<'_>,
    weights: &Groups,
    epilogue: &Epilogue<'_>,
    (out, scratch): (&mut [RowsMut<'_, T>], &mut [f32]),
) {
    check(cx.isa, x, weights, epilogue, [out[0].rows(), out.iter().map(RowsMut::cols).sum()]);
    assert!(out.len() == 1 || out[0].cols().is_multiple_of(PANEL), "parts of panels");
    let threads = cx.pool.threads();
    if x.rows() == 0 || weights.n() == 0 {
        return;
    }
    let isa = multiplier(cx.isa, weights.factor(), x.rows());
    let tiles = x.rows().div_ceil(tile_rows(isa));
    let panels = weights.n().div_ceil(PANEL);
    let bytes = x.width() * weights.n();
    let cuts = Cuts::new(threads, [tiles, block_tiles(isa, x.width())], [panels, bytes]);
    let scratch = Shares::new(scratch, threads, share(cx.isa, x.rows(), weights.factor(), x.width()));
    let out = Beside::new(out);
    cx.pool.run_on(cuts.parts, &|thread, part| {
        let [tiles, panels] = cuts.part(part);
        // SAFETY: no two parts run on one thread at the same time.
        let scratch = unsafe { scratch.of(thread) };
        let part = Part { isa, x, weights, epilogue, out, tiles, panels, scratch };
        dispatch(cx.isa, part);
    });
}

/// That `x`, the weights and the epilogue fit `rows` rows of `n` outputs.
fn check(isa: Isa, x: NarrowRows<'_>, weights: &Groups, epilogue: &Epilogue<'_>, [rows, n]: [usize; 2]) {
    assert_eq!(weights.isa(), isa, "weights are packed for another path");
    let shape = (x.width(), x.rows(), weights.n());
    let digits = epilogue.factors.map_or(1, |f| f.digits);
    assert_eq!(shape, (weights.factor().bytes() * weights.k(), digits * rows, n), "shapes of a product");
    assert!([1, 2].contains(&digits), "{digits} digits: tiles have whole pairs of rows");
    assert_eq!(epilogue.factors.is_some(), weights.factor().is_integer(), "factors of bytes");
    let counts = epilogue.factors.map(|f| (f.rows.len(), f.outputs.len()));
    assert!(counts.is_none_or(|c| c == (rows, n)), "factors of another shape: {counts:?}");
    assert!(epilogue.bias.is_none_or(|b| b.len() == n), "a bias of another length");
    if let Residual::Rows(r) = epilogue.residual {
        assert_eq!((r.rows(), r.cols()), (rows, n), "a residual of another shape");
    }
}

/// Some row tiles times some panels.
struct Part<'a, 's, T> {
    isa: Isa,
    x: NarrowRows<'a>,
    weights: &'a Groups,
    epilogue: &'a Epilogue<'a>,
    out: Beside<'a, T>,
    tiles: Range<usize>,
    panels: Range<usize>,
    scratch: &'s mut [f32],
}

impl<T: Stored> Body for Part<'_, '_, T> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        match self.epilogue.factors {
            Some(Factors { digits: 2, .. }) => self.go::<S, 2>(s),
            _ => self.go::<S, 1>(s),
        }
    }
}

impl<T: Stored> Part<'_, '_, T> {
    #[inline(always)]
    fn go<S: Simd, const DIGITS: usize>(self, s: S) {
        let factor = self.weights.factor();
        let nibbles = factor == Factor::Int4;
        let as_packed = if nibbles { Engine::of_nibbles(self.isa, self.x.rows()) } else { None };
        let is_spread = nibbles && as_packed.is_none();
        let engine = as_packed.unwrap_or_else(|| Engine::new(self.isa, factor));
        let (height, rows, steps) = (tile_rows(self.isa), self.x.rows(), steps(self.x.width()));
        let block_len = height * steps * STEP_BYTES;
        let step = block_tiles(self.isa, self.x.width());
        let (wide, blocks) = self.scratch.split_at_mut(spread_len(factor, self.x.width()));
        let (wide, blocks) = (words_mut(wide), bytes_mut(blocks));
        let mut buf = Buf([0.0; MAX_SUMS]);
        for first in self.tiles.clone().step_by(step) {
            let tiles = first..(first + step).min(self.tiles.end);
            let tile_at = |t: usize| (t * height, height.min(rows - t * height));
            for t in tiles.clone() {
                let (row, count) = tile_at(t);
                engine.fill(self.x, row, count, &mut blocks[(t - first) * block_len..][..block_len]);
            }
            for panel in self.panels.clone() {
                let mut weights = self.weights.panel(panel);
                let out = self.out.of(panel * PANEL);
                if is_spread {
                    spread(s, weights.words, wide);
                    weights = Weights { words: wide, ..weights };
                }
                for t in tiles.clone() {
                    let (row, count) = tile_at(t);
                    let block = &blocks[(t - first) * block_len..][..block_len];
                    let place = |row, rows| Place {
                        row,
                        rows,
                        col: panel * PANEL,
                        n: self.weights.n(),
                        width: PANEL,
                    };
                    if !engine.has_tiles() {
                        ask(s, self.epilogue, &out, place(row / DIGITS, count / DIGITS));
                    }
                    engine.multiply(count, block, weights, &mut buf.0);
                    for from in (0..count).step_by(AWAKE) {
                        if from > 0 {
                            engine.stay_awake();
                        }
                        let at = place((row + from) / DIGITS, AWAKE.min(count - from) / DIGITS);
                        let sums = buf.0[from * PANEL..].as_ptr();
                        // SAFETY: parts have disjoint tiles or panels, so places in `out` are disjoint.
                        unsafe { finish::<S, T, DIGITS>(s, self.epilogue, sums, out, at) };
                    }
                }
            }
        }
    }
}

/// The rows that are finished before tiles are used again. From a thousand idle cycles on a machine lets what multiplies
/// them sleep, and to wake it takes a thousand more: the rows of two tiles, with their GELU, may last so long.
const AWAKE: usize = 16;

/// The floats as integers of as many bits.
pub(crate) fn words_mut(floats: &mut [f32]) -> &mut [i32] {
    // SAFETY: of one size and alignment, and any bits of either are the other.
    unsafe { std::slice::from_raw_parts_mut(floats.as_mut_ptr().cast(), floats.len()) }
}

/// The most sums of a product: two tiles of sixteen rows of 32 outputs.
pub(crate) const MAX_SUMS: usize = 32 * PANEL;

/// Sums of a product, 32 to a row; of bytes, the bits of i32.
#[repr(align(64))]
struct Buf([f32; MAX_SUMS]);

mod engine;
mod quantized;

pub(crate) use engine::Engine;
pub use quantized::{Quantized, quantized_linear, quantized_scratch};

#[cfg(test)]
mod tests;
