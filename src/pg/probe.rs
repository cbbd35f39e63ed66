//! Whether a table has any row of a ticket and phase: a look into an index, without a statement.
//!
//! Most moves leave a phase that produced nothing where they ask for what it produced. To set a statement up takes
//! several times as long as this, and a move that found nothing here is a good deal faster.

use super::cache::Remembered;
use super::catalog;
use super::error::Result;
use pgrx::pg_sys::{self, Datum, Oid};
use std::ffi::c_int;
use uuid::Uuid;

/// An index on (`ticket_id`, `phase_id`) that a look-up can be made in.
#[derive(Debug)]
struct Index {
    oid: u32,
    ticket: i16,
    phase: i16,
}

thread_local! {
    static KNOWN: Remembered<Option<Index>> = Remembered::default();
}

/// Whether the table has a row of this ticket and phase (an enum value) among those that are committed now, or that
/// this transaction wrote. `None` where it has no index of this name to tell by.
pub fn has_any(
    schema: u32,
    table: u32,
    index: &str,
    ticket: Uuid,
    phase: u32,
) -> Result<Option<bool>> {
    let known = KNOWN.with(|known| known.get(table, || Ok(find(schema, table, index))))?;
    let Some(index) = known.as_ref() else {
        return Ok(None);
    };
    // A `uuid` is stored as its sixteen bytes, and passed by reference.
    let bytes = ticket.into_bytes();
    let mut keys = [pg_sys::ScanKeyData::default(); 2];
    let [first, second] = &mut keys;
    let equal = pg_sys::BTEqualStrategyNumber as pg_sys::StrategyNumber;
    // SAFETY: the keys are of the types of the columns, whose index `find` looked at and whose definition has not
    // changed since; they and `bytes` outlive the scan. What is opened is closed, the locks are kept as after a query,
    // and where an error passes through abort processing releases all of it. The command counter is moved on as
    // before a statement, so that the snapshot has what this transaction wrote.
    unsafe {
        let ticket = Datum::from(bytes.as_ptr());
        let uuid_eq = Oid::from(pg_sys::F_UUID_EQ);
        pg_sys::ScanKeyInit(first, index.ticket, equal, uuid_eq, ticket);
        let enum_eq = Oid::from(pg_sys::F_ENUM_EQ);
        pg_sys::ScanKeyInit(second, index.phase, equal, enum_eq, Datum::from(phase));
        let relation = pg_sys::table_open(Oid::from(table), pg_sys::AccessShareLock as c_int);
        pg_sys::CommandCounterIncrement();
        let snapshot = pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot());
        let scan = pg_sys::systable_beginscan(
            relation,
            Oid::from(index.oid),
            true,
            snapshot,
            keys.len() as c_int,
            keys.as_mut_ptr(),
        );
        let found = !pg_sys::systable_getnext(scan).is_null();
        pg_sys::systable_endscan(scan);
        pg_sys::UnregisterSnapshot(snapshot);
        pg_sys::table_close(relation, pg_sys::NoLock as c_int);
        Ok(Some(found))
    }
}

/// The index of this name, if it is what the name says and has all rows.
fn find(schema: u32, table: u32, name: &str) -> Option<Index> {
    let oid = catalog::table_in(schema, name)?;
    let ticket = catalog::column(table, "ticket_id")?;
    let phase = catalog::column(table, "phase_id")?;
    // SAFETY: a relation of this name is there; whether it is an index, and its shape, is looked at before anything of
    // an index is read. `indkey` and `rd_opcintype` have an element for each key column.
    let is_usable = unsafe {
        let relation = pg_sys::relation_open(Oid::from(oid), pg_sys::AccessShareLock as c_int);
        let class = (*relation).rd_rel;
        let is_index = (*class).relkind as u8 == pg_sys::RELKIND_INDEX
            && (*class).relam == pg_sys::BTREE_AM_OID;
        let fits = is_index
            && {
                let index = (*relation).rd_index;
                let columns = (*index).indkey.values.as_ptr();
                let types = (*relation).rd_opcintype;
                let predicate = pg_sys::Anum_pg_index_indpred as c_int;
                (*index).indrelid.to_u32() == table
                && (*index).indisvalid
                && (*index).indislive
                // One whose oldest rows may be missing for a while is left to the planner to judge.
                && !(*index).indcheckxmin
                && pg_sys::heap_attisnull((*relation).rd_indextuple, predicate, std::ptr::null_mut())
                && (*index).indnkeyatts >= 2
                && (*columns, *columns.add(1)) == (ticket, phase)
                && (*types, *types.add(1)) == (pg_sys::UUIDOID, pg_sys::ANYENUMOID)
            };
        pg_sys::relation_close(relation, pg_sys::NoLock as c_int);
        fits
    };
    is_usable.then_some(Index { oid, ticket, phase })
}
