//! Layer normalisation over the last axis. Not fused with what follows: that is a linear layer's own pass.

use super::Cx;
use super::quantize::quantize_rotated;
use super::rows::{Input, Rows, RowsMut, Shared};
use super::scratch::Shares;
use super::vectors::{Identity, SquaredDistance, prefetch, read, spans, sum, write};
use crate::isa::Isa;
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
            normalise(cx.isa, norm, row, &mut [], &[]);
        }
    });
}

/// [`layer_norm`] with each row as [`super::quantize::quantize`] makes bytes of it, rotated: of two digits where there are
/// twice as many bytes as values. `scratch` holds [`super::quantize::rotation_scratch`] values or more, of any content.
///
/// # Panics
/// When shapes don't fit or the scratch is short.
pub fn layer_norm_bytes(
    cx: Cx<'_>,
    x: Rows<'_>,
    norm: &LayerNorm<'_>,
    (bytes, factors): (&mut [u8], &mut [f32]),
    scratch: &mut [f32],
) {
    let (rows, cols) = (x.rows(), x.cols());
    assert_eq!((norm.gamma.len(), norm.beta.len()), (cols, cols), "parameters of a row of {cols}");
    let width = bytes.len() / rows.max(1);
    let fits = factors.len() == rows && bytes.len() == rows * width && [cols, 2 * cols].contains(&width);
    assert!(fits || rows == 0, "{} bytes of {rows} rows of {cols}", bytes.len());
    let (bytes, factors) = (Shared::new(bytes), Shared::new(factors));
    let scratch = Shares::new(scratch, cx.pool.threads(), cols);
    cx.split_on(rows, 3 * rows * cols, |thread, part| {
        // SAFETY: no two parts run on one thread at the same time.
        let row = unsafe { scratch.of(thread) };
        for i in part {
            // SAFETY: rows don't overlap and each is in one part.
            let (bytes, factor) = unsafe { (bytes.slice(i * width, width), factors.slice(i, 1)) };
            row.copy_from_slice(x.row(i));
            let next = if i + 1 < rows { x.row(i + 1) } else { &[] };
            factor[0] = normalise(cx.isa, norm, row, bytes, next);
        }
    });
}

/// Normalises a row where it lies, and gives its bytes and their factor if there is room for any. The `next` row is asked
/// for meanwhile.
fn normalise(isa: Isa, norm: &LayerNorm<'_>, row: &mut [f32], bytes: &mut [u8], next: &[f32]) -> f32 {
    dispatch(isa, Normalise { norm, row, bytes, next })
}

struct Normalise<'a, 'r> {
    norm: &'a LayerNorm<'a>,
    row: &'r mut [f32],
    bytes: &'r mut [u8],
    next: &'a [f32],
}

impl Body for Normalise<'_, '_> {
    type Out = f32;

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> f32 {
        let Normalise { norm, row, bytes, next } = self;
        prefetch(s, next.as_ptr().cast(), size_of_val(next));
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
        if bytes.is_empty() { 0.0 } else { quantize_rotated(s, row, bytes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::linear::pack::Elements;
    use crate::kernels::quantize::{quantize, rotation_scratch};
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

    #[test]
    fn bytes_are_those_of_the_rows() {
        for (rows, cols) in [(1, 33), (3, 70), (40, 517), (130, 33), (0, 5)] {
            let mut x = noise(4, rows * cols);
            x[..rows / 3 * cols].fill(0.0);
            // A row of zeros that stays one.
            let (gamma, mut beta) = (noise(5, cols), noise(6, cols));
            for still in [false, true] {
                if still {
                    beta.fill(0.0);
                }
                let norm = LayerNorm { gamma: &gamma, beta: &beta, eps: 1e-5 };
                on_every_path(|cx| {
                    let input = Rows::new(&x, rows, cols);
                    let mut wide = vec![0.0; rows * cols];
                    layer_norm(cx, Input::Rows(input), &norm, RowsMut::new(&mut wide, rows, cols));
                    let mut scratch = vec![f32::NAN; rotation_scratch(cx.pool.threads(), cols)];
                    for digits in [1, 2] {
                        let (mut want, mut want_factors) = (vec![7; digits * wide.len()], vec![7.0; rows]);
                        let out = (&mut want[..], &mut want_factors[..]);
                        quantize(cx, Elements::F32(&wide), [cols, digits], out, Some(&mut scratch));
                        let (mut got, mut factors) = (vec![9; digits * wide.len()], vec![9.0; rows]);
                        layer_norm_bytes(cx, input, &norm, (&mut got, &mut factors), &mut scratch);
                        assert_eq!(got, want, "{} {rows} {cols} {digits}", cx.isa);
                        assert_same_bits(&factors, &want_factors, cx.isa.name());
                    }
                });
            }
        }
    }
}
