//! Decoding one window per row: from start tokens to the tokens of a transcript, as openai-whisper's
//! `decoding.py` does it at temperature 0, greedily. Not the loop over a file's windows.

use crate::compression_ratio::compression_ratio;
use crate::error::Error;
use crate::graphs::CANDIDATES;
use crate::languages::Language;
use crate::model::Model;
use crate::rules::{ROW_LANGUAGE, ROW_LATER, Rules, Spans};
use crate::session::{Batch, Ranked, Session, Wanted};
use crate::tokenizer::Task;

/// What one row decodes: a window, and the tokens that stand before what is sampled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The window whose cross keys and values the session keeps.
    pub window: usize,
    /// Prompt, if any, and start sequence.
    pub initial: Vec<u32>,
    /// The place of `<|startoftranscript|>` in them.
    pub sot: usize,
}

impl Attempt {
    /// The start of `window`'s transcript after the text of the tokens `prompt`, of which the last that fit are
    /// taken (decoding.py, `_get_initial_tokens`).
    ///
    /// # Errors
    /// The model has no such language.
    pub fn new(
        model: &Model,
        window: usize,
        prompt: &[u32],
        (language, task, timestamps): (Language, Task, bool),
    ) -> Result<Attempt, Error> {
        let specials = model.tokenizer.specials();
        let mut initial = Vec::new();
        if !prompt.is_empty() {
            let room = (model.config.n_text_ctx / 2).saturating_sub(1);
            initial.push(specials.sot_prev);
            initial.extend_from_slice(&prompt[prompt.len().saturating_sub(room)..]);
        }
        let sot = initial.len();
        initial.extend(model.tokenizer.sot_sequence(language, task)?);
        if !timestamps {
            initial.push(specials.no_timestamps);
        }
        Ok(Attempt { window, initial, sot })
    }
}

/// What a window's decoding gives (decoding.py, `DecodingResult`).
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The sampled tokens, timestamps included, the end left out.
    pub tokens: Vec<u32>,
    /// Their text, without space at both ends.
    pub text: String,
    /// The mean log-probability of the tokens, the end included.
    pub avg_logprob: f64,
    /// The probability of no speech at the start of the transcript.
    pub no_speech_prob: f64,
    /// Bytes of the text over its deflated bytes.
    pub compression_ratio: f64,
    /// The temperature at which it was sampled.
    pub temperature: f64,
}

/// A language and its probability among all languages of the model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectedLanguage {
    /// The language.
    pub language: Language,
    /// Its probability.
    pub probability: f64,
}

/// The likeliest languages of `window`, best first (decoding.py, `detect_language`). The session's biases must be
/// those of [`Rules::bias_table`].
///
/// # Errors
/// The session refuses to run.
pub fn detect_language(session: &mut Session, window: usize) -> Result<Vec<DetectedLanguage>, Error> {
    let specials = *session.model().tokenizer.specials();
    let mut batch = Batch::default();
    let rows = Rows::new(session, &[window]);
    rows.begin(&mut batch);
    rows.push(&mut batch, 0, 0, specials.sot);
    batch.wanted.push(Wanted { at: 0, bias: ROW_LANGUAGE, spans: [0; 4], mass: false });
    let ranked = session.decode(&batch)?;
    let found = ranked.tokens.iter().zip(ranked.log_probs);
    let found = found.filter_map(|(token, log_prob)| {
        let language = specials.language_of(*token as u32)?;
        Some(DetectedLanguage { language, probability: f64::from(log_prob.exp()) })
    });
    Ok(found.collect())
}

/// Decodes each attempt in a row of its own, taking the best candidate at each step, all rows in one run. A row
/// ends with `<|endoftext|>`, after `sample_len` tokens (half of the model's context if `None`), or where the
/// context is full.
///
/// # Errors
/// The session refuses to run.
pub fn greedy(
    session: &mut Session,
    rules: &Rules,
    attempts: &[Attempt],
    sample_len: Option<usize>,
) -> Result<Vec<Decoded>, Error> {
    let model = session.model().clone();
    let (eot, context) = (model.tokenizer.specials().eot, model.config.n_text_ctx);
    let sample_len = sample_len.unwrap_or(context / 2);
    let windows: Vec<usize> = attempts.iter().map(|a| a.window).collect();
    let rows = Rows::new(session, &windows);
    let mut hypotheses: Vec<Hypothesis> = Vec::with_capacity(attempts.len());
    let mut batch = Batch::default();
    for (row, attempt) in attempts.iter().enumerate() {
        rows.begin(&mut batch);
        let mut hypothesis = Hypothesis::default();
        for (pos, token) in attempt.initial.iter().enumerate() {
            rows.push(&mut batch, row, pos, *token);
        }
        let last = attempt.initial.len() - 1;
        batch.wanted.push(wanted(rules, last, &hypothesis));
        batch.wanted.push(Wanted { at: attempt.sot, bias: ROW_LATER, spans: [0; 4], mass: false });
        let ranked = session.decode(&batch)?;
        hypothesis.no_speech_prob = f64::from(ranked.no_speech[1]);
        hypothesis.take(&ranked, 0, eot);
        hypotheses.push(hypothesis);
    }
    for step in 1..sample_len {
        rows.begin(&mut batch);
        let mut active = Vec::new();
        for (row, (attempt, hypothesis)) in attempts.iter().zip(&hypotheses).enumerate() {
            let at = attempt.initial.len() + step - 1;
            let token = hypothesis.tokens.last().copied().filter(|_| !hypothesis.ended && at < context);
            if let Some(token) = token {
                batch.wanted.push(wanted(rules, active.len(), hypothesis));
                rows.push(&mut batch, row, at, token);
                active.push(row);
            }
        }
        if active.is_empty() {
            break;
        }
        let ranked = session.decode(&batch)?;
        for (i, row) in active.into_iter().enumerate() {
            hypotheses[row].take(&ranked, i, eot);
        }
    }
    Ok(hypotheses.into_iter().map(|h| h.finish(&model)).collect())
}

fn wanted(rules: &Rules, at: usize, hypothesis: &Hypothesis) -> Wanted {
    let Spans { banned, timestamp_mass } = rules.spans(&hypothesis.tokens);
    Wanted { at, bias: rules.bias_row(hypothesis.tokens.len()), spans: banned, mass: timestamp_mass }
}

/// The rows of a decoding: each keeps its tokens' keys and values in the slot of its own number.
struct Rows {
    table: Vec<i32>,
    window: Vec<i32>,
}

impl Rows {
    fn new(session: &Session, windows: &[usize]) -> Rows {
        let context = session.model().config.n_text_ctx;
        let table = (0..windows.len() as i32).flat_map(|row| std::iter::repeat_n(row, context)).collect();
        Rows { table, window: windows.iter().map(|w| *w as i32).collect() }
    }

    /// Empties `batch` but for the rows' slots and windows.
    fn begin(&self, batch: &mut Batch) {
        for list in [&mut batch.token, &mut batch.row, &mut batch.pos, &mut batch.slot] {
            list.clear();
        }
        batch.wanted.clear();
        batch.table.clone_from(&self.table);
        batch.window.clone_from(&self.window);
    }

    /// Appends `token` at position `pos` of `row`.
    fn push(&self, batch: &mut Batch, row: usize, pos: usize, token: u32) {
        let slot = self.table[row * (self.table.len() / self.window.len()) + pos];
        batch.token.push(token as i32);
        batch.row.push(row as i32);
        batch.pos.push(pos as i32);
        batch.slot.push(slot);
    }
}

/// A row's tokens so far.
#[derive(Clone, Debug, Default)]
struct Hypothesis {
    tokens: Vec<u32>,
    sum_logprob: f64,
    no_speech_prob: f64,
    ended: bool,
}

impl Hypothesis {
    /// Appends the best candidate of wanted token `i`; the end counts in the sum but is not kept.
    fn take(&mut self, ranked: &Ranked<'_>, i: usize, eot: u32) {
        let token = ranked.tokens[i * CANDIDATES] as u32;
        self.sum_logprob += f64::from(ranked.log_probs[i * CANDIDATES]);
        if token == eot {
            self.ended = true;
        } else {
            self.tokens.push(token);
        }
    }

    fn finish(self, model: &Model) -> Decoded {
        let text = model.tokenizer.decode(&self.tokens).trim().to_owned();
        Decoded {
            avg_logprob: self.sum_logprob / (self.tokens.len() + 1) as f64,
            no_speech_prob: self.no_speech_prob,
            compression_ratio: compression_ratio(&text),
            temperature: 0.0,
            tokens: self.tokens,
            text,
        }
    }
}
