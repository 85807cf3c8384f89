//! What is sampled so far, and which of several is the result. Not how the next token is chosen.

/// One hypothesis about a window.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Hypothesis {
    /// Which of a group's candidates it is; 0 for beams.
    pub candidate: usize,
    /// The sampled tokens, without the end.
    pub tokens: Vec<u32>,
    /// Their summed log-probability, the end included; summed in f32, as openai-whisper's tensors are.
    pub sum: f32,
    /// Whether it was ended because it repeats itself.
    pub looped: bool,
}

impl Hypothesis {
    /// It and one more token of log-probability `log_prob`.
    pub fn with(&self, token: u32, log_prob: f32) -> Hypothesis {
        let mut next = self.scored(log_prob);
        next.tokens.push(token);
        next
    }

    /// It with the log-probability of its end.
    pub fn scored(&self, log_prob: f32) -> Hypothesis {
        Hypothesis { sum: self.sum + log_prob, ..self.clone() }
    }

    /// The sum over the length, or over Google's length penalty (decoding.py, `MaximumLikelihoodRanker`). One
    /// without tokens, for which openai-whisper divides by zero, counts as one token long.
    fn score(&self, length_penalty: Option<f64>) -> f64 {
        let length = self.tokens.len() as f64;
        let penalty = match length_penalty {
            None => length.max(1.0),
            Some(exponent) => ((5.0 + length) / 6.0).powf(exponent),
        };
        f64::from(self.sum) / penalty
    }
}

/// The hypothesis of the highest score, the first where several have it; an empty one of none.
pub(super) fn likeliest(hypotheses: Vec<Hypothesis>, length_penalty: Option<f64>) -> Hypothesis {
    let better = |best: Hypothesis, next: Hypothesis| {
        if next.score(length_penalty) > best.score(length_penalty) { next } else { best }
    };
    hypotheses.into_iter().reduce(better).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(len: usize, sum: f32) -> Hypothesis {
        Hypothesis { tokens: vec![7; len], sum, ..Hypothesis::default() }
    }

    /// The winners are `MaximumLikelihoodRanker(penalty).rank` of the same lengths and sums.
    #[test]
    fn ranks_as_openai_whisper() {
        let all = vec![of(4, -1.6), of(10, -2.6), of(7, -2.1), of(2, -1.4)];
        let best = |penalty| likeliest(all.clone(), penalty).tokens.len();
        assert_eq!(best(None), 10);
        assert_eq!(best(Some(0.0)), 2);
        assert_eq!(best(Some(0.6)), 4);
        assert_eq!(best(Some(1.0)), 10);
    }

    #[test]
    fn the_first_of_equals_wins_and_an_empty_one_divides_by_nothing() {
        let first = Hypothesis { candidate: 1, ..of(2, -1.0) };
        assert_eq!(likeliest(vec![first.clone(), of(4, -2.0)], None), first);
        assert_eq!(likeliest(vec![of(0, -0.4), of(1, -0.5)], None), of(0, -0.4));
        assert_eq!(likeliest(Vec::new(), None), Hypothesis::default());
    }
}
