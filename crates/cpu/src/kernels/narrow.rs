//! Between f32 and bfloat16, for whole tensors and rows. Not products of bfloat16: see `linear`.

use super::Cx;
use super::rows::Shared;
use crate::simd::{Body, Simd, dispatch, to_bf16};

/// The value of the bfloat16 with these bits.
#[inline(always)]
pub(crate) fn of_bf16(x: u16) -> f32 {
    f32::from_bits(u32::from(x) << 16)
}

/// Writes `x` as bfloat16 to `out`, two bytes each in the machine's order.
///
/// # Panics
/// When `out` is of another length.
pub fn narrow(cx: Cx<'_>, x: &[f32], out: &mut [u8]) {
    assert_eq!(out.len(), 2 * x.len(), "bytes of {} bfloat16", x.len());
    let shared = Shared::new(out);
    cx.split(x.len(), x.len(), |range| {
        // SAFETY: the ranges of parts don't overlap.
        let out = unsafe { shared.slice(2 * range.start, 2 * range.len()) };
        dispatch(cx.isa, Narrow { x: &x[range], out });
    });
}

/// Writes the bfloat16 in `x`, two bytes each in the machine's order, as f32 to `out`.
///
/// # Panics
/// When `out` is of another length.
pub fn widen(cx: Cx<'_>, x: &[u8], out: &mut [f32]) {
    assert_eq!(x.len(), 2 * out.len(), "bytes of {} bfloat16", out.len());
    let len = out.len();
    let shared = Shared::new(out);
    cx.split(len, len, |range| {
        // SAFETY: the ranges of parts don't overlap.
        let out = unsafe { shared.slice(range.start, range.len()) };
        dispatch(cx.isa, Widen { x: &x[2 * range.start..2 * range.end], out });
    });
}

struct Narrow<'a> {
    x: &'a [f32],
    out: &'a mut [u8],
}

impl Body for Narrow<'_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        narrow_row(self.x, self.out);
    }
}

/// Writes `x` as bfloat16, with the instructions of the body that it is part of.
#[inline(always)]
pub(super) fn narrow_row(x: &[f32], out: &mut [u8]) {
    for (out, x) in out.chunks_exact_mut(2).zip(x) {
        out.copy_from_slice(&to_bf16(*x).to_ne_bytes());
    }
}

struct Widen<'a> {
    x: &'a [u8],
    out: &'a mut [f32],
}

impl Body for Widen<'_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        for (out, x) in self.out.iter_mut().zip(self.x.chunks_exact(2)) {
            *out = of_bf16(u16::from_ne_bytes([x[0], x[1]]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{noise, on_every_path};
    use half::bf16;

    #[test]
    fn rounds_as_half_does_and_widens_back() {
        let special = [0.0, -0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 1e-40, 1.003_906_2];
        let x: Vec<f32> = noise(1, 70_001).into_iter().chain(special).collect();
        let want: Vec<u16> = x.iter().map(|x| bf16::from_f32(*x).to_bits()).collect();
        on_every_path(|cx| {
            let mut bytes = vec![0; 2 * x.len()];
            narrow(cx, &x, &mut bytes);
            let got = bytes.chunks_exact(2).map(|b| u16::from_ne_bytes([b[0], b[1]]));
            assert!(got.eq(want.iter().copied()), "{}", cx.isa);
            let mut wide = vec![0.0; x.len()];
            widen(cx, &bytes, &mut wide);
            assert!(wide.iter().zip(&want).all(|(x, w)| x.to_bits() == u32::from(*w) << 16), "{}", cx.isa);
        });
    }
}
