//! Finds a pattern at a node. Complete: if there is a way to match, it is found. Not a rewriter.

use super::pattern::{Accepts, Kind, NodePattern, Pattern, Var};
use super::{Patch, Rule};
use crate::load_time;
use graph::ops::Elementwise;
use graph::{Graph, Node, NodeId, Op, TensorType, Value};
use std::ops::Index;

/// Where a pattern was found, and what its variables stand for.
#[derive(Clone)]
pub struct Match<'g> {
    graph: &'g Graph,
    root: NodeId,
    bound: Vec<Option<Value>>,
    /// The matched nodes that die, the root not among them.
    interior: Vec<NodeId>,
}

impl Index<Var> for Match<'_> {
    type Output = Value;

    fn index(&self, var: Var) -> &Value {
        self.bound
            .get(var.0)
            .and_then(Option::as_ref)
            .expect("a rule names the variables of its pattern only")
    }
}

impl<'g> Match<'g> {
    /// The graph that was looked at.
    pub fn graph(&self) -> &'g Graph {
        self.graph
    }

    /// The root's node.
    pub fn root(&self) -> &'g Node {
        self.graph.node(self.root)
    }

    /// The type of the root's result.
    pub fn result(&self) -> &'g TensorType {
        self.graph.ty(self.root().outputs[0])
    }

    /// The type of what `var` stands for.
    pub fn ty(&self, var: Var) -> &'g TensorType {
        self.graph.ty(self[var])
    }

    /// The number that `var` stands for. Panics unless the pattern binds it as a constant.
    pub fn number(&self, var: Var) -> f32 {
        load_time::number(self.graph, self[var]).expect("the pattern binds a constant")
    }

    /// The node whose result `var` stands for. Panics unless the pattern binds it to a node.
    pub fn node(&self, var: Var) -> &'g Node {
        self.graph.producer(self[var]).expect("the pattern binds a node").1
    }

    /// The patch of one node.
    pub fn replace_with(&self, op: impl Into<Op>, inputs: impl IntoIterator<Item = Value>) -> Patch {
        let mut patch = Patch::new();
        patch.add(op, inputs.into_iter().map(Into::into));
        patch
    }

    /// The patch that is a value of the graph.
    pub fn replace_with_value(&self, value: Value) -> Patch {
        Patch { result: Some(value.into()), ..Patch::new() }
    }

    /// Every matched node that dies, the root among them.
    pub(super) fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.interior.iter().copied().chain([self.root])
    }

    /// Whether nothing outside the match uses what dies inside it.
    fn is_closed(&self, uses: &[usize]) -> bool {
        let inside = |value: Value| {
            let of = |id: NodeId| self.graph.node(id).inputs.iter().filter(|v| **v == value).count();
            self.nodes().map(of).sum::<usize>()
        };
        self.interior
            .iter()
            .flat_map(|id| &self.graph.node(*id).outputs)
            .all(|v| inside(*v) == uses[v.index()])
    }
}

impl Rule {
    /// The first way in which the rule applies at node `id`.
    pub(super) fn matches<'g>(&self, graph: &'g Graph, uses: &[usize], id: NodeId) -> Option<Match<'g>> {
        let Kind::Node(root) = &self.pattern.0 else { return None };
        let found = Match { graph, root: id, bound: Vec::new(), interior: Vec::new() };
        let search = Search { rule: self, uses };
        search.node(root, id, Vec::new(), found)
    }
}

/// Depth-first search with backtracking over the operand orders of commutative ops.
struct Search<'a> {
    rule: &'a Rule,
    uses: &'a [usize],
}

type Goals<'a> = Vec<(&'a Pattern, Value)>;

impl Search<'_> {
    fn solve<'g>(&self, mut goals: Goals, mut found: Match<'g>) -> Option<Match<'g>> {
        let Some((pattern, value)) = goals.pop() else {
            let holds = found.is_closed(self.uses) && self.rule.conditions.iter().all(|(_, c)| c(&found));
            return holds.then_some(found);
        };
        match &pattern.0 {
            Kind::Any(var) => {
                bind(&mut found, *var, value)?;
                self.solve(goals, found)
            }
            Kind::Constant(var) => {
                load_time::number(found.graph, value)?;
                bind(&mut found, *var, value)?;
                self.solve(goals, found)
            }
            Kind::Node(node) => {
                let (id, _) = found.graph.producer(value)?;
                if !node.shared && !found.interior.contains(&id) {
                    found.interior.push(id);
                }
                self.node(node, id, goals, found)
            }
        }
    }

    fn node<'g>(
        &self,
        pattern: &NodePattern,
        id: NodeId,
        goals: Goals,
        mut found: Match<'g>,
    ) -> Option<Match<'g>> {
        let node = found.graph.node(id);
        let accepted = node.outputs.len() == 1
            && match &pattern.accepts {
                Accepts::Exactly(op) => node.op == *op,
                Accepts::When(accepts) => accepts(&node.op),
            };
        if !accepted {
            return None;
        }
        if let Some(var) = pattern.bound {
            bind(&mut found, var, node.outputs[0])?;
        }
        let Some(inputs) = &pattern.inputs else { return self.solve(goals, found) };
        if inputs.len() != node.inputs.len() {
            return None;
        }
        let with = |values: &[Value]| -> Goals {
            let operands = inputs.iter().zip(values.iter().copied()).rev();
            goals.iter().copied().chain(operands).collect()
        };
        let straight = self.solve(with(&node.inputs), found.clone());
        if straight.is_some() || !commutes(&node.op) {
            return straight;
        }
        self.solve(with(&[node.inputs[1], node.inputs[0]]), found)
    }
}

fn bind(found: &mut Match, var: Var, value: Value) -> Option<()> {
    if found.bound.len() <= var.0 {
        found.bound.resize(var.0 + 1, None);
    }
    (*found.bound[var.0].get_or_insert(value) == value).then_some(())
}

/// Whether the two operands may change places.
pub(crate) fn commutes(op: &Op) -> bool {
    use Elementwise::{Add, And, Max, Min, Mul};
    matches!(op, Op::Elementwise(Add | Mul | Max | Min | And))
}
