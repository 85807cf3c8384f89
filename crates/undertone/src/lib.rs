//! Speech to text on compiled graphs: models found, files transcribed, transcripts written. Not a command line.

#![forbid(unsafe_code)]

pub mod device;
mod durable;
mod error;
pub mod ffmpeg;
pub mod inspect;
mod lane;
pub mod models;
pub mod options;
pub mod outputs;
pub mod profile;
mod progress;
pub mod protections;
pub mod recording;
mod run;
pub mod stages;
mod transcriber;
mod transcript;
pub mod writers;

pub use audio;
pub use compiler::{Compute, Target};
pub use error::Error;
pub use models::Hub;
pub use options::Options;
pub use progress::{Progress, Silent};
pub use run::{Run, Timings};
pub use transcriber::{Listener, Outcome, Transcriber};
pub use transcript::{Segment, Transcript, Word};
pub use whisper::{Language, Model, Part, Task};
