//! What a function asked of the decision trigger, and what became of it.
//!
//! `transition_ticket` and its kin run an ordinary UPDATE; the trigger that decides finds here who asked,
//! why, and whether a refusal is an error or an answer. A request stands only while its UPDATE runs, and
//! speaks once for each ticket that it names, wherever a user's own BEFORE trigger may send it: an UPDATE
//! that such a trigger makes meanwhile, of other tickets or of the same one again, is not taken for it.

use super::attribution::Attribution;
use crate::error::Error;
use crate::phase::Phase;
use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::HashSet;
use std::rc::Rc;
use uuid::Uuid;

thread_local! {
    static REQUESTS: RefCell<Vec<Rc<Request>>> = const { RefCell::new(Vec::new()) };
}

/// The tickets that a request speaks for.
#[derive(Debug)]
pub enum Tickets {
    /// one
    One(Uuid),
    /// many
    Many(HashSet<Uuid>),
}

/// What the trigger decided about one ticket.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It moves.
    Moves {
        /// the phase before
        from: Phase,
        /// the phase after
        to: Phase,
        /// the moment of the move
        at: i64,
    },
    /// It was to move, and a trigger kept its row as it was.
    KeptOut,
    /// It stays.
    Refused {
        /// the phase it is in
        from: Phase,
        /// `error_code` of the attempt
        error_code: &'static str,
        /// why, one sentence each
        reasons: Vec<String>,
    },
}

/// A request in progress.
#[derive(Debug)]
pub struct Request {
    /// The workspace's schema.
    pub schema: u32,
    /// The tickets to move.
    pub tickets: Tickets,
    /// Where to, as an enum value.
    pub target: u32,
    /// Where the caller believes the ticket to be.
    pub expected: Option<Phase>,
    /// Who asks and why.
    pub attribution: Rc<Attribution>,
    /// Whether a refusal is an answer (the row is left out of the UPDATE) rather than an error.
    pub tolerant: bool,
    /// Whether a refusal leaves nothing on record.
    pub quiet: bool,
    /// What was decided so far.
    pub outcomes: RefCell<HashMap<Uuid, Outcome>>,
}

impl Request {
    fn speaks_for(&self, schema: u32, ticket: &Uuid) -> bool {
        self.schema == schema
            && !self.outcomes.borrow().contains_key(ticket)
            && match &self.tickets {
                Tickets::One(one) => one == ticket,
                Tickets::Many(many) => many.contains(ticket),
            }
    }

    /// Answers a refusal where the request is tolerant; else gives the error back to be raised.
    pub fn refuse(
        &self,
        ticket: Uuid,
        from: Phase,
        error_code: &'static str,
        reasons: Vec<String>,
        error: Error,
    ) -> Result<(), Error> {
        if !self.tolerant {
            return Err(error);
        }
        self.outcomes.borrow_mut().insert(
            ticket,
            Outcome::Refused {
                from,
                error_code,
                reasons,
            },
        );
        Ok(())
    }
}

/// Makes the request known to the trigger until dropped.
pub struct Standing(Rc<Request>);

impl Standing {
    /// Puts it up.
    pub fn put(request: Request) -> Self {
        let request = Rc::new(request);
        REQUESTS.with_borrow_mut(|requests| requests.push(Rc::clone(&request)));
        Standing(request)
    }
}

impl std::ops::Deref for Standing {
    type Target = Request;

    fn deref(&self) -> &Request {
        &self.0
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        REQUESTS.with_borrow_mut(|requests| requests.retain(|other| !Rc::ptr_eq(other, &self.0)));
    }
}

/// The innermost request that speaks for the ticket.
pub fn of_move(schema: u32, ticket: &Uuid) -> Option<Rc<Request>> {
    REQUESTS.with_borrow(|requests| {
        requests
            .iter()
            .rev()
            .find(|request| request.speaks_for(schema, ticket))
            .cloned()
    })
}

/// The row of a ticket comes to the decision without a move. Where one was asked for, a trigger that fires before has taken it
/// back, unless the ticket is there already.
pub fn stays(
    schema: u32,
    phase: u32,
    ticket: impl FnOnce() -> Result<Uuid, Error>,
) -> Result<(), Error> {
    if REQUESTS.with_borrow(Vec::is_empty) {
        return Ok(());
    }
    let ticket = ticket()?;
    if let Some(request) = of_move(schema, &ticket).filter(|request| request.target != phase) {
        request
            .outcomes
            .borrow_mut()
            .insert(ticket, Outcome::KeptOut);
    }
    Ok(())
}

/// A trigger kept the row of a ticket from the move that was decided: whoever asked for it is told.
pub fn kept_out(schema: u32, ticket: &Uuid) {
    REQUESTS.with_borrow(|requests| {
        let decided = requests.iter().rev().filter(|one| one.schema == schema);
        for request in decided {
            if let Some(outcome) = request.outcomes.borrow_mut().get_mut(ticket)
                && matches!(outcome, Outcome::Moves { .. })
            {
                *outcome = Outcome::KeptOut;
                return;
            }
        }
    });
}
