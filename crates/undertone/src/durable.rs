//! Files that appear whole or not at all, and locks between processes. Not a cache: callers choose the places.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// The parent of `path`, `.` for a bare name.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => PathBuf::from("."),
        Some(folder) => folder.to_owned(),
        None => PathBuf::from("/"),
    }
}

/// Makes a folder and those above it.
pub(crate) fn make_folder(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(Error::file("make the folder", path))
}

/// Writes `bytes` to a temporary file beside `path`, then renames it: no reader and no crash sees a part of it.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let write = || -> io::Result<()> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".undertone-").suffix(".part");
        // Temporary files are private by default; what is kept follows the umask like any other file.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut temporary = builder.tempfile_in(folder_of(path))?;
        temporary.write_all(bytes)?;
        temporary.as_file().sync_all()?;
        temporary.persist(path)?;
        Ok(())
    };
    write().map_err(Error::file("write", path))?;
    sync_folder_of(path);
    Ok(())
}

/// Renames a synced file or folder into its final place, and asks that the new name survive a power cut.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    fs::rename(from, to).map_err(Error::file("rename into place", to))?;
    sync_folder_of(to);
    Ok(())
}

/// Flushes the folder entry of `path`. Some systems can't open a folder, and some file systems can't flush one: there
/// the rename is still atomic, only its survival of a power cut is the system's affair.
fn sync_folder_of(path: &Path) {
    if let Ok(folder) = File::open(folder_of(path)) {
        let _ = folder.sync_all();
    }
}

/// An exclusive lock between processes (and threads). The system frees it when its holder ends in any way, so the
/// file that stays behind means nothing.
pub(crate) struct Lock {
    _file: File,
    exclusive: bool,
}

impl Lock {
    /// Waits for the lock on `path`, calling `busy` once if someone else holds it.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if the lock file can't be made.
    pub(crate) fn acquire(path: &Path, busy: impl FnOnce()) -> Result<Self, Error> {
        make_folder(&folder_of(path))?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(Error::file("make the lock", path))?;
        let exclusive = match file.try_lock() {
            Ok(()) => true,
            Err(fs::TryLockError::WouldBlock) => {
                busy();
                file.lock().is_ok()
            }
            Err(fs::TryLockError::Error(_)) => false,
        };
        Ok(Self { _file: file, exclusive })
    }

    /// False on a file system without locks: then the holder must not share half-made files with anyone.
    pub(crate) fn is_exclusive(&self) -> bool {
        self.exclusive
    }
}
