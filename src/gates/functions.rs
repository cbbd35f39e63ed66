//! The SQL functions of the gates room.

use super::check::check;
use super::record::{GateResult, ask_reviews, collect, hold, store};
use super::statements::{
    ADD, ARTIFACT, GATE_STATUS, HAS_APPROVED, LATEST_RESULT, RESULT, TICKET_PHASE,
    TICKET_PHASE_LOCKED,
};
use super::verdict::Check;
use crate::by_index::ByIndex;
use crate::clock;
use crate::error::Error;
use crate::identity;
use crate::pg::call::{Answer, Call};
use crate::pg::error::Result;
use crate::pg::role;
use crate::pg::spi::{Sees, Session};
use crate::pg::value::Value as Sql;
use crate::phase::Phase;
use crate::privileges;
use crate::tasks::TASKS;
use crate::workspace::{Configuration, Statement, Workspace};
use std::rc::Rc;
use uuid::Uuid;

/// A ticket's phase that a call is about.
struct Subject {
    workspace: Rc<Workspace>,
    configuration: Rc<Configuration>,
    ticket: Uuid,
    phase: Phase,
}

impl Subject {
    /// From the arguments (ticket_id, ..., phase_id at `index`); NULL means the ticket's phase.
    fn of_call(
        call: &Call,
        index: usize,
        statement: &'static Statement,
        sees: Sees,
    ) -> Result<Self> {
        let ticket = call.uuid(0, "ticket_id")?;
        let workspace = Workspace::current()?;
        let configuration = workspace.configuration()?;
        let given = call
            .optional_text(index)
            .map(|label| configuration.phase(&label))
            .transpose()?;
        let _session = Session::open()?;
        let _by_index = ByIndex::only();
        let rows = workspace.run(statement, &[Sql::Uuid(ticket)], sees)?;
        let row = rows
            .first()
            .ok_or_else(|| Error::not_found("ticket", ticket))?;
        let present = configuration.phase_of(row.oid(1).unwrap_or(0))?;
        Ok(Subject {
            phase: given.unwrap_or(present),
            workspace,
            configuration,
            ticket,
        })
    }

    /// For a function that hands something in. NULL means the phase that the ticket has once a move under way
    /// has ended: evidence filed under a phase that was left meanwhile would survive the regression that left it.
    fn to_hand_in(call: &Call, index: usize) -> Result<Self> {
        let visible = Subject::of_call(call, index, &TICKET_PHASE, Sees::Snapshot)?;
        if call.datum(index).is_some() {
            return Ok(visible);
        }
        hold(&visible.workspace, Some(visible.ticket), None)?;
        Subject::of_call(call, index, &TICKET_PHASE, Sees::Snapshot)
    }

    /// For a function that decides about the ticket: needs UPDATE of `tickets.phase_id`, and holds the ticket.
    fn to_decide(call: &Call) -> Result<Self> {
        let workspace = Workspace::current()?;
        workspace.require_update(workspace.columns.phase_id)?;
        Subject::of_call(call, 1, &TICKET_PHASE_LOCKED, Sees::Snapshot)
    }

    fn phase_oid(&self) -> u32 {
        self.configuration.phases.oid(self.phase)
    }

    fn check(&self, sees: Sees) -> Result<Check> {
        let found = check(
            &self.workspace,
            &self.configuration,
            self.ticket,
            self.phase,
            sees,
        )?;
        Ok(found.unwrap_or_else(Check::not_configured))
    }
}

/// `add_artifact(ticket_id, artifact_type, artifact_path, artifact_content, phase_id, collected_by)`
pub fn add_artifact(call: &Call) -> Result<Answer> {
    let subject = Subject::to_hand_in(call, 4)?;
    let artifact_type = call.text(1, "artifact_type")?;
    let path = call.optional_text(2);
    let by = call.optional_text(5);
    (by.iter()).try_for_each(|name| identity::require_readable("collected_by", name))?;
    let by = identity::actor_or("collected_by", by)?;
    let id = Uuid::now_v7();
    let workspace = &subject.workspace;
    let _session = Session::open()?;
    workspace.run(
        &ADD,
        &[
            Sql::Uuid(id),
            Sql::Uuid(subject.ticket),
            Sql::Oid(subject.phase_oid()),
            Sql::text(Some(&artifact_type)),
            Sql::text(path.as_deref()),
            call.datum(3).map_or(Sql::Null, Sql::Datum),
            Sql::text(Some(&by)),
        ],
        Sees::Snapshot,
    )?;
    // Read back with the owner's rights: INSERT is all that handing in asks for.
    let _owner = workspace.as_owner();
    let rows = workspace.run(&ARTIFACT, &[Sql::Uuid(id)], Sees::Snapshot)?;
    Ok(rows.first().and_then(|row| call.answer_found(&row)))
}

/// `collect_artifacts(ticket_id, phase_id)`
pub fn collect_artifacts(call: &Call) -> Result<Answer> {
    let subject = Subject::to_hand_in(call, 1)?;
    let workspace = &subject.workspace;
    let table = workspace.table("phase_gate_artifacts")?;
    privileges::require(role::Privilege::Insert, table, "phase_gate_artifacts")?;
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    hold(workspace, Some(subject.ticket), Some(subject.phase_oid()))?;
    let rows = collect(workspace, subject.ticket, Some(subject.phase_oid()), None)?;
    Ok(call.answer_rows(&rows))
}

/// `check_gate_requirements(ticket_id, phase_id)`
pub fn check_gate_requirements(call: &Call) -> Result<Answer> {
    let subject = Subject::of_call(call, 1, &TICKET_PHASE, Sees::Caller)?;
    let check = subject.check(Sees::Caller)?;
    Ok(call.answer(&Sql::Json(check.to_json().to_string().into())))
}

/// `gate_status(ticket_id)`
pub fn gate_status(call: &Call) -> Result<Answer> {
    let subject = Subject::of_call(call, usize::MAX, &TICKET_PHASE, Sees::Caller)?;
    let check = subject.check(Sees::Caller)?.to_json().to_string();
    let _session = Session::open()?;
    let _owner = subject.workspace.as_owner();
    let rows = subject.workspace.run(
        &GATE_STATUS,
        &[
            Sql::Uuid(subject.ticket),
            Sql::Oid(subject.phase_oid()),
            Sql::json(Some(&check)),
        ],
        Sees::Caller,
    )?;
    let status = rows.first().and_then(|row| row.json(1));
    Ok(call.answer(&Sql::json(status.as_deref())))
}

/// `validate_gate(ticket_id, phase_id, validated_by)`
pub fn validate_gate(call: &Call) -> Result<Answer> {
    let subject = Subject::to_decide(call)?;
    let by = identity::actor_or("validated_by", call.optional_text(2))?;
    let workspace = &subject.workspace;
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    collect(workspace, subject.ticket, Some(subject.phase_oid()), None)?;
    let check = subject.check(Sees::Latest)?;
    let phase = subject.phase_oid();
    let result = GateResult::new(subject.ticket, phase, &check, clock::now(), &by);
    store(workspace, std::slice::from_ref(&result))?;
    let stored = workspace.run(&RESULT, &[Sql::Uuid(result.id)], Sees::Snapshot)?;
    if let Some(row) = stored.first() {
        return Ok(call.answer_found(&row));
    }
    // It says what the latest says already.
    let of_phase = [Sql::Uuid(subject.ticket), Sql::Oid(phase)];
    let latest = workspace.run(&LATEST_RESULT, &of_phase, Sees::Latest)?;
    Ok(latest.first().and_then(|row| call.answer_found(&row)))
}

/// `validate_phase_completion(ticket_id, phase_id)`
pub fn validate_phase_completion(call: &Call) -> Result<Answer> {
    let subject = Subject::to_decide(call)?;
    let workspace = &subject.workspace;
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    let missing = subject.check(Sees::Latest)?.missing_reviews.max(1);
    let asked = ask_reviews(workspace, subject.ticket, subject.phase_oid(), missing)?;
    let review = asked.open.into_iter().collect();
    let rows = workspace.run(&TASKS, &[Sql::Uuids(review)], Sees::Latest)?;
    Ok(rows.first().and_then(|row| call.answer_found(&row)))
}

/// `_has_approved(ticket_id, phase_id, agent_id)`, for claims: whether an approval of the phase by the agent counts.
///
/// Answers by all rows of a ticket that the caller may see, as `took_part` does.
pub fn has_approved(call: &Call) -> Result<Answer> {
    let ticket = Sql::Uuid(call.uuid(0, "ticket_id")?);
    let workspace = Workspace::current()?;
    let configuration = workspace.configuration()?;
    let phase = configuration.phase(&call.text(1, "phase_id")?)?;
    let agent = call.text(2, "agent_id")?;
    let _session = Session::open()?;
    let seen = workspace.run(&TICKET_PHASE, std::slice::from_ref(&ticket), Sees::Caller)?;
    if seen.is_empty() {
        return Ok(call.answer(&Sql::Bool(false)));
    }
    let _owner = workspace.as_owner();
    let phase = Sql::Oid(configuration.phases.oid(phase));
    let arguments = [ticket, phase, Sql::text(Some(&agent)), Sql::Null];
    let rows = workspace.run(&HAS_APPROVED, &arguments, Sees::Caller)?;
    let has_approved = rows.first().is_some_and(|row| row.bool(1));
    Ok(call.answer(&Sql::Bool(has_approved)))
}
