//! Which files tensors come from, so that what was made of them is known again. Not a reader of files, and not a checksum:
//! a file that keeps its name, length and times is taken for the same.

use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// What tells files from all others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Where they are: the same for files that come in their place.
    pub place: String,
    /// What changes with their content: length, and times of change in nanoseconds.
    pub state: String,
}

impl Origin {
    /// The file at `path`, which is open and has this `metadata`.
    ///
    /// # Errors
    /// The path leads nowhere, or the system keeps no times.
    pub fn of(path: &Path, metadata: &Metadata) -> io::Result<Origin> {
        let place = std::fs::canonicalize(path)?.as_os_str().as_encoded_bytes().escape_ascii().to_string();
        let modified = nanoseconds(metadata.modified()?);
        let state = format!("{} bytes of {modified} and {}", metadata.len(), changed(metadata));
        Ok(Origin { place, state })
    }

    /// All of several files, in order.
    #[must_use]
    pub fn and(self, other: &Origin) -> Origin {
        let join = |a: String, b: &str| if a.is_empty() { b.to_owned() } else { a + "; " + b };
        Origin { place: join(self.place, &other.place), state: join(self.state, &other.state) }
    }
}

/// When the file's entry was last changed, which nobody sets: a copy that keeps the time of another file's content has
/// its own. Numbers of entries don't help: some file systems give new ones each time.
#[cfg(unix)]
fn changed(metadata: &Metadata) -> i128 {
    use std::os::unix::fs::MetadataExt;
    i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec())
}

/// When the file was made.
#[cfg(not(unix))]
fn changed(metadata: &Metadata) -> i128 {
    metadata.created().map_or(0, nanoseconds)
}

/// Since 1970; negative before.
fn nanoseconds(time: SystemTime) -> i128 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_nanos().cast_signed(),
        Err(before) => -before.duration().as_nanos().cast_signed(),
    }
}
