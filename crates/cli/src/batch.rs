//! Files through one model: what both doors share. Not the long-form loop, nor the writers.

use crate::engine::{Engine, Loudness, Wanted};
use crate::interrupt::Interrupt;
use crate::standard;
use crate::teller::Show;
use crate::work::{Queue, Work};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use undertone::writers::{Format, WriterOptions};
use undertone::{Language, Options, protections};

/// Files and what becomes of them.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Batch<'a> {
    /// The recordings, in order.
    pub files: &'a [PathBuf],
    /// The model and the device.
    pub wanted: Wanted<'a>,
    /// An ffmpeg that the user names.
    pub ffmpeg: Option<&'a Path>,
    /// How they are transcribed.
    pub options: Options,
    /// Whether options that the model would ignore are refused.
    pub protected: bool,
    /// What goes to standard output.
    pub show: Show,
    /// Whether lines are in the colours of their probabilities.
    pub colours: bool,
    /// Whether an account of each recording goes to standard error.
    pub report: bool,
    /// The folder and formats of files.
    pub write: Option<(&'a Path, &'a [Format])>,
    /// How cues are made of words.
    pub lines: WriterOptions,
    /// Whether a stopped call can be gone on with.
    pub resumable: bool,
    /// Whether to go on with one.
    pub resume: bool,
}

impl Batch<'_> {
    /// Transcribes every file that can be; the others are told of. The model is loaded with the first that can be
    /// opened.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        let mut queue = Queue::new(self)?;
        let interrupt = Interrupt::listen(self.wanted.loudness > Loudness::Quiet);
        let Some(first) = queue.open() else { return Ok(queue.code()) };
        let mut engine = Engine::load(&self.wanted, &self.options)?;
        if self.protected {
            protections::check(&self.options, &engine.model.config)?;
        }
        let options = self.options_for(&engine);
        let mut work = Work::new(queue, first, (&options, &engine.about), &interrupt);
        interrupt.working();
        engine.transcriber.transcribe_all(&options, &mut work)?;
        work.code()
    }

    /// As openai-whisper does, an English-only model hears English whatever the language given.
    fn options_for(&self, engine: &Engine) -> Options {
        let mut options = Options { batch_size: engine.lanes, ..self.options.clone() };
        let other = options.language.filter(|&language| language != Language::ENGLISH);
        if let (Some(language), false) = (other, engine.about.multilingual) {
            options.language = Some(Language::ENGLISH);
            if self.wanted.loudness > Loudness::Quiet {
                let name = language.name();
                standard::say(&format!("this model knows English only: English is used instead of {name}"));
            }
        }
        options
    }
}
