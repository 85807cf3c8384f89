//! Lyrics (LRC) as whisper.cpp writes them: a time, then the line. Not words with times: few players know them.

use std::io::{self, Write};

use super::WriterOptions;
use super::text::on_one_line;
use super::time::hundredths;
use crate::transcript::Transcript;

pub(super) fn write(transcript: &Transcript, _: &WriterOptions, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "[by:undertone]")?;
    transcript.segments.iter().try_for_each(|segment| {
        let all = hundredths(segment.start);
        let (minutes, seconds, rest) = (all / 6000, all / 100 % 60, all % 100);
        let text = on_one_line(&segment.text);
        // Without a space before it, what is in brackets would be read as one more time.
        let space = if text.starts_with('[') { " " } else { "" };
        writeln!(to, "[{minutes:02}:{seconds:02}.{rest:02}]{space}{text}")
    })
}
