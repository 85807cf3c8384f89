//! Runs named steps one after another, prints a line with the time of each, and lists failures at the end.
//! Not a scheduler: nothing runs at the same time, and a failed step stops none of those after it.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;

/// How a step that did not fail ended.
pub enum Outcome {
    /// It passed; the text, when not empty, is shown beside its time.
    Passed(String),
    /// It could not run here; the text says why, and what to do.
    Skipped(String),
}

/// The steps run so far.
pub struct Chores {
    started: Instant,
    steps: usize,
    failures: Vec<(&'static str, String)>,
    closing: Option<String>,
}

impl Chores {
    /// No step run yet; the clock starts.
    pub fn new() -> Self {
        Self { started: Instant::now(), steps: 0, failures: Vec::new(), closing: None }
    }

    /// Runs one step. An error is kept for the end, not returned.
    pub fn step(&mut self, name: &'static str, run: impl FnOnce() -> Result<Outcome>) {
        let started = Instant::now();
        let outcome = run();
        let seconds = started.elapsed().as_secs_f64();
        self.steps += 1;
        match outcome {
            Ok(Outcome::Passed(note)) if note.is_empty() => println!("xtask: {name}: ok, {seconds:.1} s"),
            Ok(Outcome::Passed(note)) => println!("xtask: {name}: ok, {seconds:.1} s ({note})"),
            Ok(Outcome::Skipped(why)) => println!("xtask: {name}: skipped, {seconds:.1} s ({why})"),
            Err(error) => {
                println!("xtask: {name}: FAILED, {seconds:.1} s");
                self.failures.push((name, format!("{error:#}")));
            }
        }
    }

    /// Sets the line printed after the summary, the last of all.
    pub fn close_with(&mut self, line: String) {
        self.closing = Some(line);
    }

    /// Prints the summary; fails when any step failed.
    pub fn finish(self) -> ExitCode {
        let seconds = self.started.elapsed().as_secs_f64();
        println!();
        for (name, why) in &self.failures {
            println!("xtask: {name} failed:\n  {}", why.replace('\n', "\n  "));
        }
        let failed = self.failures.len();
        println!("xtask: {} of {} steps passed, {seconds:.1} s", self.steps - failed, self.steps);
        if let Some(line) = self.closing {
            println!("{line}");
        }
        if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
