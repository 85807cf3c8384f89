//! The file formats of a transcript; those that openai-whisper has are as it writes them. Not a choice of what is said.

mod ass;
mod colour;
mod csv;
mod cues;
mod json;
mod lrc;
mod subtitles;
mod table;
mod text;
mod time;
mod ttml;

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::durable;
use crate::error::Error;
use crate::layout::Layout;
use crate::transcript::Transcript;

pub use colour::coloured_line;
pub use text::line;
pub(crate) use text::{is_space, on_one_line};
pub(crate) use time::clock;

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// One line for each segment.
    Txt,
    /// `WebVTT`.
    Vtt,
    /// `SubRip`.
    Srt,
    /// Tab-separated: start and end in milliseconds, text.
    Tsv,
    /// Everything that is known.
    Json,
    /// Lyrics: a time before each line.
    Lrc,
    /// Comma-separated (RFC 4180): start and end in milliseconds, text in quotes.
    Csv,
    /// Advanced SubStation Alpha, with karaoke tags where words have times.
    Ass,
    /// The W3C's Timed Text Markup Language, a span for each word that has times.
    Ttml,
}

/// How cues are made of words, and what the JSON calls the language. Names and meanings are openai-whisper's, the layout
/// is ours; txt, tsv, json, lrc and csv have segments instead of cues and ignore what is said of those.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WriterOptions {
    /// Underline each word while it is spoken (vtt and srt; needs words).
    pub highlight_words: bool,
    /// Characters of a line at most (needs words).
    pub max_line_width: Option<usize>,
    /// Lines of a cue at most (needs words). With `max_line_width`, cues span segments.
    pub max_line_count: Option<usize>,
    /// Words of a cue at most (needs words; ignored where cues span segments).
    pub max_words_per_line: Option<usize>,
    /// Lays cues out for reading instead; the three limits above then mean nothing.
    pub layout: Option<Layout>,
    /// The language's name in the JSON, such as `German`; its code if `None`.
    pub language: Option<String>,
}

/// A format's name and what writes it: adding a format is adding a row.
struct Row {
    format: Format,
    name: &'static str,
    write: fn(&Transcript, &WriterOptions, &mut dyn Write) -> io::Result<()>,
}

const ROWS: [Row; 9] = [
    Row { format: Format::Txt, name: "txt", write: text::write },
    Row { format: Format::Vtt, name: "vtt", write: subtitles::write_vtt },
    Row { format: Format::Srt, name: "srt", write: subtitles::write_srt },
    Row { format: Format::Tsv, name: "tsv", write: table::write },
    Row { format: Format::Json, name: "json", write: json::write },
    Row { format: Format::Lrc, name: "lrc", write: lrc::write },
    Row { format: Format::Csv, name: "csv", write: csv::write },
    Row { format: Format::Ass, name: "ass", write: ass::write },
    Row { format: Format::Ttml, name: "ttml", write: ttml::write },
];

impl Format {
    /// openai-whisper's formats, which `all` means, in the order that it writes them.
    pub const OPENAI: [Self; 5] = [Self::Txt, Self::Vtt, Self::Srt, Self::Tsv, Self::Json];

    /// Every format.
    pub fn every() -> impl Iterator<Item = Self> {
        ROWS.iter().map(|row| row.format)
    }

    /// The name that a user gives, which is also the file's extension.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The format of a file by its extension, in any case.
    pub fn of_path(path: &Path) -> Option<Self> {
        path.extension()?.to_str()?.to_ascii_lowercase().parse().ok()
    }

    /// The formats that a user's choice means: one by its name, or `all` for openai-whisper's.
    ///
    /// # Errors
    ///
    /// [`UnknownFormat`], which lists the names.
    pub fn choose(choice: &str) -> Result<Vec<Self>, UnknownFormat> {
        if choice == "all" { Ok(Self::OPENAI.to_vec()) } else { Ok(vec![choice.parse()?]) }
    }

    fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let row = ROWS.iter().find(|row| row.name == name);
        row.map(|row| row.format).ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

/// The name of no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no format is called \"{0}\": expected {names} or all", names = ROWS.map(|row| row.name).join(", "))]
pub struct UnknownFormat(pub String);

/// Writes the transcript in a format with openai-whisper's default options.
///
/// # Errors
///
/// Those of `to`.
pub fn write(format: Format, transcript: &Transcript, to: &mut dyn Write) -> io::Result<()> {
    write_with(format, transcript, &WriterOptions::default(), to)
}

/// Writes the transcript in a format.
///
/// # Errors
///
/// Those of `to`.
pub fn write_with(
    format: Format,
    transcript: &Transcript,
    options: &WriterOptions,
    to: &mut dyn Write,
) -> io::Result<()> {
    (format.row().write)(transcript, options, to)
}

/// Writes the transcript to a file, which appears whole or not at all, with openai-whisper's default options.
///
/// # Errors
///
/// [`Error::File`] if the file can't be written.
pub fn write_file(format: Format, transcript: &Transcript, path: &Path) -> Result<(), Error> {
    write_file_with(format, transcript, &WriterOptions::default(), path)
}

/// Writes the transcript to a file, which appears whole or not at all.
///
/// # Errors
///
/// [`Error::File`] if the file can't be written.
pub fn write_file_with(
    format: Format,
    transcript: &Transcript,
    options: &WriterOptions,
    path: &Path,
) -> Result<(), Error> {
    let mut bytes = Vec::new();
    write_with(format, transcript, options, &mut bytes).map_err(Error::file("write", path))?;
    durable::write_whole(path, &bytes)
}

/// Where openai-whisper would put the transcript of `audio`: its name with the format's extension for its own, in
/// `folder`. A name that only begins with dots has no extension.
pub fn output_path(folder: &Path, audio: &Path, format: Format) -> PathBuf {
    let name = audio.file_name().unwrap_or_default();
    let bytes = name.as_encoded_bytes();
    let dots = bytes.iter().take_while(|&&byte| byte == b'.').count();
    let has_extension = bytes[dots..].contains(&b'.');
    let stem = if has_extension { audio.file_stem().unwrap_or(name) } else { name };
    let mut file = stem.to_owned();
    file.push(".");
    file.push(format.name());
    folder.join(file)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Format, ROWS, Transcript, output_path, write_file};

    #[test]
    fn rows_stand_in_the_order_of_the_formats() {
        for (place, row) in ROWS.iter().enumerate() {
            assert_eq!(row.format as usize, place);
            assert_eq!(row.name.parse(), Ok(row.format));
        }
        assert_eq!(Format::choose("all").unwrap(), Format::OPENAI);
        assert_eq!(Format::of_path(Path::new("a.b/c.SRT")), Some(Format::Srt));
        assert_eq!([".srt", "srt", "a.doc"].map(|path| Format::of_path(Path::new(path))), [None; 3]);
        assert_eq!(Format::choose("srt").unwrap(), [Format::Srt]);
        let message = Format::choose("SRT").unwrap_err().to_string();
        assert_eq!(
            message,
            "no format is called \"SRT\": expected txt, vtt, srt, tsv, json, lrc, csv, ass, ttml or all"
        );
    }

    /// Expected: Python's `os.path.splitext(os.path.basename(audio))[0] + ".txt"`.
    #[test]
    fn output_names_are_openai_whispers() {
        for (audio, expected) in [
            ("/a/talk.flac", "out/talk.txt"),
            ("talk.tar.gz", "out/talk.tar.txt"),
            ("talk", "out/talk.txt"),
            (".hidden", "out/.hidden.txt"),
            ("..odd", "out/..odd.txt"),
            ("..odd.mp3", "out/..odd.txt"),
            ("talk.", "out/talk.txt"),
            ("-", "out/-.txt"),
        ] {
            assert_eq!(output_path(Path::new("out"), Path::new(audio), Format::Txt), Path::new(expected));
        }
    }

    #[test]
    fn a_file_replaces_another_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tsv");
        std::fs::write(&path, "old and longer than what follows").unwrap();
        write_file(Format::Tsv, &Transcript::default(), &path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "start\tend\ttext\n");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let message =
            write_file(Format::Tsv, &Transcript::default(), &folder.path().join("no/a")).unwrap_err();
        assert!(message.to_string().starts_with("can't write "), "{message}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_as_readable_as_any_other() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (ours, plain) = (folder.path().join("a.txt"), folder.path().join("b.txt"));
        write_file(Format::Txt, &Transcript::default(), &ours).unwrap();
        std::fs::write(&plain, "").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }
}
