//! reshape: other sizes for the same elements in the same order. Not a transposition.

use super::{OpDef, OpError, arity, op, require};
use crate::{Dim, Shape, Tensor, TensorType};

op! {
    /// The same elements under other sizes (ONNX Reshape). The symbolic dimensions must be the same ones, or
    /// their scale must carry a constant that the other side has split off: `[4*n]` is `[n, 4]`.
    Reshape = "reshape" {
        /// The result's sizes.
        shape: Shape,
    }
}

impl OpDef for Reshape {
    const CASES: &'static [&'static str] = &[
        "reshape f32[6, 8] {shape=[6, 2, 4]}",
        "reshape f32[1, 5] {shape=[5]}",
        "reshape i32[4] {shape=[1, 4]}",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        arity("reshape", inputs, 1)?;
        let result = TensorType { dtype: inputs[0].dtype, shape: self.shape.clone() };
        let same = product(&inputs[0].shape).is_some_and(|a| product(&self.shape) == Some(a));
        require!(same, "reshape: input is {}, which does not hold the elements of {}", inputs[0], self.shape);
        Ok(vec![result])
    }

    fn eval(&self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
        let dims = results[0].shape.as_fixed().unwrap_or_default();
        vec![Tensor { dims, data: inputs[0].data.clone() }]
    }
}

/// The element count as `scale*s + offset` of each symbol, the constant factors in the first one's; `None` on overflow.
fn product(shape: &Shape) -> Option<Vec<Dim>> {
    let mut symbolic: Vec<Dim> = shape.0.iter().copied().filter(|dim| dim.as_fixed().is_none()).collect();
    if symbolic.is_empty() {
        symbolic.push(Dim::fixed(1));
    }
    for factor in shape.0.iter().filter_map(Dim::as_fixed) {
        symbolic[0] = symbolic[0].checked_times(factor)?;
    }
    Some(symbolic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DType, Symbol};

    #[test]
    fn symbolic_sizes_keep_their_elements() {
        let n = Dim::affine(1, Symbol::new("n").unwrap(), 0);
        let x = TensorType::new(DType::F32, [n, Dim::fixed(512)]);
        let split = Reshape { shape: Shape(vec![n, Dim::fixed(8), Dim::fixed(64)]) };
        assert!(split.infer(std::slice::from_ref(&x)).is_ok());
        let flat = Reshape { shape: Shape(vec![n.times(512)]) };
        assert!(flat.infer(std::slice::from_ref(&x)).is_ok());
        let t = Dim::affine(1, Symbol::new("t").unwrap(), 0);
        let two = TensorType::new(DType::F32, [n, t, Dim::fixed(1)]);
        assert!(Reshape { shape: Shape(vec![n, t]) }.infer(std::slice::from_ref(&two)).is_ok());
        assert!(Reshape { shape: Shape(vec![n, n]) }.infer(&[two]).is_err());
        let wrong = Reshape { shape: Shape(vec![n, Dim::fixed(8), Dim::fixed(63)]) };
        let error = wrong.infer(&[x]).unwrap_err().to_string();
        assert_eq!(error, "reshape: input is f32[n, 512], which does not hold the elements of [n, 8, 63]");
    }
}
