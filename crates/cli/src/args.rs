//! The command line: its commands and how it is read. Not what the commands do.

mod bench;
mod convert;
mod decoding;
mod eval;
mod inside;
mod layout;
mod machine;
mod output;
mod search;
mod spellings;
mod times;
mod transcribe;
mod vad;
pub mod values;
mod whisper;
mod wording;

pub use bench::{Bench, RUN as BENCH_RUN, Variant};
pub use convert::Convert;
pub use eval::Eval;
pub use inside::{Graph, Inspect, Profile};
pub use transcribe::Transcribe;
pub use whisper::Whisper;

use clap::{Args as _, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;
use std::path::Path;

/// Speech to text with Whisper models, on your own machine.
#[derive(Parser)]
#[command(name = "undertone", version, propagate_version = true, max_term_width = 110)]
#[command(
    after_help = "Examples:\n  undertone transcribe talk.mp3\n  undertone transcribe *.m4a --output-dir texts --output-format srt\n  undertone transcribe --help"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// What is to be done.
#[derive(Subcommand)]
pub enum Command {
    Transcribe(Box<Transcribe>),
    Whisper(Box<Whisper>),
    Convert(Convert),
    Eval(Box<Eval>),
    Inspect(Inspect),
    Graph(Graph),
    Profile(Profile),
    Bench(Bench),
    /// The process of one run of `bench`, which starts it: nobody else is told of it.
    #[command(skip)]
    BenchRun(Bench),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// The headings whose options the short help shows; an option without a heading is a common one.
const COMMON: [&str; 1] = ["Machine"];

/// The command line as clap knows it, with both spellings of every option.
pub fn command() -> clap::Command {
    let command = spellings::both(Cli::command());
    let command = command.mut_subcommand("whisper", |whisper| whisper.infer_long_args(true));
    let briefly = |command: clap::Command| {
        command.mut_args(|arg| {
            let rare = arg.get_help_heading().is_some_and(|heading| !COMMON.contains(&heading));
            arg.hide_short_help(rare)
        })
    };
    command.mut_subcommand("transcribe", briefly).mut_subcommand("eval", briefly)
}

/// openai-whisper's command line, as if it were the whole program.
fn whisper_alone() -> clap::Command {
    let command = clap::Command::new("whisper").version(env!("CARGO_PKG_VERSION")).max_term_width(110);
    spellings::both(Whisper::augment_args(command)).infer_long_args(true)
}

/// Reads the command line. Prints help, version or what is wrong, and ends the process, where that is asked for.
/// A program that is called `whisper` has that command's options only.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Command {
    let args: Vec<OsString> = args.into_iter().collect();
    let stem = args.first().and_then(|program| Path::new(program).file_stem());
    let parsed = if stem.is_some_and(|stem| stem == "whisper") {
        let matches = whisper_alone().get_matches_from(args);
        Whisper::from_arg_matches(&matches).map(Box::new).map(Command::Whisper)
    } else if args.get(1).is_some_and(|word| word == BENCH_RUN) {
        let command = Bench::augment_args(clap::Command::new(BENCH_RUN));
        Bench::from_arg_matches(&command.get_matches_from(&args[1..])).map(Command::BenchRun)
    } else {
        let command = command();
        let args = spellings::joined(&command, args);
        Cli::from_arg_matches(&command.get_matches_from(args)).map(|cli| cli.command)
    };
    parsed.unwrap_or_else(|error| error.exit())
}

/// Puts what is given in a default's place.
fn set<T>(option: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *option = given;
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_sound() {
        super::command().debug_assert();
    }
}
