//! Advanced SubStation Alpha: cues as dialogue, each word after its karaoke tag where words have times. Not a design:
//! one style, which every player lets its user change.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::WriterOptions;
use super::cues::cues;
use super::text::on_one_line;
use super::time::hundredths;
use crate::layout::Cue;
use crate::transcript::Transcript;

/// White text with a black edge at the foot of a picture of 1920 x 1080; words not yet spoken are grey.
const HEAD: &str = "\
[Script Info]
ScriptType: v4.00+
PlayResX: 1920
PlayResY: 1080
WrapStyle: 0
ScaledBorderAndShadow: yes

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,64,&H00FFFFFF,&H00A0A0A0,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,3,1,2,96,96,54,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
";

pub(super) fn write(transcript: &Transcript, options: &WriterOptions, to: &mut dyn Write) -> io::Result<()> {
    to.write_all(HEAD.as_bytes())?;
    cues(transcript, options).iter().try_for_each(|cue| {
        let (start, end) = (time(hundredths(cue.start)), time(hundredths(cue.end)));
        writeln!(to, "Dialogue: 0,{start},{end},Default,,0,0,0,,{}", text(cue))
    })
}

/// `H:MM:SS.cc`.
fn time(all: u64) -> String {
    format!("{}:{:02}:{:02}.{:02}", all / 360_000, all / 6000 % 60, all / 100 % 60, all % 100)
}

fn text(cue: &Cue) -> String {
    let mut text = String::new();
    let mut now = hundredths(cue.start);
    for (place, line) in cue.lines.iter().enumerate() {
        if place > 0 {
            text.push_str("\\N");
        }
        for word in line {
            if cue.timed {
                let start = hundredths(word.start).max(now);
                let end = hundredths(word.end).max(start);
                if start > now {
                    let _ = write!(text, "{{\\k{}}}", start - now);
                }
                let _ = write!(text, "{{\\k{}}}", end - start);
                now = end;
            }
            text.push_str(&escaped(&word.word));
        }
    }
    text
}

/// Braces begin and end tags, a backslash begins an escape: a word joiner behind it, which is not seen, parts it from
/// the letter that follows.
fn escaped(text: &str) -> String {
    on_one_line(text).replace('\\', "\\\u{2060}").replace('{', "\\{").replace('}', "\\}")
}

#[cfg(test)]
mod tests {
    use super::{Cue, text};
    use crate::transcript::Word;

    fn word(word: &str, start: f64, end: f64) -> Word {
        Word { word: word.to_owned(), start, end, probability: 1.0 }
    }

    #[test]
    fn pauses_are_syllables_without_text() {
        let lines =
            vec![vec![word("One", 1.0, 1.25), word(" two", 1.5, 1.75)], vec![word("{\\N}", 1.75, 2.0)]];
        let cue = Cue { start: 1.0, end: 2.0, lines, timed: true };
        assert_eq!(text(&cue), "{\\k25}One{\\k25}{\\k25} two\\N{\\k25}\\{\\\u{2060}N\\}");
        assert_eq!(text(&Cue { timed: false, ..cue }), "One two\\N\\{\\\u{2060}N\\}");
    }
}
