//! The model as graphs: log-mel, encoder, decoder, the head with the rules, alignment. Not run here: a device compiles them.

mod alignment;
mod cross;
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

/// Tokens of each row that are scored again where the vocabulary product is narrow: the candidates, and as many beside them
/// as it ranks before one of them. Of 448 rows of `base`, weights in four bits, its first 24 held all of the best six, its
/// first 12 not in 18. Each more is a row of the embedding to be fetched from memory.
pub(crate) const RESCORED: usize = 24;
