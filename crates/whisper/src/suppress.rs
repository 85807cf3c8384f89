//! Tokens to suppress that are told by their text: those that match a pattern, and those with numerals. Not the
//! tokens that are not speech: those are the tokenizer's.

use crate::grammar::{Grammar, TokenTrie};
use crate::{Error, Tokenizer};

/// The signs and numerals of whisperX's `--suppress_numerals`.
const NUMERALS: &str = "0123456789%$£";

/// The text tokens whose whole text, with the space before it, matches a regular expression, ascending
/// (whisper.cpp's `--suppress-regex`). Its syntax is that of [`Grammar::regex`].
///
/// A token that is a part of a character matches nothing.
///
/// # Errors
/// [`Error::Pattern`], as [`Grammar::regex`].
pub fn tokens_matching(tokenizer: &Tokenizer, pattern: &str) -> Result<Vec<u32>, Error> {
    Ok(Grammar::regex(pattern)?.tokens(&TokenTrie::new(tokenizer)))
}

/// The text tokens that hold a numeral, or a sign of per cent, dollars or pounds, ascending (whisperX's
/// `find_numeral_symbol_tokens`). Numbers are then spelt out.
pub fn numeral_and_symbol_tokens(tokenizer: &Tokenizer) -> Vec<u32> {
    (0..tokenizer.specials().eot).filter(|token| tokenizer.decode(&[*token]).contains(is_numeral)).collect()
}

fn is_numeral(c: char) -> bool {
    NUMERALS.contains(c)
}

#[cfg(test)]
mod tests {
    use regex::bytes::Regex;

    use super::*;
    use crate::tokenizer::tests::subset;

    #[test]
    fn whole_tokens_match() {
        let tokenizer = subset();
        for pattern in [r"[0-9]+", r" ?[A-Z].*", r"^ (the|a)$", r"\PL*", r"(?i) t.*", "é| é"] {
            let regex = Regex::new(&format!("^(?:{pattern})$")).unwrap();
            let expected: Vec<u32> = (0..tokenizer.specials().eot)
                .filter(|token| {
                    tokenizer.bytes(*token).is_some_and(|bytes| !bytes.is_empty() && regex.is_match(bytes))
                })
                .collect();
            let found = tokens_matching(tokenizer, pattern).unwrap();
            assert_eq!(found, expected, "{pattern}");
            assert!(!found.is_empty(), "{pattern}");
        }
        let the = tokenizer.encode(" the");
        assert_eq!(tokens_matching(tokenizer, " the").unwrap(), the);
        assert!(!tokens_matching(tokenizer, "the").unwrap().contains(&the[0]));
    }

    #[test]
    fn a_broken_pattern_is_told() {
        let error = tokens_matching(subset(), "a(b").unwrap_err().to_string();
        let expected = "the regular expression at column 2 has unclosed group, \
            expected the syntax of Rust's regex crate";
        assert_eq!(error, expected);
    }

    #[test]
    fn numerals_are_those_of_whisperx() {
        let tokenizer = subset();
        let numerals = numeral_and_symbol_tokens(tokenizer);
        for text in ["1", "$", "%"] {
            assert!(numerals.contains(&tokenizer.encode(text)[0]), "{text}");
        }
        for text in [" the", "é", "€", "."] {
            assert!(!numerals.contains(&tokenizer.encode(text)[0]), "{text}");
        }
        // `£` is C2 A3, and one byte of it is no sign.
        assert!(tokenizer.encode("£").len() == 1 || !numerals.contains(&tokenizer.encode("£")[0]));
    }
}
