//! What happens to a product before it is stored: scale, bias, activation, residual. Not the product itself.

use super::pack::Element;
use super::stored::Stored;
use crate::kernels::rows::{Rows, SharedRows};
use crate::kernels::vectors::prefetch;
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

/// Asks for what a tile's place adds to the tile: while it is multiplied, that comes nearer.
#[inline(always)]
pub(crate) fn ask<S: Simd, T>(s: S, ep: &Epilogue<'_>, out: &SharedRows<'_, T>, at: Place) {
    for row in at.row..at.row + at.rows {
        let from = match ep.residual {
            Residual::None => return,
            Residual::Rows(rows) => rows.row(row).as_ptr().wrapping_add(at.col).cast::<u8>(),
            Residual::InPlace => out.row(row).wrapping_add(at.col).cast::<u8>().cast_const(),
        };
        prefetch(s, from, at.width * size_of::<f32>());
    }
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
    for v in (0..at.width).step_by(2 * S::LANES) {
        let col = at.col + v;
        if col >= at.n {
            break;
        }
        let lens = [0, S::LANES].map(|v| S::LANES.min(at.n.saturating_sub(col + v)));
        let is_whole = lens[1] == S::LANES;
        let mut r = 0;
        while r < at.rows {
            let sums = tile.wrapping_add(r * DIGITS * at.width + v);
            let place = (Place { row: at.row + r, col, ..at }, lens);
            // SAFETY: the caller's contract; `lens` values from `col` are within the row, the factors, the bias and the
            // residual, and the rows within the tile.
            r += unsafe {
                if is_whole && at.rows - r >= ROWS {
                    pair::<S, T, DIGITS, ROWS, true>(s, ep, sums, out, place)
                } else if is_whole {
                    pair::<S, T, DIGITS, 1, true>(s, ep, sums, out, place)
                } else {
                    pair::<S, T, DIGITS, 1, false>(s, ep, sums, out, place)
                }
            };
        }
    }
}

/// Rows that go through the functions of an epilogue together, so that each is asked for once for all.
const ROWS: usize = 2;

/// [`finish`] of `R` rows of two vectors, whole ones if `WHOLE`; gives how many rows.
#[inline(always)]
unsafe fn pair<S: Simd, T: Stored, const DIGITS: usize, const R: usize, const WHOLE: bool>(
    s: S,
    ep: &Epilogue<'_>,
    sums: *const f32,
    out: SharedRows<'_, T>,
    (at, lens): (Place, [usize; 2]),
) -> usize {
    let lens = if WHOLE { [S::LANES; 2] } else { lens };
    let mut y = [[s.splat(0.0); 2]; R];
    /// Each vector with its row and its column.
    macro_rules! each {
        (|$y:ident, $r:ident, $v:ident| $body:expr) => {
            for ($r, y) in y.iter_mut().enumerate() {
                for ($v, $y) in y.iter_mut().enumerate() {
                    if WHOLE || lens[$v] > 0 {
                        $body
                    }
                }
            }
        };
    }
    // SAFETY: the caller's contract.
    unsafe {
        each!(|y, r, v| *y = s.load(sums.add(r * DIGITS * at.width + v * S::LANES)));
        if let Some(factors) = ep.factors {
            let outputs = read_two(s, factors.outputs.as_ptr().add(at.col), lens);
            each!(|y, r, v| {
                let mut sum = s.to_float(s.bits(*y));
                if DIGITS > 1 {
                    let less = s.load(sums.add((r * DIGITS + 1) * at.width + v * S::LANES));
                    sum = s.add(sum, s.mul(s.to_float(s.bits(less)), s.splat(1.0 / BASE)));
                }
                *y = s.mul(sum, s.mul(outputs[v], s.splat(factors.rows[at.row + r])));
            });
        }
        if let Some(scale) = ep.scale {
            each!(|y, _r, v| *y = s.mul(*y, s.splat(scale)));
        }
        if let Some(bias) = ep.bias {
            let bias = read_two(s, bias.as_ptr().add(at.col), lens);
            each!(|y, _r, v| *y = s.add(*y, bias[v]));
        }
        match ep.activation {
            None => (),
            Some(Activation::Gelu) => each!(|y, _r, v| *y = math::gelu(s, *y)),
            Some(Activation::GeluCoarse) => each!(|y, _r, v| *y = math::gelu_coarse(s, *y)),
        }
        macro_rules! to {
            ($r:expr, $v:expr) => {
                out.row(at.row + $r).wrapping_add(at.col + $v * S::LANES)
            };
        }
        match ep.residual {
            Residual::None => (),
            Residual::Rows(rows) => each!(|y, r, v| {
                let from = rows.row(at.row + r).as_ptr().add(at.col + v * S::LANES);
                *y = s.add(*y, read(s, from, lens[v]));
            }),
            Residual::InPlace => each!(|y, r, v| *y = s.add(*y, read(s, to!(r, v), lens[v]))),
        }
        each!(|y, r, v| T::store(s, to!(r, v), *y, lens[v]));
    }
    R
}

/// Two vectors, of so many values each; of the second there may be none.
#[inline(always)]
unsafe fn read_two<S: Simd>(s: S, p: *const f32, [first, second]: [usize; 2]) -> [S::V; 2] {
    // SAFETY: the caller vouches for the values.
    unsafe { [read(s, p, first), if second > 0 { read(s, p.add(S::LANES), second) } else { s.splat(0.0) }] }
}

#[inline(always)]
unsafe fn read<S: Simd, E: Element>(s: S, p: *const E, len: usize) -> S::V {
    debug_assert!(len <= MAX_LANES);
    // SAFETY: the caller vouches for `len` values.
    unsafe { if len == S::LANES { E::load(s, p) } else { E::load_part(s, p, len) } }
}
