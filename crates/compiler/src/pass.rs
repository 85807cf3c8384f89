//! A pass: from a verified graph to a verified graph that computes the same. Not an analysis: those return facts.

use graph::Graph;

/// One step of a [`crate::pipeline::Pipeline`].
#[derive(Clone, Copy)]
pub struct Pass {
    /// The name on the command line and in file tests: lower case, with hyphens.
    pub name: &'static str,
    /// What it does, one sentence.
    pub doc: &'static str,
    /// Builds the new graph. Types and order of the results and all parameters are kept.
    pub run: fn(&Graph) -> Graph,
}
