//! The decoder: one graph over n tokens, each with its row and position, from token ids to ranked next tokens.
//! Not a loop: prompt, step, beams and alignment are this graph with other inputs.

use super::CANDIDATES;
use super::encoder::cross_states;
use super::layers::Layers;
use crate::config::Config;
use crate::tokenizer::Specials;
use compiler::Weights;
use graph::ops::{CachedAttention, ReduceKind};
use graph::{DType, Graph, OpError, TensorType, Value};

/// How much a decoder is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Tokens of one run.
    pub tokens: usize,
    /// Rows that decode at once: lanes times beams or candidates.
    pub rows: usize,
    /// Windows whose cross keys and values are kept.
    pub windows: usize,
    /// Rows of the table of biases.
    pub biases: usize,
}

/// The inputs' places among the arguments; the states follow: `self.LAYER.key`, `self.LAYER.value` of each layer,
/// then `cross.LAYER.key`, `cross.LAYER.value` of each layer.
pub mod inputs {
    /// `i32[n]`: token ids.
    pub const TOKEN: usize = 0;
    /// `i32[n]`: the row of each token.
    pub const ROW: usize = 1;
    /// `i32[n]`: its position in the row.
    pub const POS: usize = 2;
    /// `i32[n]`: the slot in which its keys and values are kept.
    pub const SLOT: usize = 3;
    /// `i32[r, n_text_ctx]`: the slot of each position of each row.
    pub const TABLE: usize = 4;
    /// `i32[r, 1]`: the window of each row.
    pub const WINDOW: usize = 5;
    /// `i32[m]`: which of the n tokens' next tokens are wanted.
    pub const OUT: usize = 6;
    /// `f32[b, n_vocab]`: biases, 0 or -inf or between.
    pub const BIASES: usize = 7;
    /// `i32[m]`: the row of `BIASES` for each wanted token.
    pub const BIAS: usize = 8;
    /// `i32[m, 4]`: two spans of token ids that are banned.
    pub const SPANS: usize = 9;
    /// `bool[m, 1]`: whether timestamps win when their sum outweighs every text token.
    pub const MASS: usize = 10;
    /// How many there are.
    pub const COUNT: usize = 11;
}

/// The results' places.
pub mod results {
    /// `f32[m, n_vocab]`: logits before any rule.
    pub const LOGITS: usize = 0;
    /// `f32[m, 1]`: the probability of `<|nospeech|>` before any rule.
    pub const NO_SPEECH: usize = 1;
    /// `f32[m, k]`: log-probabilities of the candidates after the rules, best first.
    pub const LOG_PROBS: usize = 2;
    /// `i32[m, k]`: the candidates.
    pub const TOKENS: usize = 3;
}

/// The decoder's graph; see [`inputs`] and [`results`] (model.py, TextDecoder; decoding.py for the rules).
///
/// # Errors
/// The config's sizes contradict each other.
pub fn decoder(
    config: &Config,
    specials: &Specials,
    weights: &dyn Weights,
    capacity: Capacity,
) -> Result<Graph, OpError> {
    let mut l = Layers::new("decoder", weights);
    let n = l.b.symbol("n", 1, capacity.tokens);
    let m = l.b.symbol("m", 1, capacity.tokens.min(capacity.rows * 2));
    let r = l.b.symbol("r", 1, capacity.rows);
    let biases = l.b.symbol("b", 1, capacity.biases);
    let (vocab, width) = (config.n_vocab, config.n_text_state);
    let i32s = |dims: &[graph::Dim]| TensorType::new(DType::I32, dims.iter().copied());
    let token = l.b.input("token", i32s(&[n]));
    let row = l.b.input("row", i32s(&[n]));
    let pos = l.b.input("pos", i32s(&[n]));
    let slot = l.b.input("slot", i32s(&[n]));
    let table = l.b.input("table", i32s(&[r, config.n_text_ctx.into()]));
    let window = l.b.input("window", i32s(&[r, 1.into()]));
    let out = l.b.input("out", i32s(&[m]));
    let rules = Rules {
        biases: l.b.input("biases", TensorType::new(DType::F32, [biases, vocab.into()])),
        bias: l.b.input("bias", i32s(&[m])),
        spans: l.b.input("spans", i32s(&[m, 4.into()])),
        mass: l.b.input("mass", TensorType::new(DType::Bool, [m, 1.into()])),
    };
    let ty = TensorType::fixed(DType::F32, &[capacity.rows, config.n_text_ctx, width]);
    let mut state = |i: usize, what: &str| l.b.state(&format!("self.{i}.{what}"), ty.clone());
    let caches: Vec<_> = (0..config.n_text_layer).map(|i| (state(i, "key"), state(i, "value"))).collect();
    let cross = cross_states(&mut l, config, capacity.windows);

    let embedding = l.stored("decoder.token_embedding.weight", &[vocab, width]);
    let positions = l.stored("decoder.positional_embedding", &[config.n_text_ctx, width]);
    let x = l.b.gather(embedding, token)?;
    let x = l.b.convert(x, DType::F32)?;
    let p = l.b.gather(positions, pos)?;
    let p = l.b.convert(p, DType::F32)?;
    let mut x = l.b.plus(x, p)?;
    let scale = 1.0 / (config.head_width() as f32).sqrt();
    for (i, (cache, cross)) in caches.into_iter().zip(cross).enumerate() {
        let block = format!("decoder.blocks.{i}");
        l.b.scope(&format!("{block}."));
        let at = format!("{block}.attn");
        let y = l.norm(x, &format!("{at}_ln"))?;
        let q = l.linear(y, &format!("{at}.query"), width, true)?;
        let k = l.linear(y, &format!("{at}.key"), width, false)?;
        let v = l.linear(y, &format!("{at}.value"), width, true)?;
        let keys = l.b.cache_write(&[cache.0, k, slot, pos])?;
        let values = l.b.cache_write(&[cache.1, v, slot, pos])?;
        let causal = CachedAttention { heads: config.n_text_head, scale, causal: true };
        let y = l.b.cached_attention(&[q, keys, values, table, row, pos], causal)?;
        let y = l.linear(y, &format!("{at}.out"), width, true)?;
        x = l.b.plus(x, y)?;
        let at = format!("{block}.cross_attn");
        let y = l.norm(x, &format!("{at}_ln"))?;
        let q = l.linear(y, &format!("{at}.query"), width, true)?;
        let whole = CachedAttention { heads: config.n_text_head, scale, causal: false };
        let y = l.b.cached_attention(&[q, cross.0, cross.1, window, row], whole)?;
        let y = l.linear(y, &format!("{at}.out"), width, true)?;
        x = l.b.plus(x, y)?;
        x = l.mlp(x, &block)?;
    }
    l.b.scope("");
    let x = l.b.gather(x, out)?;
    let x = l.norm(x, "decoder.ln")?;
    let embedding = l.b.convert(embedding, DType::F32)?;
    let logits = l.b.linear(x, embedding)?;
    l.b.name(logits, "logits");
    let no_speech = no_speech(&mut l, logits, specials)?;
    let (log_probs, tokens) = rules.rank(&mut l, logits, specials)?;
    Ok(l.b.finish(&[logits, no_speech, log_probs, tokens]))
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
    /// Biases, banned spans, the timestamp-mass rule, then the best candidates and their log-probabilities.
    fn rank(
        &self,
        l: &mut Layers<'_>,
        logits: Value,
        specials: &Specials,
    ) -> Result<(Value, Value), OpError> {
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
        let x = b.select(banned, ban, x)?;
        let all = b.reduce(ReduceKind::LogSumExp, x)?;
        let (values, tokens) = b.top_k(x, CANDIDATES)?;
        let log_probs = b.sub(values, all)?;
        b.name(log_probs, "log_probs");
        b.name(tokens, "tokens");
        Ok((log_probs, tokens))
    }
}
