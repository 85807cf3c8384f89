//! fused: a group of elementwise ops as one expression. Not written by model builders: a compiler pass makes it.

use super::{OpDef, OpError, elementwise, op, require};
use crate::scalar::Expr;
use crate::{Tensor, TensorType};

op! {
    /// An expression over the elements at the same place of each input, after multidirectional broadcasting.
    Fused = "fused" {
        /// The expression; `$i` is the element of input `i`.
        f: Expr,
    }
}

impl OpDef for Fused {
    const CASES: &'static [&'static str] = &[
        r#"fused f32[3, 37], f32[37], f32[3, 1] {f="mul(add($0, $1), exp($2))"}"#,
        r#"fused bool[3, 1], f32[3, 1100] {f="select($0, neg(inf), max($1, 0.25))"}"#,
        r#"fused f32[5], f32[] {f="less(sub($0, $1), mul($0, $0))"}"#,
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        let arity = self.f.arity();
        require!(arity <= inputs.len(), "fused reads operand ${}, got {} inputs", arity - 1, inputs.len());
        elementwise::infer("fused", &self.f, inputs)
    }

    fn eval(&self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
        elementwise::eval(&self.f, inputs, results)
    }
}
