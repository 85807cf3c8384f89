//! Fuzzes the reader of safetensors with the config beside it: the input is both, the config first and ended by a
//! NUL. An input without one is read with the sizes of a tiny model. Not the index of shards.
#![no_main]

use libfuzzer_sys::fuzz_target;
use whisper::weights::{FORMATS, Weights};

const TINY: &[u8] = br#"{"num_mel_bins": 1, "max_source_positions": 1, "d_model": 2, "encoder_attention_heads": 1,
    "encoder_layers": 1, "vocab_size": 1, "max_target_positions": 1, "decoder_attention_heads": 1, "decoder_layers": 1}"#;

fuzz_target!(|data: &[u8]| {
    let format = FORMATS.iter().find(|format| format.name == "safetensors").expect("a known format");
    let json_end = data.iter().position(|byte| *byte == 0).filter(|_| data.first() == Some(&b'{'));
    let (config, weights) = json_end.map_or((TINY, data), |end| (&data[..end], &data[end + 1..]));
    if let Ok((_, weights)) = Weights::from_bytes(format, weights.to_vec(), config) {
        for (_, view) in weights.tensors() {
            assert_eq!(view.bytes.len(), view.shape.iter().product::<usize>() * view.dtype.bytes());
        }
    }
});
