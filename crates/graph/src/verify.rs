//! The verifier. Its laws, each reported with its place, all of them in one go:
//!
//! 1. Every symbol of a type is declared once, with a range that is not empty.
//! 2. Every input of a node is defined before it; every result is defined.
//! 3. Every node's declared result types are those that its op infers from its inputs' types.
//! 4. Weights have no symbolic size; no value's largest size overflows.
//! 5. A state is read by `cached_attention` and `cached_scores`, and consumed by `cache_write` alone, once, and a version that has
//!    been consumed is not used afterwards.
//! 6. Names are unique.
//!
//! Not a shape inference: that is each op's own.

use crate::graph::{Def, Graph, NodeId, ParamKind, Value};
use crate::{Op, TensorType};
use std::collections::HashSet;
use std::fmt;

/// Where in a graph something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The head: the symbols.
    Head,
    /// Parameter number `.0`.
    Param(usize),
    /// A node.
    Node(NodeId),
    /// The results.
    Return,
}

/// One broken law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What was got and what was expected.
    pub message: String,
}

/// Every broken law of a graph, with the text of the places.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<(Fault, String)>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (fault, text)) in self.0.iter().enumerate() {
            write!(f, "{}{} (at `{text}`)", if i == 0 { "" } else { "; " }, fault.message)?;
        }
        Ok(())
    }
}

/// Checks every law.
///
/// # Errors
/// All faults, in the order of their places.
pub fn verify(graph: &Graph) -> Result<(), Faults> {
    let faults = faults(graph);
    if faults.is_empty() {
        return Ok(());
    }
    let text = |place: &Place| match place {
        Place::Head => format!("graph @{}", graph.name),
        Place::Param(i) => format!("%{}", graph.value(graph.params[*i].value).name),
        Place::Node(id) => graph.node_text(graph.node(*id)),
        Place::Return => "return".to_owned(),
    };
    Err(Faults(faults.into_iter().map(|f| (f.clone(), text(&f.place))).collect()))
}

/// Every broken law of `graph`.
pub fn faults(graph: &Graph) -> Vec<Fault> {
    let mut checker = Checker { graph, faults: Vec::new() };
    checker.head();
    checker.params();
    checker.nodes();
    checker.states();
    checker.results();
    checker.faults
}

struct Checker<'a> {
    graph: &'a Graph,
    faults: Vec<Fault>,
}

impl Checker<'_> {
    fn fault(&mut self, place: Place, message: String) {
        self.faults.push(Fault { place, message });
    }

    fn head(&mut self) {
        let mut seen = HashSet::new();
        for s in self.graph.symbols() {
            if !seen.insert(s.symbol) {
                self.fault(Place::Head, format!("symbol {} is declared twice", s.symbol));
            }
            if s.min > s.max {
                let message =
                    format!("symbol {} ranges over {}..={}, which is empty", s.symbol, s.min, s.max);
                self.fault(Place::Head, message);
            }
        }
    }

    fn params(&mut self) {
        let mut names = HashSet::new();
        for (i, param) in self.graph.params().iter().enumerate() {
            let info = self.graph.value(param.value);
            if !names.insert(info.name.as_str()) {
                self.fault(Place::Param(i), format!("%{} is defined twice", info.name));
            }
            self.ty(Place::Param(i), &info.ty);
            let symbolic = info.ty.shape.as_fixed().is_none();
            if symbolic && matches!(param.kind, ParamKind::Weight(_)) {
                let message = format!("weight %{} is {}, expected constant sizes", info.name, info.ty);
                self.fault(Place::Param(i), message);
            }
        }
    }

    fn ty(&mut self, place: Place, ty: &TensorType) {
        let undeclared = ty.shape.0.iter().filter_map(crate::Dim::symbol);
        let undeclared = undeclared.filter(|s| self.graph.symbols().iter().all(|r| r.symbol != *s));
        let undeclared: Vec<String> = undeclared.map(|s| s.to_string()).collect();
        if !undeclared.is_empty() {
            self.fault(place, format!("{ty} uses {}, which is not declared", undeclared.join(", ")));
        } else if ty.bytes(&self.graph.largest()).is_none_or(|n| n > isize::MAX as usize) {
            self.fault(place, format!("the largest {ty} does not fit into memory"));
        }
    }

    fn defined_before(&self, value: Value, node: usize) -> bool {
        match self.graph.values().get(value.index()).map(|i| i.def) {
            Some(Def::Param(_)) => true,
            Some(Def::Node(id, _)) => id.0 < node,
            None => false,
        }
    }

    fn nodes(&mut self) {
        let mut names: HashSet<&str> =
            self.graph.params().iter().map(|p| self.graph.value(p.value).name.as_str()).collect();
        for (i, node) in self.graph.nodes().iter().enumerate() {
            let place = Place::Node(NodeId(i));
            if !node.inputs.iter().all(|v| self.defined_before(*v, i)) {
                self.fault(place, "an input is used before it is defined".to_owned());
                continue;
            }
            let types: Vec<TensorType> = node.inputs.iter().map(|v| self.graph.ty(*v).clone()).collect();
            match node.op.infer(&types) {
                Err(error) => self.fault(place, error.to_string()),
                Ok(inferred) => {
                    let declared: Vec<TensorType> =
                        node.outputs.iter().map(|v| self.graph.ty(*v).clone()).collect();
                    if inferred != declared {
                        let list = |types: &[TensorType]| {
                            types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
                        };
                        let message = format!(
                            "{} gives {}, declared is {}",
                            node.op.name(),
                            list(&inferred),
                            list(&declared)
                        );
                        self.fault(place, message);
                    }
                }
            }
            for output in &node.outputs {
                let info = self.graph.value(*output);
                if !names.insert(info.name.as_str()) {
                    self.fault(place, format!("%{} is defined twice", info.name));
                }
                self.ty(place, &info.ty);
            }
        }
    }

    fn states(&mut self) {
        let mut consumed = HashSet::new();
        for (i, node) in self.graph.nodes().iter().enumerate() {
            let place = Place::Node(NodeId(i));
            for (operand, input) in node.inputs.iter().enumerate() {
                let is_state = self.graph.state_of(*input).is_some();
                let name = self.graph.value(*input).name.as_str();
                let writes = matches!(node.op, Op::CacheWrite(_)) && operand == 0;
                if consumed.contains(input) {
                    self.fault(place, format!("%{name} is used after cache_write has consumed it"));
                } else if writes && !is_state {
                    self.fault(place, format!("cache_write: %{name} is no state"));
                } else if is_state
                    && !writes
                    && !matches!(node.op, Op::CachedAttention(_) | Op::CachedScores(_))
                {
                    let message = format!(
                        "{} uses the state %{name}, which only cached_attention and cached_scores read",
                        node.op.name()
                    );
                    self.fault(place, message);
                }
                if writes {
                    consumed.insert(*input);
                }
            }
        }
        for result in self.graph.results() {
            if self.graph.state_of(*result).is_some() {
                let name = &self.graph.value(*result).name;
                self.fault(Place::Return, format!("%{name} is a state, which is not returned"));
            }
        }
    }

    fn results(&mut self) {
        let nodes = self.graph.nodes().len();
        for result in self.graph.results() {
            if !self.defined_before(*result, nodes) {
                self.fault(Place::Return, "a result is not defined".to_owned());
            }
        }
    }
}
