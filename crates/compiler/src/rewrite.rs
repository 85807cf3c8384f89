//! Rewriting by rules: a pattern that reads like the formula, and the patch that stands for what it matched.
//! Nothing is edited in place: each sweep builds a new graph. Not a search: rules are directional and must
//! terminate, so each makes the graph smaller or moves it one way.
//!
//! ```
//! use compiler::rewrite::{linear, rewrite, rule, vars};
//! use graph::ops::Linear;
//!
//! let [x, w, b] = vars();
//! let rule = rule("linear + bias", linear(x, w) + b, move |m| {
//!     m.replace_with(Linear { bias: true, ..Linear::PLAIN }, [m[x], m[w], m[b]])
//! })
//! .only_if("b is one row", move |m| m.ty(b).rank() == 1);
//! # let _ = rule;
//! ```

mod matcher;
mod pattern;
mod rebuild;

pub use matcher::Match;
pub use pattern::{
    Pattern, Var, attention, constant, conv1d, convert, elementwise, linear, matmul, mean, moved, node,
    permuted, reshape, softmax, transpose, vars,
};
pub use rebuild::Rebuild;

use crate::passes::dce;
use graph::{Graph, NodeId, Op, Value};

/// An operand of a patch's node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A value of the matched graph.
    Old(Value),
    /// Result `.1` of the patch's node number `.0`.
    New(usize, usize),
}

impl Operand {
    /// Result `i` of the patch's node whose first result this is.
    ///
    /// # Panics
    /// When it is a value of the matched graph.
    #[must_use]
    pub fn result(self, i: usize) -> Operand {
        match self {
            Operand::New(node, _) => Operand::New(node, i),
            Operand::Old(value) => panic!("{value:?} is no node of a patch"),
        }
    }
}

impl From<Value> for Operand {
    fn from(value: Value) -> Operand {
        Operand::Old(value)
    }
}

/// What stands in place of a match: new nodes, and the value that replaces the root's.
#[derive(Clone, Debug, Default)]
pub struct Patch {
    nodes: Vec<(Op, Vec<Operand>)>,
    result: Option<Operand>,
}

impl Patch {
    /// A patch without nodes.
    pub fn new() -> Patch {
        Patch::default()
    }

    /// Appends a node, whose first result is the patch's until another is added.
    pub fn add(&mut self, op: impl Into<Op>, inputs: impl IntoIterator<Item = Operand>) -> Operand {
        self.nodes.push((op.into(), inputs.into_iter().collect()));
        let result = Operand::New(self.nodes.len() - 1, 0);
        self.result = Some(result);
        result
    }
}

type Condition = Box<dyn Fn(&Match) -> bool>;

/// A rewrite: where its pattern matches and its conditions hold, its patch replaces what was matched.
pub struct Rule {
    name: &'static str,
    pattern: Pattern,
    conditions: Vec<(&'static str, Condition)>,
    patch: Box<dyn Fn(&Match) -> Patch>,
}

/// A rule without further conditions. Values inside the pattern must not be used outside it; see
/// [`Pattern::shared`].
pub fn rule(name: &'static str, pattern: Pattern, patch: impl Fn(&Match) -> Patch + 'static) -> Rule {
    Rule { name, pattern, conditions: Vec::new(), patch: Box::new(patch) }
}

impl Rule {
    /// Fires only where `holds`; `reason` says in words what is asked.
    #[must_use]
    pub fn only_if(mut self, reason: &'static str, holds: impl Fn(&Match) -> bool + 'static) -> Rule {
        self.conditions.push((reason, Box::new(holds)));
        self
    }

    /// What the rule is called.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What is asked beyond the pattern, in words.
    pub fn conditions(&self) -> impl Iterator<Item = &'static str> {
        self.conditions.iter().map(|(reason, _)| *reason)
    }
}

/// More sweeps than any terminating set of rules needs on graphs of this size: each fires at least once.
const MAX_SWEEPS: usize = 10_000;

/// Applies `rules` until none fires; of rules that match at one node, the first wins. Dead nodes are dropped.
pub fn rewrite(graph: &Graph, rules: &[Rule]) -> Graph {
    let mut graph = dce::run(graph);
    for _ in 0..MAX_SWEEPS {
        match sweep(&graph, rules) {
            Some(next) => graph = dce::run(&next),
            None => return graph,
        }
    }
    let names: Vec<&str> = rules.iter().map(Rule::name).collect();
    panic!("some of the rules {names:?} never end on graph @{}", graph.name());
}

/// A rule's name and its patch.
type Fired = (&'static str, Patch);

/// One walk over the nodes: fires at every match that shares no node with an earlier one. `None` if none does.
fn sweep(graph: &Graph, rules: &[Rule]) -> Option<Graph> {
    let uses = graph.use_counts();
    let mut claimed = vec![false; graph.nodes().len()];
    let mut patches: Vec<Option<Fired>> = vec![None; graph.nodes().len()];
    let mut fires = false;
    for id in (0..graph.nodes().len()).map(NodeId) {
        let found = rules.iter().find_map(|rule| Some((rule, rule.matches(graph, &uses, id)?)));
        let Some((rule, found)) = found else { continue };
        if found.nodes().any(|n| claimed[n.0]) {
            continue;
        }
        found.nodes().for_each(|n| claimed[n.0] = true);
        patches[id.0] = Some((rule.name, (rule.patch)(&found)));
        fires = true;
    }
    fires.then(|| apply(graph, &patches))
}

/// The graph with each patch in place of its root. What was inside a match is left dead.
fn apply(graph: &Graph, patches: &[Option<Fired>]) -> Graph {
    let mut rebuild = Rebuild::new(graph);
    for (node, patch) in graph.nodes().iter().zip(patches) {
        match patch {
            None => rebuild.copy(node),
            Some((rule, patch)) => place(&mut rebuild, node.outputs[0], rule, patch),
        }
    }
    rebuild.finish()
}

fn place(rebuild: &mut Rebuild, root: Value, rule: &str, patch: &Patch) {
    let mut new: Vec<Vec<Value>> = Vec::new();
    for (op, inputs) in &patch.nodes {
        let get = |operand: &Operand| match *operand {
            Operand::Old(value) => rebuild.get(value),
            Operand::New(node, result) => new[node][result],
        };
        let inputs: Vec<Value> = inputs.iter().map(get).collect();
        new.push(rebuild.add(op.clone(), &inputs, root, rule));
    }
    match patch.result.unwrap_or_else(|| panic!("rule {rule:?} gives no result")) {
        Operand::Old(value) => rebuild.replace(root, rebuild.get(value), rule),
        Operand::New(node, result) => rebuild.replace(root, new[node][result], rule),
    }
}

#[cfg(test)]
mod tests;
