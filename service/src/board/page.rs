//! What all pages have in common: the bar above them, the answer to a form, and the headers they are sent with.

use super::names::{Names, Rights};
use super::query::Reading;
use super::refusal::Answer;
use super::visitor::Visitor;
use crate::error::Failure;
use crate::serve::App;
use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Where in the board a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The columns, one of them, and a ticket.
    Board,
    /// The reviews that wait.
    Reviews,
    /// The tasks.
    Queue,
    /// The state machine.
    Machine,
    /// None of them.
    Elsewhere,
}

/// What a page knows besides its contents. Templates call it `page`.
pub struct Page {
    /// What stands before every path.
    pub base: String,
    /// What the browser's window is called.
    pub title: String,
    /// Where in the board it is.
    pub place: Place,
    /// The workspace's name.
    pub workspace: String,
    /// The name that is recorded of what the caller does.
    pub me: String,
    /// The role that acts.
    pub role: String,
    /// The database's clock.
    pub now: f64,
    /// Tells this state of the workspace from later ones.
    pub mark: String,
    /// Reviews that wait; at most 100 are counted.
    pub reviews: i64,
    /// What the caller may do.
    pub may: Rights,
    /// Whether there is somebody to sign out.
    pub signed_in: bool,
    /// What the form that was sent was answered.
    pub answer: Option<Answer>,
    /// Tells the assets of this build from those of others.
    pub version: &'static str,
}

impl Page {
    /// The frame of a page of the board.
    pub fn new(
        app: &App,
        visitor: &Visitor,
        names: &Names,
        place: Place,
        title: impl Into<String>,
    ) -> Page {
        Page {
            base: app.prefix().to_owned(),
            title: title.into(),
            place,
            workspace: names.workspace().to_owned(),
            me: visitor
                .name
                .clone()
                .unwrap_or_else(|| names.me().to_owned()),
            role: names.role().to_owned(),
            now: names.now(),
            mark: names.mark().to_owned(),
            reviews: names.reviews(),
            may: names.may(),
            signed_in: visitor.signed_in,
            answer: None,
            version: super::assets::version(),
        }
    }

    /// The frame of a page that stands before or outside the workspace.
    pub fn bare(app: &App, title: impl Into<String>) -> Page {
        Page {
            base: app.prefix().to_owned(),
            title: title.into(),
            place: Place::Elsewhere,
            workspace: String::new(),
            me: String::new(),
            role: String::new(),
            now: 0.0,
            mark: String::new(),
            reviews: 0,
            may: Rights::default(),
            signed_in: false,
            answer: None,
            version: super::assets::version(),
        }
    }

    /// With the answer to a form.
    pub fn answered(mut self, answer: Option<Answer>) -> Page {
        self.answer = answer;
        self
    }

    /// The status that says what became of a form.
    pub fn status(&self) -> StatusCode {
        self.answer
            .as_ref()
            .map_or(StatusCode::OK, |answer| answer.status)
    }

    /// What the bar says of one of its links.
    pub fn current(&self, place: &str) -> &'static str {
        let here = match self.place {
            Place::Board => "board",
            Place::Reviews => "reviews",
            Place::Queue => "queue",
            Place::Machine => "machine",
            Place::Elsewhere => return "false",
        };
        if here == place { "page" } else { "false" }
    }

    /// The address of the first page.
    pub fn home(&self) -> &str {
        if self.base.is_empty() {
            "/"
        } else {
            &self.base
        }
    }

    /// Whether there is a workspace to go about in.
    pub fn has_workspace(&self) -> bool {
        !self.workspace.is_empty()
    }

    /// Reviews that wait, as the bar says it.
    pub fn reviews_in_words(&self) -> String {
        if self.reviews >= 100 {
            "99+".to_owned()
        } else {
            self.reviews.to_string()
        }
    }
}

/// A page as it is sent. It is about what this visitor may see, so nobody keeps it.
pub fn send(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => {
            let mut response = (status, text).into_response();
            let headers = response.headers_mut();
            headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/html; charset=utf-8"),
            );
            response
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The page of an error.
#[derive(Template)]
#[template(path = "trouble.html")]
struct Trouble {
    page: Page,
    answer: Answer,
}

/// Why a page could not be shown.
pub fn trouble(app: &App, failure: &Failure) -> Response {
    let answer = Answer::of(failure);
    let page = Page::bare(app, answer.title.clone());
    send(answer.status, &Trouble { page, answer })
}

/// There is no such page.
pub fn not_found(app: &App, what: &str) -> Response {
    told(app, Answer::told(StatusCode::NOT_FOUND, what))
}

/// An answer as a page of its own.
pub fn told(app: &App, answer: Answer) -> Response {
    let page = Page::bare(app, answer.title.clone());
    send(answer.status, &Trouble { page, answer })
}

/// Whoever sends a form has no key any more. The form is not lost: the browser sends it again with a reload.
pub fn signed_out(app: &App) -> Response {
    let answer = Answer::told(
        StatusCode::UNAUTHORIZED,
        "You are signed out, and nothing was done",
    )
    .because(vec![
        "Sign in in another window, then reload this page: the browser sends again what you typed."
            .to_owned(),
    ]);
    told(app, answer)
}

/// A transaction in which a page is read, with the names.
pub async fn read(app: &App, visitor: &Visitor) -> Result<(Reading, Names), Failure> {
    let reading = Reading::begin(app, &visitor.who).await?;
    let names = Names::ask(&reading).await?;
    Ok((reading, names))
}

/// To another page, which is asked for by GET.
pub fn see_other(app: &App, path: &str) -> Response {
    // Below a prefix the first page has no slash at its end.
    let path = if path == "/" && !app.prefix().is_empty() {
        ""
    } else {
        path
    };
    let place = format!("{}{path}", app.prefix());
    match HeaderValue::from_str(&place) {
        Ok(place) => (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A value within a path or a query.
pub fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    #[test]
    fn values_in_paths_are_encoded() {
        assert_eq!(super::encoded("A_b-1"), "A_b-1");
        assert_eq!(super::encoded("a/b ?é"), "a%2Fb%20%3F%C3%A9");
    }
}
