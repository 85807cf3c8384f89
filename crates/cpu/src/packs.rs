//! Packed weights kept in files, so that the next process need not pack them. Not a format for anybody else: a file is of
//! use to the very program that wrote it.
//!
//! A file is a header that says in words all that its bytes depend on, and the bytes of a region. It is read by comparing
//! the header with the one that is expected: whatever else lies there is as good as nothing, and is replaced. So there is
//! nothing to parse.

use crate::aligned::Region;
use compiler::{Origin, Program, Target, Weights};
use std::fs::{self, File, Metadata};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What every file begins with; the number goes up when the same header comes to stand for other bytes.
const MAGIC: &str = "undertone packed weights 1\n";
/// What the names of files end with, and those of files that are being written.
const SUFFIXES: [&str; 2] = [".pack", ".pack-part"];
/// The region begins on a multiple of this, a page.
const PAGE: usize = 4096;
/// Smaller regions are packed sooner than a file is found.
const LEAST: usize = 256 << 10;
/// How long a file may be out of use.
const KEPT: Duration = Duration::from_hours(30 * 24);
/// How much later than it was, a use is noted.
const NOTED: Duration = Duration::from_hours(24);

/// A folder of packed weights, and the device that packs.
pub(crate) struct Packs<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) target: &'a Target,
}

/// The file of one program's constants, whether it is there or not.
pub(crate) struct Pack {
    path: PathBuf,
    /// What the file must begin with: words, and zeros up to a whole page.
    header: Vec<u8>,
    /// Bytes of the region behind it.
    bytes: usize,
}

impl Packs<'_> {
    /// The file for `bytes` bytes of `contents`, made of `weights`; `None` where none is kept: the weights come from no
    /// files, or are few.
    pub(crate) fn pack(
        &self,
        program: &Program,
        weights: &dyn Weights,
        contents: &str,
        bytes: usize,
    ) -> Option<Pack> {
        if bytes < LEAST {
            return None;
        }
        let weights = weights.origin()?;
        let own = std::env::current_exe().and_then(|path| Origin::of(&path, &fs::metadata(&path)?)).ok()?;
        let Target { device, isa, threads: _, compute } = self.target;
        // What a later version of the same thing shares with it, so that it takes its place.
        let mut name = DefaultHasher::new();
        (&weights.place, program.graph.name(), device, isa, compute.name()).hash(&mut name);
        let path =
            self.folder.join(format!("{isa}-{}-{:016x}{}", compute.name(), name.finish(), SUFFIXES[0]));
        let words = format!(
            "{MAGIC}{bytes} bytes of @{} for {device}, {isa}, {compute}\n\
             weights {}: {}\nprogram {} {}: {}\n{contents}",
            program.graph.name(),
            weights.place,
            weights.state,
            env!("CARGO_PKG_VERSION"),
            own.place,
            own.state,
        );
        let mut header = words.into_bytes();
        header.resize(header.len().next_multiple_of(PAGE), 0);
        Some(Pack { path, header, bytes })
    }
}

impl Pack {
    /// The region that the file holds; `None` if it is not there, or another.
    pub(crate) fn read(&self) -> Option<Region> {
        let region = self.open();
        let found = region.as_ref().map(Option::is_some);
        tracing::debug!(path = %self.path.display(), ?found, "packed weights");
        region.ok().flatten()
    }

    fn open(&self) -> io::Result<Option<Region>> {
        // What is no file may never end.
        if !fs::metadata(&self.path)?.is_file() {
            return Ok(None);
        }
        let mut file = File::open(&self.path)?;
        let metadata = file.metadata()?;
        if metadata.len() != (self.header.len() + self.bytes) as u64 {
            return Ok(None);
        }
        let mut header = vec![0; self.header.len()];
        file.read_exact(&mut header)?;
        if header != self.header {
            return Ok(None);
        }
        note_use(&file, &metadata);
        // SAFETY: files of the folder are replaced, never written again, as whoever named it sees to; what is written to
        // the map is not written to the file. Any bytes are a region: its buffers are numbers.
        let map = unsafe { memmap2::MmapOptions::new().map_copy(&file)? };
        Ok(Some(Region::mapped(map, self.header.len())))
    }

    /// Keeps the region for the next process. That it can't be kept is no error.
    pub(crate) fn write(&self, region: &[u8]) {
        let written = self.replace(region);
        tracing::debug!(path = %self.path.display(), ?written, "packed weights are kept");
    }

    fn replace(&self, region: &[u8]) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new().suffix(SUFFIXES[1]).tempfile_in(folder)?;
        file.write_all(&self.header)?;
        file.write_all(region)?;
        // Else a power cut could leave a file of that length without those bytes.
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        sweep(folder, SystemTime::now())
    }
}

/// Sets the time of a file that is used, once a day, so that it stays.
fn note_use(file: &File, metadata: &Metadata) {
    let now = SystemTime::now();
    if metadata.modified().is_ok_and(|then| now.duration_since(then).is_ok_and(|since| since > NOTED)) {
        let _ = file.set_modified(now);
    }
}

/// Removes the files that no process has used for long, and nobody else's.
fn sweep(folder: &Path, now: SystemTime) -> io::Result<()> {
    for entry in fs::read_dir(folder)?.flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        let named = SUFFIXES.iter().any(|suffix| name.to_string_lossy().ends_with(suffix));
        let old = |metadata: Metadata| {
            let then = metadata.is_file().then(|| metadata.modified().ok()).flatten();
            then.is_some_and(|then| now.duration_since(then).is_ok_and(|since| since > KEPT))
        };
        if named && entry.metadata().is_ok_and(old) && is_ours(&path) {
            let _ = fs::remove_file(path);
        }
    }
    Ok(())
}

/// Whether the file begins as ours do.
fn is_ours(path: &Path) -> bool {
    let mut start = [0; MAGIC.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == MAGIC.as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn pack(folder: &Path) -> Pack {
        let mut header = MAGIC.as_bytes().to_vec();
        header.resize(PAGE, 0);
        Pack { path: folder.join("one.pack"), header, bytes: 192 }
    }

    fn bytes(mut region: Region) -> Vec<i8> {
        region.take::<i8>(192).to_vec()
    }

    #[test]
    fn a_region_comes_back_and_what_is_written_to_it_stays_in_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let pack = pack(folder.path());
        assert!(pack.read().is_none());
        pack.write(&[7; 192]);
        pack.read().unwrap().take::<i8>(192).fill(1);
        assert_eq!(bytes(pack.read().unwrap()), [7; 192]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    /// Whoever reads the file while it is replaced keeps what he has.
    #[test]
    fn a_file_that_is_mapped_can_be_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let pack = pack(folder.path());
        pack.write(&[7; 192]);
        let before = pack.read().unwrap();
        pack.write(&[8; 192]);
        assert_eq!((bytes(before), bytes(pack.read().unwrap())), (vec![7; 192], vec![8; 192]));
    }

    #[test]
    fn a_use_is_noted_once_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let pack = pack(folder.path());
        pack.write(&[7; 192]);
        let modified = || fs::metadata(&pack.path).unwrap().modified().unwrap();
        let set = |time| File::options().write(true).open(&pack.path).unwrap().set_modified(time).unwrap();
        let now = SystemTime::now();
        set(now - DAY / 2);
        let before = modified();
        pack.read().unwrap();
        assert_eq!(modified(), before);
        set(now - 2 * DAY);
        pack.read().unwrap();
        assert!(modified() > now - DAY);
    }

    #[test]
    fn what_nobody_used_for_thirty_days_goes_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, begin: &str| fs::write(folder.path().join(name), format!("{begin}...")).unwrap();
        write("ours.pack", MAGIC);
        write("cut off.pack-part", MAGIC);
        write("git.pack", "PACK of somebody else");
        write("short.pack", "");
        write("ours.txt", MAGIC);
        fs::create_dir(folder.path().join("folder.pack")).unwrap();
        let left = || {
            let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
            let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
            names.sort();
            names
        };
        let all = left();
        sweep(folder.path(), SystemTime::now() + 29 * DAY).unwrap();
        assert_eq!(left(), all);
        sweep(folder.path(), SystemTime::now() + 31 * DAY).unwrap();
        assert_eq!(left(), ["folder.pack", "git.pack", "ours.txt", "short.pack"]);
    }
}
