//! cache_write: writes rows into a state. The only op that consumes a state; not a copy of it.

use super::{OpDef, OpError, op, require};
use crate::{DType, Tensor, TensorType};

op! {
    /// `state: [slots, heads, t, d]` with row `i` of `new: f32[n, heads * d]`, cut into heads, rounded if the state is
    /// bf16, written to place `at[i]` of slot `slot[i]` (StableHLO scatter without overlap). Without `placed` there is
    /// no `at`: row `i` goes to place `i` of the one slot of `slot: i32[1]`. The state is consumed; the result is the
    /// state after the write.
    CacheWrite = "cache_write" {
        /// Whether `at` is an input.
        placed: bool,
    }
}

impl OpDef for CacheWrite {
    const CASES: &'static [&'static str] = &[
        "cache_write f32[4, 2, 24, 4], f32[3, 8], i32[3], i32[3] {placed=true}",
        "cache_write f32[2, 1, 10, 8], f32[10, 8], i32[1] {placed=false}",
        "cache_write i8[2, 3, 10, 8], i8[10, 24], i32[1] {placed=false}",
        "cache_write f32[2, 3, 10, 1], f32[10, 3], i32[1] {placed=false}",
        "cache_write bf16[4, 2, 24, 20], f32[3, 40], i32[3], i32[3] {placed=true}",
        "cache_write bf16[4, 2, 24, 20], bf16[3, 40], i32[3], i32[3] {placed=true}",
        "cache_write bf16[2, 3, 10, 5], bf16[10, 15], i32[1] {placed=false}",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        super::arity("cache_write", inputs, 3 + usize::from(self.placed))?;
        let (state, new) = (&inputs[0], &inputs[1]);
        require!(state.rank() == 4, "cache_write: the state is {state}, expected [slots, heads, t, d]");
        let is_kept = new.dtype == state.dtype || (new.dtype, state.dtype) == (DType::F32, DType::BF16);
        let width = state.shape.0[1].as_fixed().zip(state.shape.0[3].as_fixed()).map(|(heads, d)| heads * d);
        let fits = is_kept && new.rank() == 2 && width.is_some() && width == new.shape.0[1].as_fixed();
        let width = width.unwrap_or_default();
        require!(fits, "cache_write: new is {new}, expected {}[n, {width}]", state.dtype);
        let rows = if self.placed { new.shape.0[0] } else { 1.into() };
        let ids = TensorType::new(DType::I32, [rows]);
        super::expect("cache_write: slot", &inputs[2], &ids)?;
        if self.placed {
            super::expect("cache_write: at", &inputs[3], &ids)?;
        }
        Ok(vec![state.clone()])
    }

    fn eval(&self, inputs: &[&Tensor], _: &[TensorType]) -> Vec<Tensor> {
        let (heads, t, d) = (inputs[0].dims[1], inputs[0].dims[2], inputs[0].dims[3]);
        let mut out = inputs[0].to_f32();
        for (i, row) in inputs[1].to_f32().chunks(heads * d).enumerate() {
            let slot = inputs[2].as_i32()[if self.placed { i } else { 0 }] as usize;
            let at = if self.placed { inputs[3].as_i32()[i] as usize } else { i };
            for (head, row) in row.chunks(d).enumerate() {
                out[((slot * heads + head) * t + at) * d..][..d].copy_from_slice(row);
            }
        }
        vec![Tensor::from_f32(inputs[0].dtype(), &inputs[0].dims, out)]
    }
}
