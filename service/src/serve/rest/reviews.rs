//! Reviews by people: those in the queue, and verdicts on them.

use crate::database::{Access, repeated};
use crate::error::Failure;
use crate::serve::App;
use crate::serve::answer::{Answer, Json};
use crate::serve::extract::{Body, Id, Query};
use crate::serve::identity::Caller;
use crate::serve::rest::tasks::list_sql;
use crate::serve::rest::tickets::not_found;
use crate::serve::rest::{Review, Task, page};
use crate::serve::tickets_table::Tickets;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_postgres::types::Type;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which reviews are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReviewFilter {
    /// Those of this ticket.
    ticket_id: Option<Uuid>,
    /// Those with a later id than this one: the last of the page before.
    after: Option<Uuid>,
    /// How many at most.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<i32>,
}

/// The reviews that wait for a verdict, a page at a time.
#[utoipa::path(get, path = "/reviews", tag = "Reviews", params(ReviewFilter),
    responses((status = 200, description = "The reviews", body = [Review])))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(filter): Query<ReviewFilter>,
) -> Answer {
    let limit = i64::from(page(filter.limit, 50)?);
    let rows = repeated(Access::Read, || async {
        let session = app.database().begin(&caller.who, Access::Read).await?;
        let tickets = Tickets::find(&session).await?;
        let condition = "k.kind = 'review' AND k.status OPERATOR(pg_catalog.=) ANY ('{pending,assigned,running}') \
                         AND ($1 IS NULL OR k.ticket_id = $1) AND ($2 IS NULL OR k.id > $2)";
        let sql = list_sql(&tickets, condition, "$3");
        session
            .last(&sql, &[(&filter.ticket_id, Type::UUID), (&filter.after, Type::UUID), (&limit, Type::INT8)])
            .await
    })
    .await?;
    match rows.first() {
        Some(row) => Ok(Json::ok(
            row.try_get(0).map_err(|error| Failure::of(&error))?,
        )),
        None => Ok(Json::ok("[]".to_owned())),
    }
}

/// An approval.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveRequest {
    /// What the reviewer says.
    feedback: Option<String>,
    /// Who reviews; else the role. With keys it is whoever the token names.
    reviewer: Option<String>,
}

/// A rejection.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectRequest {
    /// What is to be done.
    feedback: Option<String>,
    /// Why, one sentence each.
    blocking_reasons: Vec<String>,
    /// Who reviews; else the role. With keys it is whoever the token names.
    reviewer: Option<String>,
}

/// Approves.
#[utoipa::path(post, path = "/reviews/{id}/approve", tag = "Reviews",
    params(("id" = Uuid, Path, description = "The review's task")), request_body(content = ApproveRequest),
    responses((status = 200, description = "The review's task", body = Task)))]
pub async fn approve(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(request): Body<ApproveRequest>,
) -> Answer {
    let mut verdict = json!({ "approved": true });
    if let (Some(feedback), Some(verdict)) = (request.feedback, verdict.as_object_mut()) {
        verdict.insert("feedback".to_owned(), Value::String(feedback));
    }
    decide(&app, &caller, id, request.reviewer, verdict).await
}

/// Rejects, with reasons.
#[utoipa::path(post, path = "/reviews/{id}/reject", tag = "Reviews",
    params(("id" = Uuid, Path, description = "The review's task")), request_body = RejectRequest,
    responses((status = 200, description = "The review's task", body = Task)))]
pub async fn reject(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(request): Body<RejectRequest>,
) -> Answer {
    let mut verdict = json!({ "approved": false, "blocking_reasons": request.blocking_reasons });
    if let (Some(feedback), Some(verdict)) = (request.feedback, verdict.as_object_mut()) {
        verdict.insert("feedback".to_owned(), Value::String(feedback));
    }
    decide(&app, &caller, id, request.reviewer, verdict).await
}

/// Completes the review, which need not have been claimed: whose verdict it may be the extension's triggers decide. One
/// that does not wait any more is given to the function, which says why not.
async fn decide(
    app: &App,
    caller: &Caller,
    id: Uuid,
    reviewer: Option<String>,
    verdict: Value,
) -> Answer {
    let access = Access::Repeatable;
    let reviewer = reviewer.or_else(|| caller.name.clone());
    let rows = repeated(access, || async {
        let session = app.database().begin(&caller.who, access).await?;
        let tickets = Tickets::find(&session).await?;
        let sql = format!(
            "UPDATE {}.tasks AS k
                SET status = 'completed', assigned_agent_id = coalesce($2, CURRENT_USER::pg_catalog.text), result = $3
              WHERE k.id = $1 AND k.kind = 'review'
                AND k.status OPERATOR(pg_catalog.=) ANY ('{{pending,assigned,running}}')
          RETURNING pg_catalog.to_jsonb(k)::pg_catalog.text",
            tickets.schema
        );
        let params = [(&id as _, Type::UUID), (&reviewer as _, Type::TEXT), (&verdict as _, Type::JSONB)];
        let decided = session.query(&sql, &params).await?;
        if !decided.is_empty() {
            session.commit().await?;
            return Ok(decided);
        }
        let sql = format!(
            "SELECT pg_catalog.to_jsonb(phasegate.complete_task(k.id, coalesce($2, CURRENT_USER::pg_catalog.text), $3))::pg_catalog.text
               FROM {}.tasks AS k WHERE k.id = $1 AND k.kind = 'review'",
            tickets.schema
        );
        session.last(&sql, &params).await
    })
    .await?;
    let row = rows.first().ok_or_else(|| not_found("task", id))?;
    let text: String = row.try_get(0).map_err(|error| Failure::of(&error))?;
    app.queue_changed(&caller.who);
    Ok(Json::ok(text))
}
