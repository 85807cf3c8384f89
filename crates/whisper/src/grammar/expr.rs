//! What a grammar's rules say, whichever syntax they were written in. Not how they are followed: that is `program`.

use regex_syntax::hir::ClassUnicode;

/// A piece of a rule. Nesting is bounded by whoever builds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// These bytes, which may be none.
    Literal(Vec<u8>),
    /// One character of a set, as its UTF-8 bytes.
    Class(ClassUnicode),
    /// One after another.
    Sequence(Vec<Expr>),
    /// Any one of them; none is a dead end.
    Choice(Vec<Expr>),
    /// Again and again, `min` times or more, `max` times at most.
    Repeat {
        /// What is repeated.
        inner: Box<Expr>,
        /// The fewest times.
        min: u32,
        /// The most times; none for no limit.
        max: Option<u32>,
    },
    /// Another rule, by its place in the list of rules.
    Rule(u32),
}
