//! `undertone transcribe`: the times of segments and words, and which times are transcribed. Not the lines of
//! subtitles.

use super::set;
use super::values::{self, List, OrNone, Truth};
use clap::Args;
use undertone::Options;
use undertone::options::WordTimes;

/// Times of segments and words.
#[derive(Args)]
#[command(next_help_heading = "Times")]
pub struct Times {
    /// Time every word: exact (openai-whisper's way), or in-pass for no second run and greedy decoding
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "exact")]
    #[arg(value_parser = words)]
    word_timestamps: Option<OrNone<WordTimes>>,

    /// Punctuation that belongs to the next word [default: "'“¿([{-]
    #[arg(long, value_name = "CHARS", allow_hyphen_values = true)]
    prepend_punctuations: Option<String>,

    /// Punctuation that belongs to the word before it [default: "'.。,，!！?？:：”)]}、]
    #[arg(long, value_name = "CHARS", allow_hyphen_values = true)]
    append_punctuations: Option<String>,

    /// Stretches to transcribe, in seconds: start,end,start,end,...; the last end may be missing [default: 0]
    #[arg(long, value_name = "TIMES", value_parser = values::times)]
    clip_timestamps: Option<List<f64>>,

    /// Silence in seconds that is skipped where text was likely made up; needs --word-timestamps
    #[arg(long, value_name = "SECONDS", value_parser = values::positive)]
    hallucination_silence_threshold: Option<f64>,

    /// Decode without times: one segment for each window
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "True")]
    without_timestamps: Option<Truth>,

    /// The latest start of a window's first segment, in seconds; None for no limit [default: 1.0]
    #[arg(long, value_name = "SECONDS", value_parser = values::optional_float)]
    max_initial_timestamp: Option<OrNone<f64>>,
}

impl Times {
    /// Whether it is said if words are timed.
    pub fn decide_words(&self) -> bool {
        self.word_timestamps.is_some()
    }

    pub fn apply(&self, options: &mut Options) {
        options.word_timestamps = self.word_timestamps.and_then(|how| how.0);
        set(&mut options.prepend_punctuations, self.prepend_punctuations.clone());
        set(&mut options.append_punctuations, self.append_punctuations.clone());
        set(&mut options.clip_timestamps, self.clip_timestamps.as_ref().map(|list| list.0.clone()));
        options.hallucination_silence_threshold = self.hallucination_silence_threshold;
        options.rules.without_timestamps = self.without_timestamps.is_some_and(|truth| truth.0);
        set(&mut options.rules.max_initial_timestamp, self.max_initial_timestamp.map(|value| value.0));
    }
}

/// How words are timed, by name, or as openai-whisper says it.
fn words(text: &str) -> Result<OrNone<WordTimes>, String> {
    match text {
        "exact" | "True" => Ok(OrNone(Some(WordTimes::Exact))),
        "in-pass" => Ok(OrNone(Some(WordTimes::InPass))),
        "False" => Ok(OrNone(None)),
        _ => Err("expected exact, in-pass, True or False".to_owned()),
    }
}
