//! What is made of runs: medians, ratios pair by pair, errors of words. Not how they are shown.

use serde_json::Value;
use undertone::Language;
use undertone::eval::{self, Counts, Normalizer};
use undertone::profile::median;

/// One run of a variant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// Seconds of sound.
    pub audio_s: f64,
    /// Seconds in which the model was loaded.
    pub load_s: f64,
    /// Seconds of the transcription.
    pub transcribe_s: f64,
    /// Seconds of the process, unless it did more than this run.
    pub process_s: Option<f64>,
    /// The most memory that the process held, in MB of 1e6 bytes; `None` where the system does not tell.
    pub peak_mb: Option<f64>,
    /// The share of the machine that other processes took meanwhile.
    pub others: Option<f64>,
    /// The language's code.
    pub language: String,
    /// What was heard.
    pub text: String,
}

impl Run {
    /// What a run told of itself; `None` if something is missing.
    pub fn told(answer: &Value) -> Option<Run> {
        Some(Run {
            audio_s: answer["audio_s"].as_f64()?,
            load_s: answer["load_s"].as_f64()?,
            transcribe_s: answer["transcribe_s"].as_f64()?,
            process_s: None,
            peak_mb: answer["peak_mb"].as_f64(),
            others: None,
            language: answer["language"].as_str()?.to_owned(),
            text: answer["text"].as_str()?.to_owned(),
        })
    }
}

/// A figure of a run.
pub type Fact = fn(&Run) -> Option<f64>;

/// The figures that have ratios.
pub const TIMED: [Fact; 3] = [|run| Some(run.transcribe_s), |run| run.process_s, |run| run.peak_mb];

/// A variant's figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// The variant in words.
    pub name: String,
    /// Its runs, one in each round.
    pub runs: Vec<Run>,
    /// Why it has none.
    pub absent: Option<String>,
    /// Ratios to the first variant of each of [`TIMED`], round by round.
    pub ratios: [Vec<f64>; 3],
    /// Words of its first text.
    pub words: usize,
    /// Against the reference, if there is one.
    pub errors: Option<Counts>,
    /// Words that the first variant heard otherwise.
    pub unlike: usize,
}

impl Line {
    /// A variant that has not run.
    pub fn new(name: String) -> Line {
        Line { name, ..Line::default() }
    }

    /// Takes its runs away.
    pub fn drop_out(&mut self, reason: String) {
        self.runs.clear();
        self.absent = Some(reason);
    }

    /// The median of a figure; `None` if no run has it.
    pub fn median(&self, fact: Fact) -> Option<f64> {
        median(&self.runs.iter().filter_map(fact).collect::<Vec<f64>>())
    }

    /// How many different texts its runs gave.
    pub fn texts(&self) -> usize {
        let mut texts: Vec<&str> = self.runs.iter().map(|run| run.text.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        texts.len()
    }
}

/// Adds ratios to the first variant that has runs, pair by pair of the same round.
pub fn relate(lines: &mut [Line]) {
    let Some(base) = base(lines).map(|line| line.runs.clone()) else { return };
    for line in lines {
        for (ratios, fact) in line.ratios.iter_mut().zip(TIMED) {
            let pairs = line.runs.iter().zip(&base).filter_map(|(own, base)| Some((fact(own)?, fact(base)?)));
            *ratios = pairs.filter(|(_, base)| *base > 0.0).map(|(own, base)| own / base).collect();
        }
    }
}

/// The first variant that has runs.
pub fn base(lines: &[Line]) -> Option<&Line> {
    lines.iter().find(|line| !line.runs.is_empty())
}

/// Adds words, what is unlike the first variant's, and errors against the reference; of the first text of each.
pub fn score(lines: &mut [Line], language: Option<Language>, reference: Option<&str>) {
    let normalizer = Normalizer::new(language);
    let Some(first) = base(lines).map(|line| line.runs[0].text.clone()) else { return };
    for line in lines {
        let Some(text) = line.runs.first().map(|run| run.text.as_str()) else { continue };
        let against = |reference: &str| eval::score(&normalizer, reference, text).counts;
        line.words = against(text).words;
        line.unlike = against(&first).errors();
        line.errors = reference.map(against);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, seconds: &[f64], text: &str) -> Line {
        let run = |&transcribe_s: &f64| Run { transcribe_s, text: text.into(), ..Run::default() };
        Line { runs: seconds.iter().map(run).collect(), ..Line::new(name.into()) }
    }

    #[test]
    fn medians_stand_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
        let mut memory = line("a", &[3.0, 1.0, 2.0], "");
        memory.runs[1].peak_mb = Some(90.0);
        assert_eq!((memory.median(TIMED[0]), memory.median(TIMED[2])), (Some(2.0), Some(90.0)));
        assert_eq!(memory.median(TIMED[1]), None);
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        let mut lines =
            [line("gone", &[], ""), line("a", &[2.0, 4.0, 8.0], ""), line("b", &[3.0, 2.0, 8.0], "")];
        relate(&mut lines);
        assert_eq!(lines[1].ratios[0], [1.0, 1.0, 1.0]);
        assert_eq!(lines[2].ratios[0], [1.5, 0.5, 1.0]);
        // Not the ratio of the medians, which is 3 to 4.
        assert_eq!(median(&lines[2].ratios[0]), Some(1.0));
        assert!(lines[0].ratios[0].is_empty() && lines[2].ratios[1].is_empty());
    }

    #[test]
    fn words_are_compared_with_the_first_and_with_what_was_said() {
        let mut lines =
            [line("a", &[1.0], "Mr. Smith, two cats"), line("b", &[1.0], "mister Smith to cats sat")];
        score(&mut lines, Some(Language::ENGLISH), Some("Mister Smith: 2 cats!"));
        assert_eq!(lines.each_ref().map(|line| (line.words, line.unlike)), [(4, 0), (5, 2)]);
        let errors = |line: &Line| line.errors.map(|counts| (counts.words, counts.errors()));
        assert_eq!(lines.each_ref().map(errors), [Some((4, 0)), Some((4, 2))]);
    }

    #[test]
    fn a_variant_that_fails_has_no_figures() {
        let mut failed = line("a", &[1.0, 2.0], "x");
        failed.drop_out("no memory".into());
        assert_eq!((failed.runs.len(), failed.absent.as_deref(), failed.texts()), (0, Some("no memory"), 0));
        let mut lines = [failed];
        relate(&mut lines);
        score(&mut lines, None, None);
        assert_eq!(base(&lines), None);
    }
}
