//! Speech to text on compiled graphs: models found, files transcribed, transcripts written. Not a command line.

#![forbid(unsafe_code)]

mod course;
pub mod device;
mod durable;
mod echo;
mod error;
pub mod eval;
mod fallback;
pub mod ffmpeg;
mod gaps;
mod hallucinations;
pub mod inspect;
mod lane;
mod language;
pub mod layout;
mod ledger;
pub mod memory;
pub mod models;
pub mod options;
pub mod outputs;
pub mod profile;
mod progress;
pub mod protections;
pub mod reader;
pub mod recording;
pub mod report;
mod run;
mod schedule;
mod segments;
mod short_form;
mod spool;
pub mod stages;
mod stretches;
mod transcriber;
mod transcript;
mod words;
pub mod writers;

pub use audio;
pub use compiler::{Compute, Device, Ideal, Peaks, Target};
pub use error::Error;
pub use fallback::Cause;
pub use ledger::{Action, Coverage, Event, Fate, Heard, Reason};
pub use models::Hub;
pub use options::Options;
pub use progress::{Progress, Silent};
pub use run::{Run, Timings};
pub use transcriber::{Job, Jobs, Listener, Outcome, Transcriber};
pub use transcript::{Resume, ResumePlace, Segment, Transcript, Word};
pub use vad::VadOptions;
pub use whisper::hotwords::Hotwords;
pub use whisper::{Language, Model, Part, Task};
