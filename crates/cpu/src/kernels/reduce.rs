//! Reductions over the last axis: maximum, sum, log of the sum of exponentials. Not over other axes.
//!
//! Rows have a stride, so that some columns of a wider matrix are reduced where they lie.

use super::Cx;
use super::rows::{Rows, Shared};
use super::vectors::{ExpBelow, Identity, max, sum};
use crate::math;
use crate::simd::{Body, MAX_LANES, Simd, dispatch};

/// What a row is reduced to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reduction {
    /// The greatest value; NaN is passed over; -infinity where there is none.
    Max,
    /// The sum.
    Sum,
    /// `ln(sum of e^x)` without overflow; -infinity for rows that are empty or all -infinity.
    LogSumExp,
}

/// Reduces each row of `x` to one value of `out`.
///
/// # Panics
/// When `out` is not one value for each row.
pub fn reduce(cx: Cx<'_>, reduction: Reduction, x: Rows<'_>, out: &mut [f32]) {
    assert_eq!(out.len(), x.rows(), "one value for each row");
    let weight = if reduction == Reduction::LogSumExp { 4 } else { 1 };
    let out = Shared::new(out);
    cx.split(x.rows(), weight * x.rows() * x.cols(), |part| {
        for i in part {
            let value = dispatch(cx.isa, Row { reduction, row: x.row(i) });
            // SAFETY: each element is in one part.
            unsafe { out.slice(i, 1)[0] = value };
        }
    });
}

struct Row<'a> {
    reduction: Reduction,
    row: &'a [f32],
}

impl Body for Row<'_> {
    type Out = f32;

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> f32 {
        match self.reduction {
            Reduction::Max => max(s, self.row),
            Reduction::Sum => sum(s, self.row, Identity),
            Reduction::LogSumExp => {
                let greatest = max(s, self.row);
                if greatest.is_infinite() {
                    // All exponentials are 0, or one is infinite.
                    return greatest;
                }
                let total = sum(s, self.row, ExpBelow(greatest));
                greatest + first_lane(s, math::log(s, s.splat(total)))
            }
        }
    }
}

#[inline(always)]
fn first_lane<S: Simd>(s: S, v: S::V) -> f32 {
    let mut lanes = [0.0; MAX_LANES];
    // SAFETY: the array holds a vector.
    unsafe { s.store(lanes.as_mut_ptr(), v) };
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{assert_close, assert_same_bits, noise, on_every_path};

    fn reference(reduction: Reduction, row: &[f32]) -> f64 {
        let row = row.iter().map(|&x| f64::from(x));
        match reduction {
            Reduction::Max => row.fold(f64::NEG_INFINITY, f64::max),
            Reduction::Sum => row.sum(),
            Reduction::LogSumExp => row.map(f64::exp).sum::<f64>().ln(),
        }
    }

    #[test]
    fn agrees_with_f64_on_columns_of_a_wider_matrix() {
        let (rows, stride) = (9, 3100);
        let x: Vec<f32> = noise(1, rows * stride).iter().map(|x| x * 30.0).collect();
        for cols in [1, 15, 64, 100, 3001] {
            for reduction in [Reduction::Max, Reduction::Sum, Reduction::LogSumExp] {
                let view = Rows::strided(&x[7..], rows, cols, stride);
                let want: Vec<f64> = (0..rows).map(|r| reference(reduction, view.row(r))).collect();
                on_every_path(|cx| {
                    let mut all = vec![0.0; rows];
                    reduce(cx, reduction, view, &mut all);
                    assert_close(&all, &want, 2e-3, &format!("{} {reduction:?} {cols}", cx.isa));
                    for r in 0..rows {
                        let mut one = [0.0];
                        reduce(cx, reduction, view.part(r, 1), &mut one);
                        assert_same_bits(&one, &all[r..=r], cx.isa.name());
                    }
                });
            }
        }
    }

    #[test]
    fn infinities_are_safe() {
        on_every_path(|cx| {
            let log_sum_exp = |row: &[f32]| {
                let mut out = [0.0];
                reduce(cx, Reduction::LogSumExp, Rows::new(row, 1, row.len()), &mut out);
                out[0]
            };
            assert_eq!(log_sum_exp(&[f32::NEG_INFINITY; 20]), f32::NEG_INFINITY);
            assert_eq!(log_sum_exp(&[]), f32::NEG_INFINITY);
            assert_eq!(log_sum_exp(&[f32::INFINITY, 1.0]), f32::INFINITY);
            assert_eq!(log_sum_exp(&[f32::NEG_INFINITY, 4.0]), 4.0);
            assert!(log_sum_exp(&[f32::NAN, 4.0]).is_nan());
            let mut out = [0.0];
            reduce(cx, Reduction::Max, Rows::new(&[f32::NAN, 4.0, f32::NAN], 1, 3), &mut out);
            assert_eq!(out[0], 4.0);
        });
    }
}
