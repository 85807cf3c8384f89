//! narrow-results: a layer of narrow factors writes bf16 where nobody reads more. What is rounded as it is written are
//! the values that were rounded when they were read, so no bit of any result changes; half the memory is written and
//! read, and a conversion is gone.
//!
//! Must not fire where a result is read in f32 anywhere or leaves the graph; on a layer with a residual, whose sums go on
//! to later layers; where a layer never has many rows, as in `narrow`: what it writes is nothing beside its weights. Nor
//! in a graph that writes rows to places of their own, one for each token: that is the decoder, whose rows are few.

use super::narrow::has_many_rows;
use super::quantize::is_step;
use crate::pass::Pass;
use crate::rewrite::Rebuild;
use graph::ops::{Convert, Linear};
use graph::{DType, Graph, Node, Op, Value};

/// See the head of this file.
pub const PASS: Pass = Pass {
    name: "narrow-results",
    doc: "layers write bf16 where nobody reads more",
    tolerance: Pass::ROUNDING,
    run,
};

fn run(graph: &Graph) -> Graph {
    if is_step(graph) {
        return graph.clone();
    }
    let narrow = narrow_results(graph);
    let is_narrow = |value: Value| narrow[value.index()];
    let mut rebuild = Rebuild::new(graph);
    for node in graph.nodes() {
        match &node.op {
            Op::Linear(form) if is_narrow(node.outputs[0]) => {
                rebuild.copy_as(node, Linear { to: DType::BF16, ..form.clone() });
            }
            Op::Convert(_) if is_narrow(node.inputs[0]) => {
                rebuild.replace(node.outputs[0], rebuild.get(node.inputs[0]), PASS.name);
            }
            _ => rebuild.copy(node),
        }
    }
    rebuild.finish()
}

/// For each value, whether it is a layer's result that is to be written as bf16.
fn narrow_results(graph: &Graph) -> Vec<bool> {
    let mut narrow = vec![false; graph.values().len()];
    for node in graph.nodes() {
        let Op::Linear(form) = &node.op else { continue };
        let result = node.outputs[0];
        narrow[result.index()] = form.to == DType::F32
            && !form.residual
            && graph.ty(node.inputs[0]).dtype != DType::F32
            && has_many_rows(graph, graph.ty(result));
    }
    for node in graph.nodes() {
        for (i, input) in node.inputs.iter().enumerate() {
            narrow[input.index()] &= rounds(graph, node, i);
        }
    }
    graph.results().iter().for_each(|result| narrow[result.index()] = false);
    narrow
}

/// Whether `node` rounds operand `i` to bf16 before anything else.
fn rounds(graph: &Graph, node: &Node, i: usize) -> bool {
    match &node.op {
        Op::Convert(Convert { to: DType::BF16 }) => true,
        Op::CacheWrite(_) => i == 1 && graph.ty(node.inputs[0]).dtype == DType::BF16,
        _ => false,
    }
}
