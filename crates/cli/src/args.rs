//! The command line: its commands and how it is read. Not what the commands do.

mod convert;
mod eval;
mod inside;
mod layout;
mod machine;
mod spellings;
mod transcribe;
mod values;
mod whisper;

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
    Transcribe(Transcribe),
    Whisper(Box<Whisper>),
    Convert(Convert),
    Eval(Eval),
    Inspect(Inspect),
    Graph(Graph),
    Profile(Profile),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// The command line as clap knows it, with both spellings of every option.
pub fn command() -> clap::Command {
    spellings::both(Cli::command())
}

/// Reads the command line. Prints help, version or what is wrong, and ends the process, where that is asked for.
/// A program that is called `whisper` has that command's options only.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Command {
    let args: Vec<OsString> = args.into_iter().collect();
    let stem = args.first().and_then(|program| Path::new(program).file_stem());
    let parsed = if stem.is_some_and(|stem| stem == "whisper") {
        let command = clap::Command::new("whisper").version(env!("CARGO_PKG_VERSION")).max_term_width(110);
        let matches = spellings::both(Whisper::augment_args(command)).get_matches_from(args);
        Whisper::from_arg_matches(&matches).map(Box::new).map(Command::Whisper)
    } else {
        Cli::from_arg_matches(&command().get_matches_from(args)).map(|cli| cli.command)
    };
    parsed.unwrap_or_else(|error| error.exit())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_sound() {
        super::command().debug_assert();
    }
}
