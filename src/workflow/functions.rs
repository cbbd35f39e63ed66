//! The SQL functions of the workflow. Each says what is wanted moved or reads; the rules are the triggers'.

use super::archive::{self, MARK};
use super::decide::invalid_transition;
use super::diagram::{Format, diagram};
use super::request::{Standing, Tickets};
use super::statements::{HISTORY, MOVE_MANY, POSITION, POSITION_LOCKED};
use super::wish::Wish;
use crate::error::{Code, Error};
use crate::gates::check::check;
use crate::gates::verdict::Check;
use crate::pg::call::{Answer, Call};
use crate::pg::error::Result;
use crate::pg::rows::{Row, Rows};
use crate::pg::spi::{Sees, Session};
use crate::pg::value::Value;
use crate::phase::Phase;
use crate::workspace::{Configuration, Workspace};
use std::collections::HashSet;
use uuid::Uuid;

/// `transition_ticket(ticket_id, to_phase, reason, transitioned_by, artifacts, expected_phase)`
pub fn transition_ticket(call: &Call) -> Result<Answer> {
    let (ticket, wish) = Wish::of_call(call)?;
    wish.answer_transition(call, ticket)
}

/// `try_transition_ticket(ticket_id, to_phase, reason, transitioned_by, artifacts, expected_phase)`
pub fn try_transition_ticket(call: &Call) -> Result<Answer> {
    let (ticket, wish) = Wish::of_call(call)?;
    let attempt = wish.move_one(ticket, true)?;
    Ok(call.answer_row(&wish.attempt_columns(ticket, &attempt)))
}

/// `transition_tickets(ticket_ids, to_phase, reason, transitioned_by)`
pub fn transition_tickets(call: &Call) -> Result<Answer> {
    let tickets = call.uuids(0, "ticket_ids")?;
    let wish = Wish::new(
        &call.text(1, "to_phase")?,
        call.optional_text(2),
        call.optional_text(3),
        None,
        None,
    )?;
    let _session = Session::open()?;
    let known: HashSet<Uuid> = tickets.iter().copied().collect();
    let standing = Standing::put(wish.request(Tickets::Many(known), true));
    let target = Value::Oid(wish.configuration.phases.oid(wish.to));
    let rows = wish.workspace.run(
        &MOVE_MANY,
        &[Value::Uuids(tickets.clone()), target],
        Sees::Snapshot,
    )?;
    let updated: HashSet<Uuid> = rows.iter().filter_map(|row| row.uuid(1)).collect();
    let outcomes = standing.outcomes.take();
    let set = call.start_set(false);
    for ticket in tickets {
        let outcome = outcomes.get(&ticket).cloned();
        let attempt = wish.attempt(outcome, updated.contains(&ticket), ticket)?;
        set.push(&wish.attempt_columns(ticket, &attempt));
    }
    Ok(None)
}

/// `block_ticket(ticket_id, reason, transitioned_by)`
pub fn block_ticket(call: &Call) -> Result<Answer> {
    let ticket = call.uuid(0, "ticket_id")?;
    let reason = call.text(1, "reason")?;
    if reason.trim().is_empty() {
        return Err(Error::invalid_argument(
            "reason must not be empty",
            "Whoever unblocks the ticket needs to know it.",
        ));
    }
    let configuration = Workspace::current()?.configuration()?;
    let blocked = configuration.phases.blocked().ok_or_else(|| {
        Error::new(
            Code::NoBlockedPhase,
            "workspace has no phase for blocked tickets",
        )
        .hint("Give a phase the kind blocked in the table phases.")
    })?;
    let blocked = configuration.phases.label(blocked);
    let wish = Wish::new(blocked, Some(reason), call.optional_text(2), None, None)?;
    wish.answer_transition(call, ticket)
}

/// `unblock_ticket(ticket_id, reason, transitioned_by)`
pub fn unblock_ticket(call: &Call) -> Result<Answer> {
    let ticket = call.uuid(0, "ticket_id")?;
    let workspace = Workspace::current()?;
    let configuration = workspace.configuration()?;
    let phases = &configuration.phases;
    let (present, previous) = {
        let _session = Session::open()?;
        let rows = workspace.run(&POSITION_LOCKED, &[Value::Uuid(ticket)], Sees::Snapshot)?;
        let row = rows
            .first()
            .ok_or_else(|| Error::not_found("ticket", ticket))?;
        (
            configuration.phase_of(row.oid(1).unwrap_or(0))?,
            row.oid(2).and_then(|oid| phases.by_oid(oid)),
        )
    };
    if !phases.is_blocked(present) {
        return Err(Error::new(Code::TicketNotBlocked, "ticket is not blocked")
            .detail(format!("Ticket {ticket} is in {}.", phases.label(present))));
    }
    let left = phases.left(present, previous);
    if !configuration.transitions.contains(present, left) {
        let targets: Vec<&str> = configuration
            .transitions
            .targets(phases, present)
            .into_iter()
            .map(|phase| phases.label(phase))
            .collect();
        let error = invalid_transition(&configuration, ticket, present, left);
        if targets.is_empty() {
            return Err(error);
        }
        return Err(error.hint(format!(
            "Use transition_ticket to move it to one of: {}.",
            targets.join(", ")
        )));
    }
    let wish = Wish::new(
        phases.label(left),
        call.optional_text(1),
        call.optional_text(2),
        None,
        None,
    )?;
    wish.answer_transition(call, ticket)
}

/// `can_transition_ticket(ticket_id, to_phase)`
pub fn can_transition_ticket(call: &Call) -> Result<Answer> {
    let ticket = call.uuid(0, "ticket_id")?;
    let workspace = Workspace::current()?;
    let configuration = workspace.configuration()?;
    let to = configuration.phase(&call.text(1, "to_phase")?)?;
    let (from, previous) = position(&workspace, &configuration, ticket)?;
    let decided = configuration
        .transitions
        .decide(&configuration.phases, from, previous, to);
    let reasons: Vec<String> = match decided {
        _ if from == to => Vec::new(),
        Some(decided) => {
            let mut reasons = Vec::new();
            for phase in decided.gates {
                let found = check(&workspace, &configuration, ticket, phase, Sees::Caller)?;
                reasons.extend(found.iter().flat_map(Check::blocking_reasons));
            }
            reasons
        }
        None => invalid_transition(&configuration, ticket, from, to)
            .detail
            .into_iter()
            .collect(),
    };
    Ok(call.answer_row(&[
        Value::Bool(reasons.is_empty()),
        Value::Texts(reasons.into_iter().map(Some).collect()),
    ]))
}

fn position(
    workspace: &Workspace,
    configuration: &Configuration,
    ticket: Uuid,
) -> Result<(Phase, Option<Phase>)> {
    let _session = Session::open()?;
    let rows = workspace.run(&POSITION, &[Value::Uuid(ticket)], Sees::Caller)?;
    let row = rows
        .first()
        .ok_or_else(|| Error::not_found("ticket", ticket))?;
    Ok((
        configuration.phase_of(row.oid(1).unwrap_or(0))?,
        row.oid(2).and_then(|oid| configuration.phases.by_oid(oid)),
    ))
}

/// `can_transition(from_phase, to_phase)`
pub fn can_transition(call: &Call) -> Result<Answer> {
    let workspace = Workspace::current()?;
    workspace.require_reader()?;
    let configuration = workspace.configuration()?;
    let from = configuration.phase(&call.text(0, "from_phase")?)?;
    let to = configuration.phase(&call.text(1, "to_phase")?)?;
    Ok(call.answer(&Value::Bool(configuration.transitions.contains(from, to))))
}

/// `get_valid_transitions(current_phase)`
pub fn get_valid_transitions(call: &Call) -> Result<Answer> {
    let workspace = Workspace::current()?;
    workspace.require_reader()?;
    let configuration = workspace.configuration()?;
    let from = configuration.phase(&call.text(0, "current_phase")?)?;
    let targets = configuration
        .transitions
        .targets(&configuration.phases, from);
    let set = call.start_set(true);
    for phase in targets {
        set.push(&[Value::text(Some(configuration.phases.label(phase)))]);
    }
    Ok(None)
}

/// `get_phase_history(ticket_id)`
pub fn get_phase_history(call: &Call) -> Result<Answer> {
    let ticket = call.uuid(0, "ticket_id")?;
    let workspace = Workspace::current()?;
    let _session = Session::open()?;
    let rows = workspace.run(&HISTORY, &[Value::Uuid(ticket)], Sees::Caller)?;
    let is_mark = |row: &Row<'_>| row.text(3).is_none() && row.text(5).as_deref() == Some(MARK);
    let is_marked = rows.first().is_some_and(|first| is_mark(&first));
    if !rows.is_empty() && !is_marked {
        return Ok(call.answer_rows(&rows));
    }
    // Every ticket has a history, so this one is in the archive, or not there for the caller.
    let archived = archive::history(&workspace, ticket)?;
    let is_archived = archived.as_ref().is_some_and(|rows| !rows.is_empty());
    if rows.is_empty() && !is_archived {
        return Err(Error::not_found("ticket", ticket));
    }
    let set = call.start_set(false);
    let former = archived.iter().flat_map(Rows::iter);
    former.for_each(|row| set.push_found(&row, &[]));
    let later = rows.iter().skip(usize::from(is_archived));
    later.for_each(|row| set.push_found(&row, &[]));
    Ok(None)
}

/// `get_current_phase(ticket_id)`
pub fn get_current_phase(call: &Call) -> Result<Answer> {
    let ticket = call.uuid(0, "ticket_id")?;
    let workspace = Workspace::current()?;
    let configuration = workspace.configuration()?;
    let (phase, _) = position(&workspace, &configuration, ticket)?;
    Ok(call.answer(&Value::text(Some(configuration.phases.label(phase)))))
}

/// `phase_diagram(format)`
pub fn phase_diagram(call: &Call) -> Result<Answer> {
    let name = call.text(0, "format")?;
    let format = Format::parse(&name).ok_or_else(|| {
        Error::invalid_argument(
            "unknown diagram format",
            format!("\"{name}\" is none of: {}.", Format::NAMES),
        )
    })?;
    let workspace = Workspace::current()?;
    workspace.require_reader()?;
    let configuration = workspace.configuration()?;
    let text = diagram(&configuration.phases, &configuration.transitions, format);
    Ok(call.answer(&Value::text(Some(&text))))
}

/// `uuid_v7()`
pub fn uuid_v7(call: &Call) -> Result<Answer> {
    Ok(call.answer(&Value::Uuid(Uuid::now_v7())))
}
