//! phasegate with sqlx: tickets, tasks and refusals as an application meets them.

use serde_json::Value;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{
    PgArgumentBuffer, PgDatabaseError, PgHasArrayType, PgRow, PgTypeInfo, PgValueRef,
};
use sqlx::types::Json;
use sqlx::{Decode, Encode, FromRow, PgConnection, PgPool, Postgres, Row, Transaction, Type};
use time::OffsetDateTime;
use uuid::Uuid;

// region phase
/// The workspace's enum. Which labels there are is configuration of the database, so it is a string here;
/// a Rust enum with `#[derive(sqlx::Type)] #[sqlx(type_name = "phase")]` would be a closed set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase(pub String);

impl From<&str> for Phase {
    fn from(label: &str) -> Self {
        Self(label.to_owned())
    }
}

impl Type<Postgres> for Phase {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("phase")
    }
}

impl PgHasArrayType for Phase {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("phase[]")
    }
}

impl Encode<'_, Postgres> for Phase {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <&str as Encode<Postgres>>::encode(&self.0, buffer)
    }
}

impl Decode<'_, Postgres> for Phase {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        <&str as Decode<Postgres>>::decode(value).map(Self::from)
    }
}
// endregion

// region errors
/// What phasegate refused, with the DETAIL, which names the ticket or task and the reasons.
#[derive(Debug)]
pub enum Error {
    InvalidTransition(String),
    GateNotPassed(String),
    PhaseChanged(String),
    TaskNotHeld(String),
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let refusal = error
            .as_database_error()
            .and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
        let Some(refusal) = refusal else {
            return Self::Database(error);
        };
        let detail = refusal.detail().unwrap_or_default().to_owned();
        // phasegate's errors carry their code where PostgreSQL's name a constraint.
        match refusal.constraint().unwrap_or_default() {
            "invalid_transition" => Self::InvalidTransition(detail),
            "gate_not_passed" => Self::GateNotPassed(detail),
            "phase_changed" => Self::PhaseChanged(detail),
            "task_not_held" => Self::TaskNotHeld(detail),
            _ => Self::Database(error),
        }
    }
}
// endregion

// region tickets
#[derive(Debug)]
pub struct Ticket {
    pub id: Uuid,
    pub phase_id: Phase,
    pub previous_phase_id: Option<Phase>,
    pub context: Option<Value>,
    pub phase_entered_at: OffsetDateTime,
}

impl FromRow<'_, PgRow> for Ticket {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            phase_id: row.try_get("phase_id")?,
            previous_phase_id: row.try_get("previous_phase_id")?,
            context: row.try_get("context")?,
            phase_entered_at: row.try_get("phase_entered_at")?,
        })
    }
}

/// A transaction whose actor is noted in the history of what it moves.
pub async fn begin_as(pool: &PgPool, actor: &str) -> Result<Transaction<'static, Postgres>, Error> {
    let mut transaction = pool.begin().await?;
    // SET LOCAL takes no parameters; this does, and ends with the transaction as well.
    sqlx::query("SELECT set_config('phasegate.actor', $1, true)")
        .bind(actor)
        .execute(&mut *transaction)
        .await?;
    Ok(transaction)
}

pub async fn create_ticket(connection: &mut PgConnection, title: &str) -> Result<Ticket, Error> {
    let insert = sqlx::query_as("INSERT INTO tickets (title) VALUES ($1) RETURNING *");
    Ok(insert.bind(title).fetch_one(connection).await?)
}

pub async fn move_ticket(
    pool: &PgPool,
    id: Uuid,
    phase: &str,
    actor: &str,
) -> Result<Ticket, Error> {
    let mut transaction = begin_as(pool, actor).await?;
    let ticket = sqlx::query_as("UPDATE tickets SET phase_id = $1 WHERE id = $2 RETURNING *")
        .bind(Phase::from(phase))
        .bind(id)
        .fetch_one(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(ticket)
}

pub async fn tickets_in(pool: &PgPool, phases: &[Phase]) -> Result<Vec<Ticket>, Error> {
    let select = sqlx::query_as("SELECT * FROM tickets WHERE phase_id = ANY ($1) ORDER BY id");
    Ok(select.bind(phases).fetch_all(pool).await?)
}
// endregion

// region functions
pub struct Task {
    pub id: Uuid,
    pub ticket_id: Uuid,
    pub attempt: i32,
}

impl FromRow<'_, PgRow> for Task {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            ticket_id: row.try_get("ticket_id")?,
            attempt: row.try_get("attempt")?,
        })
    }
}

/// In the functions a phase is text.
pub async fn transition_ticket(
    pool: &PgPool,
    id: Uuid,
    phase: &str,
    reason: Option<&str>,
    expected_phase: Option<&str>,
) -> Result<(), Error> {
    sqlx::query("SELECT transition_ticket($1, $2, reason => $3, expected_phase => $4)")
        .bind(id)
        .bind(phase)
        .bind(reason)
        .bind(expected_phase)
        .execute(pool)
        .await?;
    Ok(())
}

pub async fn claim_task(
    pool: &PgPool,
    agent: &str,
    capabilities: &[&str],
) -> Result<Option<Task>, Error> {
    let claim = sqlx::query_as("SELECT * FROM claim_task($1, $2)");
    Ok(claim
        .bind(agent)
        .bind(capabilities)
        .fetch_optional(pool)
        .await?)
}

/// The task's status.
pub async fn complete_task(
    pool: &PgPool,
    task: &Task,
    agent: &str,
    result: Value,
) -> Result<String, Error> {
    let complete =
        sqlx::query_scalar("SELECT status FROM complete_task($1, $2, $3, attempt => $4)");
    Ok(complete
        .bind(task.id)
        .bind(agent)
        .bind(Json(result))
        .bind(task.attempt)
        .fetch_one(pool)
        .await?)
}

/// To where the ticket was moved, why and by whom.
pub async fn history(
    pool: &PgPool,
    id: Uuid,
) -> Result<Vec<(String, Option<String>, String)>, Error> {
    let select = sqlx::query_as(
        "SELECT to_phase, transition_reason, transitioned_by FROM get_phase_history($1)",
    );
    Ok(select.bind(id).fetch_all(pool).await?)
}
// endregion
