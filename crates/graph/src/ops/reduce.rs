//! reduce: one number for each row of the last axis. Not over other axes: transpose first.

use super::{OpDef, OpError, arity, attr::word_attr, op, require};
use crate::{DType, Dim, Tensor, TensorType};

word_attr! {
    /// Which number stands for a row.
    ReduceKind {
        /// The largest (ONNX ReduceMax).
        Max = "max",
        /// The sum (ONNX ReduceSum).
        Sum = "sum",
        /// The mean (ONNX ReduceMean).
        Mean = "mean",
        /// `log(sum(e^x))`, -inf for a row of nothing but -inf (ONNX ReduceLogSumExp).
        LogSumExp = "log_sum_exp",
    }
}

op! {
    /// The last axis reduced to size 1.
    Reduce = "reduce" {
        /// Which number stands for a row.
        kind: ReduceKind,
    }
}

impl OpDef for Reduce {
    const CASES: &'static [&'static str] = &[
        "reduce f32[3, 37] {kind=max}",
        "reduce f32[3, 37] {kind=sum}",
        "reduce f32[2, 3, 384] {kind=mean}",
        "reduce f32[3, 1501] {kind=log_sum_exp}",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        arity("reduce", inputs, 1)?;
        let mut result = inputs[0].clone();
        let rank = result.rank();
        require!(result.dtype == DType::F32 && rank > 0, "reduce: x is {result}, expected f32[..., n]");
        result.shape.0[rank - 1] = Dim::fixed(1);
        Ok(vec![result])
    }

    fn eval(&self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
        let n = inputs[0].dims[inputs[0].dims.len() - 1];
        let out = inputs[0].as_f32().chunks(n.max(1)).map(|row| reduce(self.kind, row)).collect();
        vec![Tensor::f32(&results[0].shape.as_fixed().unwrap_or_default(), out)]
    }
}

fn reduce(kind: ReduceKind, row: &[f32]) -> f32 {
    let sum = || row.iter().map(|x| f64::from(*x)).sum::<f64>();
    let max = || row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    match kind {
        ReduceKind::Max => max(),
        ReduceKind::Sum => sum() as f32,
        ReduceKind::Mean => (sum() / row.len() as f64) as f32,
        ReduceKind::LogSumExp => {
            let max = max();
            if max == f32::NEG_INFINITY {
                return max;
            }
            let sum: f64 = row.iter().map(|x| f64::from(x - max).exp()).sum();
            (f64::from(max) + sum.ln()) as f32
        }
    }
}
