//! The real binary and the recordings, for the tests beside this folder. Not tests.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The binary with `args`, in the repository's root. Nothing is asked of a terminal's width, and nothing is kept among the
/// user's caches but models.
pub fn undertone(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_undertone"));
    command.current_dir(root()).args(args).env_remove("COLUMNS").env("UNDERTONE_PACK_CACHE", "off");
    command
}

/// What came of a finished process.
pub struct Done {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Runs `command` to its end, with nothing on standard input.
pub fn done(command: &mut Command) -> Done {
    let output = command.stdin(std::process::Stdio::null()).output().expect("the binary starts");
    Done::from(output)
}

impl From<Output> for Done {
    fn from(output: Output) -> Done {
        Done {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        }
    }
}

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A recording under `tests/audio`, from the root.
pub fn recording(name: &str) -> String {
    format!("tests/audio/{name}.flac")
}
