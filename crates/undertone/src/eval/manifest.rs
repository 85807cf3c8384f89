//! The list of recordings to judge by: a table of files with what is said in them. Not the recordings.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use whisper::Language;

/// A recording and what is said in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// The file; a relative path counts from the table's folder.
    pub path: PathBuf,
    /// The language, where the table names it.
    pub language: Option<Language>,
    /// What is said.
    pub reference: String,
}

/// A table that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file can't be read.
    #[error("can't read {}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A column that must be there is not.
    #[error("{}: no column is called {expected}: the first row names the columns, with tabs between", .path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The names that would do.
        expected: String,
    },
    /// A row with too few cells, or a language that nobody knows.
    #[error("{}:{line}: {what}", .path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
}

const FILE: [&str; 3] = ["file", "audio", "path"];
const TEXT: [&str; 3] = ["transcript", "text", "reference"];

/// Reads a table of tab-separated values. Its first row names the columns: `file` (or `audio`, `path`), `transcript`
/// (or `text`, `reference`) and perhaps `language`; others are ignored.
///
/// # Errors
/// [`ManifestError`] names the column or the row.
pub fn read_manifest(path: &Path) -> Result<Vec<Recording>, ManifestError> {
    let text =
        fs::read_to_string(path).map_err(|source| ManifestError::File { path: path.to_owned(), source })?;
    parse(&text, path)
}

fn parse(text: &str, path: &Path) -> Result<Vec<Recording>, ManifestError> {
    let mut rows = text.lines().enumerate();
    let head: Vec<&str> =
        rows.next().map_or_else(Vec::new, |(_, row)| row.split('\t').map(str::trim).collect());
    let place = |names: &[&str]| head.iter().position(|name| names.contains(name));
    let needed = |names: &[&str]| {
        let missing = || ManifestError::Column { path: path.to_owned(), expected: names.join(" or ") };
        place(names).ok_or_else(missing)
    };
    let (file, said, language) = (needed(&FILE)?, needed(&TEXT)?, place(&["language"]));
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut recordings = Vec::new();
    for (number, row) in rows.filter(|(_, row)| !row.trim().is_empty()) {
        let fault = |what| ManifestError::Row { path: path.to_owned(), line: number + 1, what };
        let cells: Vec<&str> = row.split('\t').collect();
        let cell = |at: usize| {
            let short = || fault(format!("{} cells, expected {}", cells.len(), head.len()));
            cells.get(at).copied().map(str::trim).ok_or_else(short)
        };
        let language = match language.map(cell).transpose()? {
            // "und" is ISO 639's word for a language that nobody named.
            None | Some("" | "und") => None,
            Some(name) => Some(name.parse().map_err(|error: whisper::Error| fault(error.to_string()))?),
        };
        recordings.push(Recording {
            path: folder.join(cell(file)?),
            language,
            reference: cell(said)?.to_owned(),
        });
    }
    Ok(recordings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Recording>, String> {
        parse(text, Path::new("a/list.tsv")).map_err(|error| error.to_string())
    }

    #[test]
    fn columns_are_found_by_name() {
        let rows =
            read("language\ttext\tmore\taudio\nen\tHello there.\t\tx.wav\n\n\tJa.\t1\t/y.wav\n").unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(
            (rows[0].path.as_path(), rows[0].language),
            (Path::new("a/x.wav"), Some(Language::ENGLISH))
        );
        assert_eq!((rows[1].path.as_path(), rows[1].language), (Path::new("/y.wav"), None));
        assert_eq!(rows[1].reference, "Ja.");
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(
            read("name\ttext\n").unwrap_err(),
            "a/list.tsv: no column is called file or audio or path: the first row names the columns, with tabs between"
        );
        assert_eq!(read("file\ttext\n\nx.wav\n").unwrap_err(), "a/list.tsv:3: 1 cells, expected 2");
        let message = read("file\ttext\tlanguage\nx.wav\ta\tklingon\n").unwrap_err();
        assert!(message.starts_with("a/list.tsv:2: klingon is not a language"), "{message}");
    }
}
