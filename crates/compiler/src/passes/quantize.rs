//! quantize: linear layers multiply bytes, and attention may. Each output's weights become bytes with a factor when the
//! model is loaded, each row of activations when it is known; bias, residual, sums and results stay what they were. A
//! quarter of the memory to read, and machines multiply bytes faster than anything. One quantisation serves every reader
//! of a value.
//! Activations of a step, which writes what later steps read, have two digits: an error would come back with every
//! later token, and few rows cost little more than the weights that pass them. Activations and weights are rotated
//! first, which leaves their products what they are and halves what is lost.
//! Runs after what is fused is fused, and before `narrow`, which takes what this leaves.
//!
//! Must not fire where weights are activations, which kernels don't pack, nor on `conv1d`, whose rows are windows of
//! other rows and would share no factor, nor on layers of few columns or outputs, which have nothing to save.

use super::{cse, narrow};
use crate::pass::Pass;
use crate::rewrite::{Match, Patch, Rule, node, rewrite, rule, vars};
use graph::ops::{Attention, Quantize};
use graph::{Graph, Op};

/// See the head of this file.
pub const PASS: Pass = Pass {
    name: "quantize",
    doc: "linear layers multiply bytes, and scores of attention may",
    tolerance: 0.1,
    run: |g| (cse::PASS.run)(&rewrite(g, &rules(digits(g)))),
};

/// The digits of a graph's activations.
pub(super) fn digits(graph: &Graph) -> usize {
    if is_step(graph) { 2 } else { 1 }
}

/// Whether a graph writes rows to places of their own in a state: one for each token.
pub(super) fn is_step(graph: &Graph) -> bool {
    graph.nodes().iter().any(|n| matches!(&n.op, Op::CacheWrite(write) if write.placed))
}

fn rules(digits: usize) -> Vec<Rule> {
    let [layer] = vars();
    let exact = |op: &Op| matches!(op, Op::Attention(attention) if !attention.in_bytes);
    let linear = node(layer, |op| matches!(op, Op::Linear(_)));
    let layers = narrow::of_layers(rule("a layer in bytes", linear, move |m| quantized(m, digits)));
    let attention = rule("attention in bytes", node(layer, exact), |m| {
        let Op::Attention(attention) = &m.root().op else {
            unreachable!("the pattern accepts attention only")
        };
        m.replace_with(Attention { in_bytes: true, ..attention.clone() }, m.root().inputs.iter().copied())
    });
    vec![layers, attention]
}

/// The layer with its activations, in so many digits, and its weights quantised, their factors behind them.
fn quantized(m: &Match, digits: usize) -> Patch {
    let (mut patch, inputs) = (Patch::new(), &m.root().inputs);
    let [x, w] = [(0, digits), (1, 1)]
        .map(|(i, digits)| patch.add(Quantize { digits, rotated: true }, [inputs[i].into()]));
    let behind = inputs[2..].iter().map(|v| (*v).into());
    let inputs = [x, w, x.result(1), w.result(1)].into_iter().chain(behind);
    patch.add(m.root().op.clone(), inputs);
    patch
}
