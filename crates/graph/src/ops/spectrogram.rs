//! spectrogram: the power of a short-time Fourier transform. Not padded, not mel-scaled, not logarithmic.

use super::{OpDef, OpError, arity, op, require};
use crate::{DType, Dim, Tensor, TensorType};

op! {
    /// `|STFT(x)|^2`: `x: f32[s]`, `window: f32[w]`; frame `i` is the one-sided discrete Fourier transform of
    /// `x[i*hop .. i*hop + w] * window`, and the result `f32[frames, w/2 + 1]` holds re^2 + im^2 (ONNX STFT,
    /// onesided, then its squared magnitude).
    Spectrogram = "spectrogram" {
        /// Samples between two frames.
        hop: usize,
    }
}

impl OpDef for Spectrogram {
    const CASES: &'static [&'static str] =
        &["spectrogram f32[2000], f32[400] {hop=160}", "spectrogram f32[6160], f32[400] {hop=160}"];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        arity("spectrogram", inputs, 2)?;
        let (x, window) = (&inputs[0], &inputs[1]);
        require!(x.dtype == DType::F32 && x.rank() == 1, "spectrogram: x is {x}, expected f32[samples]");
        let width = (window.dtype == DType::F32 && window.rank() == 1).then(|| window.shape.0[0].as_fixed());
        let width = width.flatten().filter(|w| *w > 0);
        let width =
            width.ok_or_else(|| OpError(format!("spectrogram: the window is {window}, expected f32[w]")))?;
        require!(self.hop > 0, "spectrogram: hop is 0, expected 1 or more");
        let frames = x.shape.0[0].windows(width, self.hop);
        let frames = frames.ok_or_else(|| {
            OpError(format!("spectrogram: {x} is no whole number of frames of {width} by {}", self.hop))
        })?;
        Ok(vec![TensorType::new(DType::F32, [frames, Dim::fixed(width / 2 + 1)])])
    }

    fn eval(&self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
        let (x, window) = (inputs[0].as_f32(), inputs[1].as_f32());
        let dims = results[0].shape.as_fixed().unwrap_or_default();
        let w = window.len();
        let angle = |i: usize| -2.0 * std::f64::consts::PI * i as f64 / w as f64;
        let turns: Vec<(f64, f64)> = (0..w).map(|i| angle(i).sin_cos()).collect();
        let mut out = Vec::with_capacity(dims[0] * dims[1]);
        for frame in 0..dims[0] {
            let part = &x[frame * self.hop..frame * self.hop + w];
            for bin in 0..dims[1] {
                let (mut re, mut im) = (0.0, 0.0);
                for (i, (x, h)) in part.iter().zip(window).enumerate() {
                    let (sin, cos) = turns[i * bin % w];
                    let value = f64::from(x * h);
                    re += value * cos;
                    im += value * sin;
                }
                out.push((re * re + im * im) as f32);
            }
        }
        vec![Tensor::f32(&dims, out)]
    }
}
