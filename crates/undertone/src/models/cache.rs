//! One repository's place in the cache that the hub's tools share. Not a downloader: it knows names and links.
//!
//! The layout is `huggingface_hub`'s: `models--OWNER--REPO/blobs/ETAG` holds contents, `snapshots/COMMIT/FILE` links to
//! them, `refs/main` holds the commit, and `.locks/models--OWNER--REPO/ETAG.lock` guards a blob that is being written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::durable;
use crate::error::Error;

/// The branch that is fetched.
pub(super) const BRANCH: &str = "main";

/// The cache folders of one repository.
#[derive(Debug)]
pub(super) struct RepositoryCache {
    repository: String,
    folder: PathBuf,
    locks: PathBuf,
}

impl RepositoryCache {
    /// The place of `OWNER/REPO` below the cache folder `root`. Nothing is made yet.
    pub(super) fn new(root: &Path, repository: &str) -> Self {
        let name = format!("models--{}", repository.replace('/', "--"));
        Self {
            repository: repository.to_owned(),
            locks: root.join(".locks").join(&name),
            folder: root.join(name),
        }
    }

    /// `OWNER/REPO`.
    pub(super) fn repository(&self) -> &str {
        &self.repository
    }

    /// The snapshot that `refs/main` points to, if there is one. It may lack files.
    pub(super) fn current(&self) -> Option<PathBuf> {
        let commit = fs::read_to_string(self.folder.join("refs").join(BRANCH)).ok()?;
        let commit = commit.trim();
        let snapshot = is_commit(commit).then(|| self.snapshot(commit))?;
        snapshot.is_dir().then_some(snapshot)
    }

    /// Makes `refs/main` point to `commit`.
    pub(super) fn set_current(&self, commit: &str) -> Result<(), Error> {
        let reference = self.folder.join("refs").join(BRANCH);
        durable::make_folder(&durable::folder_of(&reference))?;
        durable::write_whole(&reference, commit.as_bytes())
    }

    /// The folder of a commit's files.
    pub(super) fn snapshot(&self, commit: &str) -> PathBuf {
        self.folder.join("snapshots").join(commit)
    }

    /// Where the content with this etag lies.
    pub(super) fn blob(&self, etag: &str) -> PathBuf {
        self.folder.join("blobs").join(etag)
    }

    /// The lock of that blob.
    pub(super) fn lock(&self, etag: &str) -> PathBuf {
        self.locks.join(format!("{etag}.lock"))
    }

    /// Makes the snapshot's `file` show the blob: by a relative link, or by a second name or a copy where links can't
    /// be made.
    pub(super) fn link(&self, commit: &str, file: &str, etag: &str) -> Result<(), Error> {
        let snapshot = self.snapshot(commit);
        durable::make_folder(&snapshot)?;
        let target = Path::new("..").join("..").join("blobs").join(etag);
        let place = snapshot.join(file);
        if fs::read_link(&place).is_ok_and(|link| link == target) {
            return Ok(());
        }
        let blob = self.blob(etag);
        let make = || -> io::Result<()> {
            // Made under a name of its own and renamed: two processes may do this at once, and readers may look on.
            let staging = tempfile::Builder::new().prefix(".undertone-").tempdir_in(&snapshot)?;
            let staged = staging.path().join(file);
            symlink(&target, &staged)
                .or_else(|_| fs::hard_link(&blob, &staged))
                .or_else(|_| fs::copy(&blob, &staged).map(|_| ()))?;
            fs::rename(&staged, &place)
        };
        make().map_err(Error::file("link the model's file", &place))
    }
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target, link)
}

/// A full commit hash; anything else must not become a path.
pub(super) fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// An etag that is safe as a file name.
pub(super) fn is_etag(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && !text.starts_with('.')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{RepositoryCache, is_commit, is_etag};

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn a_link_shows_the_blob_and_can_be_made_twice() {
        let root = tempfile::tempdir().unwrap();
        let cache = RepositoryCache::new(root.path(), "o/r");
        for (etag, text) in [("one", "first"), ("two", "second")] {
            fs::create_dir_all(cache.blob(etag).parent().unwrap()).unwrap();
            fs::write(cache.blob(etag), text).unwrap();
            cache.link(COMMIT, "config.json", etag).unwrap();
            cache.link(COMMIT, "config.json", etag).unwrap();
            let place = root.path().join("models--o--r/snapshots").join(COMMIT).join("config.json");
            assert_eq!(fs::read_to_string(&place).unwrap(), text);
            assert_eq!(fs::read_dir(place.parent().unwrap()).unwrap().count(), 1, "no staging is left");
        }
    }

    #[test]
    fn the_reference_is_followed_only_to_a_commit() {
        let root = tempfile::tempdir().unwrap();
        let cache = RepositoryCache::new(root.path(), "o/r");
        assert_eq!(cache.current(), None);
        cache.set_current(COMMIT).unwrap();
        assert_eq!(cache.current(), None, "no snapshot yet");
        fs::create_dir_all(cache.snapshot(COMMIT)).unwrap();
        assert_eq!(cache.current(), Some(cache.snapshot(COMMIT)));
        cache.set_current("../..").unwrap();
        assert_eq!(cache.current(), None);
    }

    #[test]
    fn hostile_names_are_no_paths() {
        assert!(is_commit(COMMIT) && is_etag(COMMIT) && is_etag("abc-1.2_gz"));
        for odd in ["", ".", "..", "../x", "a/b", "a\\b", "a\0b", "é", &"a".repeat(129)] {
            assert!(!is_etag(odd) && !is_commit(odd), "{odd:?}");
        }
    }
}
