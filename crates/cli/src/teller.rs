//! Tells of a transcript while it grows: lines on standard output, a bar on standard error. Not the files that come of
//! it.

use crate::args::values;
use crate::engine::Loudness;
use crate::progress::Seconds;
use crate::standard;
use std::io;
use undertone::writers::{self, Format};
use undertone::{Language, Listener, Segment};

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

/// Tells of one recording. What comes before its turn is held back, so that recordings follow one another.
pub struct Teller {
    show: Show,
    loudness: Loudness,
    colours: bool,
    /// Lines to tell when its turn comes; `None` in its turn.
    held: Option<Vec<String>>,
    bar: Seconds,
    /// The first write that failed; nothing more is written then.
    failed: Option<io::Error>,
    /// Whether nothing more will come.
    pub over: bool,
}

impl Teller {
    /// Of a recording whose turn has not come.
    pub fn new(show: Show, loudness: Loudness, colours: bool) -> Teller {
        let held = Some(Vec::new());
        Teller { show, loudness, colours, held, bar: Seconds::none(), failed: None, over: false }
    }

    /// Its turn has come: what was held back is told, and a bar drawn.
    pub fn turn(&mut self, bar: impl FnOnce() -> Seconds) {
        if let Some(held) = self.held.take() {
            self.bar = bar();
            for line in &held {
                self.tell(line);
            }
        }
    }

    /// Tells a line, or keeps it for its turn.
    pub fn tell(&mut self, line: &str) {
        if let Some(held) = &mut self.held {
            held.push(line.to_owned());
            return;
        }
        if self.failed.is_none() {
            let line = format!("{line}\n");
            // Files are the data beside an account; else lines are.
            self.failed = match self.show {
                Show::Account(_) => standard::show(&line),
                _ => standard::print(line.as_bytes()),
            }
            .err();
        }
    }

    /// The first write that failed.
    pub fn failure(&mut self) -> Option<io::Error> {
        self.failed.take()
    }

    fn line(&self, segment: &Segment) -> String {
        if self.colours { writers::coloured_line(segment) } else { writers::line(segment) }
    }
}

impl Listener for Teller {
    fn language(&mut self, language: Language, probability: Option<f64>) {
        let Some(probability) = probability else { return };
        if let Show::Account(_) = self.show {
            self.tell(&format!("Detected language: {}", values::title(language.name())));
        } else if self.loudness == Loudness::Verbose {
            let percent = probability * 100.0;
            standard::say(&format!("the language is {} ({percent:.0} %)", language.name()));
        }
    }

    fn decoded(&mut self, segment: &Segment) {
        if self.show == Show::Account(true) {
            self.tell(&self.line(segment));
        }
    }

    fn segment(&mut self, segment: &Segment) {
        if self.show == Show::Lines && !segment.text.trim().is_empty() {
            self.tell(&self.line(segment));
        }
    }

    fn progress(&mut self, done: f64, of: f64) {
        self.bar.position(done, of);
    }
}
