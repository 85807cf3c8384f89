//! The user's pip, run as a child that only downloads. Not an installer.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::durable;
use crate::error::Error;
use crate::progress::{Begun, Progress};

/// The longest time that pip may bring nothing: its own time limits and retries come first.
pub(super) const QUIET: Duration = Duration::from_mins(15);

/// How often the growth of the download is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// How to run pip.
pub(super) struct Pip<'a> {
    /// The interpreter: a path, or a name that is looked up as a shell would.
    pub(super) python: &'a Path,
    /// An existing absolute folder of ours, for all that pip writes.
    pub(super) staging: &'a Path,
    /// See [`QUIET`].
    pub(super) quiet: Duration,
}

impl Pip<'_> {
    /// Downloads one wheel for each requirement, and returns their paths. About `total` bytes come; pip tells nobody
    /// how far it is, so the growth of its folders stands for it.
    pub(super) fn download(
        &self,
        requirements: &[&str],
        total: u64,
        progress: &dyn Progress,
    ) -> Result<Vec<PathBuf>, Error> {
        let wheels = self.staging.join("wheels");
        // pip runs in an empty folder: `python -m` would take a `pip.py` of the current one for pip.
        for folder in [&wheels, &self.scratch(), &self.nowhere()] {
            durable::make_folder(folder)?;
        }
        let begun = Begun::new(progress, "base (with pip)", Some(total));
        for requirement in requirements {
            self.download_one(requirement, &wheels, &|bytes| begun.position(bytes.min(total)))?;
        }
        let mut found = Vec::new();
        for entry in fs::read_dir(&wheels).map_err(Error::file("read", &wheels))? {
            let path = entry.map_err(Error::file("read", &wheels))?.path();
            if path.extension().is_some_and(|extension| extension == "whl") {
                found.push(path);
            }
        }
        found.sort();
        if found.is_empty() {
            let what = "it brought no wheel: check pip's configuration".to_owned();
            return Err(Error::Pip {
                command: shown(self.python, requirements.first().unwrap_or(&"")),
                what,
            });
        }
        Ok(found)
    }

    fn download_one(&self, requirement: &str, wheels: &Path, grown: &dyn Fn(u64)) -> Result<(), Error> {
        let failed = |what: String| Error::Pip { command: shown(self.python, requirement), what };
        let log_path = self.staging.join("log");
        let log = File::create(&log_path).map_err(Error::file("write", &log_path))?;
        let python = if self.python.components().count() > 1 {
            std::path::absolute(self.python).map_err(Error::file("find", self.python))?
        } else {
            self.python.to_owned()
        };
        let scratch = self.scratch();
        let child = Command::new(python)
            .args(["-m", "pip", "download", "--no-deps", "--only-binary=:all:", requirement, "-d"])
            .arg(wheels)
            .current_dir(self.nowhere())
            .env("PIP_NO_INPUT", "1")
            .envs(["TMPDIR", "TEMP", "TMP"].map(|name| (name, &scratch)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        let mut child = match child {
            Ok(child) => Ended(child),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let what = format!(
                    "{} was not found: install Python with pip, or give the path of a model",
                    self.python.display()
                );
                return Err(failed(what));
            }
            Err(error) => return Err(failed(error.to_string())),
        };
        match self.wait(&mut child.0, grown).map_err(|error| failed(error.to_string()))? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(failed(reason(&log_path, status))),
            None => Err(failed(format!("it was stopped: nothing came for {} s", self.quiet.as_secs()))),
        }
    }

    /// Waits for the child's end; `None` if nothing came for too long.
    fn wait(&self, child: &mut Child, grown: &dyn Fn(u64)) -> io::Result<Option<ExitStatus>> {
        let (mut most, mut since) = (0, Instant::now());
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(status));
            }
            let size = size_below(self.staging, 4);
            if size > most {
                (most, since) = (size, Instant::now());
                grown(size);
            } else if since.elapsed() > self.quiet {
                return Ok(None);
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Where pip keeps what is half fetched: it leaves nothing elsewhere when it is killed, and can be watched.
    fn scratch(&self) -> PathBuf {
        self.staging.join("scratch")
    }

    fn nowhere(&self) -> PathBuf {
        self.staging.join("nowhere")
    }
}

/// A child that does not outlive its owner.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // Both fail where the child has ended already, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn shown(python: &Path, requirement: &str) -> String {
    format!("{} -m pip download {requirement}", python.display())
}

/// pip's own words: its last line that begins with ERROR, else its last line.
fn reason(log: &Path, status: ExitStatus) -> String {
    const TAIL: u64 = 16 * 1024;
    let read = || -> io::Result<String> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        let mut bytes = Vec::new();
        file.take(TAIL).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let log = read().unwrap_or_default();
    let lines = || log.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines().rfind(|line| line.starts_with("ERROR")).or_else(|| lines().next_back());
    let advice = if log.contains("No module named pip") { " (install pip for this Python)" } else { "" };
    format!("it failed ({status}): {}{advice}", line.unwrap_or("it said nothing"))
}

/// Bytes of the files below a folder, to a depth. Files come and go meanwhile: what can't be read counts nothing.
fn size_below(folder: &Path, depth: u32) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() && depth > 0 => size_below(&entry.path(), depth - 1),
            Ok(metadata) if metadata.is_file() => metadata.len(),
            _ => 0,
        })
        .sum()
}
