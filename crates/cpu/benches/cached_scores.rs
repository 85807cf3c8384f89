//! The scores that an alignment reads, at a base model's sizes, against reading the picked heads' keys and against
//! the scalar path.
//!
//! `cargo bench -p cpu --bench cached_scores` prints ratios in turns, then criterion's times.

mod measure;
#[path = "measure/stream.rs"]
mod stream;

use cpu::kernels::Cx;
use cpu::kernels::cached_scores::{CachedScores, cached_scores};
use cpu::kernels::rows::Rows;
use cpu::{Isa, Pool};
use criterion::{Criterion, criterion_group, criterion_main};
use measure::{in_turns, noise};
use stream::stream;

const HEADS: usize = 8;
const D: usize = 64;
const WIDTH: usize = HEADS * D;
const POSITIONS: usize = 1500;
/// The heads of base's last layer.
const PICK: [usize; 4] = [1, 2, 4, 6];

struct Case {
    keys: Vec<f32>,
    q: Vec<f32>,
    out: Vec<f32>,
    place: Vec<i32>,
}

impl Case {
    fn new(n: usize) -> Self {
        Self {
            keys: noise(POSITIONS * WIDTH),
            q: noise(n * WIDTH),
            out: vec![0.0; PICK.len() * n * POSITIONS],
            place: (0..POSITIONS as i32).collect(),
        }
    }

    fn run(&mut self, cx: Cx<'_>) {
        let args = CachedScores {
            q: Rows::new(&self.q, self.q.len() / WIDTH, WIDTH),
            keys: &self.keys,
            factors: None,
            positions: POSITIONS,
            slot: 0,
            place: &self.place,
            heads: HEADS,
            pick: &PICK,
            scale: 0.125,
        };
        cached_scores(cx, &args, &mut self.out);
    }
}

fn ratios() {
    for threads in [1, 2] {
        let pool = Pool::new(threads);
        for isa in Isa::available().filter(|&isa| isa != Isa::Scalar) {
            for n in [1, 5, 100] {
                let (mut ours, mut scalar) = (Case::new(n), Case::new(n));
                let memory = noise(POSITIONS * PICK.len() * D);
                let mut read = || stream(isa, &pool, &memory);
                let mut run = || ours.run(Cx { isa, pool: &pool });
                let mut plain = || scalar.run(Cx { isa: Isa::Scalar, pool: &pool });
                let least = in_turns(20, &mut [&mut read, &mut run, &mut plain]);
                println!(
                    "{isa} {threads} threads {n} queries: {:.0} us, {:.1} times one read, scalar/ours {:.1}",
                    least[1] * 1e6,
                    least[1] / least[0],
                    least[2] / least[1]
                );
            }
        }
    }
}

fn bench(c: &mut Criterion) {
    ratios();
    let pool = Pool::new(2);
    let isa = Isa::best();
    let mut group = c.benchmark_group("cached_scores");
    for n in [1, 100] {
        let mut case = Case::new(n);
        group.bench_function(format!("{n} queries"), |b| b.iter(|| case.run(Cx { isa, pool: &pool })));
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
