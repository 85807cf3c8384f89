//! `undertone transcribe`: what is told beside the text, and how lines are cut. Not the formats.

use super::values;
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

/// How cues are made of words.
#[derive(Args)]
#[command(next_help_heading = "Lines of srt and vtt")]
pub struct Lines {
    /// Underline each word as it is spoken; times words
    #[arg(long)]
    highlight_words: bool,

    /// Characters of a line at most; times words
    #[arg(long, value_name = "N", value_parser = values::some)]
    max_line_width: Option<usize>,

    /// Lines of a cue at most; needs --max-line-width
    #[arg(long, value_name = "N", value_parser = values::some, requires = "max_line_width")]
    max_line_count: Option<usize>,

    /// Words of a cue at most; times words
    #[arg(long, value_name = "N", value_parser = values::some, conflicts_with = "max_line_width")]
    max_words_per_line: Option<usize>,
}

impl Lines {
    /// What the writers are told. Words are timed where lines are made of them; `asked` says whether that was decided.
    pub fn apply(&self, options: &mut Options, asked: bool) -> Result<WriterOptions, Usage> {
        let lines = WriterOptions {
            highlight_words: self.highlight_words,
            max_line_width: self.max_line_width,
            max_line_count: self.max_line_count,
            max_words_per_line: self.max_words_per_line,
            ..WriterOptions::default()
        };
        if lines != WriterOptions::default() && options.word_timestamps.is_none() {
            if asked {
                return Err(Usage("lines can't be made of words without --word-timestamps".to_owned()));
            }
            options.word_timestamps = Some(WordTimes::Exact);
        }
        Ok(lines)
    }
}
