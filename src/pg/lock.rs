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

/// What a lock on a table is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// As SELECT takes it.
    Reading,
    /// As INSERT, UPDATE and DELETE take it.
    Writing,
    /// One session at a time, without keeping anybody from writing. SQL gives it to those only who may write the table.
    Alone,
    /// As CREATE TRIGGER takes it: nobody writes meanwhile, nor makes a trigger.
    Defining,
}

/// Takes a lock as statements do, until the transaction ends; what others have changed meanwhile is taken in.
pub fn table(table: u32, purpose: Purpose) {
    let mode = match purpose {
        Purpose::Reading => pg_sys::AccessShareLock,
        Purpose::Writing => pg_sys::RowExclusiveLock,
        Purpose::Alone => pg_sys::ShareUpdateExclusiveLock,
        Purpose::Defining => pg_sys::ShareRowExclusiveLock,
    };
    // SAFETY: takes a heavyweight lock by OID, which need not exist; raises where the wait is broken off.
    unsafe { pg_sys::LockRelationOid(Oid::from(table), mode as pg_sys::LOCKMODE) };
}

/// One session at a time for this key, until the transaction ends.
///
/// The lock is one of this database on an object of pg_database, whose objects all belong to no database: nothing that
/// SQL offers can take it, nor hold it against us.
pub fn key(key: u32) {
    let mode = pg_sys::ExclusiveLock as pg_sys::LOCKMODE;
    // SAFETY: takes a heavyweight lock by OID, which need not exist; raises where the wait is broken off.
    unsafe { pg_sys::LockDatabaseObject(pg_sys::DatabaseRelationId, Oid::from(key), 0, mode) };
}
