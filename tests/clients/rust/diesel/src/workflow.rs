//! phasegate with Diesel: tickets, tasks and refusals as an application meets them.

use std::io::Write;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_query;
use diesel::sql_types::{Array, Integer, Jsonb, Nullable, Text, Uuid as SqlUuid};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::schema::{set_config, sql_types, tickets};

// region phase
/// A label. Which there are is configuration of the database, so it is a string and not a Rust enum.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Phase)]
pub struct Phase(pub String);

impl From<&str> for Phase {
    fn from(label: &str) -> Self {
        Self(label.to_owned())
    }
}

impl ToSql<sql_types::Phase, Pg> for Phase {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<sql_types::Phase, Pg> for Phase {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(str::from_utf8(value.as_bytes())?.into())
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
    Diesel(DieselError),
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        let DieselError::DatabaseError(_, information) = &error else {
            return Self::Diesel(error);
        };
        let detail = information.details().unwrap_or_default().to_owned();
        // phasegate's errors carry their code where PostgreSQL's name a constraint.
        match information.constraint_name().unwrap_or_default() {
            "invalid_transition" => Self::InvalidTransition(detail),
            "gate_not_passed" => Self::GateNotPassed(detail),
            "phase_changed" => Self::PhaseChanged(detail),
            "task_not_held" => Self::TaskNotHeld(detail),
            _ => Self::Diesel(error),
        }
    }
}
// endregion

// region tickets
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = tickets)]
pub struct Ticket {
    pub id: Uuid,
    pub phase_id: Phase,
    pub previous_phase_id: Option<Phase>,
    pub context: Option<Value>,
    pub phase_entered_at: OffsetDateTime,
}

/// Runs work in one transaction, whose actor is noted in the history of what it moves.
pub fn act_as<T>(
    connection: &mut PgConnection,
    actor: &str,
    work: impl FnOnce(&mut PgConnection) -> Result<T, Error>,
) -> Result<T, Error> {
    connection.transaction(|connection| {
        // SET LOCAL takes no parameters; this does, and ends with the transaction as well.
        diesel::select(set_config("phasegate.actor", actor, true)).execute(connection)?;
        work(connection)
    })
}

pub fn create_ticket(connection: &mut PgConnection, title: &str) -> Result<Ticket, Error> {
    Ok(diesel::insert_into(tickets::table)
        .values(tickets::title.eq(title))
        .returning(Ticket::as_returning())
        .get_result(connection)?)
}

pub fn move_ticket(
    connection: &mut PgConnection,
    id: Uuid,
    phase: &str,
    actor: &str,
) -> Result<Ticket, Error> {
    act_as(connection, actor, |connection| {
        Ok(diesel::update(tickets::table.find(id))
            .set(tickets::phase_id.eq(Phase::from(phase)))
            .returning(Ticket::as_returning())
            .get_result(connection)?)
    })
}

pub fn tickets_in(connection: &mut PgConnection, phases: &[Phase]) -> Result<Vec<Ticket>, Error> {
    Ok(tickets::table
        .filter(tickets::phase_id.eq_any(phases))
        .select(Ticket::as_select())
        .order(tickets::id)
        .load(connection)?)
}
// endregion

// region functions
#[derive(QueryableByName)]
pub struct Task {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub ticket_id: Uuid,
    #[diesel(sql_type = Integer)]
    pub attempt: i32,
}

#[derive(QueryableByName)]
pub struct Completed {
    #[diesel(sql_type = Text)]
    pub status: String,
}

#[derive(Debug, QueryableByName)]
pub struct Move {
    #[diesel(sql_type = Text)]
    pub to_phase: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub transition_reason: Option<String>,
    #[diesel(sql_type = Text)]
    pub transitioned_by: String,
}

/// In the functions a phase is text.
pub fn transition_ticket(
    connection: &mut PgConnection,
    id: Uuid,
    phase: &str,
    reason: Option<&str>,
    expected_phase: Option<&str>,
) -> Result<(), Error> {
    sql_query("SELECT transition_ticket($1, $2, reason => $3, expected_phase => $4)")
        .bind::<SqlUuid, _>(id)
        .bind::<Text, _>(phase)
        .bind::<Nullable<Text>, _>(reason)
        .bind::<Nullable<Text>, _>(expected_phase)
        .execute(connection)?;
    Ok(())
}

pub fn claim_task(
    connection: &mut PgConnection,
    agent: &str,
    capabilities: &[&str],
) -> Result<Option<Task>, Error> {
    Ok(sql_query("SELECT * FROM claim_task($1, $2)")
        .bind::<Text, _>(agent)
        .bind::<Array<Text>, _>(capabilities)
        .get_result(connection)
        .optional()?)
}

pub fn complete_task(
    connection: &mut PgConnection,
    task: &Task,
    agent: &str,
    result: Value,
) -> Result<Completed, Error> {
    Ok(
        sql_query("SELECT * FROM complete_task($1, $2, $3, attempt => $4)")
            .bind::<SqlUuid, _>(task.id)
            .bind::<Text, _>(agent)
            .bind::<Jsonb, _>(result)
            .bind::<Integer, _>(task.attempt)
            .get_result(connection)?,
    )
}

pub fn history(connection: &mut PgConnection, id: Uuid) -> Result<Vec<Move>, Error> {
    Ok(sql_query("SELECT * FROM get_phase_history($1)")
        .bind::<SqlUuid, _>(id)
        .load(connection)?)
}
// endregion
