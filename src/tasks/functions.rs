//! The SQL functions of the queue. Each says what is wanted done with a task; the rules are the triggers'.

use super::backoff;
use super::handover::handover;
use super::statements::{
    CANCEL, CLAIM, CLAIM_BY_GROUP, CLAIM_ONE, COMPLETE, FAIL, FAILING, HEARTBEAT, HOLDER,
    LOOKED_AT_PART, RELEASE, START, TICKET_PHASE, TIDY, TOOK_PART,
};
use super::status::Status;
use crate::error::Error;
use crate::pg::by_index::ByIndex;
use crate::pg::call::{Answer, Call, ResultSet};
use crate::pg::error::Result;
use crate::pg::spi::{Rows, Sees, Session, Statement};
use crate::pg::value::Value;
use crate::pg::{catalog, clock};
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

fn agent(call: &Call, index: usize) -> Result<String> {
    let agent = call.text(index, "agent_id")?;
    if agent.is_empty() {
        return Err(Error::invalid_argument(
            "agent_id must not be empty",
            "Leases and attempts are told apart by the agent's name.",
        ));
    }
    Ok(agent)
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
    /// be put into their place first.
    fn in_order(&self, count: i64, window: i64, regardless: bool) -> Result<Rows> {
        let mut arguments = self.arguments(count);
        arguments.extend([Value::Bool(regardless), Value::Big(window)]);
        let statement = if count == 1 { &CLAIM_ONE } else { &CLAIM };
        self.workspace
            .run_visible(statement, &arguments, Sees::Snapshot)
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
            let (context, summary) = handover(&self.workspace, &self.configuration, &row)?;
            set.push_found_with(&row, &[context, summary]);
            count += 1;
        }
        Ok(count)
    }

    /// Claims up to `count` tasks. Mostly one statement: only where leases ran out or times came since
    /// the last claim, or the queue's beginning holds less than asked for, are those tasks put into their
    /// place and is the whole queue asked.
    fn answer(&self, call: &Call, count: i32) -> Result<Answer> {
        let _session = Session::open()?;
        let _by_index = ByIndex::only();
        let set = call.start_set(false);
        let mut wanted = i64::from(count);
        let beginning = wanted.saturating_mul(2).max(BEGINNING);
        wanted -= self.push(&set, &self.in_order(wanted, beginning, false)?)?;
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
                self.push(&set, &self.in_order(wanted, i64::MAX, true)?)?;
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

/// What the holder of a task says about it.
struct Holding {
    workspace: Rc<Workspace>,
    task: Uuid,
    agent: String,
    attempt: Option<i32>,
}

impl Holding {
    /// From the arguments (task_id, agent_id, ..., attempt).
    fn of_call(call: &Call, attempt: usize) -> Result<Self> {
        Ok(Holding {
            task: call.uuid(0, "task_id")?,
            agent: agent(call, 1)?,
            attempt: call.optional_int(attempt),
            workspace: Workspace::current()?,
        })
    }

    /// Runs a statement that touches the task only if it is held as the caller believes.
    fn run(&self, statement: &'static Statement, more: Option<Value<'_>>) -> Result<Rows> {
        let mut arguments = vec![
            Value::Uuid(self.task),
            Value::text(Some(&self.agent)),
            self.attempt.map_or(Value::Null, Value::Int),
        ];
        arguments.extend(more);
        let rows = self
            .workspace
            .run_visible(statement, &arguments, Sees::Snapshot)?;
        if rows.is_empty() {
            return Err(self.refusal()?);
        }
        Ok(rows)
    }

    fn refusal(&self) -> Result<Error> {
        let task = Value::Uuid(self.task);
        let rows = self.workspace.run(&HOLDER, &[task], Sees::Latest)?;
        Ok(match rows.first() {
            None => Error::not_found("task", self.task),
            Some(row) => Error::not_held(
                self.task,
                &self.agent,
                self.attempt,
                &row.text(1).unwrap_or_default(),
                row.text(2).as_deref(),
                row.int(3).unwrap_or(0),
            ),
        })
    }
}

pub(super) fn answer_task(call: &Call, rows: &Rows, task: Uuid) -> Result<Answer> {
    let row = rows.first().ok_or_else(|| Error::not_found("task", task))?;
    Ok(call.answer_found(&row))
}

/// `heartbeat_task(task_id, agent_id, lease, attempt)`
pub fn heartbeat_task(call: &Call) -> Result<Answer> {
    let holding = Holding::of_call(call, 3)?;
    let end = Value::Time(call.later(2, "lease", clock::now())?);
    let _session = Session::open()?;
    let _by_index = ByIndex::only();
    let rows = holding.run(&HEARTBEAT, Some(end))?;
    let end = rows.first().and_then(|row| row.big(1));
    Ok(call.answer(&end.map_or(Value::Null, Value::Time)))
}

/// `start_task(task_id, agent_id, attempt)`
pub fn start_task(call: &Call) -> Result<Answer> {
    let holding = Holding::of_call(call, 2)?;
    let _session = Session::open()?;
    let _by_index = ByIndex::only();
    holding.run(&START, None)?;
    Ok(Answer::Null)
}

/// `complete_task(task_id, agent_id, result, attempt)`
pub fn complete_task(call: &Call) -> Result<Answer> {
    let holding = Holding::of_call(call, 3)?;
    let result = call.datum(2).map_or(Value::Null, Value::Datum);
    let _session = Session::open()?;
    let _by_index = ByIndex::only();
    let rows = holding.run(&COMPLETE, Some(result))?;
    answer_task(call, &rows, holding.task)
}

/// `fail_task(task_id, agent_id, error_message, retry, attempt)`
pub fn fail_task(call: &Call) -> Result<Answer> {
    let holding = Holding::of_call(call, 4)?;
    let message = call.text(2, "error_message")?;
    let retry = call.bool(3, "retry")?;
    let _session = Session::open()?;
    let _by_index = ByIndex::only();
    let rows = holding.run(&FAILING, None)?;
    let row = rows
        .first()
        .ok_or_else(|| Error::not_found("task", holding.task))?;
    let (attempts, most) = (row.int(1).unwrap_or(0), row.int(2).unwrap_or(0));
    let (status, again_at) = if retry && attempts < most {
        let random = row.big(3).unwrap_or(0).unsigned_abs() << 1;
        let wait = backoff::delay(attempts, random);
        let again_at = clock::now().saturating_add(wait);
        (Status::Pending, Value::Time(again_at))
    } else {
        (Status::Failed, Value::Null)
    };
    let rows = holding.workspace.run(
        &FAIL,
        &[
            Value::Uuid(holding.task),
            Value::text(Some(status.name())),
            again_at,
            Value::text(Some(&message)),
        ],
        Sees::Snapshot,
    )?;
    answer_task(call, &rows, holding.task)
}

/// `cancel_task(task_id, reason)`
pub fn cancel_task(call: &Call) -> Result<Answer> {
    let task = call.uuid(0, "task_id")?;
    let reason = call.optional_text(1);
    let workspace = Workspace::current()?;
    let _session = Session::open()?;
    let _by_index = ByIndex::only();
    let reason = Value::text(reason.as_deref());
    let rows = workspace.run(&CANCEL, &[Value::Uuid(task), reason], Sees::Snapshot)?;
    answer_task(call, &rows, task)
}

/// `release_expired_tasks(workspace)`
pub fn release_expired_tasks(call: &Call) -> Result<Answer> {
    let workspace = match call.optional_name(0) {
        Some(name) => Workspace::named(&name)?,
        None => Workspace::current()?,
    };
    let _session = Session::open()?;
    let _by_index = ByIndex::only();
    let now = Value::Time(clock::now());
    let released = workspace.run(&RELEASE, &[now], Sees::Snapshot)?.len();
    Ok(call.answer(&Value::Big(i64::try_from(released).unwrap_or(i64::MAX))))
}

/// `took_part(ticket_id, phase_id, agent_id)`
///
/// Answers by all rows of a ticket that the caller may see, not only those that the caller may see: what a
/// role cannot read may still bar an agent from reviewing. Of a ticket that is hidden nobody took part, as of
/// one that is not there.
pub fn took_part(call: &Call) -> Result<Answer> {
    let ticket = Value::Uuid(call.uuid(0, "ticket_id")?);
    let workspace = Workspace::current()?;
    let configuration = workspace.configuration()?;
    let phase = configuration.phase(&call.text(1, "phase_id")?)?;
    let agent = call.text(2, "agent_id")?;
    let _session = Session::open()?;
    let seen = workspace.run(&TICKET_PHASE, std::slice::from_ref(&ticket), Sees::Caller)?;
    if seen.is_empty() {
        return Ok(call.answer(&Value::Bool(false)));
    }
    let _owner = workspace.as_owner();
    let rows = workspace.run(
        &TOOK_PART,
        &[
            ticket,
            Value::Oid(configuration.phases.oid(phase)),
            Value::text(Some(&agent)),
        ],
        Sees::Caller,
    )?;
    Ok(call.answer(&Value::Bool(rows.first().is_some_and(|row| row.bool(1)))))
}
