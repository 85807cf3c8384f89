//! Plain text: a line for each segment, with or without its times. Not for machines.

use std::io::{self, Write};

use super::time::timestamp;
use crate::transcript::{Segment, Transcript};

/// The line that openai-whisper prints of a segment as it goes: `[00:00.000 --> 00:07.600]  text`, the second space
/// being the text's own.
pub fn line(segment: &Segment) -> String {
    let time = |seconds| timestamp(seconds, false, '.');
    format!("[{} --> {}] {}", time(segment.start), time(segment.end), segment.text)
}

pub(super) fn write(transcript: &Transcript, to: &mut dyn Write) -> io::Result<()> {
    transcript.segments.iter().try_for_each(|segment| writeln!(to, "{}", stripped(&segment.text)))
}

/// The text without the white space around it, as Python's `str.strip` sees it: Unicode's, and the four ASCII
/// separators.
pub(super) fn stripped(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c))
}

#[cfg(test)]
mod tests {
    use super::{Segment, line, stripped};

    #[test]
    fn white_space_is_pythons() {
        assert_eq!(stripped("\u{1c}\u{85}\u{a0}\u{3000} a b \u{2028}\t\n"), "a b");
        assert_eq!(stripped("\u{200b}a\u{feff}"), "\u{200b}a\u{feff}", "neither is white space");
    }

    #[test]
    fn a_line_keeps_the_texts_own_space() {
        let segment = Segment { end: 7.6, text: " Hello.".into(), ..Segment::default() };
        assert_eq!(line(&segment), "[00:00.000 --> 00:07.600]  Hello.");
    }
}
