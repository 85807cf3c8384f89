//! Fuzzes the readers of grammars: the first byte picks GBNF or a regular expression, then come the grammar, a zero and
//! a text, of which a grammar that was read must say what the crate `regex` says. Not the masks over a vocabulary.
#![no_main]

use libfuzzer_sys::fuzz_target;
use regex::Regex;
use whisper::Grammar;

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    let Ok(rest) = std::str::from_utf8(rest) else { return };
    let (grammar, text) = rest.split_once('\0').unwrap_or((rest, ""));
    let is_pattern = kind % 2 == 1;
    let read = if is_pattern { Grammar::regex(grammar) } else { Grammar::gbnf(grammar) };
    let Ok(read) = read else { return };
    let matches = read.matches(text);
    for (end, _) in text.char_indices().take(100) {
        assert!(!matches || read.may_begin(&text.as_bytes()[..end]), "{grammar:?} ends {text:?} at {end}");
    }
    if is_pattern && let Ok(whole) = Regex::new(&format!(r"\A(?:{grammar})\z")) {
        assert_eq!(matches, whole.is_match(text), "{grammar:?} on {text:?}");
    }
});
