//! Who looks at a page: whoever the key in their browser's cookie names. Who has none is asked to sign in.

use super::guard;
use super::page::{self, encoded};
use super::refusal::Answer;
use crate::database::Who;
use crate::serve::App;
use crate::serve::identity::{COOKIE, Caller};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Who looks at a page.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// What is set in the transaction.
    pub who: Who,
    /// The name to show, where the key has one.
    pub name: Option<String>,
    /// Whether a key was sent.
    pub signed_in: bool,
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Visitor, Response> {
        let signed_in = has_cookie(&parts.headers);
        // A page acts in the workspace of its key, or of the program: no page sends this header.
        parts.headers.remove("x-workspace");
        match Caller::from_request_parts(parts, app).await {
            Ok(caller) => Ok(Visitor {
                who: caller.who,
                name: caller.name,
                signed_in,
            }),
            Err(refused) => {
                // Pages are for people; the stream's reader takes the status alone.
                if refused.status().is_server_error() && !guard::is_stream(&parts.headers) {
                    return Err(page::told(app, Answer::unavailable(&refused)));
                }
                let refused = refused.into_response();
                let asks = refused.status() == StatusCode::UNAUTHORIZED
                    || (signed_in && refused.status().is_client_error());
                if asks && parts.method == Method::GET && !guard::is_stream(&parts.headers) {
                    let wanted = parts
                        .uri
                        .path_and_query()
                        .map_or("/", |wanted| wanted.as_str());
                    // The router of a path prefix has taken it off.
                    let place = format!("/sign-in?next={}", encoded(wanted));
                    return Err(page::see_other(app, &place));
                }
                if asks && parts.method == Method::POST {
                    return Err(page::signed_out(app));
                }
                Err(refused)
            }
        }
    }
}

/// Whether the browser keeps a key.
fn has_cookie(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .any(|(name, value)| name == COOKIE && !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_key_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        assert!(!has_cookie(&headers));
        for (cookies, has) in [
            ("a=b; phasegate_token=x.y=", true),
            ("phasegate_tokens=z", false),
            ("phasegate_token=", false),
        ] {
            headers.insert(header::COOKIE, HeaderValue::from_static(cookies));
            assert_eq!(has_cookie(&headers), has, "{cookies}");
        }
    }
}
