//! The kernels over rows (`layer_norm`, softmax, reductions, top-k, medians) at the sizes of a base model, each against
//! the scalar path and against reading the same bytes.
//!
//! `cargo bench -p cpu --bench rows` prints ratios in turns, then criterion's times.

mod measure;
#[path = "measure/stream.rs"]
mod stream;

use cpu::kernels::Cx;
use cpu::kernels::layer_norm::{LayerNorm, layer_norm};
use cpu::kernels::median_filter::median_filter;
use cpu::kernels::reduce::{Reduction, reduce};
use cpu::kernels::rows::{Input, Rows, RowsMut};
use cpu::kernels::softmax::softmax;
use cpu::kernels::top_k::{Ranked, top_k};
use cpu::{Isa, Pool};
use criterion::{Criterion, criterion_group, criterion_main};
use measure::{in_turns, noise};
use stream::stream;

type Kernel = fn(Cx<'_>, &[f32], &mut [f32], [usize; 2]);

/// Name, kernel, rows, columns.
const CASES: [(&str, Kernel, usize, usize); 7] = [
    ("layer_norm of a window", norm, 1500, 512),
    ("layer_norm of a step", norm, 5, 512),
    ("softmax", soft, 8, 51_865),
    ("max", greatest, 8, 51_865),
    ("log_sum_exp", log_sum_exp, 8, 51_865),
    ("top_k", best, 8, 51_865),
    ("median_filter of an alignment", medians, 800, 1500),
];

fn norm(cx: Cx<'_>, x: &[f32], out: &mut [f32], [rows, cols]: [usize; 2]) {
    let norm = LayerNorm { gamma: &x[..cols], beta: &x[..cols], eps: 1e-5 };
    layer_norm(cx, Input::Rows(Rows::new(x, rows, cols)), &norm, RowsMut::new(out, rows, cols));
}

fn soft(cx: Cx<'_>, x: &[f32], out: &mut [f32], [rows, cols]: [usize; 2]) {
    softmax(cx, Input::Rows(Rows::new(x, rows, cols)), RowsMut::new(out, rows, cols));
}

fn greatest(cx: Cx<'_>, x: &[f32], out: &mut [f32], [rows, cols]: [usize; 2]) {
    reduce(cx, Reduction::Max, Rows::new(x, rows, cols), &mut out[..rows]);
}

fn log_sum_exp(cx: Cx<'_>, x: &[f32], out: &mut [f32], [rows, cols]: [usize; 2]) {
    reduce(cx, Reduction::LogSumExp, Rows::new(x, rows, cols), &mut out[..rows]);
}

fn best(cx: Cx<'_>, x: &[f32], out: &mut [f32], [rows, cols]: [usize; 2]) {
    let mut indices = [0; 64];
    let out = Ranked { values: &mut out[..5 * rows], indices: &mut indices[..5 * rows] };
    top_k(cx, Rows::new(x, rows, cols), 5, out);
}

fn medians(cx: Cx<'_>, x: &[f32], out: &mut [f32], [rows, cols]: [usize; 2]) {
    median_filter(cx, 7, Rows::new(x, rows, cols), RowsMut::new(out, rows, cols));
}

fn ratios() {
    let pool = Pool::new(1);
    for isa in Isa::available().filter(|&isa| isa != Isa::Scalar) {
        for (name, kernel, rows, cols) in CASES {
            let x = noise(rows * cols);
            let (mut a, mut b) = (x.clone(), x.clone());
            let run = |isa, out: &mut [f32]| kernel(Cx { isa, pool: &pool }, &x, out, [rows, cols]);
            let least = in_turns(
                50,
                &mut [&mut || stream(isa, &pool, &x), &mut || run(isa, &mut a), &mut || {
                    run(Isa::Scalar, &mut b);
                }],
            );
            println!(
                "{isa} {name} [{rows}, {cols}]: {:.0} us, {:.1} times one read, scalar/ours {:.1}",
                least[1] * 1e6,
                least[1] / least[0],
                least[2] / least[1]
            );
        }
    }
}

fn bench(c: &mut Criterion) {
    ratios();
    let pool = Pool::new(2);
    let cx = Cx { isa: Isa::best(), pool: &pool };
    let mut group = c.benchmark_group("rows");
    for (name, kernel, rows, cols) in CASES {
        let x = noise(rows * cols);
        let mut out = x.clone();
        group.bench_function(name, |b| b.iter(|| kernel(cx, &x, &mut out, [rows, cols])));
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
