//! The k greatest values of each row with their places. Not a sort of whole rows.

use super::Cx;
use super::rows::{Rows, Shared};
use super::vectors::read;
use crate::simd::{Body, Simd, dispatch};

/// The most values that [`top_k`] ranks.
pub const MAX_K: usize = 64;

/// Where the ranked values of `[rows, k]` go.
#[derive(Debug)]
pub struct Ranked<'a> {
    /// `[rows, k]`, greatest first.
    pub values: &'a mut [f32],
    /// `[rows, k]`: the places of the values in their rows.
    pub indices: &'a mut [i32],
}

/// Ranks the `k` greatest values of each row, greatest first; of equal values the lowest index comes first (as
/// ONNX `TopK` and torch.argmax do). NaN ranks as, and is reported as, -infinity.
///
/// # Panics
/// When `k` is 0, above [`MAX_K`] or above the length of a row, or the outputs are not `[rows, k]`.
pub fn top_k(cx: Cx<'_>, x: Rows<'_>, k: usize, out: Ranked<'_>) {
    assert!((1..=MAX_K.min(x.cols())).contains(&k), "{k} of {} values, at most {MAX_K}", x.cols());
    let Ranked { values, indices } = out;
    assert_eq!((values.len(), indices.len()), (x.rows() * k, x.rows() * k), "outputs of [rows, {k}]");
    let (values, indices) = (Shared::new(values), Shared::new(indices));
    cx.split(x.rows(), x.rows() * x.cols(), |part| {
        for i in part {
            // SAFETY: each row is in one part.
            let (values, indices) = unsafe { (values.slice(i * k, k), indices.slice(i * k, k)) };
            dispatch(cx.isa, Row { x: x.row(i), best: Best { values, indices, count: 0 } });
        }
    });
}

/// The best values so far, in order.
struct Best<'a> {
    values: &'a mut [f32],
    indices: &'a mut [i32],
    count: usize,
}

impl Best<'_> {
    /// Takes a value that comes after all that it has seen.
    #[inline]
    fn offer(&mut self, value: f32, index: usize) {
        let value = if value.is_nan() { f32::NEG_INFINITY } else { value };
        let k = self.values.len();
        if self.count == k && value <= self.values[k - 1] {
            return;
        }
        let mut at = self.count.min(k - 1);
        self.count = (self.count + 1).min(k);
        while at > 0 && self.values[at - 1] < value {
            self.values[at] = self.values[at - 1];
            self.indices[at] = self.indices[at - 1];
            at -= 1;
        }
        self.values[at] = value;
        self.indices[at] = index as i32;
    }
}

struct Row<'a> {
    x: &'a [f32],
    best: Best<'a>,
}

impl Body for Row<'_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Row { x, mut best } = self;
        let k = best.values.len();
        let group = 4 * S::LANES;
        let vectors = (x.len() - k) / group * group + k;
        for (i, &value) in x[..k].iter().enumerate() {
            best.offer(value, i);
        }
        for i in (k..vectors).step_by(group) {
            let threshold = s.splat(best.values[k - 1]);
            let mut hit = false;
            for j in 0..4 {
                hit |= s.any(s.lt(threshold, read(s, x, i + j * S::LANES, S::LANES)));
            }
            if hit {
                for (j, &value) in x[i..i + group].iter().enumerate() {
                    best.offer(value, i + j);
                }
            }
        }
        for (i, &value) in x.iter().enumerate().skip(vectors) {
            best.offer(value, i);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{noise, on_every_path};

    fn reference(row: &[f32], k: usize) -> (Vec<f32>, Vec<i32>) {
        let key = |i: usize| if row[i].is_nan() { f32::NEG_INFINITY } else { row[i] };
        let mut order: Vec<usize> = (0..row.len()).collect();
        order.sort_by(|&a, &b| key(b).total_cmp(&key(a)).then(a.cmp(&b)));
        order.truncate(k);
        (order.iter().map(|&i| key(i)).collect(), order.iter().map(|&i| i as i32).collect())
    }

    fn check(x: &[f32], rows: usize, k: usize) {
        let cols = x.len() / rows;
        on_every_path(|cx| {
            let (mut values, mut indices) = (vec![7.0; rows * k], vec![-1; rows * k]);
            let out = Ranked { values: &mut values, indices: &mut indices };
            top_k(cx, Rows::new(x, rows, cols), k, out);
            for r in 0..rows {
                let want = reference(&x[r * cols..][..cols], k);
                assert_eq!(values[r * k..][..k], want.0, "{} {cols} {k}", cx.isa);
                assert_eq!(indices[r * k..][..k], want.1, "{} {cols} {k}", cx.isa);
            }
        });
    }

    #[test]
    fn agrees_with_a_sort() {
        for cols in [1, 16, 65, 1000, 20_001] {
            for k in [1, 5, 16, 64] {
                if k <= cols {
                    check(&noise(cols as u64, 3 * cols), 3, k);
                }
            }
        }
    }

    #[test]
    fn equal_values_come_lowest_index_first() {
        let few: Vec<f32> = noise(5, 999).iter().map(|x| (x * 3.0).round() + 0.0).collect();
        check(&few, 1, 16);
        check(&[2.5; 300], 1, 5);
        check(&[f32::NEG_INFINITY; 300], 1, 5);
        let rising: Vec<f32> = (0..500).map(|i| i as f32).collect();
        check(&rising, 1, 8);
    }

    #[test]
    fn nan_ranks_last_and_hides_nothing() {
        let mut x = noise(6, 400);
        for i in (0..400).step_by(3) {
            x[i] = f32::NAN;
        }
        x[399] = f32::NEG_INFINITY;
        check(&x, 1, 16);
        check(&[f32::NAN; 100], 1, 3);
    }
}
