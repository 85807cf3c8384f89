//! One blob of the cache: fetched, resumed, verified, renamed into place. Not a choice of files.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use sha1::Digest as _;
use sha1::Sha1;
use sha2::Sha256;
use ureq::Body;
use ureq::http::Response;

use super::cache::RepositoryCache;
use super::http::{Client, Failure, Metadata, content_range, not_a_hub};
use super::settings::Patience;
use crate::durable::{self, Lock};
use crate::error::Error;
use crate::progress::{Begun, Progress};

const CHUNK: usize = 256 * 1024;

/// A file that is wanted in the cache.
pub(super) struct Wanted<'a> {
    /// Its name in the repository.
    pub(super) file: &'a str,
    /// What the hub says of it.
    pub(super) metadata: &'a Metadata,
    /// The most bytes that such a file may have.
    pub(super) limit: u64,
}

/// Makes sure that the blob is in the cache: another process may have put it there, or be about to.
pub(super) fn blob(
    client: &Client,
    cache: &RepositoryCache,
    wanted: &Wanted,
    progress: &dyn Progress,
) -> Result<(), Error> {
    let Metadata { commit, etag, size } = wanted.metadata;
    let address = client.address(cache.repository(), commit, wanted.file);
    if size.is_some_and(|size| size > wanted.limit) {
        let what = format!("{} bytes announced, at most {} make sense", size.unwrap_or(0), wanted.limit);
        return Err(not_a_hub(&address, what));
    }
    let blob = cache.blob(etag);
    if is_whole(&blob, *size) {
        return Ok(());
    }
    let label = format!("{} {}", cache.repository(), wanted.file);
    let lock = Lock::acquire(&cache.lock(etag), || {
        progress.note(&format!("{label}: waiting for another process that is fetching it"));
    })?;
    if is_whole(&blob, *size) {
        return Ok(());
    }
    durable::make_folder(&durable::folder_of(&blob))?;
    // Everyone shares one half-made file, so that a killed download is taken up where it ended; without locks each
    // has its own.
    let partial = if lock.is_exclusive() {
        format!("{etag}.incomplete")
    } else {
        format!("{etag}.{}-{:?}.incomplete", std::process::id(), std::thread::current().id())
    };
    let partial = blob.with_file_name(partial);
    Transfer { client, address, wanted, partial: &partial }.run(&Begun::new(progress, &label, *size))?;
    durable::rename(&partial, &blob)
}

/// A blob is only ever renamed into place when it is whole and verified; the size guards against what other tools and
/// full disks may have left.
fn is_whole(blob: &Path, size: Option<u64>) -> bool {
    fs::metadata(blob)
        .is_ok_and(|metadata| metadata.is_file() && size.is_none_or(|size| metadata.len() == size))
}

struct Transfer<'a> {
    client: &'a Client,
    address: String,
    wanted: &'a Wanted<'a>,
    partial: &'a Path,
}

impl Transfer<'_> {
    /// Fills the partial file until it is whole and right.
    fn run(&self, begun: &Begun) -> Result<(), Error> {
        let (mut failures, mut furthest, mut spoilt) = (0, self.have(), false);
        loop {
            let Err(failure) = self.attempt(begun) else {
                let Some(mismatch) = self.mismatch()? else { return Ok(()) };
                self.discard()?;
                // What was resumed may have been spoilt long ago: one whole download decides.
                if spoilt {
                    return Err(mismatch);
                }
                (spoilt, furthest) = (true, 0);
                continue;
            };
            if self.have() >= furthest + Patience::HEADWAY {
                (failures, furthest) = (0, self.have());
            }
            failures += 1;
            self.client.pause_or_give_up(&self.address, failures, failure)?;
        }
    }

    /// One request, from where the partial file ends.
    fn attempt(&self, begun: &Begun) -> Result<(), Failure> {
        let size = self.wanted.metadata.size;
        // Without a size there is no telling a whole file from a part.
        let have = self.have();
        let have = if size.is_some_and(|size| have <= size) { have } else { 0 };
        if have > 0 && Some(have) == size {
            return Ok(());
        }
        let response = self.client.open(&self.address, have)?;
        let start = match response.status().as_u16() {
            206 => match content_range(response.headers()) {
                Some((start, total)) if start == have && (total.is_none() || total == size) => have,
                other => {
                    self.discard().map_err(Failure::Final)?;
                    let got =
                        other.map_or("no range".to_owned(), |(start, total)| format!("{start}, {total:?}"));
                    let reason = format!("asked for bytes from {have} of {size:?}, got {got}");
                    return Err(Failure::Passing(reason, None));
                }
            },
            416 => {
                self.discard().map_err(Failure::Final)?;
                return Err(Failure::Passing(format!("no bytes after {have}"), None));
            }
            _ => 0,
        };
        self.copy(response, start, begun)
    }

    fn copy(&self, response: Response<Body>, start: u64, begun: &Begun) -> Result<(), Failure> {
        let failed = |error| Failure::Final(Error::file("write", self.partial)(error));
        let mut file = self.open_at(start).map_err(failed)?;
        let mut body = response.into_body().into_reader();
        let size = self.wanted.metadata.size;
        let most = size.unwrap_or(self.wanted.limit);
        let mut chunk = vec![0; CHUNK];
        let mut done = start;
        loop {
            begun.position(done);
            let read = match body.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    return Err(Failure::Passing(
                        format!("the transfer broke after {done} bytes: {error}"),
                        None,
                    ));
                }
            };
            done += read as u64;
            if done > most {
                file.set_len(0).map_err(failed)?;
                return Err(Failure::Passing(format!("more than the {most} bytes announced"), None));
            }
            file.write_all(&chunk[..read]).map_err(failed)?;
        }
        if size.is_some_and(|size| done < size) {
            return Err(Failure::Passing(format!("the transfer ended after {done} bytes of {most}"), None));
        }
        file.sync_all().map_err(failed)
    }

    fn open_at(&self, start: u64) -> io::Result<File> {
        let mut file = File::options().create(true).truncate(false).write(true).open(self.partial)?;
        file.set_len(start)?;
        file.seek(SeekFrom::Start(start))?;
        Ok(file)
    }

    /// Bytes in the partial file.
    fn have(&self) -> u64 {
        fs::metadata(self.partial).map_or(0, |metadata| metadata.len())
    }

    fn discard(&self) -> Result<(), Error> {
        match fs::remove_file(self.partial) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::file("remove", self.partial)(error))
            }
            _ => Ok(()),
        }
    }

    /// Reads the whole file back and compares its checksum with the etag, where the etag is one.
    fn mismatch(&self) -> Result<Option<Error>, Error> {
        let expected = &self.wanted.metadata.etag;
        let got = match expected.len() {
            64 => sha256_of(self.partial, &mut |_| ())?,
            40 => git_sha1_of(self.partial)?,
            _ => return Ok(None),
        };
        let file = super::url::shown(&self.address);
        let right = got.eq_ignore_ascii_case(expected);
        Ok((!right).then(|| Error::Mismatch { file, got, expected: expected.clone() }))
    }
}

/// The SHA-256 of a file, in hexadecimal.
pub(super) fn sha256_of(path: &Path, seen: &mut dyn FnMut(u64)) -> Result<String, Error> {
    let mut hash = Sha256::new();
    read_all(path, &mut |chunk, done| {
        hash.update(chunk);
        seen(done);
    })?;
    Ok(hexadecimal(&hash.finalize()))
}

/// The name that git gives a blob: the SHA-1 of `blob LENGTH`, a zero byte and the content.
fn git_sha1_of(path: &Path) -> Result<String, Error> {
    let length = fs::metadata(path).map_err(Error::file("read", path))?.len();
    let mut hash = Sha1::new();
    hash.update(format!("blob {length}\0"));
    read_all(path, &mut |chunk, _| hash.update(chunk))?;
    Ok(hexadecimal(&hash.finalize()))
}

fn read_all(path: &Path, each: &mut dyn FnMut(&[u8], u64)) -> Result<(), Error> {
    let mut file = File::open(path).map_err(Error::file("read", path))?;
    let mut chunk = vec![0; CHUNK];
    let mut done = 0;
    loop {
        let read = match file.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Error::file("read", path)(error)),
        };
        done += read as u64;
        each(&chunk[..read], done);
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::{git_sha1_of, sha256_of};

    #[test]
    fn checksums_are_the_known_ones() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(git_sha1_of(file.path()).unwrap(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        std::fs::write(file.path(), "hello\n").unwrap();
        assert_eq!(git_sha1_of(file.path()).unwrap(), "ce013625030ba8dba906f756967f9e9ca394464a");
        assert_eq!(
            sha256_of(file.path(), &mut |_| ()).unwrap(),
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
        );
    }
}
