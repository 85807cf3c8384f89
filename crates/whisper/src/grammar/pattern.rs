//! Reads regular expressions into a rule, by the syntax of the `regex` crate. Not a search: the whole text is meant.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::expr::Expr;
use crate::Error;

/// The deepest that groups and repetitions may nest.
const MAX_DEPTH: u32 = 100;
/// The longest pattern read, in bytes.
const MAX_TEXT: usize = 1 << 16;

/// The rule that a pattern stands for. It must match from the first character to the last, so `^` and `$` change
/// nothing at the ends, and greediness changes nothing at all.
///
/// # Errors
/// [`Error::Pattern`] where it can't be parsed, is too large, or looks around: `\b`, `(?m)^`, or `^` and `$` elsewhere.
pub fn parse(pattern: &str) -> Result<Expr, Error> {
    if pattern.len() > MAX_TEXT {
        return Err(refuse(1, format!("{} bytes", pattern.len()), "at most 65536"));
    }
    let hir = ParserBuilder::new().nest_limit(MAX_DEPTH).build().parse(pattern).map_err(|error| {
        let (at, reason) = match &error {
            regex_syntax::Error::Parse(error) => (error.span().start.offset, error.kind().to_string()),
            regex_syntax::Error::Translate(error) => (error.span().start.offset, error.kind().to_string()),
            _ => (0, error.to_string()),
        };
        let column = pattern.get(..at).map_or(0, |before| before.chars().count()) + 1;
        refuse(column, reason, "the syntax of Rust's regex crate")
    })?;
    expr(&hir, true, true)
}

/// The error for a pattern that grows too large.
pub fn too_large() -> Error {
    let expected = "fewer or shorter repetitions and classes";
    refuse(1, "more states than are kept".to_owned(), expected)
}

/// The error for a pattern without a text.
pub fn matches_nothing() -> Error {
    refuse(1, "a pattern that no text matches".to_owned(), "one that some text matches")
}

fn refuse(column: usize, got: String, expected: &str) -> Error {
    Error::Pattern { column, got, expected: expected.to_owned() }
}

/// `first` where nothing can stand before it in the text, `last` where nothing can come after it.
fn expr(hir: &Hir, first: bool, last: bool) -> Result<Expr, Error> {
    Ok(match hir.kind() {
        HirKind::Empty => Expr::Literal(Vec::new()),
        HirKind::Literal(literal) => Expr::Literal(literal.0.to_vec()),
        HirKind::Class(Class::Unicode(class)) => Expr::Class(class.clone()),
        // With Unicode switched off, what is left after parsing are ASCII bytes.
        HirKind::Class(Class::Bytes(class)) => {
            class.to_unicode_class().map_or(Expr::Choice(Vec::new()), Expr::Class)
        }
        HirKind::Look(Look::Start) if first => Expr::Literal(Vec::new()),
        HirKind::Look(Look::End) if last => Expr::Literal(Vec::new()),
        HirKind::Look(_) => {
            let expected = "^ only at the start and $ only at the end: the whole text is matched";
            return Err(refuse(1, r"a look around such as \b, ^ or $ inside".to_owned(), expected));
        }
        HirKind::Capture(capture) => expr(&capture.sub, first, last)?,
        HirKind::Repetition(repetition) => {
            let once = repetition.max == Some(1);
            Expr::Repeat {
                inner: Box::new(expr(&repetition.sub, first && once, last && once)?),
                min: repetition.min,
                max: repetition.max,
            }
        }
        HirKind::Alternation(all) => {
            Expr::Choice(all.iter().map(|hir| expr(hir, first, last)).collect::<Result<_, _>>()?)
        }
        HirKind::Concat(all) => {
            let is_empty = |hir: &Hir| hir.properties().maximum_len() == Some(0);
            let begun = all.iter().position(|hir| !is_empty(hir)).unwrap_or(all.len());
            let ended = all.iter().rposition(|hir| !is_empty(hir)).unwrap_or(0);
            let each = all.iter().enumerate();
            Expr::Sequence(
                each.map(|(i, hir)| expr(hir, first && i <= begun, last && i >= ended))
                    .collect::<Result<_, _>>()?,
            )
        }
    })
}
