//! A pass: from a verified graph to a verified graph that computes the same. Not an analysis: those return facts.

use graph::Graph;

/// One step of a [`crate::pipeline::Pipeline`].
#[derive(Clone, Copy)]
pub struct Pass {
    /// The name on the command line and in file tests: lower case, with hyphens.
    pub name: &'static str,
    /// What it does, one sentence.
    pub doc: &'static str,
    /// How far results may move on the seeded tensors of its file tests, relative to the larger of 1 and the element:
    /// [`Pass::ROUNDING`] where the same is computed in another order, more where a pass changes a precision.
    pub tolerance: f32,
    /// Builds the new graph. Types and order of the results and all parameters are kept.
    pub run: fn(&Graph) -> Graph,
}

impl Pass {
    /// The tolerance of passes that keep every precision.
    pub const ROUNDING: f32 = 1e-4;
}
