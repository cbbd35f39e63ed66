//! Rows appended to a table without a statement, as COPY does it.
//!
//! To set an INSERT up and to look the parent of each row up anew takes three times as long as to write the row. So
//! where an INSERT would do nothing but write its rows, they are written by the same functions of the server that an
//! INSERT ends up in: constraints are checked, indexes kept, the log written. `plain.rs` says what else an INSERT might
//! have to do; a table for which it does any of that is left to a statement.
//!
//! The reference to the parent is the one thing that is not checked: the caller knows that the parent is there.

use super::error::Result;
use super::executor::node;
use super::kept;
use super::plain::plain;
pub use super::plain::{Column, Shape};
use super::transaction;
use super::value::Value;
use crate::interrupt;
use pgrx::pg_sys::{self, Datum, Oid};
use std::ffi::c_int;

/// A row that others refer to, when it was written, or seen and held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parent {
    table: u32,
    command: u32,
}

impl Parent {
    /// One of this table, that this transaction holds from now on.
    pub fn held(table: u32) -> Self {
        Parent {
            table,
            command: transaction::command(),
        }
    }

    /// Whether it must still be there: nothing of this transaction has written anything since. Nobody else can delete it
    /// before the transaction ends.
    pub fn is_there(self, now: Parent) -> bool {
        self.table == now.table && transaction::is_quiet(self.command, now.command)
    }
}

/// How many rows are written at a time.
const BATCH: usize = 1000;

/// Appends rows to the table of that shape, each of its columns in their order: a row's own values, then those that all
/// rows share. The rows' parents are there. False where that is for a statement to do or to refuse; then nothing was
/// written.
pub fn append<'v, const N: usize>(
    shape: &Shape,
    table: u32,
    parent: Parent,
    phase_type: u32,
    mut rows: impl ExactSizeIterator<Item = [Value<'v>; N]>,
    shared: &[Value<'_>],
) -> Result<bool> {
    let found = plain(table, parent.table, phase_type, shape)?;
    let Some(plain) = found.as_ref() else {
        return Ok(false);
    };
    let columns = shape.columns.iter().skip(N);
    let fits = columns.zip(shared).all(|(column, value)| match value {
        Value::Text(text) => column.holds(text.len()),
        _ => true,
    });
    if !fits || !may_insert(plain.table) {
        return Ok(false);
    }
    let shared: Vec<_> = shared.iter().map(Value::to_datum).collect();
    // SAFETY: the table is as `plain` saw it, which locked it; it stays locked until the transaction ends.
    let mut table = unsafe { Opened::new(plain.table, rows.len().min(BATCH)) };
    while rows.len() > 0 {
        let mut count = 0;
        for row in rows.by_ref().take(BATCH) {
            interrupt::tick();
            // SAFETY: below the number of slots, which is that of rows, or of a batch.
            unsafe { table.put(count, &plain.places, row, &shared) };
            count += 1;
        }
        // SAFETY: so many slots were just filled.
        unsafe { table.write(count) };
    }
    // SAFETY: not used after this.
    unsafe { table.close() };
    Ok(true)
}

/// Whether the current role may insert, here and now.
fn may_insert(table: Oid) -> bool {
    // SAFETY: reads a server global, and the catalogs by their caches.
    unsafe {
        !pg_sys::XactReadOnly
            && pg_sys::pg_class_aclcheck(
                table,
                pg_sys::GetUserId(),
                pg_sys::ACL_INSERT as pg_sys::AclMode,
            ) == pg_sys::AclResult::ACLCHECK_OK
    }
}

/// A table that is being written to, with what the executor needs for it.
struct Opened {
    relation: pg_sys::Relation,
    state: *mut pg_sys::EState,
    info: *mut pg_sys::ResultRelInfo,
    slots: Vec<*mut pg_sys::TupleTableSlot>,
    /// Remembers the page that was written to last; only for several rows.
    bulk: pg_sys::BulkInsertState,
}

impl Opened {
    /// # Safety
    /// The table exists and is an ordinary one.
    unsafe fn new(table: Oid, slots: usize) -> Self {
        // SAFETY: what is allocated lives in the executor state's context, which `close` frees, and abort processing
        // where an error passes through, as it closes the table. The executor's node is zeroes but for what is set, as
        // makeNode makes it; it is in no range table, which 0 says, and has no triggers to fire.
        unsafe {
            let relation = pg_sys::table_open(table, pg_sys::NoLock as c_int);
            let state = pg_sys::CreateExecutorState();
            let outer = pg_sys::MemoryContextSwitchTo((*state).es_query_cxt);
            let info: *mut pg_sys::ResultRelInfo = node(pg_sys::NodeTag::T_ResultRelInfo);
            (*info).ri_RelationDesc = relation;
            pg_sys::ExecOpenIndices(info, false);
            kept::provide(info, false);
            let slots = (0..slots)
                .map(|_| pg_sys::table_slot_create(relation, &mut (*state).es_tupleTable))
                .collect();
            pg_sys::MakePerTupleExprContext(state);
            pg_sys::MemoryContextSwitchTo(outer);
            Opened {
                relation,
                state,
                info,
                slots,
                bulk: std::ptr::null_mut(),
            }
        }
    }

    /// The memory that a batch's values live in.
    ///
    /// # Safety
    /// Not closed yet.
    unsafe fn batch_memory(&self) -> pg_sys::MemoryContext {
        // SAFETY: made by `new`.
        unsafe { (*(*self.state).es_per_tuple_exprcontext).ecxt_per_tuple_memory }
    }

    /// Puts a row into a slot.
    ///
    /// # Safety
    /// There is such a slot; the places are those of the table's columns, one for each value, and the values of their
    /// types.
    unsafe fn put<const N: usize>(
        &mut self,
        slot: usize,
        places: &[usize],
        own: [Value<'_>; N],
        shared: &[(Datum, bool)],
    ) {
        let Some(&slot) = self.slots.get(slot) else {
            return;
        };
        // SAFETY: a slot of the table has a value and a flag for each column; dropped ones are NULL.
        unsafe {
            let outer = pg_sys::MemoryContextSwitchTo(self.batch_memory());
            pg_sys::ExecStoreAllNullTuple(slot);
            let datums = own.iter().map(Value::to_datum);
            for (&place, (datum, null)) in places.iter().zip(datums.chain(shared.iter().copied())) {
                *(*slot).tts_values.add(place) = datum;
                *(*slot).tts_isnull.add(place) = null;
            }
            pg_sys::MemoryContextSwitchTo(outer);
        }
    }

    /// Writes the first of the slots.
    ///
    /// # Safety
    /// They were filled.
    unsafe fn write(&mut self, count: usize) {
        // SAFETY: table, slots and executor state belong together; the table is a heap. A slot knows where its row was
        // written, which its index entries point to.
        unsafe {
            let outer = pg_sys::MemoryContextSwitchTo((*self.state).es_query_cxt);
            let slots = self.slots.get_mut(..count).unwrap_or_default();
            if !(*(*self.relation).rd_att).constr.is_null() {
                for slot in &*slots {
                    pg_sys::ExecConstraints(self.info, *slot, self.state);
                }
            }
            if let [slot] = slots {
                pg_sys::simple_table_tuple_insert(self.relation, *slot);
            } else {
                if self.bulk.is_null() {
                    self.bulk = pg_sys::GetBulkInsertState();
                }
                pg_sys::heap_multi_insert(
                    self.relation,
                    slots.as_mut_ptr(),
                    c_int::try_from(slots.len()).unwrap_or(0),
                    pg_sys::GetCurrentCommandId(true),
                    0,
                    self.bulk,
                );
            }
            if (*self.info).ri_NumIndices > 0 {
                for slot in slots {
                    index(self.info, *slot, self.state);
                }
            }
            pg_sys::MemoryContextSwitchTo(outer);
            pg_sys::MemoryContextReset(self.batch_memory());
        }
    }

    /// # Safety
    /// Called once, at the end.
    unsafe fn close(self) {
        // SAFETY: what `new` and `write` opened; the table's lock is kept, as after an INSERT.
        unsafe {
            if !self.bulk.is_null() {
                pg_sys::FreeBulkInsertState(self.bulk);
            }
            pg_sys::ExecCloseIndices(self.info);
            pg_sys::ExecResetTupleTable((*self.state).es_tupleTable, false);
            pg_sys::FreeExecutorState(self.state);
            pg_sys::table_close(self.relation, pg_sys::NoLock as c_int);
        }
    }
}

/// Makes a row's index entries.
///
/// # Safety
/// The slot's row was written to the table of these.
unsafe fn index(
    info: *mut pg_sys::ResultRelInfo,
    slot: *mut pg_sys::TupleTableSlot,
    state: *mut pg_sys::EState,
) {
    // SAFETY: as the caller says; no index defers its check, which would take a trigger, so that nothing is left to do.
    unsafe {
        pg_sys::ExecInsertIndexTuples(
            info,
            slot,
            state,
            false,
            false,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            #[cfg(not(feature = "pg15"))]
            false,
        );
    }
}
