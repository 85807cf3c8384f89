//! The decoder run once over a whole text, for the probabilities of its tokens and the scores of the alignment heads.
//! Not the words: `align` finds their times.

use super::batch::{Batch, Wanted, rank};
use super::{Part, Session};
use crate::align::Aligned;
use crate::error::Error;
use crate::graphs::decoder_results;
use crate::rules::ROW_TEXT;
use compiler::Arg;

impl Session {
    /// Aligns `tokens` (start sequence, `<|notimestamps|>`, text, end), of which the text starts at `text_start`, with
    /// the first `frames` frames of the window whose cross keys and values are kept as `window` (timing.py,
    /// `find_alignment`). It has a slot of its own: rows that decode meanwhile are not disturbed. The biases must be
    /// those of [`Rules::bias_table`](crate::Rules::bias_table).
    ///
    /// # Errors
    /// The tokens are more than the model's context holds, or there is no text.
    pub fn align(
        &mut self,
        window: usize,
        tokens: &[u32],
        text_start: usize,
        frames: usize,
    ) -> Result<Aligned, Error> {
        let (context, audio) = (self.model.config.n_text_ctx, self.model.config.n_audio_ctx);
        let n = tokens.len();
        if n > context {
            return Err(Error::Context { what: "the text to align", got: n, limit: context });
        }
        let slot = self.options.spare_slot() as i32;
        let wanted = |at| Wanted { at, bias: ROW_TEXT, spans: [0; 4], mass: false };
        let before = text_start - 1;
        let batch = Batch {
            token: tokens.iter().map(|token| *token as i32).collect(),
            row: vec![0; n],
            pos: (0..n as i32).collect(),
            slot: vec![slot; n],
            table: vec![slot; context],
            window: vec![window as i32],
            wanted: (before..n.saturating_sub(2)).map(wanted).collect(),
            align: (0..n).collect(),
        };
        self.run_decoder(&batch)?;
        let places = (frames / 2).min(audio);
        self.keep_scores(places);
        let probabilities = self.probabilities(&batch.wanted, &tokens[text_start..n - 1])?;
        let scores = std::mem::take(&mut self.scores);
        let costs = self.costs(&scores, n, places)?;
        let cost = costs[before * places..(n - 1) * places].to_vec();
        self.scores = scores;
        Ok(Aligned { probabilities, cost, places })
    }

    /// The costs `[rows, places]` of `[heads, rows, places]` scores; none without a place.
    ///
    /// # Errors
    /// There are more rows than the model's context, or more places than an encoding has.
    pub(crate) fn costs(&mut self, scores: &[f32], rows: usize, places: usize) -> Result<&[f32], Error> {
        if places == 0 {
            return Ok(&[]);
        }
        let dims = [self.model.config.alignment_heads.len(), rows, places];
        self.programs.run(Part::Alignment, &mut [Arg::F32(scores, &dims)])?;
        Ok(self.programs.get(Part::Alignment).f32(0).0)
    }

    /// Keeps the scores of the decoder's last run, their first `places` places, as `[heads, a, places]`.
    pub(super) fn keep_scores(&mut self, places: usize) {
        self.scores.clear();
        let decoder = self.programs.get(Part::Decoder);
        for index in decoder_results::SCORES..decoder.program().graph.results().len() {
            let (scores, dims) = decoder.f32(index);
            for row in scores.chunks_exact(dims[2]) {
                self.scores.extend_from_slice(&row[..places]);
            }
        }
    }

    /// The probability of each of `tokens` after the decoder's hidden state of the same place.
    fn probabilities(&mut self, wanted: &[Wanted], tokens: &[u32]) -> Result<Vec<f64>, Error> {
        let Session { model, options, programs, biases, hidden, .. } = self;
        let (most, vocab) = (options.capacity(model).wanted, model.config.n_vocab);
        let runs = hidden.chunks(most * model.config.n_text_state).zip(wanted.chunks(most));
        let mut out = Vec::with_capacity(tokens.len());
        for ((hidden, wanted), tokens) in runs.zip(tokens.chunks(most)) {
            let ranked = rank(programs, hidden, (biases, vocab), wanted)?;
            let rows = ranked.filtered.chunks_exact(vocab).zip(ranked.log_sum);
            let probability = |((row, log_sum), token): ((&[f32], &f32), &u32)| {
                f64::from((row[*token as usize] - log_sum).exp())
            };
            out.extend(rows.zip(tokens).map(probability));
        }
        Ok(out)
    }
}
