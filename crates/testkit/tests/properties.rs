//! Properties of text and passes on random graphs. Not cases: those are graph files.

use compiler::pipeline::Pipeline;
use graph::ops::{Elementwise, ReduceKind};
use graph::scalar::{Expr, Inst, Prim};
use graph::{Builder, DType, Dim, Graph, Op, ParamKind, TensorType, Value, interpret, text, verify};
use proptest::prelude::*;
use testkit::inputs::{RandomEnv, bindings};

/// One step of a random graph: what to add, and of which values.
type Recipe = Vec<(u8, u8, u8)>;

fn recipe() -> impl Strategy<Value = Recipe> {
    proptest::collection::vec(any::<(u8, u8, u8)>(), 1..24)
}

/// A graph of elementwise ops, linear layers, reductions and moves. A step whose operands do not fit adds
/// nothing.
fn build(recipe: &Recipe) -> Graph {
    let mut b = Builder::new("random");
    let t = b.symbol("t", 1, 9);
    let ty = |dims: &[Dim]| TensorType::new(DType::F32, dims.iter().copied());
    let mut pool = vec![
        b.input("x", ty(&[t, Dim::fixed(4)])),
        b.input("y", ty(&[t, Dim::fixed(4)])),
        b.input("column", ty(&[t, Dim::fixed(1)])),
        b.input("flag", TensorType::fixed(DType::Bool, &[4])),
        b.weight("row", TensorType::fixed(DType::F32, &[4])),
    ];
    let square = b.param("square", TensorType::fixed(DType::F16, &[4, 4]), ParamKind::Weight("w".to_owned()));
    for (kind, i, j) in recipe {
        let (x, y) = (pool[*i as usize % pool.len()], pool[*j as usize % pool.len()]);
        pool.extend(step(&mut b, *kind, (x, y), square));
    }
    let (last, half) = (pool.len() - 1, pool.len() / 2);
    b.finish(&[pool[last], pool[half]])
}

fn step(b: &mut Builder, kind: u8, (x, y): (Value, Value), square: Value) -> Option<Value> {
    use Elementwise::{Add, And, Div, Gelu, Less, Max, Min, Mul, Neg, Relu, Select, Sigmoid, Sub, Tanh};
    let binary = [Add, Sub, Mul, Max, Min, Less, And, Div];
    let unary = [Neg, Relu, Sigmoid, Tanh, Gelu];
    let numbers = [0.5, 1.0, 3.0, -2.0];
    let pick = kind as usize / 8;
    match kind % 8 {
        0 | 1 => b.elementwise(binary[pick % 7], &[x, y]).ok(),
        2 => b.elementwise(unary[pick % unary.len()], &[x]).ok(),
        3 => {
            let c = b.constant(numbers[pick % numbers.len()]).ok()?;
            let op = binary[pick % binary.len()];
            // Never divided by what may be 0.
            let inputs = if pick % 8 < 4 || op == Div { [x, c] } else { [c, x] };
            b.elementwise(op, &inputs).ok()
        }
        4 => {
            let w = b.convert(square, DType::F32).ok()?;
            b.linear(x, w).ok()
        }
        5 => {
            let mean =
                b.reduce_over(ReduceKind::Mean, if pick.is_multiple_of(2) { -1 } else { -2 }, x).ok()?;
            b.elementwise(Add, &[x, mean]).ok()
        }
        6 => {
            let turned = b.transpose(x, &[1, 0]).ok()?;
            b.transpose(turned, &[1, 0]).ok()
        }
        _ => b.elementwise(Select, &[y, x, x]).ok(),
    }
}

/// The largest size that any value of `graph` has while it is evaluated; rounding errors are relative to it.
fn magnitude(graph: &Graph, env: &RandomEnv) -> f32 {
    let mut b = Builder::new("all");
    graph.symbols().iter().for_each(|s| b.add_symbol(*s));
    let mut map: Vec<Value> = Vec::new();
    for param in graph.params() {
        let info = graph.value(param.value);
        map.push(b.param(&info.name, info.ty.clone(), param.kind.clone()));
    }
    for node in graph.nodes() {
        let inputs: Vec<Value> = node.inputs.iter().map(|v| map[v.index()]).collect();
        map.extend(b.add(node.op.clone(), &inputs).unwrap());
    }
    let all = interpret::run(&b.finish(&map), &mut env.clone()).unwrap();
    all.iter().flat_map(graph::Tensor::to_f32).fold(1.0, |m: f32, x| m.max(x.abs()))
}

/// How often the elementwise ops of `graph` compute what costs more than reading it from memory.
fn dear(graph: &Graph) -> usize {
    let is_dear = |inst: &&Inst| {
        matches!(inst, Inst::Prim(Prim::Exp | Prim::Log | Prim::Sqrt | Prim::Erf | Prim::Div, _))
    };
    let count = |expr: &Expr| expr.insts().iter().filter(is_dear).count();
    let nodes = graph.nodes().iter().map(|node| match &node.op {
        Op::Elementwise(row) => count(&row.expr()),
        Op::Fused(fused) => count(&fused.f),
        _ => 0,
    });
    nodes.sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn text_round_trips(recipe in recipe()) {
        let graph = build(&recipe);
        verify::verify(&graph).unwrap();
        let printed = text::print(&graph);
        prop_assert_eq!(&text::parse(&printed).unwrap().graph, &graph);
        let fused = Pipeline::standard().run(&graph);
        let printed = text::print(&fused);
        prop_assert_eq!(&text::parse(&printed).unwrap().graph, &fused, "{}", printed);
    }

    #[test]
    fn mutated_text_never_panics(
        recipe in recipe(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<char>(), 0..4_u8), 1..8),
    ) {
        let mut chars: Vec<char> = text::print(&build(&recipe)).chars().collect();
        for (at, c, kind) in edits {
            let at = at.index(chars.len());
            match kind {
                0 => chars[at] = c,
                1 => chars.insert(at, c),
                2 => drop(chars.drain(at..(at + 9).min(chars.len() - 1).max(at))),
                _ => chars.insert(at, "%@[]{}(),:=*+-.9;\"".chars().nth(c as usize % 18).unwrap()),
            }
        }
        let mutated: String = chars.into_iter().collect();
        if let Ok(parsed) = text::parse(&mutated) {
            let _ = verify::verify(&parsed.graph);
        }
    }

    #[test]
    fn passes_keep_what_is_computed(recipe in recipe(), seed in 0..1000_u64, size in 1..4_usize) {
        let before = build(&recipe);
        let env = RandomEnv::draw(&before, &bindings(&before, size), seed);
        let expected = interpret::run(&before, &mut env.clone()).unwrap();
        let tolerance = 1e-5 * magnitude(&before, &env);
        prop_assume!(tolerance.is_finite());
        let standard = Pipeline::standard();
        let alone = standard.passes().iter().map(|p| Pipeline::new().pass(*p));
        for pipeline in alone.chain([standard.clone()]) {
            let after = pipeline.run(&before);
            let got = interpret::run(&after, &mut env.clone()).unwrap();
            for (got, expected) in got.iter().zip(&expected) {
                prop_assert_eq!(got.ty(), expected.ty());
                let pairs = got.to_f32().into_iter().zip(expected.to_f32());
                let far = pairs.filter(|(a, b)| a != b && !((a - b).abs() <= tolerance || a.is_nan() && b.is_nan()));
                prop_assert_eq!(far.collect::<Vec<_>>(), vec![], "{:?}\n{}\n{}", pipeline.names(), before, after);
            }
        }
    }

    #[test]
    fn fusing_computes_nothing_dear_twice(recipe in recipe()) {
        let standard = Pipeline::standard();
        let before = standard.run_until("fuse-linear", &build(&recipe)).unwrap();
        let after = standard.run(&before);
        prop_assert!(dear(&after) <= dear(&before), "{}\n{}", before, after);
    }
}
