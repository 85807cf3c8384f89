//! The head: hidden states of the decoder to ranked next tokens, by the vocabulary product, the rules and top-k.
//! Not the choice among them: that is the search's.

use super::layers::Layers;
use super::{CANDIDATES, Capacity};
use crate::config::Config;
use crate::tokenizer::Specials;
use compiler::Weights;
use graph::ops::ReduceKind;
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
    /// `f32[m, n_vocab]`: logits before any rule.
    pub const LOGITS: usize = 0;
    /// `f32[m, 1]`: the probability of `<|nospeech|>` before any rule.
    pub const NO_SPEECH: usize = 1;
    /// `f32[m, n_vocab]`: logits after the rules.
    pub const FILTERED: usize = 2;
    /// `f32[m, 1]`: the logarithm of the sum of the exponentials of `FILTERED`.
    pub const LOG_SUM: usize = 3;
    /// `f32[m, k]`: log-probabilities of the candidates after the rules, best first.
    pub const LOG_PROBS: usize = 4;
    /// `i32[m, k]`: the candidates.
    pub const TOKENS: usize = 5;
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
    let no_speech = no_speech(&mut l, logits, specials)?;
    let filtered = rules.filter(&mut l, logits, specials)?;
    l.b.name(filtered, "filtered");
    let log_sum = l.b.reduce(ReduceKind::LogSumExp, filtered)?;
    l.b.name(log_sum, "log_sum");
    let (values, tokens) = l.b.top_k(filtered, CANDIDATES)?;
    let log_probs = l.b.sub(values, log_sum)?;
    l.b.name(log_probs, "log_probs");
    l.b.name(tokens, "tokens");
    Ok(l.b.finish(&[logits, no_speech, filtered, log_sum, log_probs, tokens]))
}

/// The softmax of the logits at `<|nospeech|>`.
fn no_speech(l: &mut Layers<'_>, logits: Value, specials: &Specials) -> Result<Value, OpError> {
    let at = specials.no_speech as usize;
    let one = l.b.slice(logits, 1, at..at + 1)?;
    let all = l.b.reduce(ReduceKind::LogSumExp, logits)?;
    let log = l.b.sub(one, all)?;
    let p = l.b.exp(log)?;
    l.b.name(p, "no_speech");
    Ok(p)
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
        // If the timestamps together are likelier than any text token, text is banned.
        let text = b.slice(x, 1, 0..first)?;
        let text = b.reduce(ReduceKind::Max, text)?;
        let times = b.slice(x, 1, first..vocab)?;
        let times = b.reduce(ReduceKind::LogSumExp, times)?;
        let outweighed = b.less(text, times)?;
        let outweighed = b.and(outweighed, self.mass)?;
        let id = b.iota(vocab)?;
        let begin = b.constant(first as f32)?;
        let is_text = b.less(id, begin)?;
        let banned = b.and(outweighed, is_text)?;
        let ban = b.constant(f32::NEG_INFINITY)?;
        b.select(banned, ban, x)
    }
}
