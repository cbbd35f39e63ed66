//! A row found by its id without a statement.

use super::cache::Remembered;
use super::error::Result;
use super::{catalog, probe, role};
use pgrx::pg_sys::{self, Datum, Oid};
use std::ffi::c_int;
use uuid::Uuid;

/// A row's values, by the numbers of its columns.
pub struct Values {
    pub(super) slot: *mut pg_sys::TupleTableSlot,
}

impl Values {
    /// The column's value, or nothing for NULL. Valid while the row is looked at.
    pub fn value(&self, column: i16) -> Option<Datum> {
        let index = usize::try_from(column).ok()?.checked_sub(1)?;
        // SAFETY: the slot holds a row, all of whose columns were read; its descriptor says how many there are.
        unsafe {
            if index >= usize::try_from((*(*self.slot).tts_tupleDescriptor).natts).unwrap_or(0) {
                return None;
            }
            (!*(*self.slot).tts_isnull.add(index)).then(|| *(*self.slot).tts_values.add(index))
        }
    }
}

thread_local! {
    /// By table, the index of its key, if it is an ordinary table whose key is its id.
    static KEYS: Remembered<Option<Oid>> = Remembered::default();
}

fn key(table: u32) -> Result<Option<Oid>> {
    KEYS.with(|keys| keys.get(table, || Ok(find_key(table))))
        .map(|key| *key)
}

fn find_key(table: u32) -> Option<Oid> {
    let id = catalog::column(table, "id")?;
    // SAFETY: there is such a relation, which stays open while it is looked at.
    unsafe {
        let relation = pg_sys::relation_open(Oid::from(table), pg_sys::AccessShareLock as c_int);
        let class = (*relation).rd_rel;
        let is_ordinary = (*class).relkind as u8 == pg_sys::RELKIND_RELATION
            && (*class).relam == pg_sys::HEAP_TABLE_AM_OID
            && !(*class).relispartition
            && !(*class).relhassubclass;
        let key = is_ordinary
            .then(|| probe::primary_key(relation, id))
            .flatten();
        pg_sys::relation_close(relation, pg_sys::NoLock as c_int);
        key
    }
}

/// Whether rows of the table can be found in this way: an ordinary table with the id as its key, and a role that reads all of
/// it. Locks it as a SELECT would.
pub fn may_read(table: u32) -> Result<bool> {
    // SAFETY: there is such a table, or was: then opening it raises. Locking it takes in what others changed of it, and they
    // change no more until the transaction ends.
    unsafe { pg_sys::LockRelationOid(Oid::from(table), pg_sys::AccessShareLock as c_int) };
    may_read_locked(table)
}

/// As [`may_read`] of a table that is locked.
pub(super) fn may_read_locked(table: u32) -> Result<bool> {
    Ok(key(table)?.is_some() && role::may_read_all(table))
}

/// What `take` takes of the row with this id, as the statement that runs would see it, of a table that [`may_read`] said this
/// of.
pub fn read<T>(table: u32, id: Uuid, take: impl FnOnce(&Values) -> T) -> Result<Option<T>> {
    // SAFETY: such a table, which is locked; what is opened is closed, and where an error passes through abort processing
    // does.
    unsafe {
        let relation = pg_sys::table_open(Oid::from(table), pg_sys::NoLock as c_int);
        let slot = pg_sys::table_slot_create(relation, std::ptr::null_mut());
        let found = find(relation, pg_sys::GetActiveSnapshot(), id, slot)?;
        let taken = found.then(|| {
            pg_sys::slot_getallattrs(slot);
            take(&Values { slot })
        });
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        pg_sys::table_close(relation, pg_sys::NoLock as c_int);
        Ok(taken)
    }
}

/// Fills the slot with the row that has this id, if the snapshot has it.
///
/// # Safety
/// A slot of a table that is open and that [`may_read`] said this of.
pub(super) unsafe fn find(
    relation: pg_sys::Relation,
    snapshot: pg_sys::Snapshot,
    id: Uuid,
    slot: *mut pg_sys::TupleTableSlot,
) -> Result<bool> {
    // SAFETY: as the caller says.
    let Some(key) = key(unsafe { (*relation).rd_id.to_u32() })? else {
        return Ok(false);
    };
    // A `uuid` is stored as its sixteen bytes, and passed by reference.
    let bytes = id.into_bytes();
    let mut by = pg_sys::ScanKeyData::default();
    // SAFETY: an index of the table's with the id as its only column; the key and `bytes` outlive the scan. The index is
    // closed, its lock kept as after a query.
    unsafe {
        pg_sys::ScanKeyInit(
            &mut by,
            1,
            pg_sys::BTEqualStrategyNumber as pg_sys::StrategyNumber,
            Oid::from(pg_sys::F_UUID_EQ),
            Datum::from(bytes.as_ptr()),
        );
        let index = pg_sys::index_open(key, pg_sys::AccessShareLock as c_int);
        let found = probe::first(relation, index, snapshot, &mut [by], slot);
        pg_sys::index_close(index, pg_sys::NoLock as c_int);
        Ok(found)
    }
}
