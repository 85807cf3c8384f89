//! Layer normalisation over the last axis. Not fused with what follows: that is a linear layer's own pass.

use super::Cx;
use super::rows::{Input, RowsMut};
use super::vectors::{Identity, SquaredDistance, read, spans, sum, write};
use crate::simd::{Body, Simd, dispatch};

/// The parameters of a normalisation over `n` values (ONNX `LayerNormalization`, axis -1).
#[derive(Debug, Clone, Copy)]
pub struct LayerNorm<'a> {
    /// `n` factors.
    pub gamma: &'a [f32],
    /// `n` values added last.
    pub beta: &'a [f32],
    /// Added to the variance.
    pub eps: f32,
}

/// `out = (x - mean) / sqrt(variance + eps) * gamma + beta` for each row, with the variance as the mean squared
/// distance from the mean (two passes).
///
/// # Panics
/// When shapes don't fit.
pub fn layer_norm(cx: Cx<'_>, x: Input<'_>, norm: &LayerNorm<'_>, mut out: RowsMut<'_>) {
    let (rows, cols) = (out.rows(), out.cols());
    assert_eq!((norm.gamma.len(), norm.beta.len()), (cols, cols), "parameters of a row of {cols}");
    if let Input::Rows(x) = x {
        assert_eq!((x.rows(), x.cols()), (rows, cols), "shapes of a normalisation");
    }
    let out = out.shared();
    cx.split(rows, 2 * rows * cols, |part| {
        for i in part {
            // SAFETY: rows don't overlap and each is in one part.
            let row = unsafe { out.slice(i, cols) };
            if let Input::Rows(x) = x {
                row.copy_from_slice(x.row(i));
            }
            dispatch(cx.isa, Row { norm, row });
        }
    });
}

struct Row<'a, 'r> {
    norm: &'a LayerNorm<'a>,
    row: &'r mut [f32],
}

impl Body for Row<'_, '_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Row { norm, row } = self;
        let count = row.len() as f32;
        let mean = sum(s, row, Identity) / count;
        let squares = sum(s, row, SquaredDistance(mean));
        let factor = s.splat(1.0 / (squares / count + norm.eps).sqrt());
        let mean = s.splat(mean);
        for (i, n) in spans(s, row.len()) {
            let y = s.mul(s.sub(read(s, row, i, n), mean), factor);
            let y = s.fma(y, read(s, norm.gamma, i, n), read(s, norm.beta, i, n));
            write(s, row, i, n, y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::rows::Rows;
    use crate::kernels::testing::{assert_close, assert_same_bits, noise, on_every_path};

    fn reference(row: &[f32], norm: &LayerNorm<'_>) -> Vec<f64> {
        let n = row.len() as f64;
        let mean = row.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
        let variance = row.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / n;
        let factor = 1.0 / (variance + f64::from(norm.eps)).sqrt();
        let scaled = row.iter().map(|&x| (f64::from(x) - mean) * factor);
        scaled.zip(norm.gamma).zip(norm.beta).map(|((y, &g), &b)| y * f64::from(g) + f64::from(b)).collect()
    }

    #[test]
    fn agrees_with_f64_and_keeps_bits() {
        for cols in [1, 7, 16, 63, 64, 65, 384, 515] {
            let rows = 40;
            let x: Vec<f32> = noise(1, rows * cols).iter().map(|x| x * 3.0 + 5.0).collect();
            let (gamma, beta) = (noise(2, cols), noise(3, cols));
            let norm = LayerNorm { gamma: &gamma, beta: &beta, eps: 1e-5 };
            on_every_path(|cx| {
                let mut all = vec![0.0; rows * cols];
                let input = Input::Rows(Rows::new(&x, rows, cols));
                layer_norm(cx, input, &norm, RowsMut::new(&mut all, rows, cols));
                for r in 0..rows {
                    let row = &x[r * cols..][..cols];
                    let mut one = row.to_vec();
                    layer_norm(cx, Input::InPlace, &norm, RowsMut::new(&mut one, 1, cols));
                    assert_same_bits(&one, &all[r * cols..][..cols], cx.isa.name());
                    assert_close(&one, &reference(row, &norm), 2e-5, cx.isa.name());
                }
            });
        }
    }
}
