//! The tensors of a Whisper model: each one's name in three spellings, and its shape. Not a reader of any format.

use crate::Config;

/// A tensor that a model of some config has.
#[derive(Debug)]
pub struct Wanted {
    /// The canonical name: openai-whisper's.
    pub name: String,
    /// The name in a Hugging Face checkpoint, without the `model.` prefix.
    pub hf: String,
    /// The variable in a `CTranslate2` file that holds it.
    pub ct2: String,
    /// Which of how many equal blocks of that variable's rows it is: (0, 1) for a variable of its own.
    pub part: (usize, usize),
    /// The canonical shape.
    pub shape: Vec<usize>,
}

/// A size that the config knows.
#[derive(Clone, Copy)]
enum Dim {
    Mels,
    AudioCtx,
    State,
    Mlp,
    TextCtx,
    Vocab,
    Taps,
}

/// One line of a table: canonical, Hugging Face and `CTranslate2` names, the part of the latter, and the shape.
type Row = (&'static str, &'static str, &'static str, (usize, usize), &'static [Dim]);

const OWN: (usize, usize) = (0, 1);
const VECTOR: &[Dim] = &[Dim::State];
const SQUARE: &[Dim] = &[Dim::State, Dim::State];

/// The encoder outside its blocks.
const ENCODER: &[Row] = &[
    ("conv1.weight", "conv1.weight", "conv1/weight", OWN, &[Dim::State, Dim::Mels, Dim::Taps]),
    ("conv1.bias", "conv1.bias", "conv1/bias", OWN, VECTOR),
    ("conv2.weight", "conv2.weight", "conv2/weight", OWN, &[Dim::State, Dim::State, Dim::Taps]),
    ("conv2.bias", "conv2.bias", "conv2/bias", OWN, VECTOR),
    (
        "positional_embedding",
        "embed_positions.weight",
        "position_encodings/encodings",
        OWN,
        &[Dim::AudioCtx, Dim::State],
    ),
    ("ln_post.weight", "layer_norm.weight", "layer_norm/gamma", OWN, VECTOR),
    ("ln_post.bias", "layer_norm.bias", "layer_norm/beta", OWN, VECTOR),
];

/// The decoder outside its blocks.
const DECODER: &[Row] = &[
    ("token_embedding.weight", "embed_tokens.weight", "embeddings/weight", OWN, &[Dim::Vocab, Dim::State]),
    (
        "positional_embedding",
        "embed_positions.weight",
        "position_encodings/encodings",
        OWN,
        &[Dim::TextCtx, Dim::State],
    ),
    ("ln.weight", "layer_norm.weight", "layer_norm/gamma", OWN, VECTOR),
    ("ln.bias", "layer_norm.bias", "layer_norm/beta", OWN, VECTOR),
];

/// Self-attention and feed-forward: every block has them.
const BLOCK: &[Row] = &[
    ("attn.query.weight", "self_attn.q_proj.weight", "self_attention/linear_0/weight", (0, 3), SQUARE),
    ("attn.query.bias", "self_attn.q_proj.bias", "self_attention/linear_0/bias", (0, 3), VECTOR),
    ("attn.key.weight", "self_attn.k_proj.weight", "self_attention/linear_0/weight", (1, 3), SQUARE),
    ("attn.value.weight", "self_attn.v_proj.weight", "self_attention/linear_0/weight", (2, 3), SQUARE),
    ("attn.value.bias", "self_attn.v_proj.bias", "self_attention/linear_0/bias", (2, 3), VECTOR),
    ("attn.out.weight", "self_attn.out_proj.weight", "self_attention/linear_1/weight", OWN, SQUARE),
    ("attn.out.bias", "self_attn.out_proj.bias", "self_attention/linear_1/bias", OWN, VECTOR),
    ("attn_ln.weight", "self_attn_layer_norm.weight", "self_attention/layer_norm/gamma", OWN, VECTOR),
    ("attn_ln.bias", "self_attn_layer_norm.bias", "self_attention/layer_norm/beta", OWN, VECTOR),
    ("mlp.0.weight", "fc1.weight", "ffn/linear_0/weight", OWN, &[Dim::Mlp, Dim::State]),
    ("mlp.0.bias", "fc1.bias", "ffn/linear_0/bias", OWN, &[Dim::Mlp]),
    ("mlp.2.weight", "fc2.weight", "ffn/linear_1/weight", OWN, &[Dim::State, Dim::Mlp]),
    ("mlp.2.bias", "fc2.bias", "ffn/linear_1/bias", OWN, VECTOR),
    ("mlp_ln.weight", "final_layer_norm.weight", "ffn/layer_norm/gamma", OWN, VECTOR),
    ("mlp_ln.bias", "final_layer_norm.bias", "ffn/layer_norm/beta", OWN, VECTOR),
];

/// Cross-attention: the decoder's blocks have it.
const CROSS: &[Row] = &[
    ("cross_attn.query.weight", "encoder_attn.q_proj.weight", "attention/linear_0/weight", OWN, SQUARE),
    ("cross_attn.query.bias", "encoder_attn.q_proj.bias", "attention/linear_0/bias", OWN, VECTOR),
    ("cross_attn.key.weight", "encoder_attn.k_proj.weight", "attention/linear_1/weight", (0, 2), SQUARE),
    ("cross_attn.value.weight", "encoder_attn.v_proj.weight", "attention/linear_1/weight", (1, 2), SQUARE),
    ("cross_attn.value.bias", "encoder_attn.v_proj.bias", "attention/linear_1/bias", (1, 2), VECTOR),
    ("cross_attn.out.weight", "encoder_attn.out_proj.weight", "attention/linear_2/weight", OWN, SQUARE),
    ("cross_attn.out.bias", "encoder_attn.out_proj.bias", "attention/linear_2/bias", OWN, VECTOR),
    ("cross_attn_ln.weight", "encoder_attn_layer_norm.weight", "attention/layer_norm/gamma", OWN, VECTOR),
    ("cross_attn_ln.bias", "encoder_attn_layer_norm.bias", "attention/layer_norm/beta", OWN, VECTOR),
];

/// The encoder's positions: the one tensor that a checkpoint may leave out, because it is a formula.
pub const AUDIO_POSITIONS: &str = "encoder.positional_embedding";

/// Every tensor of a model, in the order of the computation.
pub fn wanted(config: &Config) -> Vec<Wanted> {
    let mut all = Vec::new();
    let mut add = |rows: &[Row], [name, hf, ct2]: [String; 3]| {
        all.extend(rows.iter().map(|row| Wanted {
            name: format!("{name}{}", row.0),
            hf: format!("{hf}{}", row.1),
            ct2: format!("{ct2}{}", row.2),
            part: row.3,
            shape: row.4.iter().map(|dim| dim.of(config)).collect(),
        }));
    };
    let block = |side: &str, i: usize| {
        [format!("{side}.blocks.{i}."), format!("{side}.layers.{i}."), format!("{side}/layer_{i}/")]
    };
    add(ENCODER, ["encoder.".into(), "encoder.".into(), "encoder/".into()]);
    for i in 0..config.n_audio_layer {
        add(BLOCK, block("encoder", i));
    }
    add(DECODER, ["decoder.".into(), "decoder.".into(), "decoder/".into()]);
    for i in 0..config.n_text_layer {
        add(BLOCK, block("decoder", i));
        add(CROSS, block("decoder", i));
    }
    all
}

impl Dim {
    fn of(self, config: &Config) -> usize {
        match self {
            Dim::Mels => config.n_mels,
            Dim::AudioCtx => config.n_audio_ctx,
            Dim::State => config.n_audio_state,
            Dim::Mlp => 4 * config.n_audio_state,
            Dim::TextCtx => config.n_text_ctx,
            Dim::Vocab => config.n_vocab,
            Dim::Taps => 3,
        }
    }
}
