//! The little arithmetic on addresses that redirects need. Not a URL parser: that is the HTTP library's.

use ureq::http::Uri;

/// Scheme, host and port: what decides who may see the token.
pub(super) fn origin(uri: &Uri) -> Option<(String, String, u16)> {
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    let port = uri.port_u16().or(match scheme.as_str() {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    })?;
    Some((scheme, uri.host()?.to_ascii_lowercase(), port))
}

/// The address that `location` means, seen from `at` (RFC 3986, section 5.2, without dot segments, which servers
/// resolve); `None` if it is not one for HTTP.
pub(super) fn join(at: &Uri, location: &str) -> Option<Uri> {
    let scheme = at.scheme_str()?;
    let authority = at.authority()?.as_str();
    // Everything after '#' is for browsers.
    let location = location.split('#').next()?;
    let scheme_end = location.find(':').filter(|&end| !location[..end].contains(['/', '?']));
    let joined = if scheme_end.is_some() {
        location.to_owned()
    } else if let Some(rest) = location.strip_prefix("//") {
        format!("{scheme}://{rest}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else {
        let folder = &at.path()[..=at.path().rfind('/').unwrap_or(0)];
        format!("{scheme}://{authority}{folder}{location}")
    };
    let uri: Uri = joined.parse().ok()?;
    (matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()).then_some(uri)
}

/// The address for a message, without its query: content hosts put signatures there.
pub(super) fn shown(address: &str) -> String {
    address.split('?').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{join, origin, shown};

    #[test]
    fn locations_are_joined() {
        let at = "https://hub.example:8443/o/r/resolve/main/f?x=1".parse().unwrap();
        for (location, expected) in [
            ("/api/f?y", "https://hub.example:8443/api/f?y"),
            ("g", "https://hub.example:8443/o/r/resolve/main/g"),
            ("//cdn.example/f", "https://cdn.example/f"),
            ("http://cdn.example/f?sig=a:b/c#top", "http://cdn.example/f?sig=a:b/c"),
            ("/f?next=http://x", "https://hub.example:8443/f?next=http://x"),
        ] {
            assert_eq!(join(&at, location).unwrap().to_string(), expected);
        }
        for odd in ["ftp://x/f", "mailto:x", "http://", "http://a b/", "javascript:alert(1)"] {
            assert!(join(&at, odd).is_none(), "{odd}");
        }
    }

    #[test]
    fn origins_know_default_ports_and_case() {
        let of = |address: &str| origin(&address.parse().unwrap());
        assert_eq!(of("https://Hub.example/a"), of("https://hub.example:443/b"));
        assert_ne!(of("https://hub.example/"), of("http://hub.example/"));
        assert_ne!(of("http://hub.example:1/"), of("http://hub.example:2/"));
        assert_ne!(of("http://hub.example/"), of("http://hub.example.org/"));
    }

    #[test]
    fn signatures_are_not_shown() {
        assert_eq!(shown("https://cdn/f?signature=1"), "https://cdn/f");
    }
}
