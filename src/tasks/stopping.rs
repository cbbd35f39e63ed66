//! Tasks of tickets that stop and go on: those of a blocked ticket are on hold, those of a finished one are cancelled.
//! Summaries are not meant, which are about the ticket's text, nor what is to be done in the very phase that stops the rest.

use super::statements::{
    CANCEL_MANY, CANCEL_OPEN, HOLD_FREE, HOLD_PHASES, HOLD_TICKET_OF_TASK, KEEP_TICKET_OF_TASK,
    KEEP_TICKETS, KEEP_TICKETS_OF_TASKS, LET_GO, PUT_BACK, PUT_OFF, PUT_ON_HOLD,
};
use crate::by_index::ByIndex;
use crate::clock;
use crate::pg::error::Result;
use crate::pg::spi::{Sees, Session};
use crate::pg::value::Value;
use crate::phase::{Kind, Phase};
use crate::workspace::{Configuration, Workspace};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// A ticket that moved, from and to phases given as enum values.
pub type Moved = (Uuid, u32, u32);

/// What follows from moves for the tickets' tasks. Runs nothing where no move is into or out of a phase that stops work. Needs
/// an open session with the owner's rights, and the tickets held.
pub fn follow(
    workspace: &Workspace,
    configuration: &Configuration,
    moved: impl IntoIterator<Item = Moved>,
) -> Result<()> {
    let phases = &configuration.phases;
    let kind = |oid| phases.by_oid(oid).map(|phase| phases.kind(phase));
    let mut stopped: BTreeMap<u32, Vec<Uuid>> = BTreeMap::new();
    let mut gone_on = Vec::new();
    for (ticket, from, to) in moved {
        let (was, is) = (kind(from), kind(to));
        if is.is_some_and(Kind::stops_work) {
            stopped.entry(to).or_default().push(ticket);
        } else if was.is_some_and(Kind::stops_work) {
            gone_on.push(ticket);
        }
    }
    if stopped.is_empty() && gone_on.is_empty() {
        return Ok(());
    }
    let _by_index = ByIndex::only();
    for (to, tickets) in stopped {
        let mut arguments = vec![Value::Uuids(tickets), Value::Oid(to)];
        let reason = ended(configuration, configuration.phase_of(to)?);
        let statement = if kind(to).is_some_and(Kind::is_final) {
            arguments.push(Value::text(Some(&reason)));
            &CANCEL_OPEN
        } else {
            &PUT_ON_HOLD
        };
        workspace.run(statement, &arguments, Sees::Latest)?;
    }
    if !gone_on.is_empty() {
        workspace.run(&LET_GO, &[Value::Uuids(gone_on)], Sees::Latest)?;
    }
    Ok(())
}

/// Why the tasks of a ticket that entered the phase are cancelled.
fn ended(configuration: &Configuration, phase: Phase) -> String {
    format!("the ticket entered {}", configuration.phases.label(phase))
}

/// Whether a task of this phase, an enum value, stays on hold. Holds the ticket where it can, so that nobody lets its tasks go
/// and passes by this one meanwhile. Where somebody else holds the ticket that is not known: the task is let go, and a claim
/// looks at the ticket again.
pub fn stays_on_hold(workspace: &Workspace, ticket: Uuid, phase: u32) -> Result<bool> {
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    let rows = workspace.run(&HOLD_FREE, &[Value::Uuid(ticket)], Sees::Latest)?;
    let Some(present) = rows.first().and_then(|row| row.oid(1)) else {
        return Ok(false);
    };
    let configuration = workspace.configuration()?;
    Ok(stops(&configuration, present, phase))
}

/// Whether a ticket's being in phase `present` stops the work of `phase`, both enum values.
pub fn stops(configuration: &Configuration, present: u32, phase: u32) -> bool {
    let phases = &configuration.phases;
    present != phase
        && phases
            .by_oid(present)
            .is_some_and(|present| phases.kind(present).stops_work())
}

/// How long a task is put off whose ticket cannot be looked at, in microseconds.
const PUT_OFF_BY: i64 = 10_000_000;

/// A task that was claimed just now: its id, its ticket, and its phase as an enum value.
pub type Claimed = (Uuid, Uuid, u32);

/// Takes those tasks out of the queue that were claimed though their tickets have stopped: whoever stopped a ticket passed by
/// the tasks that somebody else was at. Where somebody holds the ticket just now that is not known, and the task is put off: a
/// claim waits for nobody. Gives the ids of those. Needs an open session.
pub fn take_out(
    workspace: &Workspace,
    configuration: &Configuration,
    claimed: &[Claimed],
) -> Result<Vec<Uuid>> {
    let phases = &configuration.phases;
    let _owner = workspace.as_owner();
    let tickets = claimed.iter().map(|(_, ticket, _)| *ticket).collect();
    let rows = workspace.run(&HOLD_PHASES, &[Value::Uuids(tickets)], Sees::Latest)?;
    let present: HashMap<Uuid, u32> = rows
        .iter()
        .filter_map(|row| Some((row.uuid(1)?, row.oid(2)?)))
        .collect();
    let mut ended_in: BTreeMap<u32, Vec<Uuid>> = BTreeMap::new();
    let (mut blocked, mut unknown) = (Vec::new(), Vec::new());
    for (task, ticket, phase) in claimed {
        let Some(present) = present.get(ticket) else {
            unknown.push(*task);
            continue;
        };
        if !stops(configuration, *present, *phase) {
            continue;
        }
        let is_final = phases
            .by_oid(*present)
            .is_some_and(|phase| phases.kind(phase).is_final());
        if is_final {
            ended_in.entry(*present).or_default().push(*task);
        } else {
            blocked.push(*task);
        }
    }
    let taken_out = ended_in.values().flatten().chain(&blocked).chain(&unknown);
    let taken_out = taken_out.copied().collect();
    if !unknown.is_empty() {
        let again = clock::now().saturating_add(PUT_OFF_BY);
        let arguments = [Value::Uuids(unknown), Value::Time(again)];
        workspace.run(&PUT_OFF, &arguments, Sees::Latest)?;
    }
    if !blocked.is_empty() {
        workspace.run(&PUT_BACK, &[Value::Uuids(blocked)], Sees::Latest)?;
    }
    for (present, tasks) in ended_in {
        let reason = ended(configuration, configuration.phase_of(present)?);
        let arguments = [Value::Uuids(tasks), Value::text(Some(&reason))];
        workspace.run(&CANCEL_MANY, &arguments, Sees::Latest)?;
    }
    Ok(taken_out)
}

/// Holds a task's ticket before the task is changed in a way that takes both: whoever takes the ticket first and then its
/// tasks, as who deletes it, does not meet one that took them the other way round. Needs an open session.
pub fn hold_ticket_of(workspace: &Workspace, task: Uuid) -> Result<()> {
    let _owner = workspace.as_owner();
    workspace.run(&HOLD_TICKET_OF_TASK, &[Value::Uuid(task)], Sees::Latest)?;
    Ok(())
}

/// Keeps the ticket of a task from being deleted until the transaction ends, before the task is changed. Needs an open session.
pub fn keep_ticket_of(workspace: &Workspace, task: Uuid) -> Result<()> {
    let _owner = workspace.as_owner();
    workspace.run(&KEEP_TICKET_OF_TASK, &[Value::Uuid(task)], Sees::Latest)?;
    Ok(())
}

/// The same for many tasks.
pub fn keep_tickets_of(workspace: &Workspace, tasks: Vec<Uuid>) -> Result<()> {
    let _owner = workspace.as_owner();
    workspace.run(&KEEP_TICKETS_OF_TASKS, &[Value::Uuids(tasks)], Sees::Latest)?;
    Ok(())
}

/// Keeps those of the tickets from being deleted that nobody is deleting just now, and gives them: a claim waits for nobody.
/// Needs an open session.
pub fn keep(workspace: &Workspace, tickets: Vec<Uuid>) -> Result<HashSet<Uuid>> {
    let _owner = workspace.as_owner();
    let rows = workspace.run(&KEEP_TICKETS, &[Value::Uuids(tickets)], Sees::Latest)?;
    Ok(rows.iter().filter_map(|row| row.uuid(1)).collect())
}
