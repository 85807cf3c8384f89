//! That a run allocates nothing: every allocation of this process is counted. Not a measure of time.

use compiler::{Arg, Buffer, Device, Executable, TensorView, Weights, compile};
use cpu::{Cpu, Isa};
use graph::{DType, text};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Every weight is as small as zeros of any size.
struct Zeros(Vec<u8>);

impl Weights for Zeros {
    fn tensor(&self, name: &str) -> Option<TensorView<'_>> {
        let dims: &[usize] = match name {
            "wide" => &[64, 32],
            "narrow" => &[32, 64],
            "square" => &[32, 32],
            "table" => &[40, 32],
            _ => &[32],
        };
        let dtype = if dims.len() == 2 { DType::F16 } else { DType::F32 };
        let bytes = dims.iter().product::<usize>() * dtype.bytes();
        Some(TensorView { dtype, dims, bytes: &self.0[..bytes] })
    }
}

/// A decoder's layer and its end, with what else a model has: every kernel but those of the encoder's front.
const GRAPH: &str = "graph @step[n in 1..=8](
  %token: i32[n], %slot: i32[n], %at: i32[n], %table: i32[8, 12], %row: i32[n], %spans: i32[n, 2], %flag: bool[n, 1],
  %other: f32[2, 4, 32],
  state %keys: f32[8, 2, 12, 16], state %values: f32[8, 2, 12, 16],
  %w_table: f16[40, 32] = @table, %w_square: f16[32, 32] = @square, %w_wide: f16[64, 32] = @wide,
  %w_narrow: f16[32, 64] = @narrow, %gamma: f32[32] = @gamma, %beta: f32[32] = @beta
) {
  %e = gather %w_table, %token : f16[n, 32]
  %x = convert %e {to=f32} : f32[n, 32]
  %y = layer_norm %x, %gamma, %beta {eps=1e-5, digits=0} : f32[n, 32]
  %q = linear %y, %w_square {activation=none, bias=false, residual=false, to=f32, parts=1} : f32[n, 32]
  %k = linear %y, %w_square, %beta {activation=none, bias=true, residual=false, to=f32, parts=1} : f32[n, 32]
  %keys1 = cache_write %keys, %k, %slot, %at {placed=true} : f32[8, 2, 12, 16]
  %values1 = cache_write %values, %q, %slot, %at {placed=true} : f32[8, 2, 12, 16]
  %a = cached_attention %q, %keys1, %values1, %table, %row, %at {scale=0.25} : f32[n, 32]
  %o = linear %a, %w_square, %beta, %x {activation=none, bias=true, residual=true, to=f32, parts=1} : f32[n, 32]
  %h = linear %o, %w_wide {activation=gelu, bias=false, residual=false, to=f32, parts=1} : f32[n, 64]
  %z = linear %h, %w_narrow, %o {activation=none, bias=false, residual=true, to=f32, parts=1} : f32[n, 32]
  %full = attention %z, %z, %x {heads=2, scale=0.25, in_bytes=false} : f32[n, 32]
  %m = mask_spans %full, %spans : f32[n, 32]
  %left = slice %m {axis=1, start=0, end=16} : f32[n, 16]
  %right = slice %m {axis=1, start=16, end=32} : f32[n, 16]
  %sum = reduce %left {kind=log_sum_exp, axis=-1} : f32[n, 1]
  %max = reduce %right {kind=max, axis=-1} : f32[n, 1]
  %less = less %max, %sum : bool[n, 1]
  %both = and %less, %flag : bool[n, 1]
  %chosen = select %both, %m, %z : f32[n, 32]
  %soft = softmax %chosen : f32[n, 32]
  %joined = concat %soft, %z {axis=1} : f32[n, 64]
  %best, %ids = top_k %soft {k=5} : f32[n, 5], i32[n, 5]
  %chosen_scores = picked_linear %m, %w_table, %ids : f32[n, 5]
  %back = scatter_elements %joined, %ids, %chosen_scores : f32[n, 64]
  %again = gather_elements %back, %ids {rows=false} : f32[n, 5]
  %turned = transpose %other {perm=[0, 2, 1]} : f32[2, 32, 4]
  %product = matmul %other, %turned : f32[2, 4, 4]
  %flat = reshape %product {shape=[8, 4]} : f32[8, 4]
  %padded = pad %flat {before=1, after=2, mode=zero} : f32[11, 4]
  return %best, %ids, %padded, %again
}";

#[test]
fn a_run_allocates_nothing() {
    let graph = text::parse(GRAPH).unwrap().graph;
    for isa in Isa::available() {
        for threads in 1..=3 {
            let device = Cpu::with_isa(isa, threads);
            let program = compile(&graph, &device).unwrap();
            let ty = graph::TensorType::fixed(DType::F32, &[8, 2, 12, 16]);
            let mut states = [device.state(&ty), device.state(&ty)];
            let mut executable = device.load(program, Arc::new(Zeros(vec![0; 1 << 14]))).unwrap();
            for n in [8, 1, 3] {
                // A thread of the pool that starts late allocates once; a kernel that allocates does so each time.
                let allocations = (0..20).map(|_| run(executable.as_mut(), &mut states, n)).min();
                assert_eq!(allocations, Some(0), "with {isa}, {threads} threads, {n} rows");
                assert_eq!(executable.i32(1).1, [n, 5]);
            }
        }
    }
}

/// Runs the graph on `n` rows and gives the number of allocations.
fn run(executable: &mut dyn Executable, [keys, values]: &mut [Buffer; 2], n: usize) -> usize {
    let (ids, table, spans) = ([0, 1, 2, 3, 4, 5, 6, 7], [0; 96], [1; 16]);
    let (flag, other) = ([true; 8], [0.5; 256]);
    let ids = || Arg::I32(&ids[..n], std::slice::from_ref(&n));
    let (spans_dims, flag_dims) = ([n, 2], [n, 1]);
    let mut args = [
        ids(),
        ids(),
        ids(),
        Arg::I32(&table, &[8, 12]),
        ids(),
        Arg::I32(&spans[..2 * n], &spans_dims),
        Arg::Bool(&flag[..n], &flag_dims),
        Arg::F32(&other, &[2, 4, 32]),
        Arg::State(keys),
        Arg::State(values),
    ];
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    executable.run(&mut args).unwrap();
    ALLOCATIONS.load(Ordering::Relaxed) - before
}
