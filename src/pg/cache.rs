//! Cache invalidation: when what a backend remembers of the catalogs and of configuration tables is stale.
//!
//! The server calls us back at moments when nothing may be read, allocated or raised, so a callback only
//! counts; whoever uses a cached thing looks first whether the count is still the one it was read at.

use pgrx::pg_sys::{self, Datum, Oid, SysCacheIdentifier as Cache};
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

/// Registers the callbacks; called once a backend, when the library is loaded.
pub fn register() {
    let caches = [
        // What we remember depends on these,
        Cache::ENUMTYPOIDNAME,
        Cache::NAMESPACEOID,
        Cache::PROCOID,
        Cache::AUTHOID,
        Cache::AUTHMEMMEMROLE,
        // and the server's cache of plans on these too.
        Cache::TYPEOID,
        Cache::OPEROID,
        Cache::AMOPOPID,
        Cache::FOREIGNSERVEROID,
        Cache::FOREIGNDATAWRAPPEROID,
    ];
    // SAFETY: the callbacks live as long as the library, which is never unloaded; a cache has room for several.
    unsafe {
        pg_sys::CacheRegisterRelcacheCallback(Some(relation_changed), Datum::null());
        for cache in caches {
            let changed = Some(object_changed as _);
            pg_sys::CacheRegisterSyscacheCallback(cache as i32, changed, Datum::null());
        }
    }
}

extern "C-unwind" fn relation_changed(_argument: Datum, table: Oid) {
    count(&ALL);
    let mark = |mark: Rc<Cell<bool>>| mark.set(true);
    let marked = WATCHED.try_with(|watched| {
        let mut watched = watched.try_borrow_mut().ok()?;
        if table == Oid::INVALID {
            watched.drain().for_each(|(_, changed)| mark(changed));
        } else if let Some(changed) = watched.remove(&table.to_u32()) {
            mark(changed);
        }
        Some(())
    });
    if marked != Ok(Some(())) {
        // The map was being changed just now: take everything for stale.
        count(&CATALOG);
    }
}

extern "C-unwind" fn object_changed(_argument: Datum, cache: i32, _hash: u32) {
    count(&ALL);
    match cache as Cache::Type {
        Cache::ENUMTYPOIDNAME | Cache::NAMESPACEOID => count(&CATALOG),
        Cache::PROCOID | Cache::AUTHOID | Cache::AUTHMEMMEMROLE => count(&RIGHTS),
        _ => {}
    }
}

fn count(changes: &'static LocalKey<Count>) {
    let _ = changes.try_with(|changes| changes.set(changes.get().wrapping_add(1)));
}

/// Counts changes of enum labels and schema names; a cached thing that depends on them keeps the count it was made at.
pub fn catalog_generation() -> u64 {
    CATALOG.get()
}

/// Counts changes of functions, roles and memberships: of whose code may run with whose rights.
pub fn rights_generation() -> u64 {
    RIGHTS.get()
}

/// Counts all that may make the server plan a statement anew.
pub(super) fn generation() -> u64 {
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

asks! {
    /// Tells every session, at commit, that the table's rows changed; this session at once. Rolled back, it
    /// tells nobody else, and this session once more. Raises where there is no such table.
    pub fn invalidate(table: u32) = unsafe { pg_sys::CacheInvalidateRelcacheByRelid(Oid::from(table)) };

    /// Takes in what other sessions have committed since, wherever a lock could be taken; runs the callbacks above.
    pub fn accept_invalidations() = unsafe { pg_sys::AcceptInvalidationMessages() };
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
