//! constant: one number. Not a weight: tables come from the model's weights.

use super::{OpDef, OpError, arity, op};
use crate::{DType, Tensor, TensorType};

op! {
    /// A scalar (ONNX Constant).
    Constant = "constant" {
        /// The number.
        value: f32,
    }
}

impl OpDef for Constant {
    const CASES: &'static [&'static str] = &["constant {value=0.125}", "constant {value=-inf}"];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        arity("constant", inputs, 0)?;
        Ok(vec![TensorType::fixed(DType::F32, &[])])
    }

    fn eval(&self, _: &[&Tensor], _: &[TensorType]) -> Vec<Tensor> {
        vec![Tensor::f32(&[], vec![self.value])]
    }
}
