//! Speech to text on compiled graphs: models found, files transcribed, transcripts written. Not a command line.

#![forbid(unsafe_code)]

mod durable;
mod error;
pub mod models;
mod progress;
mod transcript;
pub mod writers;

pub use error::Error;
pub use models::Hub;
pub use progress::{Progress, Silent};
pub use transcript::{Segment, Transcript};
