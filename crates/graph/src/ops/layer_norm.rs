//! layer_norm: normalises over the last axis. Not the fused form with a residual.

use super::{OpDef, OpError, Quantize, arity, expect, op, require};
use crate::{DType, Tensor, TensorType};

op! {
    /// `(x - mean) / sqrt(var + eps) * gamma + beta` over the last axis (ONNX LayerNormalization, axis = -1). With
    /// `digits` the results are what `quantize` makes of these rows, rotated: bytes and factors.
    LayerNorm = "layer_norm" {
        /// Added to the variance; positive.
        eps: f32,
        /// The bytes of a value of the result: 1 or 2, or 0 where it is f32.
        digits: usize,
    }
}

impl OpDef for LayerNorm {
    const CASES: &'static [&'static str] = &[
        "layer_norm f32[2, 3, 384], f32[384], f32[384] {eps=1e-5, digits=0}",
        "layer_norm f32[5, 37], f32[37], f32[37] {eps=1e-5, digits=0}",
        "layer_norm f32[1, 512], f32[512], f32[512] {eps=1e-5, digits=0}",
        "layer_norm f32[2, 3, 384], f32[384], f32[384] {eps=1e-5, digits=1}",
        "layer_norm f32[5, 37], f32[37], f32[37] {eps=1e-5, digits=2}",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        arity("layer_norm", inputs, 3)?;
        let x = &inputs[0];
        require!(x.dtype == DType::F32 && x.rank() > 0, "layer_norm: x is {x}, expected f32[..., n]");
        require!(self.eps > 0.0, "layer_norm: eps is {}, expected a positive number", self.eps);
        require!(self.digits <= 2, "layer_norm: {} digits, expected 0, 1 or 2", self.digits);
        let row = TensorType::new(DType::F32, x.shape.last());
        expect("layer_norm: gamma", &inputs[1], &row)?;
        expect("layer_norm: beta", &inputs[2], &row)?;
        match self.digits {
            0 => Ok(vec![x.clone()]),
            digits => Quantize { digits, rotated: true }.infer(&inputs[..1]),
        }
    }

    fn eval(&self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
        let n = inputs[1].len();
        let (gamma, beta) = (inputs[1].as_f32(), inputs[2].as_f32());
        let mut out = Vec::with_capacity(inputs[0].len());
        for row in inputs[0].as_f32().chunks(n) {
            let mean = row.iter().map(|x| f64::from(*x)).sum::<f64>() / n as f64;
            let var = row.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / n as f64;
            let scale = 1.0 / (var + f64::from(self.eps)).sqrt();
            let affine = gamma.iter().zip(beta);
            out.extend(
                row.iter().zip(affine).map(|(x, (g, b))| ((f64::from(*x) - mean) * scale) as f32 * g + b),
            );
        }
        let rows = Tensor::f32(&inputs[0].dims, out);
        match self.digits {
            0 => vec![rows],
            digits => Quantize { digits, rotated: true }.eval(&[&rows], results),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_computed_row() {
        let row = |v: &[f32]| Tensor::f32(&[v.len()], v.to_vec());
        let (x, gamma, beta) = (row(&[1.0, 3.0]), row(&[2.0, 2.0]), row(&[0.5, 0.5]));
        let out = LayerNorm { eps: 1e-5, digits: 0 }.eval(&[&x, &gamma, &beta], &[x.ty()]);
        let scaled = 2.0 / (1.0_f64 + 1e-5).sqrt();
        assert_eq!(out[0].as_f32(), [(-scaled) as f32 + 0.5, scaled as f32 + 0.5]);
    }

    #[test]
    fn a_gamma_of_the_wrong_length_is_refused() {
        let ty = |dims: &[usize]| TensorType::fixed(DType::F32, dims);
        let norm = LayerNorm { eps: 1e-5, digits: 0 };
        let error = norm.infer(&[ty(&[2, 8]), ty(&[4]), ty(&[8])]).unwrap_err();
        assert_eq!(error.to_string(), "layer_norm: gamma is f32[4], expected f32[8]");
    }

    #[test]
    fn digits_are_those_of_the_rows() {
        let row = |v: &[f32]| Tensor::f32(&[1, v.len()], v.to_vec());
        let (x, one) = (row(&[0.0, 0.0, 0.0, 4.0]), Tensor::f32(&[4], vec![1.0; 4]));
        let zero = Tensor::f32(&[4], vec![0.0; 4]);
        let norm = LayerNorm { eps: 1e-30, digits: 2 };
        let types = norm.infer(&[x.ty(), one.ty(), zero.ty()]).unwrap();
        assert_eq!(types.iter().map(ToString::to_string).collect::<Vec<_>>(), ["i8[1, 2, 4]", "f32[1]"]);
        let out = norm.eval(&[&x, &one, &zero], &types);
        // Three values are a third of the last: 42 steps and 85 of 254ths, for 42 and a third.
        assert_eq!(out[0].to_f32(), [-42.0, -42.0, -42.0, 127.0, -85.0, -85.0, -85.0, 0.0]);
        assert_eq!(out[1].as_f32(), [3.0_f32.sqrt() / 127.0]);
        let error = LayerNorm { digits: 3, ..norm }.infer(&[x.ty(), one.ty(), zero.ty()]).unwrap_err();
        assert_eq!(error.to_string(), "layer_norm: 3 digits, expected 0, 1 or 2");
    }
}
