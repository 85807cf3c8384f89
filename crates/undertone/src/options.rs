//! How a recording is transcribed: one set of options, two tables of defaults. Not flags: those are the command
//! line's.

use vad::VadOptions;
use whisper::align::{APPENDED, PREPENDED};
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

/// How words get their times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordTimes {
    /// One run of the decoder over a window's final tokens, as openai-whisper's `timing.py` does it.
    Exact,
    /// Recorded while decoding, without a second run; greedy decoding only. Windows go on where they would without
    /// words, so that the text is the same.
    InPass,
}

/// How hotwords act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HotwordsForm {
    /// Their tokens gain logits, and the model does not see them.
    Bias,
    /// They stand at the beginning of every window's prompt, as faster-whisper puts them there: without their weights,
    /// cut to half of the model's context, and not at all where there is a prefix.
    Prompt,
    /// Both.
    Both,
}

/// Every choice of a transcription; names as in openai-whisper's `transcribe()` and `DecodingOptions`, and where it
/// has none as in faster-whisper's `transcribe()`.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own, by the name that users know")]
pub struct Options {
    /// The language spoken; detected if `None`.
    pub language: Option<Language>,
    /// The languages that detection may choose among; all if empty.
    pub languages: Vec<Language>,
    /// On which sound it is detected.
    pub language_window: LanguageWindow,
    /// The probability of the best language under which further windows are heard; `None` to hear one.
    pub language_detection_threshold: Option<f64>,
    /// Whether the language is detected anew in every window.
    pub multilingual: bool,
    /// What is written.
    pub task: Task,
    /// Which tokens may come.
    pub rules: RuleOptions,
    /// The temperatures that are tried in turn while a window fails; the first is 0 for the likeliest text.
    pub temperature: Vec<f64>,
    /// Candidates at temperatures above 0; one if `None`.
    pub best_of: Option<usize>,
    /// Beams at temperature 0; greedy if `None`.
    pub beam_size: Option<usize>,
    /// How many times `beam_size` finished beams end the search; 1 if `None`.
    pub patience: Option<f64>,
    /// The exponent of Google's length penalty for ranking candidates; the plain length if `None`.
    pub length_penalty: Option<f64>,
    /// Divides the logits of tokens that are there already (multiplies negative ones); 1 for none.
    pub repetition_penalty: f64,
    /// Runs of so many tokens come once in a window at most; 0 for no such rule.
    pub no_repeat_ngram_size: usize,
    /// Tokens of one window at most; half of the model's context if `None`.
    pub sample_len: Option<usize>,
    /// The compression ratio of the text above which a window fails.
    pub compression_ratio_threshold: Option<f64>,
    /// The average log-probability under which a window fails.
    pub logprob_threshold: Option<f64>,
    /// A window whose probability of no speech is higher is skipped, unless its text is likely enough.
    pub no_speech_threshold: Option<f64>,
    /// Whether the text of earlier windows is the prompt of the next.
    pub condition_on_previous_text: bool,
    /// Text that stands before the first window.
    pub initial_prompt: Option<String>,
    /// Whether that text stands before every window.
    pub carry_initial_prompt: bool,
    /// Text that every window begins with.
    pub prefix: Option<String>,
    /// Phrases that are likelier than the model thinks, each with the logits that its tokens gain.
    pub hotwords: Vec<(String, f32)>,
    /// How they act.
    pub hotwords_form: HotwordsForm,
    /// A GBNF grammar that the text follows.
    pub grammar: Option<String>,
    /// A regular expression that the text follows.
    pub regex: Option<String>,
    /// Tokens that match never come.
    pub suppress_regex: Option<String>,
    /// Whether tokens with digits and signs of money never come.
    pub suppress_numerals: bool,
    /// Whether words get times, and how.
    pub word_timestamps: Option<WordTimes>,
    /// Signs that belong to the word behind them.
    pub prepend_punctuations: String,
    /// Signs that belong to the word before them.
    pub append_punctuations: String,
    /// Starts and ends, in turn, of the stretches that are transcribed, in seconds; the last end may be missing.
    pub clip_timestamps: Vec<f64>,
    /// Silence longer than this, in seconds, is skipped around text that was likely made up.
    pub hallucination_silence_threshold: Option<f64>,
    /// How speech is found; `None` to take all sound for speech.
    pub vad: Option<VadOptions>,
    /// Stretches that are decoded at once.
    pub batch_size: usize,
    /// Whether a sound of at most 30 s is encoded only as far as it goes, and a little further. A window that fails so is
    /// encoded and decoded again at its full 30 s. Not where every window has a language of its own.
    pub short_form: bool,
    /// Whether loops end a row at once, failed windows are no context, and speech under no text is decoded again.
    pub protections: bool,
}

impl Options {
    /// openai-whisper's defaults, those of its command line.
    pub fn openai() -> Options {
        Options {
            language: None,
            languages: Vec::new(),
            language_window: LanguageWindow::Silence,
            language_detection_threshold: None,
            multilingual: false,
            task: Task::Transcribe,
            rules: RuleOptions::default(),
            temperature: vec![0.0, 0.2, 0.4, 0.6, 0.8, 1.0],
            best_of: Some(5),
            beam_size: Some(5),
            patience: None,
            length_penalty: None,
            repetition_penalty: 1.0,
            no_repeat_ngram_size: 0,
            sample_len: None,
            compression_ratio_threshold: Some(2.4),
            logprob_threshold: Some(-1.0),
            no_speech_threshold: Some(0.6),
            condition_on_previous_text: true,
            initial_prompt: None,
            carry_initial_prompt: false,
            prefix: None,
            hotwords: Vec::new(),
            hotwords_form: HotwordsForm::Bias,
            grammar: None,
            regex: None,
            suppress_regex: None,
            suppress_numerals: false,
            word_timestamps: None,
            prepend_punctuations: PREPENDED.to_owned(),
            append_punctuations: APPENDED.to_owned(),
            clip_timestamps: vec![0.0],
            hallucination_silence_threshold: None,
            vad: None,
            batch_size: 1,
            short_form: false,
            protections: false,
        }
    }

    /// Our defaults.
    pub fn ours() -> Options {
        Options {
            language_window: LanguageWindow::Decoded,
            language_detection_threshold: Some(0.5),
            vad: Some(VadOptions::default()),
            protections: true,
            ..Options::openai()
        }
    }
}
