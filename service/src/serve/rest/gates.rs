//! Gates.

use crate::database::Access;
use crate::function::Function;
use crate::serve::App;
use crate::serve::answer::{Answer, Json};
use crate::serve::extract::{Body, Id, Query};
use crate::serve::identity::Caller;
use crate::serve::rest::{GateResult, GateStatus};
use axum::extract::State;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// Which phase.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhaseRequest {
    /// The phase; else the ticket's.
    pub phase_id: Option<String>,
}

/// Which phase.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PhaseFilter {
    /// The phase.
    pub phase_id: Option<String>,
}

/// Collects artifacts, checks the gate and stores the verdict.
#[utoipa::path(post, path = "/tickets/{id}/validate-gate", tag = "Gates",
    params(("id" = Uuid, Path, description = "The ticket")), request_body(content = PhaseRequest),
    responses((status = 200, description = "The verdict", body = GateResult)))]
pub async fn validate(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(request): Body<PhaseRequest>,
) -> Answer {
    let call = Function::new("validate_gate")
        .with("ticket_id", id)
        .maybe("phase_id", request.phase_id);
    let text = app.row(&caller.who, Access::Repeatable, &call).await?;
    app.queue_changed(&caller.who);
    Ok(Json::ok(text))
}

/// A gate: what is configured, what it would say now, the latest verdict.
///
/// Of another phase than the ticket's it has only what the gate would say now.
#[utoipa::path(get, path = "/tickets/{id}/gate-status", tag = "Gates",
    params(("id" = Uuid, Path, description = "The ticket"), PhaseFilter),
    responses((status = 200, description = "The gate", body = GateStatus)))]
pub async fn status(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Query(filter): Query<PhaseFilter>,
) -> Answer {
    let mut call = Function::new("gate_status").with("ticket_id", id);
    let sql = match filter.phase_id {
        None => call.as_row(),
        Some(phase) => {
            let place = call.value(phase);
            format!(
                "SELECT (CASE WHEN s.gate ->> 'phase_id' = {place} THEN s.gate
                         ELSE pg_catalog.jsonb_build_object('ticket_id', $1, 'phase_id', {place}, 'requirements', NULL,
                                'check', phasegate.check_gate_requirements($1, {place}), 'latest_result', NULL) END
                        )::pg_catalog.text
                   FROM phasegate.gate_status($1) AS s (gate)"
            )
        }
    };
    let text = app.json(&caller.who, Access::Read, &sql, &call).await?;
    Ok(Json::ok(text.unwrap_or_else(|| "null".to_owned())))
}
