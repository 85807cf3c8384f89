//! Graph file tests: files `*.graph` whose first line is the command, `; test parse`. A command says what the
//! whole file should be; the runner compares or, blessing, writes it. Not a device's tests: a crate that has a
//! device runs its files with commands of its own beside these.

mod commands;
pub mod device;

pub use commands::{EXPECT, UNCHANGED, commands, evaluate_both};

use crate::diff::diff;
use std::fmt;
use std::path::{Path, PathBuf};

/// One file.
#[derive(Clone, Debug)]
pub struct FileTest {
    /// Where it is, relative to the directory that was searched.
    pub path: PathBuf,
    /// The words after the command on the first line.
    pub args: Vec<String>,
    /// All of it.
    pub text: String,
}

impl FileTest {
    /// Whether its name says that nothing may happen.
    pub fn must_not_fire(&self) -> bool {
        self.path.to_string_lossy().contains("must_not_fire")
    }

    /// The first line.
    pub fn head(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }
}

/// What a file should be.
///
/// # Errors
/// What is wrong with it that no new expectation mends.
pub type Verdict = Result<String, String>;

/// A command that a file's first line can name.
pub struct Command {
    /// The word after `; test`.
    pub name: &'static str,
    /// Runs one file.
    pub run: Box<dyn Fn(&FileTest) -> Verdict>,
}

/// What came of all files.
#[derive(Debug, Default)]
pub struct Report {
    /// How many were run.
    pub ran: usize,
    /// How many were rewritten.
    pub blessed: usize,
    /// Each failed file with what is wrong.
    pub failures: Vec<(PathBuf, String)>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (path, message) in &self.failures {
            writeln!(f, "\n{}:\n{}", path.display(), message.trim_end())?;
        }
        write!(f, "\n{} graph files, {} failed, {} blessed", self.ran, self.failures.len(), self.blessed)
    }
}

/// Every command there is. A runner passes over the files of those that it was not given: another crate runs them.
pub const NAMES: &[&str] = &["parse", "verify", "pass", "plan", "run"];

/// Runs the files below `dir` that name one of `commands`.
///
/// # Errors
/// A directory can't be listed, or a file not be read or written.
pub fn run_files(dir: &Path, commands: &[Command], bless: bool) -> std::io::Result<Report> {
    let mut report = Report::default();
    for test in find(dir)? {
        let another = |name: &str| NAMES.contains(&name) && commands.iter().all(|c| c.name != name);
        if command(&test).is_some_and(another) {
            continue;
        }
        report.ran += 1;
        match run_one(&test, commands) {
            Ok(expected) if expected == test.text => {}
            Ok(expected) if bless => {
                std::fs::write(dir.join(&test.path), expected)?;
                report.blessed += 1;
            }
            Ok(expected) => {
                let message =
                    format!("is not what it should be (- is, + should be):\n{}", diff(&test.text, &expected));
                report.failures.push((test.path, message));
            }
            Err(message) => report.failures.push((test.path, message)),
        }
    }
    Ok(report)
}

fn run_one(test: &FileTest, commands: &[Command]) -> Verdict {
    let known = || commands.iter().map(|c| c.name).collect::<Vec<_>>().join(", ");
    let Some(name) = command(test) else {
        return Err(format!("starts with {:?}, expected `; test` and one of {}", test.head(), known()));
    };
    let command = commands.iter().find(|c| c.name == name);
    (command.ok_or_else(|| format!("no command {name:?}; expected one of {}", known()))?.run)(test)
}

fn command(test: &FileTest) -> Option<&str> {
    test.head().strip_prefix("; test ").and_then(|rest| rest.split_whitespace().next())
}

/// Every graph file below `dir`, in the order of their paths.
///
/// # Errors
/// A directory can't be listed or a file not be read.
pub fn find(dir: &Path) -> std::io::Result<Vec<FileTest>> {
    let (mut found, mut open) = (Vec::new(), vec![dir.to_path_buf()]);
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(at)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "graph") {
                let text = std::fs::read_to_string(&path)?;
                let args = text.lines().next().unwrap_or_default().split_whitespace().skip(3);
                let args = args.map(str::to_owned).collect();
                found.push(FileTest {
                    path: path.strip_prefix(dir).unwrap_or(&path).to_path_buf(),
                    args,
                    text,
                });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

#[cfg(test)]
mod tests;
