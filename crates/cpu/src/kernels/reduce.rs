//! Reductions: maximum, sum, log of the sum of exponentials, of rows or of columns.
//!
//! Rows have a stride, so that some columns of a wider matrix are reduced where they lie. A column is one chain from
//! its first row to its last.

use super::Cx;
use super::rows::{Rows, Shared};
use super::vectors::{ExpBelow, Identity, max, read, spans, sum, write};
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

/// Columns that a thread takes at once.
const COLUMNS: usize = 256;

/// Reduces the columns of each matrix of `x`, of which there are as many as `out` has rows of `x.cols()` values.
///
/// # Panics
/// When the rows of `x` don't make up that many matrices.
pub fn reduce_columns(cx: Cx<'_>, reduction: Reduction, x: Rows<'_>, out: &mut [f32]) {
    let cols = x.cols();
    let matrices = out.len() / cols.max(1);
    assert_eq!(out.len(), matrices * cols, "whole rows of results");
    let rows = x.rows() / matrices.max(1);
    assert_eq!(x.rows(), matrices * rows, "matrices of equal height");
    let blocks = cols.div_ceil(COLUMNS);
    let weight = if reduction == Reduction::LogSumExp { 4 } else { 1 };
    let out = Shared::new(out);
    cx.split(matrices * blocks, weight * x.rows() * cols, |part| {
        for unit in part {
            let (matrix, first) = (unit / blocks, unit % blocks * COLUMNS);
            let count = COLUMNS.min(cols - first);
            // SAFETY: each block of columns is in one part.
            let out = unsafe { out.slice(matrix * cols + first, count) };
            dispatch(cx.isa, Columns { reduction, x: x.part(matrix * rows, rows), first, out });
        }
    });
}

/// Columns from `first` of one matrix.
struct Columns<'a, 'o> {
    reduction: Reduction,
    x: Rows<'a>,
    first: usize,
    out: &'o mut [f32],
}

impl Body for Columns<'_, '_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Columns { reduction, x, first, out } = self;
        match reduction {
            Reduction::Max => down(s, x, first, out, Greatest),
            Reduction::Sum => down(s, x, first, out, Total),
            Reduction::LogSumExp => {
                down(s, x, first, out, Greatest);
                let mut greatest = [0.0; COLUMNS];
                greatest[..out.len()].copy_from_slice(out);
                down(s, x, first, out, Exponentials(&greatest));
                for (i, n) in spans(s, out.len()) {
                    let (sum, greatest) = (read(s, out, i, n), read(s, &greatest, i, n));
                    // All exponentials are 0, or one is infinite.
                    let finite = s.lt(s.abs(greatest), s.splat(f32::INFINITY));
                    write(s, out, i, n, s.select(finite, s.add(greatest, math::log(s, sum)), greatest));
                }
            }
        }
    }
}

/// What is done down a column.
trait Chain<S: Simd>: Copy {
    const START: f32;

    /// The chain with `x` of column `i` of the block; implementations are `#[inline(always)]`.
    fn with(self, s: S, chain: S::V, x: S::V, i: usize) -> S::V;
}

#[derive(Clone, Copy)]
struct Greatest;
#[derive(Clone, Copy)]
struct Total;
#[derive(Clone, Copy)]
struct Exponentials<'a>(&'a [f32; COLUMNS]);

impl<S: Simd> Chain<S> for Greatest {
    const START: f32 = f32::NEG_INFINITY;

    #[inline(always)]
    fn with(self, s: S, chain: S::V, x: S::V, _: usize) -> S::V {
        s.max(x, chain)
    }
}

impl<S: Simd> Chain<S> for Total {
    const START: f32 = 0.0;

    #[inline(always)]
    fn with(self, s: S, chain: S::V, x: S::V, _: usize) -> S::V {
        s.add(chain, x)
    }
}

impl<S: Simd> Chain<S> for Exponentials<'_> {
    const START: f32 = 0.0;

    #[inline(always)]
    fn with(self, s: S, chain: S::V, x: S::V, i: usize) -> S::V {
        let greatest = read(s, self.0, i, S::LANES.min(COLUMNS - i));
        s.add(chain, math::exp_nonpositive(s, s.sub(x, greatest)))
    }
}

#[inline(always)]
fn down<S: Simd, C: Chain<S>>(s: S, x: Rows<'_>, first: usize, out: &mut [f32], chain: C) {
    for (i, n) in spans(s, out.len()) {
        let mut acc = s.splat(C::START);
        for row in 0..x.rows() {
            acc = chain.with(s, acc, read(s, x.row(row), first + i, n), i);
        }
        write(s, out, i, n, acc);
    }
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
            Reduction::Max => max(s, self.row, Identity),
            Reduction::Sum => sum(s, self.row, Identity),
            Reduction::LogSumExp => {
                let greatest = max(s, self.row, Identity);
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
    fn columns_are_reduced_as_rows_are() {
        for (matrices, rows, cols) in [(1, 9, 1), (2, 70, 15), (3, 1, 64), (2, 8, 300), (1, 3, 1501)] {
            let x: Vec<f32> = noise(1, matrices * rows * cols).iter().map(|x| x * 30.0).collect();
            for reduction in [Reduction::Max, Reduction::Sum, Reduction::LogSumExp] {
                let column =
                    |m: usize, c: usize| (0..rows).map(|r| x[(m * rows + r) * cols + c]).collect::<Vec<_>>();
                let places = (0..matrices).flat_map(|m| (0..cols).map(move |c| (m, c)));
                let want: Vec<f64> = places.map(|(m, c)| reference(reduction, &column(m, c))).collect();
                let mut bits: Option<Vec<f32>> = None;
                on_every_path(|cx| {
                    let mut all = vec![0.0; matrices * cols];
                    reduce_columns(cx, reduction, Rows::new(&x, matrices * rows, cols), &mut all);
                    assert_close(&all, &want, 2e-3, &format!("{} {reduction:?} {rows} x {cols}", cx.isa));
                    if reduction != Reduction::LogSumExp {
                        assert_same_bits(&all, bits.get_or_insert_with(|| all.clone()), cx.isa.name());
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
            let columns = [f32::NEG_INFINITY, f32::INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY, 1.0, 4.0];
            let mut out = [0.0; 3];
            reduce_columns(cx, Reduction::LogSumExp, Rows::new(&columns, 2, 3), &mut out);
            assert_eq!(out, [f32::NEG_INFINITY, f32::INFINITY, 4.0]);
            let mut out = [0.0];
            reduce(cx, Reduction::Max, Rows::new(&[f32::NAN, 4.0, f32::NAN], 1, 3), &mut out);
            assert_eq!(out[0], 4.0);
        });
    }
}
