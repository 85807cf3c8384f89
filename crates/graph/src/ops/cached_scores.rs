//! cached_scores: how much queries look at each cached key, before any softmax. Not an attention: no values are read.

use super::{OpDef, OpError, attention, op, require};
use crate::{DType, Dim, Shape, Tensor, TensorType};

op! {
    /// The raw scores of some heads over a slot of a cache: `q: f32[n, heads * d]`, `k: f32[slots, heads, t, d]`, bf16
    /// or i8, `slot: i32[1]`, `place: i32[f]` to `f32[heads picked, n, f]`: `scale * q k^T` of query `i` and the key at
    /// `place[j]` of the slot (what `qk_matmul_output` of ONNX Attention holds). Of i8 the factors of k,
    /// `f32[slots, heads, t, 1]`, follow.
    CachedScores = "cached_scores" {
        /// The heads whose scores are wanted, counted from 0.
        pick: Vec<usize>,
        /// Multiplies the scores.
        scale: f32,
    }
}

impl OpDef for CachedScores {
    const CASES: &'static [&'static str] = &[
        "cached_scores f32[7, 128], f32[3, 2, 150, 64], i32[1], i32[150] {pick=[1], scale=0.125}",
        "cached_scores f32[19, 48], f32[2, 6, 33, 8], i32[1], i32[21] {pick=[5, 0, 3], scale=0.35}",
        "cached_scores f32[9, 48], bf16[2, 2, 33, 24], i32[1], i32[40] {pick=[1], scale=0.35}",
        "cached_scores f32[9, 48], i8[2, 2, 33, 24], i32[1], i32[40], f32[2, 2, 33, 1] {pick=[1, 0], scale=0.01}",
        "cached_scores f32[1, 64], f32[1, 1, 5, 64], i32[1], i32[1] {pick=[0], scale=1.0}",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        let is_bytes = inputs.get(1).is_some_and(|k| k.dtype == DType::I8);
        super::arity("cached_scores", inputs, if is_bytes { 5 } else { 4 })?;
        let (q, k, place) = (&inputs[0], &inputs[1], &inputs[3]);
        require!(q.dtype == DType::F32 && q.rank() == 2, "cached_scores: q is {q}, expected f32[n, w]");
        attention::check_cache("cached_scores", k, q)?;
        attention::check_factors("cached_scores", k, &inputs[4..])?;
        super::expect("cached_scores: slot", &inputs[2], &TensorType::fixed(DType::I32, &[1]))?;
        let fits = place.dtype == DType::I32 && place.rank() == 1;
        require!(fits, "cached_scores: the places are {place}, expected i32[f]");
        require!(!self.pick.is_empty(), "cached_scores: no head is picked, expected at least one");
        for head in &self.pick {
            let fits = k.shape.0[1].as_fixed().is_some_and(|heads| *head < heads);
            require!(fits, "cached_scores: head {head} is picked of {} heads", k.shape.0[1]);
        }
        let dims = [Dim::fixed(self.pick.len()), q.shape.0[0], place.shape.0[0]];
        Ok(vec![TensorType { dtype: DType::F32, shape: Shape(dims.to_vec()) }])
    }

    fn eval(&self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
        let (q, k) = (inputs[0], attention::kept(inputs[1], inputs.get(4)));
        let (heads, t, d) = (inputs[1].dims[1], inputs[1].dims[2], inputs[1].dims[3]);
        let (slot, place) = (inputs[2].as_i32()[0] as usize, inputs[3].as_i32());
        let mut out = Vec::new();
        for head in &self.pick {
            for query in q.as_f32().chunks(heads * d) {
                let query = &query[head * d..][..d];
                out.extend(place.iter().map(|place| {
                    let key = &k[((slot * heads + head) * t + *place as usize) * d..][..d];
                    self.scale * query.iter().zip(key).map(|(q, k)| q * k).sum::<f32>()
                }));
            }
        }
        vec![Tensor::f32(&results[0].shape.as_fixed().unwrap_or_default(), out)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;

    #[test]
    fn scores_are_of_the_picked_heads_at_the_places_of_the_slot() {
        let case = "cached_scores f32[1, 2], f32[2, 2, 2, 1], i32[1], i32[2] {pick=[1, 0], scale=0.5}";
        let (op, types) = text::parse_case(case).unwrap();
        let q = Tensor::f32(&[1, 2], vec![2.0, 10.0]);
        let k = Tensor::f32(&[2, 2, 2, 1], vec![9.0, 9.0, 9.0, 9.0, 1.0, 2.0, 3.0, 4.0]);
        let (slot, place) = (Tensor::i32(&[1], vec![1]), Tensor::i32(&[2], vec![1, 0]));
        let out = op.eval(&[&q, &k, &slot, &place], &op.infer(&types).unwrap());
        assert_eq!(out[0].dims, [2, 1, 2]);
        assert_eq!(out[0].as_f32(), [20.0, 15.0, 2.0, 1.0]);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_numbers() {
        let refused = |case: &str| text::parse_case(case).unwrap_err().message;
        let types = "f32[7, 128], f32[3, 2, 150, 64], i32[1], i32[9]";
        assert_eq!(
            refused(&format!("cached_scores {types} {{pick=[0, 2], scale=1.0}}")),
            "cached_scores: head 2 is picked of 2 heads"
        );
        assert_eq!(
            refused(&format!("cached_scores {types} {{pick=[], scale=1.0}}")),
            "cached_scores: no head is picked, expected at least one"
        );
        assert_eq!(
            refused("cached_scores f32[7, 8], f32[3, 2, 15, 4], i32[1], i32[4, 15] {pick=[0], scale=1.0}"),
            "cached_scores: the places are i32[4, 15], expected i32[f]"
        );
    }
}
