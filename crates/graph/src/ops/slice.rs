//! slice: a run of one dimension. Not a gather: its bounds are constants.

use super::{OpDef, OpError, arity, op, require};
use crate::{Dim, Tensor, TensorType};

op! {
    /// Elements `start..end` of one dimension (ONNX Slice, one axis, step 1).
    Slice = "slice" {
        /// The dimension.
        axis: usize,
        /// The first element.
        start: usize,
        /// One past the last element.
        end: usize,
    }
}

impl OpDef for Slice {
    const CASES: &'static [&'static str] = &[
        "slice f32[3, 37] {axis=1, start=5, end=30}",
        "slice f32[9, 4] {axis=0, start=2, end=3}",
        "slice i32[9] {axis=0, start=0, end=4}",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        arity("slice", inputs, 1)?;
        let x = &inputs[0];
        require!(self.axis < x.rank(), "slice: input is {x}, which has no axis {}", self.axis);
        let size = x.shape.0[self.axis].as_fixed();
        require!(
            size.is_some_and(|n| self.start < self.end && self.end <= n),
            "slice: {}..{} is not within axis {} of {x}",
            self.start,
            self.end,
            self.axis
        );
        let mut result = x.clone();
        result.shape.0[self.axis] = Dim::fixed(self.end - self.start);
        Ok(vec![result])
    }

    fn eval(&self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
        let x = inputs[0];
        let inner: usize = x.dims[self.axis + 1..].iter().product();
        let step = x.dims[self.axis] * inner;
        let values = x.to_f32();
        let out =
            values.chunks(step).flat_map(|c| c[self.start * inner..self.end * inner].to_vec()).collect();
        vec![Tensor::from_f32(x.dtype(), &results[0].shape.as_fixed().unwrap_or_default(), out)]
    }
}
