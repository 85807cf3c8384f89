//! The commands, a file each. Not the work: the library does it.

mod bench;
mod completions;
mod convert;
mod eval;
mod graph;
mod inspect;
mod man;
mod profile;
mod transcribe;
mod whisper;

use crate::args::Command;
use std::process::ExitCode;

/// Does what the command line asks for.
pub fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Transcribe(args) => transcribe::run(&args),
        Command::Whisper(args) => whisper::run(&args),
        Command::Convert(args) => convert::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Graph(args) => graph::run(&args),
        Command::Profile(args) => profile::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::BenchRun(args) => bench::process::run(&args),
        Command::Completions { shell } => completions::run(shell),
        Command::Man => man::run(),
    }
}
