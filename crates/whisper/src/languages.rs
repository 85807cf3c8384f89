//! The languages that Whisper knows: codes, names, and other names for some. Not language detection.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// Codes and English names in the order of the language tokens (openai-whisper's `tokenizer.py`); models before
/// large-v3 lack the last one.
#[rustfmt::skip]
const LANGUAGES: [(&str, &str); 100] = [
    ("en", "english"), ("zh", "chinese"), ("de", "german"), ("es", "spanish"), ("ru", "russian"),
    ("ko", "korean"), ("fr", "french"), ("ja", "japanese"), ("pt", "portuguese"), ("tr", "turkish"),
    ("pl", "polish"), ("ca", "catalan"), ("nl", "dutch"), ("ar", "arabic"), ("sv", "swedish"),
    ("it", "italian"), ("id", "indonesian"), ("hi", "hindi"), ("fi", "finnish"), ("vi", "vietnamese"),
    ("he", "hebrew"), ("uk", "ukrainian"), ("el", "greek"), ("ms", "malay"), ("cs", "czech"),
    ("ro", "romanian"), ("da", "danish"), ("hu", "hungarian"), ("ta", "tamil"), ("no", "norwegian"),
    ("th", "thai"), ("ur", "urdu"), ("hr", "croatian"), ("bg", "bulgarian"), ("lt", "lithuanian"),
    ("la", "latin"), ("mi", "maori"), ("ml", "malayalam"), ("cy", "welsh"), ("sk", "slovak"), ("te", "telugu"),
    ("fa", "persian"), ("lv", "latvian"), ("bn", "bengali"), ("sr", "serbian"), ("az", "azerbaijani"),
    ("sl", "slovenian"), ("kn", "kannada"), ("et", "estonian"), ("mk", "macedonian"), ("br", "breton"),
    ("eu", "basque"), ("is", "icelandic"), ("hy", "armenian"), ("ne", "nepali"), ("mn", "mongolian"),
    ("bs", "bosnian"), ("kk", "kazakh"), ("sq", "albanian"), ("sw", "swahili"), ("gl", "galician"),
    ("mr", "marathi"), ("pa", "punjabi"), ("si", "sinhala"), ("km", "khmer"), ("sn", "shona"),
    ("yo", "yoruba"), ("so", "somali"), ("af", "afrikaans"), ("oc", "occitan"), ("ka", "georgian"),
    ("be", "belarusian"), ("tg", "tajik"), ("sd", "sindhi"), ("gu", "gujarati"), ("am", "amharic"),
    ("yi", "yiddish"), ("lo", "lao"), ("uz", "uzbek"), ("fo", "faroese"), ("ht", "haitian creole"),
    ("ps", "pashto"), ("tk", "turkmen"), ("nn", "nynorsk"), ("mt", "maltese"), ("sa", "sanskrit"),
    ("lb", "luxembourgish"), ("my", "myanmar"), ("bo", "tibetan"), ("tl", "tagalog"), ("mg", "malagasy"),
    ("as", "assamese"), ("tt", "tatar"), ("haw", "hawaiian"), ("ln", "lingala"), ("ha", "hausa"),
    ("ba", "bashkir"), ("jw", "javanese"), ("su", "sundanese"), ("yue", "cantonese"),
];

/// Other names, and the code of each.
#[rustfmt::skip]
const ALIASES: [(&str, &str); 12] = [
    ("burmese", "my"), ("valencian", "ca"), ("flemish", "nl"), ("haitian", "ht"), ("letzeburgesch", "lb"),
    ("pushto", "ps"), ("panjabi", "pa"), ("moldavian", "ro"), ("moldovan", "ro"), ("sinhalese", "si"),
    ("castilian", "es"), ("mandarin", "zh"),
];

/// One of the languages that Whisper knows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Language(u8);

impl Language {
    /// English.
    pub const ENGLISH: Self = Self(0);

    /// The language of the `index`-th language token.
    pub fn from_index(index: usize) -> Option<Self> {
        (index < LANGUAGES.len()).then_some(Self(index as u8))
    }

    /// Every language, in the order of the language tokens.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        (0..LANGUAGES.len() as u8).map(Self)
    }

    /// Every English name, the other names included, in lower case.
    pub fn names() -> impl Iterator<Item = &'static str> {
        LANGUAGES.iter().map(|(_, name)| *name).chain(ALIASES.iter().map(|(name, _)| *name))
    }

    /// Its place among the language tokens, from 0.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Its code: `en`, `haw`.
    pub fn code(self) -> &'static str {
        LANGUAGES[self.index()].0
    }

    /// Its English name, in lower case: `haitian creole`.
    pub fn name(self) -> &'static str {
        LANGUAGES[self.index()].1
    }

    /// Whether it is written without spaces between words, so that words end at any character.
    pub fn is_unspaced(self) -> bool {
        matches!(self.code(), "zh" | "ja" | "th" | "lo" | "my" | "yue")
    }
}

impl FromStr for Language {
    type Err = Error;

    /// Reads a code, a name or another name, in any case.
    fn from_str(text: &str) -> Result<Self, Error> {
        let lower = text.to_lowercase();
        let alias = ALIASES.iter().find(|(name, _)| *name == lower).map(|(_, code)| *code);
        let wanted = alias.unwrap_or(&lower);
        Self::all()
            .find(|language| language.code() == wanted || language.name() == wanted)
            .ok_or_else(|| Error::UnknownLanguage { got: text.to_owned() })
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn reads_codes_names_and_aliases_in_any_case() {
        let code = |text: &str| text.parse::<Language>().unwrap().code();
        assert_eq!(code("de"), "de");
        assert_eq!(code("GERMAN"), "de");
        assert_eq!(code("Haitian Creole"), "ht");
        assert_eq!(code("haitian"), "ht");
        assert_eq!(code("Mandarin"), "zh");
        assert_eq!(code("yue"), "yue");
        assert_eq!(
            "klingon".parse::<Language>().unwrap_err().to_string(),
            "klingon is not a language that Whisper knows, expected a code such as en or a name such as english"
        );
    }

    #[test]
    fn every_code_and_name_is_one_languages_and_aliases_point_to_codes() {
        let words: HashSet<_> =
            Language::all().flat_map(|language| [language.code(), language.name()]).collect();
        assert_eq!(words.len(), 200);
        for (alias, code) in ALIASES {
            assert!(!words.contains(alias), "{alias}");
            assert_eq!(alias.parse::<Language>().unwrap().code(), code);
        }
        assert_eq!((Language::ENGLISH.code(), Language::from_index(99).unwrap().name()), ("en", "cantonese"));
        assert_eq!(Language::from_index(100), None);
        assert_eq!(Language::all().filter(|language| language.is_unspaced()).count(), 6);
    }
}
