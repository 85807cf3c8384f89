//! Scratch of which each thread has a share. Not the memory itself: a program plans for it.

use super::rows::Shared;

/// Values between two shares, a page of 4 KiB. Processors fetch ahead of what a thread reads from end to end, up to the end
/// of a page; what they fetched of another thread's share would go back and forth between the two with every write.
const APART: usize = 1024;

/// The f32 values of scratch in which each of `threads` threads has a share of `len`.
pub(crate) const fn scratch_len(threads: usize, len: usize) -> usize {
    threads.saturating_sub(1) * stride(len) + len
}

/// The distance of two shares: whole cache lines.
const fn stride(len: usize) -> usize {
    len.next_multiple_of(16) + APART
}

/// The shares of some threads.
#[derive(Clone, Copy)]
pub(crate) struct Shares<'a> {
    all: Shared<'a, f32>,
    len: usize,
}

impl<'a> Shares<'a> {
    /// Shares of `len` values.
    ///
    /// # Panics
    /// When the scratch is shorter than [`scratch_len`].
    pub(crate) fn new(scratch: &'a mut [f32], threads: usize, len: usize) -> Self {
        let needed = scratch_len(threads, len);
        assert!(scratch.len() >= needed, "{} values of scratch, {needed} needed", scratch.len());
        Self { all: Shared::new(scratch), len }
    }

    /// The share of a thread.
    ///
    /// # Safety
    /// No other slice of it is alive: no two parts run on one thread at the same time.
    pub(crate) unsafe fn of(&self, thread: usize) -> &'a mut [f32] {
        // SAFETY: shares don't overlap; the caller vouches for this one.
        unsafe { self.all.slice(thread * stride(self.len), self.len) }
    }
}
