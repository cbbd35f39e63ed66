//! Locks on tables and rows.

use pgrx::pg_sys::{self, Oid};

/// Keeps everybody else from using the table or view until the transaction ends; waits for those who do.
///
/// Unlike LOCK TABLE it locks a view alone, and not what the view reads.
pub fn exclusively(relation: u32) {
    // SAFETY: takes a heavyweight lock by OID, which need not exist; raises where the wait is broken off.
    unsafe {
        pg_sys::LockRelationOid(
            Oid::from(relation),
            pg_sys::AccessExclusiveLock as pg_sys::LOCKMODE,
        )
    };
}
