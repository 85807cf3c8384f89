//! The tensors that a file names, and their match with those that a model needs. Not a parser of any format.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{AUDIO_POSITIONS, Wanted};
use super::{Bytes, DType};
use crate::Error;

/// Where a tensor's bytes are.
#[derive(Debug, Clone)]
pub struct Place {
    /// Index of the file.
    pub file: usize,
    /// First byte in it.
    pub start: usize,
    /// Bytes.
    pub len: usize,
    /// Element type.
    pub dtype: DType,
    /// Sizes, outermost first.
    pub shape: Vec<usize>,
}

/// The tensors of a model's files, by the names that they have there.
#[derive(Debug, Default)]
pub struct Table {
    places: BTreeMap<String, Place>,
    used: BTreeSet<String>,
}

impl Table {
    /// Adds a tensor whose bytes are known to lie in its file.
    ///
    /// # Errors
    /// [`Error::Bytes`] where their count is not the shape's, [`Error::Duplicate`] for a name seen before.
    pub fn add(&mut self, name: String, place: Place) -> Result<(), Error> {
        let expected = bytes_of(&place.shape, place.dtype.bytes());
        if expected != Some(place.len) {
            return Err(Error::Bytes {
                tensor: name,
                shape: place.shape,
                got: place.len as u64,
                expected: expected.map_or("fewer than the address space has".to_owned(), |n| n.to_string()),
            });
        }
        if self.places.contains_key(&name) {
            return Err(Error::Duplicate { tensor: name });
        }
        self.places.insert(name, place);
        Ok(())
    }

    /// A tensor by its name in the file.
    pub fn get(&self, name: &str) -> Option<&Place> {
        self.places.get(name)
    }

    /// Every name in the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str)
    }

    /// Takes a tensor as known though the model has no use for it.
    pub fn ignore(&mut self, name: &str) {
        self.used.insert(name.to_owned());
    }

    /// The place of a wanted tensor: rows `part.0` of `part.1` equal blocks of the tensor called `name`.
    ///
    /// # Errors
    /// [`Error::MissingTensor`] or [`Error::Shape`], with the shape that the whole tensor should have.
    pub fn take(&mut self, name: &str, part: (usize, usize), shape: &[usize]) -> Result<Place, Error> {
        let mut whole = shape.to_vec();
        if let Some(rows) = whole.first_mut() {
            *rows *= part.1;
        }
        let Some(place) = self.places.get(name) else {
            return Err(Error::MissingTensor {
                tensor: name.to_owned(),
                expected: format!("shape {whole:?}"),
            });
        };
        if place.shape != whole {
            return Err(Error::Shape { tensor: name.to_owned(), got: place.shape.clone(), expected: whole });
        }
        self.used.insert(name.to_owned());
        let len = place.len / part.1;
        Ok(Place { start: place.start + part.0 * len, len, shape: shape.to_vec(), ..*place })
    }

    /// Matches the file's tensors with the wanted ones, each way; `spell` gives a wanted tensor's name and part here.
    ///
    /// # Errors
    /// The first that is missing, misshapen or left over. Missing encoder positions are allowed.
    pub fn bind(
        mut self,
        wanted: Vec<Wanted>,
        spell: impl Fn(&Wanted) -> (String, (usize, usize)),
    ) -> Result<Vec<(String, Place)>, Error> {
        let mut bound = Vec::with_capacity(wanted.len());
        for tensor in wanted {
            let (name, part) = spell(&tensor);
            if tensor.name == AUDIO_POSITIONS && self.get(&name).is_none() {
                continue;
            }
            bound.push((tensor.name, self.take(&name, part, &tensor.shape)?));
        }
        match self.places.into_iter().find(|(name, _)| !self.used.contains(name)) {
            Some((tensor, place)) => Err(Error::ExtraTensor { tensor, got: place.shape }),
            None => Ok(bound),
        }
    }

    /// Checks that an output projection, where the file has one of its own, is the embedding again; then ignores it.
    ///
    /// # Errors
    /// [`Error::Untied`] where the two differ.
    pub fn tied(&mut self, projection: &str, embedding: &str, files: &[Bytes]) -> Result<(), Error> {
        let (Some(a), Some(b)) = (self.get(projection), self.get(embedding)) else { return Ok(()) };
        let bytes = |place: &Place| &files[place.file][place.start..place.start + place.len];
        let same = a.dtype == b.dtype && a.shape == b.shape;
        if !same || ((a.file, a.start) != (b.file, b.start) && bytes(a) != bytes(b)) {
            return Err(Error::Untied { tensor: projection.to_owned(), expected: embedding.to_owned() });
        }
        self.ignore(projection);
        Ok(())
    }
}

/// Bytes of a tensor, where the address space has as many.
pub fn bytes_of(shape: &[usize], size: usize) -> Option<usize> {
    shape.iter().try_fold(size, |product, dim| product.checked_mul(*dim))
}
