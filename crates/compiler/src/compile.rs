//! The way from a graph to a program. Not a place for decisions: passes, schedule and plan make them.

use crate::device::Device;
use crate::pipeline::Pipeline;
use crate::program::Program;
use crate::{plan, schedule};
use graph::Graph;

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
}

/// Runs all passes over `graph`, schedules it for `device` and plans its memory.
///
/// # Errors
/// The graph is wrong, or the device has no kernel for a node of it.
pub fn compile(graph: &Graph, device: &dyn Device) -> Result<Program, CompileError> {
    let invalid = |faults| CompileError::Invalid { graph: graph.name().to_owned(), faults };
    graph::verify::verify(graph).map_err(invalid)?;
    let graph = Pipeline::standard().run(graph);
    let schedule = schedule::schedule(&graph, device)?;
    let plan = plan::plan(&graph, &schedule);
    Ok(Program::new(graph, schedule, plan))
}
