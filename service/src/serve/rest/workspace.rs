//! The workspace as a whole.

use crate::database::{Access, repeated};
use crate::error::Failure;
use crate::function::Function;
use crate::serve::App;
use crate::serve::answer::{Answer, Json};
use crate::serve::extract::{Body, Query};
use crate::serve::identity::Caller;
use crate::serve::problem::Problem;
use crate::serve::rest::{BoardPhase, TransitionAttempt};
use crate::serve::tickets_table::Tickets;
use axum::extract::State;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// One row a phase, in their order: how many tickets, since when, open tasks, refused gates.
#[utoipa::path(get, path = "/board", tag = "Workspace",
    responses((status = 200, description = "The phases", body = [BoardPhase])))]
pub async fn board(State(app): State<App>, caller: Caller) -> Answer {
    let rows = repeated(Access::Read, || async {
        let session = app.database().begin(&caller.who, Access::Read).await?;
        let tickets = Tickets::find(&session).await?;
        let sql = format!(
            "SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(b)), '[]')::pg_catalog.text
               FROM {}.phase_board AS b",
            tickets.schema
        );
        session.last(&sql, &[]).await
    })
    .await?;
    match rows.first() {
        Some(row) => Ok(Json::ok(
            row.try_get(0).map_err(|error| Failure::of(&error))?,
        )),
        None => Ok(Json::ok("[]".to_owned())),
    }
}

/// Which tickets are to go on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvanceRequest {
    /// At most so many; else 100.
    #[schema(minimum = 1)]
    max_tickets: Option<i32>,
    /// Only of these phases.
    phases: Option<Vec<String>>,
    /// Who moves them. With keys it is whoever the token names.
    transitioned_by: Option<String>,
}

/// Moves the tickets whose phase is done on to the next one, and asks for the reviews that are missing.
#[utoipa::path(post, path = "/advance", tag = "Workspace", request_body(content = AdvanceRequest),
    responses((status = 200, description = "What was done", body = [TransitionAttempt])))]
pub async fn advance(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<AdvanceRequest>,
) -> Answer {
    let call = Function::new("advance_tickets")
        .maybe("max_tickets", request.max_tickets)
        .maybe("phases", request.phases)
        .maybe("transitioned_by", request.transitioned_by);
    let text = app.rows(&caller.who, Access::Repeatable, &call).await?;
    app.moved(&caller.who);
    Ok(Json::ok(text))
}

/// How the diagram is written.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Format {
    /// mermaid or dot; else mermaid.
    format: Option<String>,
}

/// The phases and the moves between them as a diagram's text.
#[utoipa::path(get, path = "/diagram", tag = "Workspace", params(Format),
    responses((status = 200, description = "The diagram", body = String, content_type = "text/plain")))]
pub async fn diagram(
    State(app): State<App>,
    caller: Caller,
    Query(format): Query<Format>,
) -> Result<String, Problem> {
    let call = Function::new("phase_diagram").maybe("format", format.format);
    let text = app
        .json(
            &caller.who,
            Access::Read,
            &format!("SELECT {}", call.sql()),
            &call,
        )
        .await?;
    Ok(text.unwrap_or_default())
}
