//! The model as graphs: log-mel, encoder, decoder step with the rules. Not run here: a device compiles them.

mod decoder;
mod encoder;
mod layers;
mod log_mel;

pub use decoder::{Capacity, decoder, inputs as decoder_inputs, results as decoder_results};
pub use encoder::encoder;
pub use log_mel::{FRAMES, HOP, LEAD, N_FFT, log_mel, normalize};

/// Candidates that the decoder hands out for each row: enough for a beam of five and one to spare.
pub const CANDIDATES: usize = 6;
