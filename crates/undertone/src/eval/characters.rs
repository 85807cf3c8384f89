//! Characters as Python's `re`, `str` and `unicodedata` class them, and substitutions by hand where Rust's classes
//! differ from Python's. Not an engine for patterns.

use unicode_general_category::{GeneralCategory, get_general_category};

pub(super) use crate::writers::is_space;

/// `\w`: letters, numbers of any kind and the underscore, but no marks.
pub(super) fn is_word(c: char) -> bool {
    use GeneralCategory as G;
    c == '_'
        || matches!(
            get_general_category(c),
            G::UppercaseLetter
                | G::LowercaseLetter
                | G::TitlecaseLetter
                | G::ModifierLetter
                | G::OtherLetter
                | G::DecimalNumber
                | G::LetterNumber
                | G::OtherNumber
        )
}

/// `\d`: decimal digits of any script.
pub(super) fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || (!c.is_ascii() && get_general_category(c) == GeneralCategory::DecimalNumber)
}

/// The value of a decimal digit: each script's ten stand together, zero first.
pub(super) fn digit(c: char) -> char {
    if c.is_ascii_digit() {
        return c;
    }
    let code = c as u32;
    let before =
        (1..).take_while(|&back| code.checked_sub(back).and_then(char::from_u32).is_some_and(is_digit));
    char::from_digit(before.count() as u32 % 10, 10).unwrap_or('0')
}

/// What the cleaning of texts makes of a character.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A mark that takes no space: a diacritic.
    Nonspacing,
    /// Another mark, a symbol or punctuation.
    Sign,
    /// All else.
    Text,
}

/// The kind of a character, by its general category.
pub(super) fn kind(c: char) -> Kind {
    use GeneralCategory as G;
    match get_general_category(c) {
        G::NonspacingMark => Kind::Nonspacing,
        G::SpacingMark
        | G::EnclosingMark
        | G::MathSymbol
        | G::CurrencySymbol
        | G::ModifierSymbol
        | G::OtherSymbol
        | G::ConnectorPunctuation
        | G::DashPunctuation
        | G::OpenPunctuation
        | G::ClosePunctuation
        | G::InitialPunctuation
        | G::FinalPunctuation
        | G::OtherPunctuation => Kind::Sign,
        _ => Kind::Text,
    }
}

/// `\b` between what ends with `before` and what begins with `after`.
pub(super) fn is_boundary(before: Option<char>, after: Option<char>) -> bool {
    before.is_some_and(is_word) != after.is_some_and(is_word)
}

/// `re.sub(r"\bLITERAL\b", replacement, text)`, the first `\b` only if `bounded`.
pub(super) fn replace_word(text: &str, literal: &str, bounded: bool, replacement: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(literal) {
        let after = at + literal.len();
        let before = rest[..at].chars().next_back().or_else(|| preceding(text, rest).filter(|_| at == 0));
        let fits = (!bounded || is_boundary(before, literal.chars().next()))
            && is_boundary(literal.chars().next_back(), rest[after..].chars().next());
        if fits {
            out.push_str(&rest[..at]);
            out.push_str(replacement);
            rest = &rest[after..];
        } else {
            let step = at + rest[at..].chars().next().map_or(1, char::len_utf8);
            out.push_str(&rest[..step]);
            rest = &rest[step..];
        }
    }
    out + rest
}

/// The character before `rest`, which ends `text`.
fn preceding(text: &str, rest: &str) -> Option<char> {
    text[..text.len() - rest.len()].chars().next_back()
}

/// `re.sub(r"[<\[][^>\]]*[>\]]", "", text)`, then `re.sub(r"\(([^)]+?)\)", "", text)`.
pub(super) fn without_brackets(text: &str) -> String {
    let text = without(text, &['<', '['], &['>', ']'], 0);
    without(&text, &['('], &[')'], 1)
}

/// The text without stretches from an opening sign to the next closing one, at least `least` characters between them.
fn without(text: &str, open: &[char], close: &[char], least: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(open) {
        let inside = &rest[at + 1..];
        match inside.find(close) {
            None => break,
            Some(end) if inside[..end].chars().count() >= least => {
                out.push_str(&rest[..at]);
                rest = &inside[end + 1..];
            }
            Some(_) => {
                out.push_str(&rest[..=at]);
                rest = inside;
            }
        }
    }
    out + rest
}

/// `re.sub(r"\s+", " ", text)`.
pub(super) fn single_spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if !is_space(c) {
            out.push(c);
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out
}

/// `str.split`.
pub(super) fn words(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.split(is_space).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected: Python's `re.sub`.
    #[test]
    fn substitutions_are_pythons() {
        assert_eq!(replace_word("st st. best sté 1st", "st", true, "saint "), "saint  saint . best sté 1st");
        assert_eq!(replace_word("can't'tt 't", "'t", false, " not"), "can not'tt  not");
        assert_eq!(without_brackets("a <b [c> d] (e) () (f"), "a  d]  () (f");
        assert_eq!(single_spaced("\u{1c}a \n b\u{3000}"), " a b ");
    }

    #[test]
    fn classes_are_pythons() {
        assert!(is_word('½') && is_word('é') && is_word('_') && !is_word('\u{301}') && !is_word('\''));
        assert_eq!(['7', '٣', '９', '०'].map(digit), ['7', '3', '9', '0']);
        assert!(!is_digit('²') && is_digit('٣'));
    }
}
