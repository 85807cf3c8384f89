//! Decoding one window: from start tokens to the tokens of a transcript, as openai-whisper's `decoding.py` does it,
//! greedily, with beams or with candidates that are drawn. Not the loop over a file's windows.
//!
//! A search is stepped, and one step runs the decoder once for any number of searches; each keeps to its own rows.

mod attempt;
mod beam;
mod group;
mod hypothesis;
mod language;
mod loops;
mod no_repeat;
mod options;
mod random;
mod recorded;
mod scores;
mod search;
mod step;

pub use attempt::{Attempt, Start};
pub use language::{DetectedLanguage, detect_language};
pub use options::DecodeOptions;
pub use random::Seed;
pub use recorded::Recorded;
pub use search::{Method, Search};
pub use step::{decode, step};

/// What a window's decoding gives (decoding.py, `DecodingResult`).
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The sampled tokens, timestamps included, the end left out.
    pub tokens: Vec<u32>,
    /// Their text, without space at both ends.
    pub text: String,
    /// The mean log-probability of the tokens, the end included.
    pub avg_logprob: f64,
    /// The probability of no speech at the start of the transcript.
    pub no_speech_prob: f64,
    /// Bytes of the text over its deflated bytes.
    pub compression_ratio: f64,
    /// The temperature at which it was sampled.
    pub temperature: f64,
    /// Whether it was ended early because it only repeated itself.
    pub looped: bool,
    /// The scores of the alignment heads, where they were to be recorded.
    pub recorded: Option<Recorded>,
}
