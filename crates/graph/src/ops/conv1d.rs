//! conv1d: a convolution over time, channels last. Not two-dimensional, not grouped.

use super::{Activation, Linear, OpDef, OpError, linear, op, require};
use crate::{DType, Tensor, TensorType};

op! {
    /// `activation(conv(x, w) + b)`: `x: f32[t, c]`, `w[out, c, taps]` of any float type, `b: f32[out]`;
    /// the result is `f32[t', out]` with `t' = floor((t + 2*pad - taps) / stride) + 1`; zeros stand beyond
    /// both ends (ONNX Conv over one spatial dimension, StableHLO convolution with channels last). With `x` and
    /// `w` of bf16 the factors are bf16 and the sums f32, of which a device may compute GELU within 1e-4.
    Conv1d = "conv1d" {
        /// The distance between two windows.
        stride: usize,
        /// Zeros beyond each end.
        pad: usize,
        /// Applied to the sum.
        activation: Activation,
        /// Whether `b` is an input.
        bias: bool,
    }
}

impl OpDef for Conv1d {
    const CASES: &'static [&'static str] = &[
        "conv1d f32[37, 8], f32[33, 8, 3] {stride=1, pad=1, activation=none, bias=false}",
        "conv1d f32[38, 80], f16[64, 80, 3], f32[64] {stride=2, pad=1, activation=gelu, bias=true}",
        "conv1d f32[20, 6], f32[5, 6, 5], f32[5] {stride=3, pad=0, activation=none, bias=true}",
        "conv1d bf16[38, 80], bf16[64, 80, 3], f32[64] {stride=2, pad=1, activation=gelu, bias=true}",
        "conv1d bf16[20, 7], bf16[5, 7, 5] {stride=3, pad=0, activation=none, bias=false}",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        super::arity("conv1d", inputs, 2 + usize::from(self.bias))?;
        let (x, w) = (&inputs[0], &inputs[1]);
        let factors = linear::factors(x).filter(|_| x.rank() == 2);
        require!(factors.is_some(), "conv1d: x is {x}, expected f32[t, c] or bf16[t, c]");
        let (channels, factors) = (x.shape.0[1], factors.unwrap_or(""));
        let fits = linear::fits(x, w) && w.rank() == 3 && w.shape.0[1] == channels;
        require!(fits, "conv1d: w is {w}, expected {factors} tensor [out, {channels}, taps] for x of {x}");
        let taps = w.shape.0[2].as_fixed().unwrap_or(0);
        require!(
            self.stride > 0 && taps > 0,
            "conv1d: stride is {}, taps {taps}; expected 1 or more",
            self.stride
        );
        let windows = x.shape.0[0].plus(2 * self.pad).windows(taps, self.stride);
        let windows = windows.ok_or_else(|| {
            OpError(format!("conv1d: {x} has no whole windows of {taps} by {}", self.stride))
        })?;
        let out = linear::outputs(w).unwrap_or_default();
        if self.bias {
            super::expect("conv1d: the bias", &inputs[2], &TensorType::new(DType::F32, [out]))?;
        }
        Ok(vec![TensorType::new(DType::F32, [windows, out])])
    }

    fn eval(&self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
        let (t, c, taps) = (inputs[0].dims[0], inputs[0].dims[1], inputs[1].dims[2]);
        let dims = results[0].shape.as_fixed().unwrap_or_default();
        let x = inputs[0].to_f32();
        let mut windows = Vec::with_capacity(dims[0] * c * taps);
        for window in 0..dims[0] {
            for channel in 0..c {
                for tap in 0..taps {
                    let at = (window * self.stride + tap).checked_sub(self.pad).filter(|i| *i < t);
                    windows.push(at.map_or(0.0, |i| x[i * c + channel]));
                }
            }
        }
        let form = Linear { activation: self.activation, bias: self.bias, ..Linear::PLAIN };
        vec![Tensor::f32(&dims, linear::eval_rows(windows.chunks(c * taps), inputs, &form))]
    }
}
