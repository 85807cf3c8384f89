//! Softmax over the last axis. Not the one inside attention, which never leaves its block.

use super::Cx;
use super::rows::{Input, RowsMut};
use super::vectors::{Identity, exp_in_place, max, scale_in_place};
use crate::simd::{Body, Simd, dispatch};

/// `out = e^(x - greatest) / sum` for each row. A row of -infinity gives zeros, NaN gives a row of NaN.
///
/// # Panics
/// When shapes don't fit.
pub fn softmax(cx: Cx<'_>, x: Input<'_>, mut out: RowsMut<'_>) {
    let (rows, cols) = (out.rows(), out.cols());
    if let Input::Rows(x) = x {
        assert_eq!((x.rows(), x.cols()), (rows, cols), "shapes of a softmax");
    }
    let out = out.shared();
    cx.split(rows, 4 * rows * cols, |part| {
        for i in part {
            // SAFETY: rows don't overlap and each is in one part.
            let row = unsafe { out.slice(i, cols) };
            if let Input::Rows(x) = x {
                row.copy_from_slice(x.row(i));
            }
            dispatch(cx.isa, Row(row));
        }
    });
}

struct Row<'a>(&'a mut [f32]);

impl Body for Row<'_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let greatest = max(s, self.0, Identity);
        let sum = exp_in_place(s, self.0, greatest);
        if sum != 0.0 {
            scale_in_place(s, self.0, 1.0 / sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::rows::Rows;
    use crate::kernels::testing::{assert_close, assert_same_bits, noise, on_every_path};

    fn reference(row: &[f32]) -> Vec<f64> {
        let greatest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let e: Vec<f64> = row.iter().map(|&x| (f64::from(x) - f64::from(greatest)).exp()).collect();
        let sum: f64 = e.iter().sum();
        e.into_iter().map(|x| x / sum).collect()
    }

    #[test]
    fn agrees_with_f64_and_keeps_bits() {
        for cols in [1, 5, 16, 33, 700] {
            let rows = 30;
            let mut x: Vec<f32> = noise(1, rows * cols).iter().map(|x| x * 20.0).collect();
            if cols > 1 {
                x[1] = f32::NEG_INFINITY;
            }
            on_every_path(|cx| {
                let mut all = vec![0.0; rows * cols];
                softmax(cx, Input::Rows(Rows::new(&x, rows, cols)), RowsMut::new(&mut all, rows, cols));
                for r in 0..rows {
                    let row = &x[r * cols..][..cols];
                    let mut one = row.to_vec();
                    softmax(cx, Input::InPlace, RowsMut::new(&mut one, 1, cols));
                    assert_same_bits(&one, &all[r * cols..][..cols], cx.isa.name());
                    assert_close(&one, &reference(row), 1e-6, cx.isa.name());
                }
            });
        }
    }

    #[test]
    fn nothing_allowed_gives_zeros() {
        on_every_path(|cx| {
            let mut x = vec![f32::NEG_INFINITY; 19];
            softmax(cx, Input::InPlace, RowsMut::new(&mut x, 1, 19));
            assert_eq!(x, [0.0; 19]);
            let mut x = vec![f32::NAN; 19];
            softmax(cx, Input::InPlace, RowsMut::new(&mut x, 1, 19));
            assert!(x.iter().all(|x| x.is_nan()));
        });
    }
}
