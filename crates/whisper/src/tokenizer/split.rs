//! Splits text into the pieces that byte-pair encoding works on, by GPT-2's pattern. Not the encoding itself.

use regex::Regex;

/// GPT-2's pattern: English contractions, letters, digits, other signs, and white space, where each of the middle
/// three takes one space before it. Its alternative `\s+(?!\S)` is not in it: `split` shortens a run of white space
/// instead.
const PATTERN: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+";

/// The compiled pattern.
#[derive(Debug)]
pub struct Splitter(Regex);

impl Splitter {
    pub fn new() -> Self {
        Self(Regex::new(PATTERN).expect("the pattern is a constant that compiles"))
    }

    /// The pieces of a text, in order; joined they are the text.
    pub fn split<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let found = self.0.find_at(text, at)?;
            let piece = found.as_str();
            // White space before something else leaves its last character to it, unless it is the only one.
            let last = piece.chars().next_back()?;
            let shortened = last.is_whitespace() && found.end() < text.len() && piece.len() > last.len_utf8();
            let end = if shortened { found.end() - last.len_utf8() } else { found.end() };
            let piece = &text[at..end];
            at = end;
            Some(piece)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &str) -> Vec<String> {
        Splitter::new().split(text).map(str::to_owned).collect()
    }

    #[test]
    fn splits_as_gpt2() {
        assert_eq!(
            split("He'll say: it's 12.5 %"),
            ["He", "'ll", " say", ":", " it", "'s", " 12", ".", "5", " %"]
        );
        assert_eq!(split("a  b\n\nc \n"), ["a", " ", " b", "\n", "\n", "c", " \n"]);
        assert_eq!(split("  "), ["  "]);
        assert_eq!(split("\u{3000}\u{3000}x\u{a0}y"), ["\u{3000}", "\u{3000}", "x", "\u{a0}", "y"]);
        assert_eq!(split("नमस्ते"), ["नमस", "्", "त", "े"]);
        assert!(split("").is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn pieces_join_to_the_text(text in "[ \\n\u{a0}a'1é!]{0,24}|\\PC{0,16}") {
            prop_assert_eq!(split(&text).concat(), text);
        }
    }
}
