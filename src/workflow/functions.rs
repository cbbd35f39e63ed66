//! The SQL functions of the workflow. Each says what is wanted moved or reads; the rules are the triggers'.

use super::attribution::Attribution;
use super::decide::invalid_transition;
use super::diagram::{Format, diagram};
use super::request::{Outcome, Request, Standing, Tickets};
use super::statements::{FIRING_ALWAYS, HISTORY, MOVE_MANY, MOVE_ONE, POSITION, POSITION_LOCKED};
use crate::error::{Code, Error};
use crate::gates::check::check;
use crate::gates::verdict::Check;
use crate::pg::call::{Answer, Call};
use crate::pg::error::Result;
use crate::pg::server;
use crate::pg::spi::{Sees, Session};
use crate::pg::value::Value;
use crate::phase::Phase;
use crate::workspace::{Configuration, Workspace};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use uuid::Uuid;

/// What came of asking one ticket to move.
enum Attempt {
    /// It moved.
    Moved { from: Phase, to: Phase, at: i64 },
    /// It was there already.
    Unmoved,
    /// It may not, or is not there.
    Refused {
        from: Option<Phase>,
        error_code: &'static str,
        reasons: Vec<String>,
    },
}

/// A move as a function's arguments ask for it.
struct Wish {
    workspace: Rc<Workspace>,
    configuration: Rc<Configuration>,
    to: Phase,
    attribution: Rc<Attribution>,
    expected: Option<Phase>,
}

/// Refuses where the triggers that decide about moves and write them down do not fire: nothing would come of the UPDATE, or a
/// move that nobody has decided about.
fn require_deciding(workspace: &Workspace) -> Result<()> {
    if !server::is_replica() {
        return Ok(());
    }
    let _session = Session::open()?;
    let table = [Value::Oid(workspace.tickets)];
    let rows = workspace.run(&FIRING_ALWAYS, &table, Sees::Caller)?;
    if rows.len() == 2 {
        return Ok(());
    }
    Err(Error::new(Code::TriggersOff, "tickets cannot be moved under session_replication_role = replica")
        .detail("The triggers that decide about moves and write them down do not fire in this session.")
        .hint("RESET session_replication_role, or ALTER TABLE ... ENABLE ALWAYS TRIGGER zz_phasegate_decide and aa_phasegate_write."))
}

impl Wish {
    fn new(
        to: &str,
        reason: Option<String>,
        actor: Option<String>,
        artifacts: Option<String>,
        expected: Option<&str>,
    ) -> Result<Self> {
        let workspace = Workspace::current()?;
        require_deciding(&workspace)?;
        let configuration = workspace.configuration()?;
        Ok(Wish {
            to: configuration.phase(to)?,
            expected: expected
                .map(|label| configuration.phase(label))
                .transpose()?,
            attribution: Rc::new(Attribution::new(actor, reason, artifacts)),
            workspace,
            configuration,
        })
    }

    /// From the arguments (ticket_id, to_phase, reason, transitioned_by, artifacts, expected_phase).
    fn of_call(call: &Call) -> Result<(Uuid, Self)> {
        let ticket = call.uuid(0, "ticket_id")?;
        let wish = Wish::new(
            &call.text(1, "to_phase")?,
            call.optional_text(2),
            call.optional_text(3),
            call.optional_json(4),
            call.optional_text(5).as_deref(),
        )?;
        Ok((ticket, wish))
    }

    fn label(&self, phase: Phase) -> &str {
        self.configuration.phases.label(phase)
    }

    fn request(&self, tickets: Tickets, tolerant: bool) -> Request {
        Request {
            schema: self.workspace.schema,
            tickets,
            expected: self.expected,
            attribution: Rc::clone(&self.attribution),
            tolerant,
            outcomes: HashMap::new().into(),
        }
    }

    /// Updates the ticket, with the caller's rights, and reads off what the trigger decided.
    fn move_one(&self, ticket: Uuid, tolerant: bool) -> Result<Attempt> {
        let _session = Session::open()?;
        let standing = Standing::put(self.request(Tickets::One(ticket), tolerant));
        let target = Value::Oid(self.configuration.phases.oid(self.to));
        let rows = self
            .workspace
            .run(&MOVE_ONE, &[Value::Uuid(ticket), target], Sees::Snapshot)?;
        let outcome = standing.outcomes.borrow_mut().remove(&ticket);
        self.attempt(outcome, !rows.is_empty(), ticket)
    }

    fn attempt(&self, outcome: Option<Outcome>, updated: bool, ticket: Uuid) -> Result<Attempt> {
        match outcome {
            Some(Outcome::Refused {
                from,
                error_code,
                reasons,
            }) => Ok(Attempt::Refused {
                from: Some(from),
                error_code,
                reasons,
            }),
            Some(Outcome::Moves { from, to, at }) if updated => Ok(Attempt::Moved { from, to, at }),
            Some(Outcome::Moves { .. }) => Err(Error::new(
                Code::MoveSuppressed,
                "the move was suppressed by a trigger",
            )
            .detail(format!(
                "A BEFORE UPDATE trigger on tickets left ticket {ticket} out."
            ))),
            None if !updated => Ok(Attempt::Refused {
                from: None,
                error_code: "ticket_not_found",
                reasons: Error::not_found("ticket", ticket)
                    .detail
                    .into_iter()
                    .collect(),
            }),
            None => match self.expected {
                Some(expected) if expected != self.to => {
                    let error =
                        Error::phase_changed(ticket, self.label(expected), self.label(self.to));
                    Ok(Attempt::Refused {
                        from: Some(self.to),
                        error_code: "phase_changed",
                        reasons: error.detail.into_iter().collect(),
                    })
                }
                _ => Ok(Attempt::Unmoved),
            },
        }
    }

    /// Moves the ticket or raises; answers a `transition`.
    fn answer_transition(&self, call: &Call, ticket: Uuid) -> Result<Answer> {
        let (from, to, at) = match self.move_one(ticket, false)? {
            Attempt::Moved { from, to, at } => (from, to, Some(at)),
            Attempt::Unmoved => (self.to, self.to, None),
            Attempt::Refused {
                from: Some(from), ..
            } => {
                // The trigger raises all refusals itself but this: a ticket that is at its target already
                // is no move, so the trigger was not asked.
                let expected = self.expected.unwrap_or(self.to);
                return Err(Error::phase_changed(
                    ticket,
                    self.label(expected),
                    self.label(from),
                ));
            }
            Attempt::Refused { from: None, .. } => return Err(Error::not_found("ticket", ticket)),
        };
        Ok(call.answer_row(&[
            Value::Uuid(ticket),
            Value::text(Some(self.label(from))),
            Value::text(Some(self.label(to))),
            at.map_or(Value::Null, Value::Time),
            at.map_or(Value::Null, |_| Value::text(Some(&self.attribution.actor))),
        ]))
    }

    /// The columns of a `transition_attempt`.
    fn attempt_columns<'a>(&'a self, ticket: Uuid, attempt: &Attempt) -> Vec<Value<'a>> {
        let label = |phase: Option<Phase>| Value::text(phase.map(|phase| self.label(phase)));
        let (moved, from, now_in, error_code, reasons) = match attempt {
            Attempt::Moved { from, to, .. } => (true, Some(*from), Some(*to), None, Vec::new()),
            Attempt::Unmoved => (false, Some(self.to), Some(self.to), None, Vec::new()),
            Attempt::Refused {
                from,
                error_code,
                reasons,
            } => (false, *from, *from, Some(*error_code), reasons.clone()),
        };
        let at = match attempt {
            Attempt::Moved { at, .. } => Some(*at),
            _ => None,
        };
        vec![
            Value::Uuid(ticket),
            Value::Bool(moved),
            label(from),
            label(now_in),
            at.map_or(Value::Null, Value::Time),
            at.map_or(Value::Null, |_| Value::text(Some(&self.attribution.actor))),
            Value::text(error_code),
            Value::Texts(reasons.into_iter().map(Some).collect()),
        ]
    }
}

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
    Ok(Answer::Set)
}

/// `block_ticket(ticket_id, reason, transitioned_by)`
pub fn block_ticket(call: &Call) -> Result<Answer> {
    let ticket = call.uuid(0, "ticket_id")?;
    let reason = call.text(1, "reason")?;
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
    Ok(call.answer_texts(
        targets
            .into_iter()
            .map(|phase| configuration.phases.label(phase)),
    ))
}

/// `get_phase_history(ticket_id)`
pub fn get_phase_history(call: &Call) -> Result<Answer> {
    let ticket = call.uuid(0, "ticket_id")?;
    let workspace = Workspace::current()?;
    let _session = Session::open()?;
    let rows = workspace.run(&HISTORY, &[Value::Uuid(ticket)], Sees::Caller)?;
    if rows.is_empty() {
        // Every ticket has a history, so this one is not there for the caller.
        return Err(Error::not_found("ticket", ticket));
    }
    Ok(call.answer_rows(&rows))
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
