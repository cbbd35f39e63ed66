//! Moves that were decided and are still to be written down.
//!
//! The decision trigger notes a move before the row is updated; the record trigger confirms it once the
//! row is; the write trigger, at the statement's end, writes the history of all confirmed moves with one
//! statement. A row that a user's later trigger leaves out is never confirmed and leaves nothing; a row
//! whose phase a later trigger changes again has no decision and is refused.

use super::attribution::Attribution;
use crate::context::fold::Block;
use crate::error::{Code, Error};
use crate::gates::record::GateResult;
use crate::pg::error::{Result, notice};
use crate::pg::{transaction, trigger};
use crate::phase::Direction;
use std::cell::RefCell;
use std::rc::Rc;
use uuid::Uuid;

/// A ticket's start (`from` is `None`) or move.
#[derive(Debug, Clone)]
pub struct Move {
    /// The ticket.
    pub ticket: Uuid,
    /// The phase before, as an enum value; 0 for a start.
    pub from: u32,
    /// The phase after, as an enum value.
    pub to: u32,
    /// The id of the history row: made when decided, so that rows sort in the order of decisions.
    pub history_id: Uuid,
    /// The moment of the move.
    pub at: i64,
    /// The phase left, as an enum value; 0 for a start.
    pub left: u32,
    /// How the move relates to the sequence; `None` for a start.
    pub direction: Option<Direction>,
    /// The result of the gate of the phase left, where the move passed one.
    pub gate_result: Option<Uuid>,
    /// The phases whose artifacts the move supersedes, as enum values.
    pub superseded: Vec<u32>,
    /// What the phase left had produced, where it was folded into the ticket's context.
    pub block: Option<Box<Block>>,
    /// Who and why.
    pub attribution: Rc<Attribution>,
}

#[derive(Debug)]
struct Noted {
    schema: u32,
    subtransaction: u32,
    /// How deep in triggers the statement is that decided it.
    depth: i32,
    confirmed: bool,
    record: Move,
}

#[derive(Debug, Default)]
struct Moves {
    noted: Vec<Noted>,
    /// Where the next one to confirm most likely stands: rows are confirmed in the order they were decided in.
    next: usize,
    /// Not confirmed by the end of a statement that may be theirs: most likely rows that a trigger left
    /// out. Looked at last, so that no later move is taken for one of them.
    passed_over: Vec<Noted>,
    results: Vec<NotedResult>,
}

#[derive(Debug)]
struct NotedResult {
    schema: u32,
    subtransaction: u32,
    record: GateResult,
}

thread_local! {
    static MOVES: RefCell<Moves> = const { RefCell::new(Moves { noted: Vec::new(), next: 0, passed_over: Vec::new(), results: Vec::new() }) };
}

/// Whether nothing is waiting to be written: the statement at hand is at its first row.
pub fn is_empty() -> bool {
    MOVES.with_borrow(|moves| moves.noted.is_empty() && moves.results.is_empty())
}

/// After how many decided moves of one statement its client is told how far it is: every few seconds.
const REPORTED: usize = 100_000;

/// Notes a decided move.
pub fn note(schema: u32, record: Move, confirmed: bool) {
    let decided = MOVES.with_borrow_mut(|moves| {
        moves.noted.push(Noted {
            schema,
            subtransaction: transaction::current(),
            depth: trigger::depth(),
            confirmed,
            record,
        });
        moves.noted.len()
    });
    if decided.is_multiple_of(REPORTED) {
        notice(format!("{decided} tickets decided so far"));
    }
}

/// Confirms that the row of a decided move was written with the phases that were decided.
pub fn confirm(schema: u32, ticket: Uuid, from: u32, to: u32) -> Result<()> {
    let known = MOVES.with_borrow_mut(|moves| {
        let is_it = |noted: &Noted| {
            !noted.confirmed
                && noted.schema == schema
                && noted.record.ticket == ticket
                && noted.record.from == from
                && noted.record.to == to
        };
        let ahead = moves.noted.iter().skip(moves.next).position(is_it);
        let place = match ahead {
            Some(distance) => {
                let place = moves.next + distance;
                moves.next = place + 1;
                Some(place)
            }
            None => moves.noted.iter().take(moves.next).position(is_it),
        };
        if let Some(noted) = place.and_then(|place| moves.noted.get_mut(place)) {
            noted.confirmed = true;
            return true;
        }
        let Some(place) = moves.passed_over.iter().rposition(is_it) else {
            return false;
        };
        let mut noted = moves.passed_over.remove(place);
        noted.confirmed = true;
        moves.noted.push(noted);
        true
    });
    if known {
        return Ok(());
    }
    Err(Error::new(
        Code::CheckViolation,
        "invalid phase transition",
    )
    .detail(format!(
        "The phase of ticket {ticket} was changed after phasegate had decided about the row."
    ))
    .hint("A BEFORE trigger whose name sorts after \"zz_phasegate_decide\" changes phase_id; give it an earlier name."))
}

/// Takes the confirmed moves of a workspace, in the order they were decided in, at the end of a statement.
pub fn take_confirmed(schema: u32) -> Vec<Move> {
    let depth = trigger::depth();
    MOVES.with_borrow_mut(|moves| {
        let (taken, kept): (Vec<Noted>, Vec<Noted>) = std::mem::take(&mut moves.noted)
            .into_iter()
            .partition(|noted| noted.confirmed && noted.schema == schema);
        // Those of statements that this one is nested in stay; they are noted less deep in triggers.
        let (passed_over, kept): (Vec<Noted>, Vec<Noted>) = kept
            .into_iter()
            .partition(|noted| noted.schema == schema && noted.depth >= depth);
        moves.passed_over.extend(passed_over);
        moves.noted = kept;
        moves.next = 0;
        taken.into_iter().map(|noted| noted.record).collect()
    })
}

/// Notes the results of gates that were judged, passed or not, to be written with the statement's moves.
pub fn note_results(schema: u32, results: Vec<GateResult>) {
    if results.is_empty() {
        return;
    }
    let subtransaction = crate::pg::transaction::current();
    MOVES.with_borrow_mut(|moves| {
        moves
            .results
            .extend(results.into_iter().map(|record| NotedResult {
                schema,
                subtransaction,
                record,
            }));
    });
}

/// Takes the noted results of a workspace's gates.
pub fn take_results(schema: u32) -> Vec<GateResult> {
    MOVES.with_borrow_mut(|moves| {
        let (taken, kept): (Vec<NotedResult>, Vec<NotedResult>) =
            std::mem::take(&mut moves.results)
                .into_iter()
                .partition(|noted| noted.schema == schema);
        moves.results = kept;
        taken.into_iter().map(|noted| noted.record).collect()
    })
}

/// The transaction ended.
pub fn forget_all() {
    MOVES.with_borrow_mut(|moves| *moves = Moves::default());
}

/// A subtransaction was rolled back; ids only grow, so its children's are greater.
pub fn forget_since(subtransaction: u32) {
    MOVES.with_borrow_mut(|moves| {
        for noted in [&mut moves.noted, &mut moves.passed_over] {
            noted.retain(|noted| noted.subtransaction < subtransaction);
        }
        moves
            .results
            .retain(|noted| noted.subtransaction < subtransaction);
        moves.next = 0;
    });
}
