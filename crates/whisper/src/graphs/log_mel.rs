//! Log-mel as graphs: the spectrogram's logarithm, and its normalisation by the loudest frame of the file. Not
//! the resampling before it.

use crate::config::Config;
use crate::mel::N_BINS;
use graph::ops::{Pad, PadMode, ReduceKind};
use graph::{Builder, DType, Graph, OpError, TensorType};

pub use crate::mel::{HOP, N_FFT};

/// Frames of a window of 30 s (audio.py, N_FRAMES).
pub const FRAMES: usize = 3000;
/// Frames that a run which does not start at the file's start has before those that are wanted: the reflection
/// at its own start reaches that far.
pub const LEAD: usize = 2;

/// `%sound: f32[160*n + 40]` to `%mel: f32[n, n_mels]`, the base-10 logarithm of the mel powers (at least
/// 1e-10), and `%peak: f32[n, 1]`, each frame's largest. Frame `i` is centred on sample `160 * i`; the 200
/// samples before the first are its reflection (torch.stft, center and reflect, as in audio.py).
///
/// # Errors
/// None for a checked config: the types always fit.
pub fn log_mel(config: &Config) -> Result<Graph, OpError> {
    let mut b = Builder::new("log_mel");
    let n = b.symbol("n", 1, FRAMES + LEAD);
    let sound = b.input("sound", TensorType::new(DType::F32, [n.times(HOP).plus(N_FFT / 2 - HOP)]));
    let window = b.weight("mel.window", TensorType::fixed(DType::F32, &[N_FFT]));
    let filters = b.weight("mel.filters", TensorType::fixed(DType::F32, &[N_BINS, config.n_mels]));
    let padded = b.pad(sound, Pad { before: N_FFT / 2, after: 0, mode: PadMode::Reflect })?;
    let power = b.spectrogram(padded, window, HOP)?;
    let mel = b.matmul(power, filters)?;
    let floor = b.constant(1e-10)?;
    let mel = b.max(mel, floor)?;
    let mel = b.log(mel)?;
    let base = b.constant(std::f32::consts::LOG10_E)?;
    let mel = b.mul(mel, base)?;
    b.name(mel, "mel");
    let peak = b.reduce(ReduceKind::Max, mel)?;
    b.name(peak, "peak");
    Ok(b.finish(&[mel, peak]))
}

/// `%mel: f32[n, n_mels]` and the file's `%peak: f32[]` to `(max(mel, peak - 8) + 4) / 4` (audio.py).
///
/// # Errors
/// None for a checked config: the types always fit.
pub fn normalize(config: &Config) -> Result<Graph, OpError> {
    let mut b = Builder::new("normalize");
    let n = b.symbol("n", 1, FRAMES);
    let mel = b.input("mel", TensorType::new(DType::F32, [n, config.n_mels.into()]));
    let peak = b.input("peak", TensorType::fixed(DType::F32, &[]));
    let eight = b.constant(8.0)?;
    let floor = b.sub(peak, eight)?;
    let mel = b.max(mel, floor)?;
    let four = b.constant(4.0)?;
    let mel = b.plus(mel, four)?;
    let quarter = b.constant(0.25)?;
    let mel = b.mul(mel, quarter)?;
    b.name(mel, "normalized");
    Ok(b.finish(&[mel]))
}
