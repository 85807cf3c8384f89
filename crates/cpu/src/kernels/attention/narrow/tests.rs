//! Attention of bfloat16 against its definition in f64, and its bits for any number of threads. Not its speed.

use half::bf16;

use super::*;
use crate::kernels::rows::RowsMut;
use crate::kernels::testing::{assert_close, assert_same_bits, noise};
use crate::pool::Pool;

/// The definition on f64 values of the operands.
pub(crate) fn reference(
    [q, k, v]: [&[f64]; 3],
    [queries, keys, heads, d]: [usize; 4],
    scale: f64,
) -> Vec<f64> {
    let width = heads * d;
    let mut out = vec![0.0; queries * width];
    for i in 0..queries {
        for columns in (0..heads).map(|h| h * d..(h + 1) * d) {
            let score = |j: usize| -> f64 {
                columns.clone().map(|c| q[i * width + c] * k[j * width + c]).sum::<f64>() * scale
            };
            let scores: Vec<f64> = (0..keys).map(score).collect();
            let greatest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = scores.iter().map(|x| (x - greatest).exp()).sum();
            for (j, score) in scores.iter().enumerate() {
                for c in columns.clone() {
                    out[i * width + c] += (score - greatest).exp() / sum * v[j * width + c];
                }
            }
        }
    }
    out
}

/// Queries, keys and values of `width` columns, up to 3. The first query attends to all keys alike.
pub(crate) fn operands([queries, keys]: [usize; 2], width: usize) -> [Vec<bf16>; 3] {
    let of = |seed: u64, rows: usize| -> Vec<bf16> {
        noise(seed, rows * width).into_iter().map(|x| bf16::from_f32(3.0 * x)).collect()
    };
    let mut operands = [of(1, queries), of(2, keys), of(3, keys)];
    operands[0][..width].fill(bf16::ZERO);
    operands
}

/// Floats as they lie in memory.
pub(crate) fn bytes_of_floats(x: &[bf16]) -> Vec<u8> {
    x.iter().flat_map(|x| x.to_bits().to_ne_bytes()).collect()
}

#[test]
fn agrees_with_f64_and_threads_do_not_change_bits() {
    let heads_of_64 = [[5, 33, 2, 64], [1, 1, 1, 64], [16, 32, 3, 64], [50, 64, 2, 64], [37, 700, 2, 64]];
    let others = [[1, 1, 1, 8], [29, 70, 3, 24], [37, 101, 2, 40], [70, 64, 1, 7], [34, 700, 2, 24]];
    for [queries, keys, heads, d] in heads_of_64.into_iter().chain(others) {
        let width = heads * d;
        let operands = operands([queries, keys], width);
        let wide = operands.each_ref().map(|x| x.iter().map(|x| x.to_f64()).collect::<Vec<_>>());
        let want = reference([&wide[0], &wide[1], &wide[2]], [queries, keys, heads, d], 0.3_f32.into());
        let bytes = operands.each_ref().map(|x| bytes_of_floats(x));
        for isa in Isa::available().filter(|isa| isa.multiplies_bf16()) {
            let mut first: Option<Vec<f32>> = None;
            for threads in 1..=4 {
                let pool = Pool::new(threads);
                let [q, k, v] = [(&bytes[0], queries), (&bytes[1], keys), (&bytes[2], keys)]
                    .map(|(x, rows)| NarrowRows::new(x, rows, [2 * width, 2 * width]));
                let args = NarrowAttention { q, k, v, heads, scale: 0.3 };
                let dims = AttentionDims { queries, keys, heads, d };
                let mut out = vec![f32::NAN; queries * width];
                let mut scratch = vec![f32::NAN; narrow_attention_scratch(isa, threads, dims)];
                let rows = RowsMut::new(&mut out, queries, width);
                narrow_attention(Cx { isa, pool: &pool }, &args, Out { rows, scratch: &mut scratch });
                // Weights have eight binary digits, values are up to 3.
                let what = format!("{isa}, {queries} {keys} {heads} {d}");
                assert_close(&out, &want, 3.0 / 256.0, &what);
                assert_same_bits(&out, first.get_or_insert_with(|| out.clone()), &what);
            }
        }
    }
}

#[test]
fn a_score_above_all_before_it_has_the_weight_to_itself() {
    // Scores rise from key to key by far more than a weight can hold; those of the second query are as far below 0 but
    // for the first key's.
    let keys = 3 * KEY_PANELS * PANEL + 5;
    for d in [8, 64] {
        let operand = |rows: usize, value: &dyn Fn(usize) -> f32| -> Vec<u8> {
            let value = |at: usize| if at.is_multiple_of(d) { value(at / d) } else { 0.0 };
            let values = (0..rows * d).map(|at| bf16::from_f32(value(at)));
            values.flat_map(|x| x.to_bits().to_ne_bytes()).collect()
        };
        let q = operand(2, &|query| if query == 0 { 1.0 } else { -1.0 });
        let k = operand(keys, &|key| key as f32 + 3.0);
        let v = operand(keys, &|key| (key % 256) as f32 + 7.0);
        for isa in Isa::available().filter(|isa| isa.multiplies_bf16()) {
            let pool = Pool::new(1);
            let rows = |x, count| NarrowRows::new(x, count, [2 * d, 2 * d]);
            let (q, k, v) = (rows(&q, 2), rows(&k, keys), rows(&v, keys));
            let args = NarrowAttention { q, k, v, heads: 1, scale: 99.0 };
            let dims = AttentionDims { queries: 2, keys, heads: 1, d };
            let mut out = vec![f32::NAN; 2 * d];
            let mut scratch = vec![f32::NAN; narrow_attention_scratch(isa, 1, dims)];
            let out_rows = RowsMut::new(&mut out, 2, d);
            narrow_attention(Cx { isa, pool: &pool }, &args, Out { rows: out_rows, scratch: &mut scratch });
            // Of the keys that bfloat16 makes equal, the mean.
            let equal = |key: f32| bf16::from_f32(key + 3.0) == bf16::from_f32(keys as f32 + 2.0);
            let same: Vec<usize> = (0..keys).filter(|key| equal(*key as f32)).collect();
            let mean = same.iter().map(|key| (key % 256) as f32 + 7.0).sum::<f32>() / same.len() as f32;
            // The greatest power, some 70000, has two binary digits behind the point.
            assert!((out[0] - mean).abs() < 0.01 * mean, "{isa}, {d}: {} is not {mean}", out[0]);
            assert_eq!(out[d], 7.0, "{isa}, {d}");
            assert!(out[1..d].iter().chain(&out[d + 1..]).all(|x| *x == 0.0), "{isa}, {d}");
        }
    }
}
