//! Comma-separated values as whisper.cpp writes them: start and end in whole milliseconds, then the text in quotes
//! (RFC 4180, line breaks in a text included). Not tab-separated: see `table`.

use std::io::{self, Write};

use super::WriterOptions;
use super::text::is_space;
use super::time::milliseconds;
use crate::transcript::Transcript;

pub(super) fn write(transcript: &Transcript, _: &WriterOptions, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "start,end,text")?;
    transcript.segments.iter().try_for_each(|segment| {
        let (start, end) = (milliseconds(segment.start), milliseconds(segment.end));
        let text: String = segment.text.chars().filter(|&c| is_space(c) || !c.is_control()).collect();
        writeln!(to, "{start},{end},\"{}\"", text.replace('"', "\"\""))
    })
}
