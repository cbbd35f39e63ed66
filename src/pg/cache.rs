//! Cache invalidation: when what a backend remembers of the catalogs and of configuration tables is stale.
//!
//! The server calls us back at moments when nothing may be read, allocated or raised, so a callback only
//! counts; whoever uses a cached thing looks first whether the count is still the one it was read at.

use pgrx::pg_sys::{self, Datum, Oid};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

thread_local! {
    /// How often each watched table's definition or, for configuration tables, rows changed.
    static WATCHED: RefCell<HashMap<u32, Rc<Cell<u64>>>> = RefCell::new(HashMap::new());
    /// The hash values of the types whose owners were asked for.
    static TYPES: RefCell<HashSet<u32>> = RefCell::new(HashSet::new());
    static RIGHTS_GENERATION: Cell<u64> = const { Cell::new(0) };
    static CATALOG_GENERATION: Cell<u64> = const { Cell::new(0) };
    static READ_NOW: Cell<bool> = const { Cell::new(false) };
}

/// Registers the callbacks; called once a backend, when the library is loaded.
pub fn register() {
    use pg_sys::SysCacheIdentifier::*;
    listen_to_relations(relation_changed);
    listen_to(&[ENUMTYPOIDNAME, NAMESPACEOID], catalog_changed);
    listen_to(&[PROCOID, AUTHOID, AUTHMEMMEMROLE], rights_changed);
    listen_to(&[TYPEOID], type_changed);
}

/// Has `changed` called when the definition of a relation, or with an invalid OID of any, may have changed.
pub(super) fn listen_to_relations(changed: extern "C-unwind" fn(Datum, Oid)) {
    // SAFETY: the callback lives as long as the library, which is never unloaded.
    unsafe { pg_sys::CacheRegisterRelcacheCallback(Some(changed), Datum::null()) };
}

/// The same of entries of these caches.
pub(super) fn listen_to(
    caches: &[pg_sys::SysCacheIdentifier::Type],
    changed: extern "C-unwind" fn(Datum, i32, u32),
) {
    for cache in caches {
        let (cache, none) = (*cache as i32, Datum::null());
        // SAFETY: as above; a cache has room for several callbacks, of which a library has few.
        unsafe { pg_sys::CacheRegisterSyscacheCallback(cache, Some(changed), none) };
    }
}

extern "C-unwind" fn relation_changed(_argument: Datum, table: Oid) {
    let noted = WATCHED.try_with(|watched| {
        let watched = watched.try_borrow().ok()?;
        let count = |changes: &Rc<Cell<u64>>| changes.set(changes.get().wrapping_add(1));
        if table == Oid::INVALID {
            watched.values().for_each(count);
        } else if let Some(changes) = watched.get(&table.to_u32()) {
            count(changes);
        }
        Some(())
    });
    if noted != Ok(Some(())) {
        // The map was being changed just now: take everything for stale.
        bump();
    }
}

extern "C-unwind" fn catalog_changed(_argument: Datum, _cache: i32, _hash: u32) {
    bump();
}

extern "C-unwind" fn rights_changed(_argument: Datum, _cache: i32, _hash: u32) {
    let _ = RIGHTS_GENERATION.try_with(|generation| generation.set(generation.get() + 1));
}

/// Types come and go with temporary tables, so that only those count that are watched. A hash of 0 means all.
extern "C-unwind" fn type_changed(_argument: Datum, _cache: i32, hash: u32) {
    let is_other = TYPES.try_with(|types| {
        let known = types.try_borrow();
        hash != 0 && known.is_ok_and(|types| !types.contains(&hash))
    });
    if is_other != Ok(true) {
        bump();
    }
}

fn bump() {
    let _ = CATALOG_GENERATION.try_with(|generation| generation.set(generation.get() + 1));
}

/// Counts changes of enum labels and schema names; a cached thing that depends on them keeps the count it was made at.
pub fn catalog_generation() -> u64 {
    CATALOG_GENERATION.with(Cell::get)
}

/// Counts changes of functions, roles and memberships: of whose code may run with whose rights.
pub fn rights_generation() -> u64 {
    RIGHTS_GENERATION.with(Cell::get)
}

/// Counts changes of the type as changes of the catalog, from now on.
pub fn watch_type(oid: u32) {
    let cache = pg_sys::SysCacheIdentifier::TYPEOID as i32;
    let none = Datum::null();
    // SAFETY: computes the hash of a key of this cache, which has one column.
    let hash = unsafe { pg_sys::GetSysCacheHashValue(cache, Datum::from(oid), none, none, none) };
    TYPES.with_borrow_mut(|types| types.insert(hash));
}

/// A table that something was read from, watched for as long as that is remembered.
#[derive(Debug)]
pub struct Watched {
    table: u32,
    changes: Rc<Cell<u64>>,
    seen: u64,
}

impl Watched {
    /// Watches from now on: to be called before reading, so that a change that arrives meanwhile counts.
    pub fn new(table: u32) -> Self {
        let changes =
            WATCHED.with_borrow_mut(|watched| Rc::clone(watched.entry(table).or_default()));
        Watched {
            table,
            seen: changes.get(),
            changes,
        }
    }

    /// Whether the table has not changed since.
    pub fn is_current(&self) -> bool {
        self.changes.get() == self.seen
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // The map's count and this one: nobody else is watching.
        if Rc::strong_count(&self.changes) == 2 {
            let _ = WATCHED.try_with(|watched| {
                if let Ok(mut watched) = watched.try_borrow_mut() {
                    watched.remove(&self.table);
                }
            });
        }
    }
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
