//! The Whisper model: config, weights, tokenizer, graphs and decoding. Not a transcriber: files and windows are the library's.

// `deny`, not `forbid`: the memory map of the weights is the one exception.
#![deny(unsafe_code)]

pub mod align;
pub mod compression_ratio;
pub mod config;
mod decode;
mod error;
pub mod grammar;
pub mod graphs;
pub mod hotwords;
pub mod languages;
mod logit_rule;
pub mod mel;
mod model;
pub mod rules;
mod session;
pub mod suppress;
pub mod tokenizer;
pub mod weights;

pub use align::{WordTiming, find_alignment};
pub use config::Config;
pub use decode::{
    Attempt, DecodeOptions, Decoded, DetectedLanguage, Method, Recorded, Search, Seed, Start, decode,
    detect_language, step,
};
pub use error::Error;
pub use grammar::{Grammar, GrammarRule, TokenTrie};
pub use hotwords::Hotwords;
pub use languages::Language;
pub use logit_rule::LogitRule;
pub use model::{Model, Tensors};
pub use rules::{RuleOptions, Rules};
pub use session::{Batch, Memory, Part, PartMemory, Ranked, Session, SessionOptions, Wanted};
pub use tokenizer::{Task, Tokenizer};
pub use weights::{View, Weights};
