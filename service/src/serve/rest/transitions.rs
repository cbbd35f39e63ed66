//! Where a ticket goes, may go, and has been.

use crate::database::{Access, repeated};
use crate::error::Failure;
use crate::function::Function;
use crate::serve::App;
use crate::serve::answer::{Answer, Json};
use crate::serve::extract::{Body, Id, Query};
use crate::serve::identity::Caller;
use crate::serve::problem::Problem;
use crate::serve::rest::{HistoryEntry, MovedTicket, Way, page};
use crate::serve::tickets_table::Tickets;
use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;
use tokio_postgres::types::Type;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Where a ticket is to go.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransitionRequest {
    /// The phase to move to.
    to_phase: String,
    /// Why, for the history.
    reason: Option<String>,
    /// Anything that is to be kept with the move.
    artifacts: Option<Value>,
    /// Only from this phase; else `phase_changed`.
    expected_phase: Option<String>,
    /// Who moves it. With keys it is whoever the token names.
    transitioned_by: Option<String>,
}

/// Moves a ticket.
///
/// 409 says why it cannot: `invalid_transition`, `gate_not_passed` with `blocking_reasons`, `phase_changed`.
#[utoipa::path(post, path = "/tickets/{id}/transition", tag = "Tickets",
    params(("id" = Uuid, Path, description = "The ticket")), request_body = TransitionRequest,
    responses((status = 200, description = "The ticket, and the move", body = MovedTicket)))]
pub async fn transition(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(request): Body<TransitionRequest>,
) -> Answer {
    let call = Function::new("transition_ticket")
        .with("ticket_id", id)
        .with("to_phase", request.to_phase)
        .maybe("reason", request.reason)
        .maybe("artifacts", request.artifacts)
        .maybe("expected_phase", request.expected_phase)
        .maybe("transitioned_by", request.transitioned_by);
    moved(&app, &caller, id, &call).await
}

/// Why a ticket is blocked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockRequest {
    /// Why, for the history.
    reason: String,
    /// Who blocks it. With keys it is whoever the token names.
    transitioned_by: Option<String>,
}

/// Moves a ticket into the phase for blocked ones.
#[utoipa::path(post, path = "/tickets/{id}/block", tag = "Tickets",
    params(("id" = Uuid, Path, description = "The ticket")), request_body = BlockRequest,
    responses((status = 200, description = "The ticket, and the move", body = MovedTicket)))]
pub async fn block(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(request): Body<BlockRequest>,
) -> Answer {
    let call = Function::new("block_ticket")
        .with("ticket_id", id)
        .with("reason", request.reason)
        .maybe("transitioned_by", request.transitioned_by);
    moved(&app, &caller, id, &call).await
}

/// Why a ticket is unblocked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnblockRequest {
    /// Why, for the history.
    reason: Option<String>,
    /// Who unblocks it. With keys it is whoever the token names.
    transitioned_by: Option<String>,
}

/// Moves a blocked ticket back to where it was blocked.
#[utoipa::path(post, path = "/tickets/{id}/unblock", tag = "Tickets",
    params(("id" = Uuid, Path, description = "The ticket")), request_body(content = UnblockRequest),
    responses((status = 200, description = "The ticket, and the move", body = MovedTicket)))]
pub async fn unblock(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(request): Body<UnblockRequest>,
) -> Answer {
    let call = Function::new("unblock_ticket")
        .with("ticket_id", id)
        .maybe("reason", request.reason)
        .maybe("transitioned_by", request.transitioned_by);
    moved(&app, &caller, id, &call).await
}

/// Makes a move, and reads the ticket in the same transaction.
async fn moved(app: &App, caller: &Caller, id: Uuid, call: &Function) -> Answer {
    let access = Access::Repeatable;
    let workspace = caller.who.workspace.as_deref();
    let text = repeated(access, || async {
        if let Some(tickets) = app.tables().of(workspace) {
            match made(app, caller, id, call, Some(&tickets)).await {
                // It was renamed, or has other columns now. All was rolled back.
                Ok(None) => app.tables().keep(workspace, None),
                Err(Failure::Refused(refusal))
                    if matches!(refusal.sqlstate.as_str(), "42P01" | "42703" | "3F000") =>
                {
                    app.tables().keep(workspace, None);
                }
                Ok(Some(text)) => return Ok(text),
                Err(failure) => return Err(failure),
            }
        }
        Ok(made(app, caller, id, call, None)
            .await?
            .unwrap_or_else(|| "null".to_owned()))
    })
    .await
    .map_err(Problem::from)?;
    app.moved(&caller.who);
    Ok(Json::ok(text))
}

/// The move in one transaction; None, and nothing done, where tickets are not any more where they were.
async fn made(
    app: &App,
    caller: &Caller,
    id: Uuid,
    call: &Function,
    known: Option<&Tickets>,
) -> Result<Option<String>, Failure> {
    let session = app
        .database()
        .begin(&caller.who, Access::Repeatable)
        .await?;
    let rows = session.query(&call.as_row(), &call.params()).await?;
    let made: Value =
        serde_json::from_str(&first(&rows)?).map_err(|error| Failure::usage(error.to_string()))?;
    let found;
    let tickets = match known {
        Some(tickets) => tickets,
        None => {
            found = Tickets::find(&session).await?;
            app.tables()
                .keep(caller.who.workspace.as_deref(), Some(&found));
            &found
        }
    };
    let sql = format!(
        "SELECT ({} || pg_catalog.jsonb_build_object('transition', $2))::pg_catalog.text FROM {} AS t \
          WHERE t.{} = $1 AND {}",
        tickets.object(),
        tickets.table,
        tickets.id,
        tickets.is_still_so()
    );
    let rows = session
        .query(&sql, &[(&id, Type::UUID), (&made, Type::JSONB)])
        .await?;
    if rows.is_empty() && known.is_some() {
        return Ok(None);
    }
    session.commit().await?;
    first(&rows).map(Some)
}

fn first(rows: &[tokio_postgres::Row]) -> Result<String, Failure> {
    match rows.first() {
        Some(row) => row.try_get(0).map_err(|error| Failure::of(&error)),
        None => Ok("null".to_owned()),
    }
}

/// Where the ticket may go, each with what it lacks.
#[utoipa::path(get, path = "/tickets/{id}/transitions", tag = "Tickets",
    params(("id" = Uuid, Path, description = "The ticket")),
    responses((status = 200, description = "The phases that the ticket's leads to", body = [Way])))]
pub async fn ways(State(app): State<App>, caller: Caller, Id(id): Id) -> Answer {
    let sql = "SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                          'to_phase', p.phase, 'can_transition', c.can_transition,
                          'blocking_reasons', coalesce(c.blocking_reasons, '{}')) ORDER BY p.place), '[]')::pg_catalog.text
                 FROM phasegate.get_valid_transitions(phasegate.get_current_phase($1)) WITH ORDINALITY AS p (phase, place)
                CROSS JOIN LATERAL phasegate.can_transition_ticket($1, p.phase) AS c";
    let mut call = Function::new("get_valid_transitions");
    call.value(id);
    let text = app.json(&caller.who, Access::Read, sql, &call).await?;
    Ok(Json::ok(text.unwrap_or_else(|| "[]".to_owned())))
}

/// Which part of a history.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryFilter {
    /// Those after the entry with this id: the last of the page before.
    after: Option<Uuid>,
    /// How many at most.
    #[param(minimum = 1, maximum = 1000, default = 200)]
    limit: Option<i32>,
}

/// Where the ticket has been, oldest first; the header Link has the next page.
#[utoipa::path(get, path = "/tickets/{id}/phase-history", tag = "Tickets",
    params(("id" = Uuid, Path, description = "The ticket"), HistoryFilter),
    responses((status = 200, description = "The history", body = [HistoryEntry])))]
pub async fn history(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Query(filter): Query<HistoryFilter>,
) -> Answer {
    let limit = page(filter.limit, 200)?;
    let sql = "SELECT (pg_catalog.to_jsonb(h) - 'ordinality')::pg_catalog.text, h.id::pg_catalog.text
                 FROM phasegate.get_phase_history($1) WITH ORDINALITY AS h
                WHERE $2 IS NULL
                   OR h.ordinality > coalesce((SELECT o.ordinality
                                                 FROM phasegate.get_phase_history($1) WITH ORDINALITY AS o
                                                WHERE o.id = $2), 0)
                ORDER BY h.ordinality LIMIT $3";
    let params = [
        (&id as _, Type::UUID),
        (&filter.after as _, Type::UUID),
        (&(i64::from(limit) + 1) as _, Type::INT8),
    ];
    let rows = app
        .database()
        .rows(&caller.who, Access::Read, sql, &params)
        .await?;
    let mut texts = Vec::with_capacity(rows.len());
    let mut last = None;
    for row in rows
        .iter()
        .take(usize::try_from(limit).unwrap_or(usize::MAX))
    {
        texts.push(
            row.try_get::<_, String>(0)
                .map_err(|error| Failure::of(&error))?,
        );
        last = row
            .try_get::<_, Option<String>>(1)
            .map_err(|error| Failure::of(&error))?;
    }
    let next = last.filter(|_| rows.len() > texts.len()).map(|last| {
        format!(
            "{}/api/v1/tickets/{id}/phase-history?after={last}&limit={limit}",
            app.prefix()
        )
    });
    Ok(Json::ok(format!("[{}]", texts.join(","))).next(next))
}
