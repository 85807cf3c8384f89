//! top_k: the largest elements of each row. Not a sort: only `k` are kept.

use super::{OpDef, OpError, arity, op, require};
use crate::{DType, Dim, Tensor, TensorType};

op! {
    /// The `k` largest elements of the last axis, largest first, and their indices as i32; of equal elements
    /// the lower index first (ONNX TopK, largest and sorted).
    TopK = "top_k" {
        /// How many.
        k: usize,
    }
}

impl OpDef for TopK {
    const CASES: &'static [&'static str] =
        &["top_k f32[3, 37] {k=1}", "top_k f32[2, 5186] {k=6}", "top_k f32[1, 5] {k=5}"];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        arity("top_k", inputs, 1)?;
        let x = &inputs[0];
        let n = x.shape.last().and_then(|d| d.as_fixed());
        require!(
            x.dtype == DType::F32 && n.is_some(),
            "top_k: x is {x}, expected f32[..., n] with constant n"
        );
        let fits = self.k > 0 && n.is_some_and(|n| self.k <= n);
        require!(fits, "top_k: k is {}, expected 1 up to the row length of {x}", self.k);
        let mut values = x.clone();
        values.shape.0[x.rank() - 1] = Dim::fixed(self.k);
        let indices = values.with_dtype(DType::I32);
        Ok(vec![values, indices])
    }

    fn eval(&self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
        let n = inputs[0].dims[inputs[0].dims.len() - 1];
        let (mut values, mut indices) = (Vec::new(), Vec::new());
        for row in inputs[0].as_f32().chunks(n) {
            let mut order: Vec<usize> = (0..n).collect();
            order.sort_by(|a, b| row[*b].total_cmp(&row[*a]).then(a.cmp(b)));
            values.extend(order[..self.k].iter().map(|i| row[*i]));
            indices.extend(order[..self.k].iter().map(|i| *i as i32));
        }
        let dims = results[0].shape.as_fixed().unwrap_or_default();
        vec![Tensor::f32(&dims, values), Tensor::i32(&dims, indices)]
    }
}
