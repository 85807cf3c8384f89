//! Rows of floats as bytes with a factor each: activations at every run, weights when a model is loaded.

use super::Cx;
use super::linear::pack::{Element, Elements};
use super::rotation::rotate;
use super::rows::{RowsMut, Shared};
use super::scratch::{Shares, scratch_len};
use super::vectors::{Magnitude, max, read, spans, write};
use crate::isa::Isa;
use crate::simd::{Body, MAX_LANES, Simd, dispatch};
use graph::ops::quantize::{BASE, factor, inverse};
use std::ops::Range;

/// Writes the rows of `x` as signed bytes, one digit's of each after the other's, and their factors, the greatest magnitude
/// over 127: `dims` are the values of a row and its digits, `out` the bytes and the factors. With `scratch`, of as many
/// values as [`rotation_scratch`] says and of any content, the rows are rotated first.
///
/// # Panics
/// When lengths don't fit.
pub fn quantize(
    cx: Cx<'_>,
    x: Elements<'_>,
    dims: [usize; 2],
    out: (&mut [u8], &mut [f32]),
    scratch: Option<&mut [f32]>,
) {
    match x {
        Elements::F32(x) => quantize_elements(cx, x, dims, out, scratch),
        Elements::F16(x) => quantize_elements(cx, x, dims, out, scratch),
        Elements::Bf16(x) => quantize_elements(cx, x, dims, out, scratch),
    }
}

fn quantize_elements<E: Element>(
    cx: Cx<'_>,
    x: &[E],
    [cols, digits]: [usize; 2],
    (bytes, factors): (&mut [u8], &mut [f32]),
    scratch: Option<&mut [f32]>,
) {
    let (rows, width) = (factors.len(), digits * cols);
    assert_eq!((x.len(), bytes.len()), (rows * cols, rows * width), "values of {rows} rows of {cols}");
    let (bytes, factors) = (Shared::new(bytes), Shared::new(factors));
    let scratch = scratch.map(|scratch| Shares::new(scratch, cx.pool.threads(), cols));
    cx.split_on(rows, rows * cols, |thread, rows| {
        // SAFETY: no two parts run on one thread at the same time.
        let scratch = scratch.map(|scratch| unsafe { scratch.of(thread) });
        dispatch(cx.isa, Part { x, rows, cols, scratch, bytes, width, factors });
    });
}

/// The f32 values of scratch that it takes to rotate rows of `cols` values on `threads` threads.
pub fn rotation_scratch(threads: usize, cols: usize) -> usize {
    scratch_len(threads, cols)
}

/// Some rows.
struct Part<'a, 'o, E> {
    x: &'a [E],
    rows: Range<usize>,
    cols: usize,
    /// Where a row is rotated.
    scratch: Option<&'o mut [f32]>,
    /// A digit's of each row, then the next one's.
    bytes: Shared<'o, u8>,
    width: usize,
    factors: Shared<'o, f32>,
}

impl<E: Element> Body for Part<'_, '_, E> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Part { x, rows, cols, mut scratch, bytes, width, factors } = self;
        for i in rows {
            // SAFETY: rows don't overlap, and each is in one part.
            let (bytes, factor) = unsafe { (bytes.slice(i * width, width), factors.slice(i, 1)) };
            let row = &x[i * cols..][..cols];
            factor[0] = match &mut scratch {
                None => quantize_row(s, row, bytes),
                Some(rotated) => {
                    for (i, n) in spans(s, cols) {
                        write(s, rotated, i, n, read(s, row, i, n));
                    }
                    quantize_rotated(s, rotated, bytes)
                }
            };
        }
    }
}

/// [`quantize`] in one digit on this thread alone, of rows that are rotated where they lie.
pub(super) fn quantize_rows(isa: Isa, x: RowsMut<'_>, bytes: &mut [u8], factors: &mut [f32]) {
    assert_eq!(
        (factors.len(), bytes.len()),
        (x.rows(), x.rows() * x.cols()),
        "values of rows of {}",
        x.cols()
    );
    dispatch(isa, InPlace { x, bytes, factors });
}

struct InPlace<'a, 'o> {
    x: RowsMut<'a>,
    bytes: &'o mut [u8],
    factors: &'o mut [f32],
}

impl Body for InPlace<'_, '_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let InPlace { mut x, bytes, factors } = self;
        let cols = x.cols();
        for (i, factor) in factors.iter_mut().enumerate() {
            *factor = quantize_rotated(s, x.row(i), &mut bytes[i * cols..][..cols]);
        }
    }
}

/// The greatest magnitude of a row; NaN is passed over; 0 where there is none.
#[inline(always)]
pub(super) fn greatest<S: Simd, E: Element>(s: S, x: &[E]) -> f32 {
    max(s, x, Magnitude).max(0.0)
}

/// Writes a row as bytes of one digit, or of two where `bytes` are twice as many, and gives its factor.
#[inline(always)]
pub(super) fn quantize_row<S: Simd, E: Element>(s: S, x: &[E], bytes: &mut [u8]) -> f32 {
    factor(write_row(s, x, bytes), 1)
}

/// [`quantize_row`] of a row that is rotated where it lies.
#[inline(always)]
pub(super) fn quantize_rotated<S: Simd>(s: S, row: &mut [f32], bytes: &mut [u8]) -> f32 {
    let parts = rotate(s, row);
    factor(write_row(s, row, bytes), parts)
}

/// Writes a row as bytes and gives its greatest magnitude.
#[inline(always)]
fn write_row<S: Simd, E: Element>(s: S, x: &[E], bytes: &mut [u8]) -> f32 {
    let greatest = greatest(s, x);
    write_digits(s, x, inverse(greatest), bytes);
    greatest
}

/// Writes a row times `inverse` as bytes of one digit, or of two where `bytes` are twice as many.
#[inline(always)]
pub(super) fn write_digits<S: Simd, E: Element>(s: S, x: &[E], inverse: f32, bytes: &mut [u8]) {
    let inverse = s.splat(inverse);
    let (bytes, more) = bytes.split_at_mut(x.len());
    for (i, n) in spans(s, x.len()) {
        let value = s.mul(read(s, x, i, n), inverse);
        write_bytes(s, bytes, i, n, value);
        if !more.is_empty() {
            write_bytes(s, more, i, n, s.mul(s.sub(value, s.round(value)), s.splat(BASE)));
        }
    }
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
    use graph::Tensor;
    use graph::ops::OpDef;

    #[test]
    fn rounds_to_the_nearest_even_of_127_steps() {
        let mut x = noise(1, 5 * 203);
        x[203..406].fill(0.0);
        x[406..411].copy_from_slice(&[127.0, 0.5, 1.5, -2.5, -127.0]);
        on_every_path(|cx| {
            let (mut bytes, mut factors) = (vec![7; x.len()], vec![7.0; 5]);
            quantize(cx, Elements::F32(&x), [203, 1], (&mut bytes, &mut factors), None);
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
                    quantize(cx, Elements::F32(&x), [cols, 1], (&mut bytes, &mut factors), None);
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
            quantize(cx, Elements::F32(&x), [517, 2], (&mut bytes, &mut factors), None);
            let (mut one, mut own) = (vec![7; x.len()], vec![7.0; 3]);
            quantize(cx, Elements::F32(&x), [517, 1], (&mut one, &mut own), None);
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
        for cols in [131, 96] {
            let x = noise(2, 7 * cols);
            let half: Vec<half::f16> = x.iter().map(|x| half::f16::from_f32(*x)).collect();
            let wide: Vec<f32> = half.iter().map(|x| x.to_f32()).collect();
            on_every_path(|cx| {
                for rotated in [false, true] {
                    let mut scratch = vec![f32::NAN; rotation_scratch(cx.pool.threads(), cols)];
                    let (mut bytes, mut factors) = (vec![7; x.len()], vec![7.0; 7]);
                    let (mut own, mut own_factors) = (bytes.clone(), factors.clone());
                    let out = (&mut bytes[..], &mut factors[..]);
                    quantize(cx, Elements::F16(&half), [cols, 1], out, rotated.then_some(&mut scratch));
                    let out = (&mut own[..], &mut own_factors[..]);
                    quantize(cx, Elements::F32(&wide), [cols, 1], out, rotated.then_some(&mut scratch));
                    assert_eq!((&bytes, &factors), (&own, &own_factors), "{}", cx.isa);
                }
            });
        }
    }

    #[test]
    fn rotated_rows_have_the_bits_of_the_op() {
        for cols in [37, 64, 96, 128, 512, 640, 1024, 1536] {
            let x: Vec<f32> = noise(5, 3 * cols).iter().map(|x| x * x * x).collect();
            for digits in [1, 2] {
                let op = graph::ops::Quantize { digits, rotated: true };
                let tensor = Tensor::f32(&[3, cols], x.clone());
                let want = op.eval(&[&tensor], &op.infer(&[tensor.ty()]).unwrap());
                on_every_path(|cx| {
                    let mut scratch = vec![f32::NAN; rotation_scratch(cx.pool.threads(), cols)];
                    let (mut bytes, mut factors) = (vec![7; digits * x.len()], vec![7.0; 3]);
                    quantize(
                        cx,
                        Elements::F32(&x),
                        [cols, digits],
                        (&mut bytes, &mut factors),
                        Some(&mut scratch),
                    );
                    let got: Vec<f32> = bytes.iter().map(|b| f32::from(b.cast_signed())).collect();
                    assert_eq!(
                        (got, &factors[..]),
                        (want[0].to_f32(), want[1].as_f32()),
                        "{} {cols}",
                        cx.isa
                    );
                });
            }
        }
    }
}
