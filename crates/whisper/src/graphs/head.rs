//! The head: hidden states of the decoder to ranked next tokens, by the vocabulary product, the rules and top-k.
//! Not the choice among them: that is the search's.

use super::layers::Layers;
use super::{CANDIDATES, Capacity};
use crate::config::Config;
use crate::tokenizer::Specials;
use compiler::Weights;
use graph::ops::{Elementwise, ReduceKind};
use graph::{DType, Graph, OpError, TensorType, Value};

/// The inputs' places among the arguments.
pub mod inputs {
    /// `f32[m, n_text_state]`: hidden states, as the decoder gives them.
    pub const HIDDEN: usize = 0;
    /// `f32[b, n_vocab]`: biases, 0 or -inf or between.
    pub const BIASES: usize = 1;
    /// `i32[m]`: the row of `BIASES` for each.
    pub const BIAS: usize = 2;
    /// `i32[m, 4]`: two spans of token ids that are banned.
    pub const SPANS: usize = 3;
    /// `bool[m, 1]`: whether timestamps win when their sum outweighs every text token.
    pub const MASS: usize = 4;
    /// How many there are.
    pub const COUNT: usize = 5;
}

/// The results' places.
pub mod results {
    /// `f32[m, n_vocab]`: logits after the rules.
    pub const FILTERED: usize = 0;
    /// `f32[m, 1]`: the logarithm of the sum of the exponentials of `FILTERED`.
    pub const LOG_SUM: usize = 1;
    /// `f32[m, k]`: log-probabilities of the candidates after the rules, best first.
    pub const LOG_PROBS: usize = 2;
    /// `i32[m, k]`: the candidates.
    pub const TOKENS: usize = 3;
}

/// The head's graph; see [`inputs`] and [`results`] (model.py, TextDecoder's last line, by which the embedding is the
/// output projection; decoding.py for the rules).
///
/// # Errors
/// The config's sizes contradict each other.
pub fn head(
    config: &Config,
    specials: &Specials,
    weights: &dyn Weights,
    capacity: Capacity,
) -> Result<Graph, OpError> {
    let mut l = Layers::new("head", weights);
    let m = l.b.symbol("m", 1, capacity.wanted);
    let biases = l.b.symbol("b", 1, capacity.biases);
    let (vocab, width) = (config.n_vocab, config.n_text_state);
    let hidden = l.b.input("hidden", TensorType::new(DType::F32, [m, width.into()]));
    let rules = Rules {
        biases: l.b.input("biases", TensorType::new(DType::F32, [biases, vocab.into()])),
        bias: l.b.input("bias", TensorType::new(DType::I32, [m])),
        spans: l.b.input("spans", TensorType::new(DType::I32, [m, 4.into()])),
        mass: l.b.input("mass", TensorType::new(DType::Bool, [m, 1.into()])),
    };
    let embedding = l.weight("decoder.token_embedding.weight", &[vocab, width])?;
    let logits = l.b.linear(hidden, embedding)?;
    l.b.name(logits, "logits");
    let filtered = rules.filter(&mut l, logits, specials)?;
    l.b.name(filtered, "filtered");
    let log_sum = l.b.reduce(ReduceKind::LogSumExp, filtered)?;
    l.b.name(log_sum, "log_sum");
    let (values, tokens) = l.b.top_k(filtered, CANDIDATES)?;
    let log_probs = l.b.sub(values, log_sum)?;
    l.b.name(log_probs, "log_probs");
    l.b.name(tokens, "tokens");
    Ok(l.b.finish(&[filtered, log_sum, log_probs, tokens]))
}

/// The inputs of the rules.
struct Rules {
    biases: Value,
    bias: Value,
    spans: Value,
    mass: Value,
}

impl Rules {
    /// Biases, banned spans, the timestamp-mass rule.
    fn filter(&self, l: &mut Layers<'_>, logits: Value, specials: &Specials) -> Result<Value, OpError> {
        let (first, vocab) = (specials.timestamp_begin as usize, specials.n_vocab as usize);
        let b = &mut l.b;
        let bias = b.gather(self.biases, self.bias)?;
        let x = b.plus(logits, bias)?;
        let x = b.mask_spans(x, self.spans)?;
        // If the timestamps together are likelier than any text token, text is banned: the span from 0 to the first
        // of them. No single one is likelier than they all, so that the likeliest of all tokens may stand for text.
        let likeliest = b.reduce(ReduceKind::Max, x)?;
        let times = b.slice(x, 1, first..vocab)?;
        let times = b.reduce(ReduceKind::LogSumExp, times)?;
        let outweighs = b.less(times, likeliest)?;
        let (none, begin) = (b.constant(0.0)?, b.constant(first as f32)?);
        let end = b.select(self.mass, begin, none)?;
        let end = b.select(outweighs, none, end)?;
        let place = b.iota(2)?;
        let span = b.elementwise(Elementwise::Mul, &[end, place])?;
        let span = b.convert(span, DType::I32)?;
        b.mask_spans(x, span)
    }
}
