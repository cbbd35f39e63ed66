//! Writing down the moves of a statement: history, gate results, superseded artifacts, context, tasks that stop or go on, new
//! tasks.

use super::doubts::Position;
use super::history;
use super::moves::{self, Move};
use super::statements::POSITIONS;
use crate::clock;
use crate::context::fold as context;
use crate::context::scout;
use crate::error::Error;
use crate::gates::record as gates;
use crate::pg::error::Result;
use crate::pg::rows::Row;
use crate::pg::spi::{Sees, Session};
use crate::pg::transaction;
use crate::pg::trigger::{Each, Firing, On, Verdict, When};
use crate::pg::value::Value;
use crate::phase::Direction;
use crate::tasks::{generation, stopping};
use crate::workspace::{Workspace, full_name};
use std::rc::Rc;
use uuid::Uuid;

/// AFTER INSERT OR UPDATE on `tickets`, once a statement: writes down what was noted. Where `tickets` is partitioned or a
/// partition, also for each row, since a statement may name another table: the first row is as good as the statement's end, since
/// all rows were written by then. New rows are noted one by one after that, so where the statement trigger is to come, as a third
/// one BEFORE the statement says, they are left to it.
pub fn write(firing: &Firing) -> Result<Verdict> {
    if firing.trigger().event().fired_before() {
        firing.require(When::Before, Each::Statement, &[On::Insert])?;
    } else {
        firing.require(
            When::After,
            firing.trigger().level(),
            &[On::Insert, On::Update],
        )?;
    }
    scout::forget();
    let workspace = Workspace::of_firing(firing, "tickets")?;
    if firing.trigger().event().fired_before() {
        moves::begin(workspace.schema, firing.table());
        return Ok(Verdict::Keep);
    }
    let is_for_row = firing.trigger().event().fired_for_row();
    if !is_for_row {
        moves::end();
    }
    let is_left_to_end = || is_for_row && firing.is_insert() && moves::has_begun(workspace.schema);
    if moves::is_empty() || is_left_to_end() {
        return Ok(Verdict::Keep);
    }
    settle(&workspace, moves::doubtful(workspace.schema))?;
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
        .try_for_each(|alike| history::write(&workspace, alike))?;
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
    let moves = moved.iter().filter(|one| one.direction.is_some());
    stopping::follow(
        &workspace,
        &configuration,
        moves.map(|one| (one.ticket, one.from, one.to)),
    )?;
    generation::generate(&workspace, &configuration, &entered)?;
    Ok(Verdict::Keep)
}

/// Looks where the tickets are whose rows a trigger saw after the decision; what they were noted for and is not so is dropped.
fn settle(workspace: &Workspace, doubtful: Vec<Uuid>) -> Result<()> {
    if doubtful.is_empty() {
        return Ok(());
    }
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    let tickets = [Value::Uuids(doubtful.clone())];
    let rows = workspace.run(&POSITIONS, &tickets, Sees::Latest)?;
    let read = |row: Row<'_>| {
        let position = Position {
            phase: row.oid(2)?,
            previous: row.oid(3).unwrap_or(0),
            entered_at: row.big(4),
        };
        Some((row.uuid(1)?, position))
    };
    let found = rows.iter().filter_map(read).collect();
    moves::settle(workspace.schema, &found)?;
    moves::drop_kept_out(workspace.schema, &doubtful);
    Ok(())
}

/// Refuses to end a transaction that moved tickets past the triggers that would have written it down: rows of a partition, by
/// its own name or by that of a table above, fire none of the statement triggers of `tickets`.
///
/// Not earlier: between the decision and the trigger that writes, a user's own triggers may rightly do other things.
pub fn refuse_left() -> Result<()> {
    for (schema, doubtful) in moves::doubtful_schemas() {
        transaction::with_snapshot(|| match Workspace::of_schema(schema)? {
            Some(workspace) => settle(&workspace, doubtful),
            None => {
                moves::drop_kept_out(schema, &doubtful);
                Ok(())
            }
        })?;
    }
    match moves::left() {
        None => Ok(()),
        Some(table) => Err(Error::not_recorded("tickets", &full_name(table))),
    }
}

/// Marks as superseded what the regressions among the moves make stale.
fn supersede(workspace: &Workspace, moves: &[Move]) -> Result<()> {
    let regressions: Vec<(Uuid, &[u32])> = moves
        .iter()
        .filter(|one| !one.superseded.is_empty())
        .map(|one| (one.ticket, one.superseded.as_slice()))
        .collect();
    let at = moves.iter().map(|one| one.at).max();
    gates::supersede(workspace, &regressions, at.unwrap_or_else(clock::now))
}
