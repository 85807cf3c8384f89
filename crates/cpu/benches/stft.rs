//! The power spectra of a window of 3000 frames, against the same transform as a matrix product.
//!
//! `cargo bench -p cpu --bench stft` prints ratios in turns, then criterion's times.

mod measure;

use cpu::kernels::Cx;
use cpu::kernels::linear::pack::{Elements, Order, Packed, Source};
use cpu::kernels::linear::{Epilogue, Out, linear, linear_scratch};
use cpu::kernels::rows::{Rows, RowsMut};
use cpu::kernels::stft::{BINS, FRAME, Stft, power_spectrum, power_spectrum_scratch};
use cpu::{Isa, Pool};
use criterion::{Criterion, criterion_group, criterion_main};
use measure::{in_turns, noise};

const FRAMES: usize = 3000;
const HOP: usize = 160;

fn ratios() {
    let pool = Pool::new(1);
    for isa in Isa::available() {
        let cx = Cx { isa, pool: &pool };
        let stft = Stft::new(&noise(FRAME), HOP);
        let signal = noise(stft.span(FRAMES));
        let mut out = vec![0.0; FRAMES * BINS];
        let mut scratch = vec![0.0; power_spectrum_scratch(isa, 1)];
        // Both parts of each bin as outputs of 400 products; the squares are left out.
        let (n, k) = (2 * BINS, FRAME);
        let weights = noise(n * k);
        let source = Source { elements: Elements::F32(&weights), order: Order::OutputRows, n, k };
        let packed = Packed::new(isa, source);
        let mut product = vec![0.0; FRAMES * n];
        let mut product_scratch = vec![0.0; linear_scratch(isa, 1, FRAMES, k)];
        let least = in_turns(
            20,
            &mut [
                &mut || {
                    let rows = RowsMut::new(&mut out, FRAMES, BINS);
                    power_spectrum(cx, &signal, &stft, Out { rows, scratch: &mut scratch });
                },
                &mut || {
                    let rows = RowsMut::new(&mut product, FRAMES, n);
                    let out = Out { rows, scratch: &mut product_scratch };
                    let x = Rows::strided(&signal, FRAMES, k, HOP);
                    linear(cx, x, packed.panels(), &Epilogue::default(), out);
                },
            ],
        );
        println!("{isa}: {:.2} ms, product/ours {:.1}", least[0] * 1e3, least[1] / least[0]);
    }
}

fn bench(c: &mut Criterion) {
    ratios();
    let pool = Pool::new(2);
    let cx = Cx { isa: Isa::best(), pool: &pool };
    let stft = Stft::new(&noise(FRAME), HOP);
    let signal = noise(stft.span(FRAMES));
    let mut out = vec![0.0; FRAMES * BINS];
    let mut scratch = vec![0.0; power_spectrum_scratch(cx.isa, 2)];
    c.bench_function("power_spectrum, 3000 frames", |b| {
        b.iter(|| {
            let rows = RowsMut::new(&mut out, FRAMES, BINS);
            power_spectrum(cx, &signal, &stft, Out { rows, scratch: &mut scratch });
        });
    });
}

criterion_group!(benches, bench);
criterion_main!(benches);
