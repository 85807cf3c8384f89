//! Runs the workspace's tests, counts them, and blesses expectations. Not a test harness: cargo's runs them.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::cargo;
use crate::chores::{Chores, Outcome};

/// Tells graph file tests and the test of docs/ops.md to rewrite what they expect.
const BLESS: &[(&str, &str)] =
    &[("UNDERTONE_BLESS", "1"), ("INSTA_UPDATE", "always"), ("INSTA_FORCE_PASS", "1")];

/// The packages whose tests hold expectations that `bless` rewrites.
const BLESSED: &[&str] = &["-p", "graph", "-p", "compiler", "-p", "testkit", "-p", "cpu"];

/// Runs `cargo test` on the workspace, or on what `cargo_args` select, and closes with the counts.
pub fn test(chores: &mut Chores, cargo_args: &[String]) {
    counted(chores, "tests", &or(cargo_args, &["--workspace"]), &[]);
}

/// Rewrites expectations: of `cargo_args`' tests, else of the packages that hold graph file tests.
pub fn bless(chores: &mut Chores, cargo_args: &[String]) {
    counted(chores, "bless", &or(cargo_args, BLESSED), BLESS);
}

/// Runs `cargo test` with `args` as a step of that name, and closes with the counts.
pub fn counted(chores: &mut Chores, name: &'static str, args: &[&str], env: &[(&str, &str)]) {
    let mut counts = Counts::default();
    chores.step(name, || run(args, env, &mut counts));
    chores.close_with(counts.closing());
}

fn or<'a>(given: &'a [String], default: &[&'a str]) -> Vec<&'a str> {
    if given.is_empty() { default.to_vec() } else { given.iter().map(String::as_str).collect() }
}

/// Runs `cargo test`, showing its output line by line while counting.
fn run(args: &[&str], env: &[(&str, &str)], counts: &mut Counts) -> Result<Outcome> {
    let mut child = cargo::command()
        .args(["test", "--no-fail-fast"])
        .args(args)
        .envs(env.iter().copied())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo test")?;
    let output = child.stdout.take().context("cargo test has no output")?;
    let mut shown = std::io::stdout().lock();
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("cannot read what cargo test prints")?;
        shown.write_all(&line)?;
        shown.write_all(b"\n")?;
        counts.read(&String::from_utf8_lossy(&line));
    }
    drop(shown);
    let status = child.wait()?;
    if !counts.failures.is_empty() {
        bail!("{}", counts.failures.join("\n"));
    }
    if !status.success() {
        bail!("cargo test ended with {status}, and no test is to blame: see its output above");
    }
    if counts.passed == 0 {
        bail!("no test ran");
    }
    Ok(Outcome::Passed(format!("{} passed", counts.passed)))
}

/// The sums of libtest's summaries.
#[derive(Default, Debug, PartialEq)]
struct Counts {
    passed: u64,
    failed: u64,
    skipped: u64,
    /// The names of failed tests.
    failures: Vec<String>,
}

impl Counts {
    /// Takes in one line of output.
    fn read(&mut self, line: &str) {
        if let Some(summary) = line.strip_prefix("test result: ") {
            self.passed += count(summary, "passed");
            self.failed += count(summary, "failed");
            self.skipped += count(summary, "ignored");
        } else if let Some(name) =
            line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED"))
        {
            self.failures.push(name.to_owned());
        }
    }

    /// The line that a reader of logs looks for.
    fn closing(&self) -> String {
        format!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// The number before `word` in libtest's summary; 0 when there is none.
fn count(summary: &str, word: &str) -> u64 {
    let words: Vec<&str> = summary.split([' ', ';', '.']).collect();
    let at = words.iter().position(|found| *found == word);
    at.and_then(|at| words.get(at.checked_sub(1)?)).and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_add_up() {
        let mut counts = Counts::default();
        for line in [
            "running 3 tests",
            "test floors::tests::down ... ok",
            "test sums::tests::carry ... FAILED",
            "test result: FAILED. 12 passed; 1 failed; 2 ignored; 0 measured; 7 filtered out; finished in 0.31s",
            "test result: ok. 30 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s",
            "test result without numbers",
        ] {
            counts.read(line);
        }
        let failures = vec!["sums::tests::carry".to_owned()];
        assert_eq!(counts, Counts { passed: 42, failed: 1, skipped: 2, failures });
        assert_eq!(counts.closing(), "42 passed, 1 failed, 2 skipped");
    }
}
