//! quantize_low_rank: a matrix as a few directions of its rows and, in four bits, what they leave. Not `quantize`, whose
//! rows are rounded as they are.

// Loops over rows become vectors of the path into which they are inlined.
#![allow(clippy::inline_always)]

use super::quantize::{nearest, rotate};
use super::{OpDef, OpError, arity, op, require};
use crate::{DType, Data, Shape, Tensor, TensorType};

/// The greatest 4-bit integer that is used, as far from zero as its negative.
pub const MOST: f32 = 7.0;

/// The part of a row's greatest magnitude that becomes [`MOST`]: with so few steps what is beyond it is better cut.
const CUT: f32 = 0.8;

/// Of how many rows one is looked at for directions.
pub const EVERY: usize = 32;

/// How often directions are turned towards what rows have most of.
const ROUNDS: usize = 4;

op! {
    /// The matrix `w[n, k]` as `q: i4[n, k]`, `s: f32[n]`, `v: f32[rank, k]` and `along: f32[n, rank]`: row `i` is near
    /// `q[i] * s[i]`, rotated, plus the sum of `along[i, j] * v[j]`. Rows of an embedding are much the same in a few
    /// directions, on which four bits would spend their steps (SVDQuant, <https://arxiv.org/abs/2411.05007>).
    ///
    /// The directions `v` are found by four rounds of subspace iteration over every 32nd row: from the sums of every
    /// `rank`th of these each round adds up the rows, each times its product with a direction, and makes what comes
    /// orthonormal. From each row its product with a direction times the direction is taken, one after the other. What
    /// is left is rotated as `quantize` does it, divided by `s`, of which its greatest magnitude is 7 / 0.8, rounded to
    /// nearest even and cut to -7 and 7.
    QuantizeLowRank = "quantize_low_rank" {
        /// How many directions there are.
        rank: usize,
    }
}

impl OpDef for QuantizeLowRank {
    const CASES: &'static [&'static str] = &[
        "quantize_low_rank f32[300, 37] {rank=2}",
        "quantize_low_rank f16[700, 64] {rank=4}",
        "quantize_low_rank bf16[40, 128] {rank=1}",
    ];

    fn infer(&self, inputs: &[TensorType]) -> Result<Vec<TensorType>, OpError> {
        arity("quantize_low_rank", inputs, 1)?;
        let w = &inputs[0];
        require!(w.dtype.is_float() && w.rank() == 2, "quantize_low_rank: w is {w}, expected floats[n, k]");
        require!(self.rank > 0, "quantize_low_rank: rank is 0, expected 1 or more");
        let [n, k] = [w.shape.0[0], w.shape.0[1]];
        let floats = |dims: Vec<_>| TensorType { dtype: DType::F32, shape: Shape(dims) };
        let rank = self.rank.into();
        Ok(vec![w.with_dtype(DType::I4), floats(vec![n]), floats(vec![rank, k]), floats(vec![n, rank])])
    }

    fn eval(&self, inputs: &[&Tensor], results: &[TensorType]) -> Vec<Tensor> {
        let mut w = inputs[0].to_f32();
        let k = inputs[0].dims[1].max(1);
        let picked: Vec<f32> = w.chunks(k).step_by(EVERY).flatten().copied().collect();
        let directions = directions(&picked, k, self.rank);
        let (mut bytes, mut factors, mut along) = (Vec::with_capacity(w.len()), Vec::new(), Vec::new());
        for row in w.chunks_mut(k) {
            let mut products = vec![0.0; self.rank];
            take(row, &directions, &mut products);
            along.extend(products);
            let parts = rotate(row);
            let greatest = row.iter().fold(0.0_f32, |m, x| m.max(x.abs()));
            let inverse = inverse(greatest);
            bytes.extend(row.iter().map(|x| round(x * inverse)));
            factors.push(factor(greatest, parts));
        }
        let dims = |i: usize| results[i].shape.as_fixed().unwrap_or_default();
        vec![
            Tensor { dims: dims(0), data: Data::I4(bytes) },
            Tensor::f32(&dims(1), factors),
            Tensor::f32(&dims(2), directions),
            Tensor::f32(&dims(3), along),
        ]
    }
}

/// `rank` orthonormal rows of `k` values that have most of `rows`; what these have fewer of is zero.
pub fn directions(rows: &[f32], k: usize, rank: usize) -> Vec<f32> {
    let mut directions = vec![0.0; rank * k];
    for (i, row) in rows.chunks_exact(k).enumerate() {
        add(&mut directions[i % rank * k..][..k], 1.0, row);
    }
    orthonormalise(&mut directions, k);
    for _ in 0..ROUNDS {
        let mut next = vec![0.0; rank * k];
        for row in rows.chunks_exact(k) {
            for (next, direction) in next.chunks_exact_mut(k).zip(directions.chunks_exact(k)) {
                add(next, dot(row, direction), row);
            }
        }
        orthonormalise(&mut next, k);
        directions = next;
    }
    directions
}

/// Takes from each row of `k` values what it has of those before it, and makes it as long as 1 (Gram-Schmidt, twice: what
/// is left of a row that has hardly anything else is not quite apart from them).
fn orthonormalise(rows: &mut [f32], k: usize) {
    for at in (0..rows.len()).step_by(k) {
        let (before, row) = rows.split_at_mut(at);
        let row = &mut row[..k];
        for _ in 0..2 {
            for other in before.chunks_exact(k) {
                let product = dot(row, other);
                add(row, -product, other);
            }
            let length = dot(row, row).sqrt();
            for x in &mut *row {
                *x = if length > 0.0 { *x / length } else { 0.0 };
            }
        }
    }
}

/// Takes from `row` what it has of each of `directions`, one after the other, and says how much.
#[inline(always)]
pub fn take(row: &mut [f32], directions: &[f32], along: &mut [f32]) {
    for (along, direction) in along.iter_mut().zip(directions.chunks_exact(row.len().max(1))) {
        *along = dot(row, direction);
        add(row, -*along, direction);
    }
}

/// Products in sixteen sums: compilers make vectors of them, and the bits are the same on every machine.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0; 16];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    for (a, b) in a.iter().zip(b) {
        for i in 0..16 {
            sums[i] += a[i] * b[i];
        }
    }
    for ((sum, a), b) in sums.iter_mut().zip(a_rest).zip(b_rest) {
        *sum += a * b;
    }
    sums.iter().sum()
}

/// Adds so many times `row`.
#[inline(always)]
fn add(to: &mut [f32], times: f32, row: &[f32]) {
    to.iter_mut().zip(row).for_each(|(to, x)| *to += times * x);
}

/// What a row is times to be rounded.
#[inline(always)]
pub fn inverse(greatest: f32) -> f32 {
    if greatest > 0.0 { MOST / (CUT * greatest) } else { 0.0 }
}

/// The 4-bit integer of a value that was multiplied so.
#[inline(always)]
pub fn round(x: f32) -> i8 {
    nearest(x.clamp(-MOST, MOST))
}

/// The factor of a row whose greatest magnitude is `greatest`, rotated in so many parts.
pub fn factor(greatest: f32, parts: usize) -> f32 {
    CUT * greatest / MOST / (parts as f32).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows that are much the same in two directions.
    fn rows(n: usize, k: usize) -> Tensor {
        let noise = |i: usize| ((i * i + 7 * i) % 1013) as f32 / 1013.0 - 0.5;
        let value = |i: usize| {
            let (row, column) = (i / k, i % k);
            3.0 * (column as f32).cos() + noise(row) * (column as f32 * 1.7).sin() + 0.1 * noise(i)
        };
        Tensor::f32(&[n, k], (0..n * k).map(value).collect())
    }

    /// The root of the mean square of what `rank` directions and four bits have lost of `w`.
    fn lost(w: &Tensor, rank: usize) -> f32 {
        let op = QuantizeLowRank { rank };
        let [q, s, v, along] = op.eval(&[w], &op.infer(&[w.ty()]).unwrap()).try_into().unwrap();
        let (k, mut squares) = (w.dims[1], 0.0);
        for (i, row) in w.as_f32().chunks(k).enumerate() {
            let mut near: Vec<f32> = q.to_f32()[i * k..][..k].iter().map(|q| q * s.as_f32()[i]).collect();
            // A Hadamard matrix is its own inverse, when it is normalised.
            let parts = rotate(&mut near);
            for x in &mut near {
                *x /= (parts as f32).sqrt();
            }
            for (j, v) in v.as_f32().chunks(k).enumerate() {
                add(&mut near, along.as_f32()[i * rank + j], v);
            }
            squares += row.iter().zip(near).map(|(x, y)| (x - y) * (x - y)).sum::<f32>();
        }
        (squares / w.len() as f32).sqrt()
    }

    #[test]
    fn what_all_rows_have_costs_no_steps() {
        let w = rows(500, 64);
        let lost = [1, 2, 4].map(|rank| lost(&w, rank));
        // Noise in steps of a seventh of its greatest; before it, steps as wide as the second direction.
        assert!(lost[0] > 2.0 * lost[1] && lost[1] < 0.01 && lost[2] < 1.2 * lost[1], "{lost:?}");
    }

    #[test]
    fn directions_are_orthonormal_or_nothing() {
        for (n, rank) in [(40, 4), (2, 3), (0, 2)] {
            let w = rows(n, 37);
            let v = directions(w.as_f32(), 37, rank);
            for (i, a) in v.chunks(37).enumerate() {
                for (j, b) in v.chunks(37).enumerate() {
                    let want = if i == j && i < n { 1.0 } else { 0.0 };
                    assert!((dot(a, b) - want).abs() < 1e-5, "{n} rows: {i} and {j}: {}", dot(a, b));
                }
            }
        }
    }

    #[test]
    fn what_is_beyond_the_greatest_step_is_cut() {
        assert_eq!([0.4, 0.5, 1.5, -6.6, 8.75, -9.0].map(round), [0, 0, 2, -7, 7, -7]);
        assert_eq!([factor(8.75, 4), inverse(8.75)], [0.5, 1.0]);
    }
}
