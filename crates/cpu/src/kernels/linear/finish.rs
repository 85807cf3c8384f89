//! What happens to a product before it is stored: scale, bias, activation, residual. Not the product itself.

use super::pack::Element;
use super::stored::Stored;
use crate::kernels::rows::{Rows, SharedRows};
use crate::math;
use crate::simd::{MAX_LANES, Simd};
use graph::ops::quantize::BASE;

/// Functions that a product may end with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// [`math::gelu`].
    Gelu,
    /// [`math::gelu_coarse`].
    GeluCoarse,
}

/// What is added at the end.
#[derive(Debug, Clone, Copy, Default)]
pub enum Residual<'a> {
    /// Nothing.
    #[default]
    None,
    /// These rows, of the shape of the output.
    Rows(Rows<'a>),
    /// What the output holds already.
    InPlace,
}

/// The factors of a product of bytes.
#[derive(Debug, Clone, Copy)]
pub struct Factors<'a> {
    /// One for each row.
    pub rows: &'a [f32],
    /// One for each output.
    pub outputs: &'a [f32],
    /// Rows of bytes for each row: a digit, then the next one.
    pub digits: usize,
}

/// `out = activation(product * scale + bias) + residual`; what is absent is left out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Epilogue<'a> {
    /// Of a product of bytes, whose sums are i32: what they are times.
    pub factors: Option<Factors<'a>>,
    /// A factor of every product.
    pub scale: Option<f32>,
    /// One value for each output.
    pub bias: Option<&'a [f32]>,
    /// Applied after the bias.
    pub activation: Option<Activation>,
    /// Added last.
    pub residual: Residual<'a>,
}

/// A tile's place in the output.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// The first row of the tile.
    pub(crate) row: usize,
    pub(crate) rows: usize,
    /// The first output of the tile.
    pub(crate) col: usize,
    /// The outputs of the whole matrix: where the last panel ends.
    pub(crate) n: usize,
    /// The outputs of a panel: whole vectors.
    pub(crate) width: usize,
}

/// Stores a tile at its place. Of bytes of more `DIGITS` than one it has as many rows for each of the place's.
///
/// # Safety
/// `tile` holds the tile, of i32 where there are factors; no other thread touches its place in `out`; factors, bias and
/// residual fit the output.
#[inline(always)]
pub(crate) unsafe fn finish<S: Simd, T: Stored, const DIGITS: usize>(
    s: S,
    ep: &Epilogue<'_>,
    tile: *const f32,
    out: SharedRows<'_, T>,
    at: Place,
) {
    for r in 0..at.rows {
        let row_factor = ep.factors.map_or(1.0, |f| f.rows[at.row + r]);
        for v in (0..at.width).step_by(S::LANES) {
            let col = at.col + v;
            if col >= at.n {
                break;
            }
            let len = S::LANES.min(at.n - col);
            let to = out.row(at.row + r).wrapping_add(col);
            // SAFETY: `len` values from `col` are within the row, the factors, the bias and the residual.
            unsafe {
                let sums = tile.add(r * DIGITS * at.width + v);
                let mut y = s.load(sums);
                if let Some(factors) = ep.factors {
                    let factor = s.mul(read(s, factors.outputs.as_ptr().add(col), len), s.splat(row_factor));
                    y = s.to_float(s.bits(y));
                    if DIGITS > 1 {
                        let less = s.to_float(s.bits(s.load(sums.add(at.width))));
                        y = s.add(y, s.mul(less, s.splat(1.0 / BASE)));
                    }
                    y = s.mul(y, factor);
                }
                if let Some(scale) = ep.scale {
                    y = s.mul(y, s.splat(scale));
                }
                if let Some(bias) = ep.bias {
                    y = s.add(y, read(s, bias.as_ptr().add(col), len));
                }
                y = match ep.activation {
                    None => y,
                    Some(Activation::Gelu) => math::gelu(s, y),
                    Some(Activation::GeluCoarse) => math::gelu_coarse(s, y),
                };
                match ep.residual {
                    Residual::None => (),
                    Residual::Rows(rows) => {
                        y = s.add(y, read(s, rows.row(at.row + r).as_ptr().add(col), len));
                    }
                    Residual::InPlace => y = s.add(y, read(s, to, len)),
                }
                T::store(s, to, y, len);
            }
        }
    }
}

#[inline(always)]
unsafe fn read<S: Simd, E: Element>(s: S, p: *const E, len: usize) -> S::V {
    debug_assert!(len <= MAX_LANES);
    // SAFETY: the caller vouches for `len` values.
    unsafe { if len == S::LANES { E::load(s, p) } else { E::load_part(s, p, len) } }
}
