//! Requests to the hub: who gets the token, which redirects are followed, what a failure means. Not a downloader: no
//! file is written here.

use std::sync::Arc;
use std::time::Duration;

use ureq::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, ETAG, LOCATION, RANGE, RETRY_AFTER};
use ureq::http::{HeaderMap, Method, Response, StatusCode, Uri};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body, Proxy};

use super::cache::{is_commit, is_etag};
use super::settings::{Hub, Patience, Proxies, Token};
use super::url;
use crate::error::Error;

/// Redirects followed for one request; the hub and its content hosts use two.
const MAX_REDIRECTS: usize = 8;

/// Why a request gave nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// No connection, no name, no TLS.
    Unreachable(String),
    /// A server or a transfer that may do better next time, and the pause it asked for.
    Passing(String, Option<Duration>),
    /// Trying again would not help.
    Final(Error),
}

/// What the hub says of a file before it is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Metadata {
    /// The commit that the file belongs to.
    pub(super) commit: String,
    /// The content's name: SHA-256 for large files, git's blob SHA-1 for the others.
    pub(super) etag: String,
    /// In bytes.
    pub(super) size: Option<u64>,
}

/// A client of one hub.
pub(super) struct Client {
    plain: Agent,
    secure: Agent,
    endpoint: String,
    home: Uri,
    token: Option<Token>,
    patience: Patience,
}

impl Client {
    /// # Errors
    ///
    /// [`Error::Setting`] for an endpoint or a proxy that is no HTTP address.
    pub(super) fn new(hub: &Hub) -> Result<Self, Error> {
        let bad = |value: &str| Error::Setting {
            setting: "the hub's address (HF_ENDPOINT)",
            value: value.to_owned(),
            what: "expected http://HOST or https://HOST",
        };
        let home: Uri = hub.endpoint.parse().map_err(|_| bad(&hub.endpoint))?;
        if !matches!(home.scheme_str(), Some("http" | "https")) || home.query().is_some() {
            return Err(bad(&hub.endpoint));
        }
        Ok(Self {
            plain: agent(hub.patience, proxy(hub.proxies.http.as_deref(), &hub.proxies)?, false),
            secure: agent(hub.patience, proxy(hub.proxies.https.as_deref(), &hub.proxies)?, true),
            endpoint: hub.endpoint.clone(),
            home,
            token: hub.token.clone(),
            patience: hub.patience,
        })
    }

    /// The address of a file at a branch or a commit.
    pub(super) fn address(&self, repository: &str, revision: &str, file: &str) -> String {
        format!("{}/{repository}/resolve/{revision}/{file}", self.endpoint)
    }

    /// Asks what the hub knows of a file; `None` if the repository has no such file, or if there is no such repository.
    pub(super) fn metadata(
        &self,
        repository: &str,
        revision: &str,
        file: &str,
    ) -> Result<Option<Metadata>, Error> {
        let address = self.address(repository, revision, file);
        let mut failures = 0;
        loop {
            let failure = match self.try_metadata(&address) {
                Err(failure) => failure,
                Ok(found) => return Ok(found),
            };
            failures += 1;
            self.pause_or_give_up(&address, failures, failure)?;
        }
    }

    /// Sleeps before the next attempt, or turns the failure into an error when it is final or there were too many.
    pub(super) fn pause_or_give_up(
        &self,
        address: &str,
        failures: u32,
        failure: Failure,
    ) -> Result<(), Error> {
        let (limit, reason, asked) = match failure {
            Failure::Final(error) => return Err(error),
            Failure::Unreachable(reason) => (self.patience.attempts.min(Patience::KNOCKS), reason, None),
            Failure::Passing(reason, asked) => (self.patience.attempts, reason, asked),
        };
        tracing::debug!(address, failures, reason, "request failed");
        if failures >= limit {
            return Err(Error::Unreachable { url: url::shown(address), attempts: failures, reason });
        }
        std::thread::sleep(self.patience.pause_after(failures, asked));
        Ok(())
    }

    /// The hub answers for a large file with a redirect to another host that carries the facts, and for the others
    /// itself, perhaps after a redirect to itself; the facts are those of the last answer that gave them.
    fn try_metadata(&self, address: &str) -> Result<Option<Metadata>, Failure> {
        let mut at = parse(address)?;
        let (mut commit, mut etag, mut size) = (None, None, None);
        for _ in 0..MAX_REDIRECTS {
            let response = self.once(&Method::HEAD, &at, 0)?;
            let (status, headers) = (response.status(), response.headers());
            if status == StatusCode::NOT_FOUND {
                return Ok(None);
            }
            commit = text(headers, "x-repo-commit").map(str::to_owned).or(commit);
            etag = text(headers, "x-linked-etag").map(plain_etag).or(etag);
            size = number(headers, "x-linked-size").or(size);
            if status.is_redirection() {
                let next = target(&at, headers)?;
                if url::origin(&next) == url::origin(&at) {
                    at = next;
                    continue;
                }
            } else if status.is_success() {
                etag = etag.or_else(|| text(headers, ETAG.as_str()).map(plain_etag));
                size = size.or_else(|| number(headers, CONTENT_LENGTH.as_str()));
            } else {
                return Err(self.judge(&at, status, headers));
            }
            return checked(address, commit, etag, size).map(Some);
        }
        Err(too_many_redirects(address))
    }

    /// Starts to fetch a file, from byte `from` on, following redirects. The answer is 200, 206 or 416.
    pub(super) fn open(&self, address: &str, from: u64) -> Result<Response<Body>, Failure> {
        let mut at = parse(address)?;
        for _ in 0..MAX_REDIRECTS {
            let response = self.once(&Method::GET, &at, from)?;
            let status = response.status();
            if status.is_redirection() {
                at = target(&at, response.headers())?;
            } else if matches!(status.as_u16(), 200 | 206 | 416) {
                return Ok(response);
            } else {
                return Err(self.judge(&at, status, response.headers()));
            }
        }
        Err(too_many_redirects(address))
    }

    /// One request, redirects not followed. The token goes to the hub's own origin only.
    fn once(&self, method: &Method, at: &Uri, from: u64) -> Result<Response<Body>, Failure> {
        let agent = if at.scheme_str() == Some("https") { &self.secure } else { &self.plain };
        let mut request = if *method == Method::HEAD { agent.head(at) } else { agent.get(at) };
        if let Some(token) = &self.token
            && url::origin(at) == url::origin(&self.home)
        {
            request = request.header(AUTHORIZATION, format!("Bearer {}", token.secret()));
        }
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        request.call().map_err(|error| match error {
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
                Failure::Final(not_a_hub(&at.to_string(), format!("the address can't be used ({error})")))
            }
            ureq::Error::Timeout(timeout) => {
                let reason = format!("no answer within the time limit ({timeout})");
                match timeout {
                    ureq::Timeout::Resolve | ureq::Timeout::Connect => Failure::Unreachable(reason),
                    _ => Failure::Passing(reason, None),
                }
            }
            ureq::Error::Io(ref io) if is_broken(io) => Failure::Passing(error.to_string(), None),
            ureq::Error::Protocol(_) => Failure::Passing(error.to_string(), None),
            error => Failure::Unreachable(error.to_string()),
        })
    }

    /// What a status means that is neither success nor redirect.
    fn judge(&self, at: &Uri, status: StatusCode, headers: &HeaderMap) -> Failure {
        let address = url::shown(&at.to_string());
        if status.is_server_error() || matches!(status.as_u16(), 408 | 429) {
            let asked = number(headers, RETRY_AFTER.as_str()).map(Duration::from_secs);
            return Failure::Passing(format!("{address} answered {status}"), asked);
        }
        let advice = match (status.as_u16(), self.token.is_some()) {
            (401, false) => {
                "there is no such model, or it is private: check the name, or set HF_TOKEN to a token that may read it"
            }
            (401, true) => "the token (HF_TOKEN) is not valid, or the model does not exist: check both",
            (403, false) => {
                "the model's owner restricts it: accept the terms on its page, then set HF_TOKEN to a token that may read it"
            }
            (403, true) => {
                "the token (HF_TOKEN) may not read this model: accept the terms on its page, or use another token"
            }
            (404, _) => "the file is not there (any more): check the name, or try again",
            _ => "this was not expected: check HF_ENDPOINT and any proxy in between",
        };
        Failure::Final(Error::Refused { url: address, status: status.as_u16(), advice: advice.to_owned() })
    }
}

/// The first byte and the whole size that a 206 answer announces.
pub(super) fn content_range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let range = text(headers, CONTENT_RANGE.as_str())?.strip_prefix("bytes ")?;
    let (span, total) = range.split_once('/')?;
    Some((span.split_once('-')?.0.parse().ok()?, total.parse().ok()))
}

/// An error for an answer that no hub gives.
pub(super) fn not_a_hub(address: &str, what: String) -> Error {
    Error::NotAHub { url: url::shown(address), what }
}

fn agent(patience: Patience, proxy: Option<Proxy>, secure: bool) -> Agent {
    let mut config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(proxy)
        .user_agent(concat!("undertone/", env!("CARGO_PKG_VERSION")))
        // The announced size and checksum are of the content itself.
        .accept_encoding("identity")
        .timeout_resolve(Some(patience.connect))
        .timeout_connect(Some(patience.connect))
        .timeout_recv_response(Some(patience.stall))
        .timeout_per_read(Some(patience.stall))
        .timeout_per_write(Some(patience.stall));
    if secure {
        config = config.tls_config(TlsConfig::builder().root_certs(roots()).build());
    }
    config.build().new_agent()
}

/// The certificates that the system trusts, a company's own included; where it has none (a bare container), Mozilla's,
/// which are built in.
fn roots() -> RootCerts {
    let system = rustls_native_certs::load_native_certs();
    if system.certs.is_empty() {
        return RootCerts::WebPki;
    }
    let certificates = system.certs.iter().map(|certificate| Certificate::from_der(certificate).to_owned());
    RootCerts::Specific(Arc::new(certificates.collect()))
}

fn proxy(address: Option<&str>, proxies: &Proxies) -> Result<Option<Proxy>, Error> {
    let Some(address) = address else { return Ok(None) };
    // The value may hold a password, so the message leaves it out.
    let bad = |what| Error::Setting { setting: "the proxy", value: "(not shown)".to_owned(), what };
    let parsed = Proxy::new(address).map_err(|_| bad("expected http://HOST:PORT"))?;
    if !matches!(parsed.protocol(), ureq::ProxyProtocol::Http | ureq::ProxyProtocol::Https) {
        return Err(bad("only http:// and https:// proxies are understood"));
    }
    let mut builder = Proxy::builder(parsed.protocol()).host(parsed.host()).port(parsed.port());
    if let Some(user) = parsed.username() {
        builder = builder.username(user);
    }
    if let Some(password) = parsed.password() {
        builder = builder.password(password);
    }
    for host in &proxies.direct {
        builder = builder.no_proxy(host);
        if !host.starts_with(['.', '*']) {
            builder = builder.no_proxy(&format!(".{host}"));
        }
    }
    builder.build().map(Some).map_err(|_| bad("expected http://HOST:PORT"))
}

/// Errors of a connection that was there; what is left means that it never was.
fn is_broken(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::InvalidData
    )
}

fn parse(address: &str) -> Result<Uri, Failure> {
    address.parse().map_err(|_| Failure::Final(not_a_hub(address, "the address can't be read".to_owned())))
}

/// Where a redirect leads. From TLS to plain HTTP is not followed.
fn target(at: &Uri, headers: &HeaderMap) -> Result<Uri, Failure> {
    let refuse = |what: &str| Failure::Final(not_a_hub(&at.to_string(), what.to_owned()));
    let location = text(headers, LOCATION.as_str()).ok_or_else(|| refuse("a redirect without an address"))?;
    let next =
        url::join(at, location).ok_or_else(|| refuse("a redirect to an address that can't be read"))?;
    if at.scheme_str() == Some("https") && next.scheme_str() == Some("http") {
        return Err(refuse("a redirect from https to http"));
    }
    Ok(next)
}

fn too_many_redirects(address: &str) -> Failure {
    Failure::Final(not_a_hub(address, format!("more than {MAX_REDIRECTS} redirects")))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    text(headers, name)?.trim().parse().ok()
}

/// An etag without its quotes and its mark of weakness.
fn plain_etag(etag: &str) -> String {
    let etag = etag.trim();
    etag.strip_prefix("W/").unwrap_or(etag).trim_matches('"').to_owned()
}

fn checked(
    address: &str,
    commit: Option<String>,
    etag: Option<String>,
    size: Option<u64>,
) -> Result<Metadata, Failure> {
    let refuse = |what: &str| Failure::Final(not_a_hub(address, what.to_owned()));
    let commit = commit.filter(|commit| is_commit(commit)).ok_or_else(|| refuse("it names no commit"))?;
    let etag = etag.filter(|etag| is_etag(etag)).ok_or_else(|| refuse("it names no usable etag"))?;
    Ok(Metadata { commit, etag, size })
}

#[cfg(test)]
mod tests {
    use ureq::http::HeaderMap;

    use super::{content_range, plain_etag, proxy};
    use crate::models::settings::Proxies;

    #[test]
    fn etags_and_ranges_are_read() {
        assert_eq!(plain_etag("W/\"abc\""), "abc");
        assert_eq!(plain_etag("\"abc\""), "abc");
        let range = |value: &str| {
            content_range(&HeaderMap::from_iter([("content-range".parse().unwrap(), value.parse().unwrap())]))
        };
        assert_eq!(range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(range("bytes 5-9/*"), Some((5, None)));
        assert_eq!(range("bytes x-9/10"), None);
        assert_eq!(range("items 5-9/10"), None);
    }

    #[test]
    fn proxies_are_checked_and_spare_the_direct_hosts() {
        let proxies = Proxies { direct: vec!["example.org".into(), ".inner".into()], ..Proxies::default() };
        let proxy_of = |address| proxy(Some(address), &proxies);
        let found = proxy_of("http://user:pw@proxy:3128").unwrap().unwrap();
        assert_eq!((found.host(), found.port(), found.username()), ("proxy", 3128, Some("user")));
        for (address, direct) in [
            ("http://example.org/x", true),
            ("http://a.example.org/x", true),
            ("http://a.inner/x", true),
            ("http://example.com/x", false),
        ] {
            assert_eq!(found.is_no_proxy(&address.parse().unwrap()), direct, "{address}");
        }
        let message = proxy_of("socks5://user:secret@proxy").unwrap_err().to_string();
        assert!(message.contains("http://") && !message.contains("secret"), "{message}");
    }
}
