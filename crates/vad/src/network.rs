//! Silero's network (snakers4/silero-vad, 16 kHz, as its package reads these weights) as a graph over many chunks. Not a recurrent cell:
//! convolutions see all chunks at once, and only the memory goes through them one by one.

use graph::ops::Elementwise;
use graph::{Builder, DType, Dim, Graph, OpError, TensorType, Value};
use std::ops::Range;

/// Samples of one chunk: 32 ms.
pub const CHUNK: usize = 512;
/// Samples before a chunk that the network sees, too.
pub const CONTEXT: usize = 64;
/// Samples after a chunk: the mirror of its last ones, its last not repeated.
pub const MIRROR: usize = 64;
/// Samples of a chunk with what stands before and after.
pub const FRAME: usize = CONTEXT + CHUNK + MIRROR;
/// The most chunks of one run: activations stay in a second-level cache.
pub const MAX_CHUNKS: usize = 128;
/// Units of the memory.
pub const UNITS: usize = 128;

/// Samples between two spectra, of which each sees two hops.
const HOP: usize = 128;
/// Spectra of one chunk.
const SPECTRA: usize = FRAME / HOP - 1;
/// Frequencies of a spectrum.
const BINS: usize = HOP + 1;
/// The taps of each convolution, one of which stands before its output and one after.
const TAPS: usize = 3;

/// `%sound: f32[n, 640]`, chunks with `CONTEXT` samples before and `MIRROR` after, and the memory's states
/// `%hidden: f32[128]` and `%cell: f32[128]` before the first, to the probability of speech in each chunk,
/// `f32[n, 1]`, and the states after the last.
///
/// # Errors
/// None: the types always fit.
pub fn network() -> Result<Graph, OpError> {
    let mut b = Builder::new("silero_vad");
    let n = b.symbol("n", 1, MAX_CHUNKS);
    let sound = b.input("sound", TensorType::new(DType::F32, [n, FRAME.into()]));
    let state = TensorType::fixed(DType::F32, &[UNITS]);
    let (hidden, cell) = (b.input("hidden", state.clone()), b.input("cell", state));
    let x = spectra(&mut b, n, sound)?;
    let x = conv(&mut b, x, "conv1", [SPECTRA, BINS, 128], 1)?;
    let x = conv(&mut b, x, "conv2", [SPECTRA, 128, 64], 2)?;
    let x = conv(&mut b, x, "conv3", [SPECTRA / 2, 64, 64], 2)?;
    let x = conv(&mut b, x, "conv4", [SPECTRA / 4, 64, UNITS], 1)?;
    let gates = gates(&mut b, x)?;
    let recurrent = weight(&mut b, "lstm_cell.weight_hh", &[4 * UNITS, UNITS]);
    let [all, hidden, cell] = b.lstm([gates, recurrent, hidden, cell])?;
    let x = b.elementwise(Elementwise::Relu, &[all])?;
    let w = weight(&mut b, "final_conv.weight", &[1, UNITS, 1]);
    let w = b.reshape(w, [1.into(), UNITS.into()])?;
    let bias = weight(&mut b, "final_conv.bias", &[1]);
    let x = b.linear(x, w)?;
    let x = b.plus(x, bias)?;
    let probability = b.elementwise(Elementwise::Sigmoid, &[x])?;
    b.name(probability, "probability");
    Ok(b.finish(&[probability, hidden, cell]))
}

fn weight(b: &mut Builder, name: &str, dims: &[usize]) -> Value {
    b.weight(name, TensorType::fixed(DType::F32, dims))
}

/// The magnitudes of each chunk's spectra, `[n, SPECTRA * BINS]`: products with a window's cosines and sines, which the
/// model holds as the weights of a convolution.
fn spectra(b: &mut Builder, n: Dim, sound: Value) -> Result<Value, OpError> {
    let hops = b.reshape(sound, [n, (SPECTRA + 1).into(), HOP.into()])?;
    let first = b.slice(hops, 1, 0..SPECTRA)?;
    let second = b.slice(hops, 1, 1..SPECTRA + 1)?;
    let frames = b.concat(&[first, second], 2)?;
    let basis = weight(b, "stft_conv.weight", &[2 * BINS, 1, 2 * HOP]);
    let basis = b.reshape(basis, [(2 * BINS).into(), (2 * HOP).into()])?;
    let parts = b.linear(frames, basis)?;
    let real = b.slice(parts, 2, 0..BINS)?;
    let imaginary = b.slice(parts, 2, BINS..2 * BINS)?;
    let real = b.mul(real, real)?;
    let imaginary = b.mul(imaginary, imaginary)?;
    let power = b.plus(real, imaginary)?;
    let magnitude = b.elementwise(Elementwise::Sqrt, &[power])?;
    b.reshape(magnitude, [n, (SPECTRA * BINS).into()])
}

/// A convolution within each chunk, zeros beyond its ends, and ReLU: `[n, steps * channels]` to `[n, steps' * out]`.
/// Each output is a linear layer over the steps that its taps see; taps beyond an end have no products.
fn conv(
    b: &mut Builder,
    x: Value,
    name: &str,
    [steps, channels, out]: [usize; 3],
    stride: usize,
) -> Result<Value, OpError> {
    let w = weight(b, &format!("{name}.weight"), &[out, channels, TAPS]);
    let w = b.transpose(w, &[0, 2, 1])?;
    let bias = weight(b, &format!("{name}.bias"), &[out]);
    let whole = taps(b, w, 0..TAPS)?;
    let mut outputs = Vec::new();
    for at in (0..steps).step_by(stride) {
        let seen = at.saturating_sub(1)..(at + 2).min(steps);
        let used = seen.start + 1 - at..seen.end + 1 - at;
        let w = if used == (0..TAPS) { whole } else { taps(b, w, used)? };
        let x =
            if seen == (0..steps) { x } else { b.slice(x, 1, seen.start * channels..seen.end * channels)? };
        let y = b.linear(x, w)?;
        let y = b.plus(y, bias)?;
        outputs.push(b.elementwise(Elementwise::Relu, &[y])?);
    }
    if outputs.len() == 1 { Ok(outputs[0]) } else { b.concat(&outputs, 1) }
}

/// The taps `used` of weights `[out, TAPS, channels]` as a linear layer's.
fn taps(b: &mut Builder, w: Value, used: Range<usize>) -> Result<Value, OpError> {
    let (dims, count) = (b.ty(w).shape.0.clone(), used.len());
    let w = b.slice(w, 1, used)?;
    b.reshape(w, [dims[0], dims[2].times(count)])
}

/// The memory's gates before activation, as far as its input and both biases go.
fn gates(b: &mut Builder, x: Value) -> Result<Value, OpError> {
    let w = weight(b, "lstm_cell.weight_ih", &[4 * UNITS, UNITS]);
    let input = weight(b, "lstm_cell.bias_ih", &[4 * UNITS]);
    let recurrent = weight(b, "lstm_cell.bias_hh", &[4 * UNITS]);
    let bias = b.plus(input, recurrent)?;
    let x = b.linear(x, w)?;
    b.plus(x, bias)
}
