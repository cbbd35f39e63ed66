//! Which tickets are being taken into the archive: what belongs to them may go, and leaves no tombstone.

use std::cell::RefCell;
use std::collections::HashSet;
use uuid::Uuid;

thread_local! {
    static TICKETS: RefCell<Vec<(u32, HashSet<Uuid>)>> = const { RefCell::new(Vec::new()) };
}

/// While one lives, rows of these tickets go into the archive.
///
/// It names the tickets because the owner's own triggers may delete others meanwhile.
pub struct Archiving(());

impl Archiving {
    /// From here on, of the workspace with this schema.
    pub fn of(schema: u32, tickets: impl IntoIterator<Item = Uuid>) -> Self {
        let tickets = tickets.into_iter().collect();
        TICKETS.with_borrow_mut(|all| all.push((schema, tickets)));
        Archiving(())
    }

    /// Whether one that covers the ticket lives.
    pub fn covers(schema: u32, ticket: Option<Uuid>) -> bool {
        TICKETS.with_borrow(|all| {
            let is_of = |(of, tickets): &(u32, HashSet<Uuid>)| {
                *of == schema && ticket.is_some_and(|ticket| tickets.contains(&ticket))
            };
            all.iter().any(is_of)
        })
    }
}

impl Drop for Archiving {
    fn drop(&mut self) {
        TICKETS.with_borrow_mut(|all| all.pop());
    }
}
