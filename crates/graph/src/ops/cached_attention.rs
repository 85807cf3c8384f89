//! cached_attention: queries attend to keys and values kept in slots. Not a writer of them: see `cache_write`.

use super::{OpDef, OpError, attention, op, require};
use crate::{DType, Tensor, TensorType};

op! {
    /// Multi-head attention over a cache: `q: f32[n, heads * d]`, `k, v: f32[slots, heads, t, d]`, bf16 or i8,
    /// `table: i32[rows, t]` or `i32[rows, 1]`, `row: i32[n]` and `last: i32[n]`. Query `i` attends to places
    /// `j = 0..=last[i]`, whose keys and values stand at place `j` of slot `table[row[i], j]` (`table[row[i], 0]` if the
    /// table has one column). With k and v of bf16, a device may round the queries and the weights of the values, too.
    /// Of i8 their factors, `f32[slots, heads, t, 1]` each, follow `last`; the table has one column then, and a device
    /// may quantise queries and weights, too, in two digits (see `quantize`).
    CachedAttention = "cached_attention" {
        /// Multiplies the scores.
        scale: f32,
    }
}

impl OpDef for CachedAttention {
    const CASES: &'static [&'static str] = &[
        "cached_attention f32[5, 128], f32[4, 2, 24, 64], f32[4, 2, 24, 64], i32[3, 24], i32[5], i32[5] {scale=0.125}",
        "cached_attention f32[1, 64], f32[2, 1, 40, 64], f32[2, 1, 40, 64], i32[1, 40], i32[1], i32[1] {scale=0.125}",
        "cached_attention f32[7, 128], f32[3, 2, 150, 64], f32[3, 2, 150, 64], i32[4, 1], i32[7], i32[7] {scale=0.125}",
        "cached_attention f32[9, 128], bf16[3, 2, 150, 64], bf16[3, 2, 150, 64], i32[4, 1], i32[9], i32[9] {scale=0.125}",
        "cached_attention f32[3, 48], bf16[2, 4, 24, 12], bf16[2, 4, 24, 12], i32[3, 24], i32[3], i32[3] {scale=0.3}",
        "cached_attention f32[20, 128], bf16[2, 2, 70, 64], bf16[2, 2, 70, 64], i32[1, 1], i32[20], i32[20] {scale=0.125}",
        "cached_attention f32[11, 128], i8[2, 2, 70, 64], i8[2, 2, 70, 64], i32[3, 1], i32[11], i32[11], f32[2, 2, 70, 1], f32[2, 2, 70, 1] {scale=0.0005}",
        "cached_attention f32[2, 48], i8[1, 6, 33, 8], i8[1, 6, 33, 8], i32[2, 1], i32[2], i32[2], f32[1, 6, 33, 1], f32[1, 6, 33, 1] {scale=0.0005}",
        "cached_attention f32[2, 48], f32[1, 6, 33, 8], f32[1, 6, 33, 8], i32[2, 1], i32[2], i32[2] {scale=0.35}",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        let is_bytes = inputs.get(1).is_some_and(|k| k.dtype == DType::I8);
        super::arity("cached_attention", inputs, if is_bytes { 8 } else { 6 })?;
        let (q, k, v, table) = (&inputs[0], &inputs[1], &inputs[2], &inputs[3]);
        require!(q.dtype == DType::F32 && q.rank() == 2, "cached_attention: q is {q}, expected f32[n, w]");
        attention::check_cache("cached_attention", k, q)?;
        require!(k == v, "cached_attention: k is {k}, v is {v}; expected the same type");
        let columns = table.shape.last();
        let fits = table.dtype == DType::I32
            && table.rank() == 2
            && (columns == Some(k.shape.0[2]) && !is_bytes || columns == Some(1.into()));
        require!(fits, "cached_attention: the table is {table}, expected i32[rows, {} or 1]", k.shape.0[2]);
        attention::check_factors("cached_attention", k, &inputs[6..])?;
        let per_query = TensorType::new(DType::I32, [q.shape.0[0]]);
        for (name, input) in ["row", "last"].iter().zip(&inputs[4..6]) {
            super::expect(&format!("cached_attention: {name}"), input, &per_query)?;
        }
        Ok(vec![q.clone()])
    }

    fn eval(&self, inputs: &[&Tensor], _: &[TensorType]) -> Vec<Tensor> {
        let [k, v] = [1, 2].map(|i| attention::kept(inputs[i], inputs.get(5 + i)));
        let q = inputs[0];
        let (heads, t, d) = (inputs[1].dims[1], inputs[1].dims[2], inputs[1].dims[3]);
        let (table, columns) = (inputs[3].as_i32(), inputs[3].dims[1]);
        let mut out = Vec::with_capacity(q.len());
        for (i, query) in q.as_f32().chunks(heads * d).enumerate() {
            let row = inputs[4].as_i32()[i] as usize;
            let places = inputs[5].as_i32()[i] as usize + 1;
            let slot = |j: usize| table[row * columns + j.min(columns - 1)] as usize;
            for (head, query) in query.chunks(d).enumerate() {
                let at: Vec<usize> = (0..places).map(|j| ((slot(j) * heads + head) * t + j) * d).collect();
                out.extend(attention::attend(query, &k, &v, &at, (1, self.scale)));
            }
        }
        vec![Tensor::f32(&q.dims, out)]
    }
}
