//! Cache invalidation: the server's messages, from which [`crate::changes`] tells what is stale.

use super::catalog;
use crate::changes;
use pgrx::pg_sys::{self, Datum, Oid, SysCacheIdentifier as Cache};

/// Registers the callbacks; called once a backend, when the library is loaded.
pub fn register() {
    let caches = [
        // What we remember depends on these; from TYPEOID on only the server's cache of plans does.
        Cache::ENUMTYPOIDNAME,
        Cache::NAMESPACEOID,
        Cache::PROCOID,
        Cache::AUTHOID,
        Cache::AUTHMEMMEMROLE,
        Cache::DATABASEOID,
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
    changes::of_table(catalog::some(table));
}

extern "C-unwind" fn object_changed(_argument: Datum, cache: i32, _hash: u32) {
    match cache as Cache::Type {
        Cache::ENUMTYPOIDNAME | Cache::NAMESPACEOID => changes::of_names(),
        Cache::PROCOID | Cache::AUTHOID | Cache::AUTHMEMMEMROLE | Cache::DATABASEOID => {
            changes::of_rights();
        }
        _ => changes::of_plans(),
    }
}

asks! {
    /// Tells every session, at commit, that the table's rows changed; this session at once. Rolled back, it
    /// tells nobody else, and this session once more. Raises where there is no such table.
    pub fn invalidate(table: u32) = unsafe { pg_sys::CacheInvalidateRelcacheByRelid(Oid::from(table)) };

    /// Takes in what other sessions have committed since, wherever a lock could be taken; runs the callbacks above.
    pub fn accept_invalidations() = unsafe { pg_sys::AcceptInvalidationMessages() };
}
