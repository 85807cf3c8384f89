//! What an earlier call has left of a recording in the folder that it wrote to. Not the going on: the library does it.

use std::fs;
use std::path::{Path, PathBuf};
use undertone::Transcript;
use undertone::writers::Format;

/// What is there of a recording.
pub enum Before {
    /// Not all of its files, and nothing to go on with.
    Nothing,
    /// A transcript that was stopped.
    Part(Box<Transcript>),
    /// Every file.
    Whole,
}

/// Looks at the recording's files, and at its JSON, which a stopped call leaves whatever the formats.
pub fn look(files: &[(Format, PathBuf)], json: &Path) -> Before {
    let kept: Option<Transcript> = fs::read(json).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    match kept {
        Some(part) if part.resume.is_some() => Before::Part(Box::new(part)),
        _ if files.iter().all(|(_, path)| path.exists()) => Before::Whole,
        _ => Before::Nothing,
    }
}
