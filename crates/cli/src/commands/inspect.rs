//! `undertone inspect`: a model's configuration and tensors. Not its graphs: see `graph`.

use crate::args::Inspect;
use crate::engine::{self, Loudness};
use crate::standard;
use std::fmt::Write as _;
use std::process::ExitCode;
use undertone::Model;
use undertone::inspect::{self, PartSize, TensorRow};

/// Prints three tables.
pub fn run(args: &Inspect) -> anyhow::Result<ExitCode> {
    let path = engine::find(&args.model, None, Loudness::Normal)?;
    let model = engine::open(&path)?;
    let rows = inspect::tensors(&model);
    let mut text = format!("model {}\n\n", path.display());
    config(&mut text, &model);
    sizes(&mut text, &inspect::parts(&rows));
    tensors(&mut text, &rows);
    standard::print(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn config(text: &mut String, model: &Model) {
    let config = &model.config;
    let sizes = [
        ("n_mels", config.n_mels),
        ("n_audio_ctx", config.n_audio_ctx),
        ("n_audio_state", config.n_audio_state),
        ("n_audio_head", config.n_audio_head),
        ("n_audio_layer", config.n_audio_layer),
        ("n_vocab", config.n_vocab),
        ("n_text_ctx", config.n_text_ctx),
        ("n_text_state", config.n_text_state),
        ("n_text_head", config.n_text_head),
        ("n_text_layer", config.n_text_layer),
    ];
    for (name, value) in sizes {
        let _ = writeln!(text, "{name:<16}{value:>10}");
    }
    let multilingual = if config.is_multilingual() { "yes" } else { "no" };
    let _ = writeln!(text, "{:<16}{multilingual:>10}", "multilingual");
    let heads = config.alignment_heads.iter().map(|(layer, head)| format!("{layer}.{head}"));
    let _ = writeln!(text, "{:<16}{}\n", "alignment heads", heads.collect::<Vec<_>>().join(" "));
}

fn sizes(text: &mut String, parts: &[PartSize]) {
    let _ = writeln!(text, "{:<12}{:>10}{:>16}{:>16}", "part", "tensors", "parameters", "bytes");
    for PartSize { part, tensors, parameters, bytes } in parts {
        let _ = writeln!(text, "{part:<12}{tensors:>10}{parameters:>16}{bytes:>16}");
    }
    let sum = |of: fn(&PartSize) -> usize| parts.iter().map(of).sum::<usize>();
    let (tensors, parameters, bytes) = (sum(|p| p.tensors), sum(|p| p.parameters), sum(|p| p.bytes));
    let _ = writeln!(text, "{:<12}{tensors:>10}{parameters:>16}{bytes:>16}\n", "all");
}

fn tensors(text: &mut String, rows: &[TensorRow<'_>]) {
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0).max("tensor".len());
    let _ = writeln!(text, "{:<width$}  {:<16}{:<6}{:>12}", "tensor", "shape", "dtype", "bytes");
    for TensorRow { name, shape, dtype, bytes } in rows {
        let shape = format!("{shape:?}");
        let _ = writeln!(text, "{name:<width$}  {shape:<16}{:<6}{bytes:>12}", dtype.to_string());
    }
}
