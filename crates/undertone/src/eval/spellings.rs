//! British spellings to American ones. Not a dictionary: a list of words, as openai-whisper has it.

use std::collections::HashMap;

use super::characters::words;

const TABLE: &str = include_str!("spellings.txt");

/// The list, ready to look words up in.
pub(super) struct Spellings(HashMap<String, String>);

impl Spellings {
    pub(super) fn new() -> Self {
        let rows = TABLE.lines().filter(|row| !row.starts_with('#'));
        let pair = |row: &str| {
            let mut cells = row.split(' ');
            let mut cell = || cells.next().unwrap_or_default();
            let (shared, british, american) = (cell(), cell(), cell());
            (format!("{shared}{british}"), format!("{shared}{american}"))
        };
        Self(rows.map(pair).collect())
    }

    /// The words of the text in American spelling, one space between them.
    pub(super) fn standardize(&self, text: &str) -> String {
        let spelled = words(text).map(|word| self.0.get(word).map_or(word, String::as_str));
        spelled.collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::Spellings;

    /// Every word that the shared beginning may hide: nothing shared, nothing left of either side.
    #[test]
    fn british_becomes_american() {
        let spellings = Spellings::new();
        assert_eq!(spellings.0.len(), 1738);
        let text = "aeons of  colour mobilised\tprogramme jewellery plough cosy";
        assert_eq!(spellings.standardize(text), "eons of color mobilized program jewelry plow cozy");
    }
}
