//! What is done to numbers once they are digits: cents join their dollars, a lone 1 becomes a word. Not the reading of
//! words: see `numbers`.

use super::characters::is_boundary;

const CURRENCIES: [char; 3] = ['€', '£', '$'];

/// `$2 and ¢7` becomes `$2.07`, then `$0.07` becomes `¢7`.
pub(super) fn cents(text: &str) -> String {
    replaced(&replaced(text, combined), extracted)
}

/// Replaces what `rule` takes at each place, from left to right; it gives the text and how many bytes it stands for.
fn replaced(text: &str, rule: fn(&str) -> Option<(String, usize)>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some((with, len)) = rule(rest) {
            out.push_str(&with);
            rest = &rest[len..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// `([€£$])([0-9]+) (?:and )?¢([0-9]{1,2})\b`.
fn combined(text: &str) -> Option<(String, usize)> {
    let currency = text.chars().next().filter(|c| CURRENCIES.contains(c))?;
    let rest = &text[currency.len_utf8()..];
    let whole = &rest[..rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len()];
    let rest = rest[whole.len()..].strip_prefix(' ').filter(|_| !whole.is_empty())?;
    let rest = rest.strip_prefix("and ").unwrap_or(rest).strip_prefix('¢')?;
    let (cents, rest) = cents_before_boundary(rest)?;
    Some((format!("{currency}{whole}.{cents:02}"), text.len() - rest.len()))
}

/// `[€£$]0.([0-9]{1,2})\b`, the point being any character but a line break.
fn extracted(text: &str) -> Option<(String, usize)> {
    let currency = text.chars().next().filter(|c| CURRENCIES.contains(c))?;
    let rest = text[currency.len_utf8()..].strip_prefix('0')?;
    let any = rest.chars().next().filter(|c| *c != '\n')?;
    let (cents, rest) = cents_before_boundary(&rest[any.len_utf8()..])?;
    Some((format!("¢{cents}"), text.len() - rest.len()))
}

/// One or two digits that end where a word does, and the text after them.
fn cents_before_boundary(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (cents, rest) = text.split_at(digits);
    let ends = is_boundary(cents.chars().next_back(), rest.chars().next());
    // With one digit of two taken, the other would follow without a boundary.
    cents.parse().ok().filter(|_| ends).map(|cents| (cents, rest))
}

/// `re.sub(r"\b1(s?)\b", r"one\1", text)`.
pub(super) fn ones_as_words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let mut after = chars.clone();
        let plural = after.next() == Some('s') && is_boundary(Some('s'), after.next());
        let alone = plural || is_boundary(Some('1'), chars.peek().copied());
        if c == '1' && is_boundary(before, Some('1')) && alone {
            out.push_str("one");
        } else {
            out.push(c);
        }
        before = Some(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{cents, ones_as_words};

    /// Expected: Python's `postprocess`.
    #[test]
    fn cents_and_ones() {
        assert_eq!(cents("$2 and ¢7 €20 ¢5 $3 ¢123"), "$2.07 €20.05 $3 ¢123");
        assert_eq!(cents("$0.07 £0x12 $0.123"), "¢7 ¢12 $0.123");
        assert_eq!(ones_as_words("1 1s 1st 11 $1 1.5 a1"), "one ones 1st 11 $one one.5 a1");
    }
}
