//! Random graphs: their plans are checked, and what they compute is compared with the interpreter. Not cases: those
//! are graph files.

use compiler::{CompileError, compile};
use cpu::{Cpu, Isa};
use graph::ops::{Elementwise, Linear, ReduceKind};
use graph::{Builder, DType, Dim, Graph, TensorType, Value};
use testkit::conformance::{Tolerance, agree};
use testkit::plans;
use testkit::random::Random;
use testkit::runner::Fault;

/// A graph of rows of 12 and of what is made of them. A step whose operands do not fit adds nothing.
fn random_graph(seed: u64) -> Graph {
    let mut random = Random::new(seed);
    let mut b = Builder::new("random");
    let n = b.symbol("n", 1, 9);
    let ty = |dims: &[Dim]| TensorType::new(DType::F32, dims.iter().copied());
    let mut pool = vec![b.input("x", ty(&[n, 12.into()])), b.input("y", ty(&[n, 12.into()]))];
    let gamma = b.weight("gamma", TensorType::fixed(DType::F32, &[12]));
    let square = b.weight("square", TensorType::fixed(DType::F16, &[12, 12]));
    for _ in 0..3 + random.below(25) {
        let mut pick = || pool[random.below(pool.len())];
        let values = [pick(), pick()];
        pool.extend(step(&mut b, random.below(12), values, (gamma, square), n));
    }
    let results: Vec<Value> = (0..=random.below(3)).map(|_| pool[random.below(pool.len())]).collect();
    b.finish(&results)
}

fn step(
    b: &mut Builder,
    kind: usize,
    [x, y]: [Value; 2],
    (gamma, square): (Value, Value),
    n: Dim,
) -> Option<Value> {
    let linear = |residual| Linear { residual, ..Linear::PLAIN };
    match kind {
        0 => b.elementwise(Elementwise::Sigmoid, &[x]).ok(),
        1 | 2 => b.mul(x, y).ok(),
        3 => b.layer_norm(x, gamma, gamma, 1e-5).ok(),
        4 => b.softmax(x).ok(),
        5 => b.linear(x, square).ok(),
        6 | 7 => Some(b.add(linear(true), &[x, square, y]).ok()?[0]),
        8 => b.reshape(x, [n, 3.into(), 4.into()]).ok(),
        9 => b.reshape(x, [n, 12.into()]).ok(),
        10 => b.reduce(ReduceKind::Max, x).ok(),
        _ => b.concat(&[x, y], 0).ok().and_then(|both| b.slice(both, 0, 0..1).ok()),
    }
}

#[test]
fn no_two_live_values_share_bytes_and_results_agree() {
    let device = Cpu::with_isa(Isa::best(), 2);
    let (mut compiled, mut in_place, mut views) = (0, 0, 0);
    for seed in 0..1000 {
        let graph = random_graph(seed);
        let program = match compile(&graph, &device) {
            Err(CompileError::Result { .. }) => continue,
            other => other.unwrap(),
        };
        plans::check(&program).unwrap_or_else(|e| panic!("{e}\n{program}"));
        (compiled, in_place) = (compiled + 1, in_place + program.plan.in_place.len());
        views += program.graph.nodes().iter().filter(|n| n.op.name() == "reshape").count();
        let agreed: Result<(), Fault> = agree(&device, &graph, (5, seed), Tolerance::OfGreatest(1e-4));
        agreed.unwrap_or_else(|e| panic!("{e}\n{graph}\n{program}"));
    }
    assert!(compiled > 400 && in_place > 150 && views > 50, "{compiled} {in_place} {views}");
}

/// The check sees a plan that is wrong.
#[test]
fn a_plan_that_overlaps_is_caught() {
    let device = Cpu::with_isa(Isa::Scalar, 1);
    let graph = include_str!("../../../tests/graph/plan/encoder_block.graph");
    let mut program = compile(&graph::text::parse(graph).unwrap().graph, &device).unwrap();
    plans::check(&program).unwrap();
    // Queries and keys, which attention reads.
    let moved = program.steps[1].outputs[0];
    program.steps[1].outputs[1] = moved;
    program.steps[2].inputs[1] = moved;
    let error = plans::check(&program).unwrap_err();
    assert!(error.ends_with("share bytes"), "{error}");
}
