//! quantize: rows of floats as bytes with a factor each. Not a conversion: bytes alone have lost their scale.

use super::{OpDef, OpError, arity, op, require};
use crate::{DType, Data, Shape, Tensor, TensorType};

/// The greatest byte: -128 is never used, so that a value and its negative are as far from zero.
pub const MOST: f32 = 127.0;

/// What a step of the first digit is in steps of the second, so that half a step is [`MOST`] of them.
pub const BASE: f32 = 2.0 * MOST;

/// The whole number nearest to `x`, of two the even one, for `|x| <= 127`: the lowest bits of a float so large that its
/// steps are 1. Whole vocabularies are rounded when a model is loaded, and a call for each number would take seconds.
#[inline(always)]
pub fn nearest(x: f32) -> i8 {
    const LARGE: f32 = 12_582_912.0; // 1.5 * 2^23
    (x + LARGE).to_bits() as i8
}

/// The second digit of `x`, whose first is [`nearest`].
fn second(x: f32) -> i8 {
    nearest((x - f32::from(nearest(x))) * BASE)
}

/// The parts into which a row of `k` values is cut to be rotated: the greatest power of two up to 32 that leaves each a
/// multiple of 16 values; one where there is none.
pub const fn parts(k: usize) -> usize {
    let mut parts = 1;
    while parts < 32 && k.is_multiple_of(2 * parts * 16) {
        parts *= 2;
    }
    parts
}

/// Multiplies what stands at the same place of each of the [`parts`] of a row by a Hadamard matrix of that order, in
/// Sylvester's construction, by sums and differences over ever greater distances, and gives their count. The matrix is not
/// normalised: what comes is the square root of that count times as long as the row.
pub(super) fn rotate(row: &mut [f32]) -> usize {
    let parts = parts(row.len());
    let mut distance = row.len() / parts;
    while distance < row.len() {
        for pair in row.chunks_mut(2 * distance) {
            let (low, high) = pair.split_at_mut(distance);
            for (a, b) in low.iter_mut().zip(high) {
                (*a, *b) = (*a + *b, *a - *b);
            }
        }
        distance *= 2;
    }
    parts
}

/// The factor of a row whose greatest magnitude is `greatest`, rotated in so many parts.
#[inline]
pub fn factor(greatest: f32, parts: usize) -> f32 {
    greatest / MOST / (parts as f32).sqrt()
}

/// The greatest magnitude of a row.
fn greatest(row: &[f32]) -> f32 {
    row.iter().fold(0.0, |m, x| m.max(x.abs()))
}

/// What a row whose greatest magnitude is `greatest` is times to be bytes.
#[inline]
pub fn inverse(greatest: f32) -> f32 {
    if greatest > 0.0 { MOST / greatest } else { 0.0 }
}

op! {
    /// Each row of `x[..., k]` as bytes and a factor: `q: i8[..., k]` and `s: f32[...]` with `x` near `q * s`.
    /// `s` is the row's greatest magnitude over 127, and `q` is `x * (127 / greatest)` rounded to nearest even; a row
    /// of zeros has `s` 0 (ONNX `DynamicQuantizeLinear`, symmetric and by row). With two digits `q` is
    /// `i8[..., 2, k]`: behind each row of bytes what they have left, in 254ths, so that `x` is near
    /// `(q0 + q1 / 254) * s`.
    ///
    /// With `rotated` this is done of rows that are rotated first: each is cut into `n` parts, where `n` is the greatest
    /// power of two up to 32 that leaves them a multiple of 16 values, and what stands at the same place of each part is
    /// multiplied by the orthonormal Hadamard matrix of order `n` (Sylvester's). The product of two rotated rows is that
    /// of the rows, but what is far greater than the rest of its row no longer leaves the rest few steps (QuaRot,
    /// <https://arxiv.org/abs/2404.00456>).
    Quantize = "quantize" {
        /// The bytes of a value: 1 or 2.
        digits: usize,
        /// Whether rows are rotated first.
        rotated: bool,
    }
}

impl OpDef for Quantize {
    const CASES: &'static [&'static str] = &[
        "quantize f32[3, 37] {digits=1, rotated=false}",
        "quantize f32[1, 512] {digits=1, rotated=false}",
        "quantize f32[2, 3, 130] {digits=1, rotated=false}",
        "quantize f32[1, 512] {digits=2, rotated=false}",
        "quantize f32[2, 3, 37] {digits=2, rotated=false}",
        "quantize f32[1, 512] {digits=1, rotated=true}",
        "quantize f32[2, 3, 384] {digits=2, rotated=true}",
        "quantize f32[3, 37] {digits=1, rotated=true}",
        "quantize bf16[3, 8, 64] {digits=1, rotated=false}",
        "quantize bf16[5, 96] {digits=2, rotated=true}",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        arity("quantize", inputs, 1)?;
        let x = &inputs[0];
        require!(x.dtype.is_float() && x.rank() > 0, "quantize: x is {x}, expected rows of floats");
        require!([1, 2].contains(&self.digits), "quantize: {} digits, expected 1 or 2", self.digits);
        let rows = Shape(x.shape.0[..x.rank() - 1].to_vec());
        let mut bytes = x.with_dtype(DType::I8);
        if self.digits > 1 {
            bytes.shape.0.insert(x.rank() - 1, self.digits.into());
        }
        Ok(vec![bytes, TensorType { dtype: DType::F32, shape: rows }])
    }

    fn eval(&self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
        let mut x = inputs[0].to_f32();
        let k = inputs[0].dims.last().copied().unwrap_or_default().max(1);
        let (mut bytes, mut factors) = (Vec::with_capacity(x.len()), Vec::new());
        for row in x.chunks_mut(k) {
            let parts = if self.rotated { rotate(row) } else { 1 };
            let greatest = greatest(row);
            let inverse = inverse(greatest);
            bytes.extend(row.iter().map(|x| nearest(x * inverse)));
            if self.digits > 1 {
                bytes.extend(row.iter().map(|x| second(x * inverse)));
            }
            factors.push(factor(greatest, parts));
        }
        let [dims, rows] = [0, 1].map(|i| results[i].shape.as_fixed().unwrap_or_default());
        vec![Tensor { dims, data: Data::I8(bytes) }, Tensor::f32(&rows, factors)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_cut_into_whole_vectors() {
        let widths = [1, 16, 24, 32, 37, 64, 130, 384, 512, 768, 1024, 1280, 1536, 5120];
        assert_eq!(widths.map(parts), [1, 1, 1, 2, 1, 4, 1, 8, 32, 16, 32, 16, 32, 32]);
    }

    #[test]
    fn a_rotation_keeps_lengths_and_angles() {
        let [mut x, mut y] = [3, 5].map(|m| (0..384).map(|i| (i * m % 17) as f32 - 8.0).collect::<Vec<_>>());
        let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f32>();
        let before = [dot(&x, &x), dot(&x, &y)];
        rotate(&mut x);
        rotate(&mut y);
        // Eight parts, and sums of small whole numbers are exact.
        assert_eq!([dot(&x, &x), dot(&x, &y)], before.map(|d| 8.0 * d));
    }

    #[test]
    fn one_great_value_is_spread_over_the_parts() {
        let mut x = vec![0.0; 64];
        x[20] = -8.0;
        let x = Tensor::f32(&[1, 64], x);
        let op = Quantize { digits: 1, rotated: true };
        let out = op.eval(&[&x], &op.infer(&[x.ty()]).unwrap());
        let mut want = vec![0.0; 64];
        for (at, byte) in [(4, -127.0), (20, 127.0), (36, -127.0), (52, 127.0)] {
            want[at] = byte;
        }
        assert_eq!(out[0].to_f32(), want);
        assert_eq!(out[1].as_f32(), [4.0 / 127.0]);
    }
}
