//! How one window is searched, and what of it contradicts itself. Not which tokens may come: see `rules`.

use crate::error::Error;

/// The choices of one search, with openai-whisper's names (decoding.py, `DecodingOptions`) and where it has none
/// with CTranslate2's. The default is the likeliest token at each step.
#[derive(Clone, Debug, PartialEq)]
pub struct DecodeOptions {
    /// 0 takes the likeliest token; above, tokens are drawn from the logits divided by it. Beams don't use it.
    pub temperature: f64,
    /// Beams; none if `None`.
    pub beam_size: Option<usize>,
    /// Candidates that are drawn at a temperature above 0, of which the likeliest is kept; one if `None` or 0.
    pub best_of: Option<usize>,
    /// How many times `beam_size` finished beams end the search; 1 if `None` or 0.
    pub patience: Option<f64>,
    /// The exponent of Google's length penalty by which candidates are ranked; the plain length if `None`.
    pub length_penalty: Option<f64>,
    /// Tokens at most; half of the model's context if `None` or 0.
    pub sample_len: Option<usize>,
    /// Divides the logits of tokens that are there already, and multiplies negative ones; 1 for none.
    pub repetition_penalty: f64,
    /// Runs of so many tokens come once at most; 0 for no such rule.
    pub no_repeat_ngram_size: usize,
    /// Whether a hypothesis ends as soon as its text can only fail for repeating itself.
    pub stop_loops: bool,
    /// Whether the queries of the alignment heads are recorded; only a search of one hypothesis does so.
    pub record: bool,
}

impl Default for DecodeOptions {
    fn default() -> DecodeOptions {
        DecodeOptions {
            temperature: 0.0,
            beam_size: None,
            best_of: None,
            patience: None,
            length_penalty: None,
            sample_len: None,
            repetition_penalty: 1.0,
            no_repeat_ngram_size: 0,
            stop_loops: false,
            record: false,
        }
    }
}

impl DecodeOptions {
    /// The hypotheses that are kept at once: beams, or candidates.
    pub(super) fn width(&self) -> usize {
        self.beam_size.or(self.best_of.filter(|n| *n > 0)).unwrap_or(1)
    }

    /// Finished hypotheses that end a search with beams. Halves are rounded to even, as Python does.
    pub(super) fn max_candidates(&self) -> usize {
        let patience = self.patience.filter(|p| *p != 0.0).unwrap_or(1.0);
        // The cast saturates.
        (self.width() as f64 * patience).round_ties_even() as usize
    }

    /// Refuses what contradicts itself (decoding.py, `_verify_options`) or is out of range.
    ///
    /// # Errors
    /// [`Error::Decoding`] names the option.
    pub fn verify(&self) -> Result<(), Error> {
        let refuse = |option, got: &dyn ToString, expected| {
            Err(Error::Decoding { option, got: got.to_string(), expected })
        };
        if let (Some(_), Some(best_of)) = (self.beam_size, self.best_of) {
            return refuse("best_of", &best_of, "none beside beam_size");
        }
        if !(self.temperature >= 0.0 && self.temperature.is_finite()) {
            return refuse("temperature", &self.temperature, "0 or above");
        }
        if let (0.0, Some(best_of)) = (self.temperature, self.best_of) {
            return refuse("best_of", &best_of, "none at temperature 0, where all candidates are the same");
        }
        if let (Some(patience), None) = (self.patience, self.beam_size) {
            return refuse("patience", &patience, "none without beam_size");
        }
        if self.beam_size == Some(0) {
            return refuse("beam_size", &0, "1 or more");
        }
        if let Some(patience) = self.patience.filter(|_| self.max_candidates() == 0) {
            return refuse(
                "patience",
                &patience,
                "so much that beam_size times patience rounds to 1 or more",
            );
        }
        if let Some(penalty) = self.length_penalty.filter(|p| !(0.0..=1.0).contains(p)) {
            return refuse("length_penalty", &penalty, "between 0 and 1");
        }
        if !(self.repetition_penalty > 0.0 && self.repetition_penalty.is_finite()) {
            return refuse("repetition_penalty", &self.repetition_penalty, "above 0");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(options: &DecodeOptions) -> String {
        options.verify().unwrap_err().to_string()
    }

    #[test]
    fn what_openai_whisper_takes_is_taken() {
        let greedy = DecodeOptions::default();
        greedy.verify().unwrap();
        assert_eq!((greedy.width(), greedy.max_candidates()), (1, 1));
        let beams =
            DecodeOptions { beam_size: Some(5), patience: Some(1.5), temperature: 0.4, ..greedy.clone() };
        beams.verify().unwrap();
        // round(7.5) is 8 in Python, and round(2.5) is 2.
        assert_eq!((beams.width(), beams.max_candidates()), (5, 8));
        let half = DecodeOptions { patience: Some(0.5), ..beams.clone() };
        assert_eq!(half.max_candidates(), 2);
        assert_eq!(DecodeOptions { patience: Some(0.0), ..beams }.max_candidates(), 5);
        let drawn = DecodeOptions { best_of: Some(3), temperature: 0.2, ..greedy.clone() };
        drawn.verify().unwrap();
        assert_eq!(drawn.width(), 3);
        assert_eq!(DecodeOptions { best_of: Some(0), temperature: 0.2, ..greedy }.width(), 1);
    }

    #[test]
    fn contradictions_are_named() {
        let base = DecodeOptions::default();
        let beams = DecodeOptions { beam_size: Some(5), ..base.clone() };
        assert_eq!(
            refused(&DecodeOptions { best_of: Some(4), ..beams.clone() }),
            "best_of is 4, expected none beside beam_size"
        );
        assert_eq!(
            refused(&DecodeOptions { best_of: Some(4), ..base.clone() }),
            "best_of is 4, expected none at temperature 0, where all candidates are the same"
        );
        assert_eq!(
            refused(&DecodeOptions { patience: Some(2.0), ..base.clone() }),
            "patience is 2, expected none without beam_size"
        );
        assert_eq!(
            refused(&DecodeOptions { length_penalty: Some(1.5), ..base.clone() }),
            "length_penalty is 1.5, expected between 0 and 1"
        );
        assert_eq!(
            refused(&DecodeOptions { beam_size: Some(0), ..base.clone() }),
            "beam_size is 0, expected 1 or more"
        );
        for patience in [-1.0, 0.05, f64::NAN] {
            let text = refused(&DecodeOptions { patience: Some(patience), ..beams.clone() });
            assert!(text.starts_with(&format!("patience is {patience}, expected so much")), "{text}");
        }
        for temperature in [-0.1, f64::NAN, f64::INFINITY] {
            let text = refused(&DecodeOptions { temperature, ..base.clone() });
            assert_eq!(text, format!("temperature is {temperature}, expected 0 or above"));
        }
        assert_eq!(
            refused(&DecodeOptions { repetition_penalty: 0.0, ..base }),
            "repetition_penalty is 0, expected above 0"
        );
    }
}
