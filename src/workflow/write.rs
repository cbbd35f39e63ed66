//! Writing down the moves of a statement: history, gate results, superseded artifacts, context, new tasks.

use super::history;
use super::moves::{self, Move};
use super::statements::PHASES;
use crate::context::fold as context;
use crate::context::scout;
use crate::gates::record as gates;
use crate::pg::append::Parent;
use crate::pg::clock;
use crate::pg::error::Result;
use crate::pg::probe::Look;
use crate::pg::spi::{Sees, Session};
use crate::pg::trigger::{Each, Firing, On, Verdict, When};
use crate::pg::value::Value;
use crate::phase::Direction;
use crate::tasks::generation;
use crate::workspace::Workspace;
use std::rc::Rc;
use uuid::Uuid;

/// AFTER INSERT OR UPDATE on `tickets`, once a statement: writes down what was noted.
pub fn write(firing: &Firing) -> Result<Verdict> {
    firing.require(When::After, Each::Statement, &[On::Insert, On::Update])?;
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
    let now = Parent::held(workspace.tickets);
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    let is_quiet = gates::store(&workspace, &results, now)?;
    let now = if is_quiet {
        now
    } else {
        Parent::held(workspace.tickets)
    };
    moved
        .chunk_by(|one, next| Rc::ptr_eq(&one.attribution, &next.attribution))
        .try_for_each(|alike| history::write(&workspace, alike, now))?;
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
