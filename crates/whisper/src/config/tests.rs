//! Tests of the config. Not of the weights that follow it.

use super::*;

/// base's sizes in Hugging Face's spelling, with one field replaced.
fn hugging_face(field: &str, value: serde_json::Value) -> Result<Config, Error> {
    let mut json = serde_json::json!({
        "model_type": "whisper", "num_mel_bins": 80, "max_source_positions": 1500, "d_model": 512,
        "encoder_attention_heads": 8, "encoder_layers": 6, "encoder_ffn_dim": 2048, "vocab_size": 51865,
        "max_target_positions": 448, "decoder_attention_heads": 8, "decoder_layers": 6, "decoder_ffn_dim": 2048,
        "activation_function": "gelu", "scale_embedding": false, "suppress_tokens": [1, 2], "begin_suppress_tokens": null,
    });
    json[field] = value;
    Config::from_hugging_face(json.to_string().as_bytes(), None)
}

#[test]
fn reads_hugging_face_and_prefers_the_generation_config() {
    let config = hugging_face("d_model", 512.into()).unwrap();
    assert_eq!((config.n_audio_state, config.n_text_state, config.n_text_ctx), (512, 512, 448));
    assert_eq!(
        (config.suppress.as_slice(), config.suppress_first.len(), config.head_width()),
        (&[1, 2][..], 0, 64)
    );
    assert_eq!(config.alignment_heads, known_alignment_heads("base").unwrap());

    let json = br#"{"num_mel_bins": 128, "max_source_positions": 1500, "d_model": 1280, "encoder_attention_heads": 20,
        "encoder_layers": 32, "vocab_size": 51866, "max_target_positions": 448, "decoder_attention_heads": 20,
        "decoder_layers": 4, "suppress_tokens": [7]}"#;
    let generation =
        br#"{"alignment_heads": [[2, 4]], "suppress_tokens": [], "begin_suppress_tokens": [220, 50257]}"#;
    let config = Config::from_hugging_face(json, Some(generation)).unwrap();
    assert_eq!(config.alignment_heads, [(2, 4)]);
    assert!(config.suppress.is_empty());
    assert_eq!(config.suppress_first, [220, 50257]);
}

#[test]
fn refuses_bad_fields_with_numbers() {
    let message = |field: &str, value: serde_json::Value| hugging_face(field, value).unwrap_err().to_string();
    assert_eq!(message("num_mel_bins", 0.into()), "the model's n_mels is 0, expected 1 to 512");
    assert!(message("d_model", u64::MAX.into()).contains("four times d_model, 18446744073709551615"));
    assert!(
        message("decoder_layers", 4_000_000_000_u64.into())
            .contains("n_text_layer is 4000000000, expected 1 to 256")
    );
    assert!(
        message("decoder_attention_heads", 7.into())
            .contains("n_text_head is 7, expected a divisor of the width 512")
    );
    assert!(
        message("encoder_ffn_dim", 100.into())
            .contains("encoder_ffn_dim is 100, expected four times d_model, 2048")
    );
    assert!(message("model_type", "bert".into()).contains("model_type is bert, expected whisper"));
    assert!(message("activation_function", "relu".into()).contains("expected gelu"));
    assert!(message("scale_embedding", true.into()).contains("scale_embedding"));
    assert!(message("tie_word_embeddings", false.into()).contains("tie_word_embeddings"));
    assert!(
        message("alignment_heads", serde_json::json!([[6, 0]])).contains("(6, 0), expected layers below 6")
    );
    assert!(
        message("suppress_tokens", serde_json::json!([51865]))
            .contains("51865, expected token ids below 51865")
    );
    assert!(message("vocab_size", "many".into()).starts_with("config.json is not the JSON expected"));
}

#[test]
fn heads_fall_back_to_the_known_model_or_the_upper_layers() {
    let base = hugging_face("d_model", 512.into()).unwrap();
    let heads =
        |config: Config| Config { alignment_heads: vec![], ..config }.checked().unwrap().alignment_heads;
    let english = Config { n_vocab: ENGLISH_VOCAB, ..base.clone() };
    assert!(!english.is_multilingual() && base.is_multilingual());
    assert_eq!(heads(english), known_alignment_heads("base.en").unwrap());
    let unknown = heads(Config { n_text_layer: 3, n_text_head: 2, ..base });
    assert_eq!(unknown, [(1, 0), (1, 1), (2, 0), (2, 1)]);
}

#[test]
fn every_known_head_exists_in_its_model() {
    let sizes = [
        ("tiny", 4, 6),
        ("base", 6, 8),
        ("small", 12, 12),
        ("medium", 24, 16),
        ("large", 32, 20),
        ("turbo", 4, 20),
    ];
    for (name, layers, n_head) in sizes {
        for name in [name.to_owned(), format!("{name}.en"), format!("{name}-v1"), format!("{name}-v2")] {
            for &(layer, head) in known_alignment_heads(&name).unwrap_or_default() {
                assert!(layer < layers && head < n_head, "{name} ({layer}, {head})");
            }
        }
    }
    assert_eq!(known_alignment_heads("large-v3").map(<[_]>::len), Some(10));
    assert_eq!(known_alignment_heads("huge"), None);
}
