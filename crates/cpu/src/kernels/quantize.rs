//! Rows of floats as bytes with a factor each: activations at every run, weights when a model is loaded.

use super::Cx;
use super::linear::pack::Element;
use super::rows::{Rows, Shared};
use super::vectors::{Magnitude, max, read, spans};
use crate::isa::Isa;
use crate::simd::{Body, MAX_LANES, Simd, dispatch};
use graph::ops::quantize::{BASE, MOST};
use std::ops::Range;

/// Writes each row of `cols` values as signed bytes of so many `digits` to `bytes`, one digit's after the other's, and
/// its factor, the greatest magnitude over 127, to `factors`.
///
/// # Panics
/// When lengths don't fit.
pub fn quantize<E: Element>(
    cx: Cx<'_>,
    x: &[E],
    [cols, digits]: [usize; 2],
    (bytes, factors): (&mut [u8], &mut [f32]),
) {
    let (rows, width) = (factors.len(), digits * cols);
    assert_eq!((x.len(), bytes.len()), (rows * cols, rows * width), "values of {rows} rows of {cols}");
    let (bytes, factors) = (Shared::new(bytes), Shared::new(factors));
    cx.split(rows, rows * cols, |rows| {
        dispatch(cx.isa, Part { x, rows, cols, stride: cols, bytes, width, factors });
    });
}

/// Some rows.
struct Part<'a, 'o, E> {
    x: &'a [E],
    rows: Range<usize>,
    cols: usize,
    stride: usize,
    /// A digit's of each row, then the next one's.
    bytes: Shared<'o, u8>,
    width: usize,
    factors: Shared<'o, f32>,
}

impl<E: Element> Body for Part<'_, '_, E> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Part { x, rows, cols, stride, bytes, width, factors } = self;
        for i in rows {
            // SAFETY: rows don't overlap, and each is in one part.
            let (bytes, factor) = unsafe { (bytes.slice(i * width, width), factors.slice(i, 1)) };
            factor[0] = quantize_row(s, &x[i * stride..][..cols], bytes);
        }
    }
}

/// [`quantize`] in one digit on this thread alone.
pub(super) fn quantize_rows(isa: Isa, x: Rows<'_>, bytes: &mut [u8], factors: &mut [f32]) {
    let (cols, stride) = (x.cols(), x.stride());
    assert_eq!((factors.len(), bytes.len()), (x.rows(), x.rows() * cols), "values of rows of {cols}");
    let (bytes, factors) = (Shared::new(bytes), Shared::new(factors));
    let rows = 0..x.rows();
    dispatch(isa, Part { x: x.all(), rows, cols, stride, bytes, width: cols, factors });
}

/// The greatest magnitude of a row; NaN is passed over; 0 where there is none.
#[inline(always)]
pub(super) fn greatest<S: Simd, E: Element>(s: S, x: &[E]) -> f32 {
    max(s, x, Magnitude).max(0.0)
}

/// Writes a row as bytes of one digit, or of two where `bytes` are twice as many, and gives its factor.
#[inline(always)]
pub(super) fn quantize_row<S: Simd, E: Element>(s: S, x: &[E], bytes: &mut [u8]) -> f32 {
    let greatest = greatest(s, x);
    let inverse = s.splat(if greatest > 0.0 { MOST / greatest } else { 0.0 });
    let (bytes, more) = bytes.split_at_mut(x.len());
    for (i, n) in spans(s, x.len()) {
        let value = s.mul(read(s, x, i, n), inverse);
        write_bytes(s, bytes, i, n, value);
        if !more.is_empty() {
            write_bytes(s, more, i, n, s.mul(s.sub(value, s.round(value)), s.splat(BASE)));
        }
    }
    greatest / MOST
}

/// Writes `n` values to `bytes` from `i`, rounded.
#[inline(always)]
fn write_bytes<S: Simd>(s: S, bytes: &mut [u8], i: usize, n: usize, values: S::V) {
    let to = &mut bytes[i..][..n];
    if n == S::LANES {
        // SAFETY: the slice holds LANES bytes.
        return unsafe { s.store_i8(to.as_mut_ptr().cast(), values) };
    }
    let mut whole = [0; MAX_LANES];
    // SAFETY: an array of MAX_LANES has room for LANES.
    unsafe { s.store_i8(whole.as_mut_ptr(), values) };
    to.iter_mut().zip(whole).for_each(|(to, byte)| *to = byte.cast_unsigned());
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
            quantize(cx, &x, [203, 1], (&mut bytes, &mut factors));
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

    #[test]
    fn the_greatest_magnitude_is_found_wherever_it_is() {
        on_every_path(|cx| {
            for cols in [1, 16, 63, 150] {
                for at in 0..cols {
                    // NaN on its other side, where there is one.
                    let mut x = noise(4, cols);
                    x[(at + 1) % cols] = f32::NAN;
                    x[at] = -2.0;
                    let (mut bytes, mut factors) = (vec![7; cols], [7.0]);
                    quantize(cx, &x, [cols, 1], (&mut bytes, &mut factors));
                    assert_eq!(factors, [2.0 / 127.0], "{} {at} of {cols}", cx.isa);
                    assert_eq!(bytes[at].cast_signed(), -127);
                }
            }
        });
    }

    #[test]
    fn a_second_digit_is_what_the_first_has_left() {
        let x: Vec<f32> = noise(3, 3 * 517).iter().map(|x| 40.0 * x * x * x).collect();
        on_every_path(|cx| {
            let (mut bytes, mut factors) = (vec![7; 2 * x.len()], vec![7.0; 3]);
            quantize(cx, &x, [517, 2], (&mut bytes, &mut factors));
            let (mut one, mut own) = (vec![7; x.len()], vec![7.0; 3]);
            quantize(cx, &x, [517, 1], (&mut one, &mut own));
            assert_eq!(factors, own);
            for (i, row) in x.chunks(517).enumerate() {
                let (first, second) = bytes[2 * 517 * i..][..2 * 517].split_at(517);
                assert_eq!(first, &one[517 * i..][..517], "{}", cx.isa);
                for ((x, first), second) in row.iter().zip(first).zip(second) {
                    let value = f32::from(first.cast_signed()) + f32::from(second.cast_signed()) / 254.0;
                    // Half a step of the second digit, and what f32 rounds of 127 steps.
                    let most = factors[i] * (0.5 / 254.0 + 1e-4);
                    assert!((x - value * factors[i]).abs() <= most, "{}: {x} as {value}", cx.isa);
                }
            }
        });
    }

    #[test]
    fn halves_are_quantised_as_their_values() {
        let x = noise(2, 7 * 131);
        let half: Vec<half::f16> = x.iter().map(|x| half::f16::from_f32(*x)).collect();
        let wide: Vec<f32> = half.iter().map(|x| x.to_f32()).collect();
        on_every_path(|cx| {
            let (mut bytes, mut factors) = (vec![7; x.len()], vec![7.0; 7]);
            let (mut own, mut own_factors) = (bytes.clone(), factors.clone());
            quantize(cx, &half, [131, 1], (&mut bytes, &mut factors));
            quantize(cx, &wide, [131, 1], (&mut own, &mut own_factors));
            assert_eq!((&bytes, &factors), (&own, &own_factors), "{}", cx.isa);
        });
    }
}
