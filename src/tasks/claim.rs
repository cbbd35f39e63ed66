//! Claiming tasks: `claim_task` and `claim_tasks`. What may be claimed by whom, and in which order, is said by
//! [`super::statements`].

use super::agent::agent;
use super::columns::Columns;
use super::given::MOST;
use super::handover::{Wants, handover};
use super::leases;
use super::statements::{
    CHOOSE_BY_GROUP, CLAIM, CLAIM_CHOSEN, CLAIM_ONE, CLAIMED_CONTEXT, CLAIMED_PHASE,
    CLAIMED_PRESENT, CLAIMED_RANK, CREATED_AT, RESULT, STATUS, TIDY,
};
use super::status::Status;
use super::stopping;
use crate::by_index::ByIndex;
use crate::clock;
use crate::error::Error;
use crate::pg::call::{Answer, Call, ResultSet};
use crate::pg::error::Result;
use crate::pg::rows::{Row, Rows};
use crate::pg::spi::{Sees, Session};
use crate::pg::transaction;
use crate::pg::value::Value;
use crate::workspace::{Configuration, Workspace};
use std::rc::Rc;
use uuid::Uuid;

/// The kinds of task.
const KINDS: [&str; 3] = ["work", "review", "summary"];

/// How many tasks from the beginning of the queue a claim looks at before it asks for those that fit.
/// Looking at one costs about a microsecond, asking some tens.
const BEGINNING: i64 = 64;

/// How many claims of as many tasks may hold theirs at the beginning of the queue, before one that comes has to ask for those
/// that fit: it passes by what they hold, and reads no further than it needs.
const AT_ONCE: i64 = 16;

/// How many tasks more than it wants a claim looks at there, at most.
const PASSED_BY: i64 = 1000;

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
            lease_end: leases::end(call, first + 3, now)?,
            workspace,
            configuration,
        })
    }

    /// What every choice of tasks is told.
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
        let mut handed = 0;
        loop {
            let wanted = count - handed;
            let mut arguments = self.arguments(wanted);
            arguments.extend([
                Value::Time(self.lease_end),
                Value::Bool(regardless),
                Value::Big(window),
            ]);
            let statement = match wanted {
                1 => &CLAIM_ONE,
                _ => &CLAIM,
            };
            let rows = self
                .workspace
                .run_visible(statement, &arguments, Sees::Snapshot)?;
            let (now, taken_out) = self.push(set, &rows)?;
            handed += now;
            if taken_out == 0 {
                return Ok(handed);
            }
        }
    }

    /// Claims the best `count` tasks wherever they stand; hands them over, and says how many they are, and whether reading
    /// the queue in order may find more.
    fn by_group(&self, set: &ResultSet<'_>, count: i64) -> Result<(i64, bool)> {
        let tasks = self.workspace.table("tasks")?;
        let mut arguments = self.arguments(count);
        arguments.extend([
            Value::Big(count.saturating_add(MAYBE_HELD)),
            Value::Oid(tasks),
        ]);
        let chosen = self
            .workspace
            .run_visible(&CHOOSE_BY_GROUP, &arguments, Sees::Snapshot)?;
        let is_part = chosen.first().is_some_and(|row| row.bool(2));
        let ids: Vec<Uuid> = chosen.iter().filter_map(|row| row.uuid(1)).collect();
        if ids.is_empty() {
            return Ok((0, is_part));
        }
        let arguments = [
            Value::Uuids(ids),
            Value::text(Some(&self.agent)),
            Value::Time(self.lease_end),
        ];
        let claimed = self
            .workspace
            .run(&CLAIM_CHOSEN, &arguments, Sees::Snapshot)?;
        let (handed, taken_out) = self.push(set, &claimed)?;
        Ok((handed, is_part || taken_out > 0))
    }

    /// Hands the tasks in `claimed` over, best first, and says how many they are; takes those out of the queue, and says how
    /// many, whose tickets have stopped.
    fn push(&self, set: &ResultSet<'_>, claimed: &Rows) -> Result<(i64, usize)> {
        let mut rows: Vec<Row<'_>> = claimed.iter().filter(Self::is_held).collect();
        if rows.is_empty() {
            return Ok((0, 0));
        }
        let held = rows.len();
        let tickets = rows.iter().filter_map(|row| row.uuid(2)).collect();
        let kept = stopping::keep(&self.workspace, tickets)?;
        let is_kept = |row: &Row<'_>| row.uuid(2).is_some_and(|ticket| kept.contains(&ticket));
        let doubtful: Vec<stopping::Claimed> = rows
            .iter()
            .filter(|row| self.is_stopped(row) || !is_kept(row))
            .filter_map(|row| Some((row.uuid(1)?, row.uuid(2)?, row.oid(CLAIMED_PHASE)?)))
            .collect();
        if !doubtful.is_empty() {
            let taken_out = stopping::take_out(&self.workspace, &self.configuration, &doubtful)?;
            rows.retain(|row| !row.uuid(1).is_some_and(|id| taken_out.contains(&id)));
        }
        rows.sort_by_cached_key(|row| {
            let rank = row.int(CLAIMED_RANK);
            (rank.is_none(), rank, row.big(CREATED_AT), row.uuid(1))
        });
        for row in &rows {
            let (context, summary) = self.handover(
                row.uuid(2).unwrap_or_default(),
                row.json_that_fits(CLAIMED_CONTEXT),
                row.oid(CLAIMED_PHASE).unwrap_or(0),
                row,
            )?;
            set.push_found(row, &[context, summary]);
        }
        let handed = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        Ok((handed, held - rows.len()))
    }

    /// Whether the task is held now: a trigger of the user's may have put back what the claim wrote.
    fn is_held(row: &Row<'_>) -> bool {
        row.text(STATUS)
            .and_then(|status| Status::from_name(&status))
            .is_some_and(Status::is_held)
    }

    /// Whether the task's ticket, looked at again, is where the task is not to be done.
    fn is_stopped(&self, row: &Row<'_>) -> bool {
        let (present, phase) = (row.oid(CLAIMED_PRESENT), row.oid(CLAIMED_PHASE));
        present.zip(phase).is_some_and(|(present, phase)| {
            stopping::stops(&self.configuration, present, phase)
                && row.text(4).as_deref() != Some("summary")
        })
    }

    fn handover(
        &self,
        ticket: Uuid,
        whole: Option<String>,
        phase: u32,
        task: &Row<'_>,
    ) -> Result<(Value<'static>, Value<'static>)> {
        let (workspace, configuration) = (&self.workspace, &self.configuration);
        let wants = Wants::of(task.text(4).as_deref(), task.text(5).as_deref(), || {
            task.json(RESULT)
        });
        handover(workspace, configuration, ticket, whole, phase, &wants)
    }

    /// Claims up to `count` tasks. Mostly one statement: only where leases ran out or times came since
    /// the last claim, or the queue's beginning holds less than asked for, are those tasks put into their
    /// place and is the whole queue asked.
    fn answer(&self, call: &Call, count: i32) -> Result<Answer> {
        transaction::require_writable();
        // Names a column that is missing or of another type, before a statement meets it.
        Columns::of(self.workspace.table("tasks")?)?;
        let _session = Session::open()?;
        let _by_index = ByIndex::only();
        let set = call.start_set(false);
        let mut wanted = i64::from(count);
        let beginning = (wanted * AT_ONCE).min(wanted + PASSED_BY).max(BEGINNING);
        wanted -= self.in_order(&set, wanted, beginning, false)?;
        if wanted > 0 {
            let now = Value::Time(self.now);
            self.workspace.run(&TIDY, &[now], Sees::Snapshot)?;
            let mut is_part = true;
            // Without its index it would read the whole queue once for each group.
            if self.workspace.stamp.shape >= HAS_GROUPS {
                let claimed;
                (claimed, is_part) = self.by_group(&set, wanted)?;
                wanted -= claimed;
            }
            if wanted > 0 && is_part {
                self.in_order(&set, wanted, i64::MAX, true)?;
            }
        }
        Ok(None)
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
    if usize::try_from(count).is_ok_and(|count| count > MOST) {
        return Err(Error::invalid_argument(
            format!("count must be at most {MOST}"),
            format!("It is {count}."),
        ));
    }
    Claim::of_call(call, 2)?.answer(call, count)
}
