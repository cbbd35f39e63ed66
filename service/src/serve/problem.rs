//! Refusals as HTTP knows them: problems (RFC 9457), each with its status.

use crate::error::{Failure, Refusal};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// Why a request was not done (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:phasegate:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened, in a sentence without a full stop.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The values that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What can be done about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// A word that programs read: of the extension's errors its code, such as `gate_not_passed`.
    pub code: String,
    /// PostgreSQL's SQLSTATE, where the database refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sqlstate: Option<String>,
    /// Why a ticket cannot move, one sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blocking_reasons: Vec<String>,
    /// Where the client may not sign in with what it sent: how it may.
    #[serde(skip)]
    pub challenge: Option<&'static str>,
    /// After how many seconds it is worth another try.
    #[serde(skip)]
    pub retry_after: Option<u32>,
}

impl Problem {
    /// A problem that is found before the database is asked.
    pub fn new(status: StatusCode, code: &str, title: impl Into<String>) -> Problem {
        Problem {
            kind: format!("urn:phasegate:{code}"),
            title: title.into(),
            status: status.as_u16(),
            detail: None,
            hint: None,
            code: code.to_owned(),
            sqlstate: None,
            blocking_reasons: Vec::new(),
            challenge: None,
            retry_after: None,
        }
    }

    /// Adds the detail.
    pub fn detail(mut self, detail: impl Into<String>) -> Problem {
        self.detail = Some(detail.into());
        self
    }

    /// Adds a way out.
    pub fn hint(mut self, hint: impl Into<String>) -> Problem {
        self.hint = Some(hint.into());
        self
    }

    /// Adds after how many seconds it is worth another try.
    pub fn retry_after(mut self, seconds: u32) -> Problem {
        self.retry_after = Some(seconds);
        self
    }

    /// Nobody, or somebody unknown, asks.
    pub fn unauthorized(detail: impl Into<String>) -> Problem {
        let mut problem = Problem::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "sign in to do this",
        )
        .detail(detail);
        problem.challenge = Some("Bearer");
        problem
    }

    /// A value of the request cannot be used.
    pub fn invalid(code: &str, detail: impl Into<String>) -> Problem {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            code,
            "the request cannot be read",
        )
        .detail(detail)
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Problem {
        let unavailable = |code: &str, title: &str| {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, title).retry_after(1)
        };
        match failure {
            Failure::Refused(refusal) => refused(*refusal),
            // The reason is for the log: it may name hosts.
            Failure::Away(reason) => {
                tracing::warn!(reason, "the database cannot be reached");
                unavailable(
                    "database_away",
                    "the database cannot be reached; nothing was done",
                )
            }
            Failure::Unknown(reason) => {
                tracing::warn!(reason, "a connection was lost while a statement ran");
                unavailable(
                    "outcome_unknown",
                    "the connection to the database was lost; whether it was done is not known",
                )
                .hint("Read before you try again; with expected_phase a move is not made twice.")
            }
            Failure::Busy => unavailable(
                "busy",
                "all connections to the database are taken; nothing was done",
            ),
            Failure::Misconfigured(reason) => {
                tracing::error!(reason, "the database may not be used like this");
                unavailable(
                    "misconfigured",
                    "the service is not configured as it has to be",
                )
            }
            Failure::Usage(reason) => Problem::invalid("invalid_request", reason),
        }
    }
}

fn refused(refusal: Refusal) -> Problem {
    let status = status_of(&refusal);
    let code = refusal
        .code
        .clone()
        .unwrap_or_else(|| word_of(&refusal).to_owned());
    if status.is_server_error() {
        tracing::error!(
            sqlstate = refusal.sqlstate,
            code,
            message = refusal.message,
            "the database could not do it"
        );
    }
    let mut problem = Problem::new(status, &code, refusal.message.clone());
    problem.blocking_reasons = refusal.blocking_reasons();
    problem.detail = refusal.detail;
    problem.hint = refusal.hint;
    problem.sqlstate = Some(refusal.sqlstate);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        problem.retry_after = Some(1);
    }
    problem
}

/// The status that goes with an error of the database.
fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal.code.as_deref().unwrap_or_default() {
        "no_workspace" | "not_a_workspace" => return StatusCode::NOT_FOUND,
        // An edge, not a value.
        "invalid_transition"
        | "invalid_task_transition"
        | "phase_column_fixed"
        | "ticket_column_fixed"
        | "task_column_fixed" => {
            return StatusCode::CONFLICT;
        }
        // Nothing that a client can do anything about.
        "workspace_older"
        | "workspace_newer"
        | "workspace_incomplete"
        | "versions_differ"
        | "triggers_off"
        | "table_inherits"
        | "history_not_written"
        | "not_recorded"
        | "wrong_trigger" => {
            return StatusCode::INTERNAL_SERVER_ERROR;
        }
        _ => {}
    }
    match refusal.sqlstate.as_str() {
        "P0002" => StatusCode::NOT_FOUND,
        "42501" => StatusCode::FORBIDDEN,
        "23505" | "23P01" | "55000" | "55006" => StatusCode::CONFLICT,
        // A user's own trigger that says no.
        "P0001" => StatusCode::CONFLICT,
        "54000" => StatusCode::PAYLOAD_TOO_LARGE,
        "57014" => StatusCode::GATEWAY_TIMEOUT,
        "25006" | "55P03" | "40001" | "40P01" => StatusCode::SERVICE_UNAVAILABLE,
        state if state.starts_with("53") => StatusCode::SERVICE_UNAVAILABLE,
        state if state.starts_with("22") || state.starts_with("23") => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A word for errors of PostgreSQL's own.
fn word_of(refusal: &Refusal) -> &'static str {
    match refusal.sqlstate.as_str() {
        "42501" => "permission_denied",
        "57014" => "statement_timeout",
        "25006" => "read_only",
        "40001" => "serialization_failure",
        "40P01" => "deadlock_detected",
        "55P03" => "lock_not_available",
        "23502" => "not_null_violation",
        "23503" => "foreign_key_violation",
        "23514" => "check_violation",
        "3F000" | "42883" | "42P01" | "42704" => "extension_missing",
        state if state.starts_with("53") => "out_of_resources",
        state if state.starts_with("22") => "invalid_value",
        _ => "database_error",
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = self.challenge {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(challenge),
            );
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: &str, sqlstate: &str) -> Refusal {
        Refusal {
            code: Some(code.to_owned()).filter(|code| !code.is_empty()),
            sqlstate: sqlstate.to_owned(),
            ..Refusal::default()
        }
    }

    #[test]
    fn each_kind_of_refusal_has_its_status() {
        for (code, sqlstate, status) in [
            ("ticket_not_found", "P0002", 404),
            ("no_workspace", "3F000", 404),
            ("gate_not_passed", "55000", 409),
            ("phase_changed", "55000", 409),
            ("task_not_held", "55000", 409),
            ("invalid_transition", "23514", 409),
            ("tickets_title_check", "23514", 422),
            ("unknown_phase", "22P02", 422),
            ("invalid_argument", "22023", 422),
            ("permission_denied", "42501", 403),
            ("reviewer_took_part", "42501", 403),
            ("artifact_too_large", "54000", 413),
            ("workspace_older", "55000", 500),
            ("", "40P01", 503),
            ("", "25006", 503),
            ("", "53100", 503),
            ("", "57014", 504),
            ("", "XX000", 500),
        ] {
            assert_eq!(
                status_of(&refusal(code, sqlstate)).as_u16(),
                status,
                "{code} {sqlstate}"
            );
        }
    }
}
