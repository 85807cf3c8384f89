//! Which files make a model folder. Not a check of what is in them: the readers of config and weights do that.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::durable;
use crate::error::Error;

/// Weights in one file, as the hub's models hold them.
pub(super) const SAFETENSORS: &str = "model.safetensors";
/// The list of files when such weights are split.
pub(super) const SAFETENSORS_INDEX: &str = "model.safetensors.index.json";
/// Weights of a `CTranslate2` model.
pub(super) const CT2: &str = "model.bin";
/// The tokenizer in one file.
pub(super) const TOKENIZER: &str = "tokenizer.json";
/// The tokenizer in the older files, all of them needed.
pub(super) const OLD_TOKENIZER: [&str; 2] = ["vocab.json", "merges.txt"];
/// The model's sizes.
pub(super) const CONFIG: &str = "config.json";

/// Names the first file (or the alternatives) without which `folder` is no model; `None` if it is whole.
pub(super) fn missing(folder: &Path) -> Option<&'static str> {
    let has = |file: &str| is_filled(&folder.join(file));
    if !has(CONFIG) {
        return Some("config.json");
    }
    if !has(TOKENIZER) && !OLD_TOKENIZER.iter().all(|file| has(file)) {
        return Some("tokenizer.json");
    }
    let split = || {
        let index = fs::read(folder.join(SAFETENSORS_INDEX)).ok()?;
        shards(&index).map(|shards| shards.iter().all(|shard| has(shard)))
    };
    if has(SAFETENSORS) || has(CT2) || split().unwrap_or(false) {
        None
    } else {
        Some("model.safetensors (or its shards) or model.bin")
    }
}

/// The files that an index of split weights names; `None` if it is not such an index, or names what could not be a
/// neighbour of it.
pub(super) fn shards(index: &[u8]) -> Option<BTreeSet<String>> {
    #[derive(serde::Deserialize)]
    struct Index {
        weight_map: std::collections::BTreeMap<String, String>,
    }
    let index: Index = serde_json::from_slice(index).ok()?;
    let shards: BTreeSet<String> = index.weight_map.into_values().collect();
    let plain = |name: &String| {
        name.len() <= 128
            && name.ends_with(".safetensors")
            && !name.starts_with('.')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    (!shards.is_empty() && shards.len() <= 1000 && shards.iter().all(plain)).then_some(shards)
}

/// The model that a user's path means: the folder, or for the weights file of a folder, that folder; any other file is
/// handed on, for a reader of single-file formats to judge.
///
/// # Errors
///
/// [`Error::NotAModel`] for a folder that lacks something.
pub(super) fn model_at(path: PathBuf) -> Result<PathBuf, Error> {
    if path.is_dir() {
        return match missing(&path) {
            None => Ok(path),
            Some(missing) => Err(Error::NotAModel { path, missing }),
        };
    }
    let folder = durable::folder_of(&path);
    let is_weights = path.file_name().is_some_and(|name| name == CT2 || name == SAFETENSORS);
    Ok(if is_weights && missing(&folder).is_none() { folder } else { path })
}

/// A file (or a link to one) with something in it.
fn is_filled(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{missing, model_at, shards};

    #[test]
    fn a_folder_is_whole_or_the_missing_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let add = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        assert_eq!(missing(folder.path()), Some("config.json"));
        add("config.json", "{}");
        add("vocab.json", "{}");
        assert_eq!(missing(folder.path()), Some("tokenizer.json"));
        add("merges.txt", "a b");
        add("model.bin", "");
        assert!(missing(folder.path()).unwrap().contains("model.safetensors"), "an empty file is no weights");
        add(
            "model.safetensors.index.json",
            r#"{"weight_map": {"a": "m-1.safetensors", "b": "m-2.safetensors"}}"#,
        );
        add("m-1.safetensors", "x");
        assert!(missing(folder.path()).is_some(), "one shard of two");
        add("m-2.safetensors", "x");
        assert_eq!(missing(folder.path()), None);
    }

    #[test]
    fn a_weights_file_means_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("model.bin");
        fs::write(&file, "x").unwrap();
        assert_eq!(model_at(file.clone()).unwrap(), file, "it stands alone");
        assert!(model_at(folder.path().into()).unwrap_err().to_string().contains("config.json is missing"));
        for name in ["config.json", "tokenizer.json"] {
            fs::write(folder.path().join(name), "{}").unwrap();
        }
        assert_eq!(model_at(file).unwrap(), folder.path());
    }

    #[test]
    fn an_index_names_neighbours_only() {
        let names = |name: &str| shards(format!(r#"{{"weight_map": {{"a": "{name}"}}}}"#).as_bytes());
        assert_eq!(names("m.safetensors").unwrap().len(), 1);
        for odd in ["../m.safetensors", "/m.safetensors", ".m.safetensors", "a/b.safetensors", "m.bin", ""] {
            assert!(names(odd).is_none(), "{odd:?}");
        }
        assert!(shards(b"{}").is_none());
        assert!(shards(br#"{"weight_map": {}}"#).is_none());
    }
}
