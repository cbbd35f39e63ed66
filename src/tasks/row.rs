//! A row of `tasks` on its way into the table, as the rules about it see it.

use super::columns::Columns;
use super::status::Status;
use super::unsettled::{self, Event};
use super::upkeep::State;
use crate::clock;
use crate::error::Error;
use crate::pg::error::Result;
use crate::pg::rows::Row;
use crate::pg::trigger::Firing;
use crate::pg::value::Value;
use uuid::Uuid;

/// The columns of a row that follow from its status; `None` where the status is none of the known ones,
/// which the table's own CHECK refuses.
pub(super) fn state(columns: &Columns, row: &Row<'_>) -> Option<State> {
    Some(State {
        status: Status::from_name(&row.text(columns.status)?)?,
        agent: row.text(columns.assigned_agent_id),
        attempts: row.int(columns.attempts).unwrap_or(0),
        max_attempts: row.int(columns.max_attempts).unwrap_or(1),
        scheduled_at: row.time(columns.scheduled_at),
        lease: row.time(columns.lease_expires_at),
        started_at: row.time(columns.started_at),
        completed_at: row.time(columns.completed_at),
    })
}

/// A row of `tasks` on its way into the table.
pub struct Task<'a> {
    pub(super) firing: &'a Firing,
    pub(super) columns: &'a Columns,
    /// The workspace's schema.
    pub(super) schema: u32,
    pub(super) id: Uuid,
    pub(super) now: i64,
    pub(super) changes: Vec<(i16, Value<'static>)>,
}

impl<'a> Task<'a> {
    /// The row of an INSERT or UPDATE.
    pub fn of(firing: &'a Firing, columns: &'a Columns, schema: u32) -> Result<Self> {
        Ok(Task {
            firing,
            columns,
            schema,
            id: firing
                .new_row()
                .uuid(columns.id)
                .ok_or_else(|| Error::null_argument("id"))?,
            now: clock::now(),
            changes: Vec::with_capacity(8),
        })
    }

    pub(super) fn note(&self, event: Event) {
        unsettled::note(self.schema, self.firing.table(), event);
    }

    /// Whether it is an UPDATE that changes nothing that phasegate keeps.
    ///
    /// Looked at here and not in the trigger's WHEN clause: the server parses that anew for every
    /// statement, which for this many columns takes longer than the UPDATE of a row itself.
    pub fn is_as_it_was(&self) -> bool {
        if self.is_new() {
            return false;
        }
        let (firing, columns) = (self.firing, self.columns);
        [
            columns.lease_expires_at,
            columns.attempts,
            columns.max_attempts,
            columns.pending_dependencies,
            columns.scheduled_at,
            columns.started_at,
            columns.completed_at,
            columns.updated_at,
            columns.phase_id,
            columns.status,
            columns.assigned_agent_id,
            columns.kind,
            columns.priority,
            columns.task_type,
            columns.description,
            columns.required_capabilities,
            columns.dependencies,
            columns.result,
            columns.error_message,
            columns.id,
            columns.ticket_id,
            columns.on_hold,
            columns.agents,
            columns.db_role,
            columns.acting_role,
            columns.created_at,
        ]
        .into_iter()
        .all(|column| firing.is_same(column))
    }

    pub(super) fn is_new(&self) -> bool {
        self.firing.is_insert()
    }

    /// Whether the column is written: all are by an INSERT.
    pub(super) fn is_written(&self, column: i16) -> bool {
        self.is_new() || !self.firing.is_same(column)
    }

    pub(super) fn kind(&self) -> Option<String> {
        self.firing.new_row().text(self.columns.kind)
    }
}
