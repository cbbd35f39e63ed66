//! What the holder of a task says about it, and whether it is theirs.

use super::columns::Columns;
use super::functions::agent;
use super::statements::{HELD, HOLDER, LEASE_END};
use super::status::Status;
use crate::error::Error;
use crate::pg::by_id::Values;
use crate::pg::call::{Answer, Call};
use crate::pg::error::Result;
use crate::pg::rows::Row;
use crate::pg::spi::{Sees, Statement};
use crate::pg::update::{Outcome, Which, may_update, update};
use crate::pg::value::{Value, read};
use crate::pg::{role, transaction};
use crate::workspace::Workspace;
use std::rc::Rc;
use uuid::Uuid;

/// A task that an agent says to hold.
pub(super) struct Holding {
    workspace: Rc<Workspace>,
    task: Uuid,
    agent: String,
    attempt: Option<i32>,
}

/// Who holds a task.
pub(super) struct Holder {
    status: String,
    agent: Option<String>,
    /// `attempts`
    pub(super) attempts: i32,
    /// `max_attempts`
    pub(super) max_attempts: i32,
}

impl Holder {
    fn of_row(row: &Row<'_>) -> Self {
        Holder {
            status: row.text(1).unwrap_or_default(),
            agent: row.text(2),
            attempts: row.int(3).unwrap_or(0),
            max_attempts: row.int(4).unwrap_or(0),
        }
    }

    fn of_values(values: &Values, columns: &Columns) -> Self {
        let int = |column| values.value(column).map_or(0, read::int);
        Holder {
            status: values
                .value(columns.status)
                .map(read::text)
                .unwrap_or_default(),
            agent: values.value(columns.assigned_agent_id).map(read::text),
            attempts: int(columns.attempts),
            max_attempts: int(columns.max_attempts),
        }
    }
}

/// A change of a held task: a statement that makes it of the task ($1), and the columns that it sets, from $2 on in this
/// order.
pub(super) struct Change {
    pub(super) statement: &'static Statement,
    pub(super) columns: fn(&Columns) -> Vec<i16>,
}

/// A task after a change: as a row of the type `task`.
pub(super) enum Changed<'a> {
    /// As a statement gave it.
    Found(&'a Row<'a>),
    /// As it stands in the table.
    Written(&'a Values, &'a Columns, &'a Workspace),
}

impl Changed<'_> {
    /// As the answer of a function that gives a task.
    pub(super) fn answer(self, call: &Call) -> Result<Answer> {
        match self {
            Changed::Found(row) => Ok(call.answer_found(row)),
            Changed::Written(values, columns, workspace) => {
                Ok(call.answer_row(&columns.task(values, workspace)?))
            }
        }
    }

    /// When its lease ends.
    pub(super) fn lease_end(self) -> Option<i64> {
        match self {
            Changed::Found(row) => row.big(LEASE_END),
            Changed::Written(values, columns, _) => {
                values.value(columns.lease_expires_at).map(read::big)
            }
        }
    }
}

impl Holding {
    /// From the arguments (task_id, agent_id, ..., attempt).
    pub(super) fn of_call(call: &Call, attempt: usize) -> Result<Self> {
        Ok(Holding {
            task: call.uuid(0, "task_id")?,
            agent: agent(call, 1)?,
            attempt: call.optional_int(attempt),
            workspace: Workspace::current()?,
        })
    }

    /// Refuses unless the task is held by this agent, in this attempt if one is named.
    fn require(&self, holder: &Holder) -> Result<()> {
        let is_held = [Status::Assigned, Status::Running]
            .iter()
            .any(|status| status.name() == holder.status);
        let is_theirs = holder.agent.as_deref() == Some(&self.agent);
        let is_this_attempt = self
            .attempt
            .is_none_or(|attempt| attempt == holder.attempts);
        if is_held && is_theirs && is_this_attempt {
            return Ok(());
        }
        Err(Error::not_held(
            self.task,
            &self.agent,
            self.attempt,
            &holder.status,
            holder.agent.as_deref(),
            holder.attempts,
        ))
    }

    /// Changes the task, if it is held as the caller believes; `values` says what is set, and `take` takes what is wanted of
    /// the task after it. Needs an open session.
    ///
    /// A task of a ticket that the caller does not see is none.
    pub(super) fn change<'v, T>(
        &self,
        change: &Change,
        values: impl Fn(&Holder) -> Vec<Value<'v>>,
        take: impl Fn(Changed<'_>) -> T,
    ) -> Result<T> {
        transaction::require_writable();
        let tasks = self.workspace.table("tasks")?;
        let columns = Columns::of(tasks)?;
        let set = (change.columns)(&columns);
        if !role::may_read_all(self.workspace.tickets) || !may_update(tasks, &set)? {
            return self.change_by_statement(change, values, take);
        }
        let decide = |row: &Values| {
            let holder = Holder::of_values(row, &columns);
            self.require(&holder)?;
            Ok(Some(set.iter().copied().zip(values(&holder)).collect()))
        };
        let take = |row: &Values| take(Changed::Written(row, &columns, &self.workspace));
        match update(tasks, Which::Of(self.task), &set, decide, take)? {
            Outcome::Updated(taken) => Ok(taken),
            Outcome::Gone | Outcome::Left => Err(self.not_found()),
        }
    }

    fn change_by_statement<'v, T>(
        &self,
        change: &Change,
        values: impl Fn(&Holder) -> Vec<Value<'v>>,
        take: impl Fn(Changed<'_>) -> T,
    ) -> Result<T> {
        let task = [Value::Uuid(self.task)];
        // First without waiting for whoever else holds the row.
        let mut holder = None;
        for statement in [&HOLDER, &HELD] {
            let rows = self
                .workspace
                .run_visible(statement, &task, Sees::Snapshot)?;
            let row = rows.first().ok_or_else(|| self.not_found())?;
            let found = Holder::of_row(&row);
            self.require(&found)?;
            holder = Some(found);
        }
        let holder = holder.ok_or_else(|| self.not_found())?;
        let mut arguments = task.to_vec();
        arguments.extend(values(&holder));
        let rows = self
            .workspace
            .run(change.statement, &arguments, Sees::Snapshot)?;
        let row = rows.first().ok_or_else(|| self.not_found())?;
        Ok(take(Changed::Found(&row)))
    }

    fn not_found(&self) -> Error {
        Error::not_found("task", self.task)
    }
}
