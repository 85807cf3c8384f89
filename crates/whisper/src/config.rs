//! The sizes of a Whisper model and the lists that travel with them. Not the weights: those are checked against this.

mod heads;

use serde::Deserialize;

use crate::Error;
pub use heads::known as known_alignment_heads;

/// The vocabulary size of the English-only models; no multilingual model has it.
pub const ENGLISH_VOCAB: usize = 51_864;

/// Sizes of a model, named as in openai-whisper's `ModelDimensions`, and its lists of token ids and heads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Mel bands of the input: 80, or 128 from large-v3 on.
    pub n_mels: usize,
    /// Positions of the encoder's output for one window: 1500.
    pub n_audio_ctx: usize,
    /// Width of the encoder.
    pub n_audio_state: usize,
    /// Attention heads of the encoder.
    pub n_audio_head: usize,
    /// Layers of the encoder.
    pub n_audio_layer: usize,
    /// Tokens in the vocabulary, special ones included.
    pub n_vocab: usize,
    /// Positions of the decoder: 448.
    pub n_text_ctx: usize,
    /// Width of the decoder; equal to the encoder's.
    pub n_text_state: usize,
    /// Attention heads of the decoder.
    pub n_text_head: usize,
    /// Layers of the decoder.
    pub n_text_layer: usize,
    /// Decoder heads that follow the sound, as (layer, head); never empty.
    pub alignment_heads: Vec<(usize, usize)>,
    /// Token ids that the checkpoint suppresses at every step; openai-whisper computes its own instead.
    pub suppress: Vec<u32>,
    /// Token ids that the checkpoint suppresses at the first step.
    pub suppress_first: Vec<u32>,
}

/// The largest value read for each size: several times the largest released model.
const LIMITS: [(&str, usize); 10] = [
    ("n_mels", 512),
    ("n_audio_ctx", 30_000),
    ("n_audio_state", 16_384),
    ("n_audio_head", 256),
    ("n_audio_layer", 256),
    ("n_vocab", 1_000_000),
    ("n_text_ctx", 30_000),
    ("n_text_state", 16_384),
    ("n_text_head", 256),
    ("n_text_layer", 256),
];

/// The most layers that a side may have; readers stop counting there.
pub(crate) const MAX_LAYERS: usize = 256;

impl Config {
    /// Tokens of a prompt at most (decoding.py, `_get_initial_tokens`).
    pub fn max_prompt(&self) -> usize {
        (self.n_text_ctx / 2).saturating_sub(1)
    }

    /// Whether the model knows languages and translation: all but those with GPT-2's English vocabulary.
    pub fn is_multilingual(&self) -> bool {
        self.n_vocab != ENGLISH_VOCAB
    }

    /// Width of one attention head.
    pub fn head_width(&self) -> usize {
        self.n_text_state / self.n_text_head
    }

    /// The decoder layers that have alignment heads, ascending.
    pub fn aligned_layers(&self) -> Vec<usize> {
        let aligned = |layer: &usize| self.alignment_heads.iter().any(|(at, _)| at == layer);
        (0..self.n_text_layer).filter(aligned).collect()
    }

    /// The alignment heads of one decoder layer.
    pub fn heads_of(&self, layer: usize) -> Vec<usize> {
        self.alignment_heads.iter().filter(|(at, _)| *at == layer).map(|(_, head)| *head).collect()
    }

    /// Width of one token's queries over all layers that have alignment heads.
    pub fn aligned_width(&self) -> usize {
        self.aligned_layers().len() * self.n_text_state
    }

    fn sizes(&self) -> [usize; 10] {
        [
            self.n_mels,
            self.n_audio_ctx,
            self.n_audio_state,
            self.n_audio_head,
            self.n_audio_layer,
            self.n_vocab,
            self.n_text_ctx,
            self.n_text_state,
            self.n_text_head,
            self.n_text_layer,
        ]
    }

    /// Checks every size and list, and fills in [`alignment_heads`](Self::alignment_heads) where it is empty.
    ///
    /// # Errors
    /// [`Error::Config`] naming the first field that is out of range, with its value.
    pub(crate) fn checked(mut self) -> Result<Self, Error> {
        for ((field, limit), value) in LIMITS.into_iter().zip(self.sizes()) {
            if value == 0 || value > limit {
                return Err(wrong(field, &value, format!("1 to {limit}")));
            }
        }
        for (field, width, head) in [
            ("n_audio_head", self.n_audio_state, self.n_audio_head),
            ("n_text_head", self.n_text_state, self.n_text_head),
        ] {
            if !width.is_multiple_of(head) {
                return Err(wrong(field, &head, format!("a divisor of the width {width}")));
            }
        }
        if !self.n_audio_state.is_multiple_of(2) {
            return Err(wrong("n_audio_state", &self.n_audio_state, "an even number"));
        }
        if self.n_text_state != self.n_audio_state {
            return Err(wrong(
                "n_text_state",
                &self.n_text_state,
                format!("n_audio_state {}", self.n_audio_state),
            ));
        }
        for &(layer, head) in &self.alignment_heads {
            if layer >= self.n_text_layer || head >= self.n_text_head {
                let expected =
                    format!("layers below {} and heads below {}", self.n_text_layer, self.n_text_head);
                return Err(wrong("alignment_heads", &format!("({layer}, {head})"), expected));
            }
        }
        for (field, ids) in [("suppress", &self.suppress), ("suppress_first", &self.suppress_first)] {
            if let Some(id) = ids.iter().find(|id| **id as usize >= self.n_vocab) {
                return Err(wrong(field, &id, format!("token ids below {}", self.n_vocab)));
            }
        }
        if self.alignment_heads.is_empty() {
            self.alignment_heads = heads::fallback(&self);
        }
        Ok(self)
    }
}

/// A [`Error::Config`].
pub(crate) fn wrong(field: &'static str, got: &dyn ToString, expected: impl Into<String>) -> Error {
    Error::Config { field, got: got.to_string(), expected: expected.into() }
}

/// What a `CTranslate2` folder's `config.json` says; the sizes are in its `model.bin`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Ct2Lists {
    alignment_heads: Option<Vec<(usize, usize)>>,
    suppress_ids: Option<Vec<u32>>,
    suppress_ids_begin: Option<Vec<u32>>,
}

impl Ct2Lists {
    /// Reads the file's bytes.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, Error> {
        parse_json("config.json", json)
    }

    /// Moves the lists into a config.
    pub(crate) fn fill(self, config: &mut Config) {
        config.alignment_heads = self.alignment_heads.unwrap_or_default();
        config.suppress = self.suppress_ids.unwrap_or_default();
        config.suppress_first = self.suppress_ids_begin.unwrap_or_default();
    }
}

/// The fields read from a Hugging Face `config.json` (`transformers.WhisperConfig`).
#[derive(Debug, Deserialize)]
struct HuggingFace {
    model_type: Option<String>,
    num_mel_bins: usize,
    max_source_positions: usize,
    d_model: usize,
    encoder_attention_heads: usize,
    encoder_layers: usize,
    encoder_ffn_dim: Option<usize>,
    vocab_size: usize,
    max_target_positions: usize,
    decoder_attention_heads: usize,
    decoder_layers: usize,
    decoder_ffn_dim: Option<usize>,
    activation_function: Option<String>,
    scale_embedding: Option<bool>,
    tie_word_embeddings: Option<bool>,
    #[serde(flatten)]
    lists: Lists,
}

/// The lists that stand in a Hugging Face `generation_config.json`, and in older folders in `config.json`.
#[derive(Debug, Default, Deserialize)]
struct Lists {
    alignment_heads: Option<Vec<(usize, usize)>>,
    suppress_tokens: Option<Vec<u32>>,
    begin_suppress_tokens: Option<Vec<u32>>,
}

impl Config {
    /// Reads a Hugging Face `config.json` and, where there is one, its `generation_config.json`.
    ///
    /// # Errors
    /// [`Error::Json`], or [`Error::Config`] for a size out of range or a variant of the model that is not Whisper.
    pub fn from_hugging_face(config: &[u8], generation: Option<&[u8]>) -> Result<Self, Error> {
        let hf: HuggingFace = parse_json("config.json", config)?;
        let generation: Lists = match generation {
            Some(json) => parse_json("generation_config.json", json)?,
            None => Lists::default(),
        };
        if let Some(kind) = hf.model_type.as_deref().filter(|kind| *kind != "whisper") {
            return Err(wrong("model_type", &kind, "whisper"));
        }
        if let Some(name) = hf.activation_function.as_deref().filter(|name| *name != "gelu") {
            return Err(wrong("activation_function", &name, "gelu"));
        }
        if hf.scale_embedding == Some(true) {
            return Err(wrong("scale_embedding", &true, "false"));
        }
        if hf.tie_word_embeddings == Some(false) {
            return Err(wrong("tie_word_embeddings", &false, "true"));
        }
        for (field, width) in
            [("encoder_ffn_dim", hf.encoder_ffn_dim), ("decoder_ffn_dim", hf.decoder_ffn_dim)]
        {
            let expected = hf.d_model.saturating_mul(4);
            if let Some(width) = width.filter(|width| *width != expected) {
                return Err(wrong(field, &width, format!("four times d_model, {expected}")));
            }
        }
        Config {
            n_mels: hf.num_mel_bins,
            n_audio_ctx: hf.max_source_positions,
            n_audio_state: hf.d_model,
            n_audio_head: hf.encoder_attention_heads,
            n_audio_layer: hf.encoder_layers,
            n_vocab: hf.vocab_size,
            n_text_ctx: hf.max_target_positions,
            n_text_state: hf.d_model,
            n_text_head: hf.decoder_attention_heads,
            n_text_layer: hf.decoder_layers,
            alignment_heads: generation.alignment_heads.or(hf.lists.alignment_heads).unwrap_or_default(),
            suppress: generation.suppress_tokens.or(hf.lists.suppress_tokens).unwrap_or_default(),
            suppress_first: generation
                .begin_suppress_tokens
                .or(hf.lists.begin_suppress_tokens)
                .unwrap_or_default(),
        }
        .checked()
    }
}

/// Parses JSON, naming the file in the error.
pub(crate) fn parse_json<'a, T: Deserialize<'a>>(file: &str, json: &'a [u8]) -> Result<T, Error> {
    serde_json::from_slice(json).map_err(|source| Error::Json { file: file.to_owned(), source })
}

#[cfg(test)]
mod tests;
