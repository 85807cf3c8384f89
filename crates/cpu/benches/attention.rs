//! The encoder's attention at the sizes of tiny, base and large, against the machine's peak.
//!
//! `cargo bench -p cpu --bench attention` prints ratios in turns, then criterion's times.

mod measure;
#[path = "measure/peak.rs"]
mod peak;

use cpu::kernels::Cx;
use cpu::kernels::attention::{Attention, AttentionDims, attention, attention_scratch};
use cpu::kernels::linear::Out;
use cpu::kernels::rows::{Rows, RowsMut};
use cpu::{Isa, Pool};
use criterion::{Criterion, criterion_group, criterion_main};
use measure::{in_turns, noise};
use peak::{peak, peak_flop};

const FRAMES: usize = 1500;
const D: usize = 64;

struct Case {
    qkv: Vec<f32>,
    out: Vec<f32>,
    scratch: Vec<f32>,
    heads: usize,
}

impl Case {
    fn new(isa: Isa, threads: usize, heads: usize) -> Self {
        let dims = AttentionDims { queries: FRAMES, keys: FRAMES, heads, d: D };
        Self {
            qkv: noise(FRAMES * 3 * heads * D),
            out: vec![0.0; FRAMES * heads * D],
            scratch: vec![0.0; attention_scratch(isa, threads, dims)],
            heads,
        }
    }

    fn run(&mut self, cx: Cx<'_>) {
        let width = self.heads * D;
        let part = |i: usize| Rows::strided(&self.qkv[i * width..], FRAMES, width, 3 * width);
        let args = Attention { q: part(0), k: part(1), v: part(2), heads: self.heads, scale: 0.125 };
        let out = Out { rows: RowsMut::new(&mut self.out, FRAMES, width), scratch: &mut self.scratch };
        attention(cx, &args, out);
    }
}

fn ratios() {
    for threads in [1, 2] {
        let pool = Pool::new(threads);
        for isa in Isa::available().filter(|&isa| isa != Isa::Scalar) {
            for heads in [6, 8, 20] {
                let mut case = Case::new(isa, threads, heads);
                let cx = Cx { isa, pool: &pool };
                let least = in_turns(10, &mut [&mut || peak(isa, &pool), &mut || case.run(cx)]);
                let flop = (4 * FRAMES * FRAMES * heads * D) as f64;
                let best = peak_flop(isa) * threads as f64 / least[0];
                println!(
                    "{isa} {threads} threads {heads} heads: {:.1} GFLOP/s, {:.0} % of peak",
                    flop / least[1] / 1e9,
                    100.0 * flop / least[1] / best
                );
            }
        }
    }
}

fn bench(c: &mut Criterion) {
    ratios();
    let pool = Pool::new(2);
    let isa = Isa::best();
    let mut group = c.benchmark_group("attention");
    group.sample_size(10);
    for heads in [6, 8, 20] {
        let mut case = Case::new(isa, 2, heads);
        group.bench_function(format!("{heads} heads"), |b| b.iter(|| case.run(Cx { isa, pool: &pool })));
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
