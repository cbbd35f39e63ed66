//! A move as a function of ours asks for it, and what came of asking.

use super::attribution::Attribution;
use super::request::{Outcome, Request, Standing, Tickets};
use super::statements::{FIRING_ALWAYS, MOVE_ONE};
use crate::error::{Code, Error};
use crate::pg::call::{Answer, Call};
use crate::pg::error::Result;
use crate::pg::server;
use crate::pg::spi::{Sees, Session};
use crate::pg::value::Value;
use crate::phase::Phase;
use crate::workspace::{Configuration, Workspace};
use std::collections::HashMap;
use std::rc::Rc;
use uuid::Uuid;

/// What came of asking one ticket to move.
pub(super) enum Attempt {
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
pub(super) struct Wish {
    pub(super) workspace: Rc<Workspace>,
    pub(super) configuration: Rc<Configuration>,
    pub(super) to: Phase,
    pub(super) attribution: Rc<Attribution>,
    pub(super) expected: Option<Phase>,
}

/// Refuses where the triggers that decide about moves and write them down do not fire: nothing would come of the UPDATE, or a
/// move that nobody has decided about.
pub(super) fn require_deciding(workspace: &Workspace) -> Result<()> {
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

/// The error about a move that was decided, and whose row a trigger left out or left in its phase.
pub(super) fn suppressed(ticket: Uuid) -> Error {
    Error::new(Code::MoveSuppressed, "the move was suppressed by a trigger").detail(format!(
        "A BEFORE UPDATE trigger on tickets left ticket {ticket} out, or in its phase."
    ))
}

impl Wish {
    pub(super) fn new(
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
            attribution: Rc::new(Attribution::new(actor, reason, artifacts)?),
            workspace,
            configuration,
        })
    }

    /// From the arguments (ticket_id, to_phase, reason, transitioned_by, artifacts, expected_phase).
    pub(super) fn of_call(call: &Call) -> Result<(Uuid, Self)> {
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

    pub(super) fn label(&self, phase: Phase) -> &str {
        self.configuration.phases.label(phase)
    }

    pub(super) fn request(&self, tickets: Tickets, tolerant: bool) -> Request {
        Request {
            schema: self.workspace.schema,
            tickets,
            target: self.configuration.phases.oid(self.to),
            expected: self.expected,
            attribution: Rc::clone(&self.attribution),
            tolerant,
            quiet: false,
            outcomes: HashMap::new().into(),
        }
    }

    /// Updates the ticket, with the caller's rights, and reads off what the trigger decided.
    pub(super) fn move_one(&self, ticket: Uuid, tolerant: bool) -> Result<Attempt> {
        let _session = Session::open()?;
        let standing = Standing::put(self.request(Tickets::One(ticket), tolerant));
        let target = Value::Oid(self.configuration.phases.oid(self.to));
        let rows = self
            .workspace
            .run(&MOVE_ONE, &[Value::Uuid(ticket), target], Sees::Snapshot)?;
        let outcome = standing.outcomes.borrow_mut().remove(&ticket);
        self.attempt(outcome, !rows.is_empty(), ticket)
    }

    pub(super) fn attempt(
        &self,
        outcome: Option<Outcome>,
        updated: bool,
        ticket: Uuid,
    ) -> Result<Attempt> {
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
            Some(Outcome::Moves { .. } | Outcome::KeptOut) => Err(suppressed(ticket)),
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
    pub(super) fn answer_transition(&self, call: &Call, ticket: Uuid) -> Result<Answer> {
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
    pub(super) fn attempt_columns(&self, ticket: Uuid, attempt: &Attempt) -> Vec<Value<'static>> {
        let text = |text: &str| Value::Text(text.to_owned().into());
        let label =
            |phase: Option<Phase>| phase.map_or(Value::Null, |phase| text(self.label(phase)));
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
            at.map_or(Value::Null, |_| text(&self.attribution.actor)),
            Value::text(error_code),
            Value::Texts(reasons.into_iter().map(Some).collect()),
        ]
    }
}
