//! fuse-qkv: the layers that make queries, keys and values of the same rows are one, whose columns are cut into three
//! results. The rows are read once, the weights in one stream, and threads meet once, which is what small layers of a step
//! wait for. The weights stand one below the other from the time when the model is loaded; a layer without a bias gets
//! zeros. No sum changes. Runs last: other passes then see plain layers.
//!
//! Must not fire where the three differ in anything but weights and bias, where a weight or a bias is known at run time
//! alone, on layers with a residual or with results in bytes, whose factors are of whole rows; where a result is no whole
//! number of lines of 64 outputs, which kernels don't cut; where one is read before the last of the three; twice
//! on one layer.

use crate::load_time::LoadTime;
use crate::pass::Pass;
use crate::rewrite::Rebuild;
use graph::ops::{Concat, Linear, Pad, PadMode};
use graph::{DType, Graph, Node, NodeId, Op, Value};
use std::collections::HashMap;

/// Outputs that kernels keep together, at the most.
const LINE: usize = 64;

/// See the head of this file.
pub const PASS: Pass = Pass {
    name: "fuse-qkv",
    doc: "joins the layers of queries, keys and values of the same rows",
    tolerance: Pass::ROUNDING,
    run,
};

fn run(graph: &Graph) -> Graph {
    let known = LoadTime::of(graph);
    // Each three, at the last of them; no layer is in two.
    let mut joined: HashMap<NodeId, [NodeId; 3]> = HashMap::new();
    for three in graph.nodes().iter().filter_map(|node| layers(graph, node)) {
        let is_taken = joined.values().flatten().any(|part| three.contains(part));
        if !is_taken && may_be_one(graph, three, &known) {
            joined.insert(last(three), three);
        }
    }
    let mut rebuild = Rebuild::new(graph);
    for (id, node) in graph.nodes().iter().enumerate() {
        if let Some(three) = joined.get(&NodeId(id)) {
            join(graph, &mut rebuild, three.map(|id| graph.node(id)));
        } else if !joined.values().flatten().any(|part| *part == NodeId(id)) {
            rebuild.copy(node);
        }
    }
    rebuild.finish()
}

/// The last of three nodes.
fn last([a, b, c]: [NodeId; 3]) -> NodeId {
    a.max(b).max(c)
}

/// The layers whose results are the queries, the keys and the values of an attention, or are written to its states.
fn layers(graph: &Graph, node: &Node) -> Option<[NodeId; 3]> {
    if !matches!(node.op, Op::Attention(_) | Op::CachedAttention(_)) {
        return None;
    }
    let layer = |i: usize| match graph.producer(node.inputs[i])? {
        (id, Node { op: Op::Linear(_), .. }) => Some(id),
        (_, Node { op: Op::CacheWrite(_), inputs, .. }) => {
            let (id, layer) = graph.producer(inputs[1])?;
            matches!(layer.op, Op::Linear(_)).then_some(id)
        }
        _ => None,
    };
    Some([layer(0)?, layer(1)?, layer(2)?])
}

/// The operands of a layer, by name.
struct Layer<'g> {
    form: &'g Linear,
    rows: Value,
    weights: Value,
    /// Of rows and of outputs.
    factors: Option<[Value; 2]>,
    bias: Option<Value>,
}

impl<'g> Layer<'g> {
    fn of(graph: &Graph, node: &'g Node) -> Layer<'g> {
        let Op::Linear(form) = &node.op else { unreachable!("only linear layers are looked at") };
        let (inputs, behind) = (&node.inputs, Linear::behind(graph.ty(node.inputs[0]).dtype));
        Layer {
            form,
            rows: inputs[0],
            weights: inputs[1],
            factors: (behind > 2).then(|| [inputs[2], inputs[3]]),
            bias: form.bias.then(|| inputs[behind]),
        }
    }

    /// What is to be known when the model is loaded.
    fn constants(&self) -> impl Iterator<Item = Value> {
        [self.weights].into_iter().chain(self.factors.map(|[_, outputs]| outputs)).chain(self.bias)
    }
}

/// Whether the layers may be one: see the head of this file.
fn may_be_one(graph: &Graph, three: [NodeId; 3], known: &LoadTime) -> bool {
    let nodes = three.map(|id| graph.node(id));
    let layers = nodes.map(|node| Layer::of(graph, node));
    let [first, ..] = &layers;
    let is_like_first = |layer: &Layer<'_>| {
        let rows = |layer: &Layer<'_>| (layer.rows, layer.factors.map(|[rows, _]| rows));
        rows(layer) == rows(first)
            && graph.ty(layer.weights) == graph.ty(first.weights)
            && Linear { bias: first.form.bias, ..layer.form.clone() } == *first.form
    };
    let is_open = !first.form.residual && first.form.to != DType::I8 && first.form.parts == 1;
    let outputs = graph.ty(first.weights).shape.0[0].as_fixed();
    let is_read =
        |value: Value| graph.nodes()[..last(three).0].iter().any(|node| node.inputs.contains(&value));
    three[0] != three[1]
        && three[1] != three[2]
        && three[0] != three[2]
        && is_open
        && outputs.is_some_and(|n| n.is_multiple_of(LINE))
        && layers.iter().all(|layer| is_like_first(layer) && layer.constants().all(|v| known.knows(v)))
        && !nodes.iter().any(|node| is_read(node.outputs[0]))
}

/// Adds the layer that is all three.
fn join(graph: &Graph, rebuild: &mut Rebuild<'_>, three: [&Node; 3]) {
    let (layers, root) = (three.map(|node| Layer::of(graph, node)), three[0].outputs[0]);
    let mut inputs = vec![rebuild.get(layers[0].rows)];
    let weights = layers.each_ref().map(|layer| rebuild.get(layer.weights));
    inputs.push(stacked(rebuild, root, &weights));
    if let Some([rows, _]) = layers[0].factors {
        let of_outputs: Vec<Value> = layers.iter().filter_map(|l| Some(rebuild.get(l.factors?[1]))).collect();
        inputs.extend([rebuild.get(rows), stacked(rebuild, root, &of_outputs)]);
    }
    let width = graph.ty(layers[0].weights).shape.0[0].as_fixed().expect("outputs are lines");
    let biases: Vec<Value> = (0..3).filter_map(|i| padded_bias(rebuild, root, &layers, (i, width))).collect();
    if !biases.is_empty() {
        inputs.push(stacked(rebuild, root, &biases));
    }
    let form = Linear { bias: !biases.is_empty(), parts: 3, ..layers[0].form.clone() };
    let results = rebuild.add(form.into(), &inputs, root, PASS.name);
    for (node, result) in three.iter().zip(results) {
        rebuild.replace(node.outputs[0], result, PASS.name);
    }
}

/// Values of the new graph, one below the other.
fn stacked(rebuild: &mut Rebuild<'_>, root: Value, values: &[Value]) -> Value {
    match values {
        [one] => *one,
        all => rebuild.add(Concat { axis: 0 }.into(), all, root, PASS.name)[0],
    }
}

/// The bias of layer `i`, if it has one, with zeros for those without one that follow it, and, of the first bias, for those
/// before it.
fn padded_bias(
    rebuild: &mut Rebuild<'_>,
    root: Value,
    layers: &[Layer<'_>; 3],
    (i, width): (usize, usize),
) -> Option<Value> {
    let bias = rebuild.get(layers[i].bias?);
    let has_none = |layer: &&Layer<'_>| layer.bias.is_none();
    let before = if layers[..i].iter().all(|layer| layer.bias.is_none()) { i } else { 0 };
    let after = layers[i + 1..].iter().take_while(has_none).count();
    if before + after == 0 {
        return Some(bias);
    }
    let pad = Pad { before: before * width, after: after * width, mode: PadMode::Zero };
    Some(rebuild.add(pad.into(), &[bias], root, PASS.name)[0])
}
