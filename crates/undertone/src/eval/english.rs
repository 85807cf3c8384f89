//! The normaliser for English: openai-whisper's `normalizers/english.py`, but for its numbers. Not the numbers: see
//! `numbers`.

use super::basic::without_symbols_and_diacritics;
use super::characters::{is_digit, is_space, replace_word, single_spaced, without_brackets};
use super::numbers;
use super::spellings::Spellings;

/// What is no word.
const FILLERS: [&str; 6] = ["hmm", "mm", "mhm", "mmm", "uh", "um"];

/// What stands for more words, in the order of replacement. What begins with an apostrophe or `n't` may follow a letter.
const REPLACEMENTS: [(&str, &str); 49] = [
    ("won't", "will not"),
    ("can't", "can not"),
    ("let's", "let us"),
    ("ain't", "aint"),
    ("y'all", "you all"),
    ("wanna", "want to"),
    ("gotta", "got to"),
    ("gonna", "going to"),
    ("i'ma", "i am going to"),
    ("imma", "i am going to"),
    ("woulda", "would have"),
    ("coulda", "could have"),
    ("shoulda", "should have"),
    ("ma'am", "madam"),
    ("mr", "mister "),
    ("mrs", "missus "),
    ("st", "saint "),
    ("dr", "doctor "),
    ("prof", "professor "),
    ("capt", "captain "),
    ("gov", "governor "),
    ("ald", "alderman "),
    ("gen", "general "),
    ("sen", "senator "),
    ("rep", "representative "),
    ("pres", "president "),
    ("rev", "reverend "),
    ("hon", "honorable "),
    ("asst", "assistant "),
    ("assoc", "associate "),
    ("lt", "lieutenant "),
    ("col", "colonel "),
    ("jr", "junior "),
    ("sr", "senior "),
    ("esq", "esquire "),
    ("'d been", " had been"),
    ("'s been", " has been"),
    ("'d gone", " had gone"),
    ("'s gone", " has gone"),
    ("'d done", " had done"),
    ("'s got", " has got"),
    ("n't", " not"),
    ("'re", " are"),
    ("'s", " is"),
    ("'d", " would"),
    ("'ll", " will"),
    ("'t", " not"),
    ("'ve", " have"),
    ("'m", " am"),
];

/// `EnglishTextNormalizer`, with its list of spellings.
pub(super) struct English {
    spellings: Spellings,
}

impl English {
    pub(super) fn new() -> Self {
        Self { spellings: Spellings::new() }
    }

    pub(super) fn normalize(&self, text: &str) -> String {
        let mut text = without_brackets(&text.to_lowercase());
        for filler in FILLERS {
            text = replace_word(&text, filler, true, "");
        }
        text = apostrophes_joined(&text);
        for (from, to) in REPLACEMENTS {
            let bounded = !from.starts_with('\'') && from != "n't";
            text = replace_word(&text, from, bounded, to);
        }
        text = without_full_stops(&commas_dropped(&text));
        text = without_symbols_and_diacritics(&text, ".%$¢€£");
        text = numbers::standardize(&text);
        text = self.spellings.standardize(&text);
        text = signs_of_numbers_only(&text);
        single_spaced(&text)
    }
}

/// `re.sub(r"\s+'", "'", text)`.
fn apostrophes_joined(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\'' {
            out.truncate(out.trim_end_matches(is_space).len());
        }
        out.push(c);
    }
    out
}

/// `re.sub(r"(\d),(\d)", r"\1\2", text)`: a digit that was matched begins no further match.
fn commas_dropped(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        match chars[at..] {
            [a, ',', b, ..] if is_digit(a) && is_digit(b) => {
                out.extend([a, b]);
                at += 3;
            }
            _ => {
                out.push(chars[at]);
                at += 1;
            }
        }
    }
    out
}

/// `re.sub(r"\.([^0-9]|$)", r" \1", text)`.
fn without_full_stops(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek().copied()) {
            ('.', None) => out.push(' '),
            ('.', Some(next)) if !next.is_ascii_digit() => {
                out.extend([' ', next]);
                chars.next();
            }
            _ => out.push(c),
        }
    }
    out
}

/// `re.sub(r"[.$¢€£]([^0-9])", r" \1", text)`, then `re.sub(r"([^0-9])%", r"\1 ", text)`.
fn signs_of_numbers_only(text: &str) -> String {
    let mut first = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek().copied() {
            Some(next) if ".$¢€£".contains(c) && !next.is_ascii_digit() => {
                first.extend([' ', next]);
                chars.next();
            }
            _ => first.push(c),
        }
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = first.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        if !c.is_ascii_digit() && chars.next_if_eq(&'%').is_some() {
            out.push(' ');
        }
    }
    out
}
