//! softmax: over the last axis. Not its logarithm.

use super::{OpDef, OpError, arity, op, require};
use crate::{DType, Tensor, TensorType};

op! {
    /// `e^(x - max) / sum(e^(x - max))` over the last axis (ONNX Softmax, axis = -1). A row of nothing but
    /// -inf gives NaN.
    Softmax = "softmax" {}
}

impl OpDef for Softmax {
    const CASES: &'static [&'static str] =
        &["softmax f32[3, 37]", "softmax f32[2, 2, 1500]", "softmax f32[1]"];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        arity("softmax", inputs, 1)?;
        let x = &inputs[0];
        require!(x.dtype == DType::F32 && x.rank() > 0, "softmax: x is {x}, expected f32[..., n]");
        Ok(vec![x.clone()])
    }

    fn eval(&self, inputs: &[&Tensor], _: &[TensorType]) -> Vec<Tensor> {
        let x = inputs[0];
        let mut out = x.as_f32().to_vec();
        out.chunks_mut(x.dims[x.dims.len() - 1].max(1)).for_each(softmax);
        vec![Tensor::f32(&x.dims, out)]
    }
}

/// One row in place, summed in f64.
pub(super) fn softmax(row: &mut [f32]) {
    let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exps: Vec<f64> = row.iter().map(|x| f64::from(x - max).exp()).collect();
    let sum: f64 = exps.iter().sum();
    row.iter_mut().zip(exps).for_each(|(x, e)| *x = (e / sum) as f32);
}
