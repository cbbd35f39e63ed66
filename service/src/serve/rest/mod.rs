//! The REST paths. Each is one transaction that calls one of the extension's functions, and what that answers.

mod artifacts;
mod claims;
mod context;
mod gates;
mod health;
pub use health::{health, ready};
pub mod reviews;
mod schema;
pub mod tasks;
mod tickets;
mod transitions;
mod workspace;

pub use schema::*;

use crate::serve::App;
use crate::serve::problem::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The paths below `/api/v1`, with their description.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(tickets::list, tickets::create))
        .routes(routes!(tickets::read))
        .routes(routes!(transitions::transition))
        .routes(routes!(transitions::block))
        .routes(routes!(transitions::unblock))
        .routes(routes!(transitions::ways))
        .routes(routes!(transitions::history))
        .routes(routes!(gates::validate))
        .routes(routes!(gates::status))
        .routes(routes!(artifacts::add))
        .routes(routes!(context::read))
        .routes(routes!(context::summary))
        .routes(routes!(context::update))
        .routes(routes!(tasks::generate))
        .routes(routes!(tasks::templates))
        .routes(routes!(tasks::list))
        .routes(routes!(tasks::read))
        .routes(routes!(claims::claim))
        .routes(routes!(claims::start))
        .routes(routes!(claims::heartbeat))
        .routes(routes!(claims::complete))
        .routes(routes!(claims::complete_many))
        .routes(routes!(claims::fail))
        .routes(routes!(tasks::cancel))
        .routes(routes!(tasks::retry))
        .routes(routes!(reviews::list))
        .routes(routes!(reviews::approve))
        .routes(routes!(reviews::reject))
        .routes(routes!(workspace::board))
        .routes(routes!(workspace::diagram))
        .routes(routes!(workspace::advance))
        .routes(routes!(health::health))
        .routes(routes!(health::ready))
}

/// How many rows a page has, from what was asked for.
pub fn page(limit: Option<i32>, usual: i32) -> Result<i32, Problem> {
    let limit = limit.unwrap_or(usual);
    if (1..=1000).contains(&limit) {
        Ok(limit)
    } else {
        Err(Problem::invalid(
            "invalid_query",
            format!("limit: {limit} is not between 1 and 1000"),
        ))
    }
}
