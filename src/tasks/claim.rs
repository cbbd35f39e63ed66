//! Claiming tasks: `claim_task` and `claim_tasks`. What may be claimed by whom, and in which order, is said by
//! [`super::statements`].

use super::columns::Columns;
use super::functions::agent;
use super::handover::handover;
use super::statements::{
    CHOOSE, CLAIM, CLAIM_BY_GROUP, CLAIMED_CONTEXT, CLAIMED_PHASE, LOOKED_AT_PART, TIDY,
};
use super::status::Status;
use crate::error::Error;
use crate::pg::by_id::{self, Values};
use crate::pg::by_index::ByIndex;
use crate::pg::call::{Answer, Call, ResultSet};
use crate::pg::error::Result;
use crate::pg::rows::Rows;
use crate::pg::spi::{Sees, Session};
use crate::pg::update::{Outcome, Which, may_update, update};
use crate::pg::value::{Type, Value, read};
use crate::pg::{catalog, clock, lock, probe, transaction};
use crate::workspace::{Configuration, Workspace};
use std::rc::Rc;
use uuid::Uuid;

/// The kinds of task.
const KINDS: [&str; 3] = ["work", "review", "summary"];

/// How many tasks from the beginning of the queue a claim looks at before it asks for those that fit.
/// Looking at one costs about a microsecond, asking some tens.
const BEGINNING: i64 = 64;

/// How many tasks of one kind, phase and requirement other claims may hold before a claim has to read the
/// queue in order.
const MAYBE_HELD: i64 = 64;

/// The shape from which on a workspace has the index `tasks_claimable_groups`.
const HAS_GROUPS: i32 = 2;

/// A claim as a function's arguments ask for it.
struct Claim {
    workspace: Rc<Workspace>,
    configuration: Rc<Configuration>,
    agent: String,
    capabilities: String,
    phases: Option<Vec<u32>>,
    kinds: Vec<Option<String>>,
    now: i64,
    lease_end: i64,
}

impl Claim {
    /// From the arguments (capabilities, phases, kinds, lease), which start at `first`.
    fn of_call(call: &Call, first: usize) -> Result<Self> {
        let agent = agent(call, 0)?;
        let workspace = Workspace::current()?;
        let configuration = workspace.configuration()?;
        let capabilities = call.optional_texts(first, "capabilities")?;
        let phases = call
            .optional_texts(first + 1, "phases")?
            .map(|labels| {
                labels
                    .iter()
                    .map(|label| Ok(configuration.phases.oid(configuration.phase(label)?)))
                    .collect::<Result<Vec<u32>>>()
            })
            .transpose()?;
        let kinds = match call.optional_texts(first + 2, "kinds")? {
            None => KINDS.map(str::to_owned).to_vec(),
            Some(kinds) => kinds,
        };
        if let Some(unknown) = kinds.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
            return Err(Error::invalid_argument(
                "unknown kind of task",
                format!("\"{unknown}\" is none of: {}.", KINDS.join(", ")),
            ));
        }
        let now = clock::now();
        Ok(Claim {
            agent,
            capabilities: serde_json::Value::from(capabilities.unwrap_or_default()).to_string(),
            phases,
            kinds: kinds.into_iter().map(Some).collect(),
            now,
            lease_end: call.later(first + 3, "lease", now)?,
            workspace,
            configuration,
        })
    }

    /// What every statement that claims is told.
    fn arguments(&self, count: i64) -> Vec<Value<'_>> {
        let phases = self.phases.clone().map_or(Value::Null, |phases| {
            Value::Enums(self.workspace.phase_type, phases)
        });
        vec![
            Value::text(Some(&self.agent)),
            Value::json(Some(&self.capabilities)),
            phases,
            Value::Texts(self.kinds.clone()),
            Value::Big(count),
            Value::Time(self.now),
            Value::Time(self.lease_end),
        ]
    }

    /// Claims the best `count` of the first `window` tasks of the queue, `regardless` of tasks that are to
    /// be put into their place first; hands them over, and says how many they are.
    fn in_order(
        &self,
        set: &ResultSet<'_>,
        count: i64,
        window: i64,
        regardless: bool,
    ) -> Result<i64> {
        let mut arguments = self.arguments(count);
        arguments.extend([Value::Bool(regardless), Value::Big(window)]);
        // What stands far back a statement finds quicker.
        if count == 1
            && !regardless
            && let Some(claimed) = self.one_by_one(set, &arguments)?
        {
            return Ok(claimed);
        }
        let rows = self
            .workspace
            .run_visible(&CLAIM, &arguments, Sees::Snapshot)?;
        self.push(set, &rows)
    }

    /// Claims the first task that suits and that nobody holds, trying one after the other: quicker than one statement that
    /// does all of it, and what others have just claimed is passed by and not looked at again. Nothing where that is for a
    /// statement to do.
    fn one_by_one(&self, set: &ResultSet<'_>, arguments: &[Value<'_>]) -> Result<Option<i64>> {
        let workspace = &self.workspace;
        let tasks = workspace.table("tasks")?;
        let columns = Columns::of(tasks)?;
        let changed = [
            columns.status,
            columns.assigned_agent_id,
            columns.lease_expires_at,
        ];
        if !may_update(tasks, &changed)? || !by_id::may_read(workspace.tickets)? {
            return Ok(None);
        }
        match probe::is_due(workspace.schema, tasks, self.now)? {
            None => return Ok(None),
            Some(true) => return Ok(Some(0)),
            Some(false) => {}
        }
        let title = catalog::column(workspace.tickets, "title")
            .filter(|title| catalog::column_is(workspace.tickets, *title, Type::Text));
        let Some(title) = title else {
            return Ok(None);
        };
        let (mut any, mut chosen) = (false, None);
        workspace.run_by_place(&CHOOSE, arguments, BEGINNING, |place, suits| {
            if suits {
                any = true;
                chosen = Some(place).filter(|place| lock::hold_row(tasks, *place));
            }
            chosen.is_none()
        })?;
        let Some(place) = chosen else {
            // Where there are some, somebody has each of them, or has changed it: a statement sees what has become of them.
            return Ok((!any).then_some(0));
        };
        let values = [
            Value::text(Some(Status::Assigned.name())),
            Value::text(Some(&self.agent)),
            Value::Time(self.lease_end),
        ];
        let outcome = update(
            tasks,
            Which::At(place),
            &changed,
            |_| Ok(Some(changed.iter().copied().zip(values.clone()).collect())),
            |row| self.push_written(set, row, &columns, title),
        )?;
        match outcome {
            Outcome::Updated(pushed) => pushed.map(|()| Some(1)),
            Outcome::Gone | Outcome::Left => Ok(None),
        }
    }

    /// Hands over a task that was claimed as it stands in the table.
    fn push_written(
        &self,
        set: &ResultSet<'_>,
        row: &Values,
        columns: &Columns,
        title: i16,
    ) -> Result<()> {
        let mut answer = columns.task(row, &self.workspace)?;
        let id = row.value(columns.ticket_id).map(read::uuid);
        let id = id.unwrap_or_default();
        let names = self.workspace.columns;
        let ticket = by_id::read(self.workspace.tickets, id, |ticket| {
            (
                ticket.value(title).map(read::text),
                ticket.value(names.context).map(read::json),
            )
        })?;
        let (title, context) = ticket.unwrap_or_default();
        let (context, summary) = self.handover(
            id,
            context,
            row.value(columns.phase_id).map_or(0, read::oid),
            row.value(columns.kind).map(read::text).as_deref() == Some("review"),
        )?;
        let attempt = row
            .value(columns.attempts)
            .map_or(Value::Null, Value::Datum);
        answer.extend([attempt, Value::text(title.as_deref()), context, summary]);
        set.push(&answer);
        Ok(())
    }

    /// Claims the best `count` tasks wherever they stand. Its last column says whether reading the queue in
    /// order may find more.
    fn by_group(&self, count: i64) -> Result<Rows> {
        let tasks = catalog::table_in(self.workspace.schema, "tasks").unwrap_or(0);
        let mut arguments = self.arguments(count);
        arguments.extend([
            Value::Big(count.saturating_add(MAYBE_HELD)),
            Value::Oid(tasks),
        ]);
        self.workspace
            .run(&CLAIM_BY_GROUP, &arguments, Sees::Snapshot)
    }

    /// Hands the tasks in `claimed` over, and says how many they are.
    fn push(&self, set: &ResultSet<'_>, claimed: &Rows) -> Result<i64> {
        let mut count = 0;
        for row in claimed.iter().filter(|row| row.uuid(1).is_some()) {
            let (context, summary) = self.handover(
                row.uuid(2).unwrap_or_default(),
                row.json(CLAIMED_CONTEXT),
                row.oid(CLAIMED_PHASE).unwrap_or(0),
                row.text(4).as_deref() == Some("review"),
            )?;
            set.push_found_with(&row, &[context, summary]);
            count += 1;
        }
        Ok(count)
    }

    fn handover(
        &self,
        ticket: Uuid,
        whole: Option<String>,
        phase: u32,
        is_review: bool,
    ) -> Result<(Value<'static>, Value<'static>)> {
        let (workspace, configuration) = (&self.workspace, &self.configuration);
        handover(workspace, configuration, ticket, whole, phase, is_review)
    }

    /// Claims up to `count` tasks. Mostly one statement: only where leases ran out or times came since
    /// the last claim, or the queue's beginning holds less than asked for, are those tasks put into their
    /// place and is the whole queue asked.
    fn answer(&self, call: &Call, count: i32) -> Result<Answer> {
        transaction::require_writable();
        let _session = Session::open()?;
        let _by_index = ByIndex::only();
        let set = call.start_set(false);
        let mut wanted = i64::from(count);
        let beginning = wanted.saturating_mul(2).max(BEGINNING);
        wanted -= self.in_order(&set, wanted, beginning, false)?;
        if wanted > 0 {
            let now = Value::Time(self.now);
            self.workspace.run(&TIDY, &[now], Sees::Snapshot)?;
            let mut is_part = true;
            // Without its index it would read the whole queue once for each group.
            if self.workspace.stamp.shape >= HAS_GROUPS {
                let rows = self.by_group(wanted)?;
                wanted -= self.push(&set, &rows)?;
                is_part = rows.first().is_some_and(|row| row.bool(LOOKED_AT_PART));
            }
            if wanted > 0 && is_part {
                self.in_order(&set, wanted, i64::MAX, true)?;
            }
        }
        Ok(Answer::Set)
    }
}

/// `claim_task(agent_id, capabilities, phases, kinds, lease)`
pub fn claim_task(call: &Call) -> Result<Answer> {
    Claim::of_call(call, 1)?.answer(call, 1)
}

/// `claim_tasks(agent_id, count, capabilities, phases, kinds, lease)`
pub fn claim_tasks(call: &Call) -> Result<Answer> {
    let count = call.int(1, "count")?;
    if count < 1 {
        return Err(Error::invalid_argument(
            "count must be at least 1",
            format!("It is {count}."),
        ));
    }
    Claim::of_call(call, 2)?.answer(call, count)
}
