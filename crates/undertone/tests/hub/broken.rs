//! Servers that break, stall and lie in the middle of a transfer. Not refusals: those are answers.

use std::fs;

use undertone::{Error, Silent};

use crate::server::{COMMIT, End, MODEL, Reply, Request, Server, bytes, model};
use crate::{assert_whole, hub, repository, root, server_with};

/// Fetches from a server that misbehaves at first, and expects the right bytes in the end.
fn recovers(
    twist: impl Fn(&Request, usize, &[u8]) -> Option<Reply> + Send + Sync + 'static,
) -> Vec<Option<usize>> {
    let (root, server) = (root(), server_with(twist));
    let found = hub(&server.address, root.path()).find(MODEL, &Silent).unwrap();
    assert_whole(root.path(), &found, &model());
    server.fetches("model.safetensors").iter().map(Request::from).collect()
}

#[test]
fn a_stalled_transfer_is_resumed() {
    let from = recovers(|_, before, weights| {
        (before == 0).then(|| Reply::bytes(weights).ending(End::Stall(70_000)))
    });
    assert_eq!(from, [None, Some(70_000)]);
}

#[test]
fn a_stalled_answer_is_asked_for_again() {
    let server = Server::start(model(), |request, before| {
        let first = request.path.ends_with("/tokenizer.json") && request.method == "GET" && before == 0;
        first.then(|| Reply::bytes(b"12345").ending(End::Stall(0)))
    });
    let root = root();
    let found = hub(&server.address, root.path()).find(MODEL, &Silent).unwrap();
    assert_whole(root.path(), &found, &model());
}

#[test]
fn a_server_that_ignores_ranges_is_read_from_the_start() {
    let from = recovers(|_, before, weights| match before {
        0 => Some(Reply::bytes(weights).ending(End::Drop(100_000))),
        _ => Some(Reply::bytes(weights)),
    });
    assert_eq!(from, [None, Some(100_000)]);
}

/// The wrong piece makes up the right length, and comes twice: joined, it would use up the one fresh start that a wrong
/// checksum has.
#[test]
fn a_range_from_the_wrong_place_is_not_joined() {
    let from = recovers(|_, before, weights| match before {
        0 | 2 => Some(Reply::bytes(weights).ending(End::Drop(100_000))),
        1 | 3 => {
            let mut reply = Reply::range(weights, 99_000);
            reply.body.truncate(200_000);
            Some(reply)
        }
        _ => None,
    });
    assert_eq!(from, [None, Some(100_000), None, Some(100_000), None]);
}

#[test]
fn a_range_that_is_refused_starts_afresh() {
    let from = recovers(|_, before, weights| match before {
        0 => Some(Reply::bytes(weights).ending(End::Drop(100_000))),
        1 => Some(Reply::status(416)),
        _ => None,
    });
    assert_eq!(from, [None, Some(100_000), None]);
}

#[test]
fn a_length_that_is_too_small_is_made_good() {
    let from = recovers(|_, before, weights| (before == 0).then(|| Reply::bytes(&weights[..1000])));
    assert_eq!(from, [None, Some(1000)]);
}

#[test]
fn a_length_that_is_too_large_is_thrown_away() {
    let from = recovers(|_, before, weights| {
        (before == 0).then(|| Reply::bytes(&[weights, b"and more".as_slice()].concat()))
    });
    assert_eq!(from, [None, None]);
}

#[test]
fn a_length_longer_than_what_comes_is_resumed() {
    let from = recovers(|_, before, weights| {
        (before == 0).then(|| Reply::bytes(&weights[..2000]).with("Content-Length", weights.len()))
    });
    assert_eq!(from, [None, Some(2000)]);
}

#[test]
fn a_busy_server_is_asked_again() {
    let from = recovers(|_, before, _| (before < 3).then(|| Reply::status(503)));
    assert_eq!(from, [None; 4]);
}

#[test]
fn a_server_that_stays_busy_is_given_up_after_a_few_attempts() {
    let server = Server::start(model(), |_, _| Some(Reply::status(503)));
    let root = root();
    let error = hub(&server.address, root.path()).find(MODEL, &Silent).unwrap_err();
    assert!(matches!(error, Error::Unreachable { attempts: 5, .. }), "{error}");
    assert!(error.to_string().contains("503"), "{error}");
    assert_eq!(server.requests().len(), 5);
}

#[test]
fn a_transfer_that_never_moves_is_given_up() {
    let server = server_with(|_, _, weights| Some(Reply::bytes(weights).ending(End::Drop(0))));
    let root = root();
    let error = hub(&server.address, root.path()).find(MODEL, &Silent).unwrap_err();
    assert!(matches!(error, Error::Unreachable { attempts: 5, .. }), "{error}");
    assert_eq!(server.fetches("model.safetensors").len(), 5);
}

#[test]
fn wrong_bytes_are_never_kept() {
    let root = root();
    let server = server_with(|_, _, weights| Some(Reply::bytes(&bytes(weights.len(), 99))));
    let error = hub(&server.address, root.path()).find(MODEL, &Silent).unwrap_err();
    assert!(matches!(&error, Error::Mismatch { expected, .. } if *expected == model()[3].etag()), "{error}");
    assert_eq!(server.fetches("model.safetensors").len(), 2, "one fresh start");
    assert!(!repository(root.path()).join("refs/main").exists(), "nothing points to it");
    let names = fs::read_dir(repository(root.path()).join("blobs")).unwrap();
    assert_eq!(names.count(), 3, "nothing of it is left");

    let server = Server::well_behaved();
    let found = hub(&server.address, root.path()).find(MODEL, &Silent).unwrap();
    assert_whole(root.path(), &found, &model());
}

#[test]
fn wrong_bytes_of_a_small_file_are_never_kept() {
    let server = Server::start(model(), |request, _| {
        let wanted = request.method == "GET" && request.path.ends_with("/tokenizer.json");
        wanted.then(|| Reply::bytes(b"{\"model\": []}"))
    });
    let root = root();
    let error = hub(&server.address, root.path()).find(MODEL, &Silent).unwrap_err();
    assert!(matches!(error, Error::Mismatch { .. }), "{error}");
}

#[test]
fn a_spoilt_half_is_fetched_again_whole() {
    let (root, server) = (root(), Server::well_behaved());
    let blobs = repository(root.path()).join("blobs");
    fs::create_dir_all(&blobs).unwrap();
    fs::write(blobs.join(format!("{}.incomplete", model()[3].etag())), bytes(1000, 99)).unwrap();
    let found = hub(&server.address, root.path()).find(MODEL, &Silent).unwrap();
    assert_whole(root.path(), &found, &model());
    let from: Vec<Option<usize>> = server.fetches("model.safetensors").iter().map(Request::from).collect();
    assert_eq!(from, [Some(1000), None]);
}

#[test]
fn a_half_of_an_older_version_is_not_continued() {
    let root = root();
    let server = server_with(|_, _, weights| Some(Reply::bytes(weights).ending(End::Drop(100_000))));
    let mut impatient = hub(&server.address, root.path());
    impatient.patience.attempts = 1;
    impatient.find(MODEL, &Silent).unwrap_err();

    let mut files = model();
    files[3].bytes = bytes(250_000, 7);
    let server = Server::start(files.clone(), |_, _| None);
    let found = hub(&server.address, root.path()).find(MODEL, &Silent).unwrap();
    assert_eq!(fs::read(found.join("model.safetensors")).unwrap(), files[3].bytes);
    assert_eq!(server.fetches("model.safetensors")[0].from(), None);
}

#[test]
fn a_blob_cut_short_by_another_tool_is_replaced() {
    let (root, server) = (root(), Server::well_behaved());
    let blobs = repository(root.path()).join("blobs");
    fs::create_dir_all(&blobs).unwrap();
    fs::write(blobs.join(model()[3].etag()), b"short").unwrap();
    let found = hub(&server.address, root.path()).find(MODEL, &Silent).unwrap();
    assert_whole(root.path(), &found, &model());
}

#[test]
fn a_size_that_makes_no_sense_is_refused() {
    let etag = model()[3].etag();
    let server = Server::start(model(), move |request, _| {
        let wanted = request.path.ends_with("/model.safetensors");
        let reply = Reply::status(302).with("Location", "http://localhost:9/").with("X-Repo-Commit", COMMIT);
        wanted.then(|| reply.with("X-Linked-Etag", &etag).with("X-Linked-Size", u64::MAX))
    });
    let root = root();
    let error = hub(&server.address, root.path()).find(MODEL, &Silent).unwrap_err();
    assert!(error.to_string().contains(&u64::MAX.to_string()), "{error}");
}
