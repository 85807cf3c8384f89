//! Tests against tiktoken and openai-whisper's tokenizer, whose answers are in `cases.json`.
//! Not on a whole vocabulary: the ranks are those multilingual ones that the texts could use, renumbered in order.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;

const RANKS: &[u8] = include_bytes!("tests/subset.tiktoken");
const CASES: &[u8] = include_bytes!("tests/cases.json");

/// What openai-whisper 20250625 and tiktoken 0.14 answer.
#[derive(Deserialize)]
struct Cases {
    n_vocab: usize,
    non_speech: Vec<u32>,
    /// Text, tokens.
    encode: Vec<(String, Vec<u32>)>,
    /// Tokens, their text, and the text with timestamps.
    decode: Vec<(Vec<u32>, String, String)>,
    /// Language, words' texts, words' tokens.
    words: Vec<(String, Vec<String>, Vec<Vec<u32>>)>,
}

fn cases() -> Cases {
    serde_json::from_slice(CASES).unwrap()
}

/// A tokenizer with 1485 of the multilingual text tokens and all special ones.
pub(crate) fn subset() -> &'static Tokenizer {
    static SUBSET: LazyLock<Tokenizer> = LazyLock::new(load);
    &SUBSET
}

fn load() -> Tokenizer {
    Tokenizer::from_bytes(Source::Tiktoken, RANKS, cases().n_vocab).unwrap()
}

#[test]
fn encodes_as_tiktoken() {
    let tokenizer = subset();
    for (text, tokens) in cases().encode {
        assert_eq!(tokenizer.encode(&text), tokens, "{text:?}");
        assert_eq!(tokenizer.decode(&tokens), text);
    }
}

#[test]
fn decodes_as_openai_whisper() {
    let tokenizer = subset();
    for (tokens, text, with_timestamps) in cases().decode {
        assert_eq!(tokenizer.decode(&tokens), text, "{tokens:?}");
        assert_eq!(tokenizer.decode_with_timestamps(&tokens), with_timestamps, "{tokens:?}");
    }
    assert_eq!(tokenizer.decode(&[u32::MAX]), "");
}

#[test]
fn non_speech_tokens_are_openai_whispers() {
    assert_eq!(subset().non_speech_tokens(), cases().non_speech);
}

#[test]
fn words_are_openai_whispers() {
    let tokenizer = subset();
    for (language, texts, tokens) in cases().words {
        let got = tokenizer.split_to_word_tokens(&tokens.concat(), language.parse().unwrap());
        let expected: Vec<_> =
            texts.into_iter().zip(tokens).map(|(text, tokens)| Word { text, tokens }).collect();
        assert_eq!(got, expected, "{language}");
    }
}

#[test]
fn start_sequences() {
    let tokenizer = load();
    let specials = *tokenizer.specials();
    let german = "de".parse().unwrap();
    let expected = [specials.sot, specials.first_language + 2, specials.translate];
    assert_eq!(tokenizer.sot_sequence(german, Task::Translate).unwrap(), expected);
    assert_eq!(tokenizer.sot_sequence(Language::ENGLISH, Task::Transcribe).unwrap()[2], specials.transcribe);
    let cantonese = tokenizer.sot_sequence("yue".parse().unwrap(), Task::Transcribe).unwrap_err();
    assert_eq!(cantonese.to_string(), "this model does not know cantonese, expected one of its 99 languages");
    let english = Tokenizer { specials: Specials { multilingual: false, ..specials }, ..tokenizer };
    assert_eq!(english.sot_sequence(german, Task::Translate).unwrap(), [specials.sot]);
}

#[test]
fn opens_a_folder_a_file_in_it_or_the_vocabulary() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { n_vocab: cases().n_vocab, ..crate::weights::tests::tiny() };
    let missing = Tokenizer::open(folder.path(), &config).unwrap_err().to_string();
    assert!(missing.contains("has no tokenizer.json, vocabulary.json"), "{missing}");
    std::fs::write(folder.path().join("multilingual.tiktoken"), RANKS).unwrap();
    for name in ["", "model.bin", "multilingual.tiktoken"] {
        let tokenizer = Tokenizer::open(&folder.path().join(name), &config).unwrap();
        assert_eq!(tokenizer.specials(), subset().specials());
    }
    let wrong = Tokenizer::open(folder.path(), &Config { n_vocab: 51865, ..config }).unwrap_err().to_string();
    assert!(wrong.contains("1485, expected 1510 to 1609 fewer than the model's 51865 tokens"), "{wrong}");
}

#[test]
fn refuses_a_vocabulary_without_every_byte_or_with_a_token_twice() {
    let lines: Vec<&[u8]> = RANKS.split_inclusive(|byte| *byte == b'\n').collect();
    let without = Tokenizer::from_bytes(Source::Tiktoken, &lines[..255].concat(), 255 + 1608).unwrap_err();
    assert!(without.to_string().contains("absent for byte 173, expected one for each"), "{without}");
    let twice = [lines[..256].concat(), b"IQ== 256\n".to_vec()].concat();
    let twice = Tokenizer::from_bytes(Source::Tiktoken, &twice, 257 + 1608).unwrap_err();
    assert!(twice.to_string().contains("equal at ids 0 and 256"), "{twice}");
}

#[test]
fn a_long_piece_is_encoded_in_good_time() {
    let text = "a".repeat(200_000) + &"ب".repeat(100_000);
    let tokenizer = subset();
    assert_eq!(tokenizer.decode(&tokenizer.encode(&text)), text);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The stream's pieces join to the text decoded at once, and every piece is final.
    #[test]
    fn a_stream_joins_to_the_decoded_text(tokens in prop::collection::vec(0_u32..1485, 0..40)) {
        let tokenizer = subset();
        let mut stream = TextStream::new();
        let mut text = String::new();
        for (i, token) in tokens.iter().enumerate() {
            text += &stream.push(tokenizer, *token);
            prop_assert!(tokenizer.decode(&tokens[..=i]).starts_with(&text));
        }
        text += &stream.flush();
        prop_assert_eq!(&text, &tokenizer.decode(&tokens));
        prop_assert_eq!(stream, TextStream::new());
    }

    #[test]
    fn any_text_survives_the_round_trip(text in "\\PC{0,40}|[ a'\\n\u{a0}é♪]{0,40}") {
        let tokenizer = subset();
        prop_assert_eq!(tokenizer.decode(&tokenizer.encode(&text)), text);
    }

    /// No token is lost or moved, whatever the ids.
    #[test]
    fn words_keep_every_token(tokens in prop::collection::vec(0_u32..3100, 0..30), language in 0_usize..100) {
        let words = subset().split_to_word_tokens(&tokens, Language::from_index(language).unwrap());
        let kept: Vec<u32> = words.into_iter().flat_map(|word| word.tokens).collect();
        prop_assert_eq!(kept, tokens);
    }

    #[test]
    fn damaged_vocabularies_never_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let json = br#"{"added_tokens": [{"id": 2, "content": "<|endoftext|>"}], "model": {"vocab": {"b": 1, "a": 0}}}"#;
        for (source, file) in [(Source::Tiktoken, RANKS), (Source::TokenizerJson, json), (Source::VocabularyJson, json)] {
            let mut file = file.to_vec();
            for (at, byte) in &edits {
                let at = at.index(file.len());
                file[at] = *byte;
            }
            let _ = Tokenizer::from_bytes(source, &file, 3093).map(|tokenizer| tokenizer.encode("a b"));
            file.truncate(cut.index(file.len()));
            prop_assert!(Tokenizer::from_bytes(source, &file, 3093).is_err());
        }
    }
}
