//! The Whisper model: config, weights, tokenizer, graphs and decoding. Not a transcriber: files and windows are the library's.

// `deny`, not `forbid`: the memory map of the weights is the one exception.
#![deny(unsafe_code)]

pub mod compression_ratio;
pub mod config;
mod error;
pub mod languages;
pub mod mel;
pub mod rules;
pub mod tokenizer;
pub mod weights;

pub use config::Config;
pub use error::Error;
pub use languages::Language;
pub use rules::{RuleOptions, Rules};
pub use tokenizer::{Task, Tokenizer};
pub use weights::{View, Weights};
