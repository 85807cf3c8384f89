//! matmul: products of matrices, batched. Not a linear layer: that has its weights transposed and is fused.

use super::{OpDef, OpError, arity, elementwise::broadcast_strides, op, require};
use crate::{DType, Shape, Tensor, TensorType};

op! {
    /// `a[..., m, k] x b[..., k, n]`, leading dimensions broadcast (ONNX MatMul).
    Matmul = "matmul" {}
}

impl OpDef for Matmul {
    const CASES: &'static [&'static str] = &[
        "matmul f32[5, 7], f32[7, 9]",
        "matmul f32[2, 5, 7], f32[2, 7, 33]",
        "matmul f32[3, 2, 4, 8], f32[2, 8, 5]",
        "matmul f32[70, 201], f32[201, 80]",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        arity("matmul", inputs, 2)?;
        let (a, b) = (&inputs[0], &inputs[1]);
        for (name, side) in [("left", a), ("right", b)] {
            let fits = side.dtype == DType::F32 && side.rank() >= 2;
            require!(fits, "matmul: the {name} side is {side}, expected f32[..., rows, columns]");
        }
        let (ra, rb) = (a.rank(), b.rank());
        let (inner_a, inner_b) = (a.shape.0[ra - 1], b.shape.0[rb - 2]);
        require!(inner_a == inner_b, "matmul: {a} has {inner_a} columns, {b} has {inner_b} rows");
        let batch = Shape(a.shape.0[..ra - 2].to_vec()).broadcast(&Shape(b.shape.0[..rb - 2].to_vec()));
        let mut dims = batch.ok_or_else(|| OpError(format!("matmul: {a} and {b} do not broadcast")))?.0;
        dims.extend([a.shape.0[ra - 2], b.shape.0[rb - 1]]);
        Ok(vec![TensorType::new(DType::F32, dims)])
    }

    fn eval(&self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
        let dims = results[0].shape.as_fixed().unwrap_or_default();
        let (batch, [m, n]) = dims.split_at(dims.len() - 2) else { unreachable!("rank is at least 2") };
        let (a, b) = (inputs[0], inputs[1]);
        let k = a.dims[a.dims.len() - 1];
        let lead = |t: &Tensor| broadcast_strides(&t.dims[..t.dims.len() - 2], batch);
        let (sa, sb) = (lead(a), lead(b));
        let (va, vb) = (a.as_f32(), b.as_f32());
        let mut index = vec![0; batch.len()];
        let mut out = Vec::with_capacity(results.len());
        for _ in 0..batch.iter().product() {
            let at = |s: &[usize]| index.iter().zip(s).map(|(i, s)| i * s).sum::<usize>();
            let (oa, ob) = (at(&sa) * m * k, at(&sb) * k * n);
            for i in 0..*m {
                for j in 0..*n {
                    out.push((0..k).map(|l| va[oa + i * k + l] * vb[ob + l * n + j]).sum());
                }
            }
            super::elementwise::advance(&mut index, batch);
        }
        vec![Tensor::f32(&dims, out)]
    }
}
