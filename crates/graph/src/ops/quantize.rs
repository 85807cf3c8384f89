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

op! {
    /// Each row of `x[..., k]` as bytes and a factor: `q: i8[..., k]` and `s: f32[...]` with `x` near `q * s`.
    /// `s` is the row's greatest magnitude over 127, and `q` is `x * (127 / greatest)` rounded to nearest even; a row
    /// of zeros has `s` 0 (ONNX `DynamicQuantizeLinear`, symmetric and by row). With two digits `q` is
    /// `i8[..., 2, k]`: behind each row of bytes what they have left, in 254ths, so that `x` is near
    /// `(q0 + q1 / 254) * s`.
    Quantize = "quantize" {
        /// The bytes of a value: 1 or 2.
        digits: usize,
    }
}

impl OpDef for Quantize {
    const CASES: &'static [&'static str] = &[
        "quantize f32[3, 37] {digits=1}",
        "quantize f32[1, 512] {digits=1}",
        "quantize f32[2, 3, 130] {digits=1}",
        "quantize f32[1, 512] {digits=2}",
        "quantize f32[2, 3, 37] {digits=2}",
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
        let x = inputs[0].to_f32();
        let k = inputs[0].dims.last().copied().unwrap_or_default().max(1);
        let (mut bytes, mut factors) = (Vec::with_capacity(x.len()), Vec::new());
        for row in x.chunks(k) {
            let greatest = row.iter().fold(0.0f32, |m, x| m.max(x.abs()));
            let inverse = if greatest > 0.0 { MOST / greatest } else { 0.0 };
            bytes.extend(row.iter().map(|x| nearest(x * inverse)));
            if self.digits > 1 {
                bytes.extend(row.iter().map(|x| second(x * inverse)));
            }
            factors.push(greatest / MOST);
        }
        let [dims, rows] = [0, 1].map(|i| results[i].shape.as_fixed().unwrap_or_default());
        vec![Tensor { dims, data: Data::I8(bytes) }, Tensor::f32(&rows, factors)]
    }
}
