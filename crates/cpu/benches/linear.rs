//! The products of a base model, encoder and decoder, against the machine's peaks and the `gemm` crate.
//!
//! `cargo bench -p cpu --bench linear` prints ratios in turns, then criterion's times.

mod measure;
#[path = "measure/peak.rs"]
mod peak;
#[path = "measure/stream.rs"]
mod stream;

use std::hint::black_box;

use cpu::kernels::Cx;
use cpu::kernels::linear::pack::{Elements, Order, Packed, Source};
use cpu::kernels::linear::{Epilogue, Out, linear, linear_scratch};
use cpu::kernels::rows::{Rows, RowsMut};
use cpu::{Isa, Pool};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use half::f16;
use measure::{in_turns, noise};
use peak::{peak, peak_flop};
use stream::stream;

/// Rows, products and outputs of the encoder's linear layers and convolutions.
const ENCODER: [[usize; 3]; 5] =
    [[1500, 512, 512], [1500, 512, 2048], [1500, 2048, 512], [3000, 240, 512], [1500, 1536, 512]];
/// Products and outputs of the decoder's layers and of its vocabulary.
const DECODER: [[usize; 2]; 4] = [[512, 512], [512, 2048], [2048, 512], [512, 51_865]];

struct Case {
    x: Vec<f32>,
    packed: Packed,
    out: Vec<f32>,
    scratch: Vec<f32>,
    dims: [usize; 3],
}

impl Case {
    fn new(isa: Isa, threads: usize, [m, k, n]: [usize; 3], narrow: bool) -> Self {
        let w = noise(n * k);
        let half: Vec<f16> = if narrow { w.iter().map(|&x| f16::from_f32(x)).collect() } else { Vec::new() };
        let elements = if narrow { Elements::F16(&half) } else { Elements::F32(&w) };
        Self {
            x: noise(m * k),
            packed: Packed::new(isa, Source { elements, order: Order::OutputRows, n, k }),
            out: vec![0.0; m * n],
            scratch: vec![0.0; linear_scratch(isa, threads, m, k)],
            dims: [m, k, n],
        }
    }

    fn run(&mut self, cx: Cx<'_>) {
        let [m, k, n] = self.dims;
        let out = Out { rows: RowsMut::new(&mut self.out, m, n), scratch: &mut self.scratch };
        linear(cx, Rows::new(&self.x, m, k), self.packed.panels(), &Epilogue::default(), out);
    }
}

/// The rival: the `gemm` crate on unpacked f32.
fn rival([m, k, n]: [usize; 3], threads: usize, x: &[f32], w: &[f32], out: &mut [f32]) {
    let parallelism = if threads == 1 { gemm::Parallelism::None } else { gemm::Parallelism::Rayon(threads) };
    // SAFETY: the slices hold matrices of these dims and strides.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            false,
            x.as_ptr(),
            1,
            k as isize,
            w.as_ptr(),
            k as isize,
            1,
            0.0,
            1.0,
            false,
            false,
            false,
            parallelism,
        );
    }
}

fn ratios() {
    for threads in [1, 2] {
        let pool = Pool::new(threads);
        for isa in Isa::available().filter(|&isa| isa != Isa::Scalar) {
            let cx = Cx { isa, pool: &pool };
            for dims in ENCODER {
                let [m, k, n] = dims;
                let mut case = Case::new(isa, threads, dims, false);
                let mut narrow = Case::new(isa, threads, dims, true);
                let (x, w, mut out) = (noise(m * k), noise(n * k), vec![0.0; m * n]);
                let least = in_turns(
                    15,
                    &mut [
                        &mut || peak(isa, &pool),
                        &mut || case.run(cx),
                        &mut || narrow.run(cx),
                        &mut || rival(dims, threads, &x, &w, &mut out),
                    ],
                );
                black_box(&out);
                let best = peak_flop(isa) * threads as f64 / least[0];
                let flop = (2 * m * k * n) as f64;
                println!(
                    "{isa} {threads} threads {dims:?}: {:.1} GFLOP/s, {:.0} % of peak {:.1} (f16 weights {:.0} %); \
                     gemm/ours {:.2}",
                    flop / least[1] / 1e9,
                    100.0 * flop / least[1] / best,
                    best / 1e9,
                    100.0 * flop / least[2] / best,
                    least[3] / least[1],
                );
            }
            for [k, n] in DECODER {
                // As many copies of the layer as keep it out of the caches, as the layers of a step do.
                let copies = (100_000_000 / (4 * k * n)).max(1);
                let memory = noise(copies * k * n);
                for m in [1, 5, 8] {
                    let make =
                        |narrow| (0..copies).map(|_| Case::new(isa, threads, [m, k, n], narrow)).collect();
                    let (mut wide, mut narrow): (Vec<Case>, Vec<Case>) = (make(false), make(true));
                    let least = in_turns(
                        7,
                        &mut [
                            &mut || stream(isa, &pool, &memory),
                            &mut || wide.iter_mut().for_each(|case| case.run(cx)),
                            &mut || narrow.iter_mut().for_each(|case| case.run(cx)),
                        ],
                    );
                    let gb = (4 * copies * k * n) as f64 / 1e9;
                    println!(
                        "{isa} {threads} threads {m} rows [{k}, {n}]: {:.1} GB/s, {:.0} % of streaming {:.1}; f16 \
                         weights {:.1} GB/s, f32/f16 {:.2}",
                        gb / least[1],
                        100.0 * least[0] / least[1],
                        gb / least[0],
                        gb / 2.0 / least[2],
                        least[1] / least[2],
                    );
                }
            }
        }
    }
}

fn bench(c: &mut Criterion) {
    ratios();
    let pool = Pool::new(2);
    let isa = Isa::best();
    let cx = Cx { isa, pool: &pool };
    let mut group = c.benchmark_group("linear");
    group.sample_size(10);
    for [m, k, n] in ENCODER.into_iter().chain(DECODER.map(|[k, n]| [1, k, n])) {
        let mut case = Case::new(isa, 2, [m, k, n], false);
        group.throughput(Throughput::Elements((m * k * n) as u64));
        group.bench_function(format!("{m}x{k}x{n}"), |b| b.iter(|| case.run(cx)));
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
