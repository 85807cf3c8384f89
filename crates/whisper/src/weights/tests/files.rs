//! Writers of tiny model files for tests, which can be spoilt before they are written. Not a converter.

use std::collections::BTreeMap;

use super::super::DType;
use super::super::names::{Wanted, wanted};
use crate::Config;

/// The lists beside the tiny `CTranslate2` model.
pub const CT2_CONFIG: &[u8] =
    br#"{"alignment_heads": [[1, 0]], "lang_ids": [5], "suppress_ids": [1, 2], "suppress_ids_begin": [3]}"#;

/// Two layers a side, width 8.
pub fn tiny() -> Config {
    Config {
        n_mels: 4,
        n_audio_ctx: 6,
        n_audio_state: 8,
        n_audio_head: 2,
        n_audio_layer: 2,
        n_vocab: 20,
        n_text_ctx: 5,
        n_text_state: 8,
        n_text_head: 2,
        n_text_layer: 2,
        alignment_heads: vec![(1, 0)],
        suppress: vec![1, 2],
        suppress_first: vec![3],
    }
}

/// The tiny model's Hugging Face config.
pub fn hf_config() -> Vec<u8> {
    serde_json::json!({
        "num_mel_bins": 4, "max_source_positions": 6, "d_model": 8, "encoder_attention_heads": 2, "encoder_layers": 2,
        "vocab_size": 20, "max_target_positions": 5, "decoder_attention_heads": 2, "decoder_layers": 2,
        "suppress_tokens": [1, 2], "begin_suppress_tokens": [3], "alignment_heads": [[1, 0]],
    })
    .to_string()
    .into_bytes()
}

/// A tensor's bytes: a pattern of its own.
pub fn value(tensor: &Wanted, dtype: DType) -> Vec<u8> {
    let seed =
        tensor.name.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    let count = tensor.shape.iter().product::<usize>() * dtype.bytes();
    (0..count as u32).map(|i| (seed.wrapping_add(i).wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// A `CTranslate2` file: variables as (name, type id, shape, bytes), and aliases.
pub struct Ct2 {
    pub variables: Vec<(String, u8, Vec<u32>, Vec<u8>)>,
    pub aliases: Vec<(String, String)>,
}

impl Ct2 {
    pub fn new(dtype: DType) -> Self {
        let kind = match dtype {
            DType::F32 => 0,
            DType::F16 => 4,
            DType::BF16 => 5,
            _ => panic!("no weights are kept as {dtype}"),
        };
        let mut variables: BTreeMap<String, (u8, Vec<u32>, Vec<u8>)> = BTreeMap::new();
        for tensor in wanted(&tiny()) {
            let bytes = value(&tensor, dtype);
            let mut shape: Vec<u32> = tensor.shape.iter().map(|dim| *dim as u32).collect();
            shape[0] *= tensor.part.1 as u32;
            // The rows that no wanted tensor fills are the key's bias.
            let whole = vec![0; bytes.len() * tensor.part.1];
            let variable = variables.entry(tensor.ct2.clone()).or_insert((kind, shape, whole));
            variable.2[tensor.part.0 * bytes.len()..][..bytes.len()].copy_from_slice(&bytes);
        }
        let scalars = [
            ("decoder/activation", 1, vec![3]),
            ("decoder/alignment_heads", 2, vec![1, 0]),
            ("decoder/alignment_layer", 2, vec![255, 255]),
            ("decoder/num_heads", 2, vec![2, 0]),
            ("decoder/pre_norm", 1, vec![1]),
            ("decoder/scale_embeddings", 1, vec![0]),
            ("encoder/num_heads", 2, vec![2, 0]),
        ];
        variables.extend(scalars.map(|(name, kind, bytes)| (name.to_owned(), (kind, vec![], bytes))));
        Self {
            variables: variables
                .into_iter()
                .map(|(name, (kind, shape, bytes))| (name, kind, shape, bytes))
                .collect(),
            aliases: vec![("decoder/projection/weight".into(), "decoder/embeddings/weight".into())],
        }
    }

    pub fn find(&mut self, name: &str) -> &mut (String, u8, Vec<u32>, Vec<u8>) {
        self.variables.iter_mut().find(|variable| variable.0 == name).unwrap()
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut out = vec![];
        let text = |out: &mut Vec<u8>, text: &str| {
            out.extend((text.len() as u16 + 1).to_le_bytes());
            out.extend(text.bytes().chain([0]));
        };
        out.extend(6_u32.to_le_bytes());
        text(&mut out, "WhisperSpec");
        out.extend(3_u32.to_le_bytes());
        out.extend((self.variables.len() as u32).to_le_bytes());
        for (name, kind, shape, bytes) in &self.variables {
            text(&mut out, name);
            out.push(shape.len() as u8);
            out.extend(shape.iter().flat_map(|dim| dim.to_le_bytes()));
            out.push(*kind);
            out.extend((bytes.len() as u32).to_le_bytes());
            out.extend(bytes);
        }
        out.extend((self.aliases.len() as u32).to_le_bytes());
        for (alias, name) in &self.aliases {
            text(&mut out, alias);
            text(&mut out, name);
        }
        out
    }
}

/// A tensor as (name, type, shape, bytes).
type Tensor = (String, &'static str, Vec<usize>, Vec<u8>);

/// A safetensors file.
#[derive(Clone)]
pub struct Safetensors {
    pub tensors: Vec<Tensor>,
}

impl Safetensors {
    pub fn new(dtype: DType) -> Self {
        let kind = match dtype {
            DType::F32 => "F32",
            DType::F16 => "F16",
            DType::BF16 => "BF16",
            _ => panic!("no weights are kept as {dtype}"),
        };
        let tensor = |tensor: Wanted| {
            let bytes = value(&tensor, dtype);
            (format!("model.{}", tensor.hf), kind, tensor.shape, bytes)
        };
        Self { tensors: wanted(&tiny()).into_iter().map(tensor).collect() }
    }

    pub fn find(&mut self, name: &str) -> &mut Tensor {
        self.tensors.iter_mut().find(|tensor| tensor.0 == name).unwrap()
    }

    pub fn halves(mut self) -> (Self, Self) {
        let rest = self.tensors.split_off(self.tensors.len() / 2);
        (self, Self { tensors: rest })
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut header = serde_json::json!({"__metadata__": {"format": "pt"}});
        let mut at = 0;
        for (name, dtype, shape, bytes) in &self.tensors {
            let end = at + bytes.len();
            header[name] = serde_json::json!({"dtype": dtype, "shape": shape, "data_offsets": [at, end]});
            at = end;
        }
        let header = header.to_string();
        let mut out = (header.len() as u64).to_le_bytes().to_vec();
        out.extend(header.bytes());
        out.extend(self.tensors.iter().flat_map(|tensor| &tensor.3));
        out
    }
}
