//! What row triggers on `tasks` saw and the statement trigger has still to settle.
//!
//! A statement that completes a thousand tasks so costs a constant number of further statements, not a
//! thousand of them; and dependencies among rows of one statement (a COPY) are looked at when all are there.

use crate::pg::transaction;
use std::cell::RefCell;
use std::collections::HashSet;
use uuid::Uuid;

/// Dependencies that were written.
#[derive(Debug, Clone)]
pub struct Linked {
    /// The task that waits.
    pub task: Uuid,
    /// Its ticket.
    pub ticket: Uuid,
    /// The tasks that it waits for.
    pub waits_for: Vec<Uuid>,
    /// Those that it waited for before an UPDATE: they may be gone since. `None` for a new task.
    pub before: Option<Vec<Uuid>>,
}

/// What happened to a row.
#[derive(Debug, Clone)]
pub enum Event {
    /// A task was completed or deleted: whoever waits for it may wait no longer.
    Done {
        /// Its ticket.
        ticket: Uuid,
        /// The task.
        task: Uuid,
    },
    /// Dependencies were written.
    Linked(Linked),
    /// A task can be claimed that could not before.
    Claimable,
}

#[derive(Debug)]
struct Noted {
    schema: u32,
    subtransaction: u32,
    event: Event,
}

thread_local! {
    static NOTED: RefCell<Vec<Noted>> = const { RefCell::new(Vec::new()) };
    static COUNTING: RefCell<Vec<HashSet<Uuid>>> = const { RefCell::new(Vec::new()) };
}

/// Whether nothing is waiting.
pub fn is_empty() -> bool {
    NOTED.with_borrow(Vec::is_empty)
}

/// Notes an event.
pub fn note(schema: u32, event: Event) {
    let subtransaction = transaction::current();
    NOTED.with_borrow_mut(|noted| {
        noted.push(Noted {
            schema,
            subtransaction,
            event,
        });
    });
}

/// Takes a workspace's events.
pub fn take(schema: u32) -> Vec<Event> {
    NOTED.with_borrow_mut(|noted| {
        let (taken, kept): (Vec<Noted>, Vec<Noted>) = std::mem::take(noted)
            .into_iter()
            .partition(|noted| noted.schema == schema);
        *noted = kept;
        taken.into_iter().map(|noted| noted.event).collect()
    })
}

/// The transaction ended.
pub fn forget_all() {
    NOTED.with_borrow_mut(Vec::clear);
    COUNTING.with_borrow_mut(Vec::clear);
}

/// A subtransaction was rolled back; ids only grow, so its children's are greater.
pub fn forget_since(subtransaction: u32) {
    NOTED.with_borrow_mut(|noted| noted.retain(|noted| noted.subtransaction < subtransaction));
}

/// While one lives, `pending_dependencies` of these tasks is written by phasegate and believed.
///
/// It names the tasks because the owner's own triggers may write others meanwhile.
pub struct Counting;

impl Counting {
    /// From here on.
    pub fn of(tasks: impl IntoIterator<Item = Uuid>) -> Self {
        COUNTING.with_borrow_mut(|counting| counting.push(tasks.into_iter().collect()));
        Counting
    }

    /// Whether one that covers the task lives.
    pub fn covers(task: &Uuid) -> bool {
        COUNTING.with_borrow(|counting| counting.iter().any(|tasks| tasks.contains(task)))
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        COUNTING.with_borrow_mut(|counting| counting.pop());
    }
}
