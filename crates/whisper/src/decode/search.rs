//! One window's search on its way: what it asks of the decoder next, and what it makes of the answer. Not the run
//! itself, which it shares with other searches: see `step`.
//!
//! A search has a range of the session's rows, and the slots of the same numbers. Its start is one row, whose keys
//! and values all hypotheses share. From then on hypothesis `i` writes into slot `first_row + i`, always one position
//! on, so that no two ever write to one place; where hypotheses fork or end, only the tables of slots move.

use std::sync::Arc;

use super::Decoded;
use super::attempt::Attempt;
use super::beam::{Beams, Ends, Fork};
use super::group::{self, Group};
use super::hypothesis::{Hypothesis, likeliest};
use super::loops::is_loop;
use super::no_repeat::NoRepeat;
use super::options::DecodeOptions;
use super::random::Seed;
use super::recorded::Recorded;
use super::scores::Scores;
use crate::compression_ratio::compression_ratio;
use crate::error::Error;
use crate::logit_rule::LogitRule;
use crate::model::Model;
use crate::rules::{FIXED_ROWS, ROW_ALL, Rules, Spans};
use crate::session::{Batch, Ranked, Session, Wanted};

/// How windows are searched: what all searches of one recording at one temperature have in common.
pub struct Method {
    model: Arc<Model>,
    rules: Arc<Rules>,
    steer: Vec<Arc<dyn LogitRule>>,
    options: DecodeOptions,
    strategy: Strategy,
}

#[derive(Clone, Copy, Debug)]
enum Strategy {
    Beams(Beams),
    Group(Group),
}

impl Method {
    /// Searches `model` under `rules`, steered by `steer`.
    ///
    /// # Errors
    /// The options contradict each other or are out of range; see [`DecodeOptions::verify`].
    pub fn new(
        model: &Arc<Model>,
        rules: &Arc<Rules>,
        steer: &[Arc<dyn LogitRule>],
        options: &DecodeOptions,
    ) -> Result<Arc<Method>, Error> {
        options.verify()?;
        let size = options.width();
        let strategy = if options.beam_size.is_some() {
            Strategy::Beams(Beams { size, max_candidates: options.max_candidates() })
        } else {
            Strategy::Group(Group { size, temperature: options.temperature })
        };
        let mut steer = steer.to_vec();
        if options.no_repeat_ngram_size > 0 {
            steer.push(Arc::new(NoRepeat { size: options.no_repeat_ngram_size }));
        }
        let (model, rules) = (model.clone(), rules.clone());
        Ok(Arc::new(Method { model, rules, steer, options: options.clone(), strategy }))
    }

    /// Tokens that are sampled at most.
    fn sample_len(&self) -> usize {
        self.options.sample_len.filter(|n| *n > 0).unwrap_or(self.model.config.n_text_ctx / 2)
    }
}

/// The search of one window.
pub struct Search {
    method: Arc<Method>,
    attempt: Attempt,
    seed: Seed,
    /// The first of its rows.
    first_row: usize,
    live: Vec<Hypothesis>,
    /// The slot of each position of each live hypothesis, `n_text_ctx` to one.
    tables: Vec<Vec<i32>>,
    finished: Vec<Hypothesis>,
    no_speech_prob: f64,
    /// What it sees of the alignment heads, if that is recorded.
    recorded: Option<Recorded>,
    /// Tokens that each live hypothesis has sampled.
    sampled: usize,
    done: bool,
}

impl Search {
    /// The rows of a session that a search takes.
    pub fn width(options: &DecodeOptions) -> usize {
        options.width()
    }

    /// A search in the rows from `first_row` on, which it has to itself. `seed` decides what it draws, if it does.
    /// The session's biases must be those of [`Rules::bias_table`] of the method's rules.
    pub fn new(method: &Arc<Method>, attempt: Attempt, seed: Seed, first_row: usize) -> Search {
        let live = match method.strategy {
            // All beams begin as the same one.
            Strategy::Beams(_) => vec![Hypothesis::default()],
            Strategy::Group(group) => group.begin(),
        };
        let tables = vec![vec![first_row as i32; method.model.config.n_text_ctx]];
        let one = matches!(method.strategy, Strategy::Group(group) if group.size == 1);
        Search {
            recorded: (method.options.record && one).then(Recorded::default),
            method: method.clone(),
            attempt,
            seed,
            first_row,
            live,
            tables,
            finished: Vec::new(),
            no_speech_prob: 0.0,
            sampled: 0,
            done: false,
        }
    }

    /// Whether there is nothing left to do.
    pub fn finished(&self) -> bool {
        self.done
    }

    /// Whether its next run is its first.
    pub(super) fn is_starting(&self) -> bool {
        self.sampled == 0
    }

    /// Tokens that its next run takes.
    pub(super) fn tokens(&self) -> usize {
        if self.is_starting() { self.attempt.initial.len() } else { self.live.len() }
    }

    /// Appends its next run to `batch`.
    pub(super) fn ask(&self, session: &mut Session, batch: &mut Batch) {
        let at = batch.token.len();
        if self.is_starting() {
            let row = self.push_row(batch, 0);
            for (pos, token) in self.attempt.initial.iter().enumerate() {
                self.push(batch, (row, 0), pos, *token);
            }
            let last = at + self.attempt.initial.len() - 1;
            batch.wanted.push(self.wanted(session, last, 0));
            batch.align.extend(self.recorded.is_some().then_some(last));
            let sot = at + self.attempt.sot;
            batch.wanted.push(Wanted { at: sot, bias: ROW_ALL, spans: [0; 4], mass: false });
            return;
        }
        let pos = self.attempt.initial.len() + self.sampled - 1;
        for (i, hypothesis) in self.live.iter().enumerate() {
            let row = self.push_row(batch, i);
            self.push(batch, (row, i), pos, hypothesis.tokens[self.sampled - 1]);
            batch.wanted.push(self.wanted(session, at + i, i));
            batch.align.extend(self.recorded.is_some().then_some(at + i));
        }
    }

    fn push_row(&self, batch: &mut Batch, i: usize) -> i32 {
        batch.table.extend_from_slice(&self.tables[i]);
        batch.window.push(self.attempt.window as i32);
        batch.window.len() as i32 - 1
    }

    /// Appends `token` of hypothesis `i` at `pos` of the batch's `row`.
    fn push(&self, batch: &mut Batch, (row, i): (i32, usize), pos: usize, token: u32) {
        batch.token.push(token as i32);
        batch.row.push(row);
        batch.pos.push(pos as i32);
        batch.slot.push(self.tables[i][pos]);
    }

    /// What is asked of token `at` of the batch, the last of hypothesis `i`.
    fn wanted(&self, session: &mut Session, at: usize, i: usize) -> Wanted {
        let method = &self.method;
        let sampled = &self.live[i].tokens;
        let Spans { banned, timestamp_mass } = method.rules.spans(sampled);
        let mut bias = method.rules.bias_row(sampled.len());
        if !method.steer.is_empty() {
            let fixed = std::mem::replace(&mut bias, FIXED_ROWS + self.first_row + i);
            let own = session.copy_bias(fixed, bias);
            method.steer.iter().for_each(|rule| rule.apply(sampled, own));
        }
        Wanted { at, bias, spans: banned, mass: timestamp_mass }
    }

    /// Takes the answer, of which its first is wanted token `at` and aligned token `aligned`; gives how many of each
    /// were its own.
    pub(super) fn take(&mut self, ranked: &Ranked<'_>, (at, aligned): (usize, usize)) -> (usize, usize) {
        let rows = if self.is_starting() { 1 } else { self.live.len() };
        let answers = if self.is_starting() { 2 } else { rows };
        if self.is_starting() {
            self.no_speech_prob =
                ranked.probability(at + 1, self.method.model.tokenizer.specials().no_speech);
        }
        let method = self.method.clone();
        let before = self.live[0].sum;
        let penalty = method.options.repetition_penalty;
        let score = |i: usize| {
            let scores = Scores::of(ranked, at + i);
            if penalty == 1.0 { scores } else { scores.penalised(&self.live[i].tokens, penalty) }
        };
        let scores: Vec<Scores<'_>> = (0..rows).map(score).collect();
        let looped = |tokens: &[u32]| method.options.stop_loops && is_loop(&method.model.tokenizer, tokens);
        let ends = Ends { eot: method.model.tokenizer.specials().eot, looped: &looped };
        let forks = match method.strategy {
            Strategy::Beams(beams) => {
                let best: Vec<_> = scores.iter().map(|scores| scores.best(beams.candidates())).collect();
                let forks = beams.update(&self.live, &best, &ends, &mut self.finished);
                self.done = beams.complete(&self.finished);
                forks
            }
            Strategy::Group(group) => {
                let chose = group.choose(&self.live, &scores, self.seed);
                group::update(&self.live, &chose, &ends, &mut self.finished)
            }
        };
        let after =
            forks.first().map(|fork| &fork.hypothesis).or(self.finished.last()).map_or(before, |h| h.sum);
        self.fork(forks);
        let Some(recorded) = &mut self.recorded else { return (answers, 0) };
        let width = method.model.config.aligned_width();
        recorded.queries.push(ranked.queries[aligned * width..][..width].to_vec());
        recorded.probabilities.push(f64::from((after - before).exp()));
        (answers, 1)
    }

    /// Lets `forks` live on.
    fn fork(&mut self, forks: Vec<Fork>) {
        let next = self.attempt.initial.len() + self.sampled;
        let context = self.method.model.config.n_text_ctx;
        self.sampled += 1;
        self.done |= forks.is_empty() || self.sampled >= self.method.sample_len() || next >= context;
        let mut tables = Vec::with_capacity(forks.len());
        self.live.clear();
        for (i, fork) in forks.into_iter().enumerate() {
            // At the start all continue the one row.
            let mut table = self.tables[fork.source.min(self.tables.len() - 1)].clone();
            if let Some(slot) = table.get_mut(next) {
                *slot = (self.first_row + i) as i32;
            }
            tables.push(table);
            self.live.push(fork.hypothesis);
        }
        self.tables = tables;
    }

    /// The result: the likeliest of what it found.
    pub fn finish(self) -> Decoded {
        let options = &self.method.options;
        let all = match self.method.strategy {
            Strategy::Beams(beams) => beams.finalize(self.live, self.finished),
            Strategy::Group(_) => group::finalize(self.live, self.finished),
        };
        let best = likeliest(all, options.length_penalty);
        let text = self.method.model.tokenizer.decode(&best.tokens).trim().to_owned();
        Decoded {
            avg_logprob: f64::from(best.sum) / (best.tokens.len() + 1) as f64,
            no_speech_prob: self.no_speech_prob,
            compression_ratio: compression_ratio(&text),
            temperature: options.temperature,
            looped: best.looped,
            recorded: self.recorded,
            tokens: best.tokens,
            text,
        }
    }
}
