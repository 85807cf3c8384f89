//! How a recording is transcribed: one set of options, two tables of defaults. Not flags: those are the command
//! line's.

use whisper::languages::Language;
use whisper::rules::RuleOptions;
use whisper::tokenizer::Task;

/// On which sound the language is detected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LanguageWindow {
    /// The first window as it is decoded: cut at the end of the sound and filled with mel 0. Saves an encoder pass.
    Decoded,
    /// The first 30 s of the sound followed by silence, as openai-whisper does it.
    Silence,
}

/// Every choice of a transcription; names as in openai-whisper's `transcribe()` and `DecodingOptions`.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The language spoken; detected if `None`.
    pub language: Option<Language>,
    /// On which sound it is detected.
    pub language_window: LanguageWindow,
    /// What is written.
    pub task: Task,
    /// Which tokens may come.
    pub rules: RuleOptions,
    /// Tokens of one window at most; half of the model's context if `None`.
    pub sample_len: Option<usize>,
    /// A window whose probability of no speech is higher is skipped, unless its text is likely enough.
    pub no_speech_threshold: Option<f64>,
    /// The average log-probability above which a window is kept whatever its probability of no speech.
    pub logprob_threshold: Option<f64>,
    /// Whether the text of earlier windows is the prompt of the next.
    pub condition_on_previous_text: bool,
}

impl Options {
    /// openai-whisper's defaults.
    pub fn openai() -> Options {
        Options {
            language: None,
            language_window: LanguageWindow::Silence,
            task: Task::Transcribe,
            rules: RuleOptions::default(),
            sample_len: None,
            no_speech_threshold: Some(0.6),
            logprob_threshold: Some(-1.0),
            condition_on_previous_text: true,
        }
    }

    /// Our defaults.
    pub fn ours() -> Options {
        Options { language_window: LanguageWindow::Decoded, ..Options::openai() }
    }
}
