//! Options for the cues of subtitles, for every command that writes them. Not the layout: that is the library's.

use super::values::finite;
use crate::exit::Usage;
use clap::Args;
use undertone::layout::Layout;
use undertone::writers::WriterOptions;

/// How cues are made. Any of the last five lays them out for reading.
#[derive(Args)]
pub struct LayoutArgs {
    /// Underline each word while it is spoken (vtt, srt; needs word times)
    #[arg(long, help_heading = "Subtitles")]
    highlight_words: bool,

    /// Characters of a line at most (without --layout: needs word times) [default with --layout: 42]
    #[arg(long, value_name = "N", help_heading = "Subtitles")]
    max_line_width: Option<usize>,

    /// Lines of a cue at most (without --layout: needs word times) [default with --layout: 2]
    #[arg(long, value_name = "N", help_heading = "Subtitles")]
    max_line_count: Option<usize>,

    /// Words of a cue at most (needs word times)
    #[arg(long, value_name = "N", help_heading = "Subtitles", conflicts_with = "layout")]
    max_words_per_line: Option<usize>,

    /// Lay cues out for reading: two lines that break where phrases do, long enough to be read (vtt, srt, ass, ttml)
    #[arg(long, help_heading = "Subtitles")]
    layout: bool,

    /// Characters read in a second; wide ones count twice; implies --layout [default: 17]
    #[arg(long, value_name = "N", help_heading = "Subtitles", value_parser = finite)]
    max_chars_per_second: Option<f64>,

    /// Shortest time of a cue in seconds; implies --layout [default: 0.833]
    #[arg(long, value_name = "SECONDS", help_heading = "Subtitles", value_parser = finite)]
    min_duration: Option<f64>,

    /// Longest time of a cue in seconds; implies --layout [default: 7]
    #[arg(long, value_name = "SECONDS", help_heading = "Subtitles", value_parser = finite)]
    max_duration: Option<f64>,

    /// Time between cues in seconds; implies --layout [default: 0.083]
    #[arg(long, value_name = "SECONDS", help_heading = "Subtitles", value_parser = finite)]
    min_gap: Option<f64>,
}

impl LayoutArgs {
    /// What the writers are asked for.
    ///
    /// # Errors
    /// Limits that no cue can keep.
    pub fn options(&self) -> Result<WriterOptions, Usage> {
        Ok(WriterOptions {
            highlight_words: self.highlight_words,
            max_line_width: self.max_line_width,
            max_line_count: self.max_line_count,
            max_words_per_line: self.max_words_per_line,
            layout: self.layout()?,
            language: None,
        })
    }

    fn layout(&self) -> Result<Option<Layout>, Usage> {
        let numbers = [self.max_chars_per_second, self.min_duration, self.max_duration, self.min_gap];
        if !self.layout && numbers.iter().all(Option::is_none) {
            return Ok(None);
        }
        if self.max_words_per_line.is_some() {
            return Err(Usage("a layout counts no words: leave --max-words-per-line out".to_owned()));
        }
        let ours = Layout::default();
        let layout = Layout {
            chars_per_line: self.max_line_width.unwrap_or(ours.chars_per_line),
            lines: self.max_line_count.unwrap_or(ours.lines),
            chars_per_second: self.max_chars_per_second.unwrap_or(ours.chars_per_second),
            min_duration: self.min_duration.unwrap_or(ours.min_duration),
            max_duration: self.max_duration.unwrap_or(ours.max_duration),
            min_gap: self.min_gap.unwrap_or(ours.min_gap),
        };
        let refuse = |option: &str, expected: &str| Err(Usage(format!("{option}: expected {expected}")));
        if layout.chars_per_line == 0 {
            refuse("--max-line-width", "1 or more")
        } else if layout.lines == 0 {
            refuse("--max-line-count", "1 or more")
        } else if layout.chars_per_second < 1.0 {
            refuse("--max-chars-per-second", "1 or more")
        } else if layout.min_duration < 0.0 || layout.min_gap < 0.0 {
            refuse("--min-duration and --min-gap", "0 or more")
        } else if layout.max_duration <= 0.0 || layout.max_duration < layout.min_duration {
            refuse("--max-duration", "more than 0, and no less than --min-duration")
        } else {
            Ok(Some(layout))
        }
    }
}
