//! `undertone transcribe`: what is told beside the text, and how lines are cut. Not the formats.

use super::layout::LayoutArgs;
use crate::exit::Usage;
use clap::Args;
use undertone::Options;
use undertone::options::WordTimes;
use undertone::writers::WriterOptions;

/// What is told, and what is gone on with.
#[derive(Args)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// Colour words by their probability
    #[arg(long)]
    pub print_colors: bool,

    /// After each file, tell what was skipped, tried again or doubtful
    #[arg(long)]
    pub report: bool,

    /// Go on where Ctrl-C stopped, and leave out files that are transcribed already; needs --output-dir
    #[arg(long, requires = "output_dir")]
    pub resume: bool,
}

/// What the writers are told. Words are timed where lines are made of them; `decided` says whether that was settled.
///
/// # Errors
/// Words are to have no times, and lines are to be made of them.
pub fn lines(given: &LayoutArgs, options: &mut Options, decided: bool) -> Result<WriterOptions, Usage> {
    let lines = given.options()?;
    let limits = [lines.max_line_width, lines.max_line_count, lines.max_words_per_line];
    let of_words = lines.highlight_words || (lines.layout.is_none() && limits.iter().any(Option::is_some));
    if of_words && options.word_timestamps.is_none() {
        if decided {
            return Err(Usage(
                "lines can't be made of words that have no times: pass --word-timestamps".to_owned(),
            ));
        }
        options.word_timestamps = Some(WordTimes::Exact);
    }
    Ok(lines)
}
