//! Several processes at one cache, and one that is killed. The second process is this test program itself.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use undertone::Silent;

use crate::server::{End, MODEL, Reply, Request, Server, model};
use crate::{assert_whole, hub, repository, root, server_with};

const ADDRESS: &str = "UNDERTONE_TEST_ADDRESS";
const ROOT: &str = "UNDERTONE_TEST_ROOT";

/// What a second process runs: [`spawn`] sets the variables. On its own it is the same for a server of its own.
#[test]
fn fetch_as_told() {
    let (Ok(address), Ok(root)) = (std::env::var(ADDRESS), std::env::var(ROOT)) else {
        let (root, server) = (root(), Server::well_behaved());
        let found = hub(&server.address, root.path()).find(MODEL, &Silent).unwrap();
        return assert_whole(root.path(), &found, &model());
    };
    let mut hub = hub(&address, Path::new(&root));
    hub.patience.stall = Duration::from_mins(1);
    hub.find(MODEL, &Silent).unwrap();
}

fn spawn(server: &Server, root: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::fetch_as_told"])
        .env(ADDRESS, &server.address)
        .env(ROOT, root)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_killed_download_is_not_trusted_and_is_taken_up() {
    let root = root();
    let stalling = server_with(|_, _, weights| Some(Reply::bytes(weights).ending(End::Stall(100_000))));
    let mut child = spawn(&stalling, root.path());
    let partial = repository(root.path()).join("blobs").join(format!("{}.incomplete", model()[3].etag()));
    while fs::metadata(&partial).map_or(0, |metadata| metadata.len()) < 100_000 {
        assert!(child.try_wait().unwrap().is_none(), "it is still fetching");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();

    let mut offline = hub(&stalling.address, root.path());
    offline.offline = true;
    offline.find(MODEL, &Silent).unwrap_err();

    let server = Server::well_behaved();
    let found = hub(&server.address, root.path()).find(MODEL, &Silent).unwrap();
    assert_whole(root.path(), &found, &model());
    assert_eq!(server.fetches("model.safetensors")[0].from(), Some(100_000));
}

#[test]
fn processes_and_threads_at_once_fetch_each_file_once() {
    let (root, server) = (root(), Server::well_behaved());
    let mut children: Vec<Child> = (0..2).map(|_| spawn(&server, root.path())).collect();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let found = hub(&server.address, root.path()).find(MODEL, &Silent).unwrap();
                assert_eq!(fs::read(found.join("model.safetensors")).unwrap(), model()[3].bytes);
            });
        }
    });
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    assert_whole(
        root.path(),
        &repository(root.path()).join("snapshots").join(crate::server::COMMIT),
        &model(),
    );
    let fetched = |name: &str| {
        let is_fetch = |r: &&Request| r.method == "GET" && r.path.ends_with(name);
        server.requests().iter().filter(is_fetch).count()
    };
    // A large file is two requests: the hub's, and that to where it lies.
    assert_eq!((fetched("/tokenizer.json"), fetched("/model.safetensors")), (1, 2));
}
