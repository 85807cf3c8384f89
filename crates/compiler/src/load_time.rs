//! Which values are known when a model is loaded: those made of weights and constants alone. Not their values.

use graph::{Def, Graph, Op, ParamKind, Value};

/// For each value of a graph, whether it is the same at every run.
pub struct LoadTime(Vec<bool>);

impl LoadTime {
    /// Looks at every value of `graph`.
    pub fn of(graph: &Graph) -> LoadTime {
        let mut known = vec![false; graph.values().len()];
        for param in graph.params() {
            known[param.value.index()] = matches!(param.kind, ParamKind::Weight(_));
        }
        for node in graph.nodes() {
            let all = !matches!(node.op, Op::CacheWrite(_)) && node.inputs.iter().all(|v| known[v.index()]);
            node.outputs.iter().for_each(|v| known[v.index()] = all);
        }
        LoadTime(known)
    }

    /// Whether `value` is the same at every run.
    pub fn knows(&self, value: Value) -> bool {
        self.0[value.index()]
    }
}

/// The number that `value` is, if a `constant` gives it.
pub fn number(graph: &Graph, value: Value) -> Option<f32> {
    match graph.value(value).def {
        Def::Node(id, _) => match &graph.node(id).op {
            Op::Constant(c) => Some(c.value),
            _ => None,
        },
        Def::Param(_) => None,
    }
}
