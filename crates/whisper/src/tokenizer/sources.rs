//! Reads text vocabularies from the files that carry them. Not special tokens: they are computed per model.

use std::collections::HashMap;

use serde::Deserialize;

use super::bpe::MAX_TOKENS;
use crate::Error;
use crate::config::parse_json;

/// The special token that ends every text vocabulary.
const END: &str = "<|endoftext|>";

fn refuse(what: &'static str, got: String, expected: &str) -> Error {
    Error::Vocabulary { what, got, expected: expected.to_owned() }
}

/// Reads Hugging Face's `tokenizer.json`.
pub fn tokenizer_json(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    #[derive(Deserialize)]
    struct File {
        #[serde(default)]
        added_tokens: Vec<Added>,
        model: Model,
    }
    #[derive(Deserialize)]
    struct Added {
        id: usize,
        content: String,
    }
    #[derive(Deserialize)]
    struct Model {
        vocab: HashMap<String, usize>,
    }
    let file: File = parse_json("tokenizer.json", bytes)?;
    let added = file.added_tokens.iter().find(|token| token.content == END).map(|token| token.id);
    let Some(end) = added.or_else(|| file.model.vocab.get(END).copied()) else {
        return Err(refuse("end token", "absent".to_owned(), END));
    };
    if end > MAX_TOKENS {
        return Err(refuse("end token", end.to_string(), "an id of at most 1000000"));
    }
    let mut tokens = vec![None; end];
    for (text, id) in file.model.vocab {
        if let Some(slot) = tokens.get_mut(id) {
            *slot = Some(spelt(&text)?);
        }
    }
    match tokens.iter().position(Option::is_none) {
        Some(id) => Err(refuse("vocabulary", format!("without id {id}"), &format!("every id below {end}"))),
        None => Ok(tokens.into_iter().flatten().collect()),
    }
}

/// Reads `CTranslate2`'s `vocabulary.json`: a list of tokens, special ones included.
pub fn vocabulary_json(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    let all: Vec<String> = parse_json("vocabulary.json", bytes)?;
    match all.iter().position(|token| token == END) {
        Some(end) => all[..end].iter().map(|token| spelt(token)).collect(),
        None => Err(refuse("end token", "absent".to_owned(), END)),
    }
}

/// Reads a tiktoken rank file: lines of a token in base 64, a space and its rank, which are in order.
pub fn tiktoken(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    let mut tokens = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
        let got =
            || format!("{} at rank {}", String::from_utf8_lossy(&line[..line.len().min(80)]), tokens.len());
        let (token, rank) = parse_rank(line)
            .ok_or_else(|| refuse("rank file's line", got(), "a token in base 64, a space and a rank"))?;
        if rank != tokens.len() {
            return Err(refuse("rank file's line", got(), "ranks in order, from 0"));
        }
        tokens.push(token);
    }
    Ok(tokens)
}

fn parse_rank(line: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let (token, rank) = (words.next()?, words.next()?);
    let rank = std::str::from_utf8(rank).ok()?.parse().ok()?;
    words.next().is_none().then_some((base64(token)?, rank))
}

/// Decodes standard base 64, padded or not. The empty token is spelt `=`.
fn base64(mut text: &[u8]) -> Option<Vec<u8>> {
    while let Some(rest) = text.strip_suffix(b"=") {
        text = rest;
    }
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for &byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        (bits, held) = (bits << 6 | u32::from(value), held + 6);
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    Some(out)
}

/// The bytes that a token stands for in GPT-2's spelling, which gives each byte a printable character.
fn spelt(text: &str) -> Result<Vec<u8>, Error> {
    let byte =
        |c: char| byte_of(c).ok_or_else(|| refuse("token", format!("{text:?}"), "GPT-2's byte alphabet"));
    text.chars().map(byte).collect()
}

/// The byte behind a character: printable Latin-1 is itself, and U+0100 onwards are the other bytes in order.
fn byte_of(c: char) -> Option<u8> {
    match u32::from(c) {
        n @ (0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff) => Some(n as u8),
        n @ 0x100..=0x120 => Some((n - 0x100) as u8),
        n @ 0x121..=0x142 => Some((n - 0x121 + 0x7f) as u8),
        0x143 => Some(0xad),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_byte_alphabet_covers_every_byte_once() {
        let bytes: HashSet<u8> = ('\0'..'\u{200}').filter_map(byte_of).collect();
        assert_eq!(bytes.len(), 256);
        assert_eq!(('\0'..'\u{200}').filter(|c| byte_of(*c).is_some()).count(), 256);
        assert_eq!(spelt("ĠhÃ©Ċ").unwrap(), " hé\n".as_bytes());
        assert!(spelt("a b").unwrap_err().to_string().contains("\"a b\", expected GPT-2's byte alphabet"));
    }

    #[test]
    fn reads_the_three_kinds() {
        let json = br#"{"added_tokens": [{"id": 2, "content": "<|endoftext|>"}, {"id": 3, "content": "x"}],
            "model": {"vocab": {"b": 1, "\u0120a": 0, "<|endoftext|>": 2}}}"#;
        let expected = vec![b" a".to_vec(), b"b".to_vec()];
        assert_eq!(tokenizer_json(json).unwrap(), expected);
        assert_eq!(vocabulary_json(br#"["\u0120a", "b", "<|endoftext|>", "<|x y|>"]"#).unwrap(), expected);
        assert_eq!(tiktoken(b"IGE= 0\nYg== 1\n").unwrap(), expected);
        assert_eq!(tiktoken(b"= 0\r\n4pmq 1").unwrap(), [vec![], "♪".as_bytes().to_vec()]);
    }

    #[test]
    fn refuses_what_is_not_a_vocabulary() {
        let message = |result: Result<Vec<Vec<u8>>, Error>| result.unwrap_err().to_string();
        assert!(message(tokenizer_json(br#"{"model": {"vocab": {}}}"#)).contains("end token is absent"));
        let huge = br#"{"model": {"vocab": {"<|endoftext|>": 18446744073709551615}}}"#;
        assert!(message(tokenizer_json(huge)).contains("expected an id of at most 1000000"));
        let hole = br#"{"model": {"vocab": {"a": 0, "<|endoftext|>": 2}}}"#;
        assert!(message(tokenizer_json(hole)).contains("without id 1, expected every id below 2"));
        assert!(message(vocabulary_json(br#"["a"]"#)).contains("end token is absent"));
        assert!(message(vocabulary_json(b"{")).starts_with("vocabulary.json is not the JSON expected"));
        assert!(message(tiktoken(b"Yg== 0\nYg== 2")).contains("at rank 1, expected ranks in order"));
        for line in ["Yg== 0 0", "Yg==", "Y* 0", "Yg== -1"] {
            assert!(message(tiktoken(line.as_bytes())).contains("a token in base 64"), "{line}");
        }
    }
}
