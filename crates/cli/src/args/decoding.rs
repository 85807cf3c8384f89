//! Every option that changes the words: what `transcribe` and `eval` share. Not their files, nor what they write.

use super::search::{FailedWindows, Search};
use super::set;
use super::times::Times;
use super::vad::Speech;
use super::values::{self, List, OrNone, Truth};
use super::wording::{Context, Wording};
use crate::exit::Usage;
use clap::{Args, ValueEnum};
use undertone::memory::Limit;
use undertone::{Language, Options, Task};

/// The groups of [`Decoding`] and [`Asked`], as clap names them.
pub const GROUPS: [&str; 8] =
    ["Asked", "Heard", "Speech", "Context", "Wording", "Times", "Search", "FailedWindows"];

/// What the model is asked for.
#[derive(Args)]
pub struct Asked {
    /// transcribe, or translate into English
    #[arg(long, value_enum, default_value_t = TaskChoice::Transcribe)]
    task: TaskChoice,
}

impl Asked {
    /// The task.
    pub fn task(&self) -> Task {
        self.task.into()
    }
}

/// A task.
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

/// How sound becomes words.
#[derive(Args)]
pub struct Decoding {
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

    /// Stretches of a recording that are decoded at once [default: 1]
    #[arg(long, value_name = "N", value_parser = values::some, help_heading = "Machine")]
    batch_size: Option<usize>,

    /// Encode files of at most 30 s only as far as their sound goes, and again with silence up to 30 s where the text is
    /// doubtful; longer files are not affected
    #[arg(long, help_heading = "Machine")]
    short_form: bool,

    /// Memory that may be taken, such as 300MB or 1.5GB: picks what fits of precision and lanes where these are not given
    #[arg(long, value_name = "SIZE", value_parser = values::size, help_heading = "Machine")]
    max_memory: Option<usize>,
}

impl Heard {
    fn apply(&self, options: &mut Options) {
        options.languages = self.languages.as_ref().map_or_else(Vec::new, |list| list.0.clone());
        options.multilingual = self.multilingual.is_some_and(|truth| truth.0);
        let threshold = self.language_detection_threshold.map(|value| value.0);
        set(&mut options.language_detection_threshold, threshold);
        set(&mut options.batch_size, self.batch_size);
        options.short_form = self.short_form;
    }
}

impl Decoding {
    /// Our defaults with what is given in their place.
    ///
    /// # Errors
    /// Options that go only with others, or a file of phrases that can't be read.
    pub fn options(&self, asked: &Asked, language: Option<Language>) -> Result<Options, Usage> {
        let mut options = Options { language, task: asked.task(), ..Options::ours() };
        self.heard.apply(&mut options);
        self.context.apply(&mut options);
        self.wording.apply(&mut options)?;
        self.times.apply(&mut options);
        self.search.apply(&mut options)?;
        self.failed.apply(&mut options)?;
        self.vad.apply(&mut options)?;
        Ok(options)
    }

    /// How much memory may be taken, if that is said.
    pub fn limit(&self) -> Option<Limit> {
        let Heard { max_memory, batch_size, .. } = self.heard;
        max_memory.map(|bytes| Limit { bytes, lanes_given: batch_size.is_some() })
    }

    /// Whether it is said if words are timed.
    pub fn decide_words(&self) -> bool {
        self.times.decide_words()
    }
}
