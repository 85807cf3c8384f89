//! Files through one model, one after another: what both doors share. Not the long-form loop, nor the writers.

use crate::args::values;
use crate::engine::{self, Engine, Loudness, Wanted};
use crate::progress::Seconds;
use crate::{exit, standard};
use anyhow::anyhow;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use undertone::writers::{self, Format};
use undertone::{Language, Listener, Options, Segment, outputs, protections};

/// What goes to standard output.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Nothing.
    Nothing,
    /// The transcript: a line for each segment with text, as it comes.
    Lines,
    /// The transcript in a format, when it is whole.
    Format(Format),
    /// What openai-whisper prints beside the files that it writes: the language, and with `true` every segment.
    Account(bool),
}

/// Files and what becomes of them.
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
    /// The folder and formats of files.
    pub write: Option<(&'a Path, &'a [Format])>,
}

/// What ends the whole batch, or only one file of it.
enum Failure {
    Batch(anyhow::Error),
    File(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure::File(error.into())
    }
}

impl Batch<'_> {
    /// Transcribes every file that can be; the others are told of.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        let plan = match self.write {
            Some((folder, formats)) => {
                let plan = outputs::plan(folder, self.files, formats)?;
                outputs::make_folder(folder)?;
                plan
            }
            None => vec![Vec::new(); self.files.len()],
        };
        let mut engine = None;
        let mut failed = false;
        for (file, paths) in self.files.iter().zip(&plan) {
            match self.one(file, paths, &mut engine) {
                Ok(()) => {}
                Err(Failure::Batch(error)) => return Err(error),
                Err(Failure::File(error)) => {
                    failed = true;
                    standard::complain(&format!("{}: {error}", file.display()));
                }
            }
        }
        Ok(if failed { ExitCode::from(exit::FAILED) } else { ExitCode::SUCCESS })
    }

    /// Transcribes one file. The model is loaded with the first that can be opened.
    fn one(
        &self,
        file: &Path,
        paths: &[(Format, PathBuf)],
        engine: &mut Option<Engine>,
    ) -> Result<(), Failure> {
        let loudness = self.wanted.loudness;
        let sound = engine::sound(file, self.ffmpeg, loudness)?;
        let engine = match engine {
            Some(engine) => engine,
            None => engine.insert(self.load().map_err(Failure::Batch)?),
        };
        let options = self.options_for(engine);
        let mut teller = Teller { show: self.show, loudness, bar: self.bar(file), failed: None };
        if let (Show::Account(true), None, true) =
            (self.show, options.language, engine.model.config.is_multilingual())
        {
            teller.show("Detecting language using up to the first 30 seconds. Use `--language` to specify the language");
        }
        let started = Instant::now();
        let outcome = engine.transcriber.transcribe(&sound, &options, &mut teller)?;
        let took = started.elapsed().as_secs_f64();
        let failed = teller.failed.take();
        drop(teller);
        let mut transcript = outcome.transcript;
        transcript.run = Some(engine.run(&options, took));
        for (format, path) in paths {
            writers::write_file(*format, &transcript, path)?;
            if loudness == Loudness::Verbose {
                standard::say(&format!("{}: wrote {}", file.display(), path.display()));
            }
        }
        if let Show::Format(format) = self.show {
            let mut data = Vec::new();
            writers::write(format, &transcript, &mut data)?;
            if format == Format::Json {
                data.push(b'\n');
            }
            standard::print(&data).map_err(|error| Failure::Batch(unwritable(&error)))?;
        }
        match (failed, outcome.damage) {
            (Some(error), _) => Err(Failure::Batch(unwritable(&error))),
            (None, Some(damage)) => Err(damage.into()),
            (None, None) => Ok(()),
        }
    }

    fn load(&self) -> anyhow::Result<Engine> {
        let engine = Engine::load(&self.wanted, &self.options)?;
        if self.protected {
            protections::check(&self.options, &engine.model.config)?;
        }
        Ok(engine)
    }

    /// As openai-whisper does, an English-only model hears English whatever the language given.
    fn options_for(&self, engine: &Engine) -> Options {
        let mut options = self.options.clone();
        let other = options.language.filter(|&language| language != Language::ENGLISH);
        if let (Some(language), false) = (other, engine.model.config.is_multilingual()) {
            options.language = Some(Language::ENGLISH);
            if self.wanted.loudness > Loudness::Quiet {
                let name = language.name();
                standard::say(&format!("this model knows English only: English is used instead of {name}"));
            }
        }
        options
    }

    /// Lines on a terminal are progress enough.
    fn bar(&self, file: &Path) -> Seconds {
        let lines = matches!(self.show, Show::Lines | Show::Account(true));
        if lines && io::stdout().is_terminal() {
            return Seconds::none();
        }
        let name = file.file_name().unwrap_or(file.as_os_str());
        Seconds::new(self.wanted.loudness, &name.to_string_lossy())
    }
}

/// Tells of a transcript while it grows.
struct Teller {
    show: Show,
    loudness: Loudness,
    bar: Seconds,
    /// The first write that failed; nothing more is written then.
    failed: Option<io::Error>,
}

impl Teller {
    fn print(&mut self, line: &str) {
        self.keep(|| standard::print(format!("{line}\n").as_bytes()));
    }

    fn show(&mut self, line: &str) {
        self.keep(|| standard::show(&format!("{line}\n")));
    }

    fn keep(&mut self, write: impl FnOnce() -> io::Result<()>) {
        if self.failed.is_none() {
            self.failed = write().err();
        }
    }
}

impl Listener for Teller {
    fn language(&mut self, language: Language, probability: Option<f64>) {
        let Some(probability) = probability else { return };
        if let Show::Account(_) = self.show {
            self.show(&format!("Detected language: {}", values::title(language.name())));
        } else if self.loudness == Loudness::Verbose {
            let percent = probability * 100.0;
            standard::say(&format!("the language is {} ({percent:.0} %)", language.name()));
        }
    }

    fn decoded(&mut self, segment: &Segment) {
        if self.show == Show::Account(true) {
            self.show(&writers::line(segment));
        }
    }

    fn segment(&mut self, segment: &Segment) {
        match self.show {
            Show::Lines if !segment.text.trim().is_empty() => self.print(&writers::line(segment)),
            _ => {}
        }
    }

    fn progress(&mut self, done: f64, of: f64) {
        self.bar.position(done, of);
    }
}

fn unwritable(error: &io::Error) -> anyhow::Error {
    anyhow!("can't write to standard output: {error}")
}
