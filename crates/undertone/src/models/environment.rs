//! The environment variables of the hub's own tools, read into settings. The only place in the library where their
//! names stand in code; not a reader of the process environment itself: the caller hands in the look-up.
//!
//! Source: `huggingface_hub`'s `constants.py` and its documentation of environment variables.

use std::fs;
use std::path::{Path, PathBuf};

use super::settings::{Hub, Patience, Proxies, Token};

impl Hub {
    /// Settings as `huggingface_hub` would read them from the environment that `get` looks up: `HF_ENDPOINT`, `HF_TOKEN`
    /// (else the file `HF_TOKEN_PATH`, by default `HF_HOME/token`), `HF_HUB_CACHE`, `HF_HOME`, `HF_HUB_OFFLINE`,
    /// `XDG_CACHE_HOME`, and the usual proxy variables (the lower-case name wins). Empty values count as unset.
    pub fn from_env(get: &dyn Fn(&str) -> Option<String>) -> Self {
        let kept = own_folder(get).map(|folder| folder.join("models"));
        let get = |names: &[&str]| first(get, names);
        let home = get(&["HOME", "USERPROFILE"]).map(PathBuf::from).or_else(std::env::home_dir);
        let path = |names: &[&str]| get(names).map(|value| expand_home(&value, home.as_deref()));

        // The shared cache is below ~/.cache on every system; our own folder is where the system wants it.
        let caches = path(&["XDG_CACHE_HOME"]).or_else(|| Some(home.as_deref()?.join(".cache")));
        let hub_home = path(&["HF_HOME"]).or_else(|| Some(caches.as_deref()?.join("huggingface")));
        let token_file = path(&["HF_TOKEN_PATH"]).or_else(|| Some(hub_home.as_deref()?.join("token")));
        let token = get(&["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"])
            .or_else(|| fs::read_to_string(token_file?).ok())
            .and_then(|token| Token::new(&token));
        let cache = path(&["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"]);
        let endpoint = get(&["HF_ENDPOINT"]).unwrap_or_else(|| "https://huggingface.co".to_owned());
        let any_proxy = || get(&["all_proxy", "ALL_PROXY"]);
        Self {
            endpoint: endpoint.trim().trim_end_matches('/').to_owned(),
            token,
            cache: cache.or_else(|| Some(hub_home?.join("hub"))),
            offline: get(&["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"]).is_some_and(|value| is_true(&value)),
            proxies: Proxies {
                http: get(&["http_proxy", "HTTP_PROXY"]).or_else(any_proxy),
                https: get(&["https_proxy", "HTTPS_PROXY"]).or_else(any_proxy),
                direct: get(&["no_proxy", "NO_PROXY"]).map_or_else(Vec::new, |hosts| {
                    hosts
                        .split(',')
                        .map(|host| host.trim().to_owned())
                        .filter(|host| !host.is_empty())
                        .collect()
                }),
            },
            patience: Patience::default(),
            kept,
            python: PathBuf::from(if cfg!(windows) { "python" } else { "python3" }),
        }
    }
}

/// Our own folder among the user's caches: `undertone` where the system wants them. `None` if no home folder is known.
pub(crate) fn own_folder(get: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let home = first(get, &["HOME", "USERPROFILE"]).map(PathBuf::from).or_else(std::env::home_dir);
    let path = |name: &str| first(get, &[name]).map(|value| expand_home(&value, home.as_deref()));
    let caches = if cfg!(windows) {
        path("LOCALAPPDATA")
    } else {
        let usual = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
        path("XDG_CACHE_HOME").or_else(|| Some(home.as_deref()?.join(usual)))
    };
    caches.map(|folder| folder.join("undertone"))
}

/// The first of the variables that is set to anything.
fn first(get: &dyn Fn(&str) -> Option<String>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| get(name).filter(|value| !value.trim().is_empty()))
}

/// The values that `huggingface_hub` takes for true.
fn is_true(value: &str) -> bool {
    ["1", "on", "yes", "true"].contains(&value.trim().to_lowercase().as_str())
}

/// A leading `~` is the home folder, as in the hub's own tools.
fn expand_home(value: &str, home: Option<&Path>) -> PathBuf {
    match (value.strip_prefix('~'), home) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with(['/', '\\']) => {
            home.join(rest.trim_start_matches(['/', '\\']))
        }
        _ => PathBuf::from(value),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::settings::{Hub, Token};

    fn hub(variables: &[(&str, &str)]) -> Hub {
        Hub::from_env(&|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn defaults_are_the_hubs_own() {
        let hub = hub(&[("HOME", "/home/me"), ("HF_ENDPOINT", ""), ("HF_HUB_OFFLINE", "0")]);
        assert_eq!(hub.endpoint, "https://huggingface.co");
        assert_eq!(hub.cache.as_deref(), Some(Path::new("/home/me/.cache/huggingface/hub")));
        assert!(!hub.offline);
        assert_eq!(hub.token, None);
        assert_eq!(hub.proxies, super::Proxies::default());
    }

    #[test]
    fn each_folder_variable_overrides_the_ones_before_it() {
        let mut variables = vec![("HOME", "/home/me"), ("XDG_CACHE_HOME", "/x")];
        let cache = |variables: &[(&str, &str)]| hub(variables).cache.unwrap();
        assert_eq!(cache(&variables), Path::new("/x/huggingface/hub"));
        variables.push(("HF_HOME", "~/hf"));
        assert_eq!(cache(&variables), Path::new("/home/me/hf/hub"));
        variables.push(("HF_HUB_CACHE", "/c"));
        assert_eq!(cache(&variables), Path::new("/c"));
    }

    #[test]
    #[cfg(all(unix, not(target_os = "macos")))]
    fn our_own_folder_is_among_the_users_caches() {
        let folder = |variables: &'static [(&str, &str)]| {
            super::own_folder(&|name| {
                variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(folder(&[("HOME", "/home/me")]).unwrap(), Path::new("/home/me/.cache/undertone"));
        let moved = folder(&[("HOME", "/home/me"), ("XDG_CACHE_HOME", "~/x")]);
        assert_eq!(moved.unwrap(), Path::new("/home/me/x/undertone"));
        assert_eq!(hub(&[("HOME", "/home/me")]).kept.unwrap(), Path::new("/home/me/.cache/undertone/models"));
    }

    #[test]
    fn the_token_comes_from_the_variable_or_the_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "hf_file\n").unwrap();
        let home = folder.path().to_str().unwrap();
        assert_eq!(hub(&[("HF_HOME", home)]).token, Token::new("hf_file"));
        assert_eq!(hub(&[("HF_HOME", home), ("HF_TOKEN", "hf_variable")]).token, Token::new("hf_variable"));
    }

    #[test]
    fn endpoint_offline_and_proxies_are_read() {
        let hub = hub(&[
            ("HF_ENDPOINT", "http://mirror/hub/"),
            ("HF_HUB_OFFLINE", "Yes"),
            ("HTTPS_PROXY", "http://upper"),
            ("https_proxy", "http://lower"),
            ("ALL_PROXY", "http://all"),
            ("NO_PROXY", "a.org, ,.b.org"),
        ]);
        assert_eq!(hub.endpoint, "http://mirror/hub");
        assert!(hub.offline);
        assert_eq!(hub.proxies.https.as_deref(), Some("http://lower"));
        assert_eq!(hub.proxies.http.as_deref(), Some("http://all"));
        assert_eq!(hub.proxies.direct, ["a.org", ".b.org"]);
    }
}
