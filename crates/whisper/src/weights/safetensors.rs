//! Reads safetensors with Hugging Face's names: one file, or shards behind an index. Not a writer.
//!
//! The format (huggingface/safetensors, README): a u64 length, that many bytes of JSON naming each tensor's type,
//! shape and byte range, then the bytes.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::bytes::{map, read_small};
use super::names::wanted;
use super::{Bytes, DType, Format, Parts, Place, Table};
use crate::config::parse_json;
use crate::{Config, Error};

pub const FORMAT: Format = Format {
    name: "safetensors",
    looks: "a folder with config.json and model.safetensors, or such a file",
    accepts,
    open,
    parse: |weights, config| assemble(vec![weights], config, None),
};

const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";
/// The longest header read, in bytes: the limit of the reference reader.
const MAX_HEADER: u64 = 100_000_000;
/// The largest side file read, in bytes.
const MAX_JSON: u64 = 64 << 20;
/// The most shards read: large-v3 in f32 comes in two.
const MAX_SHARDS: usize = 256;
/// The output projection's name; in Whisper it is the token embedding again.
const PROJECTION: &str = "proj_out.weight";

fn accepts(path: &Path) -> bool {
    if path.is_dir() {
        return path.join(SINGLE).is_file() || path.join(INDEX).is_file();
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".safetensors") || name.ends_with(".safetensors.index.json")
}

fn open(path: &Path) -> Result<Parts, Error> {
    let (folder, path) = if path.is_dir() {
        let single = path.join(SINGLE);
        (path, if single.is_file() { single } else { path.join(INDEX) })
    } else {
        (path.parent().unwrap_or(Path::new("")), path.to_owned())
    };
    let Some(config) = read_small(&folder.join("config.json"), MAX_JSON)? else {
        return Err(Error::MissingFile { folder: folder.to_owned(), expected: "config.json" });
    };
    let generation = read_small(&folder.join("generation_config.json"), MAX_JSON)?;
    let paths = if path.extension().is_some_and(|extension| extension == "json") {
        shards(folder, &path)?
    } else {
        vec![path]
    };
    let files = paths.iter().map(|path| map(path)).collect::<Result<_, _>>()?;
    assemble(files, &config, generation.as_deref())
}

/// The shards that an index names, in order of their names.
fn shards(folder: &Path, index: &Path) -> Result<Vec<PathBuf>, Error> {
    #[derive(Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let Some(json) = read_small(index, MAX_JSON)? else {
        return Err(Error::MissingFile { folder: folder.to_owned(), expected: INDEX });
    };
    let parsed: Index = parse_json(INDEX, &json)?;
    let mut names: Vec<String> = parsed.weight_map.into_values().collect();
    names.sort();
    names.dedup();
    if names.is_empty() || names.len() > MAX_SHARDS {
        return Err(header("index's shard count", &names.len(), format!("1 to {MAX_SHARDS}")));
    }
    // A shard lies beside its index: a path that leaves the folder is not followed.
    let plain = |name: &String| {
        let mut parts = Path::new(name).components();
        matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None))
    };
    match names.iter().find(|name| !plain(name)) {
        Some(name) => Err(header("index's shard", &name, "the name of a file beside it")),
        None => Ok(names.iter().map(|name| folder.join(name)).collect()),
    }
}

fn assemble(files: Vec<Bytes>, config: &[u8], generation: Option<&[u8]>) -> Result<Parts, Error> {
    let config = Config::from_hugging_face(config, generation)?;
    let mut table = Table::default();
    for (i, file) in files.iter().enumerate() {
        index(i, file, &mut table)?;
    }
    // `WhisperModel` checkpoints lack the prefix that `WhisperForConditionalGeneration` ones have.
    let prefix = if table.names().any(|name| name.starts_with("model.")) { "model." } else { "" };
    table.tied(PROJECTION, &format!("{prefix}decoder.embed_tokens.weight"), &files)?;
    let tensors = table.bind(wanted(&config), |tensor| (format!("{prefix}{}", tensor.hf), (0, 1)))?;
    Ok(Parts { config, files, tensors })
}

/// One tensor's line in the header.
#[derive(Deserialize)]
struct Line {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (u64, u64),
}

/// Adds a file's tensors to the table.
fn index(file: usize, bytes: &[u8], table: &mut Table) -> Result<(), Error> {
    let have = bytes.len() as u64;
    let truncated = |inside: &str, needed| Error::Truncated { inside: inside.to_owned(), needed, have };
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(|| truncated("the header's length", 8))?;
    let length = u64::from_le_bytes(*length);
    if length > MAX_HEADER {
        return Err(header("header's length", &length, format!("at most {MAX_HEADER} bytes")));
    }
    let json = rest.get(..length as usize).ok_or_else(|| truncated("the header", 8 + length))?;
    let mut lines: BTreeMap<String, serde_json::Value> = parse_json("the safetensors header", json)?;
    lines.remove("__metadata__");
    let data = 8 + length;
    for (name, line) in lines {
        let line: Line = serde_json::from_value(line)
            .map_err(|source| Error::Json { file: format!("the safetensors header's {name}"), source })?;
        let (start, end) = line.data_offsets;
        let needed = data.saturating_add(end);
        if needed > have {
            return Err(truncated(&name, needed));
        }
        if start > end {
            return Err(header("data_offsets", &format!("{start} to {end} of {name}"), "an ascending range"));
        }
        let dtype = match line.dtype.as_str() {
            "F32" => DType::F32,
            "F16" => DType::F16,
            "BF16" => DType::BF16,
            _ => return Err(Error::Type { tensor: name, got: line.dtype, expected: "F32, F16 or BF16" }),
        };
        // Both fit in the file, whose length is a usize.
        let (start, len) = ((data + start) as usize, (end - start) as usize);
        table.add(name, Place { file, start, len, dtype, shape: line.shape })?;
    }
    Ok(())
}

fn header(what: &'static str, got: &dyn ToString, expected: impl Into<String>) -> Error {
    Error::Header { format: "safetensors", what, got: got.to_string(), expected: expected.into() }
}
