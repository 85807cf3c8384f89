//! linear: a whole linear layer with what follows it. Not written by model builders beyond `x w^T`: bias,
//! activation and residual are joined by a compiler pass.

use super::quantize::BASE;
use super::{OpDef, OpError, Quantize, attr::word_attr, op, require};
use crate::scalar::Expr;
use crate::{DType, Dim, Shape, Tensor, TensorType};

word_attr! {
    /// What is applied to the sum before the residual is added.
    Activation {
        /// Nothing.
        None = "none",
        /// The erf form of GELU.
        Gelu = "gelu",
    }
}

impl Activation {
    /// The value for `x`.
    pub fn eval(self, x: f32, gelu: &Expr, scratch: &mut Vec<f32>) -> f32 {
        match self {
            Activation::None => x,
            Activation::Gelu => gelu.eval(&[x], scratch),
        }
    }
}

op! {
    /// `activation(x w^T + b) + residual`: `x: f32[..., k]`, `w[out, k]` of any float type, `b: f32[out]`,
    /// `residual: f32[..., out]` (ONNX Gemm with transB, then an activation and an addition). With `x` and `w` of
    /// bf16 the factors are bf16 and the sums f32. With both of i8, as `quantize` gives them, the factors of the rows
    /// of `x` and of `w` follow `w`, and the product is `(x w^T) * s_x * s_w`, its sums exact (ONNX `MatMulInteger`);
    /// so with `w` of i4, as `quantize_low_rank` gives it.
    /// With `x: i8[..., 2, k]` beside factors of as many rows as the result has, `x w^T` is that of both digits.
    /// Of narrow factors a device may compute GELU within 1e-4. What comes of narrow factors without a residual may be
    /// written as bf16, rounded to nearest even at the very end; what comes of bytes may be written as i8: then the
    /// results are what `quantize` makes of these rows in one digit, rotated: bytes and factors.
    Linear = "linear" {
        /// Applied to the sum.
        activation: Activation,
        /// Whether `b` is an input.
        bias: bool,
        /// Whether `residual` is the last input.
        residual: bool,
        /// The element type of the result: f32, bf16 or i8.
        to: DType,
        /// How many results of equal width the columns are cut into, in order (ONNX Split behind the Gemm). Of several, a
        /// device may ask for widths that are multiples of 64.
        parts: usize,
    }
}

impl Linear {
    /// The most results.
    pub const MOST_PARTS: usize = 4;

    /// `x w^T` and nothing else.
    pub const PLAIN: Linear =
        Linear { activation: Activation::None, bias: false, residual: false, to: DType::F32, parts: 1 };

    /// The first input behind the factors, whose element type is `x`: the bias, or what follows it.
    pub const fn behind(x: DType) -> usize {
        if matches!(x, DType::I8) { 4 } else { 2 }
    }

    /// Rows of an operand of `x` dimensions for a row of the result: the digits of bytes, whose factors have `factors`
    /// dimensions.
    pub const fn digits(x: usize, factors: usize) -> usize {
        if x == factors + 2 { 2 } else { 1 }
    }
}

impl OpDef for Linear {
    const CASES: &'static [&'static str] = &[
        "linear f32[5, 16], f32[33, 16] {activation=none, bias=false, residual=false, to=f32, parts=1}",
        "linear f32[1, 512], f16[70, 512], f32[70] {activation=none, bias=true, residual=false, to=f32, parts=1}",
        "linear f32[8, 384], f32[96, 384], f32[96] {activation=gelu, bias=true, residual=false, to=f32, parts=1}",
        "linear f32[40, 384], bf16[65, 384], f32[65], f32[40, 65] {activation=none, bias=true, residual=true, to=f32, parts=1}",
        "linear f32[2, 3, 24], f32[40, 24], f32[2, 3, 40] {activation=gelu, bias=false, residual=true, to=f32, parts=1}",
        "linear f32[130, 700], f32[200, 700] {activation=none, bias=false, residual=false, to=f32, parts=1}",
        "linear bf16[5, 16], bf16[33, 16] {activation=none, bias=false, residual=false, to=f32, parts=1}",
        "linear bf16[1, 75], bf16[70, 75], f32[70] {activation=gelu, bias=true, residual=false, to=f32, parts=1}",
        "linear bf16[130, 700], bf16[200, 700], f32[200], f32[130, 200] {activation=none, bias=true, residual=true, to=f32, parts=1}",
        "linear i8[5, 16], i8[33, 16], f32[5], f32[33] {activation=none, bias=false, residual=false, to=f32, parts=1}",
        "linear i8[1, 75], i8[70, 75], f32[1], f32[70], f32[70] {activation=gelu, bias=true, residual=false, to=f32, parts=1}",
        "linear i8[130, 700], i8[200, 700], f32[130], f32[200], f32[200], f32[130, 200] {activation=none, bias=true, residual=true, to=f32, parts=1}",
        "linear i8[2, 9, 64], i8[40, 64], f32[2, 9], f32[40], f32[2, 9, 40] {activation=none, bias=false, residual=true, to=f32, parts=1}",
        "linear bf16[2, 9, 64], bf16[40, 64] {activation=none, bias=false, residual=false, to=bf16, parts=1}",
        "linear bf16[130, 75], bf16[70, 75], f32[70] {activation=gelu, bias=true, residual=false, to=bf16, parts=1}",
        "linear i8[5, 16], i8[33, 16], f32[5], f32[33], f32[33] {activation=gelu, bias=true, residual=false, to=bf16, parts=1}",
        "linear i8[130, 700], i8[200, 700], f32[130], f32[200] {activation=none, bias=false, residual=false, to=bf16, parts=1}",
        "linear i8[5, 16], i8[33, 16], f32[5], f32[33] {activation=none, bias=false, residual=false, to=i8, parts=1}",
        "linear i8[130, 700], i8[200, 700], f32[130], f32[200], f32[200] {activation=gelu, bias=true, residual=false, to=i8, parts=1}",
        "linear i8[9, 64], i8[256, 64], f32[9], f32[256] {activation=none, bias=false, residual=false, to=i8, parts=1}",
        "linear i8[2, 9, 2, 64], i8[40, 64], f32[2, 9], f32[40] {activation=none, bias=false, residual=false, to=i8, parts=1}",
        "linear i8[1, 2, 75], i8[70, 75], f32[1], f32[70], f32[70] {activation=gelu, bias=true, residual=false, to=f32, parts=1}",
        "linear i8[5, 16], i4[33, 16], f32[5], f32[33] {activation=none, bias=false, residual=false, to=f32, parts=1}",
        "linear i8[130, 700], i4[200, 700], f32[130], f32[200], f32[200], f32[130, 200] {activation=none, bias=true, residual=true, to=f32, parts=1}",
        "linear i8[9, 64], i4[256, 64], f32[9], f32[256] {activation=none, bias=false, residual=false, to=i8, parts=1}",
        "linear i8[1, 2, 75], i4[70, 75], f32[1], f32[70], f32[1, 70] {activation=none, bias=false, residual=true, to=f32, parts=1}",
        "linear i8[65, 2, 700], i8[200, 700], f32[65], f32[200], f32[200], f32[65, 200] {activation=none, bias=true, residual=true, to=f32, parts=1}",
        "linear f32[5, 16], f32[192, 16], f32[192] {activation=none, bias=true, residual=false, to=f32, parts=3}",
        "linear f32[2, 65, 70], f16[256, 70] {activation=gelu, bias=false, residual=false, to=f32, parts=4}",
        "linear bf16[130, 75], bf16[128, 75], f32[128] {activation=none, bias=true, residual=false, to=bf16, parts=2}",
        "linear i8[1, 2, 75], i8[192, 75], f32[1], f32[192], f32[192] {activation=none, bias=true, residual=false, to=f32, parts=3}",
        "linear i8[130, 700], i8[384, 700], f32[130], f32[384] {activation=gelu, bias=false, residual=false, to=bf16, parts=3}",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        require!(inputs.len() >= 2, "linear takes x and w at least, got {}", inputs.len());
        let (x, w) = (&inputs[0], &inputs[1]);
        let behind = Linear::behind(x.dtype);
        super::arity("linear", inputs, behind + usize::from(self.bias) + usize::from(self.residual))?;
        require!(
            (factors(x).is_some() || x.dtype == DType::I8) && x.rank() > 0,
            "linear: x is {x}, expected f32[..., k], bf16[..., k] or i8[..., k]"
        );
        let k = x.shape.0[x.rank() - 1];
        let fits = fits(x, w) && w.rank() == 2 && w.shape.0[1] == k;
        require!(
            fits,
            "linear: w is {w}, expected {} matrix [out, {k}] for x of {x}",
            factors(x).unwrap_or("an i8")
        );
        let is_written = match self.to {
            DType::F32 => true,
            DType::BF16 => x.dtype != DType::F32 && !self.residual,
            DType::I8 => x.dtype == DType::I8 && !self.residual,
            _ => false,
        };
        require!(
            is_written,
            "linear: the result is {} of x of {x} with residual={}, expected f32, or without a residual bf16 of narrow factors or i8 of i8",
            self.to,
            self.residual
        );
        let out = w.shape.0[0];
        let is_cut = self.parts == 1
            || out
                .as_fixed()
                .is_some_and(|n| (2..=Linear::MOST_PARTS).contains(&self.parts) && n % self.parts == 0)
                && !self.residual
                && self.to != DType::I8;
        require!(
            is_cut,
            "linear: {out} outputs in {} parts, expected up to {} of equal width, without a residual and not of i8",
            self.parts,
            Linear::MOST_PARTS
        );
        let mut result = x.with_dtype(self.to);
        result.shape.0[x.rank() - 1] = out;
        if x.dtype == DType::I8 {
            if Linear::digits(x.rank(), inputs[2].rank()) == 2 && x.shape.0[x.rank() - 2] == 2.into() {
                result.shape.0.remove(x.rank() - 2);
            }
            let rows = Shape(result.shape.0[..result.rank() - 1].to_vec());
            super::expect(
                "linear: the factors of x",
                &inputs[2],
                &TensorType { dtype: DType::F32, shape: rows },
            )?;
            super::expect("linear: the factors of w", &inputs[3], &TensorType::new(DType::F32, [out]))?;
        }
        if self.bias {
            super::expect("linear: the bias", &inputs[behind], &TensorType::new(DType::F32, [out]))?;
        }
        if self.residual {
            super::expect("linear: the residual", &inputs[inputs.len() - 1], &result)?;
        }
        match self.to {
            DType::I8 => Quantize { digits: 1, rotated: true }.infer(&[result.with_dtype(DType::F32)]),
            _ if self.parts == 1 => Ok(vec![result]),
            _ => {
                let last = result.rank() - 1;
                result.shape.0[last] = Dim::fixed(out.as_fixed().unwrap_or_default() / self.parts);
                Ok(vec![result; self.parts])
            }
        }
    }

    fn eval(&self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
        let k = inputs[1].dims[1];
        let x = inputs[0].to_f32();
        let digits = Linear::digits(inputs[0].dims.len(), results[0].rank() - 1);
        let out = eval_rows(x.chunks(digits * k), inputs, self);
        let dims = results[0].shape.as_fixed().unwrap_or_default();
        match self.to {
            DType::I8 => Quantize { digits: 1, rotated: true }.eval(&[&Tensor::f32(&dims, out)], results),
            to => {
                let n = inputs[1].dims[0];
                let width = n / self.parts;
                let part = |i: usize| {
                    out.chunks(n.max(1)).flat_map(move |row| row[i * width..][..width].iter().copied())
                };
                (0..self.parts).map(|i| Tensor::from_f32(to, &dims, part(i).collect())).collect()
            }
        }
    }
}

/// `activation(row w^T + b) + residual` for each row; `w` is `inputs[1]`, bias and residual stand behind it. A row of
/// bytes is one digit after the other.
pub(super) fn eval_rows<'a>(
    rows: impl Iterator<Item = &'a [f32]>,
    inputs: &[&Tensor],
    form: &Linear,
) -> Vec<f32> {
    let w = inputs[1].to_f32();
    let n = inputs[1].dims[0];
    let k = w.len() / n.max(1);
    let behind = Linear::behind(inputs[0].dtype());
    let factors = (behind > 2).then(|| (inputs[2].as_f32(), inputs[3].as_f32()));
    let residual = form.residual.then(|| inputs[inputs.len() - 1].as_f32());
    let (gelu, mut scratch) = (super::Elementwise::Gelu.expr(), Vec::new());
    let mut out = Vec::new();
    for (i, row) in rows.enumerate() {
        for j in 0..n {
            let w_row = &w[j * k..(j + 1) * k];
            let mut sum: f32 = match factors {
                Some((x, w)) => {
                    // Bytes add up exactly.
                    let sum = |digit: &[f32]| {
                        digit.iter().zip(w_row).map(|(x, w)| (x * w) as i32).sum::<i32>() as f32
                    };
                    row.chunks(k).rev().fold(0.0, |less, digit| sum(digit) + less / BASE) * (x[i] * w[j])
                }
                None => row.iter().zip(w_row).map(|(x, w)| x * w).sum(),
            };
            if form.bias {
                sum += inputs[behind].as_f32()[j];
            }
            let value = form.activation.eval(sum, &gelu, &mut scratch);
            out.push(value + residual.map_or(0.0, |r| r[out.len()]));
        }
    }
    out
}

/// What the weights for `x` are, in words; `None` if products take no such `x`.
pub(super) fn factors(x: &TensorType) -> Option<&'static str> {
    match x.dtype {
        DType::F32 => Some("a float"),
        DType::BF16 => Some("a bf16"),
        _ => None,
    }
}

/// Whether weights of the element type of `w` multiply `x`.
pub(super) fn fits(x: &TensorType, w: &TensorType) -> bool {
    w.dtype == x.dtype
        || w.dtype.is_float() && x.dtype == DType::F32
        || w.dtype == DType::I4 && x.dtype == DType::I8
}

/// The number of outputs of a weight matrix, for shape rules.
pub(super) fn outputs(w: &TensorType) -> Option<Dim> {
    w.shape.0.first().copied()
}
