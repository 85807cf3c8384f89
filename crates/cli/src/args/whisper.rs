//! `undertone whisper`: openai-whisper's options, with its spelling, values and defaults. Not the decoding: what the
//! library can't do is refused here, by the option's name.

use super::machine::{Machine, Voice};
use super::transcribe::{Formats, TaskChoice, formats};
use super::values::{Ids, OrNone, Truth, finite};
use clap::Args;
use std::path::PathBuf;
use undertone::{Language, Options};

/// Transcribe with openai-whisper's options, defaults and file names
//
// Fields with an underscore are read, checked, and change nothing of a greedy decoding at temperature 0.
#[derive(Args)]
#[command(rename_all = "snake_case")]
#[command(
    after_help = "Example:\n  undertone whisper talk.mp3 --model base --beam_size None --temperature_increment_on_fallback None"
)]
pub struct Whisper {
    /// Sound or video files; - for standard input
    #[arg(required = true, value_name = "AUDIO")]
    pub audio: Vec<PathBuf>,

    /// Model: a name, a path, or OWNER/REPO on the model hub
    #[arg(long, default_value = "turbo")]
    pub model: String,

    /// Folder to keep models in [default: the model hub's cache]
    #[arg(long, value_name = "FOLDER")]
    pub model_dir: Option<PathBuf>,

    /// Device to run on
    #[arg(long = "device", default_value = "cpu", value_parser = ["cpu"])]
    _device: String,

    /// Folder to write to
    #[arg(long, short, default_value = ".", value_name = "FOLDER")]
    pub output_dir: PathBuf,

    /// txt, vtt, srt, tsv, json or all
    #[arg(long, short = 'f', default_value = "all", value_name = "FORMAT", value_parser = formats)]
    pub output_format: Formats,

    /// Whether to print segments as they come: True or False
    #[arg(long, default_value = "True", value_name = "BOOL")]
    pub verbose: Truth,

    /// transcribe, or translate into English
    #[arg(long, value_enum, default_value_t = TaskChoice::Transcribe)]
    task: TaskChoice,

    /// Language that is spoken, as a code or a name [default: detected]
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<OrNone<Language>>,

    /// Temperature to sample at; 0 takes the likeliest token
    #[arg(long, default_value = "0", value_name = "T", value_parser = finite)]
    temperature: f64,

    /// Candidates when sampling
    #[arg(long = "best_of", default_value = "5", value_name = "N")]
    _best_of: OrNone<usize>,

    /// Beams of the search at temperature 0; None or 1 for none
    #[arg(long, default_value = "5", value_name = "N")]
    beam_size: OrNone<usize>,

    /// Patience of the beam search
    #[arg(long, value_name = "X")]
    patience: Option<OrNone<f64>>,

    /// Exponent of the length that candidates' scores are divided by
    #[arg(long = "length_penalty", value_name = "X")]
    _length_penalty: Option<OrNone<f64>>,

    /// Token ids that never come, separated by commas; -1 stands for what is not speech
    #[arg(long, default_value = "-1", value_name = "IDS", allow_hyphen_values = true)]
    suppress_tokens: Ids,

    /// Text that comes before the first window
    #[arg(long, value_name = "TEXT")]
    initial_prompt: Option<String>,

    /// Whether that text comes before every window
    #[arg(long = "carry_initial_prompt", default_value = "False", value_name = "BOOL")]
    _carry_initial_prompt: Truth,

    /// Whether earlier text is the prompt of each next window
    #[arg(long, default_value = "True", value_name = "BOOL")]
    condition_on_previous_text: Truth,

    /// Accepted for openai-whisper's sake; as there, a CPU computes in f32
    #[arg(long = "fp16", default_value = "True", value_name = "BOOL")]
    _fp16: Truth,

    /// Step to the next temperature when a window fails; None for one temperature
    #[arg(long, default_value = "0.2", value_name = "STEP")]
    temperature_increment_on_fallback: OrNone<f64>,

    /// Compression ratio of the text above which a window fails
    #[arg(long = "compression_ratio_threshold", default_value = "2.4", value_name = "RATIO")]
    _compression_ratio_threshold: OrNone<f64>,

    /// Average log-probability below which a window fails
    #[arg(long, default_value = "-1.0", value_name = "LOGPROB", allow_negative_numbers = true)]
    logprob_threshold: OrNone<f64>,

    /// Probability of no speech above which a window that failed is skipped
    #[arg(long, default_value = "0.6", value_name = "P")]
    no_speech_threshold: OrNone<f64>,

    /// Whether to time every word
    #[arg(long, default_value = "False", value_name = "BOOL")]
    word_timestamps: Truth,

    /// Punctuation that belongs to the next word
    #[arg(
        long = "prepend_punctuations",
        default_value = "\"'“¿([{-",
        value_name = "CHARS",
        allow_hyphen_values = true
    )]
    _prepend_punctuations: String,

    /// Punctuation that belongs to the word before it
    #[arg(
        long = "append_punctuations",
        default_value = "\"'.。,，!！?？:：”)]}、",
        value_name = "CHARS",
        allow_hyphen_values = true
    )]
    _append_punctuations: String,

    /// Whether to underline each word as it is spoken
    #[arg(long, default_value = "False", value_name = "BOOL")]
    highlight_words: Truth,

    /// Characters of a line at most
    #[arg(long, value_name = "N")]
    max_line_width: Option<OrNone<usize>>,

    /// Lines of a segment at most
    #[arg(long, value_name = "N")]
    max_line_count: Option<OrNone<usize>>,

    /// Words of a segment at most
    #[arg(long, value_name = "N")]
    max_words_per_line: Option<OrNone<usize>>,

    /// Processor cores to use; 0 for all physical cores
    #[arg(long, default_value = "0", value_name = "N")]
    pub threads: OrNone<usize>,

    /// Stretches to transcribe, in seconds: start,end,start,end,...
    #[arg(long, default_value = "0", value_name = "TIMES")]
    clip_timestamps: String,

    /// Silence in seconds that is skipped when text was likely made up
    #[arg(long = "hallucination_silence_threshold", value_name = "SECONDS")]
    _hallucination_silence_threshold: Option<OrNone<f64>>,

    #[command(flatten)]
    pub machine: Machine,

    #[command(flatten)]
    pub voice: Voice,
}

impl Whisper {
    /// openai-whisper's defaults with what is given in their place.
    pub fn options(&self) -> Options {
        let mut options = Options::openai();
        options.language = self.language.and_then(|language| language.0);
        options.task = self.task.into();
        options.condition_on_previous_text = self.condition_on_previous_text.0;
        options.no_speech_threshold = self.no_speech_threshold.0;
        options.logprob_threshold = self.logprob_threshold.0;
        options.rules.suppress_tokens.clone_from(&self.suppress_tokens.0);
        options
    }

    /// One sentence on what is asked for and can't be done, and what to pass instead; `None` if all of it can.
    pub fn refusal(&self) -> Option<String> {
        let given = |value: Option<OrNone<usize>>| value.and_then(|value| value.0).is_some_and(|n| n > 0);
        let whole =
            self.clip_timestamps.trim().parse::<f64>().map_or(self.clip_timestamps.is_empty(), |t| t == 0.0);
        let step = self.temperature_increment_on_fallback.0;
        let asked = [
            (self.temperature != 0.0, "sampling", "--temperature 0"),
            (self.beam_size.0.is_some_and(|beams| beams != 1), "beam search", "--beam_size None"),
            (self.patience.and_then(|p| p.0).is_some(), "patience in a beam search", "--patience None"),
            (
                // Steps beyond temperature 1 are never taken.
                step.is_some_and(|step| step.is_nan() || step <= 1.0),
                "falling back to higher temperatures",
                "--temperature_increment_on_fallback None",
            ),
            (self.initial_prompt.is_some(), "an initial prompt", "no --initial_prompt"),
            (self.word_timestamps.0, "word timestamps", "--word_timestamps False"),
            (self.highlight_words.0, "highlighted words", "--highlight_words False"),
            (given(self.max_line_width), "a line width", "--max_line_width None"),
            (given(self.max_line_count), "a number of lines", "--max_line_count None"),
            (given(self.max_words_per_line), "words per line", "--max_words_per_line None"),
            (!whole, "clips", "--clip_timestamps 0"),
        ];
        let asked: Vec<_> = asked.iter().filter(|(asked, _, _)| *asked).collect();
        if asked.is_empty() {
            return None;
        }
        let what: Vec<&str> = asked.iter().map(|(_, what, _)| *what).collect();
        let pass: Vec<&str> = asked.iter().map(|(_, _, pass)| *pass).collect();
        Some(format!("this version has no {} yet: pass {}", what.join(", no "), pass.join(" ")))
    }
}
