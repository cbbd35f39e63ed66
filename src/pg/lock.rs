//! Locks on tables, until the transaction ends.

use pgrx::pg_sys::{self, LOCKMODE, Oid};

/// What a lock on a table is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// As SELECT takes it.
    Reading = pg_sys::AccessShareLock as isize,
    /// As INSERT, UPDATE and DELETE take it.
    Writing = pg_sys::RowExclusiveLock as isize,
    /// One session at a time, without keeping anybody from writing. SQL gives it to those only who may write the table.
    Alone = pg_sys::ShareUpdateExclusiveLock as isize,
    /// As CREATE TRIGGER takes it: nobody writes meanwhile, nor makes a trigger.
    Defining = pg_sys::ShareRowExclusiveLock as isize,
    /// Nobody else uses it.
    Changing = pg_sys::AccessExclusiveLock as isize,
}

/// Takes a lock as statements do; what others have changed meanwhile is taken in. Unlike LOCK TABLE it locks a view alone,
/// and not what the view reads. pgrx's locks what it has opened, and lets go with it.
pub fn table(table: u32, purpose: Purpose) {
    // SAFETY: takes a heavyweight lock by OID, which need not exist; raises where the wait is broken off.
    unsafe { pg_sys::LockRelationOid(Oid::from(table), purpose as LOCKMODE) };
}

/// One session at a time for this key.
///
/// The lock is one of this database on an object of pg_database, whose objects all belong to no database: nothing that
/// SQL offers can take it, nor hold it against us.
pub fn key(key: u32) {
    let mode = pg_sys::ExclusiveLock as LOCKMODE;
    // SAFETY: takes a heavyweight lock by OID, which need not exist; raises where the wait is broken off.
    unsafe { pg_sys::LockDatabaseObject(pg_sys::DatabaseRelationId, Oid::from(key), 0, mode) };
}
