//! Models found and fetched, against a hub on loopback that behaves and misbehaves. No other network is touched.

mod broken;
mod processes;
mod refused;
mod server;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use undertone::{Error, Hub, Progress, Silent};

use server::{COMMIT, End, MODEL, Reply, Request, Server, Stored, bytes, model};

/// A hub's settings with short waits, and a cache of its own.
pub(crate) fn hub(endpoint: &str, root: &Path) -> Hub {
    let mut hub = Hub::from_env(&|_| None);
    endpoint.clone_into(&mut hub.endpoint);
    hub.token = None;
    hub.cache = Some(root.join("hub"));
    hub.kept = Some(root.join("kept"));
    hub.python = PathBuf::from("no-such-python");
    hub.patience.connect = Duration::from_secs(5);
    hub.patience.stall = Duration::from_secs(2);
    hub.patience.pause = Duration::from_millis(1);
    hub
}

pub(crate) fn root() -> TempDir {
    tempfile::tempdir().expect("there is a place for temporary files")
}

pub(crate) fn repository(root: &Path) -> PathBuf {
    root.join("hub/models--owner--model")
}

/// Every file is there with its bytes, and no half-made one is.
pub(crate) fn assert_whole(root: &Path, found: &Path, files: &[Stored]) {
    assert_eq!(found, repository(root).join("snapshots").join(COMMIT));
    for file in files {
        assert_eq!(fs::read(found.join(file.name)).expect(file.name), file.bytes, "{}", file.name);
        assert!(repository(root).join("blobs").join(file.etag()).is_file(), "the blob of {}", file.name);
    }
    assert_eq!(fs::read_dir(found).unwrap().count(), files.len());
    // Equal files share a blob.
    let blobs: BTreeSet<String> = files.iter().map(Stored::etag).collect();
    assert_eq!(fs::read_dir(repository(root).join("blobs")).unwrap().count(), blobs.len());
    assert_eq!(fs::read_to_string(repository(root).join("refs/main")).unwrap(), COMMIT);
}

/// A server that answers the `n`-th fetch of the weights as `twist` wants, and everything else well.
pub(crate) fn server_with(
    twist: impl Fn(&Request, usize, &[u8]) -> Option<Reply> + Send + Sync + 'static,
) -> Server {
    let weights = model().pop().expect("the last file is the weights").bytes;
    Server::start(model(), move |request, before| {
        if request.path.starts_with("/content/") { twist(request, before, &weights) } else { None }
    })
}

/// Keeps what it is told.
#[derive(Default)]
struct Heard(RefCell<Vec<String>>);

impl Progress for Heard {
    fn begin(&self, what: &str, total: Option<u64>) {
        self.0.borrow_mut().push(format!("begin {what} {total:?}"));
    }
    fn position(&self, done: u64) {
        self.0.borrow_mut().push(format!("at {done}"));
    }
    fn end(&self) {
        self.0.borrow_mut().push("end".to_owned());
    }
    fn note(&self, line: &str) {
        self.0.borrow_mut().push(format!("note {line}"));
    }
}

#[test]
fn a_model_is_fetched_once_into_the_shared_layout() {
    let (root, server) = (root(), Server::well_behaved());
    let found = hub(&server.address, root.path()).find(MODEL, &Silent).unwrap();
    assert_whole(root.path(), &found, &model());
    let etag = model()[0].etag();
    #[cfg(unix)]
    assert_eq!(fs::read_link(found.join("config.json")).unwrap(), Path::new("../../blobs").join(etag));
    let asked = server.requests().len();
    assert_eq!(hub(&server.address, root.path()).find(MODEL, &Silent).unwrap(), found);
    assert_eq!(server.requests().len(), asked, "a whole model needs no request");
}

#[test]
fn all_files_come_from_the_commit_of_the_first_answer() {
    let (root, server) = (root(), Server::well_behaved());
    hub(&server.address, root.path()).find(MODEL, &Silent).unwrap();
    let (first, rest) = server.requests().split_first().map(|(f, r)| (f.clone(), r.to_vec())).unwrap();
    assert_eq!(first.path, format!("/{MODEL}/resolve/main/config.json"));
    for request in rest.iter().filter(|request| request.path.contains("/resolve/")) {
        assert!(request.path.contains(COMMIT), "{}", request.path);
    }
}

#[test]
fn what_another_tool_put_there_is_used_offline() {
    let root = root();
    let snapshot = repository(root.path()).join("snapshots").join(COMMIT);
    fs::create_dir_all(&snapshot).unwrap();
    fs::create_dir_all(repository(root.path()).join("refs")).unwrap();
    fs::write(repository(root.path()).join("refs/main"), COMMIT).unwrap();
    let mut hub = hub("http://127.0.0.1:9", root.path());
    hub.offline = true;
    for name in ["config.json", "tokenizer.json"] {
        fs::write(snapshot.join(name), "{}").unwrap();
    }
    let message = hub.find(MODEL, &Silent).unwrap_err().to_string();
    assert!(message.contains("HF_HUB_OFFLINE") && message.contains(MODEL), "{message}");
    fs::write(snapshot.join("model.bin"), "weights").unwrap();
    assert_eq!(hub.find(MODEL, &Silent).unwrap(), snapshot);
}

#[test]
fn what_is_missing_is_added_and_what_is_there_is_kept() {
    let (root, server) = (root(), Server::well_behaved());
    let hub = hub(&server.address, root.path());
    let found = hub.find(MODEL, &Silent).unwrap();
    fs::remove_file(found.join("tokenizer.json")).unwrap();
    hub.find(MODEL, &Silent).unwrap();
    assert_whole(root.path(), &found, &model());
    assert_eq!(server.fetches("model.safetensors").len(), 1);
}

#[test]
fn progress_counts_each_file() {
    let (root, server) = (root(), Server::well_behaved());
    let heard = Heard::default();
    hub(&server.address, root.path()).find(MODEL, &heard).unwrap();
    let heard = heard.0.into_inner();
    let begin =
        heard.iter().position(|line| line == "begin owner/model model.safetensors Some(300000)").unwrap();
    assert_eq!(heard[begin + 1], "at 0");
    assert_eq!(heard[heard.len() - 2..], ["at 300000", "end"]);
    let count = |what: &str| heard.iter().filter(|line| line.starts_with(what)).count();
    assert_eq!((count("begin"), count("end"), count("note")), (4, 4, 0));
}

#[test]
fn the_token_goes_to_the_hub_and_to_no_other_host() {
    let content = Server::well_behaved();
    let elsewhere = format!("{}/content/model.safetensors", content.address);
    let etag = model()[3].etag();
    let server = Server::start(model(), move |request, _| {
        request.path.ends_with("/model.safetensors").then(|| {
            Reply::status(302)
                .with("Location", &elsewhere)
                .with("X-Linked-Etag", &etag)
                .with("X-Linked-Size", 300_000)
                .with("X-Repo-Commit", COMMIT)
        })
    });
    let root = root();
    let mut hub = hub(&server.address, root.path());
    hub.token = undertone::models::Token::new("hf_secret");
    hub.find(MODEL, &Silent).unwrap();
    for request in server.requests() {
        assert_eq!(request.header("authorization"), Some("Bearer hf_secret"), "{}", request.path);
    }
    assert_eq!(content.requests().len(), 1);
    assert_eq!(content.requests()[0].header("authorization"), None);
}

#[test]
fn a_redirect_within_the_hub_is_followed_for_the_facts() {
    let server = Server::start(model(), |request, _| {
        let renamed = request.path.strip_prefix("/owner/old/")?;
        Some(Reply::status(307).with("Location", format!("/{MODEL}/{renamed}")))
    });
    let root = root();
    let found = hub(&server.address, root.path()).find("owner/old", &Silent).unwrap();
    assert_eq!(fs::read(found.join("model.safetensors")).unwrap(), model()[3].bytes);
}

#[test]
fn shards_and_old_tokenizers_are_fetched() {
    let small = |name, text: &str| Stored { name, bytes: text.as_bytes().to_vec(), large: false };
    let files = vec![
        small("config.json", "{}"),
        small("vocab.json", "{}"),
        small("merges.txt", "a b"),
        small("added_tokens.json", "{}"),
        small(
            "model.safetensors.index.json",
            r#"{"weight_map": {"a": "m-1.safetensors", "b": "m-2.safetensors"}}"#,
        ),
        Stored { name: "m-1.safetensors", bytes: bytes(5000, 2), large: true },
        Stored { name: "m-2.safetensors", bytes: bytes(6000, 3), large: true },
    ];
    let (root, server) = (root(), Server::start(files.clone(), |_, _| None));
    let found = hub(&server.address, root.path()).find(MODEL, &Silent).unwrap();
    assert_whole(root.path(), &found, &files);
}

#[test]
fn a_ctranslate2_model_brings_its_vocabulary() {
    let small = |name, text: &str| Stored { name, bytes: text.as_bytes().to_vec(), large: false };
    let files = vec![
        small("config.json", "{}"),
        small("tokenizer.json", "{}"),
        small("vocabulary.txt", "a\nb"),
        Stored { name: "model.bin", bytes: bytes(5000, 4), large: true },
    ];
    let (root, server) = (root(), Server::start(files.clone(), |_, _| None));
    let found = hub(&server.address, root.path()).find(MODEL, &Silent).unwrap();
    assert_whole(root.path(), &found, &files);
}

#[test]
fn without_a_cache_folder_the_error_names_the_variable() {
    let root = root();
    let mut hub = hub("http://127.0.0.1:9", root.path());
    hub.cache = None;
    assert!(matches!(hub.find(MODEL, &Silent), Err(Error::NoCache)));
}

#[test]
fn a_transfer_that_ends_early_is_taken_up_where_it_ended() {
    let server = server_with(|request, before, weights| match before {
        0 => Some(Reply::bytes(weights).ending(End::Drop(100_000))),
        1 => Some(Reply::range(weights, request.from()?).ending(End::Drop(50_000))),
        _ => None,
    });
    let root = root();
    let found = hub(&server.address, root.path()).find(MODEL, &Silent).unwrap();
    assert_whole(root.path(), &found, &model());
    let from: Vec<Option<usize>> = server.fetches("model.safetensors").iter().map(Request::from).collect();
    assert_eq!(from, [None, Some(100_000), Some(150_000)]);
}
