//! Progress bars on standard error, where that is a terminal. Not messages: those are standard's.

use crate::engine::Loudness;
use crate::standard;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::RefCell;
use std::io::{IsTerminal as _, stderr};
use std::time::Instant;
use undertone::Progress;

/// Whether bars are drawn at all.
fn wanted(loudness: Loudness) -> bool {
    loudness > Loudness::Quiet && stderr().is_terminal()
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates here are sound").progress_chars("=> ")
}

/// Bytes on their way.
pub struct Downloads {
    loudness: Loudness,
    bar: RefCell<Option<ProgressBar>>,
}

impl Downloads {
    /// Bars where they are wanted.
    pub fn new(loudness: Loudness) -> Downloads {
        Downloads { loudness, bar: RefCell::new(None) }
    }
}

impl Progress for Downloads {
    fn begin(&self, what: &str, total: Option<u64>) {
        if !wanted(self.loudness) {
            return;
        }
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
        bar.set_style(style(match total {
            Some(_) => "{msg} [{wide_bar}] {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
            None => "{msg} {spinner} {bytes}, {bytes_per_sec}",
        }));
        bar.set_message(what.to_owned());
        *self.bar.borrow_mut() = Some(bar);
    }

    fn position(&self, done: u64) {
        if let Some(bar) = &*self.bar.borrow() {
            bar.set_position(done);
        }
    }

    fn end(&self) {
        if let Some(bar) = self.bar.borrow_mut().take() {
            bar.finish_and_clear();
        }
    }

    fn note(&self, line: &str) {
        if self.loudness > Loudness::Quiet {
            match &*self.bar.borrow() {
                Some(bar) => bar.suspend(|| standard::say(&line)),
                None => standard::say(&line),
            }
        }
    }
}

/// Seconds of sound that are done, with the speed.
pub struct Seconds {
    bar: Option<ProgressBar>,
    started: Instant,
}

impl Seconds {
    /// A bar called `name` where it is wanted, or none.
    pub fn new(loudness: Loudness, name: &str) -> Seconds {
        let bar = wanted(loudness).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.set_style(style("{prefix} [{wide_bar}] {pos} of {len} s{msg}"));
            bar.with_prefix(name.to_owned())
        });
        Seconds { bar, started: Instant::now() }
    }

    /// No bar.
    pub fn none() -> Seconds {
        Seconds { bar: None, started: Instant::now() }
    }

    /// `done` of `of` seconds of sound are done.
    pub fn position(&self, done: f64, of: f64) {
        if let Some(bar) = &self.bar {
            bar.set_length(of.ceil() as u64);
            bar.set_position(done.ceil() as u64);
            let speed = done / self.started.elapsed().as_secs_f64().max(1e-3);
            bar.set_message(format!(", {speed:.1} times real time"));
        }
    }
}

impl Drop for Seconds {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
