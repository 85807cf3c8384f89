//! What the decoder says of one hypothesis's next token, and what is taken of it: the best, or a draw. Not the
//! rules, which are applied before.

use std::borrow::Cow;

use super::random::Seed;
use crate::graphs::CANDIDATES;
use crate::session::Ranked;

/// A token that may come next, and its log-probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    pub token: u32,
    pub log_prob: f32,
}

/// The logits of one hypothesis's next token, after the rules.
#[derive(Clone, Debug)]
pub(super) struct Scores<'a> {
    /// `[n_vocab]`.
    logits: Cow<'a, [f32]>,
    /// The logarithm of their summed exponentials.
    log_sum: f32,
    /// The best tokens, as far as they are known.
    ranked: &'a [i32],
}

impl<'a> Scores<'a> {
    /// Those of wanted token `i`.
    pub fn of(ranked: &Ranked<'a>, i: usize) -> Scores<'a> {
        Scores {
            logits: Cow::Borrowed(ranked.row(i)),
            log_sum: ranked.log_sum[i],
            ranked: &ranked.tokens[i * CANDIDATES..][..CANDIDATES],
        }
    }

    /// They with the logits of the tokens `sampled` divided by `penalty`, negative ones multiplied by it
    /// (CTranslate2, `repetition_penalty`).
    pub fn penalised(self, sampled: &[u32], penalty: f64) -> Scores<'a> {
        let mut logits = self.logits.to_vec();
        for token in sampled.iter().map(|token| *token as usize) {
            // From what they were: a token that came twice is penalised once.
            let logit = f64::from(self.logits[token]);
            logits[token] = if logit < 0.0 { logit * penalty } else { logit / penalty } as f32;
        }
        Scores { log_sum: log_sum_exp(&logits), logits: Cow::Owned(logits), ranked: &[] }
    }

    /// The `k` likeliest tokens, best first, of equals the lowest id first; fewer where fewer are possible.
    pub fn best(&self, k: usize) -> Vec<Candidate> {
        let found = if k <= self.ranked.len() {
            self.ranked[..k].iter().map(|token| *token as u32).collect()
        } else {
            top(&self.logits, k)
        };
        let candidates = found.into_iter().map(|token| self.candidate(token));
        candidates.filter(|candidate| candidate.log_prob > f32::NEG_INFINITY).collect()
    }

    fn candidate(&self, token: u32) -> Candidate {
        Candidate { token, log_prob: self.logits[token as usize] - self.log_sum }
    }
}

/// The ids of the `k` greatest of `logits`, greatest first, of equals the lowest first.
fn top(logits: &[f32], k: usize) -> Vec<u32> {
    let mut best: Vec<(f32, u32)> = Vec::with_capacity(k + 1);
    for (id, logit) in (0..).zip(logits).filter(|(_, logit)| **logit > f32::NEG_INFINITY) {
        if best.len() < k || best.last().is_some_and(|last| *logit > last.0) {
            best.insert(best.partition_point(|other| other.0 >= *logit), (*logit, id));
            best.truncate(k);
        }
    }
    best.into_iter().map(|(_, id)| id).collect()
}

fn log_sum_exp(logits: &[f32]) -> f32 {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|logit| f64::from((logit - max).exp())).sum();
    (f64::from(max) + sum.ln()) as f32
}

/// Tokens drawn from the softmax of one hypothesis's logits over a temperature, each by one number: the inverse of
/// the cumulative distribution.
#[derive(Debug)]
pub(super) struct Draws<'s, 'a> {
    scores: &'s Scores<'a>,
    /// The summed weights up to each token.
    cumulative: Vec<f64>,
}

impl<'s, 'a> Draws<'s, 'a> {
    pub fn new(scores: &'s Scores<'a>, temperature: f64) -> Draws<'s, 'a> {
        let max = scores.logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut sum = 0.0;
        let add = |logit: &f32| {
            if *logit > f32::NEG_INFINITY {
                sum += f64::from(((logit - max) / temperature as f32).exp());
            }
            sum
        };
        Draws { scores, cumulative: scores.logits.iter().map(add).collect() }
    }

    /// What `candidate` draws at `step`, with its log-probability at temperature 1; `None` where nothing is possible.
    pub fn draw(&self, seed: Seed, candidate: usize, step: usize) -> Option<Candidate> {
        let sum = *self.cumulative.last().filter(|sum| **sum > 0.0)?;
        // Below the sum, though rounding may bring it up there.
        let at = (seed.uniform(candidate, step) * sum).min(sum.next_down());
        let token = self.cumulative.partition_point(|below| *below <= at);
        Some(self.scores.candidate(token as u32))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The scores of `logits`, ranked or not.
    fn scores(logits: &[f32]) -> Scores<'_> {
        Scores { log_sum: log_sum_exp(logits), logits: Cow::Borrowed(logits), ranked: &[] }
    }

    const NONE: f32 = f32::NEG_INFINITY;

    #[test]
    fn the_best_come_in_order_and_the_impossible_do_not() {
        let logits = [1.0, NONE, 3.0, 1.0, 2.0, NONE];
        let all = scores(&logits);
        let tokens = |k| all.best(k).iter().map(|c| c.token).collect::<Vec<_>>();
        assert_eq!((tokens(2), tokens(3), tokens(6)), (vec![2, 4], vec![2, 4, 0], vec![2, 4, 0, 3]));
        let sum: f32 = all.best(9).iter().map(|c| c.log_prob.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-6, "{sum}");
        let known = Scores { ranked: &[2, 4, 0, 3, 1, 5], ..all.clone() };
        assert_eq!((known.best(3), known.best(6), known.best(7)), (all.best(3), all.best(6), all.best(7)));
    }

    #[test]
    fn a_penalty_divides_multiplies_and_counts_once() {
        let logits = [2.0, -1.0, 0.5, NONE];
        let penalised = scores(&logits).penalised(&[0, 1, 0, 3], 2.0);
        assert_eq!(penalised.logits.as_ref(), [1.0, -2.0, 0.5, NONE]);
        // ln(e + e^-2 + e^0.5)
        assert!((penalised.log_sum - 1.504_597).abs() < 1e-5, "{}", penalised.log_sum);
        assert_eq!(penalised.best(1)[0].token, 0);
    }

    #[test]
    fn draws_follow_the_softmax_at_their_temperature() {
        let logits = [0.0, NONE, 1.0, 2.0, NONE];
        let scores = scores(&logits);
        for temperature in [0.5, 1.0] {
            let draws = Draws::new(&scores, temperature);
            let mut counts = [0.0; 5];
            let n = 20_000;
            for step in 0..n {
                let drawn = draws.draw(Seed(3), 1, step).unwrap();
                counts[drawn.token as usize] += 1.0 / n as f64;
                assert_eq!(drawn, scores.candidate(drawn.token));
            }
            let weights = logits.map(|x| (f64::from(x) / temperature).exp());
            let sum: f64 = weights.iter().sum();
            for (count, weight) in counts.iter().zip(weights) {
                assert!((count - weight / sum).abs() < 0.01, "{counts:?} at {temperature}");
            }
            assert_eq!((counts[1], counts[4]), (0.0, 0.0));
        }
    }

    #[test]
    fn a_draw_depends_on_its_place_alone() {
        let logits: Vec<f32> = (0..100).map(|i| (i % 7) as f32).collect();
        let scores = scores(&logits);
        let draws = Draws::new(&scores, 1.0);
        let all: Vec<_> = (0..50).map(|step| draws.draw(Seed(9), 2, step)).collect();
        let again: Vec<_> =
            (0..50).rev().map(|step| Draws::new(&scores, 1.0).draw(Seed(9), 2, step)).collect();
        assert!(all.iter().eq(again.iter().rev()));
        assert_ne!(all, (0..50).map(|step| draws.draw(Seed(9), 3, step)).collect::<Vec<_>>());
    }

    #[test]
    fn where_nothing_is_possible_nothing_comes() {
        let none = [NONE; 4];
        let scores = Scores { logits: Cow::Borrowed(&none), log_sum: NONE, ranked: &[0, 1, 2, 3] };
        assert_eq!(scores.best(3), []);
        assert_eq!(Draws::new(&scores, 0.7).draw(Seed(1), 0, 0), None);
    }
}
