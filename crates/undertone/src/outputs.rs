//! Which files come of which recordings, settled before anything is decoded. Not the writing of them.

use crate::writers::{Format, output_path};
use crate::{Error, durable};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The name that standard input has as a recording.
pub const STDIN: &str = "-";

/// The files of each recording: for each format, its path in `folder`, named as openai-whisper names them.
/// Standard input is named `stdin`.
///
/// # Errors
/// [`Error::SameOutput`] if two recordings would be written to one file.
pub fn plan(
    folder: &Path,
    recordings: &[PathBuf],
    formats: &[Format],
) -> Result<Vec<Vec<(Format, PathBuf)>>, Error> {
    let mut taken: HashMap<PathBuf, &Path> = HashMap::new();
    let mut plan = Vec::with_capacity(recordings.len());
    for recording in recordings {
        let name = if recording == Path::new(STDIN) { Path::new("stdin") } else { recording };
        let paths = formats.iter().map(|&format| (format, output_path(folder, name, format)));
        let paths: Vec<_> = paths.collect();
        for (_, path) in &paths {
            if let Some(first) = taken.insert(path.clone(), recording) {
                let (first, second) = (first.to_owned(), recording.clone());
                return Err(Error::SameOutput { first, second, path: path.clone() });
            }
        }
        plan.push(paths);
    }
    Ok(plan)
}

/// Makes the folder that files go to.
///
/// # Errors
/// [`Error::File`] if it can't be made.
pub fn make_folder(folder: &Path) -> Result<(), Error> {
    durable::make_folder(folder)
}

/// Writes `bytes` to `path`, whole or not at all.
///
/// # Errors
/// [`Error::File`] if it can't be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    durable::write_whole(path, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_recordings_and_never_meet() {
        let plan = |files: &[&str]| {
            let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
            plan(Path::new("out"), &files, &[Format::Txt, Format::Json])
        };
        let two = plan(&["a/x.flac", "-"]).unwrap();
        assert_eq!(two[0][1], (Format::Json, PathBuf::from("out/x.json")));
        assert_eq!(two[1][0], (Format::Txt, PathBuf::from("out/stdin.txt")));
        let message = plan(&["a/x.flac", "y.wav", "b/x.mp3"]).unwrap_err().to_string();
        assert!(message.contains("a/x.flac") && message.contains("b/x.mp3"), "{message}");
        assert!(plan(&["a/x.flac", "a/x.flac"]).is_err());
    }
}
