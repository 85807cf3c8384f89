//! The alignment: queries of the alignment heads to what it costs that a token is spoken in a frame. Not the path of
//! least cost: the host finds it.

use super::cross::Cross;
use crate::config::Config;
use compiler::Compute;
use graph::ops::{CachedScores, Elementwise, MedianFilter, ReduceKind};
use graph::{Builder, DType, Dim, Graph, OpError, TensorType};

/// How many frames a median is of (timing.py, `medfilt_width`).
const MEDIAN_WIDTH: usize = 7;

/// The inputs' places among the arguments; the states follow: the cross keys of each layer that has alignment heads.
pub mod inputs {
    /// `f32[n, layers * n_text_state]`: the queries of n tokens, layer by layer.
    pub const QUERIES: usize = 0;
    /// `i32[1]`: the window.
    pub const WINDOW: usize = 1;
    /// `i32[f]`: the places of the encoding to look at.
    pub const PLACE: usize = 2;
    /// How many there are.
    pub const COUNT: usize = 3;
}

/// Queries of n tokens to the costs `f32[n, f]` of f places of the encoding; see [`inputs`]: scores, softmax over the
/// places, normalised over the tokens, median over neighbouring places, the heads' mean, negated (timing.py,
/// `find_alignment`).
///
/// # Errors
/// None for a checked config: the types always fit.
pub fn alignment(config: &Config, windows: usize, compute: Compute) -> Result<Graph, OpError> {
    let mut b = Builder::new("alignment");
    let n = b.symbol("n", 1, config.n_text_ctx);
    let f = b.symbol("f", 1, config.n_audio_ctx);
    let (layers, width) = (config.aligned_layers(), config.n_text_state);
    let queries = b.input("queries", TensorType::new(DType::F32, [n, Dim::fixed(layers.len() * width)]));
    let window = b.input("window", TensorType::fixed(DType::I32, &[1]));
    let place = b.input("place", TensorType::new(DType::I32, [f]));
    let mut state = |layer| Cross::state(&mut b, config, (windows, compute), (layer, "key"));
    let keys: Vec<_> = layers.iter().map(|layer| state(*layer)).collect();
    let scale = 1.0 / (config.head_width() as f32).sqrt();
    let mut total = None;
    for (i, (layer, keys)) in layers.iter().zip(keys).enumerate() {
        let q = b.slice(queries, 1, i * width..(i + 1) * width)?;
        let picked = CachedScores { pick: config.heads_of(*layer), scale };
        let mut inputs = vec![q, keys.rows, window, place];
        inputs.extend(keys.factors);
        let scores = b.cached_scores(&inputs, picked)?;
        let x = b.softmax(scores)?;
        let mean = b.reduce_over(ReduceKind::Mean, -2, x)?;
        let centred = b.sub(x, mean)?;
        let square = b.mul(centred, centred)?;
        let variance = b.reduce_over(ReduceKind::Mean, -2, square)?;
        let deviation = b.elementwise(Elementwise::Sqrt, &[variance])?;
        let x = b.elementwise(Elementwise::Div, &[centred, deviation])?;
        let x = b.median_filter(x, MedianFilter { width: MEDIAN_WIDTH })?;
        let sum = b.reduce_over(ReduceKind::Sum, -3, x)?;
        total = Some(match total {
            None => sum,
            Some(total) => b.plus(total, sum)?,
        });
    }
    let total = total.ok_or_else(|| OpError("the config names no alignment head".to_owned()))?;
    let factor = b.constant(-1.0 / config.alignment_heads.len() as f32)?;
    let cost = b.mul(total, factor)?;
    let cost = b.reshape(cost, [n, f])?;
    b.name(cost, "cost");
    Ok(b.finish(&[cost]))
}
