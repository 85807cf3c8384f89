//! The bytes of a weights file: mapped, or in memory. Not a parser: any content is fine here.

#![allow(unsafe_code)] // The map itself, and what is said of its pages.

use std::fs::File;
use std::ops::{Deref, Range};
use std::path::Path;

use compiler::Origin;
use memmap2::Mmap;

use crate::Error;

/// Read-only bytes of a file.
#[derive(Debug)]
pub enum Bytes {
    /// A file mapped into memory: its pages are read when they are first looked at. Which file it is, where the system says.
    Mapped(Mmap, Option<Origin>),
    /// Bytes held in memory.
    Owned(Vec<u8>),
}

impl Bytes {
    /// The file that they are in; `None` if they are in none.
    pub fn origin(&self) -> Option<&Origin> {
        match self {
            Bytes::Mapped(_, origin) => origin.as_ref(),
            Bytes::Owned(_) => None,
        }
    }

    /// Lets go of the pages in which `range` was read: they are read again when they are looked at again.
    pub fn release(&self, range: Range<usize>) {
        #[cfg(unix)]
        if let Bytes::Mapped(map, _) = self {
            let advice = memmap2::UncheckedAdvice::DontNeed;
            // A wish: pages that stay are as good. SAFETY: the map is of a file and read-only, so that its pages hold the
            // same bytes when they come again.
            let _ = unsafe { map.unchecked_advise_range(advice, range.start, range.len()) };
        }
    }

    /// Asks the system to map what is read from now on in small pages, as far as it does so: for rows that lie far apart.
    pub fn read_sparsely(&self) {
        #[cfg(target_os = "linux")]
        if let Bytes::Mapped(map, _) = self {
            // A wish, too: some systems know no other pages.
            let _ = map.advise(memmap2::Advice::NoHugePage);
        }
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Mapped(map, _) => map,
            Bytes::Owned(bytes) => bytes,
        }
    }
}

/// Maps a regular file.
pub fn map(path: &Path) -> Result<Bytes, Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    // A FIFO would block in `open`, so the kind is looked at first.
    if !std::fs::metadata(path).map_err(io)?.is_file() {
        return Err(io(std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a regular file")));
    }
    let file = File::open(path).map_err(io)?;
    // SAFETY: the map is read-only and only ever seen as `[u8]`, for which every bit pattern is valid. Its content
    // must not change while it is borrowed: weights files are written elsewhere and renamed into place, never
    // rewritten, and `Weights::open` hands that condition on to its caller.
    let map = unsafe { Mmap::map(&file) }.map_err(io)?;
    let origin = file.metadata().and_then(|metadata| Origin::of(path, &metadata));
    Ok(Bytes::Mapped(map, origin.ok()))
}

/// Reads a small side file whole, refusing one above `limit` bytes; none where it does not exist.
pub fn read_small(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let metadata = match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(io)?,
    };
    if !metadata.is_file() {
        return Err(io(std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a regular file")));
    }
    if metadata.len() > limit {
        return Err(Error::TooLarge { path: path.to_owned(), got: metadata.len(), limit });
    }
    std::fs::read(path).map(Some).map_err(io)
}
