//! What can go wrong in this crate, as one enum. Not a place for bad sound: any samples have probabilities.

use compiler::{CompileError, LoadError, RunError};
use graph::OpError;
use safetensors::SafeTensorError;

/// A failure to build or run the detector, or spans that are no speech of one sound.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The weights in the binary are damaged.
    #[error("the detector's weights are damaged ({0}): build the program anew")]
    Weights(#[source] SafeTensorError),
    /// The detector's graph contradicts itself.
    #[error("the detector's graph is wrong: {0}")]
    Graph(#[source] OpError),
    /// The device lacks a kernel.
    #[error("the detector can't be compiled: {0}")]
    Compile(#[source] CompileError),
    /// The device refuses the weights.
    #[error("the detector can't be loaded: {0}")]
    Load(#[source] LoadError),
    /// The device refuses a run.
    #[error("the detector can't be run: {0}")]
    Run(#[source] RunError),
    /// A span ends before it starts, or starts before the one before it ends.
    #[error("span {index} is {start} to {end}, expected one that starts at {least} or later and ends after")]
    Spans {
        /// Its place among the spans.
        index: usize,
        /// Its first sample.
        start: usize,
        /// The sample after its last.
        end: usize,
        /// Where the span before it ends.
        least: usize,
    },
}
