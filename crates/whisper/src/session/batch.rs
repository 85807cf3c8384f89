//! What the decoder is asked in one run, and what it says. Not who asks: that is a search or an alignment.

use super::{Part, Programs};
use crate::error::Error;
use crate::graphs::{head_inputs, head_results};
use compiler::Arg;

/// One run of the decoder: tokens, and which of them are asked for their successors.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Token ids.
    pub token: Vec<i32>,
    /// The row of each token.
    pub row: Vec<i32>,
    /// Its position in the row.
    pub pos: Vec<i32>,
    /// The slot where its keys and values are kept.
    pub slot: Vec<i32>,
    /// The slot of each position of each row, `n_text_ctx` to a row.
    pub table: Vec<i32>,
    /// The window of each row.
    pub window: Vec<i32>,
    /// The tokens whose successors are wanted, with their rules.
    pub wanted: Vec<Wanted>,
    /// Places in the batch of the tokens for which the queries of the alignment heads are wanted; none costs nothing.
    pub align: Vec<usize>,
}

/// A token whose successor is wanted, and the rules for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its place in the batch.
    pub at: usize,
    /// The row of the table of biases.
    pub bias: usize,
    /// Two spans of banned ids.
    pub spans: [i32; 4],
    /// Whether timestamps win when their sum outweighs every text token.
    pub mass: bool,
}

/// What the decoder says of the wanted tokens, in their order.
#[derive(Clone, Copy, Debug)]
pub struct Ranked<'a> {
    /// `[m, n_vocab]` logits after the rules, minus infinity where banned.
    pub filtered: &'a [f32],
    /// `[m]` the logarithms of the sums of the exponentials of `filtered`: a token's log-probability is its filtered
    /// logit less this.
    pub log_sum: &'a [f32],
    /// `[m, CANDIDATES]` log-probabilities after the rules, best first.
    pub log_probs: &'a [f32],
    /// `[m, CANDIDATES]` the candidates.
    pub tokens: &'a [i32],
    /// `[a, layers * n_text_state]` the queries of the layers with alignment heads, for the tokens of [`Batch::align`].
    pub queries: &'a [f32],
}

impl<'a> Ranked<'a> {
    /// The logits of wanted token `i` after the rules, `[n_vocab]`.
    pub fn row(&self, i: usize) -> &'a [f32] {
        let vocab = self.filtered.len() / self.log_sum.len();
        &self.filtered[i * vocab..][..vocab]
    }

    /// The probability after the rules that `token` follows wanted token `i`.
    pub fn probability(&self, i: usize, token: u32) -> f64 {
        f64::from((self.row(i)[token as usize] - self.log_sum[i]).exp())
    }
}

/// The results of several runs of the head, one behind the other.
#[derive(Default)]
pub(super) struct Gathered {
    filtered: Vec<f32>,
    log_sum: Vec<f32>,
    log_probs: Vec<f32>,
    tokens: Vec<i32>,
}

impl Gathered {
    pub(super) fn clear(&mut self) {
        let Gathered { filtered, log_sum, log_probs, tokens } = self;
        [filtered, log_sum, log_probs].into_iter().for_each(Vec::clear);
        tokens.clear();
    }

    pub(super) fn append(&mut self, ranked: &Ranked<'_>) {
        self.filtered.extend_from_slice(ranked.filtered);
        self.log_sum.extend_from_slice(ranked.log_sum);
        self.log_probs.extend_from_slice(ranked.log_probs);
        self.tokens.extend_from_slice(ranked.tokens);
    }

    pub(super) fn ranked(&self) -> Ranked<'_> {
        Ranked {
            filtered: &self.filtered,
            log_sum: &self.log_sum,
            log_probs: &self.log_probs,
            tokens: &self.tokens,
            queries: &[],
        }
    }
}

/// Runs the head once, with the table of biases and the vocabulary's size.
pub(super) fn rank<'a>(
    programs: &'a mut Programs,
    hidden: &[f32],
    (biases, vocab): (&[f32], usize),
    wanted: &[Wanted],
) -> Result<Ranked<'a>, Error> {
    let m = wanted.len();
    let bias: Vec<i32> = wanted.iter().map(|w| w.bias as i32).collect();
    let spans: Vec<i32> = wanted.iter().flat_map(|w| w.spans).collect();
    let mass: Vec<bool> = wanted.iter().map(|w| w.mass).collect();
    let dims = ([m, hidden.len() / m.max(1)], [biases.len() / vocab, vocab], [m], [m, 4], [m, 1]);
    let mut args = [
        Arg::F32(hidden, &dims.0),
        Arg::F32(biases, &dims.1),
        Arg::I32(&bias, &dims.2),
        Arg::I32(&spans, &dims.3),
        Arg::Bool(&mass, &dims.4),
    ];
    debug_assert_eq!(args.len(), head_inputs::COUNT);
    programs.run(Part::Head, &mut args)?;
    let head = programs.get(Part::Head);
    Ok(Ranked {
        filtered: head.f32(head_results::FILTERED).0,
        log_sum: head.f32(head_results::LOG_SUM).0,
        log_probs: head.f32(head_results::LOG_PROBS).0,
        tokens: head.i32(head_results::TOKENS).0,
        queries: &[],
    })
}
