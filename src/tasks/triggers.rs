//! The triggers on `tasks` and `task_templates`, by which a direct INSERT, UPDATE, DELETE or COPY obeys
//! what the functions obey.

use super::capabilities;
use super::columns::{Columns, TemplateColumns};
use super::links;
use super::result::TaskResult;
use super::settle;
use super::statements::LOCK_TEMPLATES;
use super::status::Status;
use super::template::Template;
use super::templates::{self, Templates, fault, json};
use super::unsettled::{self, Counting, Event, Linked};
use super::upkeep::{self, State};
use super::verdict::{self, Verdict as Review};
use crate::error::{Code, Error};
use crate::pg::error::Result;
use crate::pg::spi::{Sees, Session};
use crate::pg::trigger::{Firing, Verdict};
use crate::pg::value::{Datum, Value, read};
use crate::pg::{clock, role, settings};
use crate::workspace::Workspace;
use uuid::Uuid;

/// The columns of a row that follow from its status; `None` where the status is none of the known ones,
/// which the table's own CHECK refuses.
fn state(columns: &Columns, value: impl Fn(i16) -> Option<Datum>) -> Option<State> {
    Some(State {
        status: Status::from_name(&read::text(value(columns.status)?))?,
        agent: value(columns.assigned_agent_id).map(read::text),
        attempts: value(columns.attempts).map_or(0, read::int),
        max_attempts: value(columns.max_attempts).map_or(1, read::int),
        lease: value(columns.lease_expires_at).map(read::big),
        started_at: value(columns.started_at).map(read::big),
        completed_at: value(columns.completed_at).map(read::big),
    })
}

/// A row of `tasks` on its way into the table.
struct Task<'a> {
    firing: &'a Firing,
    columns: &'a Columns,
    id: Uuid,
    now: i64,
    changes: Vec<(i16, Value<'static>)>,
}

/// BEFORE INSERT OR UPDATE on `tasks`: what hangs together is kept together, and what breaks a rule is refused.
pub fn keep(firing: &Firing) -> Result<Verdict> {
    firing.require_row(true)?;
    let columns = Columns::of(firing.table())?;
    let Some(wanted) = state(&columns, |column| firing.new_value(column)) else {
        return Ok(Verdict::Keep);
    };
    let old = if firing.is_update() {
        state(&columns, |column| firing.old_value(column))
    } else {
        None
    };
    let mut task = Task {
        firing,
        columns: &columns,
        id: firing
            .new_uuid(columns.id)
            .ok_or_else(|| Error::null_argument("id"))?,
        now: clock::now(),
        changes: Vec::with_capacity(8),
    };
    task.keep_identity(old.as_ref())?;
    let kept = task.keep_state(old.as_ref(), wanted)?;
    let pending = task.keep_dependencies()?;
    task.keep_capabilities()?;
    task.keep_result(old.as_ref(), kept.status)?;
    if settings::notify() {
        task.note_claimable(old.as_ref(), kept.status, pending);
    }
    task.changes
        .push((columns.updated_at, Value::Time(task.now)));
    Ok(firing.with(&task.changes))
}

impl Task<'_> {
    fn new_oid(&self, column: i16) -> u32 {
        self.firing.new_value(column).map_or(0, read::oid)
    }

    fn is_new(&self) -> bool {
        self.firing.is_insert()
    }

    /// Whether the column is written: all are by an INSERT.
    fn is_written(&self, column: i16) -> bool {
        self.is_new() || !self.firing.is_untouched(column)
    }

    /// A task stays the task of its ticket; a finished one also that of its phase and kind.
    fn keep_identity(&self, old: Option<&State>) -> Result<()> {
        if self.is_new() {
            return Ok(());
        }
        let (firing, columns) = (self.firing, self.columns);
        for (name, column) in [("id", columns.id), ("ticket_id", columns.ticket_id)] {
            if firing.old_uuid(column) != firing.new_uuid(column) {
                return Err(self.fixed(name, "belongs to its ticket for good"));
            }
        }
        if old.is_some_and(|old| old.status.is_final()) {
            let old_phase = firing.old_value(columns.phase_id).map_or(0, read::oid);
            if old_phase != self.new_oid(columns.phase_id) {
                return Err(self.fixed("phase_id", "is finished"));
            }
            if !firing.is_untouched(columns.kind) {
                return Err(self.fixed("kind", "is finished"));
            }
        }
        Ok(())
    }

    fn fixed(&self, column: &str, reason: &str) -> Error {
        Error::new(
            Code::CheckViolation,
            format!("{column} of a task cannot be changed"),
        )
        .detail(format!(
            "Task {} {reason}.",
            self.firing.old_uuid(self.columns.id).unwrap_or(self.id)
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

    /// Brings dependencies into their canonical form and sets how many are pending: all of them, until
    /// they have been looked at at the statement's end. Gives that number.
    fn keep_dependencies(&mut self) -> Result<i32> {
        let (firing, columns) = (self.firing, self.columns);
        let int = |value: Option<Datum>| value.map_or(0, read::int);
        let given = int(firing.new_value(columns.pending_dependencies));
        let before = int(firing.old_value(columns.pending_dependencies));
        let mut pending = if self.is_new() { 0 } else { before };
        if self.is_written(columns.dependencies) {
            let old = firing.old_value(columns.dependencies).map(read::json);
            let new = firing.new_value(columns.dependencies).map(read::json);
            let ids = ids(new.as_deref())?;
            if self.is_new() || ids != ids_before(old.as_deref()) {
                pending = i32::try_from(ids.len()).unwrap_or(i32::MAX);
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
        let Some(new) = self.firing.new_value(column) else {
            return Ok(());
        };
        if !self.is_written(column) {
            return Ok(());
        }
        let value = json("required_capabilities", Some(&read::json(new)))?;
        capabilities::parse(value.as_ref()).map_err(|error| fault(&error, error.detail()))?;
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
        let kind = self.firing.new_value(self.columns.kind).map(read::text);
        let kind = kind.as_deref().unwrap_or_default();
        let is_answer = is_completed && matches!(kind, "review" | "summary");
        if !is_written && !is_answer {
            return Ok(());
        }
        let text = self.firing.new_value(column).map(read::json);
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
        .map_err(|error| fault(&error, error.detail()))
    }

    fn note_claimable(&self, old: Option<&State>, status: Status, pending: i32) {
        let is_due = |scheduled: Option<Datum>| {
            scheduled.is_none_or(|scheduled| read::big(scheduled) <= self.now)
        };
        let (firing, columns) = (self.firing, self.columns);
        let before = old.is_some_and(|old| {
            old.status == Status::Pending
                && is_due(firing.old_value(columns.scheduled_at))
                && firing
                    .old_value(columns.pending_dependencies)
                    .is_none_or(|count| read::int(count) == 0)
        });
        let after = status == Status::Pending
            && pending == 0
            && is_due(firing.new_value(columns.scheduled_at));
        if after && !before {
            unsettled::note(firing.schema(), Event::Claimable);
        }
    }
}

fn ids(text: Option<&str>) -> Result<Vec<Uuid>> {
    let value = json("dependencies", text)?;
    links::parse(value.as_ref()).map_err(|error| fault(&error, error.detail()))
}

/// What a row waited for. A row that was there when the table was adopted may hold anything.
fn ids_before(text: Option<&str>) -> Vec<Uuid> {
    ids(text).unwrap_or_default()
}

/// AFTER INSERT, UPDATE and DELETE on `tasks`, row by row where it matters: notes what is to be settled.
pub fn note(firing: &Firing) -> Result<Verdict> {
    firing.require_row(false)?;
    let columns = Columns::of(firing.table())?;
    let uuid = |column| {
        if firing.is_row_delete() {
            firing.old_uuid(column)
        } else {
            firing.new_uuid(column)
        }
    };
    let (Some(task), Some(ticket)) = (uuid(columns.id), uuid(columns.ticket_id)) else {
        return Ok(Verdict::Keep);
    };
    let done = Event::Done { ticket, task };
    if firing.is_row_delete() {
        unsettled::note(firing.schema(), done);
        return Ok(Verdict::Keep);
    }
    let completed =
        |value: Option<Datum>| value.map(read::text).as_deref() == Some(Status::Completed.name());
    if firing.is_update()
        && completed(firing.new_value(columns.status))
        && !completed(firing.old_value(columns.status))
    {
        unsettled::note(firing.schema(), done);
    }
    // What generation writes it has looked at itself.
    let is_linked = if firing.is_insert() {
        !Counting::covers(&task)
    } else {
        !firing.is_untouched(columns.dependencies)
    };
    let text = |value: Option<Datum>| value.map(read::json);
    if is_linked {
        let waits_for = ids(text(firing.new_value(columns.dependencies)).as_deref())?;
        let before = firing
            .is_update()
            .then(|| ids_before(text(firing.old_value(columns.dependencies)).as_deref()));
        unsettled::note(
            firing.schema(),
            Event::Linked(Linked {
                task,
                ticket,
                waits_for,
                before,
            }),
        );
    }
    Ok(Verdict::Keep)
}

/// AFTER INSERT OR UPDATE OR DELETE on `tasks`, once a statement: settles what was noted.
pub fn settle(firing: &Firing) -> Result<Verdict> {
    if unsettled::is_empty() {
        return Ok(Verdict::Keep);
    }
    let workspace = Workspace::of_firing(firing)?;
    let events = unsettled::take(workspace.schema);
    if !events.is_empty() {
        settle::settle(&workspace, events)?;
    }
    Ok(Verdict::Keep)
}

/// BEFORE INSERT OR UPDATE on `task_templates`: refuses what could not be rendered or read.
pub fn check_template(firing: &Firing) -> Result<Verdict> {
    firing.require_row(true)?;
    let columns = TemplateColumns::of(firing.table())?;
    let json_text = |column| firing.new_value(column).map(read::json);
    if let Some(text) = firing
        .new_value(columns.template_description)
        .map(read::text)
    {
        Template::parse(&text).map_err(|error| fault(&error, error.detail()))?;
    }
    let required = json_text(columns.required_capabilities);
    let required = json("required_capabilities", required.as_deref())?;
    capabilities::parse(required.as_ref()).map_err(|error| fault(&error, error.detail()))?;
    templates::depends_on(json_text(columns.dependencies_template).as_deref())?;
    Ok(Verdict::Keep)
}

/// AFTER INSERT OR UPDATE OR DELETE on `task_templates`, once a statement: each phase's templates fit together.
pub fn check_templates(firing: &Firing) -> Result<Verdict> {
    let workspace = Workspace::of_firing(firing)?;
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    workspace.run(
        &LOCK_TEMPLATES,
        &[Value::Oid(firing.table())],
        Sees::Snapshot,
    )?;
    Templates::read(&workspace)?.check()?;
    Ok(Verdict::Keep)
}
