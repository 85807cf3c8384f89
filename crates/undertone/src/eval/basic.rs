//! The normaliser for any language: openai-whisper's `normalizers/basic.py`. Not for English: see `english`.

use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

use super::characters::{Kind, kind, single_spaced, without_brackets};

/// Letters that the decomposition of Unicode leaves whole.
const LETTERS: [(char, &str); 16] = [
    ('œ', "oe"),
    ('Œ', "OE"),
    ('ø', "o"),
    ('Ø', "O"),
    ('æ', "ae"),
    ('Æ', "AE"),
    ('ß', "ss"),
    ('ẞ', "SS"),
    ('đ', "d"),
    ('Đ', "D"),
    ('ð', "d"),
    ('Ð', "D"),
    ('þ', "th"),
    ('Þ', "th"),
    ('ł', "l"),
    ('Ł', "L"),
];

/// `BasicTextNormalizer(split_letters=split_letters)`.
pub(super) fn normalize(text: &str, split_letters: bool) -> String {
    let text = without_brackets(&text.to_lowercase());
    let text: String = text.nfkc().map(|c| if kind(c) == Kind::Text { c } else { ' ' }).collect();
    let text = text.to_lowercase();
    if split_letters {
        let letters: Vec<&str> = text.graphemes(true).collect();
        single_spaced(&letters.join(" "))
    } else {
        single_spaced(&text)
    }
}

/// `remove_symbols_and_diacritics(text, keep)`.
pub(super) fn without_symbols_and_diacritics(text: &str, keep: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfkd() {
        if keep.contains(c) {
            out.push(c);
        } else if let Some((_, letters)) = LETTERS.iter().find(|(letter, _)| *letter == c) {
            out.push_str(letters);
        } else {
            match kind(c) {
                Kind::Nonspacing => {}
                Kind::Sign => out.push(' '),
                Kind::Text => out.push(c),
            }
        }
    }
    out
}
