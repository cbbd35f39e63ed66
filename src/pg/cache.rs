//! Cache invalidation: when what a backend remembers of the catalogs and of configuration tables is stale.
//!
//! The server calls us back at moments when nothing may be read, allocated or raised, so a callback only
//! sets flags; whoever uses a cached thing looks at its flag first.

use pgrx::pg_sys::{self, Datum, Oid};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// Set when the watched table's definition or, for configuration tables, rows changed.
pub type Flag = Rc<Cell<bool>>;

thread_local! {
    static WATCHED: RefCell<HashMap<u32, Flag>> = RefCell::new(HashMap::new());
    static CATALOG_GENERATION: Cell<u64> = const { Cell::new(0) };
    static READ_NOW: Cell<bool> = const { Cell::new(false) };
}

/// Registers the callbacks; called once a backend, when the library is loaded.
pub fn register() {
    // SAFETY: the callbacks live as long as the library, which is never unloaded.
    unsafe {
        pg_sys::CacheRegisterRelcacheCallback(Some(relation_changed), Datum::null());
        for cache in [
            pg_sys::SysCacheIdentifier::ENUMTYPOIDNAME,
            pg_sys::SysCacheIdentifier::NAMESPACEOID,
        ] {
            pg_sys::CacheRegisterSyscacheCallback(
                cache as i32,
                Some(catalog_changed),
                Datum::null(),
            );
        }
    }
}

unsafe extern "C-unwind" fn relation_changed(_argument: Datum, table: Oid) {
    let noted = WATCHED.try_with(|watched| {
        let Ok(watched) = watched.try_borrow() else {
            return false;
        };
        if table == Oid::INVALID {
            watched.values().for_each(|flag| flag.set(true));
        } else if let Some(flag) = watched.get(&table.to_u32()) {
            flag.set(true);
        }
        true
    });
    if noted != Ok(true) {
        // The map was being changed just now: take everything for stale.
        bump();
    }
}

unsafe extern "C-unwind" fn catalog_changed(_argument: Datum, _cache: i32, _hash: u32) {
    bump();
}

fn bump() {
    let _ = CATALOG_GENERATION.try_with(|generation| generation.set(generation.get() + 1));
}

/// Counts changes of enum labels and schema names; a cached thing that depends on them keeps the count it was made at.
pub fn catalog_generation() -> u64 {
    CATALOG_GENERATION.with(Cell::get)
}

/// A flag that is set whenever the table changes. Watch before reading what is cached.
pub fn watch(table: u32) -> Flag {
    WATCHED.with(|watched| {
        watched
            .try_borrow_mut()
            .map(|mut watched| Rc::clone(watched.entry(table).or_default()))
            .unwrap_or_else(|_| Rc::new(Cell::new(true)))
    })
}

/// Stops watching the tables.
pub fn unwatch(tables: &[u32]) {
    WATCHED.with(|watched| {
        if let Ok(mut watched) = watched.try_borrow_mut() {
            watched.retain(|table, _| !tables.contains(table));
        }
    });
}

/// Tells every session, at commit, that the table's rows changed; this session at once. Rolled back, it
/// tells nobody else, and this session once more.
pub fn invalidate(table: u32) {
    // SAFETY: queues an invalidation; raises where there is no such table.
    unsafe { pg_sys::CacheInvalidateRelcacheByRelid(Oid::from(table)) };
}

/// Notes that cached things are being read in this transaction. In the middle of a statement that changes
/// configuration they may be read as no invalidation tells of yet, and the statement may be rolled back.
pub fn reading() {
    READ_NOW.set(true);
}

/// A transaction or subtransaction was rolled back: what was read meanwhile is stale.
pub fn rolled_back() {
    if READ_NOW.get() {
        bump();
    }
}

/// The transaction ended.
pub fn transaction_ended() {
    READ_NOW.set(false);
}

/// Takes in what other sessions have committed since.
pub fn accept_invalidations() {
    // SAFETY: may be called wherever a lock could be taken; runs the callbacks above.
    unsafe { pg_sys::AcceptInvalidationMessages() };
}
