//! The model as graphs: log-mel, encoder, decoder, the head with the rules, alignment. Not run here: a device compiles them.

mod alignment;
mod decoder;
mod encoder;
mod head;
mod layers;
mod log_mel;

pub use alignment::{alignment, inputs as alignment_inputs};
pub use decoder::{Capacity, decoder, inputs as decoder_inputs, results as decoder_results};
pub use encoder::{encoder, inputs as encoder_inputs};
pub use head::{head, inputs as head_inputs, results as head_results};
pub use log_mel::{FRAMES, HOP, LEAD, N_FFT, log_mel, normalize};

/// Candidates that the head hands out for each row: enough for a beam of five and one to spare.
pub const CANDIDATES: usize = 6;
