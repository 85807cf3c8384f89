//! The program: steps with their kernels and places, fixed before it runs. Not executed here.

use crate::device::NodeView;
use crate::plan::{Place, Plan};
use crate::schedule::{KernelChoice, Schedule};
use graph::{DType, Graph, Node, NodeId, Op, ParamKind, Value};
use std::fmt;

/// One kernel call.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The node that it computes.
    pub node: NodeId,
    /// What computes it.
    pub kernel: KernelChoice,
    /// Where its operands are.
    pub inputs: Vec<Place>,
    /// Where its results go.
    pub outputs: Vec<Place>,
    /// The arena offset of its scratch memory.
    pub scratch: usize,
}

/// A constant as a kernel wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constant {
    /// The value: a weight, or computed from weights when the program is loaded.
    pub value: Value,
    /// The step that has it packed as its operand; `None` for the plain tensor.
    pub packed_for: Option<usize>,
}

/// A compiled graph: what is computed when it is loaded, and what at each run.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// The graph after all passes.
    pub graph: Graph,
    /// Nodes that are evaluated once, when the program is loaded.
    pub load: Vec<NodeId>,
    /// The constants that steps read.
    pub constants: Vec<Constant>,
    /// The steps.
    pub steps: Vec<Step>,
    /// The memory plan.
    pub plan: Plan,
}

impl Program {
    /// Joins a schedule and a plan.
    pub(crate) fn new(graph: Graph, schedule: Schedule, plan: Plan) -> Program {
        let mut constants: Vec<Constant> = Vec::new();
        let mut steps: Vec<Step> = Vec::new();
        for (i, s) in schedule.run.into_iter().enumerate() {
            let node = graph.node(s.node);
            let mut inputs = Vec::new();
            for (operand, value) in node.inputs.iter().enumerate() {
                if !schedule.constant[value.index()] {
                    inputs.push(plan.places[value.index()].expect("every value that is read has a place"));
                    continue;
                }
                let packed = s.kernel.packs == Some(operand);
                let same = |c: &Constant| {
                    let like = |step: usize| {
                        let other: &Step = &steps[step];
                        let (ours, theirs) = (&s.kernel, &other.kernel);
                        (ours.index, ours.packs) == (theirs.index, theirs.packs)
                            && (!ours.packs_attributes || graph.node(other.node).op == node.op)
                    };
                    c.value == *value && c.packed_for.is_some() == packed && c.packed_for.is_none_or(like)
                };
                let at = constants.iter().position(same).unwrap_or_else(|| {
                    constants.push(Constant { value: *value, packed_for: packed.then_some(i) });
                    constants.len() - 1
                });
                inputs.push(Place::Constant(at));
            }
            let place = |v: &Value| plan.places[v.index()].expect("every result has a place");
            let outputs = node.outputs.iter().map(place).collect();
            steps.push(Step { node: s.node, kernel: s.kernel, inputs, outputs, scratch: plan.scratch[i] });
        }
        Program { graph, load: schedule.load, constants, steps, plan }
    }

    /// The node of `step`.
    pub fn node(&self, step: &Step) -> &Node {
        self.graph.node(step.node)
    }

    /// The node of `step` as its kernel was shown it, with `largest` bindings.
    pub fn view<'a>(&'a self, step: &'a Step, largest: &'a graph::Bindings) -> NodeView<'a> {
        let node = self.node(step);
        NodeView {
            op: &node.op,
            inputs: node.inputs.iter().map(|v| self.graph.ty(*v)).collect(),
            constant: step.inputs.iter().map(|p| matches!(p, Place::Constant(_))).collect(),
            outputs: node.outputs.iter().map(|v| self.graph.ty(*v)).collect(),
            largest,
        }
    }

    /// Whether constant `index`, which is not packed, is read where the model has it, aligned or not: kernels read plain
    /// elements of 16 bits byte by byte, and f32 of which every reader takes rows by index.
    pub fn is_table(&self, index: usize) -> bool {
        let by_index = |step: &Step, operand: usize| match self.node(step).op {
            Op::Gather(_) => operand == 0,
            Op::PickedLinear(_) => operand == 1,
            _ => false,
        };
        let is_read_by_index = |step: &Step| {
            let mut reads =
                step.inputs.iter().enumerate().filter(|(_, place)| **place == Place::Constant(index));
            reads.all(|(operand, _)| by_index(step, operand))
        };
        let constant = &self.constants[index];
        let is_read_so = match self.graph.ty(constant.value).dtype {
            DType::F16 | DType::BF16 => true,
            DType::F32 => self.steps.iter().all(is_read_by_index),
            DType::I32 | DType::I8 | DType::I4 | DType::Bool => false,
        };
        constant.packed_for.is_none() && is_read_so
    }

    /// The inputs and states, in the order in which a run takes them.
    pub fn args(&self) -> impl Iterator<Item = &graph::Param> {
        self.graph.params().iter().filter(|p| !matches!(p.kind, ParamKind::Weight(_)))
    }

    /// Bytes of packed constants.
    pub fn packed_bytes(&self) -> usize {
        self.constants.iter().filter_map(|c| c.packed_for).map(|s| self.steps[s].kernel.packed_bytes).sum()
    }

    /// The most memory that a run holds, in bytes: packed constants, states and arena. Constants that are
    /// mapped or small are not counted.
    pub fn peak_bytes(&self) -> usize {
        self.packed_bytes() + self.plan.states + self.plan.arena
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let graph = &self.graph;
        writeln!(f, "program @{}", graph.name())?;
        writeln!(
            f,
            "  peak {} bytes = packed {} + states {} + arena {}",
            self.peak_bytes(),
            self.packed_bytes(),
            self.plan.states,
            self.plan.arena
        )?;
        for id in &self.load {
            writeln!(f, "  load {}", graph.node_text(graph.node(*id)))?;
        }
        for (i, step) in self.steps.iter().enumerate() {
            let node = self.node(step);
            write!(f, "  {i:3} ")?;
            for (j, (value, place)) in node.outputs.iter().zip(&step.outputs).enumerate() {
                let taken = self.plan.in_place.iter().any(|(out, _)| out == value);
                let sign = if taken { "!" } else { "" };
                let comma = if j == 0 { "" } else { ", " };
                write!(f, "{comma}{}{sign}:{}", PlaceText(*place), graph.ty(*value))?;
            }
            write!(f, " = {}", step.kernel.name)?;
            for (j, place) in step.inputs.iter().enumerate() {
                let packed = if step.kernel.packs == Some(j) { "packed " } else { "" };
                let comma = if j == 0 { " " } else { ", " };
                match place {
                    Place::Constant(c) => {
                        let name = &graph.value(self.constants[*c].value).name;
                        write!(f, "{comma}{packed}@{name}")?;
                    }
                    place => write!(f, "{comma}{}", PlaceText(*place))?,
                }
            }
            let attrs = node.op.attributes();
            if !attrs.0.is_empty() {
                write!(f, " {attrs}")?;
            }
            if step.kernel.scratch > 0 {
                write!(f, " scratch {}+{}", step.scratch, step.kernel.scratch)?;
            }
            writeln!(f)?;
        }
        f.write_str("  return")?;
        for (i, result) in graph.results().iter().enumerate() {
            let place = self.plan.places[result.index()];
            let text =
                place.map_or_else(|| format!("@{}", graph.value(*result).name), |p| PlaceText(p).to_string());
            write!(f, "{}{text}", if i == 0 { " " } else { ", " })?;
        }
        writeln!(f)
    }
}

struct PlaceText(Place);

impl fmt::Display for PlaceText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Place::Arena(offset) => write!(f, "[{offset}]"),
            Place::Input(i) => write!(f, "in{i}"),
            Place::State(i) => write!(f, "state{i}"),
            Place::Constant(i) => write!(f, "const{i}"),
        }
    }
}
