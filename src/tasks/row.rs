//! A row of `tasks` on its way into the table: what hangs together is kept together, and what breaks a
//! rule is refused.

use super::backoff;
use super::capabilities;
use super::columns::Columns;
use super::links;
use super::result::TaskResult;
use super::status::Status;
use super::templates::{fault, json};
use super::unsettled::{self, Counting, Event};
use super::upkeep::{self, State};
use super::verdict::{self, Verdict as Review};
use crate::error::{Code, Error};
use crate::limits;
use crate::pg::error::Result;
use crate::pg::trigger::{FiredRow, Firing, Verdict};
use crate::pg::value::Value;
use crate::pg::{catalog, clock, role};
use crate::settings;
use uuid::Uuid;

/// The columns of a row that follow from its status; `None` where the status is none of the known ones,
/// which the table's own CHECK refuses.
fn state(columns: &Columns, row: FiredRow<'_>) -> Option<State> {
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
    firing: &'a Firing,
    columns: &'a Columns,
    /// The workspace's schema.
    schema: u32,
    id: Uuid,
    now: i64,
    changes: Vec<(i16, Value<'static>)>,
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
        let kept = self.keep_times(old, kept)?;
        let pending = self.keep_dependencies()?;
        self.keep_capabilities()?;
        self.keep_result(old, kept.status)?;
        self.keep_holders(old, &kept);
        if kept.status == Status::Completed && old.is_some_and(|old| old.status != kept.status) {
            self.note(Event::Done {
                ticket: firing.new_row().uuid(columns.ticket_id).unwrap_or_default(),
                task: self.id,
            });
        }
        if settings::notify() {
            self.note_claimable(old, &kept, pending);
        }
        self.changes.extend([
            (columns.updated_at, Value::Time(self.now)),
            (columns.db_role, Value::Name(role::session_name().into())),
            (columns.acting_role, Value::Name(role::acting_name().into())),
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

    /// Whether who acts may direct the queue: may update all of the workspace's `tasks`.
    fn may_direct(&self) -> bool {
        catalog::table_in(self.schema, "tasks").is_some_and(role::may_update_all)
    }

    fn note(&self, event: Event) {
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
        ]
        .into_iter()
        .all(|column| firing.is_same(column))
    }

    fn is_new(&self) -> bool {
        self.firing.is_insert()
    }

    /// Whether the column is written: all are by an INSERT.
    fn is_written(&self, column: i16) -> bool {
        self.is_new() || !self.firing.is_same(column)
    }

    /// A task stays the task of its ticket; a finished one also that of its phase and kind.
    fn keep_identity(&self, old: Option<&State>) -> Result<()> {
        if self.is_new() {
            return Ok(());
        }
        let (firing, columns) = (self.firing, self.columns);
        for (name, column) in [("id", columns.id), ("ticket_id", columns.ticket_id)] {
            if !firing.is_same(column) {
                return Err(self.fixed(name, "belongs to its ticket for good"));
            }
        }
        if old.is_some_and(|old| old.status.is_final()) {
            if !firing.is_same(columns.phase_id) {
                return Err(self.fixed("phase_id", "is finished"));
            }
            if !firing.is_same(columns.kind) {
                return Err(self.fixed("kind", "is finished"));
            }
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

    fn keep_state(&mut self, old: Option<&State>, wanted: State) -> Result<State> {
        let kept = upkeep::keep(old, wanted.clone(), self.now, || role::actor_or(None)).map_err(
            |refused| {
                let allowed: Vec<&str> = refused.from.moves().iter().map(|to| to.name()).collect();
                Error::invalid_task_move(self.id, refused.from.name(), refused.to.name(), &allowed)
            },
        )?;
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

    /// Whoever holds the task stays among its agents. Whether it is on hold is not the caller's to say.
    fn keep_holders(&mut self, old: Option<&State>, kept: &State) {
        let (firing, columns) = (self.firing, self.columns);
        let before = if self.is_new() {
            firing.new_row()
        } else {
            firing.old_row()
        };
        let is_written = !self.is_new() && !firing.is_same(columns.agents);
        let holder = kept
            .agent
            .as_ref()
            .filter(|holder| old.is_none_or(|old| old.agent.as_ref() != Some(*holder)));
        if is_written || holder.is_some() {
            let mut agents = before.texts(columns.agents).unwrap_or_default();
            let is_new = holder.filter(|holder| !agents.iter().flatten().any(|one| one == *holder));
            if is_written || is_new.is_some() {
                if agents.len() < limits::AGENTS {
                    agents.extend(is_new.cloned().map(Some));
                }
                self.changes.push((columns.agents, Value::Varchars(agents)));
            }
        }
        let (wanted, was) = (
            firing.new_row().bool(columns.on_hold),
            !self.is_new() && firing.old_row().bool(columns.on_hold),
        );
        if wanted != was && !role::acts_for(firing.owner()) {
            self.changes.push((columns.on_hold, Value::Bool(was)));
        }
    }

    /// Brings dependencies into their canonical form and sets how many are pending: all of them, until
    /// they have been looked at at the statement's end. Gives that number.
    fn keep_dependencies(&mut self) -> Result<i32> {
        let (firing, columns) = (self.firing, self.columns);
        let (old, new) = (firing.old_row(), firing.new_row());
        let given = new.int(columns.pending_dependencies).unwrap_or(0);
        let before = old.int(columns.pending_dependencies).unwrap_or(0);
        let mut pending = if self.is_new() { 0 } else { before };
        if self.is_written(columns.dependencies) {
            let old = old.json(columns.dependencies);
            let new = new.json(columns.dependencies);
            let ids = ids(new.as_deref())?;
            let before = ids_before(old.as_deref());
            if self.is_new() || ids != before {
                pending = i32::try_from(ids.len()).unwrap_or(i32::MAX);
            }
            if !self.is_new() && ids != before {
                self.note(Event::Linked {
                    task: self.id,
                    before: Some(before),
                });
            }
            if let Some(new) = new {
                let canonical = links::write(&ids);
                if ids.is_empty() {
                    self.changes.push((columns.dependencies, Value::Null));
                } else if canonical != new {
                    let canonical = Value::Json(canonical.into());
                    self.changes.push((columns.dependencies, canonical));
                }
            }
        }
        if given != pending && Counting::covers(&self.id) {
            pending = given;
        }
        if given != pending {
            let column = columns.pending_dependencies;
            self.changes.push((column, Value::Int(pending)));
        }
        Ok(pending)
    }

    fn keep_capabilities(&mut self) -> Result<()> {
        let column = self.columns.required_capabilities;
        if !self.is_written(column) {
            return Ok(());
        }
        let Some(new) = self.firing.new_row().json(column) else {
            return Ok(());
        };
        let value = json("required_capabilities", Some(&new))?;
        capabilities::parse(value.as_ref())
            .map_err(|error| fault(Code::InvalidCapabilities, &error, error.detail()))?;
        if value.is_some_and(|value| value.is_null()) {
            self.changes.push((column, Value::Null));
        }
        Ok(())
    }

    /// A result keeps the contract and the size limit; JSON null, which ORMs write for none, is none. A
    /// review or summary is answered when it is completed.
    fn keep_result(&mut self, old: Option<&State>, status: Status) -> Result<()> {
        let column = self.columns.result;
        let is_written = self.is_written(column);
        let is_completed = status == Status::Completed;
        let completes = is_completed && old.is_none_or(|old| old.status != status);
        if !is_written && !completes {
            return Ok(());
        }
        let kind = self.firing.new_row().text(self.columns.kind);
        let kind = kind.as_deref().unwrap_or_default();
        let is_answer = is_completed && matches!(kind, "review" | "summary");
        if !is_written && !is_answer {
            return Ok(());
        }
        let text = self.firing.new_row().json(column);
        let limit = settings::max_result_bytes();
        if let Some(size) = text.as_deref().map(str::len).filter(|size| *size > limit) {
            return Err(Error::too_large(
                "result",
                size,
                "phasegate.max_result_bytes",
                limit,
            ));
        }
        let mut value = json("result", text.as_deref())?;
        if value.as_ref().is_some_and(serde_json::Value::is_null) {
            value = None;
            self.changes.push((column, Value::Null));
        }
        let value = value.as_ref();
        match kind {
            "review" if is_completed => Review::parse(value).map(|_| ()),
            "summary" if is_completed => verdict::parse_summary(value).map(|_| ()),
            _ => TaskResult::parse(value).map(|_| ()),
        }
        .map_err(|error| fault(Code::InvalidResult, &error, error.detail()))
    }

    fn note_claimable(&self, old: Option<&State>, new: &State, pending: i32) {
        let is_claimable = |state: &State, pending| {
            state.status == Status::Pending
                && pending == 0
                && state.scheduled_at.is_none_or(|at| at <= self.now)
        };
        let column = self.columns.pending_dependencies;
        let before = self.firing.old_row().int(column).unwrap_or(0);
        let was_claimable = old.is_some_and(|old| is_claimable(old, before));
        if is_claimable(new, pending) && !was_claimable {
            self.note(Event::Claimable);
        }
    }
}

/// What a row waits for.
fn ids(text: Option<&str>) -> Result<Vec<Uuid>> {
    let value = json("dependencies", text)?;
    links::parse(value.as_ref())
        .map_err(|error| fault(Code::InvalidDependencies, &error, error.detail()))
}

/// What a row waited for. A row that was there when the table was adopted may hold anything.
fn ids_before(text: Option<&str>) -> Vec<Uuid> {
    let column = json("dependencies", text).ok().flatten();
    column.as_ref().map(links::known).unwrap_or_default()
}
