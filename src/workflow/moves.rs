//! Moves that were decided and are still to be written down.
//!
//! The decision trigger notes a move before the row is updated; the write trigger, when the statement has written its
//! rows, writes the history of all of them with one statement. Nothing comes between the decision and the row but BEFORE triggers
//! of the user that fire after it. Where there are any, a move is in doubt until its row was looked at again: see [`Doubts`].

use super::attribution::Attribution;
use super::doubts::{Doubts, Origin, Position, Wanted};
use super::request;
use crate::context::fold::Block;
use crate::gates::record::GateResult;
use crate::notice::notice;
use crate::pg::error::Result;
use crate::pg::{transaction, trigger};
use crate::phase::Direction;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
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
    /// The artifacts of the phase left.
    pub artifacts: Artifacts,
    /// Who and why.
    pub attribution: Rc<Attribution>,
    /// Whether a function of ours asked for it, and is to be told what becomes of it.
    pub is_asked_for: bool,
}

/// What a decision knows of the artifacts of the phase left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Artifacts {
    /// There are none.
    None,
    /// These, as history keeps them: JSON text.
    Seen(String),
    /// They were not looked at.
    Unseen,
}

fn here(schema: u32, table: u32) -> Origin {
    Origin {
        schema,
        table,
        subtransaction: transaction::current(),
        depth: trigger::depth(),
    }
}

/// Where the statement at hand is.
fn now(schema: u32) -> Origin {
    here(schema, 0)
}

#[derive(Debug)]
struct Noted {
    origin: Origin,
    record: Move,
}

#[derive(Debug)]
struct NotedResult {
    origin: Origin,
    record: GateResult,
}

#[derive(Debug, Default)]
struct Moves {
    noted: Vec<Noted>,
    doubts: Doubts,
    results: Vec<NotedResult>,
    /// Statements that name a partitioned `tickets` and insert: its statement trigger will fire.
    begun: Vec<Origin>,
}

impl Moves {
    /// Drops moves of tickets that are in doubt, and tells whoever asked for them; but not those of a statement that this one is
    /// nested in.
    fn keep_out(&mut self, schema: u32, is_kept_out: impl Fn(&Uuid) -> bool) {
        let dropped = self.doubts.keep_out(&now(schema), is_kept_out);
        if dropped.is_empty() {
            return;
        }
        self.noted.retain(|Noted { record, .. }| {
            let goes = dropped.contains(&record.history_id);
            if goes && record.is_asked_for {
                request::kept_out(schema, &record.ticket);
            }
            !goes
        });
    }
}

thread_local! {
    static MOVES: RefCell<Moves> = RefCell::default();
}

/// Whether nothing is waiting to be written: the statement at hand is at its first row.
pub fn is_empty() -> bool {
    MOVES.with_borrow(|moves| {
        moves.noted.is_empty() && moves.results.is_empty() && !moves.doubts.any()
    })
}

/// After how many decided moves of one statement its client is told how far it is: every few seconds.
const REPORTED: usize = 100_000;

/// Notes a decided move of a row of this table; where a trigger is to fire after the decision it is in doubt, and `doubtful`
/// says where the ticket was.
pub fn note(schema: u32, table: u32, record: Move, doubtful: Option<Position>) {
    let origin = here(schema, table);
    let decided = MOVES.with_borrow_mut(|moves| {
        if let Some(before) = doubtful {
            let wanted = Wanted {
                id: record.history_id,
                after: Position {
                    phase: record.to,
                    previous: record.from,
                    entered_at: Some(record.at),
                },
            };
            let ticket = record.ticket;
            moves.doubts.note(origin, ticket, before, Some(wanted));
        }
        moves.noted.push(Noted { origin, record });
        moves.noted.len()
    });
    if decided.is_multiple_of(REPORTED) {
        notice(format!("{decided} tickets decided so far"));
    }
}

/// Whether there is doubt about any ticket.
pub fn any_doubt() -> bool {
    MOVES.with_borrow(|moves| moves.doubts.any())
}

/// Notes a row that is to stay where it is, where a trigger is to fire after the decision.
pub fn note_unmoved(schema: u32, table: u32, ticket: Uuid, position: Position) {
    let origin = here(schema, table);
    MOVES.with_borrow_mut(|moves| moves.doubts.note(origin, ticket, position, None));
}

/// The tickets of which this statement, or one within it, left in doubt where they are now.
pub fn doubtful(schema: u32) -> Vec<Uuid> {
    if !any_doubt() {
        return Vec::new();
    }
    MOVES.with_borrow(|moves| moves.doubts.of_statement(&now(schema)))
}

/// The workspaces' schemas of which anything is in doubt, whatever statement left it.
pub fn doubtful_schemas() -> HashMap<u32, Vec<Uuid>> {
    MOVES.with_borrow(|moves| moves.doubts.by_schema())
}

/// Drops the moves that are in doubt although these tickets were looked at when their statement was through: their rows are
/// as they were.
pub fn drop_kept_out(schema: u32, looked_at: &[Uuid]) {
    let looked_at: HashSet<&Uuid> = looked_at.iter().collect();
    MOVES.with_borrow_mut(|moves| moves.keep_out(schema, |ticket| looked_at.contains(ticket)));
}

/// Settles doubts about tickets by where they are found, see [`Doubts::settle`].
pub fn settle(schema: u32, found: &HashMap<Uuid, Position>) -> Result<()> {
    MOVES.with_borrow_mut(|moves| moves.doubts.settle(&now(schema), found))
}

/// Settles what is in doubt about a ticket of which there is a decision to make, by where it is. A move of this statement, or of
/// one before, that did not come to its row never will: the row is free for another.
pub fn settle_one(schema: u32, ticket: Uuid, found: Position) -> Result<()> {
    MOVES.with_borrow_mut(|moves| {
        if !moves.doubts.are_about(&ticket) {
            return Ok(());
        }
        let found = HashMap::from([(ticket, found)]);
        moves.doubts.settle(&now(schema), &found)?;
        moves.keep_out(schema, |one| *one == ticket);
        Ok(())
    })
}

/// A table whose rows were noted and not written down: the transaction is about to end, and nothing will write them any more.
pub fn left() -> Option<u32> {
    MOVES.with_borrow(|moves| {
        let noted = moves.noted.iter().map(|noted| &noted.origin);
        let results = moves.results.iter().map(|noted| &noted.origin);
        noted.chain(results).map(|origin| origin.table).next()
    })
}

/// Takes the moves of a workspace that are certain, in the order they were decided in, at the end of a statement.
///
/// Those of a statement around it may be among them, whose rows are as good as written. But not of one that began
/// before the present subtransaction: if this is rolled back, what it wrote is gone, and the moves are not.
pub fn take(schema: u32) -> Vec<Move> {
    let subtransaction = transaction::current();
    MOVES.with_borrow_mut(|moves| {
        let doubted = moves.doubts.moves();
        let is_certain = |noted: &Noted| !doubted.contains(&noted.record.history_id);
        let (taken, kept): (Vec<Noted>, Vec<Noted>) = std::mem::take(&mut moves.noted)
            .into_iter()
            .partition(|noted| is_certain(noted) && noted.origin.is_of(schema, subtransaction));
        moves.noted = kept;
        taken.into_iter().map(|noted| noted.record).collect()
    })
}

/// Notes the results of gates that were judged, passed or not, to be written with the statement's moves.
pub fn note_results(schema: u32, table: u32, results: Vec<GateResult>) {
    MOVES.with_borrow_mut(|moves| {
        moves
            .results
            .extend(results.into_iter().map(|record| NotedResult {
                origin: here(schema, table),
                record,
            }));
    });
}

/// Takes the noted results of a workspace's gates, as [`take`] does moves.
pub fn take_results(schema: u32) -> Vec<GateResult> {
    let subtransaction = transaction::current();
    MOVES.with_borrow_mut(|moves| {
        let (taken, kept): (Vec<NotedResult>, Vec<NotedResult>) =
            std::mem::take(&mut moves.results)
                .into_iter()
                .partition(|noted| noted.origin.is_of(schema, subtransaction));
        moves.results = kept;
        taken.into_iter().map(|noted| noted.record).collect()
    })
}

/// A statement that inserts into a partitioned `tickets` by its name begins.
pub fn begin(schema: u32, table: u32) {
    MOVES.with_borrow_mut(|moves| moves.begun.push(here(schema, table)));
}

/// Whether the statement at hand has begun by [`begin`], so that its new rows need not be written down one by one.
pub fn has_begun(schema: u32) -> bool {
    let depth = trigger::depth();
    MOVES.with_borrow(|moves| {
        let mut begun = moves.begun.iter();
        begun.any(|origin| origin.schema == schema && origin.depth == depth)
    })
}

/// The statement at hand is through.
pub fn end() {
    MOVES.with_borrow_mut(|moves| {
        if !moves.begun.is_empty() {
            let depth = trigger::depth();
            moves.begun.retain(|origin| origin.depth < depth);
        }
    });
}

/// The transaction ended.
pub fn forget_all() {
    MOVES.with_borrow_mut(|moves| *moves = Moves::default());
}

/// A subtransaction was rolled back; ids only grow, so its children's are greater.
pub fn forget_since(subtransaction: u32) {
    MOVES.with_borrow_mut(|moves| {
        moves
            .noted
            .retain(|noted| noted.origin.subtransaction < subtransaction);
        moves
            .begun
            .retain(|origin| origin.subtransaction < subtransaction);
        moves.doubts.forget_since(subtransaction);
        moves
            .results
            .retain(|noted| noted.origin.subtransaction < subtransaction);
    });
}
