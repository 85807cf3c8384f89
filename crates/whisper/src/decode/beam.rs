//! Beam search: which continuations live on, which are finished, and when that is enough (decoding.py,
//! `BeamSearchDecoder`). Not the caches: what lives on names where it came from.
//!
//! Scores are summed in f32 as openai-whisper's are. Of equal scores the earlier beam's comes first, and of one beam
//! the lower id: Python's sort keeps the order of equals, and torch leaves its own open. Continuations that are
//! impossible are left out, where openai-whisper keeps them at minus infinity: a beam that nothing may follow ends.

use super::hypothesis::Hypothesis;
use super::scores::Candidate;

/// How wide a beam search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beams {
    /// Beams that live on after each step.
    pub size: usize,
    /// Finished hypotheses that end the search.
    pub max_candidates: usize,
}

/// A hypothesis that lives on, and the one that it continues.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fork {
    pub source: usize,
    pub hypothesis: Hypothesis,
}

/// How hypotheses end.
pub(super) struct Ends<'a> {
    /// The end's token.
    pub eot: u32,
    /// Whether the tokens sampled are a loop.
    pub looped: &'a dyn Fn(&[u32]) -> bool,
}

impl Ends<'_> {
    /// `hypothesis` with `next`, `None` where nothing may follow: `Ok` while it lives, `Err` when it is finished.
    pub fn extend(&self, hypothesis: &Hypothesis, next: Option<Candidate>) -> Result<Hypothesis, Hypothesis> {
        match next {
            None => Err(hypothesis.clone()),
            Some(next) if next.token == self.eot => Err(hypothesis.scored(next.log_prob)),
            Some(next) => {
                let longer = hypothesis.with(next.token, next.log_prob);
                if (self.looped)(&longer.tokens) {
                    Err(Hypothesis { looped: true, ..longer })
                } else {
                    Ok(longer)
                }
            }
        }
    }
}

impl Beams {
    /// Candidates that are asked of each beam: one may be its end.
    pub fn candidates(self) -> usize {
        self.size + 1
    }

    /// Continues `live`, of which the first step has one, by their `candidates`; what is finished joins `finished`
    /// while there is room.
    pub fn update(
        self,
        live: &[Hypothesis],
        candidates: &[Vec<Candidate>],
        ends: &Ends<'_>,
        finished: &mut Vec<Hypothesis>,
    ) -> Vec<Fork> {
        let mut ranked: Vec<(f32, usize, Option<Candidate>)> = Vec::new();
        for (source, (beam, next)) in live.iter().zip(candidates).enumerate() {
            ranked.extend(next.iter().map(|c| (beam.sum + c.log_prob, source, Some(*c))));
            if next.is_empty() {
                ranked.push((beam.sum, source, None));
            }
        }
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut forks = Vec::with_capacity(self.size);
        for (_, source, next) in ranked {
            match ends.extend(&live[source], next) {
                Ok(hypothesis) => forks.push(Fork { source, hypothesis }),
                Err(hypothesis) if !self.complete(finished) => finished.push(hypothesis),
                Err(_) => {}
            }
            if forks.len() == self.size {
                break;
            }
        }
        forks
    }

    /// Whether enough is finished.
    pub fn complete(self, finished: &[Hypothesis]) -> bool {
        finished.len() >= self.max_candidates
    }

    /// The finished hypotheses, filled up with the likeliest of those that still live to as many as there are beams.
    pub fn finalize(self, live: Vec<Hypothesis>, mut finished: Vec<Hypothesis>) -> Vec<Hypothesis> {
        if finished.len() < self.size {
            let mut rest: Vec<Hypothesis> = live.into_iter().rev().collect();
            rest.sort_by(|a, b| b.sum.total_cmp(&a.sum));
            rest.truncate(self.size - finished.len());
            finished.extend(rest);
        }
        finished
    }
}

#[cfg(test)]
mod tests;
