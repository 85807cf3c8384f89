//! reshape: other sizes for the same elements in the same order. Not a transposition.

use super::{OpDef, OpError, arity, op, require};
use crate::{Shape, Tensor, TensorType};

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

/// The element count as `scale*s + offset`; `None` with two symbols or on overflow.
fn product(shape: &Shape) -> Option<crate::Dim> {
    let mut count = crate::Dim::fixed(1);
    for dim in &shape.0 {
        let factor = match (count.as_fixed(), dim.as_fixed()) {
            (_, Some(n)) => n,
            (Some(n), None) => {
                count = *dim;
                n
            }
            (None, None) => return None,
        };
        count = count.checked_times(factor)?;
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DType, Dim, Symbol};

    #[test]
    fn symbolic_sizes_keep_their_elements() {
        let n = Dim::affine(1, Symbol::new("n").unwrap(), 0);
        let x = TensorType::new(DType::F32, [n, Dim::fixed(512)]);
        let split = Reshape { shape: Shape(vec![n, Dim::fixed(8), Dim::fixed(64)]) };
        assert!(split.infer(std::slice::from_ref(&x)).is_ok());
        let flat = Reshape { shape: Shape(vec![n.times(512)]) };
        assert!(flat.infer(std::slice::from_ref(&x)).is_ok());
        let wrong = Reshape { shape: Shape(vec![n, Dim::fixed(8), Dim::fixed(63)]) };
        let error = wrong.infer(&[x]).unwrap_err().to_string();
        assert_eq!(error, "reshape: input is f32[n, 512], which does not hold the elements of [n, 8, 63]");
    }
}
