//! The decoder run once over a whole text, for the probabilities of its tokens and the queries of the alignment heads.
//! Not the words: `align` finds their times.

use super::batch::{Batch, Wanted, rank};
use super::{Part, Session};
use crate::align::Aligned;
use crate::error::Error;
use crate::graphs::{alignment_inputs, decoder_results};
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
        let context = self.model.config.n_text_ctx;
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
        let places = self.places_of(window, frames);
        self.keep_queries();
        let probabilities = self.probabilities(&batch.wanted, &tokens[text_start..n - 1])?;
        let queries = std::mem::take(&mut self.queries);
        let costs = self.costs(&queries, window, places)?;
        let cost = costs[before * places..(n - 1) * places].to_vec();
        self.queries = queries;
        Ok(Aligned { probabilities, cost, places })
    }

    /// The costs `[n, places]` of `[n, layers * n_text_state]` queries at the first `places` places of the window whose
    /// cross keys and values are kept as `window`; none without a place.
    ///
    /// # Errors
    /// There are more queries than the model's context, or more places than an encoding has.
    pub(crate) fn costs(&mut self, queries: &[f32], window: usize, places: usize) -> Result<&[f32], Error> {
        if places == 0 {
            return Ok(&[]);
        }
        let width = self.model.config.aligned_width();
        let (window, place) = ([window as i32], (0..places as i32).collect::<Vec<_>>());
        let (dims, places) = ([queries.len() / width, width], [places]);
        let mut args = vec![Arg::F32(queries, &dims), Arg::I32(&window, &[1]), Arg::I32(&place, &places)];
        debug_assert_eq!(args.len(), alignment_inputs::COUNT);
        let kept = self.states.iter_mut().enumerate().filter(|(at, _)| self.aligned.contains(at));
        args.extend(kept.map(|(_, state)| Arg::State(state)));
        self.programs.run(Part::Alignment, &mut args)?;
        Ok(self.programs.get(Part::Alignment).f32(0).0)
    }

    /// Keeps the queries of the decoder's last run as `[a, layers * n_text_state]`.
    pub(super) fn keep_queries(&mut self) {
        let (width, decoder) = (self.model.config.n_text_state, self.programs.get(Part::Decoder));
        let layers = decoder_results::QUERIES..decoder.program().graph.results().len();
        self.queries.clear();
        for token in 0..decoder.f32(layers.start).0.len() / width {
            for layer in layers.clone() {
                self.queries.extend_from_slice(&decoder.f32(layer).0[token * width..][..width]);
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
            out.extend(tokens.iter().enumerate().map(|(i, token)| ranked.probability(i, *token)));
        }
        Ok(out)
    }
}
