//! Attention in bytes against its definition in f64, and its bits for any number of threads. Not its speed.

use half::bf16;

use super::*;
use crate::kernels::attention::narrow::tests::{bytes_of_floats, operands, reference};
use crate::kernels::linear::groups::NarrowRows;
use crate::kernels::rows::RowsMut;
use crate::kernels::testing::{assert_close, assert_same_bits};
use crate::pool::Pool;
use crate::simd::Fours;

/// Paths whose vectors multiply bytes.
fn paths() -> impl Iterator<Item = Isa> {
    Isa::available().filter(|isa| *isa != Isa::Amx && Fours::detect(*isa).is_some())
}

/// Values as bytes say them that share the greatest of every `keys` rows and `columns` columns.
fn rounded(x: &[f64], width: usize, [keys, columns]: [usize; 2]) -> Vec<f64> {
    let mut out = x.to_vec();
    for block in out.chunks_mut(keys * width) {
        for first in (0..width).step_by(columns) {
            let at = |i: usize| i / columns * width + first + i % columns;
            let count = block.len() / width * columns;
            let step = (0..count).map(|i| block[at(i)].abs()).fold(0.0, f64::max) / 127.0;
            for i in 0..count {
                if step > 0.0 {
                    block[at(i)] = (block[at(i)] / step).round_ties_even() * step;
                }
            }
        }
    }
    out
}

/// Attention of operands of `width` columns.
fn run(cx: Cx<'_>, [q, k, v]: [&[bf16]; 3], [heads, d]: [usize; 2], scale: f32) -> Vec<f32> {
    let width = heads * d;
    let [q_rows, k_rows, v_rows] = [q, k, v].map(bytes_of_floats);
    let [q, k, v] =
        [&q_rows, &k_rows, &v_rows].map(|x| NarrowRows::new(x, x.len() / width / 2, [2 * width, 2 * width]));
    let dims = AttentionDims { queries: q.rows(), keys: k.rows(), heads, d };
    let mut out = vec![f32::NAN; q.rows() * width];
    let mut scratch = vec![f32::NAN; byte_attention_scratch(cx.isa, cx.pool.threads(), dims)];
    let rows = RowsMut::new(&mut out, q.rows(), width);
    byte_attention(cx, &NarrowAttention { q, k, v, heads, scale }, Out { rows, scratch: &mut scratch });
    out
}

#[test]
fn agrees_with_f64_and_threads_do_not_change_bits() {
    let heads_of_64 = [[5, 33, 2, 64], [1, 1, 1, 64], [16, 128, 3, 64], [50, 64, 2, 64], [37, 700, 2, 64]];
    let others = [[1, 1, 1, 8], [29, 170, 3, 24], [37, 101, 2, 40], [70, 64, 1, 7], [34, 700, 2, 24]];
    for [queries, keys, heads, d] in heads_of_64.into_iter().chain(others) {
        let width = heads * d;
        let operands = operands([queries, keys], width);
        let [q, k, v] = operands.each_ref().map(|x| x.iter().map(|x| x.to_f64()).collect::<Vec<_>>());
        let (q, k) = (rounded(&q, width, [1, d]), rounded(&k, width, [KEYS, d]));
        let v = rounded(&v, width, [KEYS, 1]);
        let want = reference([&q, &k, &v], [queries, keys, heads, d], 0.3_f32.into());
        for isa in paths() {
            let mut first: Option<Vec<f32>> = None;
            for threads in 1..=4 {
                let pool = Pool::new(threads);
                let out =
                    run(Cx { isa, pool: &pool }, operands.each_ref().map(Vec::as_slice), [heads, d], 0.3);
                // Where one weight of a block is far above the others, those are off by up to half a step of it each.
                let what = format!("{isa}, {queries} {keys} {heads} {d}");
                assert_close(&out, &want, 20.0 / 255.0, &what);
                assert_same_bits(&out, first.get_or_insert_with(|| out.clone()), &what);
            }
        }
    }
}

#[test]
fn a_score_above_all_before_it_has_the_weight_to_itself() {
    // Scores rise from block to block of keys by far more than floats hold as weights; those of the second query fall.
    let keys = 4 * KEYS + 5;
    for d in [8, 64] {
        let operand = |rows: usize, value: &dyn Fn(usize) -> f32| -> Vec<bf16> {
            let value = |at: usize| if at.is_multiple_of(d) { value(at / d) } else { 0.0 };
            (0..rows * d).map(|at| bf16::from_f32(value(at))).collect()
        };
        let q = operand(2, &|query| if query == 0 { 1.0 } else { -1.0 });
        let k = operand(keys, &|key| (key / KEYS) as f32 + 1.0);
        let v = operand(keys, &|key| (key / KEYS) as f32 + 7.0);
        for isa in paths() {
            let pool = Pool::new(1);
            let out = run(Cx { isa, pool: &pool }, [&q, &k, &v], [1, d], 999.0);
            assert!((out[0] - 11.0).abs() < 1e-4 && (out[d] - 7.0).abs() < 1e-4, "{isa}, {d}: {out:?}");
            assert!(out[1..d].iter().chain(&out[d + 1..]).all(|x| *x == 0.0), "{isa}, {d}");
        }
    }
}

#[test]
fn much_beside_one_great_weight_is_not_lost() {
    // One key has 300 times the weight of each other one, and all the others together have five times that. Those of its
    // own block, 127 of 1499, are lost beside it.
    let (keys, d) = (1500, 64);
    let vector =
        |value: f32| std::iter::once(value).chain(std::iter::repeat_n(0.0, d - 1)).map(bf16::from_f32);
    let q: Vec<bf16> = vector(1.0).collect();
    let k: Vec<bf16> = (0..keys).flat_map(|key| vector(if key == 700 { 1.0 } else { 0.0 })).collect();
    let v: Vec<bf16> = (0..keys).flat_map(|key| vector(if key == 700 { 0.0 } else { 1.0 })).collect();
    let want = 1499.0 / (1499.0 + 300.0);
    for isa in paths() {
        let pool = Pool::new(2);
        let out = run(Cx { isa, pool: &pool }, [&q, &k, &v], [1, d], 300.0_f32.ln());
        assert!((out[0] - want).abs() < 0.02, "{isa}: {} is not {want}", out[0]);
    }
}
