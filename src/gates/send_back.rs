//! What follows from a verdict. After a rejection reviews that nobody has begun are dropped, and the work goes back into the
//! queue. After an approval of what somebody mended without that task, the task is dropped.

use super::check::{Gates, check};
use super::rework;
use super::statements::{DROP_REVIEWS, DROP_REWORK, REJECTED, SAY_MORE, SEND_BACK};
use super::verdict::ReviewState;
use crate::clock;
use crate::json;
use crate::pg::error::Result;
use crate::pg::spi::Sees;
use crate::pg::value::Value as Sql;
use crate::tasks::verdict::Verdict;
use crate::workspace::Workspace;
use uuid::Uuid;

/// Sees to what follows from an approval of a ticket's phase, an enum value. Needs an open session with the owner's rights,
/// and the ticket held.
pub fn accept(workspace: &Workspace, ticket: Uuid, phase: u32) -> Result<()> {
    let configuration = workspace.configuration()?;
    let approved = configuration.phase_of(phase)?;
    let found = check(workspace, &configuration, ticket, approved, Sees::Latest)?;
    if found.is_some_and(|check| check.review == ReviewState::Approved) {
        let of_phase = [Sql::Uuid(ticket), Sql::Oid(phase)];
        workspace.run(&DROP_REWORK, &of_phase, Sees::Latest)?;
    }
    Ok(())
}

/// Sees to what follows from the rejection of a ticket's phase, an enum value, by a review. Needs an open session with the
/// owner's rights, and the ticket held.
///
/// A phase that the ticket has left is not taken up again.
pub fn send_back(workspace: &Workspace, ticket: Uuid, phase: u32, review: Uuid) -> Result<()> {
    let configuration = workspace.configuration()?;
    let gates = Gates::of(workspace, &configuration)?;
    let phases = &configuration.phases;
    let rejected = configuration.phase_of(phase)?;
    let Some(requirements) = gates
        .requirements(rejected)
        .filter(|requirements| requirements.requires_review)
    else {
        return Ok(());
    };
    let of_phase = [Sql::Uuid(ticket), Sql::Oid(phase)];
    let arguments = [Sql::Uuid(ticket), Sql::Oid(phase), Sql::Uuid(review)];
    let rows = workspace.run(&REJECTED, &arguments, Sees::Latest)?;
    // A trigger of the user's may have kept the review from its row.
    let Some(row) = rows.first() else {
        return Ok(());
    };
    let present = configuration.phase_of(row.oid(3).unwrap_or(0))?;
    let previous = row.oid(4).and_then(|oid| phases.by_oid(oid));
    let is_there = phases.left(present, previous) == rejected && !phases.kind(present).is_final();
    let result = row.json(9).and_then(|text| json::read(&text));
    let verdict = Verdict::parse(result.as_ref());
    let Some(verdict) = verdict.ok().filter(|verdict| is_there && !verdict.approved) else {
        return Ok(());
    };
    workspace.run(&DROP_REVIEWS, &of_phase, Sees::Latest)?;
    let Some(most) = requirements.rework else {
        return Ok(());
    };
    if let Some(open) = row.uuid(6) {
        let text = rework::longer(&row.text(7).unwrap_or_default(), &verdict);
        let arguments = [Sql::Uuid(open), Sql::text(Some(&text))];
        workspace.run(&SAY_MORE, &arguments, Sees::Latest)?;
        return Ok(());
    }
    let times = row.big(5).unwrap_or(i64::MAX);
    if usize::try_from(times).unwrap_or(usize::MAX) >= most {
        return Ok(());
    }
    let title = row.text(1).unwrap_or_default();
    let text = rework::description(phases.label(rejected), &title, &verdict);
    let (priority, capabilities) = (row.text(2), row.json(8));
    let [ticket, phase] = of_phase;
    let arguments = [
        ticket,
        phase,
        Sql::text(Some(&text)),
        Sql::text(priority.as_deref()),
        Sql::json(capabilities.as_deref()),
        Sql::Time(clock::now()),
    ];
    workspace.run(&SEND_BACK, &arguments, Sees::Latest)?;
    Ok(())
}
