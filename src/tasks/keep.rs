//! A row of `tasks` on its way into the table: what hangs together is kept together, and what breaks a
//! rule is refused.

use super::backoff;
use super::row::{Task, state};
use super::status::Status;
use super::stopping;
use super::unsettled::Event;
use super::upkeep::{self, State};
use crate::error::Error;
use crate::identity;
use crate::limits;
use crate::pg::error::Result;
use crate::pg::trigger::Verdict;
use crate::pg::value::Value;
use crate::privileges;
use crate::settings;
use crate::workspace::Workspace;

impl Task<'_> {
    /// The row as it shall be, or why it may not be.
    pub fn keep(mut self) -> Result<Verdict> {
        let (firing, columns) = (self.firing, self.columns);
        self.require_sizes()?;
        let Some(wanted) = state(columns, firing.new_row()) else {
            return Ok(Verdict::Keep);
        };
        let old = if self.is_new() {
            None
        } else {
            state(columns, firing.old_row())
        };
        let old = old.as_ref();
        self.keep_identity(old)?;
        let kept = self.keep_state(old, wanted)?;
        self.require_names(old, &kept)?;
        self.require_own(old, &kept)?;
        let kept = self.keep_times(old, kept)?;
        let pending = self.keep_dependencies()?;
        self.keep_capabilities()?;
        self.keep_result(old, &kept)?;
        self.keep_holders(old, &kept);
        self.keep_asked_at();
        let is_on_hold = self.keep_hold(&kept)?;
        if kept.status == Status::Completed && old.is_some_and(|old| old.status != kept.status) {
            self.note(Event::Done {
                ticket: firing.new_row().uuid(columns.ticket_id).unwrap_or_default(),
                task: self.id,
            });
        }
        if settings::notify() {
            self.note_claimable(old, &kept, pending, is_on_hold);
        }
        self.changes.extend([
            (columns.updated_at, Value::Time(self.now)),
            (columns.db_role, Value::Name(identity::db_role().into())),
            (
                columns.acting_role,
                Value::Name(identity::acting_role().into()),
            ),
        ]);
        Ok(firing.with(&self.changes))
    }

    /// No text or document is larger than it may be, whoever writes it.
    fn require_sizes(&self) -> Result<()> {
        let columns = self.columns;
        [
            (columns.assigned_agent_id, limits::NAME),
            (columns.task_type, limits::NAME),
            (columns.description, limits::DOCUMENT),
            (columns.error_message, limits::MESSAGE),
            (columns.required_capabilities, limits::CONFIGURED),
            (columns.dependencies, limits::CONFIGURED),
            (columns.agents, limits::AGENTS * limits::NAME),
        ]
        .into_iter()
        .try_for_each(|(column, limit)| self.firing.require_within(column, limit))
    }

    /// How far away a lease's end may be, and the time to which a task is put off: as far as the setting says, but for who
    /// may update all of the table, as managers and the owner may. For others a lease has an end.
    fn keep_times(&mut self, old: Option<&State>, mut kept: State) -> Result<State> {
        if let Some(old) = old {
            self.require_holder(old, &kept)?;
        }
        let most = settings::max_lease();
        let is_far = |time: Option<i64>, most: i64| {
            time.is_some_and(|time| time.saturating_sub(self.now) > most)
        };
        let was_held = old.is_some_and(|old| old.status.is_held());
        let is_endless = kept.status.is_held()
            && kept.lease.is_none()
            && !(was_held && old.is_some_and(|old| old.lease.is_none()));
        let is_longer = is_far(kept.lease, most) && old.is_none_or(|old| old.lease != kept.lease);
        // A failed attempt's wait is none of the agent's choosing.
        let is_put_off = is_far(kept.scheduled_at, most.max(backoff::LONGEST_MICROS))
            && old.is_none_or(|old| old.scheduled_at != kept.scheduled_at);
        if !(is_endless || is_longer || is_put_off) || self.may_direct() {
            return Ok(kept);
        }
        if is_longer {
            return Err(Error::longer_lease("lease_expires_at", most).column("lease_expires_at"));
        }
        if is_put_off {
            return Err(Error::longer_lease("scheduled_at", most).column("scheduled_at"));
        }
        kept.lease = Some(self.now.saturating_add(most));
        let lease = kept.lease.map_or(Value::Null, Value::Time);
        self.changes.push((self.columns.lease_expires_at, lease));
        Ok(kept)
    }

    fn keep_state(&mut self, old: Option<&State>, wanted: State) -> Result<State> {
        let is_named = wanted.agent.is_some() || wanted.status == Status::Pending;
        let actor = if is_named {
            String::new()
        } else {
            identity::actor()?
        };
        let mut meant = wanted.clone();
        // Who adds what is done already did it, unless they say who, or bring in what others did.
        if old.is_none()
            && wanted.status == Status::Completed
            && wanted.agent.is_none()
            && !self.may_import()
        {
            meant.agent = Some(actor.clone());
        }
        let kept = upkeep::keep(old, meant, self.now, || actor).map_err(|refused| {
            let allowed: Vec<&str> = refused.from.moves().iter().map(|to| to.name()).collect();
            Error::invalid_task_move(self.id, refused.from.name(), refused.to.name(), &allowed)
        })?;
        let time = |time: Option<i64>| time.map_or(Value::Null, Value::Time);
        let columns = self.columns;
        if kept.agent != wanted.agent {
            let agent = kept.agent.clone();
            let agent = agent.map_or(Value::Null, |agent| Value::Text(agent.into()));
            self.changes.push((columns.assigned_agent_id, agent));
        }
        for (column, kept, wanted) in [
            (columns.attempts, kept.attempts, wanted.attempts),
            (columns.max_attempts, kept.max_attempts, wanted.max_attempts),
        ] {
            if kept != wanted {
                self.changes.push((column, Value::Int(kept)));
            }
        }
        for (column, kept, wanted) in [
            (columns.scheduled_at, kept.scheduled_at, wanted.scheduled_at),
            (columns.lease_expires_at, kept.lease, wanted.lease),
            (columns.started_at, kept.started_at, wanted.started_at),
            (columns.completed_at, kept.completed_at, wanted.completed_at),
        ] {
            if kept != wanted {
                self.changes.push((column, time(kept)));
            }
        }
        Ok(kept)
    }

    /// Whoever holds the task stays among its agents. Who else was, only who brings in what others did says.
    fn keep_holders(&mut self, old: Option<&State>, kept: &State) {
        let (firing, columns) = (self.firing, self.columns);
        let before = if self.is_new() {
            firing.new_row()
        } else {
            firing.old_row()
        };
        let given = || before.texts(columns.agents).unwrap_or_default();
        let is_made_up = self.is_new() && !given().is_empty() && !self.may_import();
        let is_written = is_made_up || !self.is_new() && !firing.is_same(columns.agents);
        let holder = kept
            .agent
            .as_ref()
            .filter(|holder| old.is_none_or(|old| old.agent.as_ref() != Some(*holder)));
        if is_written || holder.is_some() {
            let mut agents = if is_made_up { Vec::new() } else { given() };
            let is_new = holder.filter(|holder| !agents.iter().flatten().any(|one| one == *holder));
            if is_written || is_new.is_some() {
                if agents.len() < limits::AGENTS {
                    agents.extend(is_new.cloned().map(Some));
                }
                self.changes.push((columns.agents, Value::Varchars(agents)));
            }
        }
    }

    /// When a review was asked for tells which rejections its verdict outweighs: that is not said later, nor of a time to come.
    fn keep_asked_at(&mut self) {
        let (firing, columns) = (self.firing, self.columns);
        if self.kind().as_deref() != Some("review") || privileges::acts_for(firing.owner()) {
            return;
        }
        let was_review =
            !self.is_new() && firing.old_row().text(columns.kind).as_deref() == Some("review");
        let row = if was_review {
            firing.old_row()
        } else {
            firing.new_row()
        };
        let Some(given) = row.time(columns.created_at) else {
            return;
        };
        let kept = given.min(self.now);
        if firing.new_row().time(columns.created_at) != Some(kept) {
            self.changes.push((columns.created_at, Value::Time(kept)));
        }
    }

    /// Whether the task is on hold: that is not the caller's to say. When one on hold is changed its ticket is looked at again:
    /// whoever lets the ticket's tasks go passes by one that is being changed.
    fn keep_hold(&mut self, kept: &State) -> Result<bool> {
        let (firing, column) = (self.firing, self.columns.on_hold);
        let wanted = firing.new_row().bool(column);
        let was = !self.is_new() && firing.old_row().bool(column);
        if wanted != was && privileges::acts_for(firing.owner()) {
            return Ok(wanted);
        }
        let is_on_hold = was && !kept.status.is_final() && self.stays_on_hold()?;
        if is_on_hold != wanted {
            self.changes.push((column, Value::Bool(is_on_hold)));
        }
        Ok(is_on_hold)
    }

    fn stays_on_hold(&self) -> Result<bool> {
        let (row, columns) = (self.firing.new_row(), self.columns);
        let Some(workspace) = Workspace::of_schema(self.schema)? else {
            return Ok(true);
        };
        let phase = row.phase(columns.phase_id, workspace.phase_type);
        let ticket = row.uuid(columns.ticket_id).unwrap_or_default();
        stopping::stays_on_hold(&workspace, ticket, phase.unwrap_or(0))
    }

    fn note_claimable(&self, old: Option<&State>, new: &State, pending: i32, is_on_hold: bool) {
        let is_claimable = |state: &State, pending, is_on_hold: bool| {
            state.status == Status::Pending
                && pending == 0
                && !is_on_hold
                && state.scheduled_at.is_none_or(|at| at <= self.now)
        };
        let column = self.columns.pending_dependencies;
        let before = self.firing.old_row().int(column).unwrap_or(0);
        let was_on_hold = !self.is_new() && self.firing.old_row().bool(self.columns.on_hold);
        let was_claimable = old.is_some_and(|old| is_claimable(old, before, was_on_hold));
        if is_claimable(new, pending, is_on_hold) && !was_claimable {
            self.note(Event::Claimable);
        }
    }
}
