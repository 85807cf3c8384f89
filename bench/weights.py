"""The weights of a CTranslate2 Whisper folder as each rival wants them, kept in a cache folder. Not a download.

usage: weights.py CT2_DIR CACHE_DIR KIND      (run by the environment that has bench/requirements.txt)

Values are kept in f16, exact for a folder in float16; only the kinds that say int8 or q8_0 round them. The last line of stdout is the path.
"""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy
import torch
import whisper
from safetensors.torch import save_file

import ct2_weights

# openai-whisper's parts of a tensor's name in transformers' spelling, in the order in which they are replaced.
HF_NAMES = (
    (".blocks.", ".layers."),
    (".cross_attn_ln", ".encoder_attn_layer_norm"),
    (".attn_ln", ".self_attn_layer_norm"),
    (".mlp_ln", ".final_layer_norm"),
    (".cross_attn.", ".encoder_attn."),
    (".attn.", ".self_attn."),
    (".mlp.0", ".fc1"),
    (".mlp.2", ".fc2"),
    (".query.", ".q_proj."),
    (".key.", ".k_proj."),
    (".value.", ".v_proj."),
    ("attn.out.", "attn.out_proj."),
    ("encoder.ln_post", "encoder.layer_norm"),
    ("decoder.ln.", "decoder.layer_norm."),
    ("positional_embedding", "embed_positions.weight"),
    ("token_embedding", "embed_tokens"),
)
# The sizes at the head of a GGML file, in its order.
GGML_SIZES = ("n_vocab", "n_audio_ctx", "n_audio_state", "n_audio_head", "n_audio_layer")
GGML_SIZES += ("n_text_ctx", "n_text_state", "n_text_head", "n_text_layer", "n_mels")
# Of a GGML file: its magic number, its types of tensors, and its file types (q8_0 with version 2 of quantisation).
MAGIC, F32, F16, Q8_0 = 0x67676D6C, 0, 1, 8
FILE_TYPES = {F16: 1, Q8_0: 2007}


class Source:
    """A CTranslate2 folder: its sizes, its tensors by openai-whisper's names in f16, its tokens."""

    def __init__(self, folder):
        model = ct2_weights.load(folder)
        self.sizes = vars(model.dims)
        self.tensors = {name: value.half().contiguous() for name, value in model.state_dict().items()}
        self.config = json.loads(Path(folder, "config.json").read_text())
        self.tokenizer = json.loads(Path(folder, "tokenizer.json").read_text())
        self.special = {token["content"]: token["id"] for token in self.tokenizer["added_tokens"]}


def openai(source, path, _):
    """A file for whisper.load_model."""
    torch.save({"dims": source.sizes, "model_state_dict": source.tensors}, path)


def hugging_face(source, path, _):
    """A folder for transformers."""
    path.mkdir()
    named = {}
    for name, value in source.tensors.items():
        for ours, theirs in HF_NAMES:
            name = name.replace(ours, theirs)
        named["model." + name] = value
    save_file(named, path / "model.safetensors", {"format": "pt"})
    for name, content in hf_files(source).items():
        (path / name).write_text(json.dumps(content, ensure_ascii=False))
    merges = source.tokenizer["model"]["merges"]
    lines = [pair if isinstance(pair, str) else " ".join(pair) for pair in merges]
    (path / "merges.txt").write_text("\n".join(["#version: 0.2", *lines, ""]))


def hf_files(source):
    """The JSON files of a transformers folder, by name."""
    sizes, special = source.sizes, source.special
    end, start, task = special["<|endoftext|>"], special["<|startoftranscript|>"], special["<|transcribe|>"]
    shared = {
        "suppress_tokens": source.config["suppress_ids"],
        "begin_suppress_tokens": source.config["suppress_ids_begin"],
        "bos_token_id": end,
        "eos_token_id": end,
        "pad_token_id": end,
        "decoder_start_token_id": start,
        "max_length": sizes["n_text_ctx"],
    }
    generation = {
        "alignment_heads": source.config["alignment_heads"],
        "is_multilingual": sizes["n_vocab"] >= 51865,
        "return_timestamps": False,
        "forced_decoder_ids": [[1, None], [2, task]],
        "max_initial_timestamp_index": 50,
        "no_timestamps_token_id": special["<|notimestamps|>"],
        "prev_sot_token_id": special["<|startofprev|>"],
        "lang_to_id": {name: id for name, id in special.items() if id in source.config["lang_ids"]},
        "task_to_id": {"transcribe": task, "translate": special["<|translate|>"]},
    }
    ends = {name: "<|endoftext|>" for name in ("bos_token", "eos_token", "unk_token", "pad_token")}
    kept = ("content", "lstrip", "normalized", "rstrip", "single_word", "special")
    decoder = {str(t["id"]): {key: t[key] for key in kept} for t in source.tokenizer["added_tokens"]}
    names = {"processor_class": "WhisperProcessor"}
    return {
        "config.json": {**shared, **hf_config(sizes)},
        "generation_config.json": {**shared, **generation},
        "preprocessor_config.json": {**names, **hf_features(sizes)},
        "tokenizer.json": source.tokenizer,
        "vocab.json": source.tokenizer["model"]["vocab"],
        "added_tokens.json": {name: id for name, id in special.items() if id >= end},
        "special_tokens_map.json": ends,
        "tokenizer_config.json": {
            **names,
            **ends,
            "tokenizer_class": "WhisperTokenizer",
            "errors": "replace",
            "add_prefix_space": False,
            "model_max_length": 1024,
            "added_tokens_decoder": decoder,
        },
        "normalizer.json": {},
    }


def hf_config(sizes):
    """What transformers wants to know of the model."""
    return {
        "architectures": ["WhisperForConditionalGeneration"],
        "model_type": "whisper",
        "torch_dtype": "float16",
        "is_encoder_decoder": True,
        "use_cache": True,
        "activation_function": "gelu",
        "scale_embedding": False,
        "d_model": sizes["n_audio_state"],
        "encoder_layers": sizes["n_audio_layer"],
        "num_hidden_layers": sizes["n_audio_layer"],
        "decoder_layers": sizes["n_text_layer"],
        "encoder_attention_heads": sizes["n_audio_head"],
        "decoder_attention_heads": sizes["n_text_head"],
        "encoder_ffn_dim": 4 * sizes["n_audio_state"],
        "decoder_ffn_dim": 4 * sizes["n_text_state"],
        "num_mel_bins": sizes["n_mels"],
        "max_source_positions": sizes["n_audio_ctx"],
        "max_target_positions": sizes["n_text_ctx"],
        "vocab_size": sizes["n_vocab"],
        "dropout": 0.0,
        "attention_dropout": 0.0,
        "activation_dropout": 0.0,
    }


def hf_features(sizes):
    """How transformers makes a spectrogram."""
    return {
        "feature_extractor_type": "WhisperFeatureExtractor",
        "feature_size": sizes["n_mels"],
        "sampling_rate": 16000,
        "hop_length": 160,
        "n_fft": 400,
        "chunk_length": 30,
        "n_samples": 480000,
        "nb_max_frames": 3000,
        "padding_side": "right",
        "padding_value": 0.0,
        "return_attention_mask": False,
    }


def openvino(width):
    """A maker of an OpenVINO folder with weights of `width`, exported by optimum-intel from the folder for transformers."""

    def make(_, path, needed):
        command = [Path(sys.executable).with_name("optimum-cli"), "export", "openvino", "--model", needed("hf")]
        command += ["--task", "automatic-speech-recognition-with-past", "--weight-format", width, path]
        subprocess.run(command, check=True, stdout=sys.stderr, env={**os.environ, "HF_HUB_OFFLINE": "1"})

    return make


def ggml(kind):
    """A maker of a file for whisper.cpp. `kind` is that of the matrices; the convolutions stay in f16, vectors in f32."""

    def make(source, path, _):
        with open(path, "wb") as file:
            sizes = [source.sizes[name] for name in GGML_SIZES]
            file.write(numpy.array([MAGIC, *sizes, FILE_TYPES[kind]], "<u4").tobytes())
            assets = Path(whisper.__file__).parent / "assets"
            filters = numpy.load(assets / "mel_filters.npz")[f"mel_{source.sizes['n_mels']}"].astype("<f4")
            file.write(numpy.array(filters.shape, "<i4").tobytes() + filters.tobytes())
            vocabulary = "multilingual" if source.sizes["n_vocab"] >= 51865 else "gpt2"
            lines = (assets / f"{vocabulary}.tiktoken").read_bytes().split()
            tokens = [base64.b64decode(token) for token in lines[::2]]
            file.write(numpy.array(len(tokens), "<i4").tobytes())
            for token in tokens:
                file.write(numpy.array(len(token), "<i4").tobytes() + token)
            for name, value in source.tensors.items():
                file.write(ggml_tensor(name, value.numpy().squeeze(), kind))

    return make


def ggml_tensor(name, values, kind):
    """One tensor as a GGML file keeps it: its type, its name, its sizes from the innermost, its values."""
    if re.fullmatch(r"encoder\.conv\d\.bias", name):
        values = values.reshape(-1, 1)
    if values.ndim < 2 or values.shape[-1] == 1 or name.endswith("positional_embedding"):
        kind = F32
    elif values.ndim > 2:
        kind = F16
    data = q8_0(values) if kind == Q8_0 else values.astype({F32: "<f4", F16: "<f2"}[kind]).tobytes()
    head = [values.ndim, len(name), kind, *reversed(values.shape)]
    return numpy.array(head, "<i4").tobytes() + name.encode() + data


def q8_0(values):
    """Blocks of 32 values: the scale in f16, then 32 whole numbers of 8 bits, rounded away from zero at halves."""
    blocks = values.astype(numpy.float32).reshape(-1, 32)
    scales = numpy.abs(blocks).max(axis=1, keepdims=True) / numpy.float32(127)
    scaled = blocks / numpy.where(scales == 0, 1, scales)
    packed = numpy.empty(len(blocks), numpy.dtype([("scale", "<f2"), ("values", "i1", 32)]))
    packed["scale"], packed["values"] = scales[:, 0], numpy.trunc(scaled + numpy.copysign(0.5, scaled))
    return packed.tobytes()


# What can be made: a name in the cache, and its maker.
KINDS = {
    "openai": ("openai.pt", openai),
    "hf": ("hf", hugging_face),
    "openvino-f32": ("openvino-f32", openvino("fp32")),
    "openvino-int8": ("openvino-int8", openvino("int8")),
    "ggml-f16": ("ggml-f16.bin", ggml(F16)),
    "ggml-q8_0": ("ggml-q8_0.bin", ggml(Q8_0)),
}


def derive(model, cache, kind):
    """The path of `kind` in the cache, made where it is missing; half-made ones never have that name."""
    name, make = KINDS[kind]
    path = cache / name
    if not path.exists():
        partial = cache / f"partial-{name}"
        shutil.rmtree(partial, ignore_errors=True)
        partial.unlink(missing_ok=True)
        cache.mkdir(parents=True, exist_ok=True)
        source = None if kind.startswith("openvino") else Source(model)
        make(source, partial, lambda needed: derive(model, cache, needed))
        partial.rename(path)
    return path


if __name__ == "__main__":
    print(derive(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
