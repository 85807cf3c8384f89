//! The scores of many recordings and their sums. Not their printing.

use serde::Serialize;
use whisper::Language;

use super::{Counts, Difference, Score};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Words: the rate is the word error rate.
    Words,
    /// Characters, where no space parts words: the rate is the character error rate.
    Characters,
}

impl Unit {
    /// What is counted in texts of a language.
    pub fn of(language: Option<Language>) -> Self {
        if language.is_some_and(Language::is_unspaced) { Self::Characters } else { Self::Words }
    }
}

/// The score of one recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileScore {
    /// The recording as the manifest names it.
    pub file: String,
    /// What is counted.
    pub unit: Unit,
    /// How much is wrong.
    #[serde(flatten)]
    pub counts: Counts,
    /// [`Counts::rate`].
    pub rate: f64,
    /// What is wrong.
    pub differences: Vec<Difference>,
}

impl FileScore {
    /// The score of a recording.
    pub fn new(file: String, language: Option<Language>, score: Score) -> Self {
        let Score { counts, differences } = score;
        Self { file, unit: Unit::of(language), counts, rate: counts.rate(), differences }
    }
}

/// The sum over all recordings of one unit: every word weighs the same.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Total {
    /// What is counted.
    pub unit: Unit,
    /// How many recordings.
    pub files: usize,
    /// How much is wrong.
    #[serde(flatten)]
    pub counts: Counts,
    /// [`Counts::rate`].
    pub rate: f64,
}

/// Scores and their sums.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// By recording, in order.
    pub files: Vec<FileScore>,
    /// By unit: words and characters are never added up. Units without recordings are left out.
    pub totals: Vec<Total>,
}

impl Report {
    /// Sums the scores up.
    pub fn new(files: Vec<FileScore>) -> Self {
        let total = |unit| {
            let own = files.iter().filter(|file| file.unit == unit);
            let mut counts = Counts::default();
            let number = own.inspect(|file| counts.add(file.counts)).count();
            Total { unit, files: number, counts, rate: counts.rate() }
        };
        let totals = [Unit::Words, Unit::Characters].map(total).into_iter().filter(|total| total.files > 0);
        let totals = totals.collect();
        Self { files, totals }
    }

    /// As JSON; a rate that is no number is `null`.
    pub fn json(&self) -> String {
        serde_json::json!(self).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_characters_are_summed_apart() {
        let score = |words, substitutions| Score {
            counts: Counts { words, substitutions, ..Counts::default() },
            differences: Vec::new(),
        };
        let japanese = Some("ja".parse().unwrap());
        let report = Report::new(vec![
            FileScore::new("a".into(), Some(Language::ENGLISH), score(10, 1)),
            FileScore::new("b".into(), japanese, score(100, 50)),
            FileScore::new("c".into(), None, score(30, 3)),
        ]);
        let totals: Vec<_> =
            report.totals.iter().map(|t| (t.unit, t.files, t.counts.words, t.rate)).collect();
        assert_eq!(totals, [(Unit::Words, 2, 40, 0.1), (Unit::Characters, 1, 100, 0.5)]);
        let json = report.json();
        assert!(
            json.starts_with(r#"{"files":[{"file":"a","unit":"words","words":10,"substitutions":1,"#),
            "{json}"
        );
    }
}
