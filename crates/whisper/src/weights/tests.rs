//! Tests of the weights readers on small synthetic files. Not a test of any real model's numbers.

mod files;

use std::path::PathBuf;

use proptest::prelude::*;
use tempfile::TempDir;

use super::names::wanted;
use super::*;
pub(crate) use files::tiny;
use files::{Ct2, Safetensors, value};

fn write(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn open_ct2(bytes: Vec<u8>) -> Result<(Config, Weights), Error> {
    Weights::from_bytes(&ct2::FORMAT, bytes, files::CT2_CONFIG)
}

fn open_safetensors(bytes: Vec<u8>) -> Result<(Config, Weights), Error> {
    Weights::from_bytes(&safetensors::FORMAT, bytes, &files::hf_config())
}

fn message<T>(result: Result<T, Error>) -> String {
    result.err().expect("an error").to_string()
}

/// Checks that every tensor is there with its own values.
fn check(config: &Config, weights: &Weights, dtype: DType) {
    assert_eq!(config, &tiny());
    let wanted = wanted(config);
    assert_eq!(weights.tensors().len(), wanted.len());
    for tensor in wanted {
        let view = weights.get(&tensor.name).unwrap();
        assert_eq!((view.dtype, view.shape), (dtype, tensor.shape.as_slice()), "{}", tensor.name);
        assert_eq!(view.bytes, value(&tensor, dtype), "{}", tensor.name);
    }
    assert!(weights.get("encoder.blocks.2.attn.query.weight").is_none());
}

#[test]
fn names_are_openai_whispers() {
    let names: Vec<String> = wanted(&tiny()).into_iter().map(|tensor| tensor.name).collect();
    for name in [
        "encoder.conv1.weight",
        "encoder.positional_embedding",
        "encoder.blocks.1.attn.key.weight",
        "encoder.ln_post.bias",
        "decoder.token_embedding.weight",
        "decoder.blocks.0.cross_attn.value.bias",
        "decoder.blocks.0.cross_attn_ln.weight",
        "decoder.blocks.1.mlp.2.bias",
        "decoder.ln.weight",
    ] {
        assert!(names.iter().any(|known| known == name), "{name}");
    }
    // 7 + 15 a layer for the encoder, 4 + 24 a layer for the decoder.
    assert_eq!(names.len(), 7 + 2 * 15 + 4 + 2 * 24);
    assert!(!names.iter().any(|name| name.ends_with("key.bias")));
}

#[test]
fn ctranslate2_round_trips_by_folder_and_by_file() {
    for dtype in [DType::F32, DType::F16, DType::BF16] {
        let folder = write(&[("model.bin", &Ct2::new(dtype).bytes()), ("config.json", files::CT2_CONFIG)]);
        for path in [folder.path().to_owned(), folder.path().join("model.bin")] {
            let (config, weights) = Weights::open(&path).unwrap();
            check(&config, &weights, dtype);
        }
    }
}

#[test]
fn safetensors_round_trip_by_folder_by_file_and_in_shards() {
    let config = files::hf_config();
    for dtype in [DType::F32, DType::F16, DType::BF16] {
        let whole = Safetensors::new(dtype);
        let single = write(&[("model.safetensors", &whole.bytes()), ("config.json", &config)]);
        let (a, b) = whole.clone().halves();
        let map = |half: &Safetensors, file: &str| {
            half.tensors
                .iter()
                .map(|tensor| (tensor.0.clone(), file.into()))
                .collect::<serde_json::Map<_, _>>()
        };
        let mut weight_map = map(&a, "a.safetensors");
        weight_map.extend(map(&b, "b.safetensors"));
        let index = serde_json::json!({"metadata": {}, "weight_map": weight_map}).to_string();
        let sharded = write(&[
            ("a.safetensors", &a.bytes()),
            ("b.safetensors", &b.bytes()),
            ("model.safetensors.index.json", index.as_bytes()),
            ("config.json", &config),
        ]);
        let origin =
            |folder: &TempDir| Weights::open(folder.path()).unwrap().1.origin().unwrap().place.clone();
        assert!(origin(&single).ends_with("model.safetensors"));
        assert!(["a", "b"].iter().all(|shard| origin(&sharded).contains(&format!("{shard}.safetensors"))));
        for path in [
            single.path().to_owned(),
            single.path().join("model.safetensors"),
            sharded.path().to_owned(),
            sharded.path().join("model.safetensors.index.json"),
        ] {
            let (config, weights) = Weights::open(&path).unwrap();
            check(&config, &weights, dtype);
        }
    }
}

/// Links are followed. A file in the place of another is told by its state, also where it has its length and time.
#[test]
#[cfg(unix)]
fn weights_know_the_file_that_they_come_from() {
    let bytes = Ct2::new(DType::F16).bytes();
    let folder = write(&[("model.bin", &bytes), ("config.json", files::CT2_CONFIG)]);
    let path = folder.path().join("model.bin");
    let origin = |path: &std::path::Path| Weights::open(path).unwrap().1.origin().unwrap().clone();
    let before = origin(folder.path());
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(folder.path(), &link).unwrap();
    assert_eq!((origin(&path), origin(&link)), (before.clone(), before.clone()));
    let time = std::fs::metadata(&path).unwrap().modified().unwrap();
    let other = folder.path().join("other");
    // Until the clock of the files has gone on.
    while origin(&path).state == before.state {
        std::fs::write(&other, &bytes).unwrap();
        std::fs::File::options().append(true).open(&other).unwrap().set_modified(time).unwrap();
        std::fs::rename(&other, &path).unwrap();
    }
    let after = origin(folder.path());
    assert_eq!(after.place, before.place);
    assert!(after.state.starts_with(&format!("{} bytes", bytes.len())) && after.state != before.state);
    assert_eq!(open_ct2(bytes).unwrap().1.origin(), None, "bytes in memory come from no file");
}

#[test]
fn a_shard_outside_the_folder_is_not_followed() {
    for name in ["../a.safetensors", "/etc/passwd", "..", ""] {
        let index = serde_json::json!({"weight_map": {"x": name}}).to_string();
        let folder = write(&[
            ("model.safetensors.index.json", index.as_bytes()),
            ("config.json", &files::hf_config()),
        ]);
        let got = message(Weights::open(folder.path()));
        assert!(got.contains("expected the name of a file beside it"), "{got}");
    }
}

#[test]
fn paths_that_are_no_model_say_what_was_expected() {
    let folder = write(&[("other.bin", b"lmgg"), ("model.bin", &Ct2::new(DType::F16).bytes())]);
    let got = message(Weights::open(&folder.path().join("other.bin")));
    assert!(got.contains("is not a model: expected a folder with config.json and model.bin"), "{got}");
    assert!(message(Weights::open(folder.path())).ends_with("has no config.json"));
    let absent = PathBuf::from("no/such/model");
    assert!(matches!(Weights::open(&absent), Err(Error::Io { path, .. }) if path == absent));
}

#[test]
fn safetensors_without_the_prefix_with_a_tied_copy_or_without_positions() {
    let mut bare = Safetensors::new(DType::F16);
    for tensor in &mut bare.tensors {
        tensor.0 = tensor.0.trim_start_matches("model.").to_owned();
    }
    let (config, weights) = open_safetensors(bare.bytes()).unwrap();
    check(&config, &weights, DType::F16);

    let mut tied = Safetensors::new(DType::F16);
    let copy = tied.find("model.decoder.embed_tokens.weight").clone();
    tied.tensors.push(("proj_out.weight".to_owned(), copy.1, copy.2, copy.3));
    let (config, weights) = open_safetensors(tied.bytes()).unwrap();
    check(&config, &weights, DType::F16);
    tied.find("proj_out.weight").3[7] ^= 1;
    assert!(message(open_safetensors(tied.bytes())).starts_with("tensor proj_out.weight differs"));

    let mut formula = Safetensors::new(DType::F16);
    formula.tensors.retain(|tensor| tensor.0 != "model.encoder.embed_positions.weight");
    let (config, weights) = open_safetensors(formula.bytes()).unwrap();
    let view = weights.get("encoder.positional_embedding").unwrap();
    assert_eq!((view.dtype, view.shape), (DType::F32, &[config.n_audio_ctx, config.n_audio_state][..]));
    assert_eq!(view.bytes[..4], 0_f32.to_le_bytes());
    assert_eq!(view.bytes[16..20], 1_f32.to_le_bytes());
}

#[test]
fn safetensors_failures_name_the_tensor() {
    let name = "model.decoder.layers.1.fc1.weight";
    let broken = |change: &dyn Fn(&mut Safetensors)| {
        let mut file = Safetensors::new(DType::F16);
        change(&mut file);
        message(open_safetensors(file.bytes()))
    };
    let missing = broken(&|file| file.tensors.retain(|tensor| tensor.0 != name));
    assert_eq!(missing, format!("tensor {name} is missing, expected shape [32, 8]"));
    let extra =
        broken(&|file| file.tensors.push(("model.decoder.layers.2.x".into(), "F16", vec![1], vec![0; 2])));
    assert!(extra.starts_with("tensor model.decoder.layers.2.x of shape [1] is not part of"), "{extra}");
    let shape = broken(&|file| file.find(name).2 = vec![8, 32]);
    assert_eq!(shape, format!("tensor {name} has shape [8, 32], expected [32, 8]"));
    let dtype = broken(&|file| file.find(name).1 = "I64");
    assert_eq!(dtype, format!("tensor {name} is stored as I64, expected F32, F16 or BF16"));
    let bytes = broken(&|file| file.find(name).1 = "F32");
    assert_eq!(bytes, format!("tensor {name} of shape [32, 8] has 512 bytes, expected 1024"));
    let huge = broken(&|file| file.find(name).2 = vec![usize::MAX, 3]);
    assert!(huge.contains("has 512 bytes, expected fewer than the address space has"), "{huge}");

    let whole = Safetensors::new(DType::F16).bytes();
    let cut = message(open_safetensors(whole[..whole.len() - 1].to_vec()));
    let last = "model.decoder.layers.1.encoder_attn_layer_norm.bias";
    assert_eq!(
        cut,
        format!(
            "the weights end at byte {}, inside {last}, which needs {} bytes; fetch the file again",
            whole.len() - 1,
            whole.len()
        )
    );
    assert!(message(open_safetensors(vec![])).contains("inside the header's length, which needs 8 bytes"));
    assert!(message(open_safetensors(vec![255; 9])).contains("header's length is 18446744073709551615"));
}

#[test]
fn ctranslate2_failures_name_the_variable() {
    let name = "decoder/layer_1/attention/linear_1/weight";
    let broken = |change: &dyn Fn(&mut Ct2)| {
        let mut file = Ct2::new(DType::F16);
        change(&mut file);
        message(open_ct2(file.bytes()))
    };
    let missing = broken(&|file| file.variables.retain(|variable| variable.0 != name));
    assert_eq!(missing, format!("tensor {name} is missing, expected shape [16, 8]"));
    let missing = broken(&|file| file.variables.retain(|variable| variable.0 != "encoder/conv1/weight"));
    assert_eq!(missing, "tensor encoder/conv1/weight is missing, expected rank 3");
    let extra =
        broken(&|file| file.variables.push(("decoder/project_in/weight".into(), 4, vec![1], vec![0; 2])));
    assert!(extra.starts_with("tensor decoder/project_in/weight of shape [1] is not part of"), "{extra}");
    let shape = broken(&|file| file.find(name).2 = vec![8, 16]);
    assert_eq!(shape, format!("tensor {name} has shape [8, 16], expected [16, 8]"));
    let bytes = broken(&|file| file.find(name).2 = vec![u32::MAX, u32::MAX, u32::MAX]);
    assert!(bytes.contains("has 256 bytes, expected"), "{bytes}");
    let int8 = broken(&|file| file.find(name).1 = 1);
    assert!(int8.starts_with(&format!("tensor {name} is stored as int8, expected float32")), "{int8}");
    let twice = broken(&|file| file.variables.push(("encoder/conv1/bias".into(), 4, vec![1], vec![0; 2])));
    assert_eq!(twice, "tensor encoder/conv1/bias is there twice, expected once");
    let bias = broken(&|file| file.find("decoder/layer_0/attention/linear_1/bias").3[6] = 1);
    assert_eq!(
        bias,
        "tensor decoder/layer_0/attention/linear_1/bias has a key bias at row 3, expected zeros: Whisper's keys have no bias"
    );
    let alias = broken(&|file| file.aliases.push(("a".into(), "b".into())));
    assert_eq!(alias, "alias a points to b, which is not in the file");
    let switch = broken(&|file| file.find("decoder/pre_norm").3 = vec![0]);
    assert!(switch.contains("decoder/pre_norm = 0, expected 1, as in a Whisper model"), "{switch}");
    let switch = broken(&|file| file.variables.push(("decoder/alibi".into(), 1, vec![], vec![1])));
    assert!(switch.contains("decoder/alibi = 1, expected 0"), "{switch}");
    let layers = broken(&|file| file.find(name).0 = "decoder/layer_4000000000/x".into());
    assert!(layers.contains("n_text_layer is 257, expected 1 to 256"), "{layers}");
    let heads = broken(&|file| file.find("decoder/num_heads").3 = vec![3, 0]);
    assert!(heads.contains("n_text_head is 3, expected a divisor of the width 8"), "{heads}");

    let whole = Ct2::new(DType::F16).bytes();
    let patched = |at: usize, byte: u8| {
        let mut bytes = whole.clone();
        bytes[at] = byte;
        message(open_ct2(bytes))
    };
    assert!(patched(0, 5).contains("binary version is 5, expected 6"));
    assert!(patched(6, b'X').contains("model is XhisperSpec, expected WhisperSpec"));
    let cut = message(open_ct2(whole[..whole.len() / 2].to_vec()));
    assert!(cut.contains(&format!("end at byte {}, inside decoder/layer_", whole.len() / 2)), "{cut}");
    assert!(message(open_ct2([whole.as_slice(), &[0]].concat())).contains("rest is 1 bytes"));
}

#[test]
fn a_negative_zero_key_bias_and_shared_variables_are_fine() {
    let mut file = Ct2::new(DType::F16);
    file.find("encoder/layer_0/self_attention/linear_0/bias").3[17] = 0x80;
    file.variables.retain(|variable| variable.0 != "encoder/layer_1/ffn/layer_norm/beta");
    file.aliases
        .push(("encoder/layer_1/ffn/layer_norm/beta".into(), "encoder/layer_0/ffn/layer_norm/beta".into()));
    let (_, weights) = open_ct2(file.bytes()).unwrap();
    assert_eq!(weights.get("encoder.blocks.0.mlp_ln.bias"), weights.get("encoder.blocks.1.mlp_ln.bias"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any flips and any cut: an error or a model whose views are sound, never a panic.
    #[test]
    fn damaged_files_never_panic(
        flips in prop::collection::vec((0_usize..4096, any::<u8>()), 0..4),
        anywhere in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        for (which, whole) in [Ct2::new(DType::F16).bytes(), Safetensors::new(DType::F16).bytes()].into_iter().enumerate() {
            let mut bytes = whole;
            let len = bytes.len();
            for (at, byte) in &flips {
                bytes[at % len] = *byte;
            }
            for (at, byte) in &anywhere {
                bytes[at.index(len)] = *byte;
            }
            if let Some(cut) = &cut {
                bytes.truncate(cut.index(len));
            }
            let result = if which == 0 { open_ct2(bytes) } else { open_safetensors(bytes) };
            match result {
                Ok((_, weights)) => for (_, view) in weights.tensors() {
                    prop_assert_eq!(view.bytes.len(), view.shape.iter().product::<usize>() * view.dtype.bytes());
                },
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
        }
    }
}
