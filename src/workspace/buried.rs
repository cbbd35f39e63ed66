//! Which rows of history a tombstone has just taken: those may go with their ticket.
//!
//! That an archived row says so would not do: the owner may write such a row, and a ticket's id may come back.

use crate::pg::transaction;
use std::cell::RefCell;
use std::collections::HashMap;
use uuid::Uuid;

/// A row, by its workspace's schema and its id.
type Row = (u32, Uuid);

/// The subtransactions in which a row was kept, and in which it went, where that is another.
#[derive(Debug, Clone, Copy)]
struct Kept {
    since: u32,
    gone_since: Option<u32>,
}

thread_local! {
    static ROWS: RefCell<HashMap<Row, Kept>> = RefCell::default();
}

/// These rows are in the tombstone of a ticket of this schema's workspace that is being deleted.
pub fn note(schema: u32, rows: impl IntoIterator<Item = Uuid>) {
    let kept = Kept {
        since: transaction::current(),
        gone_since: None,
    };
    ROWS.with_borrow_mut(|all| all.extend(rows.into_iter().map(|row| ((schema, row), kept))));
}

/// Whether this row is; it goes once.
pub fn take(schema: u32, row: Uuid) -> bool {
    let now = transaction::current();
    ROWS.with_borrow_mut(|all| match all.get_mut(&(schema, row)) {
        Some(kept) if kept.gone_since.is_some() => false,
        Some(kept) if kept.since != now => {
            kept.gone_since = Some(now);
            true
        }
        Some(_) => all.remove(&(schema, row)).is_some(),
        None => false,
    })
}

/// A subtransaction was rolled back: what was deleted in it is there again.
pub fn forget_since(subtransaction: u32) {
    ROWS.with_borrow_mut(|all| {
        all.retain(|_, kept| kept.since < subtransaction);
        for kept in all.values_mut() {
            kept.gone_since = kept.gone_since.filter(|gone| *gone < subtransaction);
        }
    });
}

/// The transaction ended.
pub fn forget_all() {
    ROWS.with_borrow_mut(HashMap::clear);
}
