//! Attention against its definition in f64, and its bits for any number of threads. Not the conformance cases.

use super::*;
use crate::kernels::rows::RowsMut;
use crate::kernels::testing::{assert_close, assert_same_bits, noise};
use crate::pool::Pool;

fn reference(a: &Attention<'_>) -> Vec<f64> {
    let (width, d) = (a.q.cols(), a.q.cols() / a.heads);
    let mut out = vec![0.0; a.q.rows() * width];
    for i in 0..a.q.rows() {
        for h in 0..a.heads {
            let q = &a.q.row(i)[h * d..][..d];
            let score = |j: usize| {
                let k = &a.k.row(j)[h * d..][..d];
                q.iter().zip(k).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum::<f64>() * f64::from(a.scale)
            };
            let scores: Vec<f64> = (0..a.k.rows()).map(score).collect();
            let greatest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = scores.iter().map(|x| (x - greatest).exp()).sum();
            for (j, score) in scores.iter().enumerate() {
                for c in 0..d {
                    out[i * width + h * d + c] +=
                        (score - greatest).exp() / sum * f64::from(a.v.row(j)[h * d + c]);
                }
            }
        }
    }
    out
}

fn run(cx: Cx<'_>, a: &Attention<'_>) -> Vec<f32> {
    let dims =
        AttentionDims { queries: a.q.rows(), keys: a.k.rows(), heads: a.heads, d: a.q.cols() / a.heads };
    let mut out = vec![f32::NAN; a.q.rows() * a.q.cols()];
    let mut scratch = vec![f32::NAN; attention_scratch(cx.isa, cx.pool.threads(), dims)];
    let rows = RowsMut::new(&mut out, a.q.rows(), a.q.cols());
    attention(cx, a, Out { rows, scratch: &mut scratch });
    out
}

#[test]
fn agrees_with_f64_and_threads_do_not_change_bits() {
    for [queries, keys, heads, d] in
        [[1, 1, 1, 8], [5, 33, 2, 64], [29, 70, 3, 24], [37, 101, 2, 40], [8, 16, 1, 7]]
    {
        let width = heads * d;
        let stride = width + 5;
        let noisy = |seed, rows| noise(seed, rows * stride).iter().map(|x| x * 3.0).collect::<Vec<_>>();
        let (q, k, v) = (noisy(1, queries), noisy(2, keys), noisy(3, keys));
        let args = Attention {
            q: Rows::strided(&q, queries, width, stride),
            k: Rows::strided(&k, keys, width, stride),
            v: Rows::strided(&v, keys, width, stride),
            heads,
            scale: 1.0 / (d as f32).sqrt(),
        };
        let want = reference(&args);
        for isa in Isa::available() {
            let first = run(Cx { isa, pool: &Pool::new(1) }, &args);
            assert_close(&first, &want, 1e-5, &format!("{isa} {queries} {keys} {heads} {d}"));
            for threads in 2..=4 {
                let again = run(Cx { isa, pool: &Pool::new(threads) }, &args);
                assert_same_bits(&first, &again, isa.name());
            }
            let one = Attention { q: args.q.part(queries / 2, 1), ..args };
            let again = run(Cx { isa, pool: &Pool::new(1) }, &one);
            assert_same_bits(&again, &first[queries / 2 * width..][..width], isa.name());
        }
    }
}

#[test]
fn large_scores_do_not_overflow() {
    let (q, k, v) = (vec![100.0; 64], vec![100.0; 3 * 64], noise(4, 3 * 64));
    let args = Attention {
        q: Rows::new(&q, 1, 64),
        k: Rows::new(&k, 3, 64),
        v: Rows::new(&v, 3, 64),
        heads: 1,
        scale: 1.0,
    };
    let want = reference(&args);
    for isa in Isa::available() {
        assert_close(&run(Cx { isa, pool: &Pool::new(1) }, &args), &want, 1e-6, isa.name());
    }
}
