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
