//! Locks on tables and rows.

use pgrx::pg_sys::{self, Oid};
use std::ffi::c_int;

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

/// Where a row is in its table.
#[derive(Clone, Copy)]
pub struct Place(pub(super) pg_sys::ItemPointerData);

/// Holds a row of a heap as SELECT with FOR NO KEY UPDATE does, if nobody else holds it and it is as the statement that found it,
/// which still runs, saw it. Whether the role may is for the caller to see to.
pub fn hold_row(table: u32, place: Place) -> bool {
    let mut row = pg_sys::HeapTupleData {
        t_self: place.0,
        ..Default::default()
    };
    let mut buffer = pg_sys::InvalidBuffer as pg_sys::Buffer;
    let mut why = pg_sys::TM_FailureData::default();
    // SAFETY: a heap that the statement has locked; its snapshot keeps the row where it is. The
    // page is given back.
    let result = unsafe {
        let relation = pg_sys::table_open(Oid::from(table), pg_sys::NoLock as c_int);
        let result = pg_sys::heap_lock_tuple(
            relation,
            &mut row,
            pg_sys::GetCurrentCommandId(false),
            pg_sys::LockTupleMode::LockTupleNoKeyExclusive,
            pg_sys::LockWaitPolicy::LockWaitSkip,
            false,
            &mut buffer,
            &mut why,
        );
        if buffer != pg_sys::InvalidBuffer as pg_sys::Buffer {
            pg_sys::ReleaseBuffer(buffer);
        }
        pg_sys::table_close(relation, pg_sys::NoLock as c_int);
        result
    };
    result == pg_sys::TM_Result::TM_Ok
}
