//! How the library tells its caller that something long is going on. Not a terminal: a caller draws.

/// Receives news of long work. One thing is under way at a time: `begin`, any number of `position`s, `end`.
pub trait Progress {
    /// Work called `what` starts; `total` is its size in bytes where that is known.
    fn begin(&self, what: &str, total: Option<u64>);

    /// `done` bytes of the work are there, counted from its start. It may fall when a transfer starts afresh.
    fn position(&self, done: u64);

    /// The work that `begin` named is over, well or not.
    fn end(&self);

    /// One line that a user wants to know, such as the use of a second source.
    fn note(&self, line: &str);
}

/// Says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _what: &str, _total: Option<u64>) {}
    fn position(&self, _done: u64) {}
    fn end(&self) {}
    fn note(&self, _line: &str) {}
}

/// Work that has begun and ends when this is dropped, so that an early return ends it too.
pub(crate) struct Begun<'a>(&'a dyn Progress);

impl<'a> Begun<'a> {
    pub(crate) fn new(progress: &'a dyn Progress, what: &str, total: Option<u64>) -> Self {
        progress.begin(what, total);
        Self(progress)
    }

    pub(crate) fn position(&self, done: u64) {
        self.0.position(done);
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}
