//! cse: computes nothing twice. Two nodes with equal op, attributes and inputs become the first one, which is
//! what lets later patterns ask for values that are used once, and shares constants. Not an algebra: operands
//! that stand in another order make another node.
//!
//! Must not drop a write to a state. It never does: a write consumes its state, so no two are equal.

use crate::pass::Pass;
use crate::rewrite::Rebuild;
use graph::{Graph, Value};
use std::collections::HashMap;

/// See the head of this file.
pub const PASS: Pass = Pass { name: "cse", doc: "computes equal nodes once", tolerance: Pass::ROUNDING, run };

fn run(graph: &Graph) -> Graph {
    let mut rebuild = Rebuild::new(graph);
    let mut seen: HashMap<(String, Vec<Value>), &[Value]> = HashMap::new();
    for node in graph.nodes() {
        let inputs: Vec<Value> = node.inputs.iter().map(|v| rebuild.get(*v)).collect();
        let key = (format!("{}{}", node.op.name(), node.op.attributes()), inputs);
        if let Some(first) = seen.get(&key) {
            for (old, same) in node.outputs.iter().zip(*first) {
                rebuild.replace(*old, rebuild.get(*same), PASS.name);
            }
        } else {
            rebuild.copy(node);
            seen.insert(key, &node.outputs);
        }
    }
    rebuild.finish()
}
