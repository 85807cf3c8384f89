//! Cached attention through its table: shared pasts, shared windows, what is not seen. Not the conformance cases.

use super::*;
use crate::isa::Isa;
use crate::kernels::rows::RowsMut;
use crate::kernels::testing::{assert_close, assert_same_bits, noise};
use crate::pool::Pool;

fn reference(a: &CachedAttention<'_>) -> Vec<f64> {
    let (n, width) = (a.q.rows(), a.q.cols());
    let d = width / a.heads;
    let mut out = vec![0.0; n * width];
    for i in 0..n {
        let len = a.last[i] as usize + 1;
        for h in 0..a.heads {
            let at = |j: usize| {
                let slot = a.table[a.row[i] as usize * a.columns + if a.columns == 1 { 0 } else { j }];
                ((slot as usize * a.heads + h) * a.positions + j) * d
            };
            let q = &a.q.row(i)[h * d..][..d];
            let dot = |k: &[f32]| q.iter().zip(k).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum::<f64>();
            let factor = |j: usize, of: usize| a.factors.map_or(1.0, |both| f64::from(both[of][at(j) / d]));
            let score = |j: usize| dot(&a.keys[at(j)..][..d]) * factor(j, 0) * f64::from(a.scale);
            let scores: Vec<f64> = (0..len).map(score).collect();
            let greatest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = scores.iter().map(|x| (x - greatest).exp()).sum();
            for (j, score) in scores.iter().enumerate() {
                for c in 0..d {
                    out[i * width + h * d + c] +=
                        (score - greatest).exp() / sum * factor(j, 1) * f64::from(a.values[at(j) + c]);
                }
            }
        }
    }
    out
}

fn run(isa: Isa, threads: usize, a: &CachedAttention<'_>) -> Vec<f32> {
    let pool = Pool::new(threads);
    let (n, width) = (a.q.rows(), a.q.cols());
    let mut out = vec![f32::NAN; n * width];
    let mut scratch = vec![f32::NAN; cached_attention_scratch(threads, a.positions, width / a.heads)];
    let target = Out { rows: RowsMut::new(&mut out, n, width), scratch: &mut scratch };
    cached_attention(Cx { isa, pool: &pool }, a, target);
    out
}

/// Checks against f64, and each query alone and every thread count against the whole.
fn check(a: &CachedAttention<'_>) {
    let width = a.q.cols();
    let want = reference(a);
    for isa in Isa::available() {
        let all = run(isa, 1, a);
        assert_close(&all, &want, 1e-5, isa.name());
        for threads in 2..=4 {
            assert_same_bits(&all, &run(isa, threads, a), isa.name());
        }
        for i in 0..a.q.rows() {
            let one = CachedAttention { q: a.q.part(i, 1), row: &a.row[i..=i], last: &a.last[i..=i], ..*a };
            assert_same_bits(&run(isa, 2, &one), &all[i * width..][..width], isa.name());
        }
    }
}

/// Attention over slots that a table names at each position.
fn by_table<'a>(
    [q, keys, values]: [&'a [f32]; 3],
    table: &'a [i32],
    [row, last]: [&'a [i32]; 2],
    [positions, heads, d]: [usize; 3],
) -> CachedAttention<'a> {
    let q = Rows::new(q, row.len(), heads * d);
    CachedAttention {
        q,
        keys,
        values,
        factors: None,
        positions,
        table,
        columns: positions,
        row,
        last,
        heads,
        scale: 0.5,
    }
}

#[test]
fn rows_share_the_past_through_the_table() {
    for [heads, d] in [[2, 64], [3, 24], [1, 7], [4, 16]] {
        let (slots, positions, width) = (4, 37, heads * d);
        let (keys, values) = (noise(1, slots * positions * width), noise(2, slots * positions * width));
        let table: Vec<i32> = (0..3 * positions).map(|i| (i * i % 7 % slots) as i32).collect();
        let row = [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 0];
        let last = [36, 0, 1, 15, 16, 17, 20, 31, 32, 33, 35, 5, 7];
        let q: Vec<f32> = noise(3, row.len() * width).iter().map(|x| x * 4.0).collect();
        check(&by_table([&q, &keys, &values], &table, [&row, &last], [positions, heads, d]));
    }
}

#[test]
fn rows_that_part_go_on_alone() {
    let (slots, positions, heads, d) = (6, 41, 2, 64);
    let width = heads * d;
    let (keys, values) = (noise(1, slots * positions * width), noise(2, slots * positions * width));
    // Of four rows the first two part from the others; the last row shares nothing.
    let slot = |row: usize, j: usize| match row {
        0 if j >= 23 => 1,
        1 if j >= 9 => 2,
        4 => 5,
        _ => 0,
    };
    let table: Vec<i32> = (0..5 * positions).map(|at| slot(at / positions, at % positions)).collect();
    let (row, last) = ([0, 1, 2, 3, 4], [30, 40, 22, 7, 40]);
    let q: Vec<f32> = noise(3, row.len() * width).iter().map(|x| x * 4.0).collect();
    let args = by_table([&q, &keys, &values], &table, [&row, &last], [positions, heads, d]);
    let group = |first: usize| {
        let mut rows = vec![0; QUERIES * positions];
        let group = Group::new(&args, first, &mut rows);
        (group.count, group.shared)
    };
    assert_eq!([0, 2, 4].map(group), [(4, 9), (2, 23), (1, 41)]);
    check(&args);
}

#[test]
fn rows_of_one_window_read_its_slot_together() {
    let (slots, positions, heads, d) = (2, 101, 3, 32);
    let width = heads * d;
    let (keys, values) = (noise(1, slots * positions * width), noise(2, slots * positions * width));
    let (table, row) = ([1, 1, 0, 1], [0, 1, 1, 2, 3, 0, 0, 1, 0, 1, 0, 3, 3, 3]);
    // The windows are not of one length.
    let last = row.map(|row| if table[row as usize] == 1 { 100 } else { 62 });
    let stride = width + 3;
    let q = noise(3, row.len() * stride);
    let factors = [noise(4, slots * positions * heads), noise(5, slots * positions * heads)];
    let args = CachedAttention {
        q: Rows::strided(&q, row.len(), width, stride),
        keys: &keys,
        values: &values,
        factors: None,
        positions,
        table: &table,
        columns: 1,
        row: &row,
        last: &last,
        heads,
        scale: 0.125,
    };
    check(&args);
    check(&CachedAttention { factors: Some([&factors[0], &factors[1]]), ..args });
}

#[test]
fn what_is_not_seen_may_hold_anything() {
    let (positions, width) = (20, 16);
    let (mut keys, mut values) = (noise(1, positions * width), noise(2, positions * width));
    let q = noise(3, 2 * width);
    let clean = (keys.clone(), values.clone());
    for head in keys.chunks_mut(positions * width / 2) {
        head[12 * width / 2..].fill(f32::NAN);
    }
    for head in values.chunks_mut(positions * width / 2) {
        head[12 * width / 2..].fill(f32::INFINITY);
    }
    let args = |keys, values| CachedAttention {
        q: Rows::new(&q, 2, width),
        keys,
        values,
        factors: None,
        positions,
        table: &[0],
        columns: 1,
        row: &[0, 0],
        last: &[3, 11],
        heads: 2,
        scale: 1.0,
    };
    for isa in Isa::available() {
        let (a, b) = (run(isa, 2, &args(&clean.0, &clean.1)), run(isa, 2, &args(&keys, &values)));
        assert_same_bits(&a, &b, isa.name());
    }
}

#[test]
#[should_panic(expected = "names a slot beyond 1")]
fn a_slot_out_of_range_is_refused() {
    let args = CachedAttention {
        q: Rows::new(&[0.0; 4], 1, 4),
        keys: &[0.0; 8],
        values: &[0.0; 8],
        factors: None,
        positions: 2,
        table: &[0, -1],
        columns: 2,
        row: &[0],
        last: &[1],
        heads: 1,
        scale: 1.0,
    };
    run(Isa::Scalar, 1, &args);
}
