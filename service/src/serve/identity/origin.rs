//! Requests that a browser sends for another page: refused before anything else looks at them.

use crate::serve::App;
use crate::serve::problem::Problem;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Refuses what another site's page makes a browser send, and, where nobody has to sign in, names that are not ours:
/// another site's name may be made to lead to this machine.
pub async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if !app.identities().have_keys() && !host(headers).is_none_or(is_local) {
        return Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "host_not_allowed",
            "this name is not served",
        )
        .detail("Without keys only names of this machine are served, such as localhost.")
        .into_response();
    }
    let reads = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if !reads && is_foreign(headers, app.origins()) {
        return Problem::new(
            StatusCode::FORBIDDEN,
            "cross_site",
            "another site's page may not send this",
        )
        .into_response();
    }
    next.run(request).await
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
}

/// Whether the name, with or without a port, is one of the machine's own.
fn is_local(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Whether a browser says that another site's page sends the request.
fn is_foreign(headers: &HeaderMap, ours: &[String]) -> bool {
    let text = |name: &str| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or("null"))
    };
    let origin = text("origin");
    if origin.is_some_and(|origin| {
        ours.iter()
            .any(|known| known.trim_end_matches('/') == origin)
    }) {
        return false;
    }
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return true;
    }
    origin.is_some_and(|origin| {
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        authority.is_none() || authority != host(headers)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_machine_are_local() {
        for name in [
            "localhost",
            "LOCALHOST:80",
            "127.0.0.1:8080",
            "[::1]:8080",
            "a.localhost",
            "127.1.2.3",
        ] {
            assert!(is_local(name), "{name}");
        }
        for name in [
            "example.org",
            "localhost.example.org",
            "192.168.0.1",
            "",
            "[fe80::1]",
        ] {
            assert!(!is_local(name), "{name}");
        }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn pages_of_other_sites_are_told_by_what_browsers_say() {
        let ours = ["https://board.example.org".to_owned()];
        for (pairs, foreign) in [
            (&[("host", "a:1")][..], false),
            (&[("host", "a:1"), ("origin", "http://a:1")], false),
            (&[("host", "a:1"), ("origin", "http://a:2")], true),
            (&[("host", "a:1"), ("origin", "null")], true),
            (&[("host", "a:1"), ("sec-fetch-site", "same-origin")], false),
            (&[("host", "a:1"), ("sec-fetch-site", "same-site")], true),
            (&[("host", "a:1"), ("sec-fetch-site", "cross-site")], true),
            (
                &[("host", "a:1"), ("origin", "https://board.example.org")],
                false,
            ),
        ] {
            assert_eq!(is_foreign(&headers(pairs), &ours), foreign, "{pairs:?}");
        }
    }
}
