//! Reads `CTranslate2`'s `model.bin`. Not its quantised models: the compiler quantises, from float weights.
//!
//! Binary version 6 (`CTranslate2` `specs/model_spec.py`), little-endian: u32 version, text spec, u32 revision, u32
//! count of variables, each text name, u8 rank, u32 sizes, u8 type, u32 bytes, the bytes; u32 count of aliases, each
//! text alias, text name. A text is a u16 length that counts the NUL at its end.

use std::collections::BTreeMap;
use std::path::Path;

use super::bytes::{map, read_small};
use super::names::wanted;
use super::table::bytes_of;
use super::{Bytes, DType, Format, Parts, Place, Table};
use crate::config::{Ct2Lists, MAX_LAYERS, wrong};
use crate::{Config, Error};

pub const FORMAT: Format = Format {
    name: "CTranslate2",
    looks: "a folder with config.json and model.bin, or such a file",
    accepts,
    open,
    parse,
};

const FILE: &str = "model.bin";
const VERSION: u32 = 6;
const SPEC: &str = "WhisperSpec";
/// The largest `config.json` read, in bytes.
const MAX_JSON: u64 = 16 << 20;
/// Scalars that say nothing about Whisper's computation.
const IGNORED: &[&str] = &["decoder/alignment_heads", "decoder/alignment_layer"];
/// Scalars that must have this value; every other one must be 0, which switches its feature off.
const REQUIRED: &[(&str, i64)] = &[("decoder/activation", 3), ("decoder/pre_norm", 1)];

fn accepts(path: &Path) -> bool {
    if path.is_dir() {
        return path.join(FILE).is_file();
    }
    // Other engines call their files `.bin` too.
    let mut head = [0; 4 + 2 + SPEC.len()];
    let read = std::fs::File::open(path).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut head));
    path.extension().is_some_and(|extension| extension == "bin")
        && read.is_ok()
        && head.ends_with(SPEC.as_bytes())
}

fn open(path: &Path) -> Result<Parts, Error> {
    let path = if path.is_dir() { path.join(FILE) } else { path.to_owned() };
    let folder = path.parent().unwrap_or(Path::new(""));
    let Some(config) = read_small(&folder.join("config.json"), MAX_JSON)? else {
        return Err(Error::MissingFile { folder: folder.to_owned(), expected: "config.json" });
    };
    parse(map(&path)?, &config)
}

fn parse(bytes: Bytes, config: &[u8]) -> Result<Parts, Error> {
    let lists = Ct2Lists::parse(config)?;
    let Variables { mut table, scalars } = Variables::read(&bytes)?;
    for (name, value) in &scalars {
        let required = REQUIRED.iter().find(|(known, _)| known == name).map_or(0, |(_, value)| *value);
        let free = name.ends_with("/num_heads") || IGNORED.contains(&name.as_str());
        if !free && *value != required {
            let expected = format!("{required}, as in a Whisper model");
            return Err(header("variable", &format!("{name} = {value}"), expected));
        }
    }
    let mut config = sizes(&table, &scalars)?;
    lists.fill(&mut config);
    let config = config.checked()?;
    let files = vec![bytes];
    key_biases(&config, &table, &files[0])?;
    table.tied("decoder/projection/weight", "decoder/embeddings/weight", &files)?;
    let tensors = table.bind(wanted(&config), |tensor| (tensor.ct2.clone(), tensor.part))?;
    Ok(Parts { config, files, tensors })
}

/// A file's variables: the arrays, and the scalars (which are all whole numbers in a Whisper model).
struct Variables {
    table: Table,
    scalars: BTreeMap<String, i64>,
}

impl Variables {
    fn read(bytes: &[u8]) -> Result<Self, Error> {
        let mut cursor = Cursor { bytes, at: 0 };
        let version = cursor.u32("the version")?;
        if version != VERSION {
            return Err(header(
                "binary version",
                &version,
                format!("{VERSION} (convert with CTranslate2 3 or 4)"),
            ));
        }
        let spec = cursor.text("the model's kind")?;
        if spec != SPEC {
            return Err(header("model", &spec, SPEC));
        }
        cursor.u32("the revision")?;
        let mut read = Self { table: Table::default(), scalars: BTreeMap::new() };
        for i in 0..cursor.u32("the count of variables")? {
            read.variable(&mut cursor, i)?;
        }
        for i in 0..cursor.u32("the count of aliases")? {
            let inside = format!("alias {i}");
            let (alias, target) = (cursor.text(&inside)?, cursor.text(&inside)?);
            read.alias(alias, target)?;
        }
        match bytes.len() - cursor.at {
            0 => Ok(read),
            left => Err(header("file's rest", &format!("{left} bytes"), "nothing after the aliases")),
        }
    }

    fn variable(&mut self, cursor: &mut Cursor, i: u32) -> Result<(), Error> {
        let name = cursor.text(&format!("the name of variable {i}"))?;
        let rank = cursor.take(1, &name)?[0];
        let shape =
            (0..rank).map(|_| cursor.u32(&name).map(|dim| dim as usize)).collect::<Result<Vec<_>, _>>()?;
        let kind = cursor.take(1, &name)?[0];
        let size = cursor.u32(&name)? as usize;
        let start = cursor.at;
        let bytes = cursor.take(size, &name)?;
        if shape.is_empty() {
            let value = scalar(&name, kind, bytes)?;
            return match self.scalars.insert(name.clone(), value) {
                Some(_) => Err(Error::Duplicate { tensor: name }),
                None => Ok(()),
            };
        }
        let dtype = match kind {
            0 => DType::F32,
            4 => DType::F16,
            5 => DType::BF16,
            _ => {
                let got = kind_name(kind);
                let expected = "float32, float16 or bfloat16 (convert with --quantization float16)";
                return Err(Error::Type { tensor: name, got, expected });
            }
        };
        self.table.add(name, Place { file: 0, start, len: size, dtype, shape })
    }

    fn alias(&mut self, alias: String, target: String) -> Result<(), Error> {
        if let Some(place) = self.table.get(&target).cloned() {
            return self.table.add(alias, place);
        }
        match self.scalars.get(&target) {
            Some(&value) => self.scalars.insert(alias, value),
            None => return Err(Error::Alias { alias, target }),
        };
        Ok(())
    }
}

/// A scalar variable's value.
fn scalar(name: &str, kind: u8, bytes: &[u8]) -> Result<i64, Error> {
    match (kind, bytes) {
        (1, &[a]) => Ok(i64::from(a.cast_signed())),
        (2, &[a, b]) => Ok(i64::from(i16::from_le_bytes([a, b]))),
        (3, &[a, b, c, d]) => Ok(i64::from(i32::from_le_bytes([a, b, c, d]))),
        (1..=3, _) => Err(Error::Bytes {
            tensor: name.to_owned(),
            shape: vec![],
            got: bytes.len() as u64,
            expected: (1 << (kind - 1)).to_string(),
        }),
        // A float scalar scales something (`multiply_by_sqrt_depth`); Whisper scales nothing.
        _ => Err(Error::Type {
            tensor: name.to_owned(),
            got: kind_name(kind),
            expected: "int8, int16 or int32",
        }),
    }
}

fn kind_name(kind: u8) -> String {
    let names = ["float32", "int8", "int16", "int32", "float16", "bfloat16"];
    names.get(usize::from(kind)).map_or_else(|| format!("type {kind}"), |name| (*name).to_owned())
}

/// The model's sizes, from the shapes; every tensor's own shape is checked later.
fn sizes(table: &Table, scalars: &BTreeMap<String, i64>) -> Result<Config, Error> {
    let dim = |name: &str, rank: usize, axis: usize| match table.get(name) {
        Some(place) if place.shape.len() == rank => Ok(place.shape[axis]),
        Some(place) => {
            Err(header("variable", &format!("{name} of shape {:?}", place.shape), format!("rank {rank}")))
        }
        None => Err(Error::MissingTensor { tensor: name.to_owned(), expected: format!("rank {rank}") }),
    };
    let heads = |field, name: &str| match scalars.get(name) {
        Some(&n) => usize::try_from(n).map_err(|_| wrong(field, &n, "a positive number")),
        None => Err(wrong(field, &"absent", format!("variable {name}"))),
    };
    let audio_positions = "encoder/position_encodings/encodings";
    Ok(Config {
        n_mels: dim("encoder/conv1/weight", 3, 1)?,
        n_audio_ctx: if table.get(audio_positions).is_some() { dim(audio_positions, 2, 0)? } else { 1500 },
        n_audio_state: dim("encoder/conv1/weight", 3, 0)?,
        n_audio_head: heads("n_audio_head", "encoder/num_heads")?,
        n_audio_layer: layers(table, "encoder/layer_"),
        n_vocab: dim("decoder/embeddings/weight", 2, 0)?,
        n_text_ctx: dim("decoder/position_encodings/encodings", 2, 0)?,
        n_text_state: dim("decoder/embeddings/weight", 2, 1)?,
        n_text_head: heads("n_text_head", "decoder/num_heads")?,
        n_text_layer: layers(table, "decoder/layer_"),
        alignment_heads: vec![],
        suppress: vec![],
        suppress_first: vec![],
    })
}

/// One more than the largest layer number under a prefix, and never above one more than the limit.
fn layers(table: &Table, prefix: &str) -> usize {
    let number = |name: &str| name.strip_prefix(prefix)?.split('/').next()?.parse::<usize>().ok();
    table.names().filter_map(number).max().map_or(0, |last| last.min(MAX_LAYERS) + 1)
}

/// Checks that the key rows of every fused bias are zeros, as they have no place in the model.
fn key_biases(config: &Config, table: &Table, bytes: &[u8]) -> Result<(), Error> {
    let encoder =
        (0..config.n_audio_layer).map(|i| (format!("encoder/layer_{i}/self_attention/linear_0/bias"), 1));
    let decoder = (0..config.n_text_layer).flat_map(|i| {
        [("self_attention/linear_0", 1), ("attention/linear_1", 0)]
            .map(|(at, block)| (format!("decoder/layer_{i}/{at}/bias"), block))
    });
    for (name, block) in encoder.chain(decoder) {
        let Some(place) = table.get(&name) else { continue };
        let size = place.dtype.bytes();
        let (Some(from), Some(len)) =
            (bytes_of(&[block, config.n_text_state], size), bytes_of(&[config.n_text_state], size))
        else {
            continue;
        };
        let rows = bytes[place.start..place.start + place.len].get(from..).unwrap_or_default();
        // Minus zero is a zero too: its sign is the top bit of the last byte.
        let zero = |row: &[u8]| {
            row.iter().enumerate().all(|(i, byte)| *byte & if i + 1 == size { 0x7f } else { 0xff } == 0)
        };
        if let Some(row) = rows[..len.min(rows.len())].chunks(size).position(|row| !zero(row)) {
            return Err(Error::KeyBias { tensor: name, row: from / size + row });
        }
    }
    Ok(())
}

/// A position in the file; every read is bounds-checked and says what it was inside of.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, n: usize, inside: &str) -> Result<&'a [u8], Error> {
        let rest = &self.bytes[self.at..];
        let Some(taken) = rest.get(..n) else {
            let needed = (self.at as u64).saturating_add(n as u64);
            return Err(Error::Truncated {
                inside: inside.to_owned(),
                needed,
                have: self.bytes.len() as u64,
            });
        };
        self.at += n;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, inside: &str) -> Result<[u8; N], Error> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N, inside)?);
        Ok(array)
    }

    fn u32(&mut self, inside: &str) -> Result<u32, Error> {
        self.array(inside).map(u32::from_le_bytes)
    }

    fn text(&mut self, inside: &str) -> Result<String, Error> {
        let length = u16::from_le_bytes(self.array(inside)?);
        let bytes = self.take(usize::from(length), inside)?;
        let text = bytes.strip_suffix(&[0]).and_then(|text| std::str::from_utf8(text).ok());
        let wrong = || header("text", &format!("{length} bytes in {inside}"), "UTF-8 that ends in NUL");
        text.map(str::to_owned).ok_or_else(wrong)
    }
}

fn header(what: &'static str, got: &dyn ToString, expected: impl Into<String>) -> Error {
    Error::Header { format: "CTranslate2", what, got: got.to_string(), expected: expected.into() }
}
