//! The board: pages that the server renders, merged into the router of `phasegate serve`.
//!
//! Pages are read by statements and changed by the extension's functions; no rule of the workflow is written here. A form
//! is answered by a redirection to the page that shows what became of it, or by the page that it was sent from with the
//! database's reasons in place. Scripts only save a reload: they send the same forms and take the same pages.

mod arrange;
mod assets;
mod cards;
mod columns;
mod escape;
mod evidence;
mod filter;
mod guard;
mod history;
mod layout;
mod live;
mod machine;
mod names;
mod new_ticket;
mod page;
mod phase;
mod query;
mod queue;
mod queue_actions;
mod refusal;
mod reviews;
mod sign_in;
mod task;
mod ticket;
mod ticket_actions;
mod visitor;
mod words;

use crate::serve::App;
use axum::Router;
use axum::extract::Request;
use axum::http::Uri;
use axum::middleware::{Next, from_fn};
use axum::routing::{get, post};

/// The board's paths. They know the application by its state: database, identities, settings.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/", get(columns::board))
        .route("/phases/{label}", get(phase::phase))
        .route("/tickets/{id}", get(ticket::ticket))
        .route("/tickets/{id}/{action}", post(ticket_actions::act))
        .route("/new", get(new_ticket::form).post(new_ticket::add))
        .route("/reviews", get(reviews::reviews))
        .route("/reviews/{task}", post(reviews::judge))
        .route("/queue", get(queue::queue).post(queue_actions::act))
        .route("/machine", get(machine::machine))
        .route("/changes", get(live::stream))
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/assets/{version}/{name}", get(assets::asset))
        .layer(from_fn(guard::guard))
}

/// The first page at this path as well.
pub fn home(path: &str) -> Router<App> {
    Router::new()
        .route(path, get(columns::board))
        .layer(from_fn(guard::guard))
        .layer(from_fn(as_first))
}

/// What is asked for is the first page, as the pages below a path prefix know it: without the prefix.
async fn as_first(mut request: Request, next: Next) -> axum::response::Response {
    let place = match request.uri().query() {
        Some(query) => format!("/?{query}"),
        None => "/".to_owned(),
    };
    if let Ok(place) = place.parse::<Uri>() {
        *request.uri_mut() = place;
    }
    next.run(request).await
}
