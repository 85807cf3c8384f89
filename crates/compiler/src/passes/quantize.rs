//! quantize: linear layers multiply bytes. Each output's weights become bytes with a factor when the model is loaded,
//! each row of activations when it is known; bias, residual, sums and results stay what they were. A quarter of the
//! memory to read, and machines multiply bytes faster than anything. One quantisation serves every reader of a value.
//! Runs after what is fused is fused, and before `narrow`, which takes what this leaves.
//!
//! Must not fire where weights are activations, which kernels don't pack, nor on `conv1d`, whose rows are windows of
//! other rows and would share no factor.

use super::cse;
use crate::load_time::LoadTime;
use crate::pass::Pass;
use crate::rewrite::{Match, Patch, Rule, node, rewrite, rule, vars};
use graph::ops::Quantize;
use graph::{DType, Op};

/// See the head of this file.
pub const PASS: Pass = Pass {
    name: "quantize",
    doc: "linear layers multiply bytes",
    tolerance: 0.1,
    run: |g| (cse::PASS.run)(&rewrite(g, &rules())),
};

fn rules() -> Vec<Rule> {
    let [layer] = vars();
    let rule = rule("a layer in bytes", node(layer, |op| matches!(op, Op::Linear(_))), quantized)
        .only_if("its activations are f32", |m| m.graph().ty(m.root().inputs[0]).dtype == DType::F32)
        .only_if("its weights are known at load time", |m| LoadTime::of(m.graph()).knows(m.root().inputs[1]));
    vec![rule]
}

/// The layer with its activations and weights quantised, their factors behind them.
fn quantized(m: &Match) -> Patch {
    let (mut patch, inputs) = (Patch::new(), &m.root().inputs);
    let [x, w] = [0, 1].map(|i| patch.add(Quantize {}, [inputs[i].into()]));
    let behind = inputs[2..].iter().map(|v| (*v).into());
    let inputs = [x, w, x.result(1), w.result(1)].into_iter().chain(behind);
    patch.add(m.root().op.clone(), inputs);
    patch
}
