//! mask_spans: bans runs of columns row by row. Not a general mask: that is a select.

use super::{OpDef, OpError, arity, op, require};
use crate::{DType, Tensor, TensorType};

op! {
    /// `x: f32[m, v]` with -inf in columns `a..b` of row `i` for each pair `a, b` of row `i` of
    /// `spans: i32[m, 2*s]`; a span with `a >= b` is empty, and columns beyond the last are ignored.
    MaskSpans = "mask_spans" {}
}

impl OpDef for MaskSpans {
    const CASES: &'static [&'static str] =
        &["mask_spans f32[3, 37], i32[3, 4]", "mask_spans f32[1, 9], i32[1, 2]"];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        arity("mask_spans", inputs, 2)?;
        let (x, spans) = (&inputs[0], &inputs[1]);
        require!(x.dtype == DType::F32 && x.rank() == 2, "mask_spans: x is {x}, expected f32[m, v]");
        let pairs = spans.shape.last().and_then(|d| d.as_fixed()).is_some_and(|n| n.is_multiple_of(2));
        let fits =
            spans.dtype == DType::I32 && spans.rank() == 2 && pairs && spans.shape.0[0] == x.shape.0[0];
        require!(fits, "mask_spans: the spans are {spans}, expected i32[{}, 2*s]", x.shape.0[0]);
        Ok(vec![x.clone()])
    }

    fn eval(&self, inputs: &[&Tensor], _: &[TensorType]) -> Vec<Tensor> {
        let mut out = inputs[0].as_f32().to_vec();
        let rows = out.chunks_mut(inputs[0].dims[1]).zip(inputs[1].as_i32().chunks(inputs[1].dims[1]));
        for (row, spans) in rows {
            for span in spans.chunks(2) {
                let (from, to) = (span[0].max(0) as usize, (span[1].max(0) as usize).min(row.len()));
                if from < to {
                    row[from..to].fill(f32::NEG_INFINITY);
                }
            }
        }
        vec![Tensor::f32(&inputs[0].dims, out)]
    }
}
