//! The two convolutions of a base model against the machine's peak.
//!
//! `cargo bench -p cpu --bench conv1d` prints ratios in turns, then criterion's times.

mod measure;

use cpu::kernels::Cx;
use cpu::kernels::conv1d::{Conv1d, Windows, conv1d, conv1d_scratch};
use cpu::kernels::linear::pack::{Elements, Order, Packed, Source};
use cpu::kernels::linear::{Activation, Epilogue, Out};
use cpu::kernels::rows::{Rows, RowsMut};
use cpu::{Isa, Pool};
use criterion::{Criterion, criterion_group, criterion_main};
use measure::{in_turns, noise, peak, peak_flop};

const FRAMES: usize = 3000;
const OUTPUTS: usize = 512;
/// Channels and stride.
const CASES: [[usize; 2]; 2] = [[80, 1], [512, 2]];

struct Case {
    x: Vec<f32>,
    packed: Packed,
    bias: Vec<f32>,
    out: Vec<f32>,
    scratch: Vec<f32>,
    channels: usize,
    stride: usize,
}

impl Case {
    fn new(isa: Isa, threads: usize, [channels, stride]: [usize; 2]) -> Self {
        let k = 3 * channels;
        let w = noise(OUTPUTS * k);
        let source = Source { elements: Elements::F32(&w), order: Order::OutputRows, n: OUTPUTS, k };
        let packed = Packed::new(isa, source);
        let windows = Windows { taps: 3, stride, pad: 1 };
        let scratch = vec![0.0; conv1d_scratch(isa, threads, &windows, [FRAMES, channels])];
        let out = vec![0.0; windows.outputs(FRAMES) * OUTPUTS];
        Self { x: noise(FRAMES * channels), packed, bias: noise(OUTPUTS), out, scratch, channels, stride }
    }

    fn run(&mut self, cx: Cx<'_>) {
        let conv = Conv1d {
            weights: self.packed.panels(),
            windows: Windows { taps: 3, stride: self.stride, pad: 1 },
        };
        let epilogue =
            Epilogue { bias: Some(&self.bias), activation: Some(Activation::Gelu), ..Epilogue::default() };
        let rows = RowsMut::new(&mut self.out, conv.windows.outputs(FRAMES), OUTPUTS);
        let out = Out { rows, scratch: &mut self.scratch };
        conv1d(cx, Rows::new(&self.x, FRAMES, self.channels), &conv, &epilogue, out);
    }
}

fn ratios() {
    for threads in [1, 2] {
        let pool = Pool::new(threads);
        for isa in Isa::available().filter(|&isa| isa != Isa::Scalar) {
            for dims in CASES {
                let mut case = Case::new(isa, threads, dims);
                let cx = Cx { isa, pool: &pool };
                let least = in_turns(15, &mut [&mut || peak(isa, &pool), &mut || case.run(cx)]);
                let flop = (2 * 3 * dims[0] * case.out.len()) as f64;
                let best = peak_flop(isa) * threads as f64 / least[0];
                println!(
                    "{isa} {threads} threads {dims:?}: {:.1} GFLOP/s, {:.0} % of peak, GELU included",
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
    let mut group = c.benchmark_group("conv1d");
    group.sample_size(10);
    for dims in CASES {
        let mut case = Case::new(isa, 2, dims);
        group.bench_function(format!("{dims:?}"), |b| b.iter(|| case.run(Cx { isa, pool: &pool })));
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
