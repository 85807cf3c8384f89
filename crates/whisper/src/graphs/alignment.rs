//! The alignment: raw scores of the alignment heads to what it costs that a token is spoken in a frame. Not the path
//! of least cost: the host finds it.

use crate::config::Config;
use graph::ops::{Elementwise, MedianFilter, ReduceKind};
use graph::{Builder, DType, Dim, Graph, OpError, TensorType};

/// How many frames a median is of (timing.py, `medfilt_width`).
const MEDIAN_WIDTH: usize = 7;

/// `%scores: f32[heads, n, f]`, of n tokens and the first f places of the encoding, to the costs `f32[n, f]`: softmax
/// over the frames, normalised over the tokens, median over neighbouring frames, the heads' mean, negated (timing.py,
/// `find_alignment`).
///
/// # Errors
/// None for a checked config: the types always fit.
pub fn alignment(config: &Config) -> Result<Graph, OpError> {
    let mut b = Builder::new("alignment");
    let n = b.symbol("n", 1, config.n_text_ctx);
    let f = b.symbol("f", 1, config.n_audio_ctx);
    let heads = Dim::fixed(config.alignment_heads.len());
    let scores = b.input("scores", TensorType::new(DType::F32, [heads, n, f]));
    let weights = b.softmax(scores)?;
    // Reductions are over the last axis.
    let x = b.transpose(weights, &[0, 2, 1])?;
    let mean = b.reduce(ReduceKind::Mean, x)?;
    let centred = b.sub(x, mean)?;
    let square = b.mul(centred, centred)?;
    let variance = b.reduce(ReduceKind::Mean, square)?;
    let deviation = b.elementwise(Elementwise::Sqrt, &[variance])?;
    let x = b.elementwise(Elementwise::Div, &[centred, deviation])?;
    let x = b.transpose(x, &[0, 2, 1])?;
    let x = b.median_filter(x, MedianFilter { width: MEDIAN_WIDTH })?;
    let x = b.transpose(x, &[1, 2, 0])?;
    let x = b.reduce(ReduceKind::Mean, x)?;
    let x = b.elementwise(Elementwise::Neg, &[x])?;
    let cost = b.reshape(x, [n, f])?;
    b.name(cost, "cost");
    Ok(b.finish(&[cost]))
}
