//! The file formats of a transcript, each as openai-whisper writes it. Not a choice of what is in them.

mod json;
mod subtitles;
mod table;
mod text;
mod time;

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::durable;
use crate::error::Error;
use crate::transcript::Transcript;

pub use text::line;
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
}

/// A format's name and what writes it: adding a format is adding a row.
struct Row {
    format: Format,
    name: &'static str,
    write: fn(&Transcript, &mut dyn Write) -> io::Result<()>,
}

const ROWS: [Row; 5] = [
    Row { format: Format::Txt, name: "txt", write: text::write },
    Row { format: Format::Vtt, name: "vtt", write: subtitles::write_vtt },
    Row { format: Format::Srt, name: "srt", write: subtitles::write_srt },
    Row { format: Format::Tsv, name: "tsv", write: table::write },
    Row { format: Format::Json, name: "json", write: json::write },
];

impl Format {
    /// Every format, in the order that `all` writes them.
    pub const ALL: [Self; ROWS.len()] =
        [ROWS[0].format, ROWS[1].format, ROWS[2].format, ROWS[3].format, ROWS[4].format];

    /// The name that a user gives, which is also the file's extension.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The formats that a user's choice means: one by its name, or `all`.
    ///
    /// # Errors
    ///
    /// [`UnknownFormat`], which lists the names.
    pub fn choose(choice: &str) -> Result<Vec<Self>, UnknownFormat> {
        if choice == "all" { Ok(Self::ALL.to_vec()) } else { Ok(vec![choice.parse()?]) }
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

/// Writes the transcript in a format.
///
/// # Errors
///
/// Those of `to`.
pub fn write(format: Format, transcript: &Transcript, to: &mut dyn Write) -> io::Result<()> {
    (format.row().write)(transcript, to)
}

/// Writes the transcript to a file, which appears whole or not at all.
///
/// # Errors
///
/// [`Error::File`] if the file can't be written.
pub fn write_file(format: Format, transcript: &Transcript, path: &Path) -> Result<(), Error> {
    let mut bytes = Vec::new();
    write(format, transcript, &mut bytes).map_err(Error::file("write", path))?;
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
        assert_eq!(Format::choose("all").unwrap(), Format::ALL);
        assert_eq!(Format::choose("srt").unwrap(), [Format::Srt]);
        let message = Format::choose("SRT").unwrap_err().to_string();
        assert_eq!(message, "no format is called \"SRT\": expected txt, vtt, srt, tsv, json or all");
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
