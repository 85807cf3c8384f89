//! A model hub on loopback that can misbehave in every way that a test asks for. Not a general HTTP server: one request
//! a connection, no keep-alive.

use std::collections::HashMap;
use std::fmt::{Display, Write as _};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use sha1::Digest as _;

pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
pub const MODEL: &str = "owner/model";

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    headers: HashMap<String, String>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The first byte asked for, of a request for a range.
    pub fn from(&self) -> Option<usize> {
        self.header("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    }

    fn is_get_of(&self, file: &str) -> bool {
        self.method == "GET" && self.path.ends_with(&format!("/{file}"))
    }
}

/// How the body of an answer ends.
#[derive(Debug, Clone, Copy)]
pub enum End {
    Whole,
    /// The connection closes after so many bytes.
    Drop(usize),
    /// Nothing more comes after so many bytes, until the client leaves.
    Stall(usize),
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub end: End,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: b"an answer".to_vec(), end: End::Whole }
    }

    pub fn bytes(body: &[u8]) -> Self {
        Self { body: body.to_vec(), ..Self::status(200) }
    }

    pub fn with(mut self, name: &str, value: impl Display) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    pub fn ending(self, end: End) -> Self {
        Self { end, ..self }
    }

    /// The part from `from` on, as a server that honours ranges answers.
    pub fn range(body: &[u8], from: usize) -> Self {
        let range = format!("bytes {from}-{}/{}", body.len() - 1, body.len());
        Self { status: 206, ..Self::bytes(&body[from..]) }.with("Content-Range", range)
    }
}

/// A file of the repository.
#[derive(Debug, Clone)]
pub struct Stored {
    pub name: &'static str,
    pub bytes: Vec<u8>,
    /// Kept on another host under its SHA-256, as large files are.
    pub large: bool,
}

impl Stored {
    pub fn etag(&self) -> String {
        if self.large { hex(&sha2::Sha256::digest(&self.bytes)) } else { git_sha1(&self.bytes) }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn git_sha1(bytes: &[u8]) -> String {
    let mut hash = sha1::Sha1::new();
    hash.update(format!("blob {}\0", bytes.len()));
    hash.update(bytes);
    hex(&hash.finalize())
}

/// Bytes that repeat at no short distance, so that a piece in the wrong place shows.
pub fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// The files of a small whole model.
pub fn model() -> Vec<Stored> {
    let small = |name, text: &str| Stored { name, bytes: text.as_bytes().to_vec(), large: false };
    vec![
        small("config.json", "{\"d_model\": 8}"),
        small("tokenizer.json", "{\"model\": {}}"),
        small("generation_config.json", "{}"),
        Stored { name: "model.safetensors", bytes: bytes(300_000, 1), large: true },
    ]
}

type Twist = dyn Fn(&Request, usize) -> Option<Reply> + Send + Sync;

/// A running server; it stops when this is dropped.
pub struct Server {
    pub address: String,
    requests: Arc<Mutex<Vec<Request>>>,
    stopped: Arc<AtomicBool>,
}

impl Server {
    /// Serves `files` as the repository [`MODEL`]. `twist` sees each request first, with the number of requests of its
    /// kind (method and path) before it, and may answer instead.
    pub fn start(
        files: Vec<Stored>,
        twist: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = format!("http://{}", listener.local_addr().expect("it is bound"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let stopped = Arc::new(AtomicBool::new(false));
        let shared: (Arc<Vec<Stored>>, Arc<Twist>) = (Arc::new(files), Arc::new(twist));
        let (log, stop, home) = (requests.clone(), stopped.clone(), address.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let (files, twist) = shared.clone();
                let (log, home) = (log.clone(), home.clone());
                std::thread::spawn(move || {
                    let mut reader = BufReader::new(stream);
                    let Some(request) = read_request(&mut reader) else { return };
                    let before = {
                        let mut log = log.lock().unwrap();
                        let same =
                            |seen: &&Request| seen.method == request.method && seen.path == request.path;
                        let before = log.iter().filter(same).count();
                        log.push(request.clone());
                        before
                    };
                    let reply = twist(&request, before).unwrap_or_else(|| serve(&files, &home, &request));
                    send(reader.into_inner(), &request, &reply);
                });
            }
        });
        Self { address, requests, stopped }
    }

    /// A server that behaves.
    pub fn well_behaved() -> Self {
        Self::start(model(), |_, _| None)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The requests that fetched this file from where it lies.
    pub fn fetches(&self, file: &str) -> Vec<Request> {
        self.requests().into_iter().filter(|r| r.is_get_of(file) && r.path.starts_with("/content/")).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the listener, which then ends and closes its port.
        let _ = TcpStream::connect(self.address.trim_start_matches("http://"));
    }
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    Some(Request { method, path, headers })
}

fn serve(files: &[Stored], home: &str, request: &Request) -> Reply {
    let name = request.path.rsplit('/').next().unwrap_or_default();
    let Some(file) = files.iter().find(|file| file.name == name) else {
        return Reply::status(404).with("X-Error-Code", "EntryNotFound");
    };
    if request.path.starts_with("/content/") || (request.method == "GET" && !file.large) {
        return match request.from() {
            Some(from) => Reply::range(&file.bytes, from),
            None => Reply::bytes(&file.bytes),
        };
    }
    if !request.path.starts_with(&format!("/{MODEL}/resolve/")) {
        return Reply::status(404);
    }
    let etag = format!("\"{}\"", file.etag());
    if file.large {
        Reply::status(302)
            .with("Location", format!("{}/content/{name}", home.replace("127.0.0.1", "localhost")))
            .with("X-Linked-Etag", etag)
            .with("X-Linked-Size", file.bytes.len())
            .with("X-Repo-Commit", COMMIT)
    } else {
        Reply::bytes(&file.bytes).with("ETag", etag).with("X-Repo-Commit", COMMIT)
    }
}

fn send(mut stream: TcpStream, request: &Request, reply: &Reply) {
    let mut head = format!("HTTP/1.1 {} Status\r\nConnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if !reply.headers.iter().any(|(name, _)| name == "Content-Length") {
        let _ = write!(head, "Content-Length: {}\r\n", reply.body.len());
    }
    head += "\r\n";
    // A client that leaves early is no failure of the server.
    let _ = stream.write_all(head.as_bytes());
    if request.method == "HEAD" {
        return;
    }
    let (End::Drop(sent) | End::Stall(sent)) = reply.end else {
        let _ = stream.write_all(&reply.body);
        return;
    };
    let _ = stream.write_all(&reply.body[..sent]);
    if matches!(reply.end, End::Stall(_)) {
        let _ = stream.read(&mut [0]);
    }
}
