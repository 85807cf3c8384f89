//! Any sound file or stream to 16 kHz mono samples. Not a feature extractor: log-mel is a graph.
//!
//! A [`Sound`] is probed when it is opened and can be decoded from its start any number of times;
//! [`Samples`] is one such pass, in constant memory. Every untrusted audio byte ends in this crate.

#![forbid(unsafe_code)]

mod aiff;
mod caf;
mod container;
mod decode;
mod error;
mod ffmpeg;
mod magic;
mod mix;
mod mp4;
mod opus;
mod resample;
mod samples;
mod sound;
mod view;
mod wave;

pub use error::Error;
pub use samples::Samples;
pub use sound::{Decoder, Info, Options, Sound};

/// Samples per second of everything this crate hands out.
pub const SAMPLE_RATE: u32 = 16_000;
