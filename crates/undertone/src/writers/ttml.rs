//! The W3C's Timed Text Markup Language 1, a paragraph for each cue and a span for each word that has times. Not styled:
//! regions and fonts are the player's.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::WriterOptions;
use super::cues::cues;
use super::text::on_one_line;
use super::time::{milliseconds, timestamp};
use crate::layout::Cue;
use crate::transcript::Transcript;

pub(super) fn write(transcript: &Transcript, options: &WriterOptions, to: &mut dyn Write) -> io::Result<()> {
    let code = transcript.language.as_str();
    let known = !code.is_empty() && code.chars().all(|c| c.is_ascii_alphabetic());
    let language = if known { code } else { "und" };
    writeln!(to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        to,
        "<tt xmlns=\"http://www.w3.org/ns/ttml\" xml:lang=\"{language}\" xml:space=\"preserve\"><body><div>"
    )?;
    cues(transcript, options).iter().try_for_each(|cue| {
        let time = |seconds| timestamp(seconds, true, '.');
        let (start, end) = (time(cue.start), time(cue.end));
        writeln!(to, "<p begin=\"{start}\" end=\"{end}\">{}</p>", content(cue))
    })?;
    writeln!(to, "</div></body></tt>")
}

/// The lines of a cue. The times of a span count from its paragraph's begin.
fn content(cue: &Cue) -> String {
    let mut content = String::new();
    let begin = milliseconds(cue.start);
    for (place, line) in cue.lines.iter().enumerate() {
        if place > 0 {
            content.push_str("<br/>");
        }
        for word in line {
            let text = escaped(&word.word);
            if cue.timed {
                let after = |seconds| milliseconds(seconds).saturating_sub(begin);
                let (start, end) = (after(word.start), after(word.end).max(after(word.start)));
                let _ = write!(content, "<span begin=\"{start}ms\" end=\"{end}ms\">{text}</span>");
            } else {
                content.push_str(&text);
            }
        }
    }
    content
}

fn escaped(text: &str) -> String {
    on_one_line(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
