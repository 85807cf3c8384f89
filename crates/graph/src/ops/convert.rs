//! convert: changes the element type. Not a reinterpretation of bits.

use super::{OpDef, OpError, arity, op};
use crate::{DType, Tensor, TensorType};

op! {
    /// The same values in another element type, rounded to nearest even, to whole numbers
    /// towards zero (ONNX Cast, StableHLO convert).
    Convert = "convert" {
        /// The element type of the result.
        to: DType,
    }
}

impl OpDef for Convert {
    const CASES: &'static [&'static str] = &[
        "convert f16[3, 37] {to=f32}",
        "convert bf16[3, 37] {to=f32}",
        "convert f32[3, 37] {to=f16}",
        "convert f32[3, 37] {to=bf16}",
        "convert bool[7] {to=f32}",
        "convert f32[3, 2] {to=i32}",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        arity("convert", inputs, 1)?;
        Ok(vec![inputs[0].with_dtype(self.to)])
    }

    fn eval(&self, inputs: &[&Tensor], _: &[TensorType]) -> Vec<Tensor> {
        vec![Tensor::from_f32(self.to, &inputs[0].dims, inputs[0].to_f32())]
    }
}
