//! Samples from an ffmpeg program, for codecs that are not decoded here. Not a search for it: the
//! caller says where it is.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::{Error, SAMPLE_RATE};

/// Where ffmpeg reads from.
#[derive(Debug)]
pub(crate) enum Input {
    /// A named file.
    Path(PathBuf),
    /// An open file without a name.
    File(File),
}

/// A running ffmpeg; it is stopped when this is dropped.
pub(crate) struct Ffmpeg {
    child: Child,
    out: ChildStdout,
    complaints: File,
    codec: String,
    odd: Option<u8>,
}

impl Ffmpeg {
    /// Starts `program` on `input`; `codec` is for messages.
    pub(crate) fn start(program: &Path, input: Input, codec: &str) -> Result<Ffmpeg, Error> {
        let complaints = tempfile::tempfile().map_err(Error::Spool)?;
        let stderr = complaints.try_clone().map_err(Error::Spool)?;
        let mut command = Command::new(program);
        command.args(["-nostdin", "-hide_banner", "-v", "error", "-protocol_whitelist", "file,pipe,fd"]);
        command.arg("-i");
        match input {
            // The prefix keeps ffmpeg from taking "a:b" for a protocol and "-a" for an option.
            Input::Path(path) => {
                let mut name = OsString::from("file:");
                name.push(path);
                command.arg(name).stdin(Stdio::null());
            }
            Input::File(file) => {
                let name = if cfg!(unix) { "file:/dev/stdin" } else { "pipe:0" };
                command.arg(name).stdin(Stdio::from(file));
            }
        }
        command.args(["-map", "0:a:0", "-f", "s16le", "-ac", "1", "-ar", &SAMPLE_RATE.to_string(), "-"]);
        command.stdout(Stdio::piped()).stderr(Stdio::from(stderr));
        let failed = |source| Error::FfmpegStart { program: program.display().to_string(), source };
        let mut child = command.spawn().map_err(failed)?;
        let out = child.stdout.take().ok_or_else(|| failed(io::ErrorKind::BrokenPipe.into()))?;
        Ok(Ffmpeg { child, out, complaints, codec: codec.to_owned(), odd: None })
    }

    /// Fills `out`; fewer only at the end, where a failure of ffmpeg is the error of the call after.
    pub(crate) fn read(&mut self, out: &mut [i16]) -> Result<usize, Error> {
        let mut bytes = [0; 8192];
        let mut got = 0;
        while got < out.len() {
            let start = usize::from(self.odd.is_some());
            bytes[0] = self.odd.take().unwrap_or(0);
            let room = ((out.len() - got) * 2).clamp(2, bytes.len());
            let n = start + self.fill(&mut bytes[start..room])?;
            if n == start {
                break;
            }
            for pair in bytes[..n].chunks_exact(2) {
                out[got] = i16::from_le_bytes([pair[0], pair[1]]);
                got += 1;
            }
            self.odd = (n % 2 == 1).then(|| bytes[n - 1]);
        }
        if got == 0 && !out.is_empty() {
            self.check()?;
        }
        Ok(got)
    }

    fn fill(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        loop {
            match self.out.read(out) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => return other.map_err(Error::Read),
            }
        }
    }

    fn check(&mut self) -> Result<(), Error> {
        let status = self.child.wait().map_err(Error::Read)?;
        if status.success() {
            return Ok(());
        }
        let last = last_line(&mut self.complaints).filter(|line| !line.is_empty());
        let message = last.unwrap_or_else(|| format!("it ended with {status}"));
        Err(Error::Ffmpeg { codec: self.codec.clone(), message })
    }
}

impl Drop for Ffmpeg {
    fn drop(&mut self) {
        // Both fail only when it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn last_line(file: &mut File) -> Option<String> {
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(4096))).ok()?;
    let mut text = Vec::new();
    file.take(4096).read_to_end(&mut text).ok()?;
    let text = String::from_utf8_lossy(&text);
    text.trim_end().lines().next_back().map(|line| line.trim().to_owned())
}
