//! What keeps other sites out: who may send a form, and the headers that tell a browser what a page may do.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// No script or style but from files of the board's own, no frame around it, nothing loaded from elsewhere.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(&str, &str); 7] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    // Not no-referrer, with which browsers hide the origin of a form.
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=()",
    ),
];

/// Around every page.
pub async fn guard(request: Request, next: Next) -> Response {
    let mut response = if writes(request.method()) && !from_a_page(request.headers()) {
        (StatusCode::FORBIDDEN, REFUSED).into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("private, no-store"));
    headers.append(header::VARY, HeaderValue::from_static("Cookie"));
    response
}

const REFUSED: &str = "This form was sent by another site, and nothing was done. Open the board and send the form from \
     there. Behind a proxy: it has to pass on the header Host.";

fn writes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a browser sent it from a page of this site. Browsers say so with every form: what says nothing is no browser,
/// and has the REST paths. That another site's name does not stand there the router has seen to.
fn from_a_page(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match text("sec-fetch-site") {
        Some(site) => site == "same-origin",
        // Sent only where the connection is secure.
        None => text("origin").is_some_and(|origin| origin != "null"),
    }
}

/// Whether a stream of events is asked for.
pub fn is_stream(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.starts_with("text/event-stream"))
}

/// Whether the browser came by https, as the form that it sent says.
pub fn is_secure(headers: &HeaderMap) -> bool {
    headers
        .get(header::ORIGIN)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|origin| origin.starts_with("https://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        from_a_page(&headers)
    }

    #[test]
    fn only_pages_of_this_site_send_forms() {
        assert!(asked(&[("sec-fetch-site", "same-origin")]));
        for site in ["cross-site", "same-site", "none", ""] {
            assert!(
                !asked(&[("sec-fetch-site", site), ("origin", "http://a")]),
                "{site}"
            );
        }
        assert!(asked(&[("origin", "http://board:8080")]));
        assert!(!asked(&[("origin", "null")]));
        assert!(!asked(&[]));
    }
}
