//! Subtitles: `WebVTT` and `SubRip`, which share their cues. Not the making of cues: see `cues`.

use std::borrow::Cow;
use std::io::{self, Write};

use super::WriterOptions;
use super::cues::cues;
use super::text::is_space;
use super::time::timestamp;
use crate::layout::Cue;
use crate::transcript::{Transcript, Word};

/// How one of the formats writes its times, and texts that are ours to escape.
struct Dialect {
    hours_always: bool,
    mark: char,
    escape: fn(&str) -> String, // a word; arrows are of whole texts
}

const VTT: Dialect = Dialect { hours_always: false, mark: '.', escape: entities };
const SRT: Dialect = Dialect { hours_always: true, mark: ',', escape: str::to_owned };

/// A text on the screen between two times.
struct Shown {
    span: String,
    text: String,
}

/// What is shown one after another. openai-whisper escapes no word, so its cues are left as they are.
fn shown(transcript: &Transcript, options: &WriterOptions, dialect: &Dialect) -> Vec<Shown> {
    let escape = if options.layout.is_some() { dialect.escape } else { str::to_owned };
    let cues = cues(transcript, options);
    let views = cues.iter().flat_map(|cue| {
        let escaped: Vec<Vec<String>> =
            cue.lines.iter().map(|line| line.iter().map(|word| escape(&word.word)).collect()).collect();
        if options.highlight_words && cue.timed {
            highlighted(cue, &escaped, dialect)
        } else {
            let span = span(&dialect.time(cue.start), &dialect.time(cue.end));
            vec![Shown { span, text: joined(&escaped, None) }]
        }
    });
    // An arrow may come about where words meet.
    let whole = |view: Shown| Shown { text: short_arrows(&view.text), ..view };
    if options.layout.is_some() { views.map(whole).collect() } else { views.collect() }
}

/// The cue once for each of its words, that word underlined, and without lines under it between words.
fn highlighted(cue: &Cue, escaped: &[Vec<String>], dialect: &Dialect) -> Vec<Shown> {
    let mut views = Vec::new();
    let mut last = dialect.time(cue.start);
    for (place, Word { start, end, .. }) in cue.lines.iter().flatten().enumerate() {
        let (start, end) = (dialect.time(*start), dialect.time(*end));
        if last != start {
            views.push(Shown { span: span(&last, &start), text: joined(escaped, None) });
        }
        views.push(Shown { span: span(&start, &end), text: joined(escaped, Some(place)) });
        last = end;
    }
    views
}

fn span(start: &str, end: &str) -> String {
    format!("{start} --> {end}")
}

/// The lines as one text, the word of that number underlined.
fn joined(lines: &[Vec<String>], underline: Option<usize>) -> String {
    let mut number = 0;
    let mut text = String::new();
    for (place, line) in lines.iter().enumerate() {
        if place > 0 {
            text.push('\n');
        }
        for word in line {
            let word =
                if underline == Some(number) { underlined(word) } else { Cow::Borrowed(word.as_str()) };
            text.push_str(&word);
            number += 1;
        }
    }
    text
}

/// Python's `re.sub(r"^(\s*)(.*)$", r"\1<u>\2</u>", word)`: a line break inside the word leaves it as it is, one at its
/// end stays outside.
fn underlined(word: &str) -> Cow<'_, str> {
    let rest = word.trim_start_matches(is_space);
    let space = &word[..word.len() - rest.len()];
    let (rest, after) = rest.strip_suffix('\n').map_or((rest, ""), |rest| (rest, "\n"));
    if rest.contains('\n') {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("{space}<u>{rest}</u>{after}"))
}

/// The characters that begin markup in WebVTT, by their names.
fn entities(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// An arrow in a text would be read as a line of times.
fn short_arrows(text: &str) -> String {
    let mut text = text.to_owned();
    while text.contains("-->") {
        text = text.replace("-->", "->");
    }
    text
}

impl Dialect {
    fn time(&self, seconds: f64) -> String {
        timestamp(seconds, self.hours_always, self.mark)
    }
}

pub(super) fn write_vtt(
    transcript: &Transcript,
    options: &WriterOptions,
    to: &mut dyn Write,
) -> io::Result<()> {
    write!(to, "WEBVTT\n\n")?;
    let shown = shown(transcript, options, &VTT);
    shown.iter().try_for_each(|cue| write!(to, "{}\n{}\n\n", cue.span, cue.text))
}

pub(super) fn write_srt(
    transcript: &Transcript,
    options: &WriterOptions,
    to: &mut dyn Write,
) -> io::Result<()> {
    let shown = shown(transcript, options, &SRT);
    let mut numbered = (1..).zip(&shown);
    numbered
        .try_for_each(|(number, cue): (usize, &Shown)| write!(to, "{number}\n{}\n{}\n\n", cue.span, cue.text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Layout;
    use crate::transcript::Segment;

    /// Expected: Python's `re.sub`.
    #[test]
    fn a_line_is_drawn_under_what_python_would_match() {
        for (word, expected) in [
            (" and", " <u>and</u>"),
            ("", "<u></u>"),
            ("\n ", "\n <u></u>"),
            ("\u{3000}a b \n", "\u{3000}<u>a b </u>\n"),
            ("a\nb", "a\nb"),
            ("a\n\n", "a\n\n"),
        ] {
            assert_eq!(underlined(word), expected, "{word:?}");
        }
    }

    #[test]
    fn no_arrow_is_left_where_words_meet() {
        let word = |word: &str| Word { word: word.to_owned(), start: 0.0, end: 1.0, probability: 1.0 };
        let words = Some(vec![word(" a--"), word("> b")]);
        let segment = Segment { text: " a--> b".to_owned(), end: 1.0, words, ..Segment::default() };
        let transcript = Transcript { segments: vec![segment], ..Transcript::default() };
        let options = WriterOptions { layout: Some(Layout::default()), ..WriterOptions::default() };
        let mut out = Vec::new();
        write_srt(&transcript, &options, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "1\n00:00:00,000 --> 00:00:01,000\na-> b\n\n");
    }

    #[test]
    fn no_arrow_is_left() {
        assert_eq!(short_arrows("a ----> b --> c"), "a -> b -> c");
    }
}
