//! What was said, as data: a transcript and its segments. Not a file format: those are the writers'.

use crate::Run;
use crate::ledger::{Coverage, Event};
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
    /// What became of every second, where that was accounted for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coverage: Vec<Coverage>,
    /// What was tried again, skipped and dropped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    /// Where to go on, if the work was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
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
    /// The code of its own language, where every window was asked for its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
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

/// Where a stopped run goes on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Resume {
    /// Of the samples, so that no other recording is gone on with.
    pub fingerprint: String,
    /// One place for each stretch.
    pub places: Vec<ResumePlace>,
}

/// Where one stretch goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ResumePlace {
    /// Whether it is through.
    pub done: bool,
    /// The clip that it is in.
    pub clip: usize,
    /// The frame at which its next window starts.
    pub seek: usize,
    /// The tokens of the stretch before this one are no prompt.
    pub prompt_from: usize,
    /// The end of its last word, in seconds.
    pub last_speech: f64,
    /// How many of the transcript's segments are its own.
    pub segments: usize,
}
