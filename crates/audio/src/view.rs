//! A window on a shared file with its own position. Not a cache: symphonia buffers above it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use symphonia::core::io::MediaSource;

/// Reads `file` at a position of its own, up to `end`, with some header bytes replaced.
#[derive(Debug, Clone)]
pub(crate) struct View {
    file: Arc<File>,
    at: u64,
    end: u64,
    patches: Vec<(u64, [u8; 4])>,
}

impl View {
    /// The whole of a regular file.
    pub(crate) fn new(file: Arc<File>) -> io::Result<View> {
        let end = file.metadata()?.len();
        Ok(View { file, at: 0, end, patches: Vec::new() })
    }

    /// Length in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.end
    }

    /// Ends the view at `end` bytes, if that is shorter.
    pub(crate) fn cut(&mut self, end: u64) {
        self.end = self.end.min(end);
    }

    /// Shows `bytes` at offset `at` instead of what the file holds there.
    pub(crate) fn patch(&mut self, at: u64, bytes: [u8; 4]) {
        self.patches.push((at, bytes));
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
        let room = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX).min(out.len());
        let n = read_at(&self.file, &mut out[..room], self.at)?;
        for (start, bytes) in &self.patches {
            for (k, byte) in bytes.iter().enumerate() {
                let spot = (start + k as u64).checked_sub(self.at).and_then(|i| usize::try_from(i).ok());
                if let Some(slot) = spot.filter(|&i| i < n).and_then(|i| out.get_mut(i)) {
                    *slot = *byte;
                }
            }
        }
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for View {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
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
        Some(self.end)
    }
}
