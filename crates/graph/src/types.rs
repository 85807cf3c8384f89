//! Tensor types: an element type and a shape. Not data.

use crate::{Bindings, DType, Dim};
use std::fmt;

/// The dimensions of a tensor, outermost first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Shape(pub Vec<Dim>);

impl Shape {
    /// A shape of constants.
    pub fn fixed(dims: &[usize]) -> Shape {
        Shape(dims.iter().map(|d| Dim::fixed(*d)).collect())
    }

    /// The number of dimensions.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// The last dimension; `None` for a scalar.
    pub fn last(&self) -> Option<Dim> {
        self.0.last().copied()
    }

    /// The sizes under `bindings`; `None` if a symbol is not bound.
    pub fn eval(&self, bindings: &Bindings) -> Option<Vec<usize>> {
        self.0.iter().map(|d| d.eval(bindings)).collect()
    }

    /// The sizes, if all are constants.
    pub fn as_fixed(&self) -> Option<Vec<usize>> {
        self.0.iter().map(Dim::as_fixed).collect()
    }

    /// The shape of an elementwise result (ONNX multidirectional broadcasting): dimensions are matched from
    /// the last; each pair is equal or one of them is 1. `None` if they don't fit.
    pub fn broadcast(&self, other: &Shape) -> Option<Shape> {
        let rank = self.rank().max(other.rank());
        let at = |s: &Shape, i: usize| {
            let missing = rank - s.rank();
            if i < missing { Dim::fixed(1) } else { s.0[i - missing] }
        };
        let one = Dim::fixed(1);
        (0..rank)
            .map(|i| match (at(self, i), at(other, i)) {
                (a, b) if a == b => Some(a),
                (a, b) if a == one => Some(b),
                (a, b) if b == one => Some(a),
                _ => None,
            })
            .collect::<Option<Vec<_>>>()
            .map(Shape)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, dim) in self.0.iter().enumerate() {
            write!(f, "{}{dim}", if i == 0 { "" } else { ", " })?;
        }
        f.write_str("]")
    }
}

/// What a value holds: `f32[n, 384]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TensorType {
    /// How elements are stored.
    pub dtype: DType,
    /// The dimensions.
    pub shape: Shape,
}

impl TensorType {
    /// A type from an element type and dimensions.
    pub fn new(dtype: DType, dims: impl IntoIterator<Item = Dim>) -> TensorType {
        TensorType { dtype, shape: Shape(dims.into_iter().collect()) }
    }

    /// A type of constant sizes.
    pub fn fixed(dtype: DType, dims: &[usize]) -> TensorType {
        TensorType { dtype, shape: Shape::fixed(dims) }
    }

    /// The same shape with another element type.
    #[must_use]
    pub fn with_dtype(&self, dtype: DType) -> TensorType {
        TensorType { dtype, shape: self.shape.clone() }
    }

    /// The number of dimensions.
    pub fn rank(&self) -> usize {
        self.shape.rank()
    }

    /// Bytes under `bindings`; `None` if a symbol is not bound or the size overflows.
    pub fn bytes(&self, bindings: &Bindings) -> Option<usize> {
        self.shape.0.iter().try_fold(self.dtype.bytes(), |n, d| n.checked_mul(d.eval(bindings)?))
    }
}

impl fmt::Display for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.dtype, self.shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcasting_matches_from_the_last_dimension() {
        let a = Shape::fixed(&[8, 1, 64]);
        assert_eq!(a.broadcast(&Shape::fixed(&[5, 64])), Some(Shape::fixed(&[8, 5, 64])));
        assert_eq!(a.broadcast(&Shape::fixed(&[5, 63])), None);
        assert_eq!(Shape::default().broadcast(&a), Some(a));
    }
}
