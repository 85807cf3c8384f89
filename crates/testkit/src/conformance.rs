//! The device conformance suite: every case of every op, compiled as a graph of its own, on a device against the
//! interpreter. Not a device's own tests: each device's crate calls this with itself.

use crate::inputs::{RandomEnv, bindings};
use crate::runner::{Fault, Runner, shown};
use compiler::{CompileError, Device};
use graph::ops::{Activation, Conv1d, Elementwise, LayerNorm, Linear};
use graph::{Builder, DType, Graph, Op, OpError, Tensor, TensorType, Value, interpret, text};

/// How far a device may be from the interpreter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// Not at all.
    Exact,
    /// By this part of the larger of 1 and the element.
    OfElement(f32),
    /// By this part of the greatest element: sums, whose errors follow their terms.
    OfGreatest(f32),
}

/// How far a device may be from the interpreter for the op `name`.
pub fn tolerance(name: &str) -> Tolerance {
    use Tolerance::{Exact, OfElement, OfGreatest};
    match name {
        // Moved or chosen, and rounded once as IEEE 754 says.
        "cache_write" | "concat" | "constant" | "convert" | "gather" | "gather_elements" | "iota"
        | "mask_spans" | "median_filter" | "pad" | "reshape" | "scatter_elements" | "slice" | "top_k"
        | "transpose" | "add" | "sub" | "mul" | "div" | "max" | "min" | "neg" | "sqrt" | "less" | "and"
        | "select" | "relu" => Exact,
        "cached_scores" | "conv1d" | "linear" | "matmul" | "picked_linear" | "spectrogram" => {
            OfGreatest(2e-6)
        }
        // Seven steps, each through exponentials of what the last one gave.
        "lstm" => OfElement(5e-5),
        _ => OfElement(1e-5),
    }
}

/// What GELU may be off by where its sums are of narrow factors.
const COARSE: Tolerance = Tolerance::OfGreatest(1.1e-4);

/// How a case's operands are bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// What is a model's is a weight, all else an input.
    Weights,
    /// Everything is an input, 16-bit floats converted on the way.
    Inputs,
}

/// What came of the suite.
#[derive(Debug, Default)]
pub struct Report {
    /// How many cases agree.
    pub passed: usize,
    /// The cases for which the device has no kernel, with what it says.
    pub no_kernel: Vec<(String, CompileError)>,
    /// The cases that fail, with what is wrong.
    pub failures: Vec<String>,
}

/// Runs every case of every op.
pub fn run(device: &dyn Device, binding: Binding) -> Report {
    let mut report = Report::default();
    for reference in Op::reference() {
        for case in &reference.cases {
            match one(device, case, binding) {
                Ok(()) => report.passed += 1,
                Err(Fault::Compile(error @ CompileError::NoKernel { .. })) => {
                    report.no_kernel.push((case.clone(), error));
                }
                Err(fault) => report.failures.push(format!("{case}: {fault}")),
            }
        }
    }
    report
}

fn one(device: &dyn Device, case: &str, binding: Binding) -> Result<(), Fault> {
    let (op, types) = text::parse_case(case).map_err(|e| Fault::Test(e.to_string()))?;
    let graph = graph_of(&op, &types, binding).map_err(|e| Fault::Test(e.to_string()))?;
    let tolerance = match (&op, types.first()) {
        // Queries, keys, values and weights may be bytes, whose steps are 4e-3 to 8e-3 of the greatest.
        (Op::Attention(attention), Some(_)) if attention.in_bytes => Tolerance::OfGreatest(3e-2),
        // The weights of the values may be rounded to bf16, which has eight binary digits.
        (Op::Attention(_), Some(q)) if q.dtype == DType::BF16 => Tolerance::OfGreatest(4e-3),
        // So may the queries, too.
        (Op::CachedAttention(_), Some(_)) if types[1].dtype == DType::BF16 => Tolerance::OfGreatest(1e-2),
        // Or be bytes of two digits, a step of which is 3e-5 of the greatest.
        (Op::CachedAttention(_), Some(_)) if types[1].dtype == DType::I8 => Tolerance::OfGreatest(2e-4),
        // What is off by its last digit may be nearer to another byte, of which the greatest is 127.
        (Op::LayerNorm(LayerNorm { digits: 1.., .. }) | Op::Linear(Linear { to: DType::I8, .. }), _) => {
            Tolerance::OfGreatest(8e-3)
        }
        // A sum that is off by its last digit may be nearer to another bf16.
        (Op::Linear(Linear { to: DType::BF16, .. }), _) => Tolerance::OfGreatest(4e-3),
        // GELU of narrow factors may be off by 1e-4.
        (Op::Linear(Linear { activation: Activation::Gelu, .. }), Some(x)) if x.dtype != DType::F32 => COARSE,
        (Op::Conv1d(Conv1d { activation: Activation::Gelu, .. }), Some(x)) if x.dtype != DType::F32 => COARSE,
        _ => tolerance(op.name()),
    };
    (1..3).try_for_each(|seed| agree(device, &graph, (1, seed), tolerance))
}

/// Compiles `graph`, runs it on `device` and in the interpreter with the same seeded tensors, every symbol near
/// `size`, and compares results and states. `tolerance` holds for floats; integers are equal.
///
/// # Errors
/// The device refuses the graph, or computes something else.
pub fn agree(
    device: &dyn Device,
    graph: &Graph,
    (size, seed): (usize, u64),
    tolerance: Tolerance,
) -> Result<(), Fault> {
    let mut env = RandomEnv::draw(graph, &bindings(graph, size), seed);
    let mut runner = Runner::new(device, graph, &env)?;
    let got = runner.run(&env)?;
    let expected = interpret::run(graph, &mut env).map_err(|e| Fault::Test(e.to_string()))?;
    for (i, (got, expected)) in got.iter().zip(&expected).enumerate() {
        within(got, expected, tolerance).map_err(|e| Fault::Test(format!("result {i}: {e}")))?;
    }
    for (name, got) in runner.states()? {
        // A state that is only read stays as it was filled.
        let expected = env.states.get(&name).cloned();
        let kept = || interpret::Env::tensor(&env, &graph::ParamKind::State, &name);
        let expected = expected.or_else(kept).ok_or_else(|| Fault::Test(format!("no state %{name}")))?;
        within(&got, &shown(&expected)?, Tolerance::OfElement(1e-5))
            .map_err(|e| Fault::Test(format!("state %{name}: {e}")))?;
    }
    Ok(())
}

/// Checks that `got` is within `tolerance` of `expected`; see [`crate::close`] for NaN and infinities.
///
/// # Errors
/// Says which element differs most.
pub fn within(got: &Tensor, expected: &Tensor, tolerance: Tolerance) -> Result<(), String> {
    if expected.dtype() != DType::F32 {
        return crate::close::close(got, expected, 0.0);
    }
    let (part, scale) = match tolerance {
        Tolerance::Exact => (0.0, 1.0),
        Tolerance::OfElement(part) => (part, 1.0),
        Tolerance::OfGreatest(part) => {
            let finite = expected.as_f32().iter().filter(|x| x.is_finite());
            (part, finite.fold(f32::MIN_POSITIVE, |m, x| m.max(x.abs())))
        }
    };
    let scaled = |t: &Tensor| Tensor::f32(&t.dims, t.as_f32().iter().map(|x| x / scale).collect());
    if got.ty() == expected.ty() && scale != 1.0 {
        return crate::close::close(&scaled(got), &scaled(expected), part);
    }
    crate::close::close(got, expected, part)
}

/// Whether operand `i` of `op` is a model's.
fn is_weight(op: &Op, types: &[TensorType], i: usize) -> bool {
    match op {
        Op::Linear(op) => {
            i == 1 || i == 3 && types[0].dtype == DType::I8 || op.bias && i == Linear::behind(types[0].dtype)
        }
        Op::Conv1d(_) | Op::LayerNorm(_) => i > 0,
        Op::Spectrogram(_) | Op::Lstm(_) | Op::PickedLinear(_) => i == 1,
        Op::Gather(_) | Op::QuantizeLowRank(_) => i == 0,
        _ => false,
    }
}

/// The graph of one case. States are states; a case without operands but weights, and one whose result is a view, gets
/// a neighbour, so that a run has something to compute.
fn graph_of(op: &Op, types: &[TensorType], binding: Binding) -> Result<Graph, OpError> {
    let mut b = Builder::new("case");
    let (mut operands, mut is_constant) = (Vec::new(), true);
    for (i, ty) in types.iter().enumerate() {
        let name = format!("x{i}");
        let is_state = matches!(
            (op, i),
            (Op::CacheWrite(_), 0) | (Op::CachedAttention(_), 1 | 2) | (Op::CachedScores(_), 1)
        );
        let is_weight = binding == Binding::Weights && is_weight(op, types, i);
        is_constant &= is_weight;
        operands.push(if is_state {
            b.state(&name, ty.clone())
        } else if is_weight {
            b.weight(&name, ty.clone())
        } else {
            input(&mut b, &name, ty)?
        });
    }
    if matches!(op, Op::Reshape(_)) {
        let rows = b.ty(operands[0]).shape.0[0];
        let ids = b.input("ids", TensorType::new(DType::I32, [rows]));
        operands[0] = b.gather(operands[0], ids)?;
    }
    let mut results = b.add(op.clone(), &operands)?;
    if matches!(op, Op::CacheWrite(_)) {
        results.clear();
    }
    for (i, result) in results.iter_mut().enumerate() {
        if !matches!(b.ty(*result).dtype, DType::F32 | DType::I32) {
            *result = b.convert(*result, DType::F32)?;
        }
        if is_constant {
            let x = b.input(&format!("neighbour{i}"), b.ty(*result).clone());
            *result = b.elementwise(Elementwise::Max, &[*result, x])?;
        }
    }
    Ok(b.finish(&results))
}

/// An input that becomes `ty`: arguments hold no 16-bit floats.
fn input(b: &mut Builder, name: &str, ty: &TensorType) -> Result<Value, OpError> {
    match ty.dtype {
        DType::F32 | DType::I32 | DType::Bool => Ok(b.input(name, ty.clone())),
        narrow => {
            let spread = match narrow {
                DType::I8 => 40.0,
                DType::I4 => 3.0,
                _ => 1.0,
            };
            let (wide, spread) = (b.input(name, ty.with_dtype(DType::F32)), b.constant(spread)?);
            let wide = b.mul(wide, spread)?;
            b.convert(wide, narrow)
        }
    }
}
