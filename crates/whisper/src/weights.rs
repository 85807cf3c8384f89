//! A model's tensors, read from a file in any known format and checked against its config. Not a copy of them:
//! the bytes stay in the file, mapped into memory.

mod bytes;
mod ct2;
mod names;
mod positions;
mod safetensors;
mod table;

use std::collections::HashMap;
use std::path::Path;

use crate::{Config, Error};
use bytes::Bytes;
pub(crate) use bytes::read_small;
use compiler::Origin;
use graph::DType;
pub use positions::sinusoids;
use table::{Place, Table};

/// A tensor in a weights file: row-major, little-endian, at no particular alignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View<'a> {
    /// Element type.
    pub dtype: DType,
    /// Sizes, outermost first.
    pub shape: &'a [usize],
    /// `shape.product() * dtype.bytes()` bytes.
    pub bytes: &'a [u8],
}

/// A weight format. A new one is a file beside this one and a line in [`FORMATS`].
#[derive(Debug)]
pub struct Format {
    /// Its name in messages.
    pub name: &'static str,
    /// What a path to it looks like, for messages.
    looks: &'static str,
    /// Whether the path, a folder or a file, is of this format.
    accepts: fn(&Path) -> bool,
    /// Reads the path.
    open: fn(&Path) -> Result<Parts, Error>,
    /// Parses the weights file and the config file beside it.
    parse: fn(Bytes, &[u8]) -> Result<Parts, Error>,
}

/// The formats read; the first that accepts a path reads it.
pub const FORMATS: &[Format] = &[ct2::FORMAT, safetensors::FORMAT];

/// What a format's reader hands over: every wanted tensor with its place in one of the files.
struct Parts {
    config: Config,
    files: Vec<Bytes>,
    tensors: Vec<(String, Place)>,
}

/// The tensors of one model, by openai-whisper's names (`decoder.blocks.0.attn.query.weight`).
///
/// All of them are there, in the shape that the config implies, and there are no others.
#[derive(Debug)]
pub struct Weights {
    files: Vec<Bytes>,
    tensors: Vec<(String, Place)>,
    by_name: HashMap<String, usize>,
    origin: Option<Origin>,
}

impl Weights {
    /// Opens a model folder, or the weights file in one. The file must not be changed while the weights are in use
    /// (replacing it by a rename is fine).
    ///
    /// # Errors
    /// [`Error::UnknownFormat`] where no format accepts the path; else what is wrong with the files.
    pub fn open(path: &Path) -> Result<(Config, Self), Error> {
        if let Err(source) = std::fs::metadata(path) {
            return Err(Error::Io { path: path.to_owned(), source });
        }
        let Some(format) = FORMATS.iter().find(|format| (format.accepts)(path)) else {
            let looks: Vec<_> =
                FORMATS.iter().map(|format| format!("{} ({})", format.looks, format.name)).collect();
            return Err(Error::UnknownFormat { path: path.to_owned(), expected: looks.join(" or ") });
        };
        Ok(Self::assemble((format.open)(path)?))
    }

    /// Reads a whole model from memory: the weights file, and the `config.json` that goes with it.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_bytes(format: &Format, weights: Vec<u8>, config: &[u8]) -> Result<(Config, Self), Error> {
        Ok(Self::assemble((format.parse)(Bytes::Owned(weights), config)?))
    }

    fn assemble(parts: Parts) -> (Config, Self) {
        let Parts { config, mut files, mut tensors } = parts;
        let origin = files.iter().try_fold(Origin::default(), |all, file| Some(all.and(file.origin()?)));
        if !tensors.iter().any(|(name, _)| name == names::AUDIO_POSITIONS) {
            let shape = vec![config.n_audio_ctx, config.n_audio_state];
            let bytes: Vec<u8> = sinusoids(shape[0], shape[1]).iter().flat_map(|x| x.to_le_bytes()).collect();
            let place = Place { file: files.len(), start: 0, len: bytes.len(), dtype: DType::F32, shape };
            files.push(Bytes::Owned(bytes));
            tensors.insert(0, (names::AUDIO_POSITIONS.to_owned(), place));
        }
        let by_name = tensors.iter().enumerate().map(|(i, (name, _))| (name.clone(), i)).collect();
        (config, Self { files, tensors, by_name, origin })
    }

    /// A tensor by name.
    pub fn get(&self, name: &str) -> Option<View<'_>> {
        self.by_name.get(name).map(|&i| self.view(&self.tensors[i].1))
    }

    /// The files that they were opened in; `None` for those that were read from memory. What is not in the files is
    /// computed from the tensors' sizes.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Lets go of the memory in which the tensor was read; what is looked at again is read again.
    pub fn release(&self, name: &str) {
        if let Some(&i) = self.by_name.get(name) {
            let place = &self.tensors[i].1;
            self.files[place.file].release(place.start..place.start + place.len);
        }
    }

    /// Lets go of the memory in which all of the files was read.
    pub fn release_all(&self) {
        self.files.iter().for_each(|file| file.release(0..file.len()));
    }

    /// Says that from now on only single rows are looked at, far apart.
    pub fn read_sparsely(&self) {
        self.files.iter().for_each(Bytes::read_sparsely);
    }

    /// Every tensor with its name, roughly in the order of the computation.
    pub fn tensors(&self) -> impl ExactSizeIterator<Item = (&str, View<'_>)> {
        self.tensors.iter().map(|(name, place)| (name.as_str(), self.view(place)))
    }

    fn view<'a>(&'a self, place: &'a Place) -> View<'a> {
        let bytes = &self.files[place.file][place.start..place.start + place.len];
        View { dtype: place.dtype, shape: &place.shape, bytes }
    }
}

#[cfg(test)]
pub(crate) mod tests;
