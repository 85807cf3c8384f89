//! attention: every query attends to every key. Not causal, no cache: see `cached_attention`.

use super::{OpDef, OpError, arity, op, require, softmax::softmax};
use crate::{DType, Tensor, TensorType};

op! {
    /// Multi-head attention without a mask: `q: f32[t, w]`, `k, v: f32[s, w]`, heads side by side in `w`;
    /// for each head `softmax(scale * q k^T) v` (ONNX Attention, `qk_matmul_output` unused). With q, k and v of
    /// bf16 the factors are bf16, and a device may round those of the values, too; scores, sums and the result are
    /// f32. With `in_bytes` a device that multiplies bytes faster may round as `quantize` does, in one digit, each head's
    /// part of a row of q, its parts of some rows of k, its columns of some rows of v, and the weights of those in steps
    /// of the greatest.
    Attention = "attention" {
        /// How many heads share the width.
        heads: usize,
        /// Multiplies the scores.
        scale: f32,
        /// Whether factors may be bytes.
        in_bytes: bool,
    }
}

impl OpDef for Attention {
    const CASES: &'static [&'static str] = &[
        "attention f32[37, 128], f32[37, 128], f32[37, 128] {heads=2, scale=0.125, in_bytes=false}",
        "attention f32[5, 48], f32[70, 48], f32[70, 48] {heads=6, scale=0.35, in_bytes=false}",
        "attention f32[130, 64], f32[257, 64], f32[257, 64] {heads=1, scale=0.125, in_bytes=false}",
        "attention bf16[37, 128], bf16[37, 128], bf16[37, 128] {heads=2, scale=0.125, in_bytes=false}",
        "attention bf16[5, 48], bf16[70, 48], bf16[70, 48] {heads=6, scale=0.35, in_bytes=false}",
        "attention bf16[130, 64], bf16[257, 64], bf16[257, 64] {heads=1, scale=0.125, in_bytes=false}",
        "attention bf16[37, 128], bf16[70, 128], bf16[70, 128] {heads=2, scale=0.125, in_bytes=true}",
        "attention bf16[5, 48], bf16[70, 48], bf16[70, 48] {heads=6, scale=0.35, in_bytes=true}",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        arity("attention", inputs, 3)?;
        let (q, k, v) = (&inputs[0], &inputs[1], &inputs[2]);
        for (name, x) in [("q", q), ("k", k), ("v", v)] {
            let fits = matches!(x.dtype, DType::F32 | DType::BF16) && x.dtype == q.dtype && x.rank() == 2;
            let expected = if q.dtype == DType::BF16 { DType::BF16 } else { DType::F32 };
            require!(fits, "attention: {name} is {x}, expected {expected}[t, w]");
        }
        require!(k == v, "attention: k is {k}, v is {v}; expected the same type");
        require!(q.shape.0[1] == k.shape.0[1], "attention: q is {q}, k is {k}; expected the same width");
        check_heads("attention", self.heads, q)?;
        Ok(vec![q.with_dtype(DType::F32)])
    }

    fn eval(&self, inputs: &[&Tensor], _: &[TensorType]) -> Vec<Tensor> {
        let [q, k, v] = [inputs[0], inputs[1], inputs[2]].map(Tensor::to_f32);
        let w = inputs[0].dims[1];
        let at: Vec<usize> = (0..inputs[1].dims[0]).map(|j| j * w).collect();
        let mut out = Vec::with_capacity(q.len());
        for row in q.chunks(w) {
            out.extend(attend(row, &k, &v, &at, (self.heads, self.scale)));
        }
        vec![Tensor::f32(&inputs[0].dims, out)]
    }
}

/// Checks that `heads` divides the width of `x: [t, w]`.
fn check_heads(op: &str, heads: usize, x: &TensorType) -> Result<(), OpError> {
    let divides =
        heads > 0 && x.shape.last().and_then(|d| d.as_fixed()).is_some_and(|w| w.is_multiple_of(heads));
    require!(divides, "{op}: {heads} heads do not divide the width of {x}");
    Ok(())
}

/// That keys, or values, of a cache are `[slots, heads, t, d]` for queries of `[n, heads * d]`.
pub(super) fn check_cache(op: &str, k: &TensorType, q: &TensorType) -> Result<(), OpError> {
    let kept = matches!(k.dtype, DType::F32 | DType::BF16 | DType::I8) && k.rank() == 4;
    let width = k.shape.0.get(1).zip(k.shape.0.get(3)).and_then(|(h, d)| Some(h.as_fixed()? * d.as_fixed()?));
    let fits = kept && width.is_some() && width == q.shape.last().and_then(|w| w.as_fixed());
    let width = q.shape.last().map_or_else(|| "?".to_owned(), |w| w.to_string());
    require!(fits, "{op}: k is {k}, expected f32, bf16 or i8[slots, heads, t, d] with heads * d = {width}");
    Ok(())
}

/// That `factors` are one for each row of the bytes `k` of a cache.
pub(super) fn check_factors(op: &str, k: &TensorType, factors: &[TensorType]) -> Result<(), OpError> {
    let mut ty = k.with_dtype(DType::F32);
    ty.shape.0[3] = 1.into();
    factors.iter().try_for_each(|factors| super::expect(&format!("{op}: the factors"), factors, &ty))
}

/// The rows of a cache as f32: bytes times the factor of their row.
pub(super) fn kept(k: &Tensor, factors: Option<&&Tensor>) -> Vec<f32> {
    let mut rows = k.to_f32();
    if let Some(factors) = factors {
        for (row, factor) in rows.chunks_mut(k.dims[3].max(1)).zip(factors.as_f32()) {
            for x in row {
                *x *= factor;
            }
        }
    }
    rows
}

/// One query row against the keys and values that start at offsets `at`; heads are side by side.
pub(super) fn attend(
    q: &[f32],
    k: &[f32],
    v: &[f32],
    at: &[usize],
    (heads, scale): (usize, f32),
) -> Vec<f32> {
    let d = q.len() / heads;
    let mut out = vec![0.0; q.len()];
    for head in 0..heads {
        let columns = head * d..(head + 1) * d;
        let score = |from: &usize| {
            let key = &k[from + columns.start..from + columns.end];
            scale * q[columns.clone()].iter().zip(key).map(|(q, k)| q * k).sum::<f32>()
        };
        let mut scores: Vec<f32> = at.iter().map(score).collect();
        softmax(&mut scores);
        for (p, from) in scores.iter().zip(at) {
            let value = &v[from + columns.start..from + columns.end];
            out[columns.clone()].iter_mut().zip(value).for_each(|(o, v)| *o += p * v);
        }
    }
    out
}
