//! What a search of one hypothesis saw of the alignment heads, step by step. Not an alignment: see `align::InPass`.

/// The queries of the alignment heads while a text was decoded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recorded {
    /// Of each step, `[layers * n_text_state]`: the queries of the token before the one that the step gave.
    pub(super) queries: Vec<Vec<f32>>,
    /// Of each step, the probability of what it gave.
    pub(super) probabilities: Vec<f64>,
}

impl Recorded {
    /// What [`InPass`](crate::align::InPass) takes for the first `count` text tokens (those below `eot`) of the sampled
    /// `tokens`: the queries `[count + 1, layers * n_text_state]` of the token before the first of them, then of each of
    /// them, and their probabilities. Rows of timestamps are left out.
    pub fn text(&self, tokens: &[u32], eot: u32, count: usize) -> (Vec<f32>, Vec<f64>) {
        let text = (0..tokens.len().min(self.queries.len())).filter(|at| tokens[*at] < eot).take(count);
        let text: Vec<usize> = text.collect();
        let Some(first) = text.first() else { return (Vec::new(), Vec::new()) };
        // The queries of a token stand in the step after it; a text that was cut short has none after its last.
        let last = self.queries.len() - 1;
        let steps = std::iter::once(*first).chain(text.iter().map(|at| (at + 1).min(last)));
        let queries = steps.flat_map(|step| &self.queries[step]).copied().collect();
        (queries, text.iter().map(|at| self.probabilities[*at]).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_of_text_alone() {
        // Step k holds k and 10 + k.
        let queries = (0..6_u8).map(|k| vec![f32::from(k), f32::from(10 + k)]).collect();
        let recorded = Recorded { queries, probabilities: vec![0.9, 0.1, 0.2, 0.8, 0.3, 1.0] };
        let (eot, tokens) = (50, [60, 7, 8, 61, 9]);
        let (rows, probabilities) = recorded.text(&tokens, eot, 3);
        assert_eq!(rows, [1.0, 11.0, 2.0, 12.0, 3.0, 13.0, 5.0, 15.0]);
        assert_eq!(probabilities, [0.1, 0.2, 0.3]);
        assert_eq!(recorded.text(&tokens, eot, 1).0, [1.0, 11.0, 2.0, 12.0]);
        assert_eq!(recorded.text(&[60], eot, 1), (vec![], vec![]));
    }
}
