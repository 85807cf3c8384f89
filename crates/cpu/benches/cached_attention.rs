//! The decoder's attention to a window of 1500 and to its own past, against reading the same bytes.
//!
//! `cargo bench -p cpu --bench cached_attention` prints ratios in turns, then criterion's times.

mod measure;
#[path = "measure/stream.rs"]
mod stream;

use cpu::kernels::Cx;
use cpu::kernels::cached_attention::{CachedAttention, cached_attention, cached_attention_scratch};
use cpu::kernels::linear::Out;
use cpu::kernels::rows::{Rows, RowsMut};
use cpu::{Isa, Pool};
use criterion::{Criterion, criterion_group, criterion_main};
use measure::{in_turns, noise};
use stream::stream;

const HEADS: usize = 8;
const D: usize = 64;
const WIDTH: usize = HEADS * D;
/// Slots: keys and values of as many layers do not fit the caches.
const SLOTS: usize = 12;

struct Case {
    keys: Vec<f32>,
    values: Vec<f32>,
    q: Vec<f32>,
    out: Vec<f32>,
    scratch: Vec<f32>,
    n: usize,
    positions: usize,
}

impl Case {
    fn new(threads: usize, n: usize, positions: usize) -> Self {
        Self {
            keys: noise(SLOTS * positions * WIDTH),
            values: noise(SLOTS * positions * WIDTH),
            q: noise(n * WIDTH),
            out: vec![0.0; n * WIDTH],
            scratch: vec![0.0; cached_attention_scratch(threads, positions, D)],
            n,
            positions,
        }
    }

    /// Attends once to each slot.
    fn run(&mut self, cx: Cx<'_>) {
        let (row, last) = (vec![0; self.n], vec![self.positions as i32 - 1; self.n]);
        for slot in 0..SLOTS as i32 {
            let args = CachedAttention {
                q: Rows::new(&self.q, self.n, WIDTH),
                keys: &self.keys,
                values: &self.values,
                factors: None,
                positions: self.positions,
                table: &[slot],
                columns: 1,
                row: &row,
                last: &last,
                heads: HEADS,
                scale: 0.125,
            };
            let out = Out { rows: RowsMut::new(&mut self.out, self.n, WIDTH), scratch: &mut self.scratch };
            cached_attention(cx, &args, out);
        }
    }
}

fn ratios() {
    for threads in [1, 2] {
        let pool = Pool::new(threads);
        for isa in Isa::available().filter(|&isa| isa != Isa::Scalar) {
            for [n, positions] in [[1, 1500], [5, 1500], [8, 1500], [64, 1500], [1, 100], [5, 100]] {
                let mut case = Case::new(threads, n, positions);
                let memory = case.keys.clone();
                let cx = Cx { isa, pool: &pool };
                let mut read = || (0..2).for_each(|_| stream(isa, &pool, &memory));
                let least = in_turns(10, &mut [&mut read, &mut || case.run(cx)]);
                println!(
                    "{isa} {threads} threads {n} queries {positions} positions: {:.0} us, {:.1} GB/s, {:.0} % of \
                     streaming",
                    least[1] / SLOTS as f64 * 1e6,
                    (8 * SLOTS * positions * WIDTH) as f64 / least[1] / 1e9,
                    100.0 * least[0] / least[1]
                );
            }
        }
    }
}

fn bench(c: &mut Criterion) {
    ratios();
    let pool = Pool::new(2);
    let isa = Isa::best();
    let mut group = c.benchmark_group("cached_attention, 12 layers");
    group.sample_size(10);
    for n in [1, 5] {
        let mut case = Case::new(2, n, 1500);
        group.bench_function(format!("{n} queries"), |b| b.iter(|| case.run(Cx { isa, pool: &pool })));
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
