//! The recurrence of a long short-term memory at the sizes of Silero's detector, against the scalar path, and against
//! the same products as one matrix product over all steps, which no recurrence can have.
//!
//! `cargo bench -p cpu --bench lstm` prints ratios in turns, then criterion's times.

mod measure;

use cpu::kernels::Cx;
use cpu::kernels::linear::pack::{Elements, Order, Packed, Source};
use cpu::kernels::linear::{Epilogue, Out, linear, linear_scratch};
use cpu::kernels::lstm::{Outputs, State, lstm, pack};
use cpu::kernels::rows::{Rows, RowsMut};
use cpu::{Isa, Pool};
use criterion::{Criterion, criterion_group, criterion_main};
use measure::{in_turns, noise};

/// Steps and units.
const T: usize = 128;
const H: usize = 128;

/// Gates, weights and results of one path.
struct Case {
    isa: Isa,
    gates: Vec<f32>,
    recurrent: Packed,
    plain: Packed,
    hidden: Vec<f32>,
    states: [Vec<f32>; 2],
    out: Vec<f32>,
    scratch: Vec<f32>,
}

impl Case {
    fn new(isa: Isa) -> Case {
        let weights: Vec<f32> = noise(4 * H * H).iter().map(|x| x / (H as f32).sqrt()).collect();
        let source = Source { elements: Elements::F32(&weights), order: Order::OutputRows, n: 4 * H, k: H };
        Case {
            isa,
            gates: noise(T * 4 * H),
            recurrent: pack(isa, &weights, H),
            plain: Packed::new(isa, source),
            hidden: vec![0.0; T * H],
            states: [vec![0.0; H], vec![0.0; H]],
            out: vec![0.0; T * 4 * H],
            scratch: vec![0.0; linear_scratch(isa, 1, T, H)],
        }
    }

    fn recur(&mut self) {
        let zeros = [0.0; H];
        let [hidden, cell] = &mut self.states;
        let out = Outputs { all: &mut self.hidden, hidden, cell };
        let before = State { hidden: &zeros, cell: &zeros };
        lstm(self.isa, Rows::new(&self.gates, T, 4 * H), self.recurrent.panels(), &before, out);
    }

    fn product(&mut self, pool: &Pool) {
        let cx = Cx { isa: self.isa, pool };
        let out = Out { rows: RowsMut::new(&mut self.out, T, 4 * H), scratch: &mut self.scratch };
        let x = Rows::new(&self.hidden, T, H);
        linear(cx, x, self.plain.panels(), &Epilogue::default(), out);
    }
}

fn bench(c: &mut Criterion) {
    let pool = Pool::new(1);
    for isa in Isa::available().filter(|&isa| isa != Isa::Scalar) {
        let (mut ours, mut product, mut scalar) = (Case::new(isa), Case::new(isa), Case::new(Isa::Scalar));
        let least =
            in_turns(20, &mut [&mut || ours.recur(), &mut || product.product(&pool), &mut || scalar.recur()]);
        println!(
            "{isa} {T} steps of {H}: {:.2} us a step, {:.1} times the product, scalar/ours {:.1}",
            least[0] * 1e6 / T as f64,
            least[0] / least[1],
            least[2] / least[0]
        );
    }
    let mut case = Case::new(Isa::best());
    c.bench_function("lstm", |b| b.iter(|| case.recur()));
}

criterion_group!(benches, bench);
criterion_main!(benches);
