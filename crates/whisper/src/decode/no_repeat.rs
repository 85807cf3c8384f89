//! Runs of tokens that may come once. Not the search for loops: that ends a hypothesis, this steers it.

use crate::logit_rule::LogitRule;

/// Bans each token that would complete a run of `size` tokens that is there already (CTranslate2,
/// `no_repeat_ngram_size`; Hugging Face, `NoRepeatNGramLogitsProcessor`). Timestamps count as tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoRepeat {
    /// Tokens of a run; at least 1.
    pub size: usize,
}

impl LogitRule for NoRepeat {
    fn apply(&self, sampled: &[u32], bias: &mut [f32]) {
        let Some(from) = (sampled.len() + 1).checked_sub(self.size) else { return };
        let begun = &sampled[from..];
        for run in sampled.windows(self.size) {
            if let Some((last, before)) = run.split_last()
                && before == begun
                && let Some(bias) = bias.get_mut(*last as usize)
            {
                *bias = f32::NEG_INFINITY;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn banned(size: usize, sampled: &[u32]) -> Vec<usize> {
        let mut bias = [0.0; 10];
        NoRepeat { size }.apply(sampled, &mut bias);
        (0..10).filter(|i| bias[*i] == f32::NEG_INFINITY).collect()
    }

    #[test]
    fn bans_what_completes_a_run() {
        // 1 2 was followed by 3 and by 5.
        assert_eq!(banned(3, &[1, 2, 3, 1, 2, 5, 1, 2]), [3, 5]);
        assert_eq!(banned(3, &[1, 2, 3, 4]), [0_usize; 0]);
        assert_eq!(banned(2, &[1, 2, 3, 1]), [2]);
        assert_eq!(banned(1, &[4, 2, 4]), [2, 4]);
        // A run may overlap itself.
        assert_eq!(banned(3, &[6, 6, 6]), [6]);
        assert_eq!(banned(3, &[6, 6]), [0_usize; 0]);
        assert_eq!(banned(4, &[]), [0_usize; 0]);
    }
}
