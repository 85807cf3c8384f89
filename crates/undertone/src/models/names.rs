//! What a user may call a model: a known name, a path, or OWNER/REPO. Not a look-up of what exists on the hub.

use std::path::{Path, PathBuf};

use crate::error::Error;

/// openai-whisper's model names (its `whisper.available_models()`), each with its repository on the hub.
pub const KNOWN: &[(&str, &str)] = &[
    ("tiny", "openai/whisper-tiny"),
    ("tiny.en", "openai/whisper-tiny.en"),
    ("base", "openai/whisper-base"),
    ("base.en", "openai/whisper-base.en"),
    ("small", "openai/whisper-small"),
    ("small.en", "openai/whisper-small.en"),
    ("medium", "openai/whisper-medium"),
    ("medium.en", "openai/whisper-medium.en"),
    ("large-v1", "openai/whisper-large"),
    ("large-v2", "openai/whisper-large-v2"),
    ("large-v3", "openai/whisper-large-v3"),
    ("large", "openai/whisper-large-v3"),
    ("large-v3-turbo", "openai/whisper-large-v3-turbo"),
    ("turbo", "openai/whisper-large-v3-turbo"),
];

/// The repository that [`KNOWN`] gives for `base`.
pub(super) const BASE: &str = "openai/whisper-base";

/// Where a model is to be looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reference {
    /// A file or folder that exists.
    Path(PathBuf),
    /// `OWNER/REPO`, safe in a URL and in a file name.
    Repository(String),
}

/// Reads what the user wrote. A known name wins over a file of that name (`./base` means the file); an existing path
/// wins over a repository.
///
/// # Errors
///
/// [`Error::UnknownModel`], which lists the known names, and [`Error::File`] for a path that doesn't exist.
pub(super) fn resolve(model: &str) -> Result<Reference, Error> {
    if let Some((_, repository)) = KNOWN.iter().find(|(name, _)| *name == model) {
        return Ok(Reference::Repository((*repository).to_owned()));
    }
    let path = Path::new(model);
    if !model.is_empty() && path.exists() {
        return Ok(Reference::Path(path.to_owned()));
    }
    if is_repository(model) {
        return Ok(Reference::Repository(model.to_owned()));
    }
    if model.contains(['/', '\\']) {
        let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(Error::file("find the model", path)(missing));
    }
    let nearest = nearest(model).map_or_else(String::new, |name| format!(" (did you mean \"{name}\"?)"));
    let known = KNOWN.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    Err(Error::UnknownModel { name: model.to_owned(), nearest, known })
}

/// `OWNER/REPO` in the hub's alphabet; each part begins with a letter or a digit, so neither `.` nor `..` passes.
fn is_repository(model: &str) -> bool {
    let part = |part: &str| {
        part.len() <= 96
            && part.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    model.split_once('/').is_some_and(|(owner, name)| part(owner) && part(name))
}

/// The known name with the fewest edits from `model`, if they are few.
fn nearest(model: &str) -> Option<&'static str> {
    let model = model.to_lowercase();
    let model = model.strip_prefix("whisper-").unwrap_or(&model);
    let (distance, name) = KNOWN.iter().map(|(name, _)| (edits(model, name), *name)).min()?;
    (distance <= 2.max(model.len() / 3) && distance < name.len()).then_some(name)
}

/// Levenshtein's distance, over bytes of the first 32: names are short ASCII.
fn edits(a: &str, b: &str) -> usize {
    let (a, b) = (&a.as_bytes()[..a.len().min(32)], b.as_bytes());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{BASE, Reference, edits, nearest, resolve};

    #[test]
    fn known_names_are_repositories() {
        assert_eq!(resolve("base").unwrap(), Reference::Repository(BASE.into()));
        assert_eq!(resolve("turbo").unwrap(), resolve("large-v3-turbo").unwrap());
        assert_eq!(resolve("large-v1").unwrap(), Reference::Repository("openai/whisper-large".into()));
    }

    #[test]
    fn an_existing_path_wins_over_a_repository() {
        let here = env!("CARGO_MANIFEST_DIR");
        assert_eq!(resolve(here).unwrap(), Reference::Path(here.into()));
        assert_eq!(resolve("src/models").unwrap(), Reference::Path("src/models".into()));
        assert_eq!(resolve("src/nothing").unwrap(), Reference::Repository("src/nothing".into()));
    }

    #[test]
    fn what_is_no_repository_is_refused() {
        for odd in ["", "../x", "a/..", "a/b/c", "./missing", "a b/c", "a/b?x", "é/x", "/nowhere/at/all"] {
            assert!(resolve(odd).is_err(), "{odd:?}");
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_and_the_nearest() {
        let message = resolve("larg-v3").unwrap_err().to_string();
        assert!(message.contains("did you mean \"large-v3\"?"), "{message}");
        assert!(message.contains("tiny, tiny.en, base, base.en"), "{message}");
        let message = resolve("zzzzzzzzzzzz").unwrap_err().to_string();
        assert!(!message.contains("did you mean"), "{message}");
    }

    #[test]
    fn edits_are_counted() {
        assert_eq!((edits("base", "base"), edits("bsae", "base"), edits("", "tiny")), (0, 2, 4));
        assert_eq!(nearest("Whisper-Small"), Some("small"));
        assert_eq!(nearest("é"), None);
    }
}
