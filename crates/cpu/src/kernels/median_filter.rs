//! Medians of neighbours over the last axis, as many at once as a vector has lanes. Not a sort of the rows.
//!
//! A median is chosen, never computed, so that its bits depend on nothing else but the sign of a zero.

use super::Cx;
use super::rows::{Rows, RowsMut};
use super::vectors::{read, write};
use crate::simd::{Body, Simd, dispatch};

/// The greatest width: as many vectors are held at once.
pub const MAX_WIDTH: usize = 15;

/// `out[i]` is the median of the `width` values around `x[i]`, rows mirrored at their ends; rows of `width / 2`
/// values and less are copied. Of a window that holds NaN, the result is one of its values.
///
/// # Panics
/// When shapes don't fit, or `width` is even or above [`MAX_WIDTH`].
pub fn median_filter(cx: Cx<'_>, width: usize, x: Rows<'_>, mut out: RowsMut<'_>) {
    assert!(width % 2 == 1 && width <= MAX_WIDTH, "a median of {width} values");
    let (rows, cols) = (out.rows(), out.cols());
    assert_eq!((x.rows(), x.cols()), (rows, cols), "shapes of a median filter");
    let out = out.shared();
    cx.split(rows, width * rows * cols, |part| {
        for i in part {
            // SAFETY: rows don't overlap and each is in one part.
            let out = unsafe { out.slice(i, cols) };
            if cols <= width / 2 {
                out.copy_from_slice(x.row(i));
            } else {
                dispatch(cx.isa, Row { width, values: x.row(i), out });
            }
        }
    });
}

/// One row of more than `width / 2` values.
struct Row<'a> {
    width: usize,
    values: &'a [f32],
    out: &'a mut [f32],
}

impl Body for Row<'_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Row { width, values: row, out } = self;
        let (len, half) = (row.len(), width / 2);
        for i in (0..half.min(len)).chain(len.saturating_sub(half).max(half)..len) {
            out[i] = at_an_end(row, width, i);
        }
        let inner = len.saturating_sub(half).max(half);
        for i in (half..inner).step_by(S::LANES) {
            let n = S::LANES.min(inner - i);
            match width {
                3 => medians::<S, 3>(s, row, out, i, n),
                5 => medians::<S, 5>(s, row, out, i, n),
                7 => medians::<S, 7>(s, row, out, i, n),
                9 => medians::<S, 9>(s, row, out, i, n),
                11 => medians::<S, 11>(s, row, out, i, n),
                13 => medians::<S, 13>(s, row, out, i, n),
                15 => medians::<S, 15>(s, row, out, i, n),
                _ => medians::<S, 1>(s, row, out, i, n),
            }
        }
    }
}

/// The median at `i` of a row that is mirrored at its ends.
fn at_an_end(row: &[f32], width: usize, i: usize) -> f32 {
    let (last, half) = (row.len() - 1, width / 2);
    let mut window = [0.0; MAX_WIDTH];
    let window = &mut window[..width];
    for (j, value) in window.iter_mut().enumerate() {
        let at = (i + j).abs_diff(half);
        *value = row[if at > last { 2 * last - at } else { at }];
    }
    window.sort_unstable_by(f32::total_cmp);
    window[half]
}

/// The medians at `n` places from `i`, whose windows are within the row: of one value more than half a window the
/// least and the greatest can't be the median and make room for the next, until three are left.
#[inline(always)]
fn medians<S: Simd, const W: usize>(s: S, row: &[f32], out: &mut [f32], i: usize, n: usize) {
    let mut kept = [s.splat(0.0); W];
    for (j, value) in kept.iter_mut().enumerate() {
        *value = read(s, row, i - W / 2 + j, n);
    }
    // The values from `first` to W / 2 + 1 are kept, in no order.
    let last = W / 2 + 1;
    for first in 0..W / 2 {
        for k in first + 1..=last {
            (kept[first], kept[k]) = (s.min(kept[first], kept[k]), s.max(kept[first], kept[k]));
        }
        for k in first + 1..last {
            (kept[k], kept[last]) = (s.min(kept[k], kept[last]), s.max(kept[k], kept[last]));
        }
        if last + 1 + first < W {
            kept[last] = kept[last + 1 + first];
        }
    }
    write(s, out, i, n, kept[W / 2]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Isa;
    use crate::kernels::testing::{assert_same_bits, noise, on_every_path};
    use crate::pool::Pool;

    /// Sorts each mirrored window.
    fn reference(width: usize, row: &[f32]) -> Vec<f32> {
        let (n, half) = (row.len() as i64, (width / 2) as i64);
        if n <= half {
            return row.to_vec();
        }
        let at = |i: i64| row[(n - 1 - (n - 1 - i.abs()).abs()) as usize];
        let median = |i: i64| {
            let mut window: Vec<f32> = (i - half..=i + half).map(at).collect();
            window.sort_unstable_by(f32::total_cmp);
            window[width / 2]
        };
        (0..n).map(median).collect()
    }

    #[test]
    fn agrees_with_a_sort_of_each_window() {
        for width in [1, 3, 5, 7, 9, 15] {
            for cols in [1, 2, 3, 4, 5, 7, 8, 9, 16, 33, 150] {
                let x: Vec<f32> = noise(cols as u64, 9 * cols).iter().map(|x| (x * 20.0).round()).collect();
                let want: Vec<f32> = x.chunks(cols).flat_map(|row| reference(width, row)).collect();
                on_every_path(|cx| {
                    let mut out = vec![f32::NAN; x.len()];
                    median_filter(cx, width, Rows::new(&x, 9, cols), RowsMut::new(&mut out, 9, cols));
                    let out: Vec<f32> = out.iter().map(|x| x + 0.0).collect();
                    let want: Vec<f32> = want.iter().map(|x| x + 0.0).collect();
                    assert_same_bits(&out, &want, cx.isa.name());
                });
            }
        }
    }

    #[test]
    #[should_panic(expected = "a median of 4 values")]
    fn an_even_width_is_refused() {
        let (cx, mut out) = (Cx { isa: Isa::Scalar, pool: &Pool::new(1) }, [0.0; 9]);
        median_filter(cx, 4, Rows::new(&[0.0; 9], 1, 9), RowsMut::new(&mut out, 1, 9));
    }
}
