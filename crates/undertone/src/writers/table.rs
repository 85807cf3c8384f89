//! Tab-separated values: start and end in whole milliseconds, then the text. Not quoted: a tab in the text becomes a
//! space.

use std::io::{self, Write};

use super::WriterOptions;
use super::text::stripped;
use super::time::milliseconds;
use crate::transcript::Transcript;

pub(super) fn write(transcript: &Transcript, _: &WriterOptions, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "start\tend\ttext")?;
    transcript.segments.iter().try_for_each(|segment| {
        let (start, end) = (milliseconds(segment.start), milliseconds(segment.end));
        writeln!(to, "{start}\t{end}\t{}", stripped(&segment.text).replace('\t', " "))
    })
}
