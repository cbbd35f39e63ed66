//! Reading an index not from its beginning but from an entry on.

use super::beginning;
use pgrx::pg_sys::{self, IndexTuple, Relation};
use std::ffi::c_int;

/// A condition on an index's columns: not to come before an entry.
pub(super) struct LowerBound {
    /// One for each column, which the condition refers to.
    columns: Vec<pg_sys::ScanKeyData>,
}

impl LowerBound {
    /// The first entry of an index that may not be dead; nothing where that is its first, or where it is to be read from there
    /// for another reason. Whoever reads only until a moment asks for that, see [`beginning::entry`].
    ///
    /// # Safety
    /// As for [`beginning::entry`]; the current memory lives as long as the condition.
    pub(super) unsafe fn of(index: Relation, until: Option<i64>) -> Option<Self> {
        // SAFETY: as the caller says; what is given is an entry of the index.
        unsafe {
            is_ascending(index)
                .then(|| beginning::entry(index, until))
                .flatten()
                .and_then(|entry| Self::at(index, entry))
        }
    }

    /// # Safety
    /// An entry of the index, which is open; the current memory lives as long as the condition.
    unsafe fn at(index: Relation, entry: IndexTuple) -> Option<Self> {
        let mut columns = Vec::new();
        // SAFETY: as the caller says. An entry has all columns, and there is room for as many as an index can have.
        unsafe {
            let mut values = [pg_sys::Datum::null(); pg_sys::INDEX_MAX_KEYS as usize];
            let mut nulls = [false; pg_sys::INDEX_MAX_KEYS as usize];
            pg_sys::index_deform_tuple(
                entry,
                (*index).rd_att,
                values.as_mut_ptr(),
                nulls.as_mut_ptr(),
            );
            let count = usize::try_from((*(*index).rd_index).indnkeyatts).unwrap_or(0);
            for (place, (value, is_null)) in values.iter().zip(nulls).take(count).enumerate() {
                if is_null {
                    return None;
                }
                let number = i16::try_from(place + 1).ok()?;
                let is_last = place + 1 == count;
                let mut column = pg_sys::ScanKeyData::default();
                pg_sys::ScanKeyEntryInitializeWithInfo(
                    &mut column,
                    (pg_sys::SK_ROW_MEMBER | if is_last { pg_sys::SK_ROW_END } else { 0 }) as c_int,
                    number,
                    AT_LEAST,
                    *(*index).rd_opcintype.add(place),
                    *(*index).rd_indcollation.add(place),
                    pg_sys::index_getprocinfo(index, number, ORDER),
                    *value,
                );
                columns.push(column);
            }
        }
        Some(LowerBound { columns })
    }

    /// As a scan takes it, for as long as this lives.
    pub(super) fn key(&mut self) -> pg_sys::ScanKeyData {
        pg_sys::ScanKeyData {
            sk_flags: pg_sys::SK_ROW_HEADER as c_int,
            sk_attno: 1,
            sk_strategy: AT_LEAST,
            sk_argument: pg_sys::Datum::from(self.columns.as_mut_ptr()),
            ..Default::default()
        }
    }
}

/// `BTORDER_PROC`
const ORDER: u16 = 1;

const AT_LEAST: pg_sys::StrategyNumber =
    pg_sys::BTGreaterEqualStrategyNumber as pg_sys::StrategyNumber;

/// Whether the index is in ascending order of all of its columns.
///
/// # Safety
/// The index is open.
unsafe fn is_ascending(index: Relation) -> bool {
    // SAFETY: as the caller says; there are options for each key column.
    unsafe {
        let count = usize::try_from((*(*index).rd_index).indnkeyatts).unwrap_or(0);
        (0..count).all(|place| *(*index).rd_indoption.add(place) == 0)
    }
}
