//! Tasks as those see and direct them who do not hold them; `claims.rs` is for those who do.

use crate::database::{Access, repeated};
use crate::error::Failure;
use crate::function::Function;
use crate::serve::App;
use crate::serve::answer::{Answer, Json};
use crate::serve::extract::{Body, Id, Query};
use crate::serve::identity::Caller;
use crate::serve::rest::gates::{PhaseFilter, PhaseRequest};
use crate::serve::rest::tickets::not_found;
use crate::serve::rest::{Task, TaskTemplate, page};
use crate::serve::tickets_table::Tickets;
use axum::extract::State;
use serde::Deserialize;
use tokio_postgres::types::Type;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Generates the tasks of a phase: those that are not open yet.
#[utoipa::path(post, path = "/tickets/{id}/generate-tasks", tag = "Queue",
    params(("id" = Uuid, Path, description = "The ticket")), request_body(content = PhaseRequest),
    responses((status = 200, description = "The tasks made now", body = [Task])))]
pub async fn generate(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(request): Body<PhaseRequest>,
) -> Answer {
    let call = Function::new("generate_phase_tasks")
        .with("ticket_id", id)
        .maybe("phase_id", request.phase_id);
    let text = app.rows(&caller.who, Access::Repeatable, &call).await?;
    app.queue_changed(&caller.who);
    Ok(Json::ok(text))
}

/// The active templates of a phase, or of all phases in their order.
#[utoipa::path(get, path = "/task-templates", tag = "Queue", params(PhaseFilter),
    responses((status = 200, description = "The templates", body = [TaskTemplate])))]
pub async fn templates(
    State(app): State<App>,
    caller: Caller,
    Query(filter): Query<PhaseFilter>,
) -> Answer {
    if let Some(phase) = filter.phase_id {
        let call = Function::new("get_templates_for_phase").with("phase_id", phase);
        return Ok(Json::ok(app.rows(&caller.who, Access::Read, &call).await?));
    }
    let text = repeated(Access::Read, || async {
        let session = app.database().begin(&caller.who, Access::Read).await?;
        let tickets = Tickets::find(&session).await?;
        let sql = "SELECT coalesce(pg_catalog.jsonb_agg(t.template ORDER BY e.enumsortorder, t.place), '[]')::pg_catalog.text
                     FROM pg_catalog.pg_enum e
                    CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(r), pg_catalog.row_number() OVER ()
                                          FROM phasegate.get_templates_for_phase(e.enumlabel) AS r) AS t (template, place)
                    WHERE e.enumtypid = $1::pg_catalog.regtype";
        text_of(&session.last(sql, &[(&tickets.phase, Type::TEXT)]).await?)
    })
    .await?;
    Ok(Json::ok(text.unwrap_or_else(|| "[]".to_owned())))
}

/// The only value of the only row.
pub fn text_of(rows: &[tokio_postgres::Row]) -> Result<Option<String>, Failure> {
    match rows.first() {
        Some(row) => row.try_get(0).map_err(|error| Failure::of(&error)),
        None => Ok(None),
    }
}

/// Which tasks are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TaskFilter {
    /// Those of this status: pending, assigned, running, completed, failed or cancelled.
    status: Option<String>,
    /// Those of this kind: work, review or summary.
    kind: Option<String>,
    /// Those of this phase.
    phase_id: Option<String>,
    /// Those of this ticket.
    ticket_id: Option<Uuid>,
    /// Those that this agent holds, or ended.
    agent_id: Option<String>,
    /// Those with a later id than this one: the last of the page before.
    after: Option<Uuid>,
    /// How many at most.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<i32>,
}

/// Tasks in the order of their ids, a page at a time.
#[utoipa::path(get, path = "/tasks", tag = "Queue", params(TaskFilter),
    responses((status = 200, description = "The tasks", body = [Task])))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(filter): Query<TaskFilter>,
) -> Answer {
    let limit = i64::from(page(filter.limit, 50)?);
    let text = repeated(Access::Read, || async {
        let session = app.database().begin(&caller.who, Access::Read).await?;
        let tickets = Tickets::find(&session).await?;
        let mut call = Function::new("tasks");
        let mut conditions = vec!["true".to_owned()];
        for (column, value) in [
            ("status", &filter.status),
            ("kind", &filter.kind),
            ("assigned_agent_id", &filter.agent_id),
        ] {
            if let Some(value) = value.clone() {
                conditions.push(format!(
                    "k.{column} OPERATOR(pg_catalog.=) {}",
                    call.value(value)
                ));
            }
        }
        if let Some(phase) = filter.phase_id.clone() {
            conditions.push(format!(
                "k.phase_id = {}::{}",
                call.value(phase),
                tickets.phase
            ));
        }
        if let Some(ticket) = filter.ticket_id {
            conditions.push(format!("k.ticket_id = {}", call.value(ticket)));
        }
        if let Some(after) = filter.after {
            conditions.push(format!("k.id > {}", call.value(after)));
        }
        let limit = call.value(limit);
        let sql = list_sql(&tickets, &conditions.join(" AND "), &limit);
        text_of(&session.last(&sql, &call.params()).await?)
    })
    .await?;
    Ok(Json::ok(text.unwrap_or_else(|| "[]".to_owned())))
}

/// Tasks as JSON, each with the title of its ticket; joined to it, so that row security on tickets alone is enough.
pub fn list_sql(tickets: &Tickets, condition: &str, limit: &str) -> String {
    format!(
        "SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(k)
                           || pg_catalog.jsonb_build_object('ticket_title', t.{title}) ORDER BY k.id), '[]')::pg_catalog.text
           FROM (SELECT k.* FROM {schema}.tasks AS k WHERE {condition}
                    AND EXISTS (SELECT FROM {table} AS t WHERE t.{id} = k.ticket_id) ORDER BY k.id LIMIT {limit}) AS k
           JOIN {table} AS t ON t.{id} = k.ticket_id",
        title = tickets.column("title"),
        schema = tickets.schema,
        table = tickets.table,
        id = tickets.id,
    )
}

/// A task.
#[utoipa::path(get, path = "/tasks/{id}", tag = "Queue", params(("id" = Uuid, Path, description = "The task")),
    responses((status = 200, description = "The task", body = Task)))]
pub async fn read(State(app): State<App>, caller: Caller, Id(id): Id) -> Answer {
    let text = repeated(Access::Read, || async {
        let session = app.database().begin(&caller.who, Access::Read).await?;
        let sql = one_sql(&Tickets::find(&session).await?);
        text_of(&session.last(&sql, &[(&id, Type::UUID)]).await?)
    })
    .await?;
    Ok(Json::ok(text.ok_or_else(|| not_found("task", id))?))
}

/// A task as JSON, with the title of its ticket.
pub fn one_sql(tickets: &Tickets) -> String {
    format!(
        "SELECT (pg_catalog.to_jsonb(k) || pg_catalog.jsonb_build_object('ticket_title', t.{}))::pg_catalog.text
           FROM {}.tasks AS k JOIN {} AS t ON t.{} = k.ticket_id WHERE k.id = $1",
        tickets.column("title"),
        tickets.schema,
        tickets.table,
        tickets.id
    )
}

/// Why a task is not wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelRequest {
    /// Why.
    reason: Option<String>,
}

/// Cancels a task for good.
#[utoipa::path(post, path = "/tasks/{id}/cancel", tag = "Queue",
    params(("id" = Uuid, Path, description = "The task")), request_body(content = CancelRequest),
    responses((status = 200, description = "The task", body = Task)))]
pub async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(request): Body<CancelRequest>,
) -> Answer {
    let call = Function::new("cancel_task")
        .with("task_id", id)
        .maybe("reason", request.reason);
    ended(&app, &caller, &call).await
}

/// A call that ends a task, or an attempt at it.
pub async fn ended(app: &App, caller: &Caller, call: &Function) -> Answer {
    let text = app.row(&caller.who, Access::Repeatable, call).await?;
    app.queue_changed(&caller.who);
    Ok(Json::ok(text))
}

/// Nothing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoRequest {}

/// Puts a failed task back into the queue.
#[utoipa::path(post, path = "/tasks/{id}/retry", tag = "Queue",
    params(("id" = Uuid, Path, description = "The task")), request_body(content = NoRequest),
    responses((status = 200, description = "The task", body = Task)))]
pub async fn retry(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(NoRequest {}): Body<NoRequest>,
) -> Answer {
    let access = Access::Repeatable;
    let text = repeated(access, || async {
        let session = app.database().begin(&caller.who, access).await?;
        let tickets = Tickets::find(&session).await?;
        let sql = format!(
            "UPDATE {}.tasks SET status = 'pending' WHERE id = $1",
            tickets.schema
        );
        session.query(&sql, &[(&id, Type::UUID)]).await?;
        text_of(
            &session
                .last(&one_sql(&tickets), &[(&id, Type::UUID)])
                .await?,
        )
    })
    .await?;
    let text = text.ok_or_else(|| not_found("task", id))?;
    app.queue_changed(&caller.who);
    Ok(Json::ok(text))
}
