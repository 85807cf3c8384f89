//! How well transcripts agree with what was said: word error rates over normalised texts, as openai-whisper's paper
//! counts them. Not a judgement of times.

mod align;
mod basic;
mod characters;
mod english;
mod manifest;
mod numbers;
mod numerals;
mod postprocess;
mod report;
mod spellings;

use serde::Serialize;
use whisper::Language;

use align::{Step, align};

pub use manifest::{ManifestError, Recording, read_manifest};
pub use report::{FileScore, Report, Total, Unit};

/// Texts made comparable: capitals, signs, spellings and, in English, numbers and contractions no longer count.
pub struct Normalizer {
    /// The English one, where it applies.
    english: Option<english::English>,
    /// Whether every character counts as a word.
    split_letters: bool,
}

impl Normalizer {
    /// openai-whisper's `EnglishTextNormalizer` for English, and for other languages its `BasicTextNormalizer`, which
    /// splits letters in those that put no space between words.
    pub fn new(language: Option<Language>) -> Self {
        let english = language == Some(Language::ENGLISH);
        Self {
            english: english.then(english::English::new),
            split_letters: language.is_some_and(Language::is_unspaced),
        }
    }

    /// The text as its Python counterpart gives it, spaces at its ends included.
    pub fn normalize(&self, text: &str) -> String {
        match &self.english {
            Some(english) => english.normalize(text),
            None => basic::normalize(text, self.split_letters),
        }
    }
}

/// What became of the words of a reference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Words of the reference.
    pub words: usize,
    /// Words that another took the place of.
    pub substitutions: usize,
    /// Words that are missing.
    pub deletions: usize,
    /// Words that nobody said.
    pub insertions: usize,
}

impl Counts {
    /// All that is wrong.
    pub fn errors(&self) -> usize {
        self.substitutions + self.deletions + self.insertions
    }

    /// Errors for each word of the reference. Without words, 0 if nothing is wrong and infinity otherwise.
    pub fn rate(&self) -> f64 {
        match (self.errors(), self.words) {
            (0, 0) => 0.0,
            (errors, words) => errors as f64 / words as f64,
        }
    }

    /// Adds those of another text.
    pub fn add(&mut self, other: Counts) {
        self.words += other.words;
        self.substitutions += other.substitutions;
        self.deletions += other.deletions;
        self.insertions += other.insertions;
    }
}

/// A stretch in which the texts differ; one side is empty where words are missing or too many.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The number of the reference's word at which it stands, from 0.
    pub at: usize,
    /// What the reference has.
    pub reference: Vec<String>,
    /// What the transcript has.
    pub hypothesis: Vec<String>,
}

/// How a transcript agrees with its reference.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    /// How much is wrong.
    pub counts: Counts,
    /// What is wrong, in order.
    pub differences: Vec<Difference>,
}

/// Compares a transcript with its reference, by the fewest changes that make one the other. Of ways that need equally
/// few, it is the one that keeps more words in their place.
pub fn score(normalizer: &Normalizer, reference: &str, hypothesis: &str) -> Score {
    let (reference, hypothesis) = (normalizer.normalize(reference), normalizer.normalize(hypothesis));
    let reference: Vec<&str> = characters::words(&reference).collect();
    let hypothesis: Vec<&str> = characters::words(&hypothesis).collect();
    let mut score = Score::default();
    score.counts.words = reference.len();
    let (mut at, mut heard) = (0, 0);
    let mut open: Option<Difference> = None;
    for step in align(&reference, &hypothesis) {
        if step == Step::Same {
            score.differences.extend(open.take());
        } else {
            let difference = open.get_or_insert_with(|| Difference { at, ..Difference::default() });
            if step != Step::Insert {
                difference.reference.push(reference[at].to_owned());
            }
            if step != Step::Delete {
                difference.hypothesis.push(hypothesis[heard].to_owned());
            }
        }
        match step {
            Step::Same => {}
            Step::Substitute => score.counts.substitutions += 1,
            Step::Delete => score.counts.deletions += 1,
            Step::Insert => score.counts.insertions += 1,
        }
        at += usize::from(step != Step::Insert);
        heard += usize::from(step != Step::Delete);
    }
    score.differences.extend(open);
    score
}

#[cfg(test)]
mod tests {
    use super::*;

    fn english(reference: &str, hypothesis: &str) -> Score {
        score(&Normalizer::new(Some(Language::ENGLISH)), reference, hypothesis)
    }

    #[test]
    fn what_differs_is_counted_and_shown() {
        let score = english("Mr. Smith's colour: twenty-one, not red!", "mister Smith is color 22 red okay");
        assert_eq!(score.counts, Counts { words: 7, substitutions: 1, deletions: 1, insertions: 1 });
        assert!((score.counts.rate() - 3.0 / 7.0).abs() < 1e-12);
        let difference = |at, reference: &[&str], hypothesis: &[&str]| Difference {
            at,
            reference: reference.iter().map(|&word| word.to_owned()).collect(),
            hypothesis: hypothesis.iter().map(|&word| word.to_owned()).collect(),
        };
        assert_eq!(
            score.differences,
            [difference(4, &["21", "not"], &["22"]), difference(7, &[], &["okay"])]
        );
    }

    #[test]
    fn nothing_said_is_no_division() {
        assert_eq!(english("", "[music]").counts.rate(), 0.0);
        assert_eq!(english("", "so").counts.rate(), f64::INFINITY);
        assert_eq!(english("so", "").counts.rate(), 1.0);
    }

    #[test]
    fn characters_count_where_no_space_is_written() {
        let japanese = Normalizer::new(Some("ja".parse().unwrap()));
        let score = score(&japanese, "今日は、晴れ。", "今日は雨");
        assert_eq!(score.counts, Counts { words: 5, substitutions: 1, deletions: 1, insertions: 0 });
    }
}
