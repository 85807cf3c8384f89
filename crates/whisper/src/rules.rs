//! Which tokens may come next: what the host works out each step for the graph's logit rules, as openai-whisper's
//! `decoding.py` filters logits. Not the filtering itself, nor the choice among what is left.
//!
//! The graph adds to each row of logits a row of a small table of biases (0 or minus infinity), and then bans two
//! half-open intervals of ids. Two are enough, because the rules on timestamps ban, of a sequence that
//! - is empty: text, so that a timestamp comes first, and timestamps above the largest initial one;
//! - ends in two timestamps, or is one: all timestamps;
//! - ends in text and then a timestamp: text, and timestamps below that one;
//! - ends in text: timestamps up to the last one, where there is one.

use crate::tokenizer::Tokenizer;
use crate::{Config, Error};

/// Bias row of all steps but the first of a window.
pub const ROW_LATER: usize = 0;
/// Bias row of a window's first step, where a blank is suppressed.
pub const ROW_FIRST: usize = 1;
/// Bias row that leaves only the language tokens.
pub const ROW_LANGUAGE: usize = 2;
/// Bias row that leaves only text: nothing from the end token on, and nothing else banned (timing.py's
/// probabilities of words).
pub const ROW_TEXT: usize = 3;
/// Bias row that bans nothing.
pub const ROW_ALL: usize = 4;
/// Rows that are the same for every hypothesis; those that follow are the hypotheses' own.
pub const FIXED_ROWS: usize = 5;

/// Seconds of sound in a window.
const WINDOW_SECONDS: f64 = 30.0;

/// The rules that a caller chooses, with openai-whisper's names and defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleOptions {
    /// Ids that never come; -1 stands for the tokens that are not speech. Where it is empty, the special tokens
    /// that have no place in a transcript are not suppressed either.
    pub suppress_tokens: Vec<i64>,
    /// Whether a window may not begin with a blank or with its end.
    pub suppress_blank: bool,
    /// Whether to decode without timestamp tokens.
    pub without_timestamps: bool,
    /// The latest that a window's first timestamp may be, in seconds; 0 or none for no limit.
    pub max_initial_timestamp: Option<f64>,
}

impl Default for RuleOptions {
    fn default() -> Self {
        Self {
            suppress_tokens: vec![-1],
            suppress_blank: true,
            without_timestamps: false,
            max_initial_timestamp: Some(1.0),
        }
    }
}

/// What one hypothesis may not continue with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spans {
    /// Two half-open intervals of banned ids, `[a0, b0, a1, b1)`; empty where `a == b`.
    pub banned: [i32; 4],
    /// Whether text is banned too where the timestamps' summed probability is above every text token's.
    pub timestamp_mass: bool,
}

/// The rules of one model under one set of options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Suppressed at every step, ascending.
    suppressed: Vec<u32>,
    /// Suppressed at the first step as well.
    blank: Vec<u32>,
    languages: std::ops::Range<u32>,
    eot: u32,
    timestamp_begin: u32,
    n_vocab: u32,
    timestamps: bool,
    /// The last timestamp allowed at the first step.
    last_initial: Option<u32>,
}

impl Rules {
    /// Works out what is the same in every step.
    ///
    /// # Errors
    /// [`Error::Token`] for an id to suppress that is not in the vocabulary.
    pub fn new(tokenizer: &Tokenizer, config: &Config, options: &RuleOptions) -> Result<Self, Error> {
        let specials = tokenizer.specials();
        let mut suppressed = Vec::new();
        for &id in options.suppress_tokens.iter().filter(|id| **id != -1) {
            let token = u32::try_from(id).ok().filter(|token| *token < specials.n_vocab);
            let expected = || format!("-1 or an id below {}", specials.n_vocab);
            suppressed.push(token.ok_or_else(|| Error::Token { got: id, expected: expected() })?);
        }
        if options.suppress_tokens.contains(&-1) {
            suppressed.extend(tokenizer.non_speech_tokens());
        }
        if !options.suppress_tokens.is_empty() {
            let s = specials;
            suppressed.extend([s.transcribe, s.translate, s.sot, s.sot_prev, s.sot_lm, s.no_speech]);
        }
        if !options.without_timestamps {
            suppressed.push(specials.no_timestamps);
        }
        suppressed.sort_unstable();
        suppressed.dedup();
        let mut blank = Vec::new();
        if options.suppress_blank {
            blank = tokenizer.encode(" ");
            blank.push(specials.eot);
        }
        let last_initial = options.max_initial_timestamp.filter(|seconds| *seconds != 0.0).map(|seconds| {
            let steps = (seconds / (WINDOW_SECONDS / config.n_audio_ctx as f64)).round_ties_even();
            // The cast saturates, and so does the sum.
            specials.timestamp_begin.saturating_add(steps as u32)
        });
        Ok(Self {
            suppressed,
            blank,
            languages: specials.first_language..specials.first_language + specials.n_languages,
            eot: specials.eot,
            timestamp_begin: specials.timestamp_begin,
            n_vocab: specials.n_vocab,
            timestamps: !options.without_timestamps,
            last_initial,
        })
    }

    /// The bias rows, each of one value per token of the vocabulary: [`ROW_LATER`], [`ROW_FIRST`],
    /// [`ROW_LANGUAGE`], [`ROW_TEXT`], [`ROW_ALL`].
    pub fn bias_table(&self) -> Vec<Vec<f32>> {
        let mut later = vec![0.0; self.n_vocab as usize];
        let ban =
            |row: &mut [f32], ids: &[u32]| ids.iter().for_each(|id| row[*id as usize] = f32::NEG_INFINITY);
        ban(&mut later, &self.suppressed);
        let mut first = later.clone();
        ban(&mut first, &self.blank);
        let mut language = vec![f32::NEG_INFINITY; later.len()];
        language[self.languages.start as usize..self.languages.end as usize].fill(0.0);
        let mut text = vec![0.0; later.len()];
        text[self.eot as usize..].fill(f32::NEG_INFINITY);
        let all = vec![0.0; later.len()];
        vec![later, first, language, text, all]
    }

    /// The bias row for a hypothesis that has sampled `step` tokens in this window.
    pub fn bias_row(&self, step: usize) -> usize {
        if step == 0 { ROW_FIRST } else { ROW_LATER }
    }

    /// What may not follow `sampled`: the tokens of a window after its start sequence and prefix.
    pub fn spans(&self, sampled: &[u32]) -> Spans {
        let (begin, end) = (self.timestamp_begin, self.n_vocab);
        let is_timestamp = |token: &&u32| **token >= begin;
        let banned = if !self.timestamps {
            [0; 4]
        } else if let Some((last, before)) = sampled.split_last() {
            let latest = sampled.iter().rev().find(is_timestamp).map_or(begin, |last| (*last).min(end - 1));
            match (is_timestamp(&last), before.last().is_none_or(|token| is_timestamp(&token))) {
                (true, true) => [begin, end, 0, 0],
                (true, false) => [0, self.eot, begin, latest],
                (false, _) if sampled.iter().any(|token| is_timestamp(&token)) => [begin, latest + 1, 0, 0],
                (false, _) => [0; 4],
            }
        } else {
            let above = self.last_initial.map_or(end, |last| last.saturating_add(1).min(end));
            [0, begin, above, end]
        };
        Spans { banned: banned.map(|id| id as i32), timestamp_mass: self.timestamps }
    }
}

#[cfg(test)]
mod tests;
