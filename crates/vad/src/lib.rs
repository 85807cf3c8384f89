//! Where in a sound somebody speaks: Silero's detector as a graph, spans of speech, and the map between the sound's
//! time and the speech's. Not a transcriber, and not a reader of files: it sees samples.
//!
//! Nothing here parses what comes from outside: the weights are in the binary.

#![forbid(unsafe_code)]

mod detector;
mod error;
mod network;
mod spans;
mod time_map;
mod weights;

pub use detector::Detector;
pub use error::Error;
pub use network::{CHUNK, network};
pub use spans::{Span, VadOptions, speech_spans};
pub use time_map::{Place, TimeMap};

/// Samples per second of the sound.
pub const SAMPLE_RATE: usize = 16_000;
