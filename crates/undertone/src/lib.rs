//! Speech to text on compiled graphs: models found, files transcribed, transcripts written. Not a command line.

#![forbid(unsafe_code)]

mod durable;
mod error;
mod lane;
pub mod models;
pub mod options;
mod progress;
pub mod recording;
mod transcriber;
mod transcript;
pub mod writers;

pub use error::Error;
pub use models::Hub;
pub use options::Options;
pub use progress::{Progress, Silent};
pub use transcriber::{Listener, Outcome, Transcriber};
pub use transcript::{Segment, Transcript};
