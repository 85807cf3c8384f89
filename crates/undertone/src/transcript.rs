//! What was said, as data: a transcript and its segments. Not a file format: those are the writers'.

use crate::Run;
use serde::{Deserialize, Serialize};

/// Everything that was said in one recording. Fields stand in the order of openai-whisper's result; ours follow.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Transcript {
    /// The whole text, as the segments' texts follow one another.
    pub text: String,
    /// The segments in order of time.
    pub segments: Vec<Segment>,
    /// The language's code, such as `en`.
    pub language: String,
    /// The probability of that language, where it was detected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language_probability: Option<f32>,
    /// The length of the sound in seconds.
    #[serde(default)]
    pub duration: f64,
    /// How it came about, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
}

/// A stretch of speech between two times. Fields stand in the order of openai-whisper's result.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// Its number, from 0.
    pub id: usize,
    /// The mel frame (10 ms) at which the window that it was decoded in starts.
    pub seek: usize,
    /// When it starts, in seconds.
    pub start: f64,
    /// When it ends, in seconds.
    pub end: f64,
    /// What is said, with the leading space that the tokens give it.
    pub text: String,
    /// The tokens, those of its two times included.
    pub tokens: Vec<u32>,
    /// The temperature that its window was decoded at.
    pub temperature: f64,
    /// The mean natural logarithm of its window's token probabilities.
    pub avg_logprob: f64,
    /// Its window's text in bytes over the same deflated (zlib, level 6).
    pub compression_ratio: f64,
    /// The probability that its window holds no speech.
    pub no_speech_prob: f64,
    /// Its words with their times, where these were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Vec<Word>>,
}

/// A word between two times. Fields stand in the order of openai-whisper's result.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// The word, with the space before it and the signs around it.
    pub word: String,
    /// When it starts, in seconds.
    pub start: f64,
    /// When it ends, in seconds.
    pub end: f64,
    /// The mean probability of its tokens.
    pub probability: f64,
}
