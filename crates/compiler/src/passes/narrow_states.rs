//! narrow-states: keys and values are kept in bf16, half of what a decoder step reads and of what a window takes.
//! Scores, weights and sums stay f32.
//!
//! Every graph that shares a state must go through it, so it looks at types alone. Must not fire on a state that is not
//! f32, nor on one of single values, which are factors of what another state keeps, nor on other parameters.

use crate::pass::Pass;
use crate::rewrite::Rebuild;
use graph::{DType, Graph, Param, ParamKind, TensorType};

/// See the head of this file.
pub const PASS: Pass =
    Pass { name: "narrow-states", doc: "keys and values are kept in bf16", tolerance: 0.05, run };

fn run(graph: &Graph) -> Graph {
    let kept = |param: &Param| -> TensorType {
        let ty = graph.ty(param.value);
        match (&param.kind, ty.dtype) {
            (ParamKind::State, DType::F32) if ty.shape.last() != Some(1.into()) => ty.with_dtype(DType::BF16),
            _ => ty.clone(),
        }
    };
    let mut rebuild = Rebuild::with_params(graph, kept);
    for node in graph.nodes() {
        rebuild.copy(node);
    }
    rebuild.finish()
}
