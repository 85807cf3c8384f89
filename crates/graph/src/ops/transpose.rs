//! transpose: another order of the dimensions. Not a reshape.

use super::{OpDef, OpError, arity, elementwise::advance, op, require};
use crate::{Shape, Tensor, TensorType};

op! {
    /// Result dimension `i` is input dimension `perm[i]` (ONNX Transpose).
    Transpose = "transpose" {
        /// A permutation of the dimensions.
        perm: Vec<usize>,
    }
}

impl OpDef for Transpose {
    const CASES: &'static [&'static str] = &[
        "transpose f32[5, 7] {perm=[1, 0]}",
        "transpose f32[5, 2, 16] {perm=[1, 0, 2]}",
        "transpose f32[3, 4, 5] {perm=[2, 0, 1]}",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        arity("transpose", inputs, 1)?;
        let mut sorted = self.perm.clone();
        sorted.sort_unstable();
        let whole = sorted.iter().copied().eq(0..inputs[0].rank());
        require!(whole, "transpose: {:?} is not a permutation of the dimensions of {}", self.perm, inputs[0]);
        let shape = Shape(self.perm.iter().map(|p| inputs[0].shape.0[*p]).collect());
        Ok(vec![TensorType { dtype: inputs[0].dtype, shape }])
    }

    fn eval(&self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
        let x = inputs[0];
        let dims = results[0].shape.as_fixed().unwrap_or_default();
        let values = x.to_f32();
        let mut strides = vec![1; x.dims.len()];
        for i in (0..x.dims.len().saturating_sub(1)).rev() {
            strides[i] = strides[i + 1] * x.dims[i + 1];
        }
        let mut index = vec![0; dims.len()];
        let mut out = Vec::with_capacity(values.len());
        for _ in 0..values.len() {
            out.push(values[index.iter().zip(&self.perm).map(|(i, p)| i * strides[*p]).sum::<usize>()]);
            advance(&mut index, &dims);
        }
        vec![Tensor::from_f32(x.dtype(), &dims, out)]
    }
}
