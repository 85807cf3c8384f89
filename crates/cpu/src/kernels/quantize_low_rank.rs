//! Rows of a weight in four bits, and what they have of a few directions. Not the search for those: see `graph`'s op.

use super::linear::pack::{Element, Elements};
use super::quantize::greatest;
use super::rotation::rotate;
use super::vectors::{read, spans, write};
use crate::isa::Isa;
use crate::simd::{Body, Simd, dispatch};
use graph::ops::quantize_low_rank::{factor, inverse, round, take};

/// Where rows go.
#[derive(Debug)]
pub struct LowRank<'a> {
    /// `[rows, k]`, signed, from -7 to 7.
    pub bytes: &'a mut [u8],
    /// `[rows]`.
    pub factors: &'a mut [f32],
    /// `[rows, rank]`.
    pub along: &'a mut [f32],
}

/// Writes the rows of `x`, `k` values each, as multiples of `directions` and what these leave, on this thread alone.
///
/// # Panics
/// When lengths don't fit.
pub fn quantize_low_rank(isa: Isa, x: Elements<'_>, k: usize, directions: &[f32], out: LowRank<'_>) {
    match x {
        Elements::F32(x) => dispatch(isa, Rows { x, k, directions, out }),
        Elements::F16(x) => dispatch(isa, Rows { x, k, directions, out }),
        Elements::Bf16(x) => dispatch(isa, Rows { x, k, directions, out }),
    }
}

struct Rows<'a, 'o, E> {
    x: &'a [E],
    k: usize,
    directions: &'a [f32],
    out: LowRank<'o>,
}

impl<E: Element> Body for Rows<'_, '_, E> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Rows { x, k, directions, out } = self;
        let rank = directions.len() / k.max(1);
        let shape = (out.factors.len() * k, out.factors.len() * k, out.factors.len() * rank);
        assert_eq!((x.len(), out.bytes.len(), out.along.len()), shape, "rows of {k} values");
        let mut row = vec![0.0; k];
        for (i, row_factor) in out.factors.iter_mut().enumerate() {
            let from = &x[i * k..][..k];
            for (at, n) in spans(s, k) {
                write(s, &mut row, at, n, read(s, from, at, n));
            }
            take(&mut row, directions, &mut out.along[i * rank..][..rank]);
            let parts = rotate(s, &mut row);
            let greatest = greatest(s, &row);
            let inverse = inverse(greatest);
            for (to, x) in out.bytes[i * k..][..k].iter_mut().zip(&row) {
                *to = round(x * inverse).cast_unsigned();
            }
            *row_factor = factor(greatest, parts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{assert_same_bits, noise, on_every_path};
    use graph::ops::quantize_low_rank::directions;
    use graph::ops::{OpDef, QuantizeLowRank};
    use graph::{DType, Tensor};
    use half::f16;

    #[test]
    fn rows_have_the_bits_of_the_op() {
        for [n, k, rank] in [[70, 37, 2], [9, 64, 4], [33, 512, 4], [40, 1280, 1]] {
            let x: Vec<f32> = noise(7, n * k).iter().map(|x| 0.3 + x * x * x).collect();
            let half: Vec<f16> = x.iter().map(|x| f16::from_f32(*x)).collect();
            let w = Tensor::from_f32(DType::F16, &[n, k], x);
            let op = QuantizeLowRank { rank };
            let want = op.eval(&[&w], &op.infer(&[w.ty()]).unwrap());
            let wide = w.to_f32();
            let every = graph::ops::quantize_low_rank::EVERY;
            let picked: Vec<f32> = wide.chunks(k).step_by(every).flatten().copied().collect();
            let found = directions(&picked, k, rank);
            on_every_path(|cx| {
                for elements in [Elements::F16(&half), Elements::F32(&wide)] {
                    let (mut bytes, mut factors, mut along) =
                        (vec![9; n * k], vec![9.0; n], vec![9.0; n * rank]);
                    let out = LowRank { bytes: &mut bytes, factors: &mut factors, along: &mut along };
                    quantize_low_rank(cx.isa, elements, k, &found, out);
                    let bytes: Vec<f32> = bytes.iter().map(|b| f32::from(b.cast_signed())).collect();
                    assert_eq!(bytes, want[0].to_f32(), "{} {k}", cx.isa);
                    assert_same_bits(&factors, want[1].as_f32(), cx.isa.name());
                    assert_same_bits(&along, want[3].as_f32(), cx.isa.name());
                }
            });
        }
    }
}
