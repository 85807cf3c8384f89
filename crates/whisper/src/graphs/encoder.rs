//! The encoder: a window's log-mel to its encoding and to the cross keys and values of every decoder layer. Not
//! batched: one window at a time keeps a CPU busy.

use super::layers::Layers;
use crate::config::Config;
use compiler::Weights;
use graph::ops::{Activation, Conv1d};
use graph::{Builder, DType, Dim, Graph, OpError, TensorType, Value};

/// The inputs' places among the arguments; the states follow: `cross.LAYER.key`, `cross.LAYER.value` of each layer.
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
/// On the way the decoder's cross keys and values are written to the first t places of a slot of the states
/// `cross.LAYER.key` and `.value: f32[windows, n_text_head, n_audio_ctx, d]`.
///
/// # Errors
/// The config's sizes contradict each other.
pub fn encoder(config: &Config, weights: &dyn Weights, windows: usize) -> Result<Graph, OpError> {
    let mut l = Layers::new("encoder", weights);
    let width = config.n_audio_state;
    let t = l.b.symbol("t", 1, config.n_audio_ctx);
    let mel = l.b.input("mel", TensorType::new(DType::F32, [t.times(2), config.n_mels.into()]));
    let place = l.b.input("place", TensorType::new(DType::I32, [t]));
    let slot = l.b.input("slot", TensorType::fixed(DType::I32, &[1]));
    let cross = cross_states(&mut l, config, windows);
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
    for (i, (key, value)) in cross.into_iter().enumerate() {
        let at = format!("decoder.blocks.{i}.cross_attn");
        let k = l.linear(x, &format!("{at}.key"), config.n_text_state, false)?;
        let v = l.linear(x, &format!("{at}.value"), config.n_text_state, true)?;
        l.b.cache_write(&[key, k, slot])?;
        l.b.cache_write(&[value, v, slot])?;
    }
    Ok(l.b.finish(&[x]))
}

/// The states that hold the cross keys and values of every decoder layer.
pub(super) fn cross_states(l: &mut Layers<'_>, config: &Config, windows: usize) -> Vec<(Value, Value)> {
    let mut state = |i: usize, what: &str| cross_state(&mut l.b, config, windows, (i, what));
    (0..config.n_text_layer).map(|i| (state(i, "key"), state(i, "value"))).collect()
}

/// The state that holds the cross keys or values of one decoder layer.
pub(super) fn cross_state(
    b: &mut Builder,
    config: &Config,
    windows: usize,
    (layer, what): (usize, &str),
) -> Value {
    let ty = TensorType::fixed(
        DType::F32,
        &[windows, config.n_text_head, config.n_audio_ctx, config.head_width()],
    );
    b.state(&format!("cross.{layer}.{what}"), ty)
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
