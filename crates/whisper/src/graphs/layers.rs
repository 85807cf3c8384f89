//! Layers that encoder and decoder share, written as formulas: the compiler finds the fused forms. Not ops.

use compiler::Weights;
use graph::ops::{Elementwise, ReduceKind};
use graph::{Builder, DType, OpError, TensorType, Value};

/// A builder that takes weights by name in the type in which the model stores them.
pub(super) struct Layers<'a> {
    pub(super) b: Builder,
    weights: &'a dyn Weights,
}

impl<'a> Layers<'a> {
    pub(super) fn new(name: &str, weights: &'a dyn Weights) -> Layers<'a> {
        Layers { b: Builder::new(name), weights }
    }

    /// The weight `name` as it is stored. A tensor that the model lacks is declared f32: loading names it.
    pub(super) fn stored(&mut self, name: &str, dims: &[usize]) -> Value {
        let dtype = self.weights.tensor(name).map_or(DType::F32, |t| t.dtype);
        let ty = TensorType::fixed(dtype, dims);
        self.b.weight(name, ty)
    }

    /// The weight `name` as f32.
    pub(super) fn weight(&mut self, name: &str, dims: &[usize]) -> Result<Value, OpError> {
        let stored = self.stored(name, dims);
        self.b.convert(stored, DType::F32)
    }

    /// `x w^T + b` with `name.weight: [out, k]` and, if `bias`, `name.bias: [out]`.
    pub(super) fn linear(&mut self, x: Value, name: &str, out: usize, bias: bool) -> Result<Value, OpError> {
        let k = self.b.ty(x).shape.last().and_then(|d| d.as_fixed()).unwrap_or(0);
        let w = self.weight(&format!("{name}.weight"), &[out, k])?;
        let y = self.b.linear(x, w)?;
        if !bias {
            return Ok(y);
        }
        let b = self.weight(&format!("{name}.bias"), &[out])?;
        self.b.plus(y, b)
    }

    /// Layer normalisation over the last axis with `name.weight` and `name.bias` (eps 1e-5).
    pub(super) fn norm(&mut self, x: Value, name: &str) -> Result<Value, OpError> {
        let width = self.b.ty(x).shape.last().and_then(|d| d.as_fixed()).unwrap_or(0);
        let gamma = self.weight(&format!("{name}.weight"), &[width])?;
        let beta = self.weight(&format!("{name}.bias"), &[width])?;
        let b = &mut self.b;
        let mean = b.reduce(ReduceKind::Mean, x)?;
        let centred = b.sub(x, mean)?;
        let square = b.mul(centred, centred)?;
        let variance = b.reduce(ReduceKind::Mean, square)?;
        let eps = b.constant(1e-5)?;
        let variance = b.plus(variance, eps)?;
        let deviation = b.elementwise(Elementwise::Sqrt, &[variance])?;
        let y = b.elementwise(Elementwise::Div, &[centred, deviation])?;
        let y = b.mul(y, gamma)?;
        b.plus(y, beta)
    }

    /// `x + linear(gelu(linear(norm(x))))`, four times as wide inside.
    pub(super) fn mlp(&mut self, x: Value, block: &str) -> Result<Value, OpError> {
        let width = self.b.ty(x).shape.last().and_then(|d| d.as_fixed()).unwrap_or(0);
        let y = self.norm(x, &format!("{block}.mlp_ln"))?;
        let y = self.linear(y, &format!("{block}.mlp.0"), 4 * width, true)?;
        let y = self.b.gelu(y)?;
        let y = self.linear(y, &format!("{block}.mlp.2"), width, true)?;
        self.b.plus(x, y)
    }
}
