//! The text of a grammar as it is read, and the sentences on what is wrong with it. Not the notation.

use crate::Error;

/// A text and the place up to which it is read.
#[derive(Debug)]
pub struct Text<'t> {
    whole: &'t str,
    at: usize,
}

impl<'t> Text<'t> {
    /// A text of which nothing is read.
    pub fn new(whole: &'t str) -> Self {
        Self { whole, at: 0 }
    }

    /// The byte up to which it is read.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Its bytes in all.
    pub fn len(&self) -> usize {
        self.whole.len()
    }

    /// Returns to a place given by [`at`](Self::at).
    pub fn back_to(&mut self, at: usize) {
        self.at = at;
    }

    /// What is not read yet.
    pub fn rest(&self) -> &'t str {
        &self.whole[self.at..]
    }

    /// The next character.
    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Passes over a character, if there is one.
    pub fn bump(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    /// Passes over characters as long as they are `wanted`.
    pub fn skip_while(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Passes over `what`.
    ///
    /// # Errors
    /// [`Error::Grammar`] where something else stands there.
    pub fn expect(&mut self, what: &str, expected: &str) -> Result<(), Error> {
        if !self.rest().starts_with(what) {
            return Err(self.unexpected(expected));
        }
        self.at += what.len();
        Ok(())
    }

    /// The error that the next character is.
    pub fn unexpected(&self, expected: &str) -> Error {
        self.refuse(self.at, shown(self.peek()), expected)
    }

    /// An error at a byte of the text.
    pub fn refuse(&self, at: usize, got: String, expected: &str) -> Error {
        let before = &self.whole[..at];
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        Error::Grammar {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            got,
            expected: expected.to_owned(),
        }
    }
}

/// A character, or what stands for none, as errors show it.
pub fn shown(c: Option<char>) -> String {
    match c {
        None => "the end of the text".to_owned(),
        Some('\n' | '\r') => "the end of the line".to_owned(),
        Some(c) if c.is_control() => format!("U+{:04X}", u32::from(c)),
        Some(c) => format!("`{c}`"),
    }
}
