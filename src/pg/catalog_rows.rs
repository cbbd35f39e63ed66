//! Rows of the system catalogs that none of the server's own look-up functions gives, as of the latest commit.
//!
//! They are read by index and not by a statement: a connection needs them before anything else, and to plan a
//! statement that joins catalogs for the first time takes longer than all the rest of a first call.

use super::catalog;
use super::value::read;
use pgrx::pg_sys::{self, Datum, HeapTuple, Oid, TupleDesc};
use std::ffi::c_int;

/// Hands over each row of a catalog whose column has this OID, which is the first of an index.
fn each(
    catalog: Oid,
    index: u32,
    column: u32,
    key: u32,
    mut hand_over: impl FnMut(HeapTuple, TupleDesc),
) {
    let mut wanted = pg_sys::ScanKeyData::default();
    // SAFETY: catalog, index and column are the server's own and go together; without a snapshot of ours the scan takes
    // the one for catalogs. What is opened is closed, and where an error passes through abort processing releases it.
    unsafe {
        let lock = pg_sys::AccessShareLock as c_int;
        let equal = pg_sys::BTEqualStrategyNumber as pg_sys::StrategyNumber;
        let column = i16::try_from(column).unwrap_or(0);
        let is_equal = Oid::from(pg_sys::F_OIDEQ);
        pg_sys::ScanKeyInit(&mut wanted, column, equal, is_equal, Datum::from(key));
        let relation = pg_sys::table_open(catalog, lock);
        let index = Oid::from(index);
        let now = std::ptr::null_mut();
        let scan = pg_sys::systable_beginscan(relation, index, true, now, 1, &mut wanted);
        loop {
            let row = pg_sys::systable_getnext(scan);
            if row.is_null() {
                break;
            }
            hand_over(row, (*relation).rd_att);
        }
        pg_sys::systable_endscan(scan);
        pg_sys::table_close(relation, lock);
    }
}

/// The enum's labels in sort order, each with the OID of its row.
pub fn labels(kind: u32) -> Vec<(String, u32)> {
    let mut found = Vec::new();
    let by = (
        pg_sys::EnumTypIdLabelIndexId,
        pg_sys::Anum_pg_enum_enumtypid,
    );
    each(pg_sys::EnumRelationId, by.0, by.1, kind, |row, _| {
        // SAFETY: a row of pg_enum begins with this; the label is NUL-terminated.
        unsafe {
            let form = &*pg_sys::GETSTRUCT(row).cast::<pg_sys::FormData_pg_enum>();
            let label = read::name(Datum::from(form.enumlabel.data.as_ptr()));
            found.push((form.enumsortorder, label, form.oid.to_u32()));
        }
    });
    found.sort_by(|(one, ..), (other, ..)| one.total_cmp(other));
    found
        .into_iter()
        .map(|(_, label, oid)| (label, oid))
        .collect()
}

/// The arguments of the table's trigger that runs the extension's function of this name; nothing where there is none.
pub fn trigger_arguments(table: u32, function: &str) -> Option<Vec<String>> {
    let mut found = None;
    let by = (
        pg_sys::TriggerRelidNameIndexId,
        pg_sys::Anum_pg_trigger_tgrelid,
    );
    each(
        pg_sys::TriggerRelationId,
        by.0,
        by.1,
        table,
        |row, columns| {
            // SAFETY: a row of pg_trigger begins with this; the arguments are a bytea that is never NULL, in which each ends
            // with a NUL.
            unsafe {
                let form = &*pg_sys::GETSTRUCT(row).cast::<pg_sys::FormData_pg_trigger>();
                if !catalog::is_own_function(form.tgfoid.to_u32(), function) {
                    return;
                }
                let mut is_null = false;
                let number = pg_sys::Anum_pg_trigger_tgargs as i32;
                let arguments = pg_sys::heap_getattr(row, number, columns, &mut is_null);
                let count = usize::try_from(form.tgnargs).unwrap_or(0);
                let text = if is_null {
                    String::new()
                } else {
                    read::text(arguments)
                };
                found = Some(text.split('\0').take(count).map(str::to_owned).collect());
            }
        },
    );
    found
}

/// The table's owner.
pub fn owner(table: u32) -> Option<u32> {
    // SAFETY: a syscache look-up by OID; NULL where there is no such table. A row of pg_class begins with what is read.
    unsafe {
        let by_oid = pg_sys::SysCacheIdentifier::RELOID as c_int;
        let row = pg_sys::SearchSysCache1(by_oid, Datum::from(table));
        if row.is_null() {
            return None;
        }
        let form = &*pg_sys::GETSTRUCT(row).cast::<pg_sys::FormData_pg_class>();
        let owner = form.relowner.to_u32();
        pg_sys::ReleaseSysCache(row);
        Some(owner)
    }
}
