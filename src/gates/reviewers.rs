//! Who may review a phase: who may give verdicts at all, took no part in the phase, and has not approved it already. And how long
//! an approval counts: when a verdict was given, as far as gates are concerned.

use super::record::hold;
use super::statements::{HAS_APPROVED, REVIEW_TIMES, TOOK_PART};
use crate::clock;
use crate::error::{Code, Error};
use crate::identity;
use crate::json;
use crate::pg::error::Result;
use crate::pg::role;
use crate::pg::spi::{Sees, Session};
use crate::pg::trigger::{Firing, Verdict};
use crate::pg::value::Value as Sql;
use crate::privileges;
use crate::tasks::TaskColumns;
use crate::tasks::unsettled::{self, Event};
use crate::tasks::verdict::Verdict as Review;
use crate::workspace::Workspace;
use uuid::Uuid;

/// Refuses who may not give verdicts, of whatever phase.
pub fn require_reviewer(workspace: &Workspace) -> Result<()> {
    let table = workspace.table("phase_gate_results")?;
    privileges::require(role::Privilege::Insert, table, "phase_gate_results")
}

/// What keeps an agent from giving a verdict on a ticket's phase; of an approval, by which review it would be given. Needs an open
/// session and the owner's rights.
pub fn barred(
    workspace: &Workspace,
    (ticket, phase): (Option<Uuid>, Option<u32>),
    agent: &str,
    approving: Option<Option<Uuid>>,
) -> Result<Option<Code>> {
    let says = |statement, arguments: &[Sql<'_>]| -> Result<bool> {
        let rows = workspace.run(statement, arguments, Sees::Latest)?;
        Ok(rows.first().is_some_and(|row| row.bool(1)))
    };
    let of_agent = [
        Sql::uuid(ticket),
        phase.map_or(Sql::Null, Sql::Oid),
        Sql::text(Some(agent)),
    ];
    if says(&TOOK_PART, &of_agent)? {
        return Ok(Some(Code::ReviewerTookPart));
    }
    let [ticket, phase, agent] = of_agent;
    Ok(match approving {
        Some(review) if says(&HAS_APPROVED, &[ticket, phase, agent, Sql::uuid(review)])? => {
            Some(Code::ReviewerHasApproved)
        }
        _ => None,
    })
}

/// Before a row of `tasks` is written that may record a review's verdict, however it arrives: its shape, the privilege, the
/// reviewer's independence.
pub fn check_verdict(
    firing: &Firing,
    workspace: &Workspace,
    columns: &TaskColumns,
) -> Result<Verdict> {
    if !columns.is_completed(firing, "review")
        || columns.was_completed(firing, "review")
            && columns.stay(firing)
            && firing.is_same(columns.result)
            && firing.is_same(columns.assigned_agent_id)
            && firing.is_same(columns.completed_at)
    {
        return Ok(Verdict::Keep);
    }
    let row = firing.new_row();
    let result = row
        .json(columns.result)
        .map(|json| {
            json::read(&json).ok_or_else(|| {
                Error::new(Code::InvalidResult, "result is nested too deeply")
                    .detail("At most 127 levels are read.")
            })
        })
        .transpose()?;
    let approved = Review::parse(result.as_ref())
        .map_err(|error| Error::new(Code::InvalidResult, error.to_string()).detail(error.detail()))?
        .approved;
    require_reviewer(workspace)?;
    // The owner may bring in finished reviews with the times they were given at.
    let is_imported = firing.is_insert() && privileges::acts_for(workspace.owner);
    let agent = identity::actor_or("assigned_agent_id", row.text(columns.assigned_agent_id))?;
    let phase = row.phase(columns.phase_id, workspace.phase_type);
    let ticket = row.uuid(columns.ticket_id);
    let task = row.uuid(columns.id);
    let times = |sees| review_times(workspace, task, ticket, phase, sees);
    let (seen, _) = times(Sees::Caller)?;
    hold(workspace, ticket, phase)?;
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    let approving = (approved && !is_imported).then_some(task);
    if let Some(code) = barred(workspace, (ticket, phase), &agent, approving)? {
        let configuration = workspace.configuration()?;
        let label = configuration
            .phases
            .label(configuration.phase_of(phase.unwrap_or(0))?);
        let of_phase = format!("{label} of ticket {}", ticket.unwrap_or_default());
        return Err(match code {
            Code::ReviewerTookPart => {
                Error::new(Code::ReviewerTookPart, "reviewer took part in the phase")
                    .detail(format!("Agent {agent} worked on {of_phase}."))
                    .hint("Let somebody else review it.")
            }
            _ => Error::new(Code::ReviewerHasApproved, "reviewer has approved the phase")
                .detail(format!(
                    "Agent {agent} approved {of_phase} in another review."
                ))
                .hint("Give the task back with fail_task: another reviewer has to approve."),
        });
    }
    let (since, former) = times(Sees::Latest)?;
    let given = row.time(columns.completed_at);
    let now = clock::now();
    let at = if is_imported {
        given.unwrap_or(now).min(now)
    } else {
        verdict_time(approved, given, now, seen, since, former)
    };
    if let (false, Some(ticket), Some(phase), Some(review)) = (is_imported, ticket, phase, task) {
        let event = Event::Reviewed {
            ticket,
            phase,
            review,
            approved,
        };
        unsettled::note(workspace.schema, firing.table(), event);
    }
    Ok(firing.with(&[
        (columns.completed_at, Sql::Time(at)),
        (columns.assigned_agent_id, Sql::text(Some(&agent))),
    ]))
}

/// Since when an approval of the phase counts, and when the last verdict but the one at hand was given.
fn review_times(
    workspace: &Workspace,
    task: Option<Uuid>,
    ticket: Option<Uuid>,
    phase: Option<u32>,
    sees: Sees,
) -> Result<(Option<i64>, Option<i64>)> {
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    let of_phase = [
        Sql::uuid(ticket),
        phase.map_or(Sql::Null, Sql::Oid),
        Sql::uuid(task),
    ];
    let rows = workspace.run(&REVIEW_TIMES, &of_phase, sees)?;
    let time = |column| rows.first().and_then(|row| row.big(column));
    Ok((time(1), time(2)))
}

/// When a verdict was given, as far as gates are concerned. `since` is when what an approval must not be older
/// than came, `seen` the same as the statement that gives it sees it, `former` when the last other verdict was
/// given; the ticket is held.
///
/// Never in the future, or no later verdict could replace it. A rejection is the last word whatever it waited
/// for. An approval is older than what came while it waited, which the reviewer has not seen. Only where the
/// clock is behind what was written already do approvals follow that.
fn verdict_time(
    approved: bool,
    given: Option<i64>,
    now: i64,
    seen: Option<i64>,
    since: Option<i64>,
    former: Option<i64>,
) -> i64 {
    let given = given.unwrap_or(now).min(now);
    let last = since.max(former.map(|former| former.saturating_add(1)));
    let last = last.unwrap_or(i64::MIN);
    match since {
        Some(since) if approved && seen < Some(since) => given.min(since.saturating_sub(1)),
        _ if approved && last <= now => given,
        _ => now.max(last),
    }
}
