//! The law of order through the device: a row's results have the same bits alone and among others, and with any
//! number of threads. Not closeness to the interpreter: that is the conformance suite.

use compiler::Compute;
use compiler::pipeline::Pipeline;
use cpu::{Cpu, Isa};
use graph::interpret::Env;
use graph::{Data, Graph, ParamKind, Tensor, text};
use testkit::inputs::{RandomEnv, bindings};
use testkit::runner::Runner;

const ROWS: usize = 8;

/// Rows `from..to` of a tensor.
fn rows(tensor: &Tensor, from: usize, to: usize) -> Tensor {
    let width: usize = tensor.dims[1..].iter().product();
    let mut dims = tensor.dims.clone();
    dims[0] = to - from;
    let range = from * width..to * width;
    let data = match &tensor.data {
        Data::F32(v) => Data::F32(v[range].to_vec()),
        Data::I32(v) => Data::I32(v[range].to_vec()),
        Data::Bool(v) => Data::Bool(v[range].to_vec()),
        other => panic!("an input of {other:?}"),
    };
    Tensor { dims, data }
}

/// Bits of the elements, so that equal means the same.
fn bits(tensor: &Tensor) -> Vec<u32> {
    match &tensor.data {
        Data::F32(v) => v.iter().map(|x| x.to_bits()).collect(),
        Data::I32(v) => v.iter().map(|x| x.cast_unsigned()).collect(),
        other => panic!("a result of {other:?}"),
    }
}

/// The inputs whose rows are the graph's symbol, cut to rows `from..to`.
fn cut(graph: &Graph, env: &RandomEnv, from: usize, to: usize) -> RandomEnv {
    let mut part = env.clone();
    for param in graph.params().iter().filter(|p| p.kind == ParamKind::Input) {
        let info = graph.value(param.value);
        if info.ty.shape.0[0].symbol().is_some() {
            let whole = env.tensor(&param.kind, &info.name).unwrap();
            part.set(&param.kind, &info.name, rows(&whole, from, to));
        }
    }
    part
}

/// Runs `graph` with all rows on one thread, then each row alone, rows among 2 to 8, and 1 to 4 threads.
fn check(graph: &str, prepare: impl Fn(&mut RandomEnv)) {
    let graph = text::parse(graph).unwrap_or_else(|e| panic!("{e}")).graph;
    let mut env = RandomEnv::draw(&graph, &bindings(&graph, ROWS), 5);
    prepare(&mut env);
    for isa in Isa::available() {
        let mut whole: Option<Vec<Tensor>> = None;
        for threads in 1..=4 {
            let device = Cpu::with_isa(isa, threads);
            let mut runner = Runner::new(&device, &graph, &env).unwrap();
            let all = runner.run(&env).unwrap();
            let whole = whole.get_or_insert(all.clone());
            let parts = (0..ROWS).map(|i| (i, i + 1)).chain((2..=ROWS).map(|n| (ROWS - n, ROWS)));
            for (from, to) in [(0, ROWS)].into_iter().chain(parts) {
                runner.fill(&env).unwrap();
                let got = runner.run(&cut(&graph, &env, from, to)).unwrap();
                for (i, (got, whole)) in got.iter().zip(whole.iter()).enumerate() {
                    let what = || format!("{isa}, {threads} threads, rows {from}..{to}, result {i}\n{graph}");
                    assert!(bits(got) == bits(&rows(whole, from, to)), "{}", what());
                }
            }
        }
    }
}

/// One op over rows: `x: f32[n, width]`, weights behind it.
fn row_wise(width: usize, params: &str, node: &str) {
    let results = if node.starts_with("top_k") { "%y, %i" } else { "%y" };
    check(
        &format!(
            "graph @g[n in 1..=8](%x: f32[n, {width}]{params}) {{
                {results} = {node}
                return {results}
            }}"
        ),
        |_| (),
    );
}

#[test]
fn linear_layers() {
    // More than one chain of products, and outputs that fill no panel.
    for (k, n, w) in [(700, 33, "f32"), (256, 64, "f16"), (257, 1, "bf16"), (31, 129, "f32")] {
        let params = format!(", %w: {w}[{n}, {k}] = @w, %b: f32[{n}] = @b, %r: f32[n, {n}]");
        let plain = "linear %x, %w {activation=none, bias=false, residual=false, to=f32, parts=1}";
        row_wise(k, &params, &format!("{plain} : f32[n, {n}]"));
        let whole = "linear %x, %w, %b, %r {activation=gelu, bias=true, residual=true, to=f32, parts=1}";
        row_wise(k, &params, &format!("{whole} : f32[n, {n}]"));
    }
}

/// With factors of bf16, whatever the path makes of them: tiles, dots or widened vectors.
#[test]
fn linear_layers_of_bf16() {
    for (k, n) in [(700, 33), (257, 1), (31, 129)] {
        check(
            &format!(
                "graph @g[n in 1..=8](%x: f32[n, {k}], %w: bf16[{n}, {k}] = @w, %b: f32[{n}] = @b) {{
                    %c = convert %x {{to=bf16}} : bf16[n, {k}]
                    %y = linear %c, %w, %b {{activation=gelu, bias=true, residual=false, to=f32, parts=1}} : f32[n, {n}]
                    return %y
                }}"
            ),
            |_| (),
        );
    }
}

#[test]
fn rows_are_normalised_and_reduced_alone() {
    for width in [37, 512, 5001] {
        let params = format!(", %g: f32[{width}] = @g, %b: f32[{width}] = @b");
        row_wise(width, &params, &format!("layer_norm %x, %g, %b {{eps=1e-5, digits=0}} : f32[n, {width}]"));
        row_wise(width, "", &format!("softmax %x : f32[n, {width}]"));
        for kind in ["max", "sum", "mean", "log_sum_exp"] {
            row_wise(width, "", &format!("reduce %x {{kind={kind}, axis=-1}} : f32[n, 1]"));
        }
        row_wise(width, "", "top_k %x {k=6} : f32[n, 6], i32[n, 6]");
    }
}

#[test]
fn elementwise_groups() {
    for width in [5, 1300] {
        let f = r#"{f="select(less($0, $1), erf(mul($0, $2)), exp(sub($1, log(max($0, 0.25)))))"}"#;
        let params = format!(", %row: f32[{width}] = @row, %column: f32[n, 1]");
        row_wise(width, &params, &format!("fused %x, %row, %column {f} : f32[n, {width}]"));
        row_wise(width, "", &format!("gelu %x : f32[n, {width}]"));
    }
}

#[test]
fn products_of_matrices() {
    row_wise(300, ", %w: f32[300, 17] = @w", "matmul %x, %w : f32[n, 17]");
}

#[test]
fn attention_over_a_cache() {
    for table in [60, 1] {
        check(
            &format!(
                "graph @g[n in 1..=8](%q: f32[n, 96], state %k: f32[3, 3, 60, 32], state %v: f32[3, 3, 60, 32],
                    %table: i32[4, {table}], %row: i32[n], %last: i32[n]) {{
                    %y = cached_attention %q, %k, %v, %table, %row, %last {{scale=0.2}} : f32[n, 96]
                    return %y
                }}"
            ),
            |_| (),
        );
    }
}

/// Results and states are those of a graph whose layers and normalisations write f32 that is rounded after.
#[test]
fn results_that_are_written_narrow() {
    let encoder = include_str!("../../../tests/graph/run/encoder.graph");
    let block = include_str!("../../../tests/graph/run/encoder_block.graph");
    let step = include_str!("../../../tests/graph/run/decoder_step.graph");
    for (file, compute, written, at_least) in [
        (encoder, Compute::Bf16, "to=bf16, parts=", 3),
        (encoder, Compute::Int8, "to=bf16, parts=3} : bf16[t, 64], bf16[t, 64], bf16[t, 64]", 1),
        (encoder, Compute::Int8, "eps=1e-5, digits=1} : i8[t, 64], f32[t]", 1),
        (block, Compute::Int8, "activation=gelu, bias=true, residual=false, to=i8, parts=1} : i8[t, ", 1),
        (step, Compute::Int8, "eps=1e-5, digits=2} : i8[n, 2, 64], f32[n]", 4),
    ] {
        let graph = text::parse(file).unwrap().graph;
        let wide = Pipeline::of(compute).run_until("narrow-states", &graph).unwrap();
        let narrow = Pipeline::of(compute).run(&graph);
        assert!(text::print(&narrow).matches(written).count() >= at_least, "{narrow}");
        let env = RandomEnv::draw(&graph, &bindings(&graph, 60), 5).with_states_of(&wide);
        for (isa, threads) in Isa::available().flat_map(|isa| [(isa, 1), (isa, 3)]) {
            let device = Cpu::with_isa(isa, threads);
            let run = |graph: &Graph| {
                let mut runner = Runner::new(&device, graph, &env).unwrap();
                let results: Vec<_> = runner.run(&env).unwrap().iter().map(bits).collect();
                let states: Vec<_> = runner.states().unwrap().iter().map(|(_, state)| bits(state)).collect();
                (results, states)
            };
            assert!(run(&wide) == run(&narrow), "{compute:?} on {isa}, {threads} threads");
        }
    }
}

/// Each row is a text of its own, in a slot of its own.
#[test]
fn a_decoder_step() {
    let graph = include_str!("../../../tests/graph/run/decoder_step.graph");
    check(graph, |env| {
        let own = |of: &dyn Fn(usize) -> usize, n: usize| (0..n).map(|i| of(i) as i32).collect::<Vec<_>>();
        let mut set = |name: &str, tensor| env.set(&ParamKind::Input, name, tensor);
        set("slot", Tensor::i32(&[ROWS], own(&|i| i, ROWS)));
        set("row", Tensor::i32(&[ROWS], own(&|i| i, ROWS)));
        set("pos", Tensor::i32(&[ROWS], own(&|i| 5 * i % 16, ROWS)));
        set("table", Tensor::i32(&[ROWS, 16], own(&|i| i / 16, ROWS * 16)));
    });
}
