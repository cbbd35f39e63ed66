//! What a claim must answer.

use crate::server::Row;
use crate::statement::Sent;
use crate::world::{FUTURE, Rows, World, update};
use phasegate::tasks::status::Status;
use uuid::Uuid;

/// A claim: leases that ran out and tasks whose time has come are first put into their place, as far as nobody
/// holds them; then the best task that nobody holds is claimed.
pub fn claim(
    world: &mut World,
    session: usize,
    sent: &Sent,
    answer: &Result<Vec<Row>, &str>,
    left: &[Row],
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
        let is_still_due = left
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
    let candidates = after.claimable();
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
