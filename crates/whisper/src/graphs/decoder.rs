//! The decoder: one graph over n tokens, each with its row and position, from token ids to hidden states.
//! Not a loop: prompt, step, beams and alignment are this graph with other inputs.

use super::cross::Cross;
use super::layers::Layers;
use crate::config::Config;
use compiler::{Compute, Weights};
use graph::ops::CachedAttention;
use graph::{DType, Graph, OpError, TensorType};

/// How much a decoder is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Tokens of one run.
    pub tokens: usize,
    /// Rows that decode at once: lanes times beams or candidates.
    pub rows: usize,
    /// Slots in which rows keep their keys and values.
    pub slots: usize,
    /// Windows whose cross keys and values are kept.
    pub windows: usize,
    /// Rows of the table of biases.
    pub biases: usize,
    /// Hidden states that the head takes in one run.
    pub wanted: usize,
}

/// The inputs' places among the arguments; the states follow: `self.LAYER.key`, `self.LAYER.value` of each layer,
/// then the cross keys and values of each layer.
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
    /// `i32[n]`: the last place of the encoding that each token's window has.
    pub const LAST: usize = 6;
    /// `i32[m]`: which of the n tokens' hidden states are wanted.
    pub const OUT: usize = 7;
    /// `i32[a]`: which of the n tokens' queries of the alignment heads are wanted; there may be none.
    pub const ALIGN: usize = 8;
    /// How many there are.
    pub const COUNT: usize = 9;
}

/// The results' places.
pub mod results {
    /// `f32[m, n_text_state]`: the hidden states of the wanted tokens, after the last normalisation.
    pub const HIDDEN: usize = 0;
    /// `f32[a, n_text_state]`: the cross-attention's queries of the first layer that has alignment heads; the other
    /// layers' follow in order.
    pub const QUERIES: usize = 1;
}

/// The decoder's graph; see [`inputs`] and [`results`] (model.py, TextDecoder). Its last step, the product with the
/// embedding, is the [`head`](super::head).
///
/// # Errors
/// The config's sizes contradict each other.
pub fn decoder(
    config: &Config,
    weights: &dyn Weights,
    capacity: Capacity,
    compute: Compute,
) -> Result<Graph, OpError> {
    let mut l = Layers::new("decoder", weights);
    let n = l.b.symbol("n", 1, capacity.tokens);
    let m = l.b.symbol("m", 1, capacity.tokens);
    let r = l.b.symbol("r", 1, capacity.rows);
    let a = l.b.symbol("a", 0, capacity.tokens);
    let (vocab, width) = (config.n_vocab, config.n_text_state);
    let i32s = |dims: &[graph::Dim]| TensorType::new(DType::I32, dims.iter().copied());
    let token = l.b.input("token", i32s(&[n]));
    let mut row = l.b.input("row", i32s(&[n]));
    let pos = l.b.input("pos", i32s(&[n]));
    let slot = l.b.input("slot", i32s(&[n]));
    let table = l.b.input("table", i32s(&[r, config.n_text_ctx.into()]));
    let window = l.b.input("window", i32s(&[r, 1.into()]));
    let mut last = l.b.input("last", i32s(&[n]));
    let out = l.b.input("out", i32s(&[m]));
    let align = l.b.input("align", i32s(&[a]));
    let ty = TensorType::fixed(
        DType::F32,
        &[capacity.slots, config.n_text_head, config.n_text_ctx, config.head_width()],
    );
    let mut state = |i: usize, what: &str| l.b.state(&format!("self.{i}.{what}"), ty.clone());
    let caches: Vec<_> = (0..config.n_text_layer).map(|i| (state(i, "key"), state(i, "value"))).collect();
    let cross = Cross::states(&mut l.b, config, capacity.windows, compute);

    let embedding = l.stored("decoder.token_embedding.weight", &[vocab, width]);
    let positions = l.stored("decoder.positional_embedding", &[config.n_text_ctx, width]);
    let x = l.b.gather(embedding, token)?;
    let x = l.b.convert(x, DType::F32)?;
    let p = l.b.gather(positions, pos)?;
    let p = l.b.convert(p, DType::F32)?;
    let mut x = l.b.plus(x, p)?;
    let scale = 1.0 / (config.head_width() as f32).sqrt();
    let (aligned, mut queries) = (config.aligned_layers(), Vec::new());
    for (i, (cache, [key, value])) in caches.into_iter().zip(cross).enumerate() {
        let block = format!("decoder.blocks.{i}");
        l.b.scope(&format!("{block}."));
        let at = format!("{block}.attn");
        let y = l.norm(x, &format!("{at}_ln"))?;
        let q = l.linear(y, &format!("{at}.query"), width, true)?;
        let k = l.linear(y, &format!("{at}.key"), width, false)?;
        let v = l.linear(y, &format!("{at}.value"), width, true)?;
        let keys = l.b.cache_write(&[cache.0, k, slot, pos])?;
        let values = l.b.cache_write(&[cache.1, v, slot, pos])?;
        let attention = CachedAttention { scale };
        let y = l.b.cached_attention(&[q, keys, values, table, row, pos], attention.clone())?;
        let y = l.linear(y, &format!("{at}.out"), width, true)?;
        x = l.b.plus(x, y)?;
        let at = format!("{block}.cross_attn");
        let y = l.norm(x, &format!("{at}_ln"))?;
        let mut q = l.linear(y, &format!("{at}.query"), width, true)?;
        if aligned.contains(&i) {
            queries.push(l.b.gather(q, align)?);
        }
        if i + 1 == config.n_text_layer {
            // Every token's keys and values are kept by now: nobody reads more of those that are not wanted.
            for of_tokens in [&mut x, &mut q, &mut row, &mut last] {
                *of_tokens = l.b.gather(*of_tokens, out)?;
            }
        }
        let mut inputs = vec![q, key.rows, value.rows, window, row, last];
        inputs.extend(key.factors.into_iter().chain(value.factors));
        let y = l.b.cached_attention(&inputs, attention)?;
        let y = l.linear(y, &format!("{at}.out"), width, true)?;
        x = l.b.plus(x, y)?;
        x = l.mlp(x, &block)?;
    }
    l.b.scope("");
    let x = l.norm(x, "decoder.ln")?;
    l.b.name(x, "hidden");
    queries.insert(results::HIDDEN, x);
    Ok(l.b.finish(&queries))
}
