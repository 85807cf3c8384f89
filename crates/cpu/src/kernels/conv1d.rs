//! Convolution over time as a product with overlapping rows. Not a copy of its windows: only the few rows that
//! touch the padding are gathered.
//!
//! Input is time-major, `[t, c]`, so the window of an output is one contiguous row of `taps * c` values, and
//! neighbours are rows at a stride of `stride * c`.

use super::Cx;
use super::linear::groups::{Groups, NarrowRows};
use super::linear::narrow::narrow_linear;
use super::linear::pack::Panels;
use super::linear::{Epilogue, Out, Residual, linear, linear_scratch};
use super::rows::Rows;
use crate::isa::Isa;

/// A convolution's parameters (ONNX `Conv`, one group, no dilation, as many zeros before as after).
#[derive(Debug, Clone, Copy)]
pub struct Conv1d<'a> {
    /// `n` outputs of `taps * c` products, tap by tap: see [`taps_first`].
    pub weights: Panels<'a>,
    /// Which inputs each output sees.
    pub windows: Windows,
}

/// Which inputs each output of a convolution sees.
#[derive(Debug, Clone, Copy)]
pub struct Windows {
    /// The length of the window.
    pub taps: usize,
    /// The steps between windows; at least 1.
    pub stride: usize,
    /// The zeros before and after.
    pub pad: usize,
}

impl Windows {
    /// The outputs for `t` inputs; 0 where the window doesn't fit.
    pub fn outputs(&self, t: usize) -> usize {
        (t + 2 * self.pad + self.stride).saturating_sub(self.taps) / self.stride
    }

    /// The outputs whose windows lie within `t` inputs.
    fn interior(&self, t: usize) -> std::ops::Range<usize> {
        let first = self.pad.div_ceil(self.stride);
        let end = (t + self.pad + self.stride).saturating_sub(self.taps) / self.stride;
        let (first, end) = (first.min(self.outputs(t)), end.min(self.outputs(t)));
        first..end.max(first)
    }
}

/// Turns weights of `[n, c, taps]`, as models store them, into `[n, taps, c]`.
///
/// # Panics
/// When their count is not `n * c * taps`.
pub fn taps_first<T: Copy>(weights: &[T], n: usize, c: usize, taps: usize) -> Vec<T> {
    assert_eq!(weights.len(), n * c * taps);
    let at = |i: usize| weights[i / (taps * c) * (taps * c) + i % c * taps + i / c % taps];
    (0..weights.len()).map(at).collect()
}

/// The f32 values of scratch that [`conv1d`] needs for `t` inputs of `c` channels.
pub fn conv1d_scratch(isa: Isa, threads: usize, windows: &Windows, [t, c]: [usize; 2]) -> usize {
    let (k, interior) = (windows.taps * c, windows.interior(t));
    let edge = interior.start.max(windows.outputs(t) - interior.end);
    edge * k + linear_scratch(isa, threads, interior.len().max(edge), k)
}

/// `out = epilogue(conv(x))`: `x` is `[t, c]` without gaps, `out` is `[outputs, n]`.
///
/// # Panics
/// When shapes don't fit or the scratch is shorter than [`conv1d_scratch`].
pub fn conv1d(cx: Cx<'_>, x: Rows<'_>, conv: &Conv1d<'_>, epilogue: &Epilogue<'_>, out: Out<'_, '_>) {
    let (t, c, k, seen) = (x.rows(), x.cols(), conv.weights.k(), &conv.windows);
    let Out { mut rows, scratch } = out;
    assert!(x.stride() == c || t <= 1, "the input of a convolution has gaps");
    assert_eq!(k, seen.taps * c, "the window of a convolution");
    assert_eq!(rows.rows(), seen.outputs(t), "the outputs of a convolution");
    assert!(scratch.len() >= conv1d_scratch(cx.isa, cx.pool.threads(), seen, [t, c]), "short scratch");
    let interior = seen.interior(t);
    let edge = interior.start.max(rows.rows() - interior.end);
    let (windows, scratch) = scratch.split_at_mut(edge * k);
    let mut product = |x: Rows<'_>, first: usize| {
        let residual = match epilogue.residual {
            Residual::Rows(r) => Residual::Rows(r.part(first, x.rows())),
            other => other,
        };
        let epilogue = Epilogue { residual, ..*epilogue };
        let out = Out { rows: rows.part(first, x.rows()), scratch: &mut *scratch };
        linear(cx, x, conv.weights, &epilogue, out);
    };
    let outputs = seen.outputs(t);
    for edge in [0..interior.start, interior.end..outputs] {
        for (window, i) in windows.chunks_exact_mut(k.max(1)).zip(edge.clone()) {
            gather(x, seen, i, window);
        }
        product(Rows::new(windows, edge.len(), k), edge.start);
    }
    if !interior.is_empty() {
        let from = (interior.start * seen.stride - seen.pad) * c;
        let all = x.all();
        product(Rows::strided(&all[from..], interior.len(), k, seen.stride * c), interior.start);
    }
}

/// Copies the window of output `i`, with zeros where it leaves the input.
fn gather(x: Rows<'_>, seen: &Windows, i: usize, window: &mut [f32]) {
    for (tap, values) in window.chunks_exact_mut(x.cols().max(1)).enumerate() {
        match (i * seen.stride + tap).checked_sub(seen.pad) {
            Some(at) if at < x.rows() => values.copy_from_slice(x.row(at)),
            _ => values.fill(0.0),
        }
    }
}

/// [`conv1d`] of bfloat16: `x` is `[t, c]` without gaps, and the weights are in groups.
///
/// # Panics
/// When shapes don't fit or the scratch is shorter than [`super::linear::narrow::narrow_scratch`] says for as many rows
/// of a window.
pub fn narrow_conv1d(
    cx: Cx<'_>,
    x: NarrowRows<'_>,
    (weights, windows): (&Groups, &Windows),
    epilogue: &Epilogue<'_>,
    out: Out<'_, '_>,
) {
    let (t, c) = (x.rows(), x.width() / 2);
    let Out { rows, scratch } = out;
    assert_eq!(weights.k(), windows.taps * c, "the window of a convolution");
    assert_eq!(rows.rows(), windows.outputs(t), "the outputs of a convolution");
    let seen = [windows.taps * x.width(), windows.stride * x.width()];
    let seen = NarrowRows::padded(x.all(), rows.rows(), seen, windows.pad * x.width());
    narrow_linear(cx, seen, weights, epilogue, Out { rows, scratch });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::linear::pack::{Elements, Order, Packed, Source};
    use crate::kernels::rows::RowsMut;
    use crate::kernels::testing::{assert_close, noise, on_every_path};

    #[test]
    fn agrees_with_the_definition() {
        let (c, n) = (5, 9);
        for [t, taps, stride, pad] in [
            [50, 3, 1, 1],
            [51, 3, 2, 1],
            [50, 3, 2, 1],
            [1, 3, 1, 1],
            [2, 3, 2, 1],
            [20, 4, 3, 0],
            [7, 5, 1, 4],
        ] {
            let (x, w, bias) = (noise(1, t * c), noise(2, n * c * taps), noise(3, n));
            let turned = taps_first(&w, n, c, taps);
            on_every_path(|cx| {
                let source =
                    Source { elements: Elements::F32(&turned), order: Order::OutputRows, n, k: taps * c };
                let packed = Packed::new(cx.isa, source);
                let conv = Conv1d { weights: packed.panels(), windows: Windows { taps, stride, pad } };
                let outputs = conv.windows.outputs(t);
                assert_eq!(outputs, (t + 2 * pad - taps) / stride + 1);
                let residual = noise(4, outputs * n);
                let want: Vec<f64> = (0..outputs * n)
                    .map(|o| {
                        let (i, j) = (o / n, o % n);
                        let mut sum = f64::from(bias[j]) + f64::from(residual[o]);
                        for tap in 0..taps {
                            let at = (i * stride + tap).wrapping_sub(pad);
                            for ch in 0..if at < t { c } else { 0 } {
                                sum += f64::from(x[at * c + ch]) * f64::from(w[(j * c + ch) * taps + tap]);
                            }
                        }
                        sum
                    })
                    .collect();
                let residual = Residual::Rows(Rows::new(&residual, outputs, n));
                let epilogue = Epilogue { bias: Some(&bias), residual, ..Epilogue::default() };
                let mut out = vec![0.0; outputs * n];
                let mut scratch = vec![0.0; conv1d_scratch(cx.isa, cx.pool.threads(), &conv.windows, [t, c])];
                let target = Out { rows: RowsMut::new(&mut out, outputs, n), scratch: &mut scratch };
                conv1d(cx, Rows::new(&x, t, c), &conv, &epilogue, target);
                assert_close(&out, &want, 1e-5, &format!("{} {t} {taps} {stride} {pad}", cx.isa));
            });
        }
    }
}
