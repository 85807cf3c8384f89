//! The encoder: a window's log-mel to its encoding and to the cross keys and values of every decoder layer. Not
//! batched: one window at a time keeps a CPU busy.

use super::cross::Cross;
use super::layers::Layers;
use crate::config::Config;
use compiler::{Compute, Weights};
use graph::ops::{Activation, Conv1d};
use graph::{DType, Dim, Graph, OpError, TensorType, Value};

/// The inputs' places among the arguments; the states follow: the cross keys and values of each layer.
pub mod inputs {
    /// `f32[2*t, n_mels]`: normalised log-mel.
    pub const MEL: usize = 0;
    /// `i32[t]`: the places of the encoding, from 0.
    pub const PLACE: usize = 1;
    /// `i32[1]`: the slot of the states.
    pub const SLOT: usize = 2;
    /// How many there are.
    pub const COUNT: usize = 3;
}

/// Log-mel to the encoding `f32[t, n_audio_state]`, with t up to `n_audio_ctx`; see [`inputs`] (model.py, AudioEncoder).
/// On the way the decoder's cross keys and values are written to the first t places of a slot of their states.
///
/// # Errors
/// The config's sizes contradict each other.
pub fn encoder(
    config: &Config,
    weights: &dyn Weights,
    windows: usize,
    compute: Compute,
) -> Result<Graph, OpError> {
    let mut l = Layers::new("encoder", weights);
    let width = config.n_audio_state;
    let t = l.b.symbol("t", 1, config.n_audio_ctx);
    let mel = l.b.input("mel", TensorType::new(DType::F32, [t.times(2), config.n_mels.into()]));
    let place = l.b.input("place", TensorType::new(DType::I32, [t]));
    let slot = l.b.input("slot", TensorType::fixed(DType::I32, &[1]));
    let cross = Cross::states(&mut l.b, config, windows, compute);
    let x = conv(&mut l, mel, "encoder.conv1", width, 1)?;
    let x = conv(&mut l, x, "encoder.conv2", width, 2)?;
    let positions = l.weight("encoder.positional_embedding", &[config.n_audio_ctx, width])?;
    let positions = l.b.gather(positions, place)?;
    let mut x = l.b.plus(x, positions)?;
    for i in 0..config.n_audio_layer {
        let block = format!("encoder.blocks.{i}");
        l.b.scope(&format!("{block}."));
        let y = l.norm(x, &format!("{block}.attn_ln"))?;
        let y = attention(&mut l, y, &format!("{block}.attn"), config.n_audio_head)?;
        x = l.b.plus(x, y)?;
        x = l.mlp(x, &block)?;
    }
    l.b.scope("");
    let x = l.norm(x, "encoder.ln_post")?;
    l.b.name(x, "encoding");
    for (i, [key, value]) in cross.into_iter().enumerate() {
        let at = format!("decoder.blocks.{i}.cross_attn");
        let k = l.linear(x, &format!("{at}.key"), config.n_text_state, false)?;
        let v = l.linear(x, &format!("{at}.value"), config.n_text_state, true)?;
        key.write(&mut l.b, k, slot)?;
        value.write(&mut l.b, v, slot)?;
    }
    Ok(l.b.finish(&[x]))
}

fn conv(l: &mut Layers<'_>, x: Value, name: &str, width: usize, stride: usize) -> Result<Value, OpError> {
    let channels = l.b.ty(x).shape.last().and_then(|d| d.as_fixed()).unwrap_or(0);
    let w = l.weight(&format!("{name}.weight"), &[width, channels, 3])?;
    let bias = l.weight(&format!("{name}.bias"), &[width])?;
    let conv = Conv1d { stride, pad: 1, activation: Activation::None, bias: false };
    let y = l.b.conv1d(x, w, conv)?;
    let y = l.b.plus(y, bias)?;
    l.b.gelu(y)
}

/// Self-attention without a mask, and its output projection.
fn attention(l: &mut Layers<'_>, x: Value, name: &str, heads: usize) -> Result<Value, OpError> {
    let dims = l.b.ty(x).shape.0.clone();
    let (t, width) = (dims[0], dims[1].as_fixed().unwrap_or(0));
    let d = width / heads.max(1);
    let split = [t, Dim::fixed(heads), Dim::fixed(d)];
    let q = l.linear(x, &format!("{name}.query"), width, true)?;
    let k = l.linear(x, &format!("{name}.key"), width, false)?;
    let v = l.linear(x, &format!("{name}.value"), width, true)?;
    let q = l.b.reshape(q, split)?;
    let q = l.b.transpose(q, &[1, 0, 2])?;
    let k = l.b.reshape(k, split)?;
    let k = l.b.transpose(k, &[1, 2, 0])?;
    let v = l.b.reshape(v, split)?;
    let v = l.b.transpose(v, &[1, 0, 2])?;
    let scores = l.b.matmul(q, k)?;
    let scale = l.b.constant(1.0 / (d as f32).sqrt())?;
    let scores = l.b.mul(scores, scale)?;
    let weights = l.b.softmax(scores)?;
    let y = l.b.matmul(weights, v)?;
    let y = l.b.transpose(y, &[1, 0, 2])?;
    let y = l.b.reshape(y, [t, Dim::fixed(width)])?;
    l.linear(y, &format!("{name}.out"), width, true)
}
