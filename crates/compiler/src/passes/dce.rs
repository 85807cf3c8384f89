//! dce: drops nodes of which no result is used. Keeps every `cache_write`, whose effect outlives the run, and
//! every parameter, which is the graph's face to its caller. Not a simplifier: what is used stays as it is.

use crate::pass::Pass;
use crate::rewrite::Rebuild;
use graph::{Graph, Op};

/// See the head of this file.
pub const PASS: Pass =
    Pass { name: "dce", doc: "drops nodes of which no result is used", tolerance: Pass::ROUNDING, run };

pub(crate) fn run(graph: &Graph) -> Graph {
    let mut used = vec![false; graph.values().len()];
    graph.results().iter().for_each(|v| used[v.index()] = true);
    let mut live = vec![false; graph.nodes().len()];
    for (i, node) in graph.nodes().iter().enumerate().rev() {
        live[i] = matches!(node.op, Op::CacheWrite(_)) || node.outputs.iter().any(|v| used[v.index()]);
        if live[i] {
            node.inputs.iter().for_each(|v| used[v.index()] = true);
        }
    }
    if live.iter().all(|l| *l) {
        return graph.clone();
    }
    let mut rebuild = Rebuild::new(graph);
    graph.nodes().iter().zip(live).filter(|(_, live)| *live).for_each(|(node, _)| rebuild.copy(node));
    rebuild.finish()
}
