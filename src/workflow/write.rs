//! Writing down the moves of a statement: history, gate results, superseded artifacts, context, new tasks.

use super::attribution::Attribution;
use super::moves::{self, Move};
use super::statements::{PHASES, RECORD_GIVEN, RECORD_MANY, RECORD_ONE};
use crate::context::fold as context;
use crate::context::scout;
use crate::error::{Code, Error};
use crate::gates::record as gates;
use crate::pg::clock;
use crate::pg::error::Result;
use crate::pg::probe::Look;
use crate::pg::spi::{Sees, Session};
use crate::pg::trigger::{Firing, Verdict};
use crate::pg::value::Value;
use crate::phase::Direction;
use crate::tasks::generation;
use crate::workspace::Workspace;
use std::rc::Rc;
use uuid::Uuid;

/// AFTER INSERT OR UPDATE on `tickets`, once a statement: writes down what was noted.
pub fn write(firing: &Firing) -> Result<Verdict> {
    scout::forget();
    if moves::is_empty() {
        return Ok(Verdict::Keep);
    }
    let workspace = Workspace::of_firing(firing)?;
    settle(&workspace)?;
    let moved = moves::take(workspace.schema);
    let results = moves::take_results(workspace.schema);
    if moved.is_empty() && results.is_empty() {
        return Ok(Verdict::Keep);
    }
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    gates::store(&workspace, &results)?;
    moved
        .chunk_by(|one, next| Rc::ptr_eq(&one.attribution, &next.attribution))
        .try_for_each(|alike| write_history(&workspace, alike))?;
    supersede(&workspace, &moved)?;
    let blocks: Vec<_> = moved
        .iter()
        .filter_map(|one| Some((one.ticket, one.left, one.block.as_deref()?)))
        .collect();
    context::keep(&workspace, &blocks)?;
    let entered: Vec<_> = moved
        .iter()
        .filter(|one| one.direction != Some(Direction::Return))
        .map(|one| (one.ticket, one.to))
        .collect();
    let configuration = workspace.configuration()?;
    generation::generate(&workspace, &configuration, &entered)?;
    Ok(Verdict::Keep)
}

/// Looks where the tickets are whose rows a trigger saw after the decision.
fn settle(workspace: &Workspace) -> Result<()> {
    let doubtful = moves::doubtful(workspace.schema);
    if doubtful.is_empty() {
        return Ok(());
    }
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    let rows = workspace.run(&PHASES, &[Value::Uuids(doubtful)], Sees::Latest)?;
    let found = rows
        .iter()
        .filter_map(|row| Some((row.uuid(1)?, row.oid(2)?)))
        .collect();
    moves::settle(workspace.schema, &found)
}

/// Marks as superseded what the regressions among the moves make stale.
fn supersede(workspace: &Workspace, moves: &[Move]) -> Result<()> {
    let phases: Vec<(Uuid, u32)> = moves
        .iter()
        .flat_map(|one| one.superseded.iter().map(|phase| (one.ticket, *phase)))
        .collect();
    // Of one ticket it is quicker to look than to have nothing updated.
    if let [one] = moves {
        let mut any = false;
        for phase in &one.superseded {
            any = any || workspace.may_have(Look::Artifacts, one.ticket, *phase)?;
        }
        if !any {
            return Ok(());
        }
    }
    let at = moves.iter().map(|one| one.at).max();
    gates::supersede(workspace, &phases, at.unwrap_or_else(clock::now))
}

fn attributed(attribution: &Attribution) -> [Value<'_>; 4] {
    [
        Value::text(attribution.reason.as_deref()),
        Value::text(Some(&attribution.actor)),
        Value::text(Some(&attribution.db_role)),
        Value::json(attribution.artifacts.as_deref()),
    ]
}

/// Writes the history of moves that share an attribution, with the artifacts that the decisions saw.
fn write_history(workspace: &Workspace, moves: &[Move]) -> Result<()> {
    let phase = |oid: u32| {
        if oid == 0 {
            Value::Null
        } else {
            Value::Oid(oid)
        }
    };
    let rows = match moves {
        [] => return Ok(()),
        [one] => {
            let [reason, actor, db_role, artifacts] = attributed(&one.attribution);
            // A given list of artifacts stands for itself, as nothing does.
            let (statement, last) = if one.barren || one.attribution.artifacts.is_some() {
                (&RECORD_GIVEN, artifacts)
            } else {
                (&RECORD_ONE, phase(one.left))
            };
            workspace.run(
                statement,
                &[
                    Value::Uuid(one.history_id),
                    Value::Uuid(one.ticket),
                    phase(one.from),
                    phase(one.to),
                    Value::Time(one.at),
                    reason,
                    actor,
                    db_role,
                    Value::uuid(one.gate_result),
                    last,
                ],
                Sees::Latest,
            )?
        }
        [first, ..] => {
            let [reason, actor, db_role, artifacts] = attributed(&first.attribution);
            let phases = |of: fn(&Move) -> u32| {
                Value::Enums(workspace.phase_type, moves.iter().map(of).collect())
            };
            workspace.run(
                &RECORD_MANY,
                &[
                    Value::Uuids(moves.iter().map(|one| one.history_id).collect()),
                    Value::Uuids(moves.iter().map(|one| one.ticket).collect()),
                    phases(|one| one.from),
                    phases(|one| one.to),
                    Value::Times(moves.iter().map(|one| one.at).collect()),
                    reason,
                    actor,
                    db_role,
                    artifacts,
                    phases(|one| if one.barren { 0 } else { one.left }),
                    // An array of ids holds no NULL; none is the nil id, which the statement turns into NULL.
                    Value::Uuids(
                        moves
                            .iter()
                            .map(|one| one.gate_result.unwrap_or_default())
                            .collect(),
                    ),
                ],
                Sees::Latest,
            )?
        }
    };
    if rows.len() == moves.len() {
        return Ok(());
    }
    // A trigger or rule of the owner's on phase_history kept rows out. Moves without history are no moves.
    Err(Error::new(
        Code::NotInPrerequisiteState,
        "phase history was not written",
    )
    .detail(format!(
        "{} of {} rows reached {}.phase_history.",
        rows.len(),
        moves.len(),
        workspace.name
    ))
    .hint("Look for triggers or rules on phase_history that suppress rows."))
}
