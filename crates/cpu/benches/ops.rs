//! The ops that have no kernel file of their own (elementwise groups, moved and masked elements, plain products), run
//! through the device at a base model's sizes. Not the heavy kernels: each has its own bench.
//!
//! `cargo bench -p cpu --bench ops` prints the ratio to the scalar path in turns, then criterion's times.

mod measure;

use compiler::{Arg, Device, Executable, TensorView, Weights, compile};
use cpu::{Cpu, Isa};
use criterion::{Criterion, criterion_group, criterion_main};
use graph::{Builder, DType, text};
use measure::{in_turns, noise};
use std::sync::Arc;

/// Operands are f32 inputs, or i32 inputs of zeros.
const CASES: [(&str, &str); 9] = [
    ("gelu", r"gelu f32[1500, 2048]"),
    ("fused", r#"fused f32[1500, 512], f32[512], f32[1500, 1] {f="mul(add($0, $1), exp($2))"}"#),
    ("mask_spans", "mask_spans f32[8, 51865], i32[8, 4]"),
    ("gather", "gather f32[51865, 512], i32[448]"),
    ("pad", "pad f32[480040] {before=200, after=0, mode=reflect}"),
    ("slice", "slice f32[8, 51865] {axis=1, start=50364, end=51865}"),
    ("concat", "concat f32[1500, 512], f32[1500, 512] {axis=1}"),
    ("transpose", "transpose f32[1500, 8, 64] {perm=[1, 0, 2]}"),
    ("matmul", "matmul f32[3000, 201], f32[201, 80]"),
];

/// A graph of inputs alone has none.
struct None;

impl Weights for None {
    fn tensor(&self, _: &str) -> Option<TensorView<'_>> {
        Option::None
    }
}

/// An input in both element types that cases have.
struct Input {
    dtype: DType,
    dims: Vec<usize>,
    floats: Vec<f32>,
    ints: Vec<i32>,
}

/// The inputs of one case, and the case compiled for a device.
struct Case {
    inputs: Vec<Input>,
    executable: Box<dyn Executable>,
}

impl Case {
    fn new(case: &str, cpu: &Cpu) -> Case {
        let (op, types) = text::parse_case(case).expect("a case");
        let mut builder = Builder::new("bench");
        let values: Vec<_> = types.iter().map(|ty| builder.input("x", ty.clone())).collect();
        let results = builder.add(op, &values).expect("the case fits");
        let program = compile(&builder.finish(&results), cpu).expect("the device has its kernel");
        let inputs = types.iter().map(|ty| {
            let dims = ty.shape.as_fixed().expect("cases have constant sizes");
            let len = dims.iter().product();
            Input { dtype: ty.dtype, dims, floats: noise(len), ints: vec![0; len] }
        });
        let inputs = inputs.collect();
        Case { inputs, executable: cpu.load(program, Arc::new(None)).expect("nothing to load") }
    }

    fn run(&mut self) {
        let args = self.inputs.iter().map(|input| match input.dtype {
            DType::I32 => Arg::I32(&input.ints, &input.dims),
            _ => Arg::F32(&input.floats, &input.dims),
        });
        self.executable.run(&mut args.collect::<Vec<_>>()).expect("the inputs fit");
    }
}

fn bench(c: &mut Criterion) {
    let (scalar, best) = (Cpu::with_isa(Isa::Scalar, 1), Cpu::new(1));
    for (name, case) in CASES {
        let (mut a, mut b) = (Case::new(case, &best), Case::new(case, &scalar));
        let least = in_turns(20, &mut [&mut || a.run(), &mut || b.run()]);
        println!("{name}: {:.0} us, scalar/ours {:.1}", least[0] * 1e6, least[1] / least[0]);
    }
    let cpu = Cpu::new(2);
    let mut group = c.benchmark_group("ops");
    for (name, case) in CASES {
        let mut case = Case::new(case, &cpu);
        group.bench_function(name, |b| b.iter(|| case.run()));
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
