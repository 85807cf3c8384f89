//! The parts of a model that are graphs, and how much they are built for. Not compiled here.

use crate::error::Error;
use crate::graphs::{self, Capacity, RESCORED};
use crate::model::Model;
use crate::rules::FIXED_ROWS;
use compiler::Compute;
use graph::Graph;

/// What a session is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionOptions {
    /// Rows that decode at once.
    pub rows: usize,
    /// Windows whose cross keys and values are kept at once.
    pub windows: usize,
}

/// The parts of a model that are graphs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Samples to log-mel.
    LogMel,
    /// Log-mel to its normalised form.
    Normalize,
    /// Log-mel to cross keys and values.
    Encoder,
    /// Tokens to hidden states.
    Decoder,
    /// Hidden states to ranked next tokens.
    Head,
    /// Queries of the alignment heads to costs.
    Alignment,
}

impl Part {
    /// All parts, in the order in which sound passes through them.
    pub const ALL: [Part; 6] =
        [Part::LogMel, Part::Normalize, Part::Encoder, Part::Decoder, Part::Head, Part::Alignment];

    /// The part's name.
    pub fn name(self) -> &'static str {
        match self {
            Part::LogMel => "log-mel",
            Part::Normalize => "normalize",
            Part::Encoder => "encoder",
            Part::Decoder => "decoder",
            Part::Head => "head",
            Part::Alignment => "alignment",
        }
    }

    /// The part's graph before any pass, for a device that computes so.
    ///
    /// # Errors
    /// The model's sizes contradict each other.
    pub fn graph(self, model: &Model, options: SessionOptions, compute: Compute) -> Result<Graph, Error> {
        let (config, weights) = (&model.config, model.tensors.as_ref());
        let graph = match self {
            Part::LogMel => graphs::log_mel(config),
            Part::Normalize => graphs::normalize(config),
            Part::Encoder => graphs::encoder(config, weights, options.windows, compute),
            Part::Decoder => graphs::decoder(config, weights, options.capacity(model), compute),
            Part::Head => {
                graphs::head(config, model.tokenizer.specials(), weights, options.capacity(model), compute)
            }
            Part::Alignment => graphs::alignment(config, options.windows, compute),
        };
        graph.map_err(|source| Error::Graph { part: self, source })
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl SessionOptions {
    /// A prompt of every row may run at once, but no more tokens than one row can hold per run.
    pub(super) fn capacity(self, model: &Model) -> Capacity {
        Capacity {
            tokens: self.tokens(model),
            rows: self.rows,
            slots: self.spare_slot() + 1,
            windows: self.windows,
            biases: self.biases(),
            wanted: (2 * self.rows).max(MIN_WANTED),
        }
    }

    /// Tokens of one run of the decoder at most.
    pub(crate) fn tokens(self, model: &Model) -> usize {
        model.config.n_text_ctx.max(self.rows)
    }

    /// Rows of the embedding that are looked up in one run at most, or before the pages in which they lie are let go of:
    /// those of some texts, and where products are narrow those of candidates. An alignment asks for candidates after
    /// each token.
    pub(super) fn looked_up(self, model: &Model, compute: Compute, words: bool) -> usize {
        let wanted = if words { self.tokens(model) } else { 2 * self.rows };
        TEXTS * self.tokens(model) + if compute == Compute::F32 { 0 } else { RESCORED * wanted }
    }

    /// The slot of keys and values beyond those of the rows, where an alignment keeps its own, so that it does not
    /// disturb rows that decode.
    pub(crate) fn spare_slot(self) -> usize {
        self.rows
    }

    /// Rows of the table of biases: the fixed ones, and one for each row that decodes.
    pub(super) fn biases(self) -> usize {
        FIXED_ROWS + self.rows
    }
}

/// Texts of as many tokens as a model takes, for whose rows of the embedding pages are mapped before they are let go of:
/// candidates wait for a page that comes again longer than for their products.
pub(super) const TEXTS: usize = 4;

/// The fewest hidden states that the head is built to take in one run.
const MIN_WANTED: usize = 128;
