//! gather: rows by index. Not a slice: the indices are data.

use super::{OpDef, OpError, arity, op, require};
use crate::{DType, Tensor, TensorType};

op! {
    /// Row `ids[i]` of `table[v, ...]` for each `i` (ONNX Gather, axis 0).
    Gather = "gather" {}
}

impl OpDef for Gather {
    const CASES: &'static [&'static str] = &[
        "gather f32[11, 8], i32[5]",
        "gather f16[11, 8], i32[1]",
        "gather f32[11], i32[3]",
        "gather f32[3, 9001], i32[2]",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        arity("gather", inputs, 2)?;
        let (table, ids) = (&inputs[0], &inputs[1]);
        require!(table.rank() > 0, "gather: the table is {table}, expected at least one dimension");
        require!(
            ids.dtype == DType::I32 && ids.rank() == 1,
            "gather: the indices are {ids}, expected i32[n]"
        );
        let mut result = table.clone();
        result.shape.0[0] = ids.shape.0[0];
        Ok(vec![result])
    }

    fn eval(&self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
        let inner: usize = inputs[0].dims[1..].iter().product();
        let values = inputs[0].to_f32();
        let row = |id: &i32| values[*id as usize * inner..(*id as usize + 1) * inner].to_vec();
        let out = inputs[1].as_i32().iter().flat_map(row).collect();
        vec![Tensor::from_f32(inputs[0].dtype(), &results[0].shape.as_fixed().unwrap_or_default(), out)]
    }
}
