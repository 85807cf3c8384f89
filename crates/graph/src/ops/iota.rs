//! iota: counting numbers. Not a range with a start or a step.

use super::{OpDef, OpError, arity, op};
use crate::{DType, Tensor, TensorType};

op! {
    /// `0, 1, 2, ...` as f32, exact below 2^24 (StableHLO iota).
    Iota = "iota" {
        /// How many.
        size: usize,
    }
}

impl OpDef for Iota {
    const CASES: &'static [&'static str] = &["iota {size=37}"];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        arity("iota", inputs, 0)?;
        super::require!(self.size < 1 << 24, "iota of {} numbers is not exact in f32", self.size);
        Ok(vec![TensorType::fixed(DType::F32, &[self.size])])
    }

    fn eval(&self, _: &[&Tensor], _: &[TensorType]) -> Vec<Tensor> {
        vec![Tensor::f32(&[self.size], (0..self.size).map(|i| i as f32).collect())]
    }
}
