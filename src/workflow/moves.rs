//! Moves that were decided and are still to be written down.
//!
//! The decision trigger notes a move before the row is updated; the write trigger, when the statement has written its
//! rows, writes the history of all of them with one statement. Nothing comes between the decision and the row but BEFORE triggers
//! of the user that fire after it. Where there are any, a move is in doubt until its row was looked at again: a row
//! that such a trigger leaves out leaves nothing, and one whose phase it changes has no decision and is refused. A
//! trigger that fired for every row that moved would see the same, at a cost to every move.
//!
//! Such a trigger may itself run statements that update the same ticket, before the row that it fires for is written. What
//! these find says nothing of that row: its doubt is the outer statement's to settle. But where one of them has moved the ticket
//! the server lets the outer statement write the row no more, unless the inner one is rolled back: it has overtaken it.

use super::attribution::Attribution;
use super::request;
use crate::context::fold::Block;
use crate::error::{Code, Error};
use crate::gates::record::GateResult;
use crate::pg::error::{Result, notice};
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

/// Where something was noted.
#[derive(Debug)]
struct Origin {
    /// The workspace's schema.
    schema: u32,
    /// The table whose row it is about: `tickets` or a partition.
    table: u32,
    subtransaction: u32,
    /// How deep in triggers the statement is that it belongs to.
    depth: i32,
}

impl Origin {
    fn here(schema: u32, table: u32) -> Self {
        Origin {
            schema,
            table,
            subtransaction: transaction::current(),
            depth: trigger::depth(),
        }
    }

    /// Whether it belongs to a workspace, and would be rolled back with the present subtransaction: if it began before that, it
    /// would outlive what is written of it now.
    fn is_of(&self, schema: u32, subtransaction: u32) -> bool {
        self.schema == schema && self.subtransaction >= subtransaction
    }
}

/// Where a ticket is, as far as that is phasegate's to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Its phase, as an enum value.
    pub phase: u32,
    /// The phase before, 0 where there is none.
    pub previous: u32,
    /// When it came there.
    pub entered_at: Option<i64>,
}

/// What a decision left in doubt, since a trigger that fires after it may see the row.
#[derive(Debug, Clone, Copy)]
struct Doubt {
    /// Where the ticket was when it was decided.
    before: Position,
    /// The subtransaction in which another statement, around this one or within, moved the ticket from there.
    overtaken_in: Option<u32>,
}

impl Doubt {
    fn of(before: Position) -> Self {
        Doubt {
            before,
            overtaken_in: None,
        }
    }

    /// Another statement has moved a ticket from there.
    fn overtake(&mut self, from: Position, subtransaction: u32) {
        if self.before == from {
            self.overtaken_in.get_or_insert(subtransaction);
        }
    }

    /// What overtook it was rolled back.
    fn forget_since(&mut self, subtransaction: u32) {
        self.overtaken_in = self.overtaken_in.filter(|since| *since < subtransaction);
    }
}

#[derive(Debug)]
struct Noted {
    origin: Origin,
    /// That a trigger which fires after the decision may have kept the move from the row.
    doubt: Option<Doubt>,
    record: Move,
}

impl Noted {
    /// Where the ticket is once its row is written.
    fn after(&self) -> Position {
        Position {
            phase: self.record.to,
            previous: self.record.from,
            entered_at: Some(self.record.at),
        }
    }

    /// Whether the ticket is where it was, though a trigger that took the move back may have left what came with it.
    fn is_kept_at(&self, found: &Position, before: &Position) -> bool {
        let after = self.after();
        found.phase == before.phase
            && [before.previous, after.previous].contains(&found.previous)
            && [before.entered_at, after.entered_at].contains(&found.entered_at)
    }
}

/// A row that is updated without a move while a trigger that fires after the decision may make it one.
#[derive(Debug)]
struct Unmoved {
    origin: Origin,
    ticket: Uuid,
    doubt: Doubt,
}

#[derive(Debug)]
struct NotedResult {
    origin: Origin,
    record: GateResult,
}

#[derive(Debug, Default)]
struct Moves {
    noted: Vec<Noted>,
    unmoved: Vec<Unmoved>,
    results: Vec<NotedResult>,
    /// The tickets that any of them is in doubt about, and maybe some more.
    doubted: HashSet<Uuid>,
    /// Statements that name a partitioned `tickets` and insert: its statement trigger will fire.
    begun: Vec<Origin>,
}

impl Moves {
    /// Brings `doubted` up to date.
    fn count_doubts(&mut self) {
        self.doubted = self.doubts().map(|(_, ticket)| ticket).collect();
    }

    fn doubts(&self) -> impl Iterator<Item = (&Origin, Uuid)> {
        let noted = self.noted.iter().filter(|noted| noted.doubt.is_some());
        noted
            .map(|noted| (&noted.origin, noted.record.ticket))
            .chain((self.unmoved.iter()).map(|unmoved| (&unmoved.origin, unmoved.ticket)))
    }

    /// Marks what moves that came to their rows have overtaken: doubts of the statements around theirs and within, about the same
    /// tickets where they were before these moves. The innermost first, which may have overtaken another move to the same phase.
    fn overtake(&mut self, schema: u32, found: &HashMap<Uuid, Position>, subtransaction: u32) {
        let mut came: HashMap<Uuid, (i32, Position)> = HashMap::new();
        for noted in &self.noted {
            let (depth, ticket) = (noted.origin.depth, noted.record.ticket);
            if let Some(doubt) = noted.doubt
                && doubt.overtaken_in.is_none()
                && noted.origin.schema == schema
                && found.get(&ticket) == Some(&noted.after())
                && came
                    .get(&ticket)
                    .is_none_or(|(deepest, _)| *deepest < depth)
            {
                came.insert(ticket, (depth, doubt.before));
            }
        }
        let noted = (self.noted.iter_mut())
            .filter_map(|noted| Some((&noted.origin, noted.record.ticket, noted.doubt.as_mut()?)));
        let unmoved = (self.unmoved.iter_mut())
            .map(|unmoved| (&unmoved.origin, unmoved.ticket, &mut unmoved.doubt));
        for (origin, ticket, doubt) in noted.chain(unmoved) {
            if let Some((depth, before)) = came.get(&ticket)
                && origin.schema == schema
                && origin.depth != *depth
            {
                doubt.overtake(*before, subtransaction);
            }
        }
    }
}

thread_local! {
    static MOVES: RefCell<Moves> = RefCell::default();
}

/// Whether nothing is waiting to be written: the statement at hand is at its first row.
pub fn is_empty() -> bool {
    MOVES.with_borrow(|moves| {
        moves.noted.is_empty() && moves.results.is_empty() && moves.unmoved.is_empty()
    })
}

/// After how many decided moves of one statement its client is told how far it is: every few seconds.
const REPORTED: usize = 100_000;

/// Notes a decided move of a row of this table; where a trigger is to fire after the decision it is in doubt, and `doubtful`
/// says where the ticket was.
pub fn note(schema: u32, table: u32, record: Move, doubtful: Option<Position>) {
    let decided = MOVES.with_borrow_mut(|moves| {
        if doubtful.is_some() {
            moves.doubted.insert(record.ticket);
        }
        moves.noted.push(Noted {
            origin: Origin::here(schema, table),
            doubt: doubtful.map(Doubt::of),
            record,
        });
        moves.noted.len()
    });
    if decided.is_multiple_of(REPORTED) {
        notice(format!("{decided} tickets decided so far"));
    }
}

/// Whether there is doubt about any ticket.
pub fn any_doubt() -> bool {
    MOVES.with_borrow(|moves| !moves.doubted.is_empty())
}

/// Notes a row that is to stay where it is, where a trigger is to fire after the decision.
pub fn note_unmoved(schema: u32, table: u32, ticket: Uuid, position: Position) {
    let unmoved = Unmoved {
        origin: Origin::here(schema, table),
        ticket,
        doubt: Doubt::of(position),
    };
    MOVES.with_borrow_mut(|moves| {
        moves.doubted.insert(ticket);
        moves.unmoved.push(unmoved);
    });
}

/// The tickets of which this statement, or one within it, left in doubt where they are now.
pub fn doubtful(schema: u32) -> Vec<Uuid> {
    if !any_doubt() {
        return Vec::new();
    }
    let (subtransaction, depth) = (transaction::current(), trigger::depth());
    MOVES.with_borrow(|moves| {
        moves
            .doubts()
            .filter(|(origin, _)| origin.is_of(schema, subtransaction) && origin.depth >= depth)
            .map(|(_, ticket)| ticket)
            .collect()
    })
}

/// The workspaces' schemas of which anything is in doubt, whatever statement left it.
pub fn doubtful_schemas() -> HashMap<u32, Vec<Uuid>> {
    MOVES.with_borrow(|moves| {
        let mut found: HashMap<u32, Vec<Uuid>> = HashMap::new();
        for (origin, ticket) in moves.doubts() {
            found.entry(origin.schema).or_default().push(ticket);
        }
        found
    })
}

/// Drops the moves that are in doubt although these tickets were looked at when their statement was through: their rows are
/// as they were.
pub fn drop_kept_out(schema: u32, looked_at: &[Uuid]) {
    let looked_at: HashSet<&Uuid> = looked_at.iter().collect();
    keep_out(schema, |ticket| looked_at.contains(ticket));
}

/// Drops moves of tickets that are in doubt, and tells whoever asked for them; but not those of a statement that this one is
/// nested in.
fn keep_out(schema: u32, is_kept_out: impl Fn(&Uuid) -> bool) {
    let depth = trigger::depth();
    MOVES.with_borrow_mut(|moves| {
        moves.noted.retain(|noted| {
            let (origin, ticket) = (&noted.origin, &noted.record.ticket);
            let is_through = origin.schema == schema && origin.depth >= depth;
            let goes = noted.doubt.is_some() && is_through && is_kept_out(ticket);
            if goes && noted.record.is_asked_for {
                request::kept_out(schema, ticket);
            }
            !goes
        });
        moves.count_doubts();
    });
}

/// A table whose rows were noted and not written down: the transaction is about to end, and nothing will write them any more.
pub fn left() -> Option<u32> {
    MOVES.with_borrow(|moves| {
        let noted = moves.noted.iter().map(|noted| &noted.origin);
        let results = moves.results.iter().map(|noted| &noted.origin);
        noted.chain(results).map(|origin| origin.table).next()
    })
}

/// Settles doubts about tickets by where they are found. A move whose row is where it was stays in doubt: a trigger left the row
/// out, or the statement that this one is nested in has not come to write it yet. [`drop_kept_out`] is for the former.
pub fn settle(schema: u32, found: &HashMap<Uuid, Position>) -> Result<()> {
    let (depth, subtransaction) = (trigger::depth(), transaction::current());
    MOVES.with_borrow_mut(|moves| {
        moves.overtake(schema, found, subtransaction);
        let mut result = Ok(());
        for noted in &mut moves.noted {
            let ticket = noted.record.ticket;
            let found = found.get(&ticket).filter(|_| noted.origin.schema == schema);
            let (Some(doubt), Some(found)) = (noted.doubt, found) else {
                continue;
            };
            if doubt.overtaken_in.is_some() {
                continue;
            }
            if *found == noted.after() {
                noted.doubt = None;
            } else if !noted.is_kept_at(found, &doubt.before) {
                result = Err(undecided(ticket));
            }
        }
        moves.unmoved.retain(|unmoved| {
            let found = found
                .get(&unmoved.ticket)
                .filter(|_| unmoved.origin.schema == schema);
            let Some(found) = found else { return true };
            if unmoved.doubt.overtaken_in.is_none() && *found != unmoved.doubt.before {
                result = Err(undecided(unmoved.ticket));
            }
            unmoved.origin.depth < depth
        });
        moves.count_doubts();
        result
    })
}

/// Settles what is in doubt about a ticket of which there is a decision to make, by where it is. A move of this statement, or of
/// one before, that did not come to its row never will: the row is free for another.
pub fn settle_one(schema: u32, ticket: Uuid, found: Position) -> Result<()> {
    if !MOVES.with_borrow(|moves| moves.doubted.contains(&ticket)) {
        return Ok(());
    }
    settle(schema, &HashMap::from([(ticket, found)]))?;
    keep_out(schema, |one| *one == ticket);
    Ok(())
}

/// The refusal of a row that was moved without a decision, or whose former phase or time was changed after it.
pub fn undecided(ticket: Uuid) -> Error {
    Error::new(
        Code::InvalidTransition,
        "invalid phase transition",
    )
    .detail(format!(
        "The phase of ticket {ticket}, the one before or the time of the move was changed after phasegate had decided about the row."
    ))
    .hint("A BEFORE trigger whose name sorts after \"zz_phasegate_decide\" changes phase_id, previous_phase_id or phase_entered_at; give it an earlier name.")
}

/// Takes the moves of a workspace that are certain, in the order they were decided in, at the end of a statement.
///
/// Those of a statement around it may be among them, whose rows are as good as written. But not of one that began
/// before the present subtransaction: if this is rolled back, what it wrote is gone, and the moves are not.
pub fn take(schema: u32) -> Vec<Move> {
    let subtransaction = transaction::current();
    MOVES.with_borrow_mut(|moves| {
        let (taken, kept): (Vec<Noted>, Vec<Noted>) = std::mem::take(&mut moves.noted)
            .into_iter()
            .partition(|noted| noted.doubt.is_none() && noted.origin.is_of(schema, subtransaction));
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
                origin: Origin::here(schema, table),
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
    MOVES.with_borrow_mut(|moves| moves.begun.push(Origin::here(schema, table)));
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
        moves
            .unmoved
            .retain(|unmoved| unmoved.origin.subtransaction < subtransaction);
        let doubts = (moves.noted.iter_mut()).filter_map(|noted| noted.doubt.as_mut());
        doubts
            .chain(moves.unmoved.iter_mut().map(|unmoved| &mut unmoved.doubt))
            .for_each(|doubt| doubt.forget_since(subtransaction));
        moves
            .results
            .retain(|noted| noted.origin.subtransaction < subtransaction);
        moves.count_doubts();
    });
}
