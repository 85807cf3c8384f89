//! Plain text: a line for each segment, with or without its times. Not for machines.

use std::io::{self, Write};

use super::WriterOptions;
use super::time::timestamp;
use crate::transcript::{Segment, Transcript};

/// The line that openai-whisper prints of a segment as it goes: `[00:00.000 --> 00:07.600]  text`, the second space
/// being the text's own.
pub fn line(segment: &Segment) -> String {
    let time = |seconds| timestamp(seconds, false, '.');
    format!("[{} --> {}] {}", time(segment.start), time(segment.end), segment.text)
}

pub(super) fn write(transcript: &Transcript, _: &WriterOptions, to: &mut dyn Write) -> io::Result<()> {
    transcript.segments.iter().try_for_each(|segment| writeln!(to, "{}", stripped(&segment.text)))
}

/// White space as Python sees it: Unicode's, and the four ASCII separators.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

/// The text without the white space around it, as Python's `str.strip` gives it.
pub(super) fn stripped(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// The text on one line and free of what terminals, players and XML act upon: white space in runs becomes one space,
/// control characters and non-characters vanish. A space at either end stays.
pub(crate) fn on_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if is_space(c) {
            if !line.ends_with(' ') {
                line.push(' ');
            }
        } else if !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}') {
            line.push(c);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::{Segment, line, on_one_line, stripped};

    #[test]
    fn white_space_is_pythons() {
        assert_eq!(stripped("\u{1c}\u{85}\u{a0}\u{3000} a b \u{2028}\t\n"), "a b");
        assert_eq!(stripped("\u{200b}a\u{feff}"), "\u{200b}a\u{feff}", "neither is white space");
    }

    #[test]
    fn one_line_is_left_of_any_text() {
        assert_eq!(on_one_line(" a\r\n\tb\0\u{1b}[31m\u{2028}c\u{ffff} "), " a b[31m c ");
    }

    #[test]
    fn a_line_keeps_the_texts_own_space() {
        let segment = Segment { end: 7.6, text: " Hello.".into(), ..Segment::default() };
        assert_eq!(line(&segment), "[00:00.000 --> 00:07.600]  Hello.");
    }
}
