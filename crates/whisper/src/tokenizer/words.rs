//! Groups tokens into words. Not their times: those come from the alignment.

use super::Tokenizer;
use crate::languages::Language;

/// A run of tokens that make a word, a sign or a special token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Its text, with the space before it.
    pub text: String,
    /// Its tokens.
    pub tokens: Vec<u32>,
}

/// ASCII punctuation, in the order of its codes.
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

impl Tokenizer {
    /// Splits tokens into words, at spaces or, for languages without them, at characters.
    pub fn split_to_word_tokens(&self, tokens: &[u32], language: Language) -> Vec<Word> {
        if language.is_unspaced() { self.split_on_unicode(tokens) } else { self.split_on_spaces(tokens) }
    }

    /// Splits tokens into the shortest runs that are whole characters.
    ///
    /// A replacement character counts as whole where the text of all tokens has one in that place too. Tokens left
    /// over at the end make a last word of their own.
    pub fn split_on_unicode(&self, tokens: &[u32]) -> Vec<Word> {
        let whole: Vec<char> = self.decode_with_timestamps(tokens).chars().collect();
        let mut words = Vec::new();
        let mut current = Vec::new();
        let mut offset = 0;
        for &token in tokens {
            current.push(token);
            let text = self.decode_with_timestamps(&current);
            let broken = text.chars().position(|c| c == char::REPLACEMENT_CHARACTER);
            if broken.is_none_or(|at| whole.get(offset + at) == Some(&char::REPLACEMENT_CHARACTER)) {
                offset += text.chars().count();
                words.push(Word { text, tokens: std::mem::take(&mut current) });
            }
        }
        if !current.is_empty() {
            words.push(Word { text: self.decode_with_timestamps(&current), tokens: current });
        }
        words
    }

    /// Splits tokens where a space begins a word; ASCII punctuation and special tokens stand alone.
    pub fn split_on_spaces(&self, tokens: &[u32]) -> Vec<Word> {
        let mut words: Vec<Word> = Vec::new();
        for part in self.split_on_unicode(tokens) {
            let special = part.tokens.first().is_some_and(|token| *token >= self.specials().eot);
            // A run of signs counts where it is a piece of the list, and so does white space alone, as in Python's
            // `in string.punctuation`.
            let punctuation = PUNCTUATION.contains(strip(&part.text));
            match words.last_mut() {
                Some(last) if !special && !part.text.starts_with(' ') && !punctuation => {
                    last.text.push_str(&part.text);
                    last.tokens.extend(part.tokens);
                }
                _ => words.push(part),
            }
        }
        words
    }
}

/// Trims what Python's `str.strip` trims: Unicode white space and the four ASCII separators.
pub(crate) fn strip(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c))
}
