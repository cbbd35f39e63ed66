//! The queue as an agent uses it: claims a task, says that it goes on, and how it ended.

use crate::database::{Access, repeated};
use crate::function::Function;
use crate::serve::App;
use crate::serve::answer::{Answer, Json};
use crate::serve::extract::{Body, Id};
use crate::serve::identity::Caller;
use crate::serve::rest::tasks::{ended, one_sql, text_of};
use crate::serve::rest::{ClaimedTask, CompletedTask, Kind, Lease, Task, TaskAttempt};
use crate::serve::tickets_table::Tickets;
use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;
use tokio_postgres::types::Type;
use utoipa::ToSchema;

/// What an agent asks for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimRequest {
    /// The agent. With keys it is whoever the token names.
    agent_id: Option<String>,
    /// How many tasks at most; else one.
    #[schema(minimum = 1)]
    count: Option<i32>,
    /// What the agent is capable of.
    capabilities: Option<Vec<String>>,
    /// Only of these phases.
    phases: Option<Vec<String>>,
    /// Only of these kinds.
    #[schema(value_type = Option<Vec<Kind>>)]
    kinds: Option<Vec<String>>,
    /// For how long, such as `5 minutes`.
    lease: Option<String>,
}

/// Claims the best tasks that there are for the agent: none, or up to `count`.
#[utoipa::path(post, path = "/tasks/claim", tag = "Queue", request_body = ClaimRequest,
    responses((status = 200, description = "The tasks claimed now", body = [ClaimedTask])))]
pub async fn claim(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<ClaimRequest>,
) -> Answer {
    let call = match request.count {
        None => Function::new("claim_task"),
        Some(count) => Function::new("claim_tasks").with("count", count),
    };
    let call = agent(call, &caller, request.agent_id)
        .maybe("capabilities", request.capabilities)
        .maybe("phases", request.phases)
        .maybe("kinds", request.kinds)
        .interval("lease", request.lease);
    let text = app.rows(&caller.who, Access::Repeatable, &call).await?;
    if text != "[]" {
        app.queue_changed(&caller.who);
    }
    Ok(Json::ok(text))
}

/// The agent that the request names, or else the caller's own name; NULL is for the extension to judge.
fn agent(call: Function, caller: &Caller, named: Option<String>) -> Function {
    match named.or_else(|| caller.name.clone()) {
        Some(agent) => call.with("agent_id", agent),
        None => call.null("agent_id"),
    }
}

/// Whose claim.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HeldRequest {
    /// The agent. With keys it is whoever the token names.
    agent_id: Option<String>,
    /// Which attempt, as the claim gave it.
    attempt: Option<i32>,
}

/// Marks a claimed task as running.
#[utoipa::path(post, path = "/tasks/{id}/start", tag = "Queue",
    params(("id" = Uuid, Path, description = "The task")), request_body = HeldRequest,
    responses((status = 200, description = "The task", body = Task)))]
pub async fn start(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(request): Body<HeldRequest>,
) -> Answer {
    let access = Access::Repeatable;
    let call = agent(
        Function::new("start_task").with("task_id", id),
        &caller,
        request.agent_id,
    )
    .maybe("attempt", request.attempt);
    let text = repeated(access, || async {
        let session = app.database().begin(&caller.who, access).await?;
        session
            .query(&format!("SELECT {}", call.sql()), &call.params())
            .await?;
        let sql = one_sql(&Tickets::find(&session).await?);
        text_of(&session.last(&sql, &[(&id, Type::UUID)]).await?)
    })
    .await?;
    app.queue_changed(&caller.who);
    Ok(Json::ok(text.unwrap_or_else(|| "null".to_owned())))
}

/// Whose claim, and for how long from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HeartbeatRequest {
    /// The agent. With keys it is whoever the token names.
    agent_id: Option<String>,
    /// Which attempt, as the claim gave it.
    attempt: Option<i32>,
    /// For how long, such as `5 minutes`.
    lease: Option<String>,
}

/// Extends the lease of a task.
#[utoipa::path(post, path = "/tasks/{id}/heartbeat", tag = "Queue",
    params(("id" = Uuid, Path, description = "The task")), request_body = HeartbeatRequest,
    responses((status = 200, description = "Its new end", body = Lease)))]
pub async fn heartbeat(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(request): Body<HeartbeatRequest>,
) -> Answer {
    let call = agent(
        Function::new("heartbeat_task").with("task_id", id),
        &caller,
        request.agent_id,
    )
    .maybe("attempt", request.attempt)
    .interval("lease", request.lease);
    let sql = format!(
        "SELECT pg_catalog.jsonb_build_object('task_id', $1, 'lease_expires_at', {})::pg_catalog.text",
        call.sql()
    );
    let text = app
        .json(&caller.who, Access::Repeatable, &sql, &call)
        .await?;
    Ok(Json::ok(text.unwrap_or_else(|| "null".to_owned())))
}

/// Whose claim, and what came of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteRequest {
    /// The agent. With keys it is whoever the token names.
    agent_id: Option<String>,
    /// Which attempt, as the claim gave it.
    attempt: Option<i32>,
    /// What the agent hands in.
    result: Option<Value>,
}

/// Completes a task with its result.
#[utoipa::path(post, path = "/tasks/{id}/complete", tag = "Queue",
    params(("id" = Uuid, Path, description = "The task")), request_body = CompleteRequest,
    responses((status = 200, description = "The task", body = Task)))]
pub async fn complete(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(request): Body<CompleteRequest>,
) -> Answer {
    let call = agent(
        Function::new("complete_task").with("task_id", id),
        &caller,
        request.agent_id,
    )
    .maybe("result", request.result)
    .maybe("attempt", request.attempt);
    ended(&app, &caller, &call).await
}

/// Whose claims, and what came of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteManyRequest {
    /// The agent. With keys it is whoever the token names.
    agent_id: Option<String>,
    /// Of each task `task_id`, `attempt` as the claim gave it, and `result`.
    #[schema(value_type = Vec<CompletedTask>)]
    results: Value,
}

/// Completes many tasks at once: those that can be are completed, the others reported.
#[utoipa::path(post, path = "/tasks/complete", tag = "Queue", request_body = CompleteManyRequest,
    responses((status = 200, description = "What became of each, in the order given", body = [TaskAttempt])))]
pub async fn complete_many(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<CompleteManyRequest>,
) -> Answer {
    let call = agent(Function::new("complete_tasks"), &caller, request.agent_id)
        .with("results", request.results);
    let text = app.rows(&caller.who, Access::Repeatable, &call).await?;
    app.queue_changed(&caller.who);
    Ok(Json::ok(text))
}

/// Whose claim, and why it failed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FailRequest {
    /// The agent. With keys it is whoever the token names.
    agent_id: Option<String>,
    /// Which attempt, as the claim gave it.
    attempt: Option<i32>,
    /// Why.
    error_message: String,
    /// Whether another attempt is worth it; else yes.
    retry: Option<bool>,
}

/// Gives up an attempt.
#[utoipa::path(post, path = "/tasks/{id}/fail", tag = "Queue",
    params(("id" = Uuid, Path, description = "The task")), request_body = FailRequest,
    responses((status = 200, description = "The task", body = Task)))]
pub async fn fail(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(request): Body<FailRequest>,
) -> Answer {
    let call = agent(
        Function::new("fail_task").with("task_id", id),
        &caller,
        request.agent_id,
    )
    .with("error_message", request.error_message)
    .maybe("retry", request.retry)
    .maybe("attempt", request.attempt);
    ended(&app, &caller, &call).await
}
