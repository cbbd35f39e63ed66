//! What row triggers on `tasks` saw and the statement trigger has still to settle.
//!
//! A statement that completes a thousand tasks so costs a constant number of further statements, not a
//! thousand of them; and dependencies among rows of one statement (a COPY) are looked at when all are there.

use crate::error::Error;
use crate::pg::error::Result;
use crate::pg::{transaction, trigger};
use crate::workspace::full_name;
use std::cell::RefCell;
use std::collections::HashSet;
use uuid::Uuid;

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
    Linked {
        /// The task that waits.
        task: Uuid,
        /// What it waited for before an UPDATE, which may be gone since. `None` for a new task.
        before: Option<Vec<Uuid>>,
    },
    /// A task was completed with artifacts in its result.
    Produced {
        /// Its ticket.
        ticket: Uuid,
        /// The task.
        task: Uuid,
    },
    /// A review approved or rejected a phase.
    Reviewed {
        /// Its ticket, which is held.
        ticket: Uuid,
        /// The phase, as an enum value.
        phase: u32,
        /// The review.
        review: Uuid,
        /// Whether it approved.
        approved: bool,
    },
    /// A task can be claimed that could not before.
    Claimable,
}

#[derive(Debug)]
struct Noted {
    schema: u32,
    /// The table whose row it is about: `tasks` or a partition.
    table: u32,
    subtransaction: u32,
    /// How many triggers were being fired within one another.
    depth: i32,
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

/// Notes an event, from a row trigger.
pub fn note(schema: u32, table: u32, event: Event) {
    let noted = Noted {
        schema,
        table,
        subtransaction: transaction::current(),
        depth: trigger::depth(),
        event,
    };
    NOTED.with_borrow_mut(|all| all.push(noted));
}

/// Takes a workspace's events that the statement whose trigger this is has left, or one within it. Those of
/// a statement around it are not through yet; and if that began before the present subtransaction, what would be
/// settled here could be rolled back without them.
pub fn take(schema: u32) -> Vec<Event> {
    let (depth, subtransaction) = (trigger::depth(), transaction::current());
    NOTED.with_borrow_mut(|noted| {
        let (taken, kept): (Vec<Noted>, Vec<Noted>) =
            std::mem::take(noted).into_iter().partition(|noted| {
                noted.schema == schema
                    && noted.depth >= depth
                    && noted.subtransaction >= subtransaction
            });
        *noted = kept;
        taken.into_iter().map(|noted| noted.event).collect()
    })
}

/// Refuses to end a transaction that wrote tasks past the trigger that settles what follows, as
/// [`crate::workflow::write::refuse_left`] does for tickets.
pub fn refuse_left() -> Result<()> {
    match NOTED.with_borrow(|noted| noted.first().map(|noted| noted.table)) {
        None => Ok(()),
        Some(table) => Err(Error::not_recorded("tasks", &full_name(table))),
    }
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
