//! What is refused when a program is loaded or its arguments are bound, and what constants are shared. Not what
//! compiling refuses: that is in `conformance`.

use compiler::{Arg, Device, Executable, LoadError, Program, TensorView, Weights, compile};
use cpu::{Cpu, Isa};
use graph::{DType, TensorType, text};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// One tensor for every name.
struct One {
    dims: Vec<usize>,
    bytes: Vec<u8>,
}

impl One {
    fn new(dims: &[usize], values: &[f32]) -> Arc<One> {
        Arc::new(One { dims: dims.to_vec(), bytes: values.iter().flat_map(|x| x.to_le_bytes()).collect() })
    }
}

impl Weights for One {
    fn tensor(&self, name: &str) -> Option<TensorView<'_>> {
        let view = TensorView { dtype: DType::F32, dims: &self.dims, bytes: &self.bytes };
        (name != "missing").then_some(view)
    }
}

fn scalar(threads: usize) -> Cpu {
    Cpu::with_isa(Isa::Scalar, threads)
}

fn program(graph: &str, device: &Cpu) -> Program {
    compile(&text::parse(graph).unwrap().graph, device).unwrap()
}

const SCALE: &str = "graph @g[n in 1..=4](%x: f32[n, 2], %w: f32[2] = @w) {
    %y = mul %x, %w : f32[n, 2]
    return %y
}";

fn refusal(weights: Arc<One>, graph: &str) -> LoadError {
    scalar(1).load(program(graph, &scalar(1)), weights).err().unwrap()
}

#[test]
fn tensors_that_do_not_fit_are_named() {
    let missing = refusal(One::new(&[2], &[1.0; 2]), &SCALE.replace("@w", "@missing"));
    assert_eq!(missing.to_string(), "the model has no tensor missing, expected f32[2]");
    let other = refusal(One::new(&[3], &[1.0; 3]), SCALE);
    assert_eq!(other.to_string(), "tensor w is f32[3], expected f32[2]");
    let short = refusal(One::new(&[2], &[1.0]), SCALE);
    assert_eq!(short.to_string(), "tensor w is f32[2] of 8 bytes, got 4 bytes");
}

#[test]
fn another_devices_program_and_a_changed_one_are_refused() {
    let weights = || One::new(&[2], &[1.0; 2]);
    let foreign = scalar(3).load(program(SCALE, &scalar(1)), weights()).err().unwrap();
    assert_eq!(
        foreign.to_string(),
        "program @g is not what cpu (scalar, 3 threads, f32) compiles; expected one that was compiled for this device"
    );
    let mut changed = program(SCALE, &scalar(1));
    changed.plan.arena = 0;
    assert!(matches!(scalar(1).load(changed, weights()), Err(LoadError::Foreign { .. })));
}

fn run(executable: &mut dyn Executable, args: &mut [Arg<'_>]) -> Result<(), String> {
    executable.run(args).map_err(|e| e.to_string())
}

#[test]
fn arguments_that_do_not_fit_are_refused() {
    let device = scalar(1);
    let mut executable = device.load(program(SCALE, &device), One::new(&[2], &[3.0, 5.0])).unwrap();
    let executable = executable.as_mut();
    let mut fail = |arg| run(executable, &mut [arg]).unwrap_err();
    let data = [1.0; 10];
    assert_eq!(fail(Arg::F32(&data, &[5, 2])), "%x: n is 5, expected 1 to 4");
    assert_eq!(fail(Arg::F32(&data[..2], &[2, 2])), "%x: got 2 elements for sizes [2, 2]");
    assert_eq!(
        fail(Arg::F32(&[], &[usize::MAX, 2])),
        format!("%x: got 0 elements for sizes [{}, 2]", usize::MAX)
    );
    assert_eq!(fail(Arg::I32(&[1, 2], &[1, 2])), "%x: got i32 elements, expected f32");
    assert_eq!(fail(Arg::F32(&data[..4], &[4])), "%x: got sizes [4], expected [n, 2]");
    assert_eq!(run(executable, &mut []).unwrap_err(), "graph @g takes 1 arguments, got 0");
    run(executable, &mut [Arg::F32(&[1.0, 2.0, 3.0, 4.0], &[2, 2])]).unwrap();
    assert_eq!(executable.f32(0), (&[3.0, 10.0, 9.0, 20.0][..], &[2, 2][..]));
}

#[test]
fn a_state_of_another_size_is_refused_whatever_it_says() {
    let device = scalar(1);
    let graph = "graph @g(%x: f32[1, 4], %id: i32[1], state %s: f32[2, 1, 3, 4]) {
        %s1 = cache_write %s, %x, %id, %id {placed=true} : f32[2, 1, 3, 4]
        return
    }";
    let mut executable = device.load(program(graph, &device), One::new(&[1], &[1.0])).unwrap();
    let (large, small) = ([2, 1, 3, 4], [1, 1, 3, 4]);
    let mut bind = |state: &mut compiler::Buffer| {
        let (x, id) = (Arg::F32(&[1.0; 4], &[1, 4]), Arg::I32(&[0], &[1]));
        run(executable.as_mut(), &mut [x, id, Arg::State(state)])
    };
    let mut state = device.state(&TensorType::fixed(DType::F32, &small));
    assert_eq!(bind(&mut state).unwrap_err(), "%s: got a state of f32[1, 1, 3, 4], expected f32[2, 1, 3, 4]");
    state.ty = TensorType::fixed(DType::F32, &large);
    assert_eq!(bind(&mut state).unwrap_err(), "%s: the state holds 48 bytes, expected 96");
    bind(&mut device.state(&TensorType::fixed(DType::F32, &large))).unwrap();
}

#[test]
fn layers_of_one_weight_share_its_panels() {
    let graph = "graph @g(%x: f32[3, 8], %w: f32[8, 8] = @w) {
        %a = linear %x, %w {activation=gelu, bias=false, residual=false, to=f32, parts=1} : f32[3, 8]
        %b = linear %a, %w, %x {activation=none, bias=false, residual=true, to=f32, parts=1} : f32[3, 8]
        return %b
    }";
    let program = program(graph, &scalar(1));
    assert_eq!((program.constants.len(), program.packed_bytes()), (1, 8 * 8 * 4));
    let executable = scalar(1).load(program, One::new(&[8, 8], &[0.5; 64])).unwrap();
    assert_eq!(executable.bytes().packed, 8 * 8 * 4);
}

/// One f32 tensor for every name, and how often each was read.
struct Counted(Arc<One>, Mutex<BTreeMap<String, usize>>);

impl Weights for Counted {
    fn tensor(&self, name: &str) -> Option<TensorView<'_>> {
        *self.1.lock().unwrap().entry(name.to_owned()).or_default() += 1;
        self.0.tensor(name)
    }
}

/// However many results of it are constants, and whatever is made of them.
#[test]
fn a_weight_is_quantised_once() {
    let head = "graph @g[n in 1..=4](%x: f32[n, 64], %q: i8[n, 64], %s: f32[n], %w: f32[64, 64] = @w) {
        %bits, %factors, %directions, %along = quantize_low_rank %w {rank=4} : i4[64, 64], f32[64], f32[4, 64], f32[64, 4]
        %of_x = linear %x, %directions {activation=none, bias=false, residual=false, to=f32, parts=1} : f32[n, 4]
        %most = linear %of_x, %along {activation=none, bias=false, residual=false, to=f32, parts=1} : f32[n, 64]
        %y = linear %q, %bits, %s, %factors, %most {activation=none, bias=false, residual=true, to=f32, parts=1} : f32[n, 64]
        return %y
    }";
    let stacked = "graph @g[n in 1..=4](%x: i8[n, 64], %s: f32[n], %a: f32[64, 64] = @a, %b: f32[64, 64] = @b) {
        %qa, %sa = quantize %a {digits=1, rotated=true} : i8[64, 64], f32[64]
        %qb, %sb = quantize %b {digits=1, rotated=true} : i8[64, 64], f32[64]
        %w = concat %qa, %qb {axis=0} : i8[128, 64]
        %f = concat %sa, %sb {axis=0} : f32[128]
        %y, %z = linear %x, %w, %s, %f {activation=none, bias=false, residual=false, to=f32, parts=2} : f32[n, 64], f32[n, 64]
        return %y, %z
    }";
    for (graph, names) in [(head, &["w"][..]), (stacked, &["a", "b"])] {
        let values: Vec<f32> = (0..64 * 64).map(|i| (i * 7 % 31) as f32 - 15.0).collect();
        let weights = Arc::new(Counted(One::new(&[64, 64], &values), Mutex::default()));
        scalar(1).load(program(graph, &scalar(1)), Arc::clone(&weights) as Arc<dyn Weights>).unwrap();
        let read = weights.1.lock().unwrap().clone();
        assert_eq!(read, names.iter().map(|name| ((*name).to_owned(), 1)).collect());
    }
}

/// One f32 tensor for every name, at an address that is no multiple of four.
struct Unaligned(Vec<usize>, Vec<u8>);

impl Weights for Unaligned {
    fn tensor(&self, _: &str) -> Option<TensorView<'_>> {
        let at = 1 + self.1.as_ptr().align_offset(4);
        let len = 4 * self.0.iter().product::<usize>();
        Some(TensorView { dtype: DType::F32, dims: &self.0, bytes: &self.1[at..][..len] })
    }
}

/// What is read by other than its index is copied to where it is aligned.
#[test]
fn a_table_is_read_where_it_lies() {
    let graph = "graph @g(%x: f32[1, 2], %row: i32[1], %pick: i32[1, 3], %w: f32[4, 2] = @w) {
        %one = gather %w, %row : f32[1, 2]
        %some = picked_linear %x, %w, %pick : f32[1, 3]
        return %one, %some
    }";
    let copied =
        graph.replace("gather %w, %row : f32[1, 2]", "mul %w, %x : f32[4, 2]").replace(", %row: i32[1]", "");
    for (graph, bytes) in [(graph, 0), (copied.as_str(), 4 * 2 * 4)] {
        let weights = Unaligned(vec![4, 2], vec![0; 48]);
        let mut executable = scalar(1).load(program(graph, &scalar(1)), Arc::new(weights)).unwrap();
        // Memory of our own fills cache lines.
        assert_eq!(executable.bytes().constants.min(bytes), bytes);
        assert_eq!(executable.bytes().constants == 0, bytes == 0);
        let (x, row, pick) =
            (Arg::F32(&[1.0, 2.0], &[1, 2]), Arg::I32(&[3], &[1]), Arg::I32(&[0, 3, 1], &[1, 3]));
        let mut args = if bytes == 0 { vec![x, row, pick] } else { vec![x, pick] };
        run(executable.as_mut(), &mut args).unwrap();
        assert_eq!(executable.f32(1).0, [0.0; 3]);
    }
}

/// What is packed for a spectrogram knows its hop.
#[test]
fn spectrograms_of_one_window_and_two_hops_share_nothing() {
    let graph = "graph @g(%x: f32[1200], %w: f32[400] = @w) {
        %a = spectrogram %x, %w {hop=100} : f32[9, 201]
        %b = spectrogram %x, %w {hop=400} : f32[3, 201]
        return %a, %b
    }";
    let device = scalar(1);
    let mut executable = device.load(program(graph, &device), One::new(&[400], &[1.0; 400])).unwrap();
    let x: Vec<f32> = (0..1200).map(|i| (i % 7 * i % 5) as f32).collect();
    executable.run(&mut [Arg::F32(&x, &[1200])]).unwrap();
    let (a, b) = (executable.f32(0).0, executable.f32(1).0);
    for frame in 0..3 {
        assert_eq!(a[4 * frame * 201..][..201], b[frame * 201..][..201]);
    }
}

#[test]
fn empty_tensors_pass_through() {
    let graph = "graph @g[n in 0..=3](%x: f32[n, 4], %g: f32[4] = @g, %z: f32[2, 0]) {
        %a = layer_norm %x, %g, %g {eps=1e-5, digits=0} : f32[n, 4]
        %s = softmax %a : f32[n, 4]
        %e = exp %s : f32[n, 4]
        %r = reduce %e {kind=sum, axis=-1} : f32[n, 1]
        %ez = exp %z : f32[2, 0]
        return %e, %r, %ez
    }";
    let device = scalar(2);
    let mut executable = device.load(program(graph, &device), One::new(&[4], &[1.0; 4])).unwrap();
    executable.run(&mut [Arg::F32(&[], &[0, 4]), Arg::F32(&[], &[2, 0])]).unwrap();
    assert_eq!(executable.f32(0), (&[][..], &[0, 4][..]));
    assert_eq!(executable.f32(1), (&[][..], &[0, 1][..]));
    assert_eq!(executable.f32(2), (&[][..], &[2, 0][..]));
}

/// Max, min and select at what vectors see otherwise than the primitives' definitions.
#[test]
fn elementwise_ops_keep_their_meaning_at_nan_and_infinity() {
    let graph = "graph @g(%x: f32[25], %y: f32[25]) {
        %max = max %x, %y : f32[25]
        %min = min %x, %y : f32[25]
        %pick = select %x, %y, %x : f32[25]
        return %max, %min, %pick
    }";
    let all = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1.5, 0.0];
    let pairs: Vec<(f32, f32)> = all.iter().flat_map(|x| all.map(|y| (*x, y))).collect();
    let (x, y): (Vec<f32>, Vec<f32>) = pairs.iter().copied().unzip();
    let nan =
        |a: f32, b: f32, of: fn(f32, f32) -> f32| if a.is_nan() || b.is_nan() { f32::NAN } else { of(a, b) };
    for isa in Isa::available() {
        let device = Cpu::with_isa(isa, 1);
        let mut executable = device.load(program(graph, &device), One::new(&[1], &[1.0])).unwrap();
        executable.run(&mut [Arg::F32(&x, &[25]), Arg::F32(&y, &[25])]).unwrap();
        let expected: [Box<dyn Fn(f32, f32) -> f32>; 3] = [
            Box::new(|a, b| nan(a, b, f32::max)),
            Box::new(|a, b| nan(a, b, f32::min)),
            Box::new(|a, b| if a == 0.0 { a } else { b }),
        ];
        for (i, expected) in expected.iter().enumerate() {
            for ((a, b), got) in pairs.iter().zip(executable.f32(i).0) {
                let want = expected(*a, *b);
                assert!(*got == want || got.is_nan() && want.is_nan(), "{isa}: {i} of {a} and {b} is {got}");
            }
        }
    }
}

#[test]
fn an_arena_goes_from_program_to_program_and_takes_the_results_along() {
    let device = scalar(1);
    let load = |graph: &str| device.load(program(graph, &device), One::new(&[2], &[3.0, 5.0])).unwrap();
    let wide = SCALE.replace("n in 1..=4", "n in 1..=400");
    let (mut small, mut large) = (load(SCALE), load(&wide));
    let [few, many] = [&small, &large].map(|executable| executable.program().plan.arena);
    let too_small = small.take_arena().unwrap();
    assert!(small.take_arena().is_none());
    let x = [1.0, 2.0];
    let refused = run(small.as_mut(), &mut [Arg::F32(&x, &[1, 2])]).unwrap_err();
    assert_eq!(refused, format!("graph @g runs in an arena of {few} bytes of its device, got 0"));
    let refused = large.put_arena(too_small).unwrap_err();
    let message = format!("graph @g runs in an arena of {many} bytes of its device, got {few}");
    assert_eq!((refused.to_string(), few < many), (message, true));
    run(large.as_mut(), &mut [Arg::F32(&x, &[1, 2])]).unwrap();
    assert_eq!(large.f32(0).0, [3.0, 10.0], "what is refused changes nothing");
    for _ in 0..2 {
        small.put_arena(large.take_arena().unwrap()).unwrap();
        run(small.as_mut(), &mut [Arg::F32(&[2.0, 2.0], &[1, 2])]).unwrap();
        assert_eq!(small.f32(0).0, [6.0, 10.0]);
        large.put_arena(small.take_arena().unwrap()).unwrap();
        run(large.as_mut(), &mut [Arg::F32(&x, &[1, 2])]).unwrap();
        assert_eq!(large.f32(0).0, [3.0, 10.0]);
    }
}

#[test]
#[should_panic(expected = "index out of bounds")]
fn no_result_is_read_from_an_arena_that_is_gone() {
    let device = scalar(1);
    let mut executable = device.load(program(SCALE, &device), One::new(&[2], &[3.0, 5.0])).unwrap();
    run(executable.as_mut(), &mut [Arg::F32(&[1.0, 2.0], &[1, 2])]).unwrap();
    executable.take_arena();
    executable.f32(0);
}
