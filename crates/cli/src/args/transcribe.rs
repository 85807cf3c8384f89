//! `undertone transcribe`: its options. Not its defaults: those are the library's.

use super::layout::LayoutArgs;
use super::machine::{Machine, Voice};
use super::output::{self, Output};
use super::search::{FailedWindows, Search};
use super::set;
use super::times::Times;
use super::vad::Speech;
use super::values::{self, List, OrNone, Truth};
use super::wording::{Context, Wording};
use crate::exit::Usage;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use undertone::writers::{Format, WriterOptions};
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

    /// txt, vtt, srt, tsv, json, or all of these; lrc, csv, ass or ttml [default: lines with times on standard output;
    /// all with --output-dir]
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
    pub output: Output,

    #[command(flatten)]
    lines: LayoutArgs,

    #[command(flatten)]
    heard: Heard,

    #[command(flatten)]
    vad: Speech,

    #[command(flatten)]
    context: Context,

    #[command(flatten)]
    wording: Wording,

    #[command(flatten)]
    times: Times,

    #[command(flatten)]
    search: Search,

    #[command(flatten)]
    failed: FailedWindows,
}

/// Which language is heard where none is given.
#[derive(Args)]
#[command(next_help_heading = "Language")]
struct Heard {
    /// Languages that detection may choose among, separated by commas [default: all]
    #[arg(long, value_name = "LANGUAGES", value_parser = values::languages, conflicts_with = "language")]
    languages: Option<List<Language>>,

    /// Detect the language anew in every window
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "True")]
    multilingual: Option<Truth>,

    /// Hear further windows while the best language is less likely than this; None to hear one [default: 0.5]
    #[arg(long, value_name = "P", value_parser = values::optional_share)]
    language_detection_threshold: Option<OrNone<f64>>,

    /// Stretches of a recording that are decoded at once
    #[arg(long, value_name = "N", default_value = "1", value_parser = values::some, help_heading = "Machine")]
    batch_size: usize,
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

impl Transcribe {
    /// Our defaults with what is given in their place, and how cues are made of words.
    ///
    /// # Errors
    /// Options that go only with others, or a file of phrases that can't be read.
    pub fn options(&self) -> Result<(Options, WriterOptions), Usage> {
        let mut options = Options::ours();
        options.language = self.language;
        options.task = self.task.into();
        options.languages = self.heard.languages.as_ref().map_or_else(Vec::new, |list| list.0.clone());
        options.multilingual = self.heard.multilingual.is_some_and(|truth| truth.0);
        let threshold = self.heard.language_detection_threshold.map(|value| value.0);
        set(&mut options.language_detection_threshold, threshold);
        options.batch_size = self.heard.batch_size;
        self.context.apply(&mut options);
        self.wording.apply(&mut options)?;
        self.times.apply(&mut options);
        self.search.apply(&mut options)?;
        self.failed.apply(&mut options)?;
        self.vad.apply(&mut options)?;
        let lines = output::lines(&self.lines, &mut options, self.times.decide_words())?;
        Ok((options, lines))
    }
}
