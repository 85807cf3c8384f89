//! fuse-elementwise: a maximal group of elementwise ops with one result becomes one `fused`, so that nothing
//! between them is written to memory. Runs after the other fusions, which look for single ops.
//!
//! A producer joins the group of its consumers if nothing else reads it; one that costs a single cheap primitive
//! also if only elementwise ops read it, each of which then computes it anew. Nothing dear is computed twice:
//! what a copied producer reads is written, and what is written anyway is read. Broadcasting keeps its meaning
//! when ops are joined, since shapes are matched from the last axis; but a smaller producer would be computed
//! once for each element that it is broadcast to, so only a cheap one joins. Constants become numbers of the
//! expression.
//!
//! Must not fire on what is known at load time (it is computed once, then kept), on one op alone, or beyond
//! [`MAX_INPUTS`] and [`MAX_STEPS`], which are what a kernel keeps in registers and its first cache.

use crate::load_time::{LoadTime, number};
use crate::pass::Pass;
use crate::rewrite::Rebuild;
use graph::ops::{Elementwise, Fused};
use graph::scalar::{Expr, Inst};
use graph::{Graph, Node, NodeId, Op, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// See the head of this file.
pub const PASS: Pass = Pass {
    name: "fuse-elementwise",
    doc: "joins groups of elementwise ops into single expressions",
    tolerance: Pass::ROUNDING,
    run,
};

/// Tensors that one expression reads, at most.
pub const MAX_INPUTS: usize = 8;
/// Steps of one expression, at most.
pub const MAX_STEPS: usize = 32;
/// Words of one expression as text, in which a step that is used twice stands twice.
const MAX_WORDS: usize = 128;

fn run(graph: &Graph) -> Graph {
    let fuser = Fuser::new(graph);
    let mut needed = vec![false; graph.values().len()];
    graph.results().iter().for_each(|v| needed[v.index()] = true);
    let mut groups: Vec<Option<Group>> = vec![None; graph.nodes().len()];
    let mut keep = vec![false; graph.nodes().len()];
    for (i, node) in graph.nodes().iter().enumerate().rev() {
        keep[i] = matches!(node.op, Op::CacheWrite(_)) || node.outputs.iter().any(|v| needed[v.index()]);
        if keep[i] {
            groups[i] = fuser.group(NodeId(i), &needed);
            let inputs = groups[i].as_ref().map_or(&node.inputs, |g| &g.inputs);
            for input in inputs {
                needed[input.index()] = true;
            }
        }
    }
    let mut rebuild = Rebuild::new(graph);
    for (i, node) in graph.nodes().iter().enumerate().filter(|(i, _)| keep[*i]) {
        let Some(group) = groups[i].take() else {
            rebuild.copy(node);
            continue;
        };
        let inputs: Vec<Value> = group.inputs.iter().map(|v| rebuild.get(*v)).collect();
        let fused = Op::Fused(Fused { f: group.expr });
        let new = rebuild.add(fused, &inputs, node.outputs[0], PASS.name)[0];
        rebuild.replace(node.outputs[0], new, PASS.name);
    }
    rebuild.finish()
}

/// An expression and the values that its operands are.
#[derive(Clone)]
struct Group {
    expr: Expr,
    inputs: Vec<Value>,
}

/// How a node is in a group.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Membership {
    /// Nothing but the group reads it: it is computed here alone.
    Own,
    /// Other groups compute it too, and whatever it reads is read there as well.
    Copy,
}

type Members = BTreeMap<NodeId, Membership>;

struct Fuser<'g> {
    graph: &'g Graph,
    load_time: LoadTime,
    /// The nodes that read each value.
    readers: Vec<Vec<NodeId>>,
}

impl<'g> Fuser<'g> {
    fn new(graph: &'g Graph) -> Fuser<'g> {
        let mut readers = vec![Vec::new(); graph.values().len()];
        for (i, node) in graph.nodes().iter().enumerate() {
            node.inputs.iter().for_each(|v| readers[v.index()].push(NodeId(i)));
        }
        Fuser { graph, load_time: LoadTime::of(graph), readers }
    }

    /// The group that ends with `root`; `None` if it is not elementwise or would stand alone. `needed` says which
    /// values something after `root` reads from memory.
    fn group(&self, root: NodeId, needed: &[bool]) -> Option<Group> {
        self.fusible(root)?;
        let mut members = Members::from([(root, Membership::Own)]);
        let mut refused = BTreeSet::new();
        let mut group = self.express(root, &members)?;
        // The latest producer first: whatever reads it and could join has been looked at before it.
        while let Some(next) = self.next(&members, &refused) {
            // What is written anyway is read, not computed again.
            let written = needed[self.graph.node(next).outputs[0].index()];
            let membership = self.membership(next, root, &members).filter(|_| !written);
            members.extend(membership.map(|m| (next, m)));
            let larger = self.express(root, &members).filter(|_| membership.is_some());
            if let Some(larger) = larger {
                group = larger;
            } else {
                members.remove(&next);
                refused.insert(next);
            }
        }
        (members.len() > 1).then_some(group)
    }

    /// The expression of a node that may be in a group.
    fn fusible(&self, id: NodeId) -> Option<Expr> {
        let node = self.graph.node(id);
        if self.load_time.knows(*node.outputs.first()?) {
            return None;
        }
        expr(node)
    }

    fn next(&self, members: &Members, refused: &BTreeSet<NodeId>) -> Option<NodeId> {
        let inputs = members.keys().flat_map(|id| &self.graph.node(*id).inputs);
        let producers = inputs.filter_map(|v| Some(self.graph.producer(*v)?.0));
        let fits =
            |id: &NodeId| !members.contains_key(id) && !refused.contains(id) && self.fusible(*id).is_some();
        producers.filter(fits).max()
    }

    /// How `id` may join the group; `None` if it may not.
    fn membership(&self, id: NodeId, root: NodeId, members: &Members) -> Option<Membership> {
        let output = self.graph.node(id).outputs[0];
        let readers = &self.readers[output.index()];
        let shape = |id: NodeId| &self.graph.ty(self.graph.node(id).outputs[0]).shape;
        let cheap = is_cheap(&self.graph.node(id).op);
        if !cheap && shape(id) != shape(root) {
            return None;
        }
        if readers.iter().all(|r| members.get(r) == Some(&Membership::Own)) {
            return Some(Membership::Own);
        }
        let elementwise = readers.iter().all(|r| self.fusible(*r).is_some());
        (cheap && elementwise).then_some(Membership::Copy)
    }

    /// The expression of `members` that ends with `root`; `None` if it is beyond the limits.
    fn express(&self, root: NodeId, members: &Members) -> Option<Group> {
        let mut writer =
            Writer { fuser: self, members, expr: Expr::new(), inputs: vec![], steps: HashMap::new() };
        let result = writer.step(self.graph.node(root).outputs[0]);
        let (expr, order) = ordered(&writer.expr, result);
        let inputs: Vec<Value> = order.into_iter().map(|i| writer.inputs[i]).collect();
        let fits = inputs.len() <= MAX_INPUTS && expr.insts().len() <= MAX_STEPS && words(&expr) <= MAX_WORDS;
        (fits || members.len() == 1).then_some(Group { expr, inputs })
    }
}

/// Writes the expression of a group.
struct Writer<'a> {
    fuser: &'a Fuser<'a>,
    members: &'a Members,
    expr: Expr,
    inputs: Vec<Value>,
    steps: HashMap<Value, usize>,
}

impl Writer<'_> {
    fn step(&mut self, value: Value) -> usize {
        if let Some(step) = self.steps.get(&value) {
            return *step;
        }
        let graph = self.fuser.graph;
        let member = graph.producer(value).filter(|(id, _)| self.members.contains_key(id));
        let step = if let Some((node, expr)) = member.and_then(|(_, node)| Some((node, expr(node)?))) {
            let operands: Vec<usize> = node.inputs.iter().map(|v| self.step(*v)).collect();
            self.expr.inline(&expr, &operands)
        } else if let Some(constant) = number(graph, value) {
            self.expr.push(Inst::Const(constant))
        } else {
            self.inputs.push(value);
            self.expr.push(Inst::Input(self.inputs.len() - 1))
        };
        self.steps.insert(value, step);
        step
    }
}

/// What an elementwise node computes.
fn expr(node: &Node) -> Option<Expr> {
    match &node.op {
        Op::Elementwise(row) => Some(row.expr()),
        Op::Fused(fused) => Some(fused.f.clone()),
        _ => None,
    }
}

/// Whether computing it again costs less than reading it from memory.
fn is_cheap(op: &Op) -> bool {
    use Elementwise::{Add, And, Less, Max, Min, Mul, Neg, Relu, Select, Sub};
    matches!(op, Op::Elementwise(Add | And | Less | Max | Min | Mul | Neg | Relu | Select | Sub))
}

/// The steps that `result` needs in the order in which they are read in its text, which is the order in which
/// the text is parsed back; and which operand each operand of the new expression was.
fn ordered(expr: &Expr, result: usize) -> (Expr, Vec<usize>) {
    struct Walk<'a> {
        old: &'a Expr,
        new: Expr,
        inputs: Vec<usize>,
        map: HashMap<usize, usize>,
    }
    impl Walk<'_> {
        fn step(&mut self, at: usize) -> usize {
            if let Some(new) = self.map.get(&at) {
                return *new;
            }
            let new = match self.old.insts()[at] {
                Inst::Input(i) => {
                    self.inputs.push(i);
                    self.new.push(Inst::Input(self.inputs.len() - 1))
                }
                Inst::Const(c) => self.new.push(Inst::Const(c)),
                Inst::Prim(prim, args) => {
                    let args: Vec<usize> = args[..prim.arity()].iter().map(|a| self.step(*a)).collect();
                    self.new.prim(prim, &args)
                }
            };
            self.map.insert(at, new);
            new
        }
    }
    let mut walk = Walk { old: expr, new: Expr::new(), inputs: Vec::new(), map: HashMap::new() };
    walk.step(result);
    (walk.new, walk.inputs)
}

/// The number of words of the expression's text.
fn words(expr: &Expr) -> usize {
    let mut words: Vec<usize> = Vec::new();
    for inst in expr.insts() {
        let operands = if let Inst::Prim(prim, args) = inst { &args[..prim.arity()] } else { &[] };
        words.push(operands.iter().fold(1, |sum: usize, a| sum.saturating_add(words[*a])));
    }
    words.last().copied().unwrap_or(0)
}
