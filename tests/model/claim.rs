//! What a claim must answer.

use crate::expect::{Seen, follow};
use crate::rules::Rules;
use crate::server::Row;
use crate::statement::Sent;
use crate::world::{FUTURE, Rows, World, update};
use phasegate::tasks::status::Status;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A claim: leases that ran out and tasks whose time has come are first put into their place, as far as nobody
/// holds them; then the best task that nobody holds is claimed.
#[expect(clippy::too_many_arguments, reason = "all that is known of a claim")]
pub fn claim(
    rules: &Rules,
    world: &mut World,
    session: usize,
    sent: &Sent,
    answer: &Result<Vec<Row>, &str>,
    due_still: &[Row],
    seen: &Seen,
    attempts: &BTreeMap<Uuid, i32>,
    is_strict: bool,
) -> Result<(), String> {
    let rows = answer
        .as_ref()
        .map_err(|state| format!("a claim failed with {state}"))?;
    let claimed = rows.first().map(|row| {
        let text = |column: usize| row[column].as_deref().unwrap_or_default();
        (Uuid::parse_str(text(0)).expect("an id"), text(1).to_owned())
    });
    let mut after = world.view(session);
    let due: Vec<Uuid> = after
        .tasks
        .iter()
        .filter(|(_, task)| task.is_due())
        .map(|(id, _)| *id)
        .collect();
    for id in due {
        let is_still_due = due_still
            .iter()
            .any(|row| row[1].as_deref() == Some(&id.to_string()));
        if !is_still_due {
            tidy(&mut after, id, &sent.agent);
        } else if !world.may_be_held(session, &after.tasks[&id]) {
            return Err(format!(
                "task {id}, whose time has come, was passed over though nobody holds it"
            ));
        }
    }
    follow(rules, world, session, &mut after, seen)?;
    let stopped: Vec<Uuid> = after
        .claimable()
        .into_iter()
        .filter(|id| {
            let task = &after.tasks[id];
            rules.stops(after.tickets[&task.ticket].phase, task.phase)
        })
        .collect();
    for id in &stopped {
        let found = attempts.get(id).copied();
        let is_claimed = claimed.as_ref().is_some_and(|(claimed, _)| claimed == id);
        let was_claimed = found.is_some_and(|found| found > after.tasks[id].state.attempts);
        if !was_claimed || is_claimed {
            continue;
        }
        let (status, on_hold) = seen[id];
        if status == Status::Pending && !on_hold && !world.may_be_held(session, &after.tasks[id]) {
            return Err(format!(
                "task {id} was put off though nobody holds its ticket"
            ));
        }
        take_out(&mut after, *id, &sent.agent, (status, on_hold));
    }
    let candidates: Vec<Uuid> = after
        .claimable()
        .into_iter()
        .filter(|id| is_strict || !stopped.contains(id))
        .collect();
    let free = candidates
        .iter()
        .find(|id| !world.may_be_held(session, &after.tasks[id]));
    match (&claimed, free) {
        _ if is_strict && claimed.is_none() => {}
        (None, None) => {}
        (None, Some(free)) => {
            return Err(format!(
                "nothing was claimed, though task {free} is there and nobody holds it"
            ));
        }
        (Some((id, attempt)), free) => {
            let place = |wanted: &Uuid| candidates.iter().position(|id| id == wanted);
            let Some(claimed_place) = place(id) else {
                return Err(format!(
                    "task {id} was claimed, which cannot be: {:?}",
                    after.tasks.get(id)
                ));
            };
            if !is_strict
                && free.is_some_and(|free| place(free).is_some_and(|free| free < claimed_place))
            {
                return Err(format!(
                    "task {id} was claimed, though {free:?} comes before it and nobody holds that"
                ));
            }
            update(&mut after, *id, &sent.agent, |task| {
                task.status = Status::Assigned;
                task.agent = Some(sent.agent.clone());
                task.lease = Some(FUTURE);
            });
            if after.tasks[id].state.attempts.to_string() != *attempt {
                return Err(format!(
                    "task {id} was claimed in attempt {attempt}, the model says {}",
                    after.tasks[id].state.attempts
                ));
            }
        }
    }
    world.apply(session, after)
}

/// A task that was passed by when its ticket stopped, and that the claim has come upon; put off where somebody holds the ticket.
fn take_out(rows: &mut Rows, id: Uuid, agent: &str, (status, on_hold): (Status, bool)) {
    update(rows, id, agent, |task| {
        task.status = Status::Assigned;
        task.agent = Some(agent.to_owned());
        task.lease = Some(FUTURE);
    });
    update(rows, id, agent, |task| {
        task.status = status;
        if status == Status::Pending && !on_hold {
            task.scheduled_at = Some(FUTURE);
        }
    });
    rows.tasks.get_mut(&id).expect("a task").on_hold = on_hold;
}

fn tidy(rows: &mut Rows, id: Uuid, by: &str) {
    update(rows, id, by, |task| {
        if task.status != Status::Pending {
            let again = task.attempts < task.max_attempts;
            task.status = if again {
                Status::Pending
            } else {
                Status::Failed
            };
        }
        task.scheduled_at = None;
    });
}
