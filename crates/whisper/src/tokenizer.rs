//! Text to token ids and back, and what the special ids mean. Not decoding in the sense of search.

mod bpe;
mod sources;
mod specials;
mod split;
mod stream;
mod words;

use std::collections::BTreeSet;
use std::path::Path;

use crate::languages::Language;
use crate::weights::read_small;
use crate::{Config, Error};
use bpe::Bpe;
pub use specials::Specials;
pub use stream::TextStream;
pub use words::Word;
pub(crate) use words::strip;

/// What the decoder is asked to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Task {
    /// The words in the language that is spoken.
    Transcribe,
    /// The words in English.
    Translate,
}

/// The files that carry a text vocabulary, in the order in which they are looked for.
const FILES: [(&str, Source); 4] = [
    ("tokenizer.json", Source::TokenizerJson),
    ("vocabulary.json", Source::VocabularyJson),
    ("multilingual.tiktoken", Source::Tiktoken),
    ("gpt2.tiktoken", Source::Tiktoken),
];
/// The largest vocabulary file read, in bytes.
const MAX_FILE: u64 = 64 << 20;

/// A kind of vocabulary file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Hugging Face's `tokenizer.json`.
    TokenizerJson,
    /// `CTranslate2`'s `vocabulary.json`.
    VocabularyJson,
    /// A tiktoken rank file, as openai-whisper has them.
    Tiktoken,
}

/// A model's tokenizer: byte-level BPE, and the special tokens of its vocabulary size.
#[derive(Debug)]
pub struct Tokenizer {
    bpe: Bpe,
    specials: Specials,
}

impl Tokenizer {
    /// Opens the tokenizer of a model: the folder, any file in it, or a vocabulary file itself.
    ///
    /// # Errors
    /// [`Error::MissingFile`] where there is none, else what is wrong with the file, or with the model's size.
    pub fn open(path: &Path, config: &Config) -> Result<Self, Error> {
        let named = FILES.iter().find(|(name, _)| path.ends_with(name));
        let folder = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new("")) };
        for &(name, source) in named.map_or(FILES.as_slice(), std::slice::from_ref) {
            if let Some(bytes) = read_small(&folder.join(name), MAX_FILE)? {
                return Self::from_bytes(source, &bytes, config.n_vocab);
            }
        }
        let expected = "tokenizer.json, vocabulary.json, multilingual.tiktoken or gpt2.tiktoken";
        Err(Error::MissingFile { folder: folder.to_owned(), expected })
    }

    /// Reads a vocabulary file's bytes, for a model with `n_vocab` tokens.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_bytes(source: Source, bytes: &[u8], n_vocab: usize) -> Result<Self, Error> {
        let tokens = match source {
            Source::TokenizerJson => sources::tokenizer_json(bytes)?,
            Source::VocabularyJson => sources::vocabulary_json(bytes)?,
            Source::Tiktoken => sources::tiktoken(bytes)?,
        };
        let specials = Specials::new(tokens.len(), n_vocab)?;
        Ok(Self { bpe: Bpe::new(tokens)?, specials })
    }

    /// The special tokens.
    pub fn specials(&self) -> &Specials {
        &self.specials
    }

    /// The ids that spell a text. The names of special tokens are text like any other.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        self.bpe.encode(text)
    }

    /// The text of tokens, timestamps left out, special tokens by name and ids beyond the vocabulary skipped.
    /// Bytes that are not UTF-8 become U+FFFD, as with Python's `errors="replace"`.
    pub fn decode(&self, tokens: &[u32]) -> String {
        let begin = self.specials.timestamp_begin;
        self.text(tokens.iter().copied().filter(|token| *token < begin))
    }

    /// As [`decode`](Self::decode), with timestamps by name: `<|1.08|>`.
    pub fn decode_with_timestamps(&self, tokens: &[u32]) -> String {
        self.text(tokens.iter().copied())
    }

    fn text(&self, tokens: impl Iterator<Item = u32>) -> String {
        let mut bytes = Vec::new();
        for token in tokens {
            match self.bpe.token(token) {
                Some(text) => bytes.extend_from_slice(text),
                None => bytes.extend(self.specials.name(token).unwrap_or_default().bytes()),
            }
        }
        String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }

    /// A text token's bytes, which need not be whole characters; none for special tokens.
    pub fn bytes(&self, token: u32) -> Option<&[u8]> {
        self.bpe.token(token)
    }

    /// The tokens that a window's decoding starts with: start, language and task, where the model has these.
    ///
    /// # Errors
    /// [`Error::Language`] where the model has no token for the language.
    pub fn sot_sequence(&self, language: Language, task: Task) -> Result<Vec<u32>, Error> {
        let specials = &self.specials;
        if !specials.multilingual {
            return Ok(vec![specials.sot]);
        }
        let Some(token) = specials.language(language) else {
            return Err(Error::Language { got: language.name(), known: specials.n_languages });
        };
        let task = match task {
            Task::Transcribe => specials.transcribe,
            Task::Translate => specials.translate,
        };
        Ok(vec![specials.sot, token, task])
    }

    /// Tokens for signs that are not spoken, in ascending order: brackets, notes, speaker dashes, quotes at the start
    /// of a word (openai-whisper's `tokenizer.py`). Common punctuation is not among them.
    pub fn non_speech_tokens(&self) -> Vec<u32> {
        const ONE: &str = "\"#()*+/:;<=>@[\\]^_`{|}~「」『』";
        const MORE: &str = "<< >> <<< >>> -- --- -( -[ (' (\" (( )) ((( ))) [[ ]] {{ }} ♪♪ ♪♪♪";
        // Their first token is shared with other musical signs only, so it is suppressed even where it is not alone.
        const MUSIC: &str = "♩♪♫♬♭♮♯";
        let mut all = BTreeSet::new();
        let mut add = |text: &str, even_if_split: bool| {
            let tokens = self.encode(text);
            if even_if_split || tokens.len() == 1 {
                all.extend(tokens.first());
            }
        };
        add(" -", true);
        add(" '", true);
        let one = ONE.chars().map(|c| (c.to_string(), false));
        let more = MORE.split(' ').map(|sign| (sign.to_owned(), false));
        let music = MUSIC.chars().map(|c| (c.to_string(), true));
        for (sign, even_if_split) in one.chain(more).chain(music) {
            add(&sign, even_if_split);
            add(&format!(" {sign}"), even_if_split);
        }
        all.into_iter().collect()
    }
}

#[cfg(test)]
pub(crate) mod tests;
