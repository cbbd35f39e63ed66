//! Signing in: the key goes into a cookie that scripts cannot read and other sites cannot send.

use super::guard;
use super::page::{self, Page, send};
use super::refusal::Answer;
use crate::serve::App;
use crate::serve::identity::{COOKIE, Caller};
use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// Browsers keep no longer cookies.
const LONGEST_KEY: usize = 3800;

/// Where to after signing in.
#[derive(Deserialize)]
pub struct Wanted {
    #[serde(default)]
    next: String,
}

/// The form.
#[derive(Deserialize)]
pub struct Sent {
    #[serde(default)]
    key: String,
    #[serde(default)]
    next: String,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    page: Page,
    next: String,
}

/// `GET /sign-in`
pub async fn show(State(app): State<App>, Query(wanted): Query<Wanted>) -> Response {
    form(&app, &wanted.next, None)
}

fn form(app: &App, next: &str, answer: Option<Answer>) -> Response {
    let page = Page::bare(app, "Sign in").answered(answer);
    send(
        page.status(),
        &SignIn {
            page,
            next: within(next).to_owned(),
        },
    )
}

/// `POST /sign-in`
pub async fn sign_in(
    State(app): State<App>,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Response {
    let key = sent.key.trim();
    let refused = |title: &str| {
        let reasons = vec![
            "Copy it as a whole. Who runs this board has a new one where it has expired."
                .to_owned(),
        ];
        form(
            &app,
            &sent.next,
            Some(Answer::told(StatusCode::UNAUTHORIZED, title).because(reasons)),
        )
    };
    // What a cookie can hold; every key is made of these.
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._~+/=:".contains(c);
    if key.is_empty() || key.len() > LONGEST_KEY || !key.chars().all(fits) {
        return refused("This is no key");
    }
    match Caller::of_token(&app, key).await {
        Ok(_) => {}
        // The key may well be good: the database was not asked.
        Err(problem) if problem.status().is_server_error() => {
            return form(&app, &sent.next, Some(Answer::unavailable(&problem)));
        }
        Err(_) => return refused("The key is not known, or has expired"),
    }
    let cookie = cookie(&app, key, guard::is_secure(&headers), None);
    with_cookie(page::see_other(&app, within(&sent.next)), &cookie)
}

/// `POST /sign-out`
pub async fn sign_out(State(app): State<App>, headers: HeaderMap) -> Response {
    let cookie = cookie(&app, "", guard::is_secure(&headers), Some(0));
    with_cookie(page::see_other(&app, "/sign-in"), &cookie)
}

fn cookie(app: &App, key: &str, secure: bool, age: Option<u32>) -> String {
    let path = if app.prefix().is_empty() {
        "/"
    } else {
        app.prefix()
    };
    let mut cookie = format!("{COOKIE}={key}; Path={path}; HttpOnly; SameSite=Lax");
    if secure {
        cookie.push_str("; Secure");
    }
    if let Some(age) = age {
        cookie.push_str(&format!("; Max-Age={age}"));
    }
    cookie
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    match HeaderValue::from_str(cookie) {
        Ok(value) => {
            response.headers_mut().append(header::SET_COOKIE, value);
            response
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A path of the board's own; anything that a browser could take for another site is the board's first page.
fn within(next: &str) -> &str {
    let own = next.starts_with('/')
        && !next.starts_with("//")
        && !next.starts_with("/sign-in")
        && next
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if own { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn only_paths_of_the_board_are_gone_on_to() {
        for own in ["/", "/tickets/1", "/queue?status=failed&after=x"] {
            assert_eq!(within(own), own);
        }
        for other in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "\\\\evil",
            "/\t/evil",
            "javascript:1",
            "/sign-in",
            "é",
        ] {
            assert_eq!(within(other), "/", "{other}");
        }
    }
}
