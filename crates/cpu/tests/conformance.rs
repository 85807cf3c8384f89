//! The conformance suite on every path and with one to three threads. Not the kernels' own tests.

use compiler::{CompileError, Device, NodeView, compile};
use cpu::{Cpu, Isa};
use graph::ops::Fused;
use graph::scalar::{Expr, Inst, Prim};
use graph::{Bindings, Builder, DType, TensorType, text};
use testkit::conformance::{Binding, run};

#[test]
fn every_case_agrees_with_the_interpreter() {
    for isa in Isa::available() {
        for threads in 1..=3 {
            let report = run(&Cpu::with_isa(isa, threads), Binding::Weights);
            assert_eq!(report.failures, Vec::<String>::new(), "{isa}, {threads} threads");
            assert_eq!(report.no_kernel, vec![], "{isa}");
            assert!(report.passed > 80, "{} cases", report.passed);
        }
    }
}

#[test]
fn operands_may_all_be_inputs_but_those_that_are_packed() {
    for isa in Isa::available() {
        let report = run(&Cpu::with_isa(isa, 2), Binding::Inputs);
        assert_eq!(report.failures, Vec::<String>::new(), "{isa}");
        for (case, error) in &report.no_kernel {
            let name = case.split(' ').next().unwrap();
            assert!(
                ["linear", "conv1d", "lstm", "spectrogram", "quantize_low_rank"].contains(&name),
                "{case}: {error}"
            );
            assert!(error.to_string().starts_with("no cpu kernel for `"), "{error}");
        }
        assert!(!report.no_kernel.is_empty());
    }
}

/// The interpreter's own evaluation stands in, where a test asks for it.
#[test]
fn with_the_reference_nothing_is_without_a_kernel() {
    let report = run(&Cpu::with_isa(Isa::Scalar, 1).with_reference(), Binding::Inputs);
    assert_eq!(report.failures, Vec::<String>::new());
    assert_eq!(report.no_kernel, vec![]);
}

/// Steps are followed without looking, so one that names a later step has no kernel.
#[test]
fn an_expression_that_looks_ahead_is_refused() {
    let mut f = Expr::new();
    let x = f.push(Inst::Input(0));
    f.prim(Prim::Add, &[x, 9]);
    let mut b = Builder::new("ahead");
    let x = b.input("x", TensorType::fixed(DType::F32, &[4]));
    let y = b.add(Fused { f }, &[x]).unwrap();
    let device = Cpu::with_isa(Isa::Scalar, 1);
    let view = NodeView {
        op: &b.graph().nodes()[0].op,
        inputs: vec![b.ty(x)],
        constant: vec![false],
        outputs: vec![b.ty(y[0])],
        largest: &Bindings::new(),
    };
    assert_eq!(device.kernel(&view), None);
}

fn refusal(graph: &str) -> CompileError {
    compile(&text::parse(graph).unwrap().graph, &Cpu::with_isa(Isa::Scalar, 1)).unwrap_err()
}

#[test]
fn a_node_without_a_kernel_is_named() {
    let window = "graph @g(%x: f32[300], %w: f32[100] = @w) {
        %y = spectrogram %x, %w {hop=50} : f32[5, 51]
        return %y
    }";
    assert_eq!(
        refusal(window).to_string(),
        "no cpu kernel for `%y = spectrogram %x, %w {hop=50} : f32[5, 51]`"
    );
    let many = "graph @g(%x: f32[300]) {
        %y, %i = top_k %x {k=299} : f32[299], i32[299]
        return %y
    }";
    assert!(refusal(many).to_string().starts_with("no cpu kernel for `%y, %i = top_k"));
}

#[test]
fn a_result_that_no_run_computes_is_refused() {
    let same = "graph @g(%x: f32[3], %w: f32[3] = @w) {
        %y = exp %w : f32[3]
        %z = exp %x : f32[3]
        return %z, %y
    }";
    assert_eq!(
        refusal(same).to_string(),
        "result 1 of graph @g, %y, is the same at every run, expected a value that a run computes"
    );
    let input = "graph @g(%x: f32[6]) {
        %y = reshape %x {shape=[2, 3]} : f32[2, 3]
        return %y
    }";
    assert_eq!(
        refusal(input).to_string(),
        "result 0 of graph @g, %y, is an input, expected a value that a run computes"
    );
}

#[test]
fn more_dimensions_than_a_program_has_are_refused() {
    let five = "graph @g(%x: f32[1, 1, 1, 1, 2]) {
        %y = exp %x : f32[1, 1, 1, 1, 2]
        return %y
    }";
    assert_eq!(refusal(five).to_string(), "%x is f32[1, 1, 1, 1, 2], expected 4 dimensions or fewer");
}
