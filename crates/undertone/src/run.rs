//! How a transcript came about: model, device, options and times, for the JSON. Not a setting: nothing reads it back
//! to decide.

use crate::Options;
use crate::options::LanguageWindow;
use compiler::Target;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use whisper::{Language, RuleOptions, Task};

/// How a transcript came about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The version of this library.
    pub version: String,
    /// The model, as it was asked for.
    pub model: String,
    /// The device, such as `cpu`.
    pub device: String,
    /// The instruction set, such as `avx2`.
    pub isa: String,
    /// How many threads shared the work.
    pub threads: usize,
    /// The precision of the weights and the arithmetic.
    pub compute: String,
    /// Every option in force, by openai-whisper's names where it has one.
    pub options: Map<String, Value>,
    /// How long it took.
    pub timings: Timings,
}

/// Wall times in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    /// Finding, reading, compiling and packing the model; once for all recordings of a call.
    pub load_s: f64,
    /// From the first sample to the last segment.
    pub transcribe_s: f64,
}

impl Run {
    /// A run of `model` on `target` with `options`.
    pub fn new(model: &str, target: &Target, options: &Options, timings: Timings) -> Run {
        Run {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            model: model.to_owned(),
            device: target.device.to_owned(),
            isa: target.isa.to_owned(),
            threads: target.threads,
            compute: "f32".to_owned(),
            options: in_force(options),
            timings,
        }
    }
}

/// Every option. Taken apart by name, so that a new one can't be left out.
fn in_force(options: &Options) -> Map<String, Value> {
    let Options {
        language,
        language_window,
        task,
        rules: RuleOptions { suppress_tokens, suppress_blank, without_timestamps, max_initial_timestamp },
        sample_len,
        no_speech_threshold,
        logprob_threshold,
        condition_on_previous_text,
    } = options;
    let rows = [
        ("task", json!(if *task == Task::Translate { "translate" } else { "transcribe" })),
        ("language", json!(language.map(Language::code))),
        (
            "language_window",
            json!(if *language_window == LanguageWindow::Silence { "silence" } else { "decoded" }),
        ),
        ("suppress_tokens", json!(suppress_tokens)),
        ("suppress_blank", json!(suppress_blank)),
        ("without_timestamps", json!(without_timestamps)),
        ("max_initial_timestamp", json!(max_initial_timestamp)),
        ("sample_len", json!(sample_len)),
        ("no_speech_threshold", json!(no_speech_threshold)),
        ("logprob_threshold", json!(logprob_threshold)),
        ("condition_on_previous_text", json!(condition_on_previous_text)),
    ];
    rows.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
