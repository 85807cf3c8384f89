//! picked_linear: a linear layer of which each row picks its outputs. Not `linear`, which gives all of them.

use super::{OpDef, OpError, arity, op, require};
use crate::{DType, Tensor, TensorType};

op! {
    /// Outputs `ids[i, j]` of row `i` of the linear layer `x w^T`, for each place of `ids: i32[m, p]`: `x: f32[m, k]` and
    /// `w: [n, k]` of any floats to `f32[m, p]` (a sampled product, SDDMM: ONNX Gather of rows of `w`, then MatMul).
    PickedLinear = "picked_linear" {}
}

impl OpDef for PickedLinear {
    const CASES: &'static [&'static str] = &[
        "picked_linear f32[3, 37], f32[50, 37], i32[3, 6]",
        "picked_linear f32[5, 512], f16[70, 512], i32[5, 16]",
        "picked_linear f32[1, 300], bf16[9, 300], i32[1, 11]",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        arity("picked_linear", inputs, 3)?;
        let (x, w, ids) = (&inputs[0], &inputs[1], &inputs[2]);
        require!(x.dtype == DType::F32 && x.rank() == 2, "picked_linear: x is {x}, expected f32[m, k]");
        let [rows, k] = [x.shape.0[0], x.shape.0[1]];
        let floats = matches!(w.dtype, DType::F32 | DType::F16 | DType::BF16);
        let fits = floats && w.rank() == 2 && w.shape.0[1] == k;
        require!(fits, "picked_linear: w is {w}, expected f32, f16 or bf16[n, {k}]");
        let fits = ids.dtype == DType::I32 && ids.rank() == 2 && ids.shape.0[0] == rows;
        require!(fits, "picked_linear: the indices are {ids}, expected i32[{rows}, p]");
        Ok(vec![ids.with_dtype(DType::F32)])
    }

    fn eval(&self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
        let (x, w, k, p) = (inputs[0].as_f32(), inputs[1].to_f32(), inputs[0].dims[1], inputs[2].dims[1]);
        let product = |(at, id): (usize, &i32)| {
            let (x, w) = (&x[at / p * k..][..k], &w[*id as usize * k..][..k]);
            x.iter().zip(w).map(|(x, w)| x * w).sum()
        };
        let out = inputs[2].as_i32().iter().enumerate().map(product).collect();
        vec![Tensor::f32(&results[0].shape.as_fixed().unwrap_or_default(), out)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;

    #[test]
    fn each_row_is_multiplied_with_the_rows_that_it_picks() {
        let (op, types) = text::parse_case("picked_linear f32[2, 2], f16[3, 2], i32[2, 2]").unwrap();
        let x = Tensor::f32(&[2, 2], vec![1.0, 10.0, 2.0, -1.0]);
        let w = Tensor::from_f32(DType::F16, &[3, 2], vec![1.0, 2.0, 3.0, 4.0, 0.5, 0.25]);
        let ids = Tensor::i32(&[2, 2], vec![2, 0, 1, 1]);
        let out = op.eval(&[&x, &w, &ids], &op.infer(&types).unwrap());
        assert_eq!((&out[0].dims[..], out[0].as_f32()), (&[2, 2][..], &[3.0, 21.0, 2.0, 2.0][..]));
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_numbers() {
        let refused = |case: &str| text::parse_case(case).unwrap_err().message;
        assert_eq!(
            refused("picked_linear f32[2, 3], f16[9, 4], i32[2, 5]"),
            "picked_linear: w is f16[9, 4], expected f32, f16 or bf16[n, 3]"
        );
        assert_eq!(
            refused("picked_linear f32[2, 3], f16[9, 3], i32[3, 5]"),
            "picked_linear: the indices are i32[3, 5], expected i32[2, p]"
        );
        assert_eq!(
            refused("picked_linear bf16[2, 3], f16[9, 3], i32[2, 5]"),
            "picked_linear: x is bf16[2, 3], expected f32[m, k]"
        );
    }
}
