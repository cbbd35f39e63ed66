//! Who may write which columns of a task, beyond what the table's privileges say.

use super::row::Task;
use super::status::Status;
use super::upkeep::State;
use crate::error::{Code, Error};
use crate::identity;
use crate::pg::catalog;
use crate::pg::error::Result;
use crate::pg::role::{self, Privilege};
use crate::privileges;

impl Task<'_> {
    /// Where the session has an agent, no task comes into another's name, and none is completed or given a result in another's.
    pub(super) fn require_names(&self, old: Option<&State>, kept: &State) -> Result<()> {
        let Some(agent) = &kept.agent else {
            return Ok(());
        };
        let is_named = old.is_none_or(|old| old.agent.as_ref() != Some(agent));
        let completes = kept.status == Status::Completed
            && old.is_none_or(|old| old.status != Status::Completed);
        let column = self.columns.result;
        let hands_in = self.is_written(column) && !self.firing.new_row().is_null(column);
        if is_named && (old.is_some() || !self.may_import()) {
            identity::require_readable("assigned_agent_id", agent)?;
        }
        if is_named || completes || hands_in {
            identity::require("assigned_agent_id", agent)?;
        }
        Ok(())
    }

    /// Where the session has an agent, a task that another holds is not for it to change, until the lease runs out; nor is one
    /// that another completed; but for who may update all of the table, as managers and the owner may.
    pub(super) fn require_own(&self, old: Option<&State>, kept: &State) -> Result<()> {
        let Some((old, agent)) = old.zip(identity::required()) else {
            return Ok(());
        };
        let is_guarded = old.status == Status::Completed
            || old.status.is_held() && old.lease.is_none_or(|at| at > self.now);
        let changes = old.status != kept.status
            || old.agent != kept.agent
            || self.is_written(self.columns.result)
            || self.is_written(self.columns.error_message);
        let is_own = old.agent.as_ref() == Some(&agent);
        if !is_guarded || !changes || is_own || self.may_direct() {
            return Ok(());
        }
        let (status, holder) = (old.status.name(), old.agent.as_deref());
        Err(identity::other_task(self.id, status, holder, &agent))
    }

    /// A lease is its holder's to extend, and to put a task off is for who gives it up; but for who may update all of the
    /// table, as managers and the owner may. What time alone has decided anybody writes down.
    pub(super) fn require_holder(&self, old: &State, kept: &State) -> Result<()> {
        let (was_held, stays_pending) = (
            old.status.is_held(),
            old.status == Status::Pending && kept.status == Status::Pending,
        );
        let moves_lease =
            was_held && kept.status.is_held() && old.agent == kept.agent && old.lease != kept.lease;
        let is_put_off = kept.scheduled_at.is_some() && old.scheduled_at != kept.scheduled_at;
        let is_called_early = stays_pending
            && kept.scheduled_at.is_none()
            && old.scheduled_at.is_some_and(|at| at > self.now);
        if !(moves_lease || is_put_off || is_called_early) || self.may_direct() {
            return Ok(());
        }
        let speaker = identity::speaker()?;
        if was_held && old.agent.as_ref() == Some(&speaker) {
            return Ok(());
        }
        let column = if moves_lease {
            "lease_expires_at"
        } else {
            "scheduled_at"
        };
        let (status, holder) = (old.status.name(), old.agent.as_deref());
        let error = Error::not_held(self.id, &speaker, None, status, holder, old.attempts);
        Err(error.column(column))
    }

    /// A task stays the task of its ticket; a finished one also that of its phase and kind.
    pub(super) fn keep_identity(&self, old: Option<&State>) -> Result<()> {
        if self.is_new() {
            return Ok(());
        }
        let (firing, columns) = (self.firing, self.columns);
        for (name, column) in [("id", columns.id), ("ticket_id", columns.ticket_id)] {
            if !firing.is_same(column) {
                return Err(self.fixed(name, "belongs to its ticket for good"));
            }
        }
        let same_kind = firing.is_same(columns.kind);
        if old.is_some_and(|old| old.status.is_final()) {
            if !firing.is_same(columns.phase_id) {
                return Err(self.fixed("phase_id", "is finished"));
            }
            if !same_kind {
                return Err(self.fixed("kind", "is finished"));
            }
        }
        // Made another task and then one again, it would be asked for at another time.
        let was_review = || firing.old_row().text(columns.kind).as_deref() == Some("review");
        if !same_kind && was_review() && !privileges::acts_for(firing.owner()) {
            return Err(self.fixed("kind", "is a review"));
        }
        Ok(())
    }

    fn fixed(&self, column: &str, reason: &str) -> Error {
        Error::new(
            Code::TaskColumnFixed,
            format!("{column} of a task cannot be changed"),
        )
        .column(column)
        .detail(format!(
            "Task {} {reason}.",
            self.firing
                .old_row()
                .uuid(self.columns.id)
                .unwrap_or(self.id)
        ))
    }

    /// Whether who acts may direct the queue: may update all of the workspace's `tasks`.
    pub(super) fn may_direct(&self) -> bool {
        catalog::table_in(self.schema, "tasks")
            .is_some_and(|tasks| role::may(Privilege::Update, tasks))
    }

    /// Whether who acts may bring in what others did: the owner, where the session has no agent, and phasegate itself.
    pub(super) fn may_import(&self) -> bool {
        privileges::acts_for(self.firing.owner()) && identity::required().is_none()
    }
}
