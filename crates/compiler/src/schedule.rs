//! The schedule: which nodes run once when a program is loaded, which at every run, and by which kernel. Not
//! the plan: it knows no addresses.

use crate::compile::CompileError;
use crate::device::{Device, NodeView};
use graph::{Def, Graph, NodeId, Op, ParamKind, Value};

/// What a device says of the kernel that it chose for a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelChoice {
    /// The kernel's name.
    pub name: &'static str,
    /// Its number in the device's list.
    pub index: usize,
    /// The operand whose memory the first result may take over.
    pub in_place: Option<usize>,
    /// The operand that the kernel wants packed when the program is loaded. Nodes with the same kernel share it.
    pub packs: Option<usize>,
    /// Whether what is packed depends on the node's attributes, too: then only nodes with equal ones share it.
    pub packs_attributes: bool,
    /// Bytes of the packed operand.
    pub packed_bytes: usize,
    /// Bytes of scratch memory at the largest sizes.
    pub scratch: usize,
}

/// A node with the kernel that runs it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scheduled {
    /// The node.
    pub node: NodeId,
    /// What runs it.
    pub kernel: KernelChoice,
}

/// The order of work.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schedule {
    /// Nodes that depend on weights alone: evaluated once, when the program is loaded.
    pub load: Vec<NodeId>,
    /// Nodes that run each time, in order.
    pub run: Vec<Scheduled>,
    /// For each value, whether it is the same at every run.
    pub constant: Vec<bool>,
}

/// Schedules `graph` in its own order. A reshape is no work: its result is a view.
///
/// # Errors
/// The device has no kernel for a node.
pub fn schedule(graph: &Graph, device: &dyn Device) -> Result<Schedule, CompileError> {
    let mut out = Schedule { constant: vec![false; graph.values().len()], ..Schedule::default() };
    for param in graph.params() {
        out.constant[param.value.index()] = matches!(param.kind, ParamKind::Weight(_));
    }
    let largest = graph.largest();
    for (i, node) in graph.nodes().iter().enumerate() {
        let id = NodeId(i);
        if !matches!(node.op, Op::CacheWrite(_)) && node.inputs.iter().all(|v| out.constant[v.index()]) {
            node.outputs.iter().for_each(|v| out.constant[v.index()] = true);
            out.load.push(id);
            continue;
        }
        if is_view(graph, node.outputs[0]) {
            continue;
        }
        let view = NodeView {
            op: &node.op,
            inputs: node.inputs.iter().map(|v| graph.ty(*v)).collect(),
            constant: node.inputs.iter().map(|v| out.constant[v.index()]).collect(),
            outputs: node.outputs.iter().map(|v| graph.ty(*v)).collect(),
            largest: &largest,
        };
        let kernel = device.kernel(&view).ok_or_else(|| CompileError::NoKernel {
            device: device.target().device,
            node: graph.node_text(node),
        })?;
        out.run.push(Scheduled { node: id, kernel });
    }
    Ok(out)
}

/// Whether `value` is another name for its node's operand: a reshape.
pub fn is_view(graph: &Graph, value: Value) -> bool {
    matches!(graph.value(value).def, Def::Node(id, _) if matches!(graph.node(id).op, Op::Reshape(_)))
}
