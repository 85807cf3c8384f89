//! `undertone whisper`: openai-whisper's options, with its spelling, values, defaults, warnings and errors. Not the
//! decoding.

use super::decoding::TaskChoice;
use super::machine::{Arithmetic, Voice};
use super::transcribe::{Formats, formats};
use super::values::{self, List, OrNone, Truth};
use crate::exit::Usage;
use clap::Args;
use clap::builder::PossibleValuesParser;
use std::path::PathBuf;
use undertone::options::WordTimes;
use undertone::writers::WriterOptions;
use undertone::{Language, Options, Task};

/// Transcribe with openai-whisper's options, defaults and file names
#[derive(Args)]
#[command(rename_all = "snake_case")]
#[command(
    after_help = "Example:\n  undertone whisper talk.mp3 --model base --language en --word_timestamps True --output_format srt"
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

    /// txt, vtt, srt, tsv, json, or all of these; lrc, csv, ass or ttml
    #[arg(long, short = 'f', default_value = "all", value_name = "FORMAT", value_parser = formats)]
    pub output_format: Formats,

    /// Whether to print segments as they come: True or False
    #[arg(long, default_value = "True", value_name = "BOOL", value_parser = values::boolean)]
    pub verbose: Truth,

    /// transcribe, or translate into English
    #[arg(long, value_enum, default_value_t = TaskChoice::Transcribe)]
    task: TaskChoice,

    /// Language that is spoken, as a code (de) or a name (German) [default: detected]
    #[arg(long, value_name = "LANGUAGE", value_parser = languages(), hide_possible_values = true)]
    language: Option<String>,

    /// Temperature to sample at; 0 takes the likeliest text
    #[arg(long, default_value = "0", value_name = "T", value_parser = values::positive)]
    temperature: f64,

    /// Candidates when sampling
    #[arg(long, default_value = "5", value_name = "N", value_parser = values::optional_count)]
    best_of: OrNone<usize>,

    /// Beams of the search at temperature 0; None to take the likeliest token each time
    #[arg(long, default_value = "5", value_name = "N", value_parser = values::optional_some)]
    beam_size: OrNone<usize>,

    /// How many times beam_size finished beams end the search [default: 1]
    #[arg(long, value_name = "X", value_parser = values::positive)]
    patience: Option<f64>,

    /// Exponent of the length that candidates' scores are divided by, from 0 to 1 [default: the plain length]
    #[arg(long, value_name = "X", value_parser = values::share)]
    length_penalty: Option<f64>,

    /// Token ids that never come, separated by commas; -1 stands for what is not speech
    #[arg(long, default_value = "-1", value_name = "IDS", allow_hyphen_values = true, value_parser = values::ids)]
    suppress_tokens: List<i64>,

    /// Text that comes before the first window
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    initial_prompt: Option<String>,

    /// Whether that text comes before every window
    #[arg(long, default_value = "False", value_name = "BOOL", value_parser = values::boolean)]
    carry_initial_prompt: Truth,

    /// Whether earlier text is the prompt of each next window
    #[arg(long, default_value = "True", value_name = "BOOL", value_parser = values::boolean)]
    condition_on_previous_text: Truth,

    /// Accepted for openai-whisper's sake; as there, a CPU computes in f32
    #[arg(long, default_value = "True", value_name = "BOOL", value_parser = values::boolean)]
    fp16: Truth,

    /// Step to the next temperature when a window fails; None for one temperature
    #[arg(long, default_value = "0.2", value_name = "STEP", value_parser = values::optional_float)]
    temperature_increment_on_fallback: OrNone<f64>,

    /// Compression ratio of the text above which a window fails
    #[arg(long, default_value = "2.4", value_name = "RATIO", value_parser = values::optional_float)]
    compression_ratio_threshold: OrNone<f64>,

    /// Average log-probability below which a window fails
    #[arg(long, default_value = "-1.0", value_name = "LOGPROB")]
    #[arg(value_parser = values::optional_float)]
    logprob_threshold: OrNone<f64>,

    /// Probability of no speech above which a window that failed is skipped
    #[arg(long, default_value = "0.6", value_name = "P", value_parser = values::optional_float)]
    no_speech_threshold: OrNone<f64>,

    /// Whether to time every word
    #[arg(long, default_value = "False", value_name = "BOOL", value_parser = values::boolean)]
    word_timestamps: Truth,

    /// Punctuation that belongs to the next word
    #[arg(long, default_value = "\"'“¿([{-", value_name = "CHARS", allow_hyphen_values = true)]
    prepend_punctuations: String,

    /// Punctuation that belongs to the word before it
    #[arg(
        long,
        default_value = "\"'.。,，!！?？:：”)]}、",
        value_name = "CHARS",
        allow_hyphen_values = true
    )]
    append_punctuations: String,

    /// Whether to underline each word as it is spoken, in srt and vtt; needs word_timestamps
    #[arg(long, default_value = "False", value_name = "BOOL", value_parser = values::boolean)]
    highlight_words: Truth,

    /// Characters of a line at most; needs word_timestamps
    #[arg(long, value_name = "N", value_parser = values::optional_count)]
    max_line_width: Option<OrNone<usize>>,

    /// Lines of a cue at most; needs word_timestamps and max_line_width
    #[arg(long, value_name = "N", value_parser = values::optional_count)]
    max_line_count: Option<OrNone<usize>>,

    /// Words of a line at most; needs word_timestamps, and no max_line_width
    #[arg(long, value_name = "N", value_parser = values::optional_count)]
    max_words_per_line: Option<OrNone<usize>>,

    /// Processor cores to use; 0 for all physical cores
    #[arg(long, default_value = "0", value_name = "N")]
    #[arg(value_parser = values::optional_integer)]
    threads: OrNone<i64>,

    /// Stretches to transcribe, in seconds: start,end,start,end,...; the last end may be missing
    #[arg(long, default_value = "0", value_name = "TIMES", value_parser = values::times)]
    clip_timestamps: List<f64>,

    /// Silence in seconds that is skipped where text was likely made up; needs word_timestamps
    #[arg(long, value_name = "SECONDS", value_parser = values::optional_float)]
    hallucination_silence_threshold: Option<OrNone<f64>>,

    #[command(flatten)]
    pub arithmetic: Arithmetic,

    #[command(flatten)]
    pub voice: Voice,
}

/// Codes, and every name with capitals, as openai-whisper lists them; and `None`.
fn languages() -> PossibleValuesParser {
    let codes = Language::all().map(|language| language.code().to_owned());
    let mut codes: Vec<String> = codes.collect();
    let mut names: Vec<String> = Language::names().map(values::title).collect();
    codes.sort();
    names.sort();
    codes.append(&mut names);
    codes.push("None".to_owned());
    PossibleValuesParser::new(codes)
}

/// The number, unless it is 0 or none: what Python holds for true.
fn truthy(value: Option<OrNone<usize>>) -> Option<usize> {
    value.and_then(|value| value.0).filter(|value| *value > 0)
}

impl Whisper {
    /// openai-whisper's defaults with what is given in their place.
    ///
    /// # Errors
    /// Options that go only with others, in openai-whisper's words where it has some.
    pub fn options(&self) -> Result<Options, Usage> {
        self.words_for_lines()?;
        let mut options = Options::openai();
        options.language = self.spoken();
        options.task = self.task.into();
        options.temperature = values::steps(self.temperature, self.temperature_increment_on_fallback.0)
            .map_err(|error| Usage(format!("--temperature_increment_on_fallback: {error}")))?;
        options.best_of = self.best_of.0.filter(|best_of| *best_of > 0);
        options.beam_size = self.beam_size.0;
        options.patience = self.patience;
        options.length_penalty = self.length_penalty;
        options.rules.suppress_tokens.clone_from(&self.suppress_tokens.0);
        options.initial_prompt.clone_from(&self.initial_prompt);
        options.carry_initial_prompt = self.carry_initial_prompt.0;
        options.condition_on_previous_text = self.condition_on_previous_text.0;
        options.compression_ratio_threshold = self.compression_ratio_threshold.0;
        options.logprob_threshold = self.logprob_threshold.0;
        options.no_speech_threshold = self.no_speech_threshold.0;
        options.word_timestamps = self.word_timestamps.0.then_some(WordTimes::Exact);
        options.prepend_punctuations.clone_from(&self.prepend_punctuations);
        options.append_punctuations.clone_from(&self.append_punctuations);
        options.clip_timestamps.clone_from(&self.clip_timestamps.0);
        options.hallucination_silence_threshold =
            self.hallucination_silence_threshold.and_then(|value| value.0);
        patience_with_beams(&options)?;
        Ok(options)
    }

    /// How cues are made of words, and the language's name in the JSON: what was given, as it was typed.
    pub fn lines(&self) -> WriterOptions {
        WriterOptions {
            highlight_words: self.highlight_words.0,
            max_line_width: truthy(self.max_line_width),
            max_line_count: truthy(self.max_line_count),
            max_words_per_line: truthy(self.max_words_per_line),
            language: self.repeated().map(str::to_owned),
            ..WriterOptions::default()
        }
    }

    /// What openai-whisper warns of, in its words and order.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let other = self.given_language().filter(|language| *language != Language::ENGLISH);
        if let (true, Some(_), Some(given)) = (self.knows_english_only(), other, &self.language) {
            let model = &self.model;
            warnings.push(format!(
                "{model} is an English-only model but receipted '{given}'; using English instead."
            ));
        }
        let (width, count) = (truthy(self.max_line_width), truthy(self.max_line_count));
        let mut warn = |warned: bool, text: &str| {
            if warned {
                warnings.push(text.to_owned());
            }
        };
        warn(count.is_some() && width.is_none(), "--max_line_count has no effect without --max_line_width");
        let words = truthy(self.max_words_per_line);
        warn(words.is_some() && width.is_some(), "--max_words_per_line has no effect with --max_line_width");
        warn(self.fp16.0, "FP16 is not supported on CPU; using FP32 instead");
        let translated = self.word_timestamps.0 && Task::from(self.task) == Task::Translate;
        warn(translated, "Word-level timestamps on translations may not be reliable.");
        warnings
    }

    /// How many threads to use, if that is said.
    pub fn threads(&self) -> Option<usize> {
        self.threads.0.and_then(|threads| usize::try_from(threads).ok())
    }

    /// Whether the name says that the model was trained on English alone.
    fn knows_english_only(&self) -> bool {
        self.model.strip_suffix(".en").is_some()
    }

    fn given_language(&self) -> Option<Language> {
        self.language.as_ref().and_then(|name| name.parse().ok())
    }

    /// The language to decode in.
    fn spoken(&self) -> Option<Language> {
        if self.knows_english_only() { Some(Language::ENGLISH) } else { self.given_language() }
    }

    /// The language as it was typed, where it is what is decoded in.
    fn repeated(&self) -> Option<&str> {
        let given = self.given_language()?;
        let heard = !self.knows_english_only() || given == Language::ENGLISH;
        self.language.as_deref().filter(|_| heard)
    }

    /// Lines are cut between words.
    fn words_for_lines(&self) -> Result<(), Usage> {
        let asked = [
            (self.highlight_words.0, "highlight_words"),
            (truthy(self.max_line_count).is_some(), "max_line_count"),
            (truthy(self.max_line_width).is_some(), "max_line_width"),
            (truthy(self.max_words_per_line).is_some(), "max_words_per_line"),
        ];
        match asked.iter().find(|(asked, _)| *asked && !self.word_timestamps.0) {
            Some((_, name)) => Err(Usage(format!("--{name} requires --word_timestamps True"))),
            None => Ok(()),
        }
    }
}

/// openai-whisper finds these out in every window; they hold for none.
fn patience_with_beams(options: &Options) -> Result<(), Usage> {
    let Some(patience) = options.patience.filter(|_| options.temperature.contains(&0.0)) else {
        return Ok(());
    };
    match options.beam_size {
        None => Err(Usage("patience requires beam_size to be given".to_owned())),
        Some(beams) if (beams as f64 * patience).round_ties_even() < 1.0 => Err(Usage(format!(
            "{beams} beams with patience {patience} would end before they begin: expected a larger patience"
        ))),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
