//! reduce: one number for each row of one axis. Not over several axes at once.

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
    /// One axis reduced to size 1.
    Reduce = "reduce" {
        /// Which number stands for a row.
        kind: ReduceKind,
        /// The axis, counted from behind: -1 is the last.
        axis: i64,
    }
}

impl Reduce {
    /// The place of the axis among `rank`; `None` if there is no such axis.
    pub fn place(&self, rank: usize) -> Option<usize> {
        usize::try_from(self.axis.checked_neg()?)
            .ok()
            .filter(|back| *back > 0)
            .and_then(|back| rank.checked_sub(back))
    }
}

impl OpDef for Reduce {
    const CASES: &'static [&'static str] = &[
        "reduce f32[3, 37] {kind=max, axis=-1}",
        "reduce f32[3, 37] {kind=sum, axis=-1}",
        "reduce f32[2, 3, 384] {kind=mean, axis=-1}",
        "reduce f32[3, 1501] {kind=log_sum_exp, axis=-1}",
        "reduce f32[37, 3] {kind=max, axis=-2}",
        "reduce f32[2, 70, 150] {kind=mean, axis=-2}",
        "reduce f32[4, 7, 150] {kind=sum, axis=-3}",
        "reduce f32[2, 19, 37] {kind=log_sum_exp, axis=-2}",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        arity("reduce", inputs, 1)?;
        let mut result = inputs[0].clone();
        require!(result.dtype == DType::F32, "reduce: x is {result}, expected f32");
        let (axis, rank) = (self.axis, result.rank());
        let place = self.place(rank);
        let place = place
            .ok_or_else(|| OpError(format!("reduce: axis {axis} of {result}, expected -{rank} to -1")))?;
        result.shape.0[place] = Dim::fixed(1);
        Ok(vec![result])
    }

    fn eval(&self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
        let (x, dims) = (inputs[0].as_f32(), &inputs[0].dims);
        let place = self.place(dims.len()).expect("the types are checked");
        let (n, inner): (usize, usize) = (dims[place], dims[place + 1..].iter().product());
        let outer: usize = dims[..place].iter().product();
        let row = |i: usize, j: usize| (0..n).map(|k| x[(i * n + k) * inner + j]).collect::<Vec<_>>();
        let out = (0..outer)
            .flat_map(|i| (0..inner).map(move |j| (i, j)))
            .map(|(i, j)| reduce(self.kind, &row(i, j)));
        vec![Tensor::f32(&results[0].shape.as_fixed().unwrap_or_default(), out.collect())]
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
