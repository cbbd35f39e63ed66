//! Decisions that are in doubt: BEFORE triggers of the user that fire after the decision see the row, and may leave it out or
//! change it. So the row is looked at again: one that such a trigger leaves out leaves nothing, and one whose phase it changes has
//! no decision and is refused. A trigger that fired for every row that moved would see the same, at a cost to every move.
//!
//! Such a trigger may itself run statements that update the same ticket, before the row that it fires for is written. What
//! these find says nothing of that row: its doubt is the outer statement's to settle. But where one of them has moved the ticket
//! the server lets the outer statement write the row no more, unless the inner one is rolled back: it has overtaken it.

use crate::error::{Code, Error};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Where something was noted, or a statement is.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    /// The workspace's schema.
    pub schema: u32,
    /// The table whose row it is about: `tickets` or a partition.
    pub table: u32,
    /// The subtransaction.
    pub subtransaction: u32,
    /// How deep in triggers the statement is that it belongs to.
    pub depth: i32,
}

impl Origin {
    /// Whether it belongs to a workspace, and would be rolled back with the present subtransaction: if it began before that, it
    /// would outlive what is written of it now.
    pub fn is_of(&self, schema: u32, subtransaction: u32) -> bool {
        self.schema == schema && self.subtransaction >= subtransaction
    }

    /// Whether the statement there, or one within it, noted it.
    fn is_through(&self, now: &Origin) -> bool {
        self.schema == now.schema && self.depth >= now.depth
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

/// A move that was decided.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The id of its history row.
    pub id: Uuid,
    /// Where the ticket is once its row is written.
    pub after: Position,
}

/// What a decision left in doubt, since a trigger that fires after it may see the row.
#[derive(Debug)]
struct Doubt {
    origin: Origin,
    ticket: Uuid,
    /// Where the ticket was when it was decided.
    before: Position,
    /// The move, which the trigger may have kept from the row; nothing where it may have made one of a row that was to stay.
    wanted: Option<Wanted>,
    /// The subtransaction in which another statement, around this one or within, moved the ticket from there.
    overtaken_in: Option<u32>,
}

impl Doubt {
    /// Whether the ticket is where it was, though a trigger that took the move back may have left what came with it.
    fn is_kept_at(&self, found: &Position, after: &Position) -> bool {
        found.phase == self.before.phase
            && [self.before.previous, after.previous].contains(&found.previous)
            && [self.before.entered_at, after.entered_at].contains(&found.entered_at)
    }
}

/// All doubts of a transaction.
#[derive(Debug, Default)]
pub struct Doubts {
    all: Vec<Doubt>,
    /// The tickets that any of them is about, and maybe some more.
    tickets: HashSet<Uuid>,
}

impl Doubts {
    /// Notes a decision that is in doubt about a ticket, and where that was: a move, or that it stays.
    pub fn note(&mut self, origin: Origin, ticket: Uuid, before: Position, wanted: Option<Wanted>) {
        self.tickets.insert(ticket);
        self.all.push(Doubt {
            origin,
            ticket,
            before,
            wanted,
            overtaken_in: None,
        });
    }

    /// Whether there is doubt about any ticket.
    pub fn any(&self) -> bool {
        !self.tickets.is_empty()
    }

    /// Whether there is doubt about this ticket.
    pub fn are_about(&self, ticket: &Uuid) -> bool {
        self.tickets.contains(ticket)
    }

    /// The moves that are in doubt.
    pub fn moves(&self) -> HashSet<Uuid> {
        let wanted = self.all.iter().filter_map(|doubt| doubt.wanted);
        wanted.map(|wanted| wanted.id).collect()
    }

    /// The tickets of which the statement there, or one within it, left in doubt where they are now.
    pub fn of_statement(&self, now: &Origin) -> Vec<Uuid> {
        let left = self.all.iter().filter(|Doubt { origin, .. }| {
            origin.is_of(now.schema, now.subtransaction) && origin.is_through(now)
        });
        left.map(|doubt| doubt.ticket).collect()
    }

    /// The workspaces' schemas of which anything is in doubt, whatever statement left it.
    pub fn by_schema(&self) -> HashMap<u32, Vec<Uuid>> {
        let mut found: HashMap<u32, Vec<Uuid>> = HashMap::new();
        for doubt in &self.all {
            found
                .entry(doubt.origin.schema)
                .or_default()
                .push(doubt.ticket);
        }
        found
    }

    /// Settles doubts about tickets by where the statement there finds them. A move whose row is where it was stays in doubt: a
    /// trigger left the row out, or the statement that this one is nested in has not come to write it yet. [`Self::keep_out`] is for
    /// the former.
    ///
    /// # Errors
    /// Where a row was moved without a decision, or its former phase or time was changed after it.
    pub fn settle(&mut self, now: &Origin, found: &HashMap<Uuid, Position>) -> Result<(), Error> {
        self.overtake(now, found);
        let mut result = Ok(());
        self.all.retain(|doubt| {
            let found = found.get(&doubt.ticket);
            let Some(found) = found.filter(|_| doubt.origin.schema == now.schema) else {
                return true;
            };
            let is_overtaken = doubt.overtaken_in.is_some();
            let Some(Wanted { after, .. }) = &doubt.wanted else {
                if !is_overtaken && *found != doubt.before {
                    result = Err(undecided(doubt.ticket));
                }
                return doubt.origin.depth < now.depth;
            };
            if !is_overtaken && found == after {
                return false;
            }
            if !is_overtaken && !doubt.is_kept_at(found, after) {
                result = Err(undecided(doubt.ticket));
            }
            true
        });
        self.count();
        result
    }

    /// Marks what moves that came to their rows have overtaken: doubts of the statements around theirs and within, about the same
    /// tickets where they were before these moves. The innermost first, which may have overtaken another move to the same phase.
    fn overtake(&mut self, now: &Origin, found: &HashMap<Uuid, Position>) {
        let mut came: HashMap<Uuid, (i32, Position)> = HashMap::new();
        for doubt in &self.all {
            let (depth, ticket) = (doubt.origin.depth, doubt.ticket);
            if let Some(wanted) = &doubt.wanted
                && doubt.overtaken_in.is_none()
                && doubt.origin.schema == now.schema
                && found.get(&ticket) == Some(&wanted.after)
                && came
                    .get(&ticket)
                    .is_none_or(|(deepest, _)| *deepest < depth)
            {
                came.insert(ticket, (depth, doubt.before));
            }
        }
        for doubt in &mut self.all {
            if let Some((depth, before)) = came.get(&doubt.ticket)
                && doubt.origin.schema == now.schema
                && doubt.origin.depth != *depth
                && doubt.before == *before
            {
                doubt.overtaken_in.get_or_insert(now.subtransaction);
            }
        }
    }

    /// Drops the moves of these tickets that are still in doubt, and gives them: their rows are as they were, since the statement
    /// there is through; but not those of a statement that it is nested in.
    pub fn keep_out(&mut self, now: &Origin, is_kept_out: impl Fn(&Uuid) -> bool) -> HashSet<Uuid> {
        let mut dropped = HashSet::new();
        self.all.retain(|doubt| {
            let is_moved = doubt.origin.is_through(now) && is_kept_out(&doubt.ticket);
            let goes = doubt.wanted.filter(|_| is_moved);
            dropped.extend(goes.map(|wanted| wanted.id));
            goes.is_none()
        });
        self.count();
        dropped
    }

    /// A subtransaction was rolled back; ids only grow, so its children's are greater. What it had overtaken it has not.
    pub fn forget_since(&mut self, subtransaction: u32) {
        self.all
            .retain(|doubt| doubt.origin.subtransaction < subtransaction);
        for doubt in &mut self.all {
            doubt.overtaken_in = doubt.overtaken_in.filter(|since| *since < subtransaction);
        }
        self.count();
    }

    /// Brings `tickets` up to date.
    fn count(&mut self) {
        self.tickets = self.all.iter().map(|doubt| doubt.ticket).collect();
    }
}

/// The refusal of a row that was moved without a decision, or whose former phase or time was changed after it.
fn undecided(ticket: Uuid) -> Error {
    Error::new(
        Code::InvalidTransition,
        "invalid phase transition",
    )
    .detail(format!(
        "The phase of ticket {ticket}, the one before or the time of the move was changed after phasegate had decided about the row."
    ))
    .hint("A BEFORE trigger whose name sorts after \"zz_phasegate_decide\" changes phase_id, previous_phase_id or phase_entered_at; give it an earlier name.")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICKET: Uuid = Uuid::from_u128(1);
    const SCHEMA: u32 = 7;

    fn at(depth: i32) -> Origin {
        Origin {
            schema: SCHEMA,
            table: 8,
            subtransaction: 1,
            depth,
        }
    }

    fn position(phase: u32) -> Position {
        Position {
            phase,
            previous: phase - 1,
            entered_at: Some(i64::from(phase)),
        }
    }

    fn found(phase: u32) -> HashMap<Uuid, Position> {
        HashMap::from([(TICKET, position(phase))])
    }

    /// A move of the ticket from one phase to the next, by a statement that deep.
    fn moved(doubts: &mut Doubts, depth: i32, from: u32) -> Uuid {
        let id = Uuid::from_u128(100 + u128::from(from));
        let after = position(from + 1);
        let wanted = Wanted { id, after };
        doubts.note(at(depth), TICKET, position(from), Some(wanted));
        id
    }

    #[test]
    fn a_move_that_came_to_its_row_is_certain() {
        let mut doubts = Doubts::default();
        let id = moved(&mut doubts, 1, 2);
        assert_eq!(doubts.moves(), HashSet::from([id]));
        assert_eq!(doubts.of_statement(&at(1)), [TICKET]);
        assert_eq!(doubts.settle(&at(1), &found(3)), Ok(()));
        assert!(!doubts.any() && doubts.moves().is_empty());
    }

    #[test]
    fn a_row_that_was_left_out_leaves_nothing() {
        let mut doubts = Doubts::default();
        let id = moved(&mut doubts, 1, 2);
        assert_eq!(doubts.settle(&at(1), &found(2)), Ok(()));
        assert!(doubts.are_about(&TICKET));
        // Not of the statement around.
        assert!(doubts.keep_out(&at(2), |_| true).is_empty());
        assert!(doubts.keep_out(&at(1), |_| false).is_empty());
        assert_eq!(doubts.keep_out(&at(1), |_| true), HashSet::from([id]));
        assert!(!doubts.any());
    }

    #[test]
    fn a_row_that_another_trigger_moved_is_refused() {
        let mut doubts = Doubts::default();
        moved(&mut doubts, 1, 2);
        assert!(doubts.settle(&at(1), &found(5)).is_err());
        let mut doubts = Doubts::default();
        doubts.note(at(1), TICKET, position(2), None);
        assert!(doubts.settle(&at(1), &found(3)).is_err());
    }

    #[test]
    fn a_row_that_was_to_stay_is_in_doubt_until_its_statement_is_through() {
        let mut doubts = Doubts::default();
        doubts.note(at(1), TICKET, position(2), None);
        assert_eq!(doubts.settle(&at(2), &found(2)), Ok(()));
        assert!(doubts.any());
        assert!(doubts.keep_out(&at(1), |_| true).is_empty());
        assert_eq!(doubts.settle(&at(1), &found(2)), Ok(()));
        assert!(!doubts.any());
    }

    #[test]
    fn a_statement_within_overtakes_the_one_around_unless_it_is_rolled_back() {
        for is_rolled_back in [false, true] {
            let mut doubts = Doubts::default();
            doubts.note(at(1), TICKET, position(2), None);
            moved(&mut doubts, 2, 2);
            let within = Origin {
                subtransaction: 3,
                ..at(2)
            };
            assert_eq!(doubts.settle(&within, &found(3)), Ok(()));
            if is_rolled_back {
                doubts.forget_since(3);
            }
            let result = doubts.settle(&at(1), &found(3));
            assert_eq!(result.is_err(), is_rolled_back);
        }
    }

    #[test]
    fn another_workspace_says_nothing_of_it() {
        let mut doubts = Doubts::default();
        moved(&mut doubts, 1, 2);
        let other = Origin {
            schema: SCHEMA + 1,
            ..at(1)
        };
        assert_eq!(doubts.settle(&other, &found(5)), Ok(()));
        assert!(doubts.of_statement(&other).is_empty());
        assert_eq!(doubts.by_schema(), HashMap::from([(SCHEMA, vec![TICKET])]));
    }
}
