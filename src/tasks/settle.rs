//! What follows from the rows of a statement on `tasks`, once it is through: dependencies are checked and
//! counted, tasks that waited are let go, artifacts are collected, rejected work goes back into the queue, listeners are woken.
//! Runs with the owner's rights.
//!
//! Counts stay true under concurrency by locks alone. Whoever writes a dependency holds the tasks that it
//! names (FOR SHARE) until commit, so that none is completed behind its back; whoever completes a task
//! holds those that wait for it, so that the last of two completions sees the other's commit. Whoever writes dependencies
//! holds the ticket first: two edits may form a cycle without a row in common, and whoever holds a ticket takes its tasks
//! after it.

use super::links::{self, LinkError};
use super::statements::{
    COUNT, DEPENDENTS, DEPENDENTS_OF_ONE, HOLD_TASKS, LINKED, LINKS, LOCK_TICKETS, NOTIFY,
};
use super::templates::{fault, json};
use super::unsettled::{Counting, Event};
use crate::by_index::ByIndex;
use crate::error::{Code, Error};
use crate::gates::record::collect;
use crate::gates::send_back::{accept, send_back};
use crate::pg::error::Result;
use crate::pg::rows::Row;
use crate::pg::spi::{Sees, Session};
use crate::pg::value::Value;
use crate::workspace::Workspace;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// A task and one that it waits for.
type Pair = (Uuid, Uuid);

/// Settles the events of a statement.
pub fn settle(workspace: &Workspace, events: Vec<Event>) -> Result<()> {
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    // Artifacts hold their tickets: those of many, in an order.
    let produced = |event: &Event| match event {
        Event::Produced { ticket, task } => Some((*ticket, *task)),
        _ => None,
    };
    for (ticket, task) in events
        .iter()
        .filter_map(produced)
        .collect::<BTreeSet<Pair>>()
    {
        collect(workspace, ticket, None, Some(task))?;
    }
    let _by_index = ByIndex::only();
    let mut linked = BTreeMap::new();
    let mut done = Vec::new();
    let mut reviewed = Vec::new();
    let mut claimable = false;
    for event in events {
        match event {
            Event::Done { ticket, task } => done.push((ticket, task)),
            Event::Linked { task, before } => {
                linked.insert(task, before);
            }
            Event::Reviewed {
                ticket,
                phase,
                review,
                approved,
            } => reviewed.push((ticket, phase, review, approved)),
            Event::Claimable => claimable = true,
            Event::Produced { .. } => {}
        }
    }
    let mut pairs: BTreeSet<Pair> = BTreeSet::new();
    if !linked.is_empty() {
        pairs.extend(check(workspace, linked)?);
    }
    match done.as_slice() {
        [] => {}
        [one] => pairs.extend(waiting_for_one(workspace, *one)?),
        _ => pairs.extend(waiting(workspace, done)?),
    }
    count(workspace, &pairs)?;
    for (ticket, phase, review, approved) in reviewed {
        if approved {
            accept(workspace, ticket, phase)?;
        } else {
            send_back(workspace, ticket, phase, review)?;
        }
    }
    if claimable {
        let name = Value::text(Some(&workspace.name));
        workspace.run(&NOTIFY, &[name], Sees::Snapshot)?;
    }
    Ok(())
}

fn refused(error: LinkError) -> Error {
    fault(Code::InvalidDependencies, &error, error.detail())
}

/// A task whose dependencies were written.
struct Linked {
    task: Uuid,
    ticket: Uuid,
    waits_for: Vec<Uuid>,
    before: Option<Vec<Uuid>>,
}

/// Reads what the tasks wait for now. One that another trigger kept out of the table is not there.
fn linked(
    workspace: &Workspace,
    mut events: BTreeMap<Uuid, Option<Vec<Uuid>>>,
) -> Result<Vec<Linked>> {
    let tasks = Value::Uuids(events.keys().copied().collect());
    let rows = workspace.run(&LINKED, &[tasks], Sees::Snapshot)?;
    Ok(rows
        .iter()
        .filter_map(|row| {
            let (task, waits_for) = read(&row)?;
            Some(Linked {
                task,
                ticket: row.uuid(3)?,
                waits_for,
                before: events.remove(&task).flatten(),
            })
        })
        .collect())
}

/// Refuses dependencies on tasks that the ticket does not have, and cycles; holds the tasks named. Gives
/// what each task waits for.
fn check(workspace: &Workspace, events: BTreeMap<Uuid, Option<Vec<Uuid>>>) -> Result<Vec<Pair>> {
    let linked = linked(workspace, events)?;
    let tickets: BTreeSet<Uuid> = linked.iter().map(|links| links.ticket).collect();
    let edited: BTreeSet<Uuid> = linked
        .iter()
        .filter(|links| links.before.is_some())
        .map(|links| links.ticket)
        .collect();
    let is_edit = !edited.is_empty();
    let edited = Value::Uuids(edited.into_iter().collect());
    let tickets = Value::Uuids(tickets.into_iter().collect());
    workspace.run(&LOCK_TICKETS, &[tickets], Sees::Latest)?;
    let named: BTreeSet<Uuid> = linked
        .iter()
        .flat_map(|links| links.waits_for.iter().copied())
        .collect();
    let named = Value::Uuids(named.into_iter().collect());
    let rows = workspace.run(&HOLD_TASKS, &[named], Sees::Latest)?;
    let tickets: HashMap<Uuid, Uuid> = rows
        .iter()
        .filter_map(|row| Some((row.uuid(1)?, row.uuid(2)?)))
        .collect();
    for links in &linked {
        let is_known = |id: &Uuid| {
            let before = links.before.as_ref();
            tickets.get(id) == Some(&links.ticket)
                || before.is_some_and(|before| before.contains(id))
        };
        let unknown: Vec<Uuid> = links
            .waits_for
            .iter()
            .filter(|id| !is_known(id))
            .copied()
            .collect();
        if !unknown.is_empty() {
            return Err(refused(LinkError::UnknownTask(links.task, unknown)));
        }
    }
    let written = || {
        linked
            .iter()
            .map(|links| (links.task, links.waits_for.clone()))
    };
    // Nobody waits for a task that is new, but tasks that are new with it.
    let graph: Vec<(Uuid, Vec<Uuid>)> = if is_edit {
        let rows = workspace.run(&LINKS, &[edited], Sees::Latest)?;
        let mut graph: BTreeMap<Uuid, Vec<Uuid>> =
            rows.iter().filter_map(|row| read(&row)).collect();
        graph.extend(written());
        graph.into_iter().collect()
    } else {
        written().collect()
    };
    links::check_acyclic(&graph).map_err(refused)?;
    Ok(paired(written()))
}

/// One pair for each task and each that it waits for.
fn paired(links: impl Iterator<Item = (Uuid, Vec<Uuid>)>) -> Vec<Pair> {
    links
        .flat_map(|(task, waits_for)| waits_for.into_iter().map(move |id| (task, id)))
        .collect()
}

/// A task and what it waits for, from the first two columns.
fn read(row: &Row<'_>) -> Option<(Uuid, Vec<Uuid>)> {
    let column = json("dependencies", row.json(2).as_deref()).ok()??;
    Some((row.uuid(1)?, links::known(&column)))
}

/// Holds the tasks that wait for those that are done, given as ticket and task; gives what each waits for.
fn waiting(workspace: &Workspace, done: Vec<Pair>) -> Result<Vec<Pair>> {
    let (tickets, tasks) = done.into_iter().unzip();
    let rows = workspace.run(
        &DEPENDENTS,
        &[Value::Uuids(tickets), Value::Uuids(tasks)],
        Sees::Latest,
    )?;
    Ok(paired(rows.iter().filter_map(|row| read(&row))))
}

/// The same for a single one, as when an agent completes its task: mostly nobody waits.
fn waiting_for_one(workspace: &Workspace, (ticket, task): Pair) -> Result<Vec<Pair>> {
    let rows = workspace.run(
        &DEPENDENTS_OF_ONE,
        &[Value::Uuid(ticket), Value::Text(task.to_string().into())],
        Sees::Latest,
    )?;
    Ok(paired(rows.iter().filter_map(|row| read(&row))))
}

/// Counts anew what the tasks still wait for.
fn count(workspace: &Workspace, pairs: &BTreeSet<Pair>) -> Result<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    let (tasks, waits_for): (Vec<Uuid>, Vec<Uuid>) = pairs.iter().copied().unzip();
    let _counting = Counting::of(tasks.iter().copied());
    workspace.run(
        &COUNT,
        &[Value::Uuids(tasks), Value::Uuids(waits_for)],
        Sees::Latest,
    )?;
    Ok(())
}
