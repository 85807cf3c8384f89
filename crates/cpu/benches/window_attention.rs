//! A decoder layer's attention to its windows through the device, with keys and values of each type that states have. Not
//! the kernel that widens them alone: `cached_attention` has that.
//!
//! `cargo bench -p cpu --bench window_attention` prints microseconds in turns, then criterion's times.

mod measure;

use compiler::{Arg, Buffer, Device, Executable, TensorView, Weights, compile};
use cpu::Cpu;
use criterion::{Criterion, criterion_group, criterion_main};
use graph::ops::CachedAttention;
use graph::{Builder, DType, Dim, TensorType};
use measure::{in_turns, noise};
use std::sync::Arc;

const HEADS: usize = 8;
const D: usize = 64;
const POSITIONS: usize = 1500;
/// Slots: keys and values of as many do not fit the caches.
const SLOTS: usize = 12;

/// A graph of inputs and states has none.
struct None;

impl Weights for None {
    fn tensor(&self, _: &str) -> Option<TensorView<'_>> {
        Option::None
    }
}

/// `n` queries, and states of one type.
struct Case {
    q: Vec<f32>,
    states: Vec<Buffer>,
    executable: Box<dyn Executable>,
}

impl Case {
    fn new(cpu: &Cpu, dtype: DType, n: usize) -> Case {
        let mut b = Builder::new("window");
        let ids = |dims: &[usize]| TensorType::fixed(DType::I32, dims);
        let q = b.input("q", TensorType::fixed(DType::F32, &[n, HEADS * D]));
        let table = b.input("table", ids(&[1, 1]));
        let (row, last) = (b.input("row", ids(&[n])), b.input("last", ids(&[n])));
        let mut types = vec![TensorType::fixed(dtype, &[SLOTS, HEADS, POSITIONS, D]); 2];
        if dtype == DType::I8 {
            types.extend(vec![TensorType::fixed(DType::F32, &[SLOTS, HEADS, POSITIONS, 1]); 2]);
        }
        let names = ["keys", "values", "key_factors", "value_factors"];
        let kept: Vec<_> = types.iter().zip(names).map(|(ty, name)| b.state(name, ty.clone())).collect();
        let mut inputs = vec![q, kept[0], kept[1], table, row, last];
        inputs.extend(&kept[2..]);
        let result = b.cached_attention(&inputs, CachedAttention { scale: 0.125 }).expect("the types fit");
        let program = compile(&b.finish(&[result]), cpu).expect("the device has its kernel");
        let mut states: Vec<Buffer> = types.iter().map(|ty| cpu.state(ty)).collect();
        let (rows, factors) = states.split_at_mut(2);
        for (i, rows) in rows.iter_mut().enumerate() {
            fill(cpu, rows, factors.get_mut(i));
        }
        let executable = cpu.load(program, Arc::new(None)).expect("nothing to load");
        Case { q: noise(n * HEADS * D), states, executable }
    }

    /// Attends once to each slot.
    fn run(&mut self) {
        let n = self.q.len() / (HEADS * D);
        let (row, last) = (vec![0; n], vec![POSITIONS as i32 - 1; n]);
        for slot in 0..SLOTS as i32 {
            let (q_dims, dims, slot) = ([n, HEADS * D], [n], [slot]);
            let ids = [Arg::I32(&slot, &[1, 1]), Arg::I32(&row, &dims), Arg::I32(&last, &dims)];
            let mut args = vec![Arg::F32(&self.q, &q_dims)];
            args.extend(ids);
            args.extend(self.states.iter_mut().map(Arg::State));
            self.executable.run(&mut args).expect("the inputs fit");
        }
    }
}

/// Writes noise to every slot of keys or values, and of their factors: memory that nobody wrote is one page of zeros, which
/// no cache is too small for.
fn fill(cpu: &Cpu, rows: &mut Buffer, factors: Option<&mut Buffer>) {
    let mut b = Builder::new("fill");
    let x = b.input("x", TensorType::fixed(DType::F32, &[POSITIONS, HEADS * D]));
    let slot = b.input("slot", TensorType::fixed(DType::I32, &[1]));
    let dtype = rows.ty.dtype;
    let kept = b.state("rows", rows.ty.clone());
    let fits = "the rows are the cache's own";
    if let Some(factors) = &factors {
        let of_rows = b.state("factors", factors.ty.clone());
        let heads = b.reshape(x, [POSITIONS, HEADS, D].map(Dim::fixed)).expect("heads divide the columns");
        let (bytes, own) = b.quantize(heads).expect("rows of floats");
        let bytes = b.reshape(bytes, [POSITIONS, HEADS * D].map(Dim::fixed)).expect("as many bytes");
        b.cache_write(&[kept, bytes, slot]).expect(fits);
        b.cache_write(&[of_rows, own, slot]).expect(fits);
    } else {
        let new = if dtype == DType::F32 { x } else { b.convert(x, dtype).expect("floats become floats") };
        b.cache_write(&[kept, new, slot]).expect(fits);
    }
    let program = compile(&b.finish(&[]), cpu).expect("the device has its kernels");
    let mut executable = cpu.load(program, Arc::new(None)).expect("nothing to load");
    let (x, mut states) = (noise(POSITIONS * HEADS * D), vec![rows]);
    states.extend(factors);
    for slot in 0..SLOTS as i32 {
        let slot = [slot];
        let mut args = vec![Arg::F32(&x, &[POSITIONS, HEADS * D]), Arg::I32(&slot, &[1])];
        args.extend(states.iter_mut().map(|state| Arg::State(state)));
        executable.run(&mut args).expect("the inputs fit");
    }
}

fn bench(c: &mut Criterion) {
    let cpu = Cpu::new(2);
    let case = |dtype, n| Case::new(&cpu, dtype, n);
    for n in [1, 5, 8, 64] {
        let (mut wide, mut half, mut bytes) = (case(DType::F32, n), case(DType::BF16, n), case(DType::I8, n));
        let least = in_turns(20, &mut [&mut || wide.run(), &mut || half.run(), &mut || bytes.run()]);
        let us = least.iter().map(|s| s * 1e6 / SLOTS as f64).collect::<Vec<_>>();
        println!("{n} queries, 2 threads: f32 {:.0} us, bf16 {:.0} us, i8 {:.0} us", us[0], us[1], us[2]);
    }
    let mut group = c.benchmark_group("window attention");
    for dtype in [DType::F32, DType::BF16, DType::I8] {
        let mut case = case(dtype, 5);
        group.bench_function(format!("{dtype}, 5 queries"), |b| b.iter(|| case.run()));
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
