//! narrow-results: layers of narrow factors write bf16, layers of bytes and normalisations write bytes with a factor for
//! each row, where every reader would make that of what they write. What is rounded as it is written are the values that
//! were rounded when they were read, so no bit of any result changes; half the memory or a quarter is written and read,
//! and a node is gone.
//!
//! Must not fire where a result is read in f32 anywhere, or in two forms, or leaves the graph; on a layer with a
//! residual, whose sums go on to later layers; where a layer never has many rows, as in `narrow`: what it writes is
//! nothing beside its weights. Nor on layers of a graph that writes rows to places of their own, one for each token:
//! that is the decoder, whose rows are few.

use super::narrow::has_many_rows;
use super::quantize::is_step;
use crate::pass::Pass;
use crate::rewrite::Rebuild;
use graph::ops::{Convert, LayerNorm, Linear, Quantize};
use graph::{DType, Graph, Node, Op, Value};
use std::collections::HashMap;

/// See the head of this file.
pub const PASS: Pass = Pass {
    name: "narrow-results",
    doc: "layers and normalisations write bf16 or bytes where nobody reads more",
    tolerance: Pass::ROUNDING,
    run,
};

fn run(graph: &Graph) -> Graph {
    let (read, is_step) = (forms(graph), is_step(graph));
    let mut rebuild = Rebuild::new(graph);
    // The results in place of each value that is written in a form of its readers.
    let mut narrow: HashMap<Value, Vec<Value>> = HashMap::new();
    for node in graph.nodes() {
        let form = node.outputs.first().and_then(|result| read[result.index()]);
        let rounded = node.inputs.first().and_then(|input| narrow.get(input));
        if let Some(op) = form.and_then(|form| writer(graph, node, form, is_step)) {
            narrow.insert(node.outputs[0], rebuild.copy_as(node, op));
        } else if let (Some(results), Op::Convert(_) | Op::Quantize(_)) = (rounded, &node.op) {
            for (old, new) in node.outputs.iter().zip(results) {
                rebuild.replace(*old, *new, PASS.name);
            }
        } else {
            rebuild.copy(node);
        }
    }
    rebuild.finish()
}

/// What a reader makes of a value before anything else.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Nothing.
    AsIs,
    /// bf16.
    Bf16,
    /// Bytes of so many digits, with factors, of rotated rows.
    Bytes(usize),
}

/// The form in which all its readers take each value; `None` where there is none.
fn forms(graph: &Graph) -> Vec<Option<Form>> {
    let mut forms = vec![None; graph.values().len()];
    let mut join = |value: Value, form: Form| {
        let all = &mut forms[value.index()];
        *all = Some(if all.is_none_or(|other| other == form) { form } else { Form::AsIs });
    };
    for node in graph.nodes() {
        for (i, input) in node.inputs.iter().enumerate() {
            join(*input, form(graph, node, i));
        }
    }
    graph.results().iter().for_each(|result| join(*result, Form::AsIs));
    forms
}

/// What `node` makes of operand `i` before anything else.
fn form(graph: &Graph, node: &Node, i: usize) -> Form {
    match &node.op {
        Op::Convert(Convert { to: DType::BF16 }) => Form::Bf16,
        Op::CacheWrite(_) if i == 1 && graph.ty(node.inputs[0]).dtype == DType::BF16 => Form::Bf16,
        Op::Quantize(Quantize { digits, rotated: true }) => Form::Bytes(*digits),
        _ => Form::AsIs,
    }
}

/// The operation that computes what `node` does and writes it in `form`, where that is worth it.
fn writer(graph: &Graph, node: &Node, form: Form, is_step: bool) -> Option<Op> {
    let is_open = |layer: &Linear| {
        let many = !is_step && has_many_rows(graph, graph.ty(node.outputs[0]));
        many && layer.to == DType::F32 && !layer.residual
    };
    match (&node.op, graph.ty(*node.inputs.first()?).dtype, form) {
        (Op::Linear(layer), DType::BF16 | DType::I8, Form::Bf16) if is_open(layer) => {
            Some(Linear { to: DType::BF16, ..layer.clone() }.into())
        }
        (Op::Linear(layer), DType::I8, Form::Bytes(1)) if is_open(layer) => {
            Some(Linear { to: DType::I8, ..layer.clone() }.into())
        }
        (Op::LayerNorm(norm), _, Form::Bytes(digits)) if norm.digits == 0 => {
            Some(LayerNorm { digits, ..norm.clone() }.into())
        }
        _ => None,
    }
}
