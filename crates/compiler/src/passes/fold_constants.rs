//! fold-constants: evaluates ops of which every input is a `constant`, with the op's own evaluation, so that
//! patterns and fused expressions see one number. Only where the result is a scalar f32: a table made at load
//! time is the device's to keep. Must not fire where the result is NaN, which the text form cannot say.

use crate::load_time::number;
use crate::pass::Pass;
use crate::rewrite::Rebuild;
use graph::ops::Constant;
use graph::{DType, Graph, Node, Op, Tensor, TensorType};

/// See the head of this file.
pub const PASS: Pass =
    Pass { name: "fold-constants", doc: "evaluates scalar ops of constants", tolerance: Pass::ROUNDING, run };

fn run(graph: &Graph) -> Graph {
    let mut graph = graph.clone();
    // Each round folds what the round before has made constant.
    while let Some(next) = round(&graph) {
        graph = super::dce::run(&next);
    }
    graph
}

fn round(graph: &Graph) -> Option<Graph> {
    let mut rebuild = Rebuild::new(graph);
    let mut fires = false;
    for node in graph.nodes() {
        match fold(graph, node) {
            Some(value) => {
                let root = node.outputs[0];
                let new = rebuild.add(Op::Constant(Constant { value }), &[], root, "fold-constants")[0];
                rebuild.replace(root, new, "fold-constants");
                fires = true;
            }
            None => rebuild.copy(node),
        }
    }
    fires.then(|| rebuild.finish())
}

/// The number that `node` gives, if it is one and known.
fn fold(graph: &Graph, node: &Node) -> Option<f32> {
    let [output] = node.outputs[..] else { return None };
    let scalar = TensorType::fixed(DType::F32, &[]);
    if node.inputs.is_empty() || *graph.ty(output) != scalar {
        return None;
    }
    let numbers: Option<Vec<f32>> = node.inputs.iter().map(|v| number(graph, *v)).collect();
    let inputs: Vec<Tensor> = numbers?.into_iter().map(|x| Tensor::f32(&[], vec![x])).collect();
    let outputs = node.op.eval(&inputs.iter().collect::<Vec<_>>(), &[scalar]);
    Some(outputs[0].as_f32()[0]).filter(|x| !x.is_nan())
}
