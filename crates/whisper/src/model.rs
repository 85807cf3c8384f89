//! One model: config, tokenizer and weights. Not compiled: a session does that for a device.

use crate::config::Config;
use crate::error::Error;
use crate::graphs::N_FFT;
use crate::mel;
use crate::tokenizer::Tokenizer;
use crate::weights::Weights;
use compiler::{Origin, TensorView};
use graph::DType;
use std::path::Path;
use std::sync::Arc;

/// A model as it was read from its folder.
#[derive(Debug)]
pub struct Model {
    /// Its sizes.
    pub config: Config,
    /// Its vocabulary.
    pub tokenizer: Tokenizer,
    /// Its tensors, and those that are computed from its sizes.
    pub tensors: Arc<Tensors>,
}

impl Model {
    /// Reads the model in the folder `path`, or the weights file itself. Weights are mapped, not read.
    ///
    /// # Errors
    /// A file is missing, broken or contradicts another.
    pub fn open(path: &Path) -> Result<Model, Error> {
        let (config, weights) = Weights::open(path)?;
        let tokenizer = Tokenizer::open(path, &config)?;
        let tensors = Arc::new(Tensors::new(weights, &config));
        Ok(Model { config, tokenizer, tensors })
    }
}

/// The tensors that the graphs ask for by name: the model's, `mel.window` and `mel.filters`.
#[derive(Debug)]
pub struct Tensors {
    /// The model's own.
    pub weights: Weights,
    window: Vec<u8>,
    filters: Vec<u8>,
    filters_dims: [usize; 2],
}

impl Tensors {
    fn new(weights: Weights, config: &Config) -> Tensors {
        let bytes = |values: &[f32]| values.iter().flat_map(|x| x.to_le_bytes()).collect();
        let bins = mel::N_BINS;
        let filters = mel::mel_filters(config.n_mels);
        // The graph multiplies powers [n, bins] by [bins, n_mels].
        let across = (0..bins).flat_map(|bin| (0..config.n_mels).map(move |mel| (mel, bin)));
        let across: Vec<f32> = across.map(|(mel, bin)| filters[mel * bins + bin]).collect();
        Tensors {
            weights,
            window: bytes(&mel::hann_window()),
            filters: bytes(&across),
            filters_dims: [bins, config.n_mels],
        }
    }
}

impl compiler::Weights for Tensors {
    fn tensor(&self, name: &str) -> Option<TensorView<'_>> {
        match name {
            "mel.window" => Some(TensorView { dtype: DType::F32, dims: &[N_FFT], bytes: &self.window }),
            "mel.filters" => {
                Some(TensorView { dtype: DType::F32, dims: &self.filters_dims, bytes: &self.filters })
            }
            name => {
                let view = self.weights.get(name)?;
                Some(TensorView { dtype: view.dtype, dims: view.shape, bytes: view.bytes })
            }
        }
    }

    fn release(&self, name: &str) {
        self.weights.release(name);
    }

    fn origin(&self) -> Option<Origin> {
        self.weights.origin().cloned()
    }
}
