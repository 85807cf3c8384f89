//! The way from a graph to a program. Not a place for decisions: passes, schedule and plan make them.

use crate::device::Device;
use crate::pipeline::Pipeline;
use crate::plan::{self, Place, Plan};
use crate::program::Program;
use crate::schedule;
use graph::{Graph, TensorType};

/// The most dimensions that a value of a program has.
pub const MAX_RANK: usize = 4;

/// Why a graph could not be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// The device has no kernel for a node.
    #[error("no {device} kernel for `{node}`")]
    NoKernel {
        /// The device.
        device: &'static str,
        /// The node's line.
        node: String,
    },
    /// The graph breaks a law.
    #[error("graph @{graph} is wrong: {faults}")]
    Invalid {
        /// The graph.
        graph: String,
        /// Every broken law.
        faults: graph::verify::Faults,
    },
    /// A value has more than [`MAX_RANK`] dimensions.
    #[error("%{value} is {ty}, expected {MAX_RANK} dimensions or fewer")]
    Rank {
        /// The value.
        value: String,
        /// Its type.
        ty: TensorType,
    },
    /// A result is the same at every run, or an input again, once the passes are through: a run computes nothing
    /// for it that could be read afterwards.
    #[error("result {index} of graph @{graph}, %{value}, is {what}, expected a value that a run computes")]
    Result {
        /// The graph.
        graph: String,
        /// The result's number.
        index: usize,
        /// The value that it is after all passes.
        value: String,
        /// Where it comes from instead.
        what: &'static str,
    },
}

/// Runs the passes of the device's precision over `graph`, schedules it for `device` and plans its memory.
///
/// # Errors
/// The graph is wrong, the device has no kernel for a node of it, or a result is not computed.
pub fn compile(graph: &Graph, device: &dyn Device) -> Result<Program, CompileError> {
    verify(graph)?;
    compile_as_is(Pipeline::of(device.target().compute).run(graph), device)
}

/// Schedules `graph` for `device` and plans its memory without any pass: what [`compile`] does behind them, and
/// how a device checks a program that it is to load.
///
/// # Errors
/// As for [`compile`].
pub fn compile_as_is(graph: Graph, device: &dyn Device) -> Result<Program, CompileError> {
    verify(&graph)?;
    if let Some(info) = graph.values().iter().find(|info| info.ty.rank() > MAX_RANK) {
        return Err(CompileError::Rank { value: info.name.clone(), ty: info.ty.clone() });
    }
    let schedule = schedule::schedule(&graph, device)?;
    let plan = plan::plan(&graph, &schedule);
    results_are_computed(&graph, &plan)?;
    Ok(Program::new(graph, schedule, plan))
}

fn verify(graph: &Graph) -> Result<(), CompileError> {
    let invalid = |faults| CompileError::Invalid { graph: graph.name().to_owned(), faults };
    graph::verify::verify(graph).map_err(invalid)
}

fn results_are_computed(graph: &Graph, plan: &Plan) -> Result<(), CompileError> {
    for (index, result) in graph.results().iter().enumerate() {
        let what = match plan.places[result.index()] {
            Some(Place::Arena(_)) => continue,
            Some(Place::Input(_)) => "an input",
            Some(Place::State(_)) => "a state",
            Some(Place::Constant(_)) | None => "the same at every run",
        };
        let (graph_name, value) = (graph.name().to_owned(), graph.value(*result).name.clone());
        return Err(CompileError::Result { graph: graph_name, index, value, what });
    }
    Ok(())
}
