//! A model brought from the hub: which of a repository's files are wanted, and in what order. Not the transfer of one.

use std::fs;
use std::path::PathBuf;

use super::cache::{BRANCH, RepositoryCache};
use super::download::{self, Wanted};
use super::http::{Client, Metadata, not_a_hub};
use super::layout::{CONFIG, CT2, OLD_TOKENIZER, SAFETENSORS, SAFETENSORS_INDEX, TOKENIZER, missing, shards};
use crate::error::Error;
use crate::progress::Progress;

/// The most bytes of a file of JSON or text.
const TEXT_LIMIT: u64 = 256 << 20;
/// The most bytes of a file of weights.
const WEIGHTS_LIMIT: u64 = 64 << 30;

/// Fetches what is wanted of a repository, and points the cache's `main` at it when it is whole. All files come from
/// the commit that the first answer names, so that a push in between mixes nothing.
///
/// # Errors
///
/// Those of the hub, and [`Error::Refused`] naming the file that a repository would need to be a model.
pub(super) fn repository(
    client: &Client,
    cache: &RepositoryCache,
    progress: &dyn Progress,
) -> Result<PathBuf, Error> {
    let config = client.metadata(cache.repository(), BRANCH, CONFIG)?;
    let Some(config) = config else { return Err(lacks(client, cache, BRANCH, "config.json")) };
    let fetch = Fetch { client, cache, progress, commit: &config.commit };

    // Small answers first: what can't be a model is refused before gigabytes are fetched.
    let weights = fetch.weights()?;
    fetch.keep(CONFIG, &config, TEXT_LIMIT)?;
    fetch.tokenizer()?;
    fetch.optional("generation_config.json")?;
    fetch.optional("preprocessor_config.json")?;
    if weights.iter().any(|(file, _)| file == CT2) && !fetch.optional("vocabulary.json")? {
        fetch.optional("vocabulary.txt")?;
    }
    for (file, metadata) in &weights {
        fetch.keep(file, metadata, WEIGHTS_LIMIT)?;
    }

    let snapshot = cache.snapshot(&config.commit);
    if let Some(missing) = missing(&snapshot) {
        return Err(Error::NotAModel { path: snapshot, missing });
    }
    cache.set_current(&config.commit)?;
    Ok(snapshot)
}

struct Fetch<'a> {
    client: &'a Client,
    cache: &'a RepositoryCache,
    progress: &'a dyn Progress,
    commit: &'a str,
}

impl Fetch<'_> {
    fn ask(&self, file: &str) -> Result<Option<Metadata>, Error> {
        self.client.metadata(self.cache.repository(), self.commit, file)
    }

    fn keep(&self, file: &str, metadata: &Metadata, limit: u64) -> Result<(), Error> {
        // The commit asked for, whatever the answer calls it: one snapshot holds the model.
        let metadata = Metadata { commit: self.commit.to_owned(), ..metadata.clone() };
        download::blob(self.client, self.cache, &Wanted { file, metadata: &metadata, limit }, self.progress)?;
        self.cache.link(self.commit, file, &metadata.etag)
    }

    /// Keeps the file if there is one, and says whether there is.
    fn optional(&self, file: &str) -> Result<bool, Error> {
        let Some(metadata) = self.ask(file)? else { return Ok(false) };
        self.keep(file, &metadata, TEXT_LIMIT)?;
        Ok(true)
    }

    fn tokenizer(&self) -> Result<(), Error> {
        if self.optional(TOKENIZER)? {
            return Ok(());
        }
        for file in OLD_TOKENIZER {
            if !self.optional(file)? {
                let names = "tokenizer.json, nor vocab.json with merges.txt";
                return Err(lacks(self.client, self.cache, self.commit, names));
            }
        }
        self.optional("added_tokens.json").map(|_| ())
    }

    /// The files of weights: one, or the shards that an index names, or a `CTranslate2` model's.
    fn weights(&self) -> Result<Vec<(String, Metadata)>, Error> {
        if let Some(metadata) = self.ask(SAFETENSORS)? {
            return Ok(vec![(SAFETENSORS.to_owned(), metadata)]);
        }
        if self.optional(SAFETENSORS_INDEX)? {
            let path = self.cache.snapshot(self.commit).join(SAFETENSORS_INDEX);
            let index = fs::read(&path).map_err(Error::file("read", &path))?;
            let address = self.client.address(self.cache.repository(), self.commit, SAFETENSORS_INDEX);
            let shards = shards(&index)
                .ok_or_else(|| not_a_hub(&address, "the index names no usable shards".to_owned()))?;
            let shard = |name: String| match self.ask(&name)? {
                Some(metadata) => Ok((name, metadata)),
                None => Err(lacks(self.client, self.cache, self.commit, &name)),
            };
            return shards.into_iter().map(shard).collect();
        }
        match self.ask(CT2)? {
            Some(metadata) => Ok(vec![(CT2.to_owned(), metadata)]),
            None => Err(lacks(
                self.client,
                self.cache,
                self.commit,
                "model.safetensors (whole or in shards), nor model.bin",
            )),
        }
    }
}

fn lacks(client: &Client, cache: &RepositoryCache, revision: &str, file: &str) -> Error {
    let repository = cache.repository();
    Error::Refused {
        url: client.address(repository, revision, ""),
        status: 404,
        advice: format!(
            "there is no {file}: check that {repository} exists and is a Whisper model in one of these formats"
        ),
    }
}
