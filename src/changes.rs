//! What a backend remembers of the catalogs and of configuration tables, and when that is stale.
//!
//! The server tells of changes at moments when nothing may be read, allocated or raised, so they are only
//! counted; whoever uses a cached thing looks first whether the count is still the one it was read at.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::thread::LocalKey;

type Count = Cell<u64>;

thread_local! {
    /// The mark of each watched table: whether its definition or, for configuration tables, its rows changed.
    static WATCHED: RefCell<HashMap<u32, Rc<Cell<bool>>>> = RefCell::new(HashMap::new());
    static RIGHTS: Count = const { Cell::new(0) };
    static CATALOG: Count = const { Cell::new(0) };
    static ALL: Count = const { Cell::new(0) };
    static READ_NOW: Cell<bool> = const { Cell::new(false) };
}

/// A table changed, or any may have; with that any plan that reads it.
pub fn of_table(table: Option<u32>) {
    of_plans();
    let mark = |mark: Rc<Cell<bool>>| mark.set(true);
    let marked = WATCHED.try_with(|watched| {
        let mut watched = watched.try_borrow_mut().ok()?;
        match table {
            None => watched.drain().for_each(|(_, changed)| mark(changed)),
            Some(table) => watched.remove(&table).into_iter().for_each(mark),
        }
        Some(())
    });
    if marked != Ok(Some(())) {
        // The map was being changed just now: take everything for stale.
        count(&CATALOG);
    }
}

/// An enum's label or a schema's name changed.
pub fn of_names() {
    of_plans();
    count(&CATALOG);
}

/// A function, a role, a membership or a database changed.
pub fn of_rights() {
    of_plans();
    count(&RIGHTS);
}

/// Something else changed that may make the server plan a statement anew.
pub fn of_plans() {
    count(&ALL);
}

fn count(changes: &'static LocalKey<Count>) {
    let _ = changes.try_with(|changes| changes.set(changes.get().wrapping_add(1)));
}

/// Counts changes of enum labels and schema names; a cached thing that depends on them keeps the count it was made at.
pub fn catalog_generation() -> u64 {
    CATALOG.get()
}

/// Counts changes of functions, roles, memberships and databases: of whose code may run with whose rights.
pub fn rights_generation() -> u64 {
    RIGHTS.get()
}

/// Counts all that may make the server plan a statement anew.
pub fn generation() -> u64 {
    ALL.get()
}

/// A table that something was read from: whether it has changed since.
#[derive(Debug)]
pub struct Watched(Rc<Cell<bool>>);

impl Watched {
    /// Watches from now on: to be called before reading, so that a change that arrives meanwhile counts. Who watched before
    /// and knows of no change has the same mark, which goes with the first change, as that the table is dropped.
    pub fn new(table: u32) -> Self {
        WATCHED.with_borrow_mut(|watched| Watched(Rc::clone(watched.entry(table).or_default())))
    }

    /// Whether the table has not changed since.
    pub fn is_current(&self) -> bool {
        !self.0.get()
    }
}

/// Notes that cached things are being read in this transaction. In the middle of a statement that changes
/// configuration they may be read as no invalidation tells of yet, and the statement may be rolled back.
pub fn reading() {
    READ_NOW.set(true);
}

/// A transaction or subtransaction was rolled back: what was read meanwhile is stale.
pub fn rolled_back() {
    if READ_NOW.get() {
        count(&CATALOG);
    }
}

/// The transaction ended.
pub fn transaction_ended() {
    READ_NOW.set(false);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generations() -> [u64; 3] {
        [catalog_generation(), rights_generation(), generation()]
    }

    #[test]
    fn a_table_is_stale_with_its_first_change() {
        let (one, same, other) = (Watched::new(1), Watched::new(1), Watched::new(2));
        of_table(Some(3));
        assert!(one.is_current() && same.is_current() && other.is_current());
        of_table(Some(1));
        assert!(!one.is_current() && !same.is_current() && other.is_current());
        let again = Watched::new(1);
        assert!(again.is_current());
        of_table(None);
        assert!(!again.is_current() && !other.is_current());
    }

    #[test]
    fn every_change_may_make_a_statement_be_planned_anew() {
        of_plans();
        assert_eq!(generations(), [0, 0, 1]);
        of_names();
        assert_eq!(generations(), [1, 0, 2]);
        of_rights();
        assert_eq!(generations(), [1, 1, 3]);
        of_table(Some(1));
        assert_eq!(generations(), [1, 1, 4]);
    }

    #[test]
    fn a_change_while_tables_come_to_be_watched_makes_all_stale() {
        WATCHED.with_borrow_mut(|_| of_table(Some(1)));
        assert_eq!(generations(), [1, 0, 1]);
    }

    #[test]
    fn what_was_read_in_a_transaction_goes_when_that_is_rolled_back() {
        rolled_back();
        assert_eq!(catalog_generation(), 0);
        reading();
        rolled_back();
        assert_eq!(catalog_generation(), 1);
        transaction_ended();
        rolled_back();
        assert_eq!(catalog_generation(), 1);
    }
}
