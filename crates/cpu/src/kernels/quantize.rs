//! Rows of floats as bytes with a factor each. Not of weights: those are quantised when a model is loaded.

use super::Cx;
use super::rows::{Rows, Shared};
use super::vectors::{read, spans};
use crate::simd::{Body, Simd, dispatch};
use graph::ops::quantize::{MOST, nearest};

/// Writes each row as signed bytes to `bytes`, and its factor, the greatest magnitude over 127, to `factors`.
///
/// # Panics
/// When lengths don't fit.
pub fn quantize(cx: Cx<'_>, x: Rows<'_>, bytes: &mut [u8], factors: &mut [f32]) {
    let (rows, cols) = (x.rows(), x.cols());
    assert_eq!(
        (bytes.len(), factors.len()),
        (rows * cols, rows),
        "bytes and factors of {rows} rows of {cols}"
    );
    let (bytes, factors) = (Shared::new(bytes), Shared::new(factors));
    cx.split(rows, rows * cols, |part| {
        for i in part {
            // SAFETY: rows don't overlap, and each is in one part.
            let (bytes, factor) = unsafe { (bytes.slice(i * cols, cols), factors.slice(i, 1)) };
            factor[0] = dispatch(cx.isa, Row { x: x.row(i), bytes });
        }
    });
}

struct Row<'a, 'b> {
    x: &'a [f32],
    bytes: &'b mut [u8],
}

impl Body for Row<'_, '_> {
    type Out = f32;

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> f32 {
        let mut greatest = s.splat(0.0);
        for (i, n) in spans(s, self.x.len()) {
            greatest = s.max(s.abs(read(s, self.x, i, n)), greatest);
        }
        let greatest = s.reduce_max(greatest);
        let inverse = if greatest > 0.0 { MOST / greatest } else { 0.0 };
        for (byte, x) in self.bytes.iter_mut().zip(self.x) {
            *byte = nearest(x * inverse).cast_unsigned();
        }
        greatest / MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{noise, on_every_path};

    #[test]
    fn rounds_to_the_nearest_even_of_127_steps() {
        let mut x = noise(1, 5 * 203);
        x[203..406].fill(0.0);
        x[406..411].copy_from_slice(&[127.0, 0.5, 1.5, -2.5, -127.0]);
        on_every_path(|cx| {
            let (mut bytes, mut factors) = (vec![7; x.len()], vec![7.0; 5]);
            quantize(cx, Rows::new(&x, 5, 203), &mut bytes, &mut factors);
            for ((row, bytes), factor) in x.chunks(203).zip(bytes.chunks(203)).zip(&factors) {
                let greatest = row.iter().fold(0.0_f32, |m, x| m.max(x.abs()));
                assert_eq!(*factor, greatest / 127.0);
                for (x, byte) in row.iter().zip(bytes) {
                    let want = if greatest > 0.0 { x * (127.0 / greatest) } else { 0.0 };
                    assert_eq!(f32::from(byte.cast_signed()), want.round_ties_even(), "{}: {x}", cx.isa);
                }
            }
            assert_eq!(bytes[406..411], [127, 0, 2, 254, 129]);
        });
    }
}
