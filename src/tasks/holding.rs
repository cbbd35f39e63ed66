//! What the holder of a task says about it, and whether it is theirs.

use super::agent::agent;
use super::columns::Columns;
use super::statements::HOLDER;
use super::status::Status;
use super::stopping::{hold_ticket_of, keep_ticket_of};
use crate::error::Error;
use crate::identity::Speaking;
use crate::pg::call::Call;
use crate::pg::error::Result;
use crate::pg::rows::Row;
use crate::pg::spi::Sees;
use crate::pg::transaction;
use crate::pg::value::Value;
use crate::workspace::{Statement, Workspace};
use std::rc::Rc;
use uuid::Uuid;

/// How often a change is tried: once more where the caller came to hold the task just after the first.
const TRIES: usize = 2;

/// A task that an agent says to hold.
pub(super) struct Holding {
    workspace: Rc<Workspace>,
    task: Uuid,
    agent: String,
    attempt: Option<i32>,
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

    /// One of many that are spoken of at once.
    pub(super) fn new(
        workspace: &Rc<Workspace>,
        task: Uuid,
        agent: &str,
        attempt: Option<i32>,
    ) -> Self {
        Holding {
            workspace: Rc::clone(workspace),
            task,
            agent: agent.to_owned(),
            attempt,
        }
    }

    /// Holds the task's ticket, before the task is changed. Needs an open session.
    pub(super) fn hold_ticket(&self) -> Result<()> {
        transaction::require_writable();
        hold_ticket_of(&self.workspace, self.task)
    }

    /// Changes the task, if it is held as the caller believes: by a statement that says so too, with `values` after what
    /// tells the holder. `take` takes what is wanted of the task after it. Needs an open session.
    ///
    /// A task of a ticket that the caller does not see is none.
    pub(super) fn change<'v, T>(
        &'v self,
        statement: &'static Statement,
        values: impl IntoIterator<Item = Value<'v>>,
        take: impl Fn(&Row<'_>) -> T,
    ) -> Result<T> {
        transaction::require_writable();
        let workspace = &self.workspace;
        // Names a column that is missing or of another type, before a statement meets it.
        Columns::of(workspace.table("tasks")?)?;
        keep_ticket_of(workspace, self.task)?;
        let task = Value::Uuid(self.task);
        let mut arguments = vec![
            task.clone(),
            Value::text(Some(&self.agent)),
            self.attempt.map_or(Value::Null, Value::Int),
        ];
        arguments.extend(values);
        let _speaking = Speaking::of(&self.agent);
        for _ in 0..TRIES {
            let rows = workspace.run_visible(statement, &arguments, Sees::Snapshot)?;
            if let Some(row) = rows.first() {
                return Ok(take(&row));
            }
            self.require_held()?;
        }
        // A trigger or a policy keeps it from the caller.
        Err(self.not_found())
    }

    /// Refuses unless the task is held as the caller believes. Needs an open session.
    pub(super) fn require_held(&self) -> Result<()> {
        let task = [Value::Uuid(self.task)];
        let rows = self.workspace.run_visible(&HOLDER, &task, Sees::Snapshot)?;
        self.require(&rows.first().ok_or_else(|| self.not_found())?)
    }

    /// Refuses unless the task, as [`HOLDER`] found it, is held by this agent, in this attempt if one is named.
    fn require(&self, task: &Row<'_>) -> Result<()> {
        let status = task.text(1).unwrap_or_default();
        let holder = task.text(2);
        let attempts = task.int(3).unwrap_or(0);
        if Status::from_name(&status).is_some_and(Status::is_held)
            && holder.as_deref() == Some(&self.agent)
            && self.attempt.is_none_or(|attempt| attempt == attempts)
        {
            return Ok(());
        }
        Err(Error::not_held(
            self.task,
            &self.agent,
            self.attempt,
            &status,
            holder.as_deref(),
            attempts,
        ))
    }

    fn not_found(&self) -> Error {
        Error::not_found("task", self.task)
    }
}
