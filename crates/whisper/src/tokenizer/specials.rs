//! The special tokens, which follow the text tokens in a fixed order. Not read from files: they differ in spelling
//! from one format to another, but never in place.

use crate::Error;
use crate::config::ENGLISH_VOCAB;
use crate::languages::Language;

/// Timestamp tokens: 0.00 to 30.00 s in steps of 0.02 s.
const TIMESTAMPS: u32 = 1501;
/// Special tokens that are neither languages nor timestamps.
const NAMED: u32 = 8;

/// Ids of the special tokens of one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Specials {
    /// `<|endoftext|>`; every lower id is a text token.
    pub eot: u32,
    /// `<|startoftranscript|>`.
    pub sot: u32,
    /// The first language token, English.
    pub first_language: u32,
    /// How many language tokens there are.
    pub n_languages: u32,
    /// `<|translate|>`.
    pub translate: u32,
    /// `<|transcribe|>`.
    pub transcribe: u32,
    /// `<|startoflm|>`.
    pub sot_lm: u32,
    /// `<|startofprev|>`, which stands before a prompt.
    pub sot_prev: u32,
    /// `<|nospeech|>`.
    pub no_speech: u32,
    /// `<|notimestamps|>`.
    pub no_timestamps: u32,
    /// `<|0.00|>`; this and every higher id is a timestamp.
    pub timestamp_begin: u32,
    /// Size of the vocabulary.
    pub n_vocab: u32,
    /// Whether languages and translation are of use: not in the English-only models, which have their tokens too.
    pub multilingual: bool,
}

impl Specials {
    /// Places the special tokens of a model with `n_text` text tokens and `n_vocab` tokens in all.
    ///
    /// # Errors
    /// [`Error::Vocabulary`] where what is left for languages is not 1 to 100 tokens.
    pub fn new(n_text: usize, n_vocab: usize) -> Result<Self, Error> {
        let others = n_text.saturating_add((NAMED + TIMESTAMPS) as usize);
        let n_languages = n_vocab.checked_sub(others).filter(|n| (1..=Language::all().len()).contains(n));
        let (Some(n_languages), Ok(eot)) = (n_languages, u32::try_from(n_text)) else {
            return Err(Error::Vocabulary {
                what: "number of text tokens",
                got: n_text.to_string(),
                expected: format!("1510 to 1609 fewer than the model's {n_vocab} tokens"),
            });
        };
        let n_languages = n_languages as u32;
        let translate = eot + 2 + n_languages;
        Ok(Self {
            eot,
            sot: eot + 1,
            first_language: eot + 2,
            n_languages,
            translate,
            transcribe: translate + 1,
            sot_lm: translate + 2,
            sot_prev: translate + 3,
            no_speech: translate + 4,
            no_timestamps: translate + 5,
            timestamp_begin: translate + 6,
            n_vocab: translate + 6 + TIMESTAMPS,
            multilingual: n_vocab != ENGLISH_VOCAB,
        })
    }

    /// The token of a language, where the model has it.
    pub fn language(&self, language: Language) -> Option<u32> {
        let index = language.index() as u32;
        (index < self.n_languages).then_some(self.first_language + index)
    }

    /// The language of a token, where it is a language token.
    pub fn language_of(&self, token: u32) -> Option<Language> {
        let index = token.checked_sub(self.first_language).filter(|index| *index < self.n_languages)?;
        Language::from_index(index as usize)
    }

    /// A special token's name, as openai-whisper prints it; none for text tokens and ids beyond the vocabulary.
    pub fn name(&self, token: u32) -> Option<String> {
        if let Some(language) = self.language_of(token) {
            return Some(format!("<|{language}|>"));
        }
        if (self.timestamp_begin..self.n_vocab).contains(&token) {
            let hundredths = (token - self.timestamp_begin) * 2;
            return Some(format!("<|{}.{:02}|>", hundredths / 100, hundredths % 100));
        }
        let named = [
            (self.eot, "<|endoftext|>"),
            (self.sot, "<|startoftranscript|>"),
            (self.translate, "<|translate|>"),
            (self.transcribe, "<|transcribe|>"),
            (self.sot_lm, "<|startoflm|>"),
            (self.sot_prev, "<|startofprev|>"),
            (self.no_speech, "<|nospeech|>"),
            (self.no_timestamps, "<|notimestamps|>"),
        ];
        named.iter().find(|(id, _)| *id == token).map(|(_, name)| (*name).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_openai_whispers_for_every_vocabulary() {
        let base = Specials::new(50257, 51865).unwrap();
        assert_eq!((base.eot, base.sot, base.n_languages, base.translate), (50257, 50258, 99, 50358));
        assert_eq!((base.no_speech, base.no_timestamps, base.timestamp_begin), (50362, 50363, 50364));
        let english = Specials::new(50256, 51864).unwrap();
        assert_eq!((english.eot, english.no_timestamps, english.timestamp_begin), (50256, 50362, 50363));
        assert!(base.multilingual && !english.multilingual);
        let v3 = Specials::new(50257, 51866).unwrap();
        assert_eq!(
            (v3.n_languages, v3.transcribe, v3.timestamp_begin, v3.n_vocab),
            (100, 50360, 50365, 51866)
        );
        let cantonese = "yue".parse().unwrap();
        assert_eq!((base.language(cantonese), v3.language(cantonese)), (None, Some(50358)));
        assert_eq!((base.language_of(50358), v3.language_of(50358)), (None, Some(cantonese)));
    }

    #[test]
    fn names_are_openai_whispers() {
        let base = Specials::new(50257, 51865).unwrap();
        let name = |token| base.name(token).unwrap();
        assert_eq!((name(50364), name(51864)), ("<|0.00|>".into(), "<|30.00|>".into()));
        assert_eq!((name(50418), name(50259)), ("<|1.08|>".into(), "<|en|>".into()));
        assert_eq!((name(50362), name(50257)), ("<|nospeech|>".into(), "<|endoftext|>".into()));
        assert_eq!((base.name(50256), base.name(51865)), (None, None));
        assert!((50257..51865).all(|token| base.name(token).is_some()));
    }

    #[test]
    fn refuses_a_vocabulary_of_another_model() {
        let message = Specials::new(50257, 51867).unwrap_err().to_string();
        assert!(message.contains("50257, expected 1510 to 1609 fewer than the model's 51867"), "{message}");
        assert!(Specials::new(usize::MAX, 51865).is_err() && Specials::new(51000, 51865).is_err());
    }
}
