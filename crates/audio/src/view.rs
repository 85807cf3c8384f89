//! A window on a shared file with its own position. Not a cache: symphonia buffers above it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use symphonia::core::io::MediaSource;

/// Reads `file` at a position of its own: `head`, then the file from `start` to `end`.
#[derive(Debug, Clone)]
pub(crate) struct View {
    file: Arc<File>,
    head: Vec<u8>,
    start: u64,
    end: u64,
    at: u64,
}

impl View {
    /// The whole of a regular file.
    pub(crate) fn new(file: Arc<File>) -> io::Result<View> {
        let end = file.metadata()?.len();
        Ok(View { file, head: Vec::new(), start: 0, end, at: 0 })
    }

    /// Length in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.head.len() as u64 + self.end.saturating_sub(self.start)
    }

    /// Shows `head` instead of the first `start` bytes, and nothing after the next `length`. Only for a
    /// view of a whole file.
    pub(crate) fn replace_head(&mut self, head: Vec<u8>, start: u64, length: u64) {
        self.end = self.end.min(start.saturating_add(length));
        self.start = start.min(self.end);
        self.head = head;
    }

    /// Fills `out` from offset `at`, or as much of it as there is; returns the count.
    pub(crate) fn peek(&self, at: u64, out: &mut [u8]) -> io::Result<usize> {
        let mut view = View { at, ..self.clone() };
        let mut got = 0;
        while got < out.len() {
            match view.read(&mut out[got..]) {
                Ok(0) => break,
                Ok(n) => got += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(got)
    }

    /// Exactly `N` bytes at offset `at`, or nothing.
    pub(crate) fn bytes<const N: usize>(&self, at: u64) -> Option<[u8; N]> {
        let mut out = [0; N];
        (self.peek(at, &mut out).ok()? == N).then_some(out)
    }
}

#[cfg(unix)]
fn read_at(file: &File, out: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, out, at)
}

#[cfg(windows)]
fn read_at(file: &File, out: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, out, at)
}

impl Read for View {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let head = self.head.len() as u64;
        let n = if self.at < head {
            let rest = &self.head[self.at as usize..];
            let n = rest.len().min(out.len());
            out[..n].copy_from_slice(&rest[..n]);
            n
        } else {
            let room = usize::try_from(self.len().saturating_sub(self.at)).unwrap_or(usize::MAX);
            let room = room.min(out.len());
            read_at(&self.file, &mut out[..room], self.start.saturating_add(self.at - head))?
        };
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for View {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

impl MediaSource for View {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.len())
    }
}
