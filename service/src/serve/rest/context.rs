//! What the phases hand on.

use crate::database::{Access, repeated};
use crate::function::Function;
use crate::serve::App;
use crate::serve::answer::{Answer, Json};
use crate::serve::extract::{Body, Id, Query};
use crate::serve::identity::Caller;
use crate::serve::rest::gates::PhaseRequest;
use crate::serve::rest::{Context, ContextSummary};
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

/// The ticket's whole context.
#[utoipa::path(get, path = "/tickets/{id}/context", tag = "Context",
    params(("id" = Uuid, Path, description = "The ticket")),
    responses((status = 200, description = "The context", body = Context)))]
pub async fn read(State(app): State<App>, caller: Caller, Id(id): Id) -> Answer {
    let call = Function::new("ticket_context").with("ticket_id", id);
    Ok(Json::ok(app.row(&caller.who, Access::Read, &call).await?))
}

/// How long a summary may be.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Budget {
    /// At most so many tokens.
    #[param(minimum = 1, default = 2000)]
    max_tokens: Option<i32>,
}

/// What the ticket's present phase needs to know of the phases before it, within a budget of tokens.
#[utoipa::path(get, path = "/tickets/{id}/context-summary", tag = "Context",
    params(("id" = Uuid, Path, description = "The ticket"), Budget),
    responses((status = 200, description = "The summary", body = ContextSummary)))]
pub async fn summary(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Query(budget): Query<Budget>,
) -> Answer {
    let call = Function::new("context_summary")
        .with("ticket_id", id)
        .maybe("max_tokens", budget.max_tokens);
    let sql = format!(
        "SELECT pg_catalog.jsonb_build_object('summary', s.summary,
                  'tokens', coalesce(phasegate.count_tokens(s.summary), 0))::pg_catalog.text FROM {} AS s (summary)",
        call.sql()
    );
    let text = app.json(&caller.who, Access::Read, &sql, &call).await?;
    Ok(Json::ok(text.unwrap_or_else(|| "null".to_owned())))
}

/// Folds what the phase has produced so far into the ticket's context, and gives that.
#[utoipa::path(post, path = "/tickets/{id}/update-context", tag = "Context",
    params(("id" = Uuid, Path, description = "The ticket")), request_body(content = PhaseRequest),
    responses((status = 200, description = "The context", body = Context)))]
pub async fn update(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(request): Body<PhaseRequest>,
) -> Answer {
    let access = Access::Repeatable;
    let call = Function::new("update_ticket_context")
        .with("ticket_id", id)
        .maybe("phase_id", request.phase_id);
    let after = Function::new("ticket_context").with("ticket_id", id);
    let rows = repeated(access, || async {
        let session = app.database().begin(&caller.who, access).await?;
        session
            .query(&format!("SELECT {}", call.sql()), &call.params())
            .await?;
        session.last(&after.as_row(), &after.params()).await
    })
    .await?;
    match rows.first() {
        Some(row) => Ok(Json::ok(
            row.try_get(0)
                .map_err(|error| crate::error::Failure::of(&error))?,
        )),
        None => Ok(Json::ok("null".to_owned())),
    }
}
