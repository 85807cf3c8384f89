//! `undertone transcribe`: its options. Not its defaults: those are the library's.

use super::machine::{Machine, Voice};
use super::values::{Ids, OrNone, Truth};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use undertone::writers::Format;
use undertone::{Language, Options, Task};

/// Print what is said in sound or video files
#[derive(Args)]
#[command(
    after_help = "Examples:\n  undertone transcribe talk.mp3\n  undertone transcribe talk.mp3 --output-format srt > talk.srt\n  undertone transcribe *.m4a --language de --output-dir texts\n  curl -s https://example.org/talk.ogg | undertone transcribe -"
)]
pub struct Transcribe {
    /// Sound or video files; - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Model: a name (tiny, base, small, medium, large-v3, turbo, ...; .en for English only), a path, or OWNER/REPO on
    /// the model hub
    #[arg(long, short, default_value = "base")]
    pub model: String,

    /// Language that is spoken, as a code (de) or a name (German) [default: detected]
    #[arg(long, short, value_name = "LANGUAGE")]
    language: Option<Language>,

    /// transcribe, or translate into English
    #[arg(long, value_enum, default_value_t = TaskChoice::Transcribe)]
    task: TaskChoice,

    /// txt, vtt, srt, tsv, json or all [default: lines with times on standard output; all with --output-dir]
    #[arg(long, short = 'f', value_name = "FORMAT", value_parser = formats)]
    pub output_format: Option<Formats>,

    /// Write files into this folder instead of standard output
    #[arg(long, short, value_name = "FOLDER")]
    pub output_dir: Option<PathBuf>,

    /// Processor cores to use [default: all physical cores, up to 16]
    #[arg(long, value_name = "N", help_heading = "Machine")]
    pub threads: Option<usize>,

    #[command(flatten)]
    pub machine: Machine,

    #[command(flatten)]
    pub voice: Voice,

    /// Say more: the model, the device, the language and each file
    #[arg(long, short, conflicts_with = "quiet")]
    pub verbose: bool,

    #[command(flatten)]
    decoding: Decoding,
}

/// What is asked of the model.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TaskChoice {
    Transcribe,
    Translate,
}

impl From<TaskChoice> for Task {
    fn from(choice: TaskChoice) -> Task {
        match choice {
            TaskChoice::Transcribe => Task::Transcribe,
            TaskChoice::Translate => Task::Translate,
        }
    }
}

/// The formats that a choice means.
#[derive(Clone, Debug)]
pub struct Formats(pub Vec<Format>);

/// Reads a choice of formats.
pub fn formats(choice: &str) -> Result<Formats, undertone::writers::UnknownFormat> {
    Format::choose(choice).map(Formats)
}

/// What the decoder may do. Each is left to the library's default unless it is given.
#[derive(Args)]
#[command(next_help_heading = "Decoding")]
struct Decoding {
    /// Whether earlier text is the prompt of each next window: True or False [default: True]
    #[arg(long, value_name = "BOOL")]
    condition_on_previous_text: Option<Truth>,

    /// Skip a window above this probability of no speech, unless its text is likely enough; None for never
    /// [default: 0.6]
    #[arg(long, value_name = "P")]
    no_speech_threshold: Option<OrNone<f64>>,

    /// The average log-probability above which text is likely enough; None for no such limit [default: -1.0]
    #[arg(long, value_name = "LOGPROB", allow_negative_numbers = true)]
    logprob_threshold: Option<OrNone<f64>>,

    /// Token ids that never come, separated by commas; -1 stands for what is not speech [default: -1]
    #[arg(long, value_name = "IDS", allow_hyphen_values = true)]
    suppress_tokens: Option<Ids>,

    /// Whether a window may not begin with a blank: True or False [default: True]
    #[arg(long, value_name = "BOOL")]
    suppress_blank: Option<Truth>,

    /// Decode without times: one segment for each window
    #[arg(long)]
    without_timestamps: bool,

    /// The latest start of a window's first segment, in seconds; None for no limit [default: 1.0]
    #[arg(long, value_name = "SECONDS")]
    max_initial_timestamp: Option<OrNone<f64>>,

    /// Tokens of one window at most [default: half of the model's context]
    #[arg(long, value_name = "N")]
    sample_len: Option<usize>,
}

impl Transcribe {
    /// Our defaults with what is given in their place.
    pub fn options(&self) -> Options {
        let given = &self.decoding;
        let mut options = Options::ours();
        options.language = self.language;
        options.task = self.task.into();
        options.sample_len = given.sample_len;
        options.rules.without_timestamps = given.without_timestamps;
        set(&mut options.condition_on_previous_text, given.condition_on_previous_text.map(|truth| truth.0));
        set(&mut options.no_speech_threshold, given.no_speech_threshold.map(|value| value.0));
        set(&mut options.logprob_threshold, given.logprob_threshold.map(|value| value.0));
        set(&mut options.rules.suppress_blank, given.suppress_blank.map(|truth| truth.0));
        set(&mut options.rules.max_initial_timestamp, given.max_initial_timestamp.map(|value| value.0));
        set(&mut options.rules.suppress_tokens, given.suppress_tokens.clone().map(|ids| ids.0));
        options
    }
}

fn set<T>(option: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *option = given;
    }
}
