//! concat: joins tensors along one dimension. Not a stack: no dimension is added.

use super::{OpDef, OpError, op, require};
use crate::{Dim, Tensor, TensorType};

op! {
    /// The inputs one after the other along `axis`; all other sizes are equal (ONNX Concat).
    Concat = "concat" {
        /// The dimension.
        axis: usize,
    }
}

impl OpDef for Concat {
    const CASES: &'static [&'static str] = &[
        "concat f32[3, 4], f32[5, 4] {axis=0}",
        "concat f32[3, 4], f32[3, 1], f32[3, 7] {axis=1}",
        "concat i8[3, 4], i8[5, 4] {axis=0}",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        require!(!inputs.is_empty(), "concat takes at least one input, got none");
        let mut result = inputs[0].clone();
        require!(self.axis < result.rank(), "concat: input 0 is {result}, which has no axis {}", self.axis);
        let mut size = 0_usize;
        for (i, input) in inputs.iter().enumerate() {
            let mut other = input.clone();
            let fixed = other.shape.0.get(self.axis).and_then(Dim::as_fixed);
            require!(fixed.is_some(), "concat: axis {} of input {i} ({input}) is no constant", self.axis);
            size = size.saturating_add(fixed.unwrap_or_default());
            other.shape.0[self.axis] = inputs[0].shape.0[self.axis];
            require!(other == inputs[0], "concat: input {i} is {input}, which does not fit {}", inputs[0]);
        }
        result.shape.0[self.axis] = Dim::fixed(size);
        Ok(vec![result])
    }

    fn eval(&self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
        let dims = results[0].shape.as_fixed().unwrap_or_default();
        let outer: usize = dims[..self.axis].iter().product();
        let values: Vec<Vec<f32>> = inputs.iter().map(|t| t.to_f32()).collect();
        let mut out = Vec::new();
        for o in 0..outer {
            for v in &values {
                let run = v.len() / outer;
                out.extend_from_slice(&v[o * run..(o + 1) * run]);
            }
        }
        vec![Tensor::from_f32(results[0].dtype, &dims, out)]
    }
}
