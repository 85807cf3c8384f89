//! How a transcript came about: model, device, options and times, for the JSON. Not a setting: nothing reads it back
//! to decide.

use crate::Options;
use crate::options::{HotwordsForm, LanguageWindow, WordTimes};
use compiler::Target;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use vad::VadOptions;
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
            compute: target.compute.to_string(),
            options: in_force(options),
            timings,
        }
    }
}

/// Every option of voice activity detection.
fn speech(vad: VadOptions) -> Value {
    let VadOptions {
        threshold,
        neg_threshold,
        min_speech_duration_ms,
        max_speech_duration_s,
        min_silence_duration_ms,
        speech_pad_ms,
    } = vad;
    // JSON has no infinity: no limit is null.
    let longest = Some(max_speech_duration_s).filter(|longest| longest.is_finite());
    json!({
        "threshold": threshold,
        "neg_threshold": neg_threshold,
        "min_speech_duration_ms": min_speech_duration_ms,
        "max_speech_duration_s": longest,
        "min_silence_duration_ms": min_silence_duration_ms,
        "speech_pad_ms": speech_pad_ms,
    })
}

/// Every option. Taken apart by name, so that a new one can't be left out.
fn in_force(options: &Options) -> Map<String, Value> {
    let Options {
        language,
        languages,
        language_window,
        language_detection_threshold,
        multilingual,
        task,
        rules: RuleOptions { suppress_tokens, suppress_blank, without_timestamps, max_initial_timestamp },
        temperature,
        best_of,
        beam_size,
        patience,
        length_penalty,
        repetition_penalty,
        no_repeat_ngram_size,
        sample_len,
        compression_ratio_threshold,
        logprob_threshold,
        no_speech_threshold,
        condition_on_previous_text,
        initial_prompt,
        carry_initial_prompt,
        prefix,
        hotwords,
        hotwords_form,
        grammar,
        regex,
        suppress_regex,
        suppress_numerals,
        word_timestamps,
        prepend_punctuations,
        append_punctuations,
        clip_timestamps,
        hallucination_silence_threshold,
        vad,
        batch_size,
        short_form,
        protections,
    } = options;
    let codes: Vec<_> = languages.iter().map(|language| language.code()).collect();
    let window = match language_window {
        LanguageWindow::Silence => "silence",
        LanguageWindow::Decoded => "decoded",
    };
    let form = match hotwords_form {
        HotwordsForm::Bias => "bias",
        HotwordsForm::Prompt => "prompt",
        HotwordsForm::Both => "both",
    };
    let words = word_timestamps.map(|times| match times {
        WordTimes::Exact => "exact",
        WordTimes::InPass => "in-pass",
    });
    let rows = [
        ("task", json!(if *task == Task::Translate { "translate" } else { "transcribe" })),
        ("language", json!(language.map(Language::code))),
        ("languages", json!(codes)),
        ("language_window", json!(window)),
        ("language_detection_threshold", json!(language_detection_threshold)),
        ("multilingual", json!(multilingual)),
        ("temperature", json!(temperature)),
        ("best_of", json!(best_of)),
        ("beam_size", json!(beam_size)),
        ("patience", json!(patience)),
        ("length_penalty", json!(length_penalty)),
        ("repetition_penalty", json!(repetition_penalty)),
        ("no_repeat_ngram_size", json!(no_repeat_ngram_size)),
        ("sample_len", json!(sample_len)),
        ("suppress_tokens", json!(suppress_tokens)),
        ("suppress_blank", json!(suppress_blank)),
        ("suppress_regex", json!(suppress_regex)),
        ("suppress_numerals", json!(suppress_numerals)),
        ("without_timestamps", json!(without_timestamps)),
        ("max_initial_timestamp", json!(max_initial_timestamp)),
        ("compression_ratio_threshold", json!(compression_ratio_threshold)),
        ("logprob_threshold", json!(logprob_threshold)),
        ("no_speech_threshold", json!(no_speech_threshold)),
        ("condition_on_previous_text", json!(condition_on_previous_text)),
        ("initial_prompt", json!(initial_prompt)),
        ("carry_initial_prompt", json!(carry_initial_prompt)),
        ("prefix", json!(prefix)),
        ("hotwords", json!(hotwords)),
        ("hotwords_form", json!(form)),
        ("grammar", json!(grammar)),
        ("regex", json!(regex)),
        ("word_timestamps", json!(words)),
        ("prepend_punctuations", json!(prepend_punctuations)),
        ("append_punctuations", json!(append_punctuations)),
        ("clip_timestamps", json!(clip_timestamps)),
        ("hallucination_silence_threshold", json!(hallucination_silence_threshold)),
        ("vad", json!(vad.map(speech))),
        ("batch_size", json!(batch_size)),
        ("short_form", json!(short_form)),
        ("protections", json!(protections)),
    ];
    rows.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
