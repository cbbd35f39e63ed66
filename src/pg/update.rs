//! A row updated without a statement, as a subscriber of logical replication does it.
//!
//! To set an UPDATE of one row up takes twice as long as to write the row. So where it would do nothing but find the row by
//! its id and write it, the row is found, held and written by the same functions of the server that an UPDATE ends up in:
//! triggers are fired, constraints checked, indexes kept, the log written. What else an UPDATE might have to do is left to a
//! statement, see [`may_update`].

use super::by_id::Values;
use super::cache::Remembered;
use super::error::Result;
use super::executor::node;
use super::lock::Place;
use super::trigger::{self, changes_rows};
use super::value::Value;
use super::{by_id, catalog, role};
use crate::error::{Code, Error};
use pgrx::pg_sys::{self, Oid};
use std::ffi::c_int;
use uuid::Uuid;

/// Which row.
#[derive(Clone, Copy)]
pub enum Which {
    /// The one with this id, as it is when nobody else holds it any more.
    Of(Uuid),
    /// The one at this place, which this transaction holds.
    At(Place),
}

/// What became of it.
pub enum Outcome<T> {
    /// It was updated; what was to be taken of it.
    Updated(T),
    /// There is no such row.
    Gone,
    /// It was left as it is, because no change was wanted or by a trigger.
    Left,
}

thread_local! {
    /// By table, whether an UPDATE of a row does nothing but write it.
    static KNOWN: Remembered<bool> = Remembered::default();
}

/// Whether rows of the table can be updated in this way, setting these columns: an ordinary table with the id as its key, no
/// rules, no triggers that change a row but the extension's own, none that see a statement's rows as a table; a role that may,
/// and no policies for it; a transaction that writes, and sees what others have committed since it began.
pub fn may_update(table: u32, columns: &[i16]) -> Result<bool> {
    let oid = Oid::from(table);
    // SAFETY: server globals. There is such a table, or was: then opening it raises. Locking it takes in what others changed
    // of it, and they change no more until the transaction ends; a standby does not lock like this.
    unsafe {
        if pg_sys::XactReadOnly
            || pg_sys::XactIsoLevel >= pg_sys::XACT_REPEATABLE_READ as c_int
            || pg_sys::IsInParallelMode()
        {
            return Ok(false);
        }
        pg_sys::LockRelationOid(oid, pg_sys::RowExclusiveLock as c_int);
    }
    let is_plain = KNOWN.with(|known| known.get(table, || Ok(is_plain(oid))))?;
    Ok(*is_plain && by_id::may_read_locked(table)? && role::may_update(table, columns))
}

/// Whether an UPDATE of one of the table's rows does nothing but write it.
fn is_plain(table: Oid) -> bool {
    // SAFETY: there is such a relation, which stays open while it is looked at, with its triggers.
    unsafe {
        let relation = pg_sys::relation_open(table, pg_sys::AccessShareLock as c_int);
        let triggers = (*relation).trigdesc;
        let fires_own_only = triggers.is_null()
            || !(*triggers).trig_update_old_table
                && !(*triggers).trig_update_new_table
                && (trigger::all(triggers).iter())
                    .filter(|trigger| changes_rows(trigger, pg_sys::TRIGGER_TYPE_UPDATE))
                    .all(|trigger| catalog::is_own(trigger.tgfoid.to_u32()));
        let is_plain = fires_own_only && (*relation).rd_rules.is_null();
        pg_sys::relation_close(relation, pg_sys::NoLock as c_int);
        is_plain
    }
}

/// Updates a row of a table that [`may_update`] said this of. `decide` is given the row and gives what is to be set, of those
/// columns; nothing leaves it. Where somebody else was changing the row it is asked again once they are done. `take` is given
/// the row as it became, with all that triggers did to it.
pub fn update<'v, T>(
    table: u32,
    which: Which,
    columns: &[i16],
    decide: impl FnMut(&Values) -> Result<Option<Vec<(i16, Value<'v>)>>>,
    take: impl FnOnce(&Values) -> T,
) -> Result<Outcome<T>> {
    // SAFETY: such a table. What is opened is closed; where an error passes through, by abort processing. Meanwhile memory is
    // the executor state's.
    unsafe {
        let mut opened = Opened::new(Oid::from(table), columns);
        let outer = pg_sys::MemoryContextSwitchTo((*opened.state).es_query_cxt);
        let outcome = opened.update(which, decide, take);
        pg_sys::MemoryContextSwitchTo(outer);
        opened.close();
        outcome
    }
}

/// A table a row of which is being updated, with what the executor needs for it.
struct Opened {
    relation: pg_sys::Relation,
    state: *mut pg_sys::EState,
    info: *mut pg_sys::ResultRelInfo,
}

impl Opened {
    /// # Safety
    /// A table that rows can be updated of, which is locked.
    unsafe fn new(table: Oid, columns: &[i16]) -> Self {
        // SAFETY: what is allocated lives in the executor state's context. The nodes are zeroes but for what is set, as makeNode
        // makes them. As for a statement, what went before in the transaction is seen.
        unsafe {
            pg_sys::CommandCounterIncrement();
            pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
            let relation = pg_sys::table_open(table, pg_sys::NoLock as c_int);
            let state = pg_sys::CreateExecutorState();
            let outer = pg_sys::MemoryContextSwitchTo((*state).es_query_cxt);
            (*state).es_snapshot = pg_sys::RegisterSnapshot(pg_sys::GetActiveSnapshot());
            (*state).es_output_cid = pg_sys::GetCurrentCommandId(true);
            set_range_table(state, table, columns);
            let info: *mut pg_sys::ResultRelInfo = node(pg_sys::NodeTag::T_ResultRelInfo);
            pg_sys::InitResultRelInfo(info, relation, 1, std::ptr::null_mut(), 0);
            (*state).es_opened_result_relations =
                pg_sys::lappend((*state).es_opened_result_relations, info.cast());
            pg_sys::ExecOpenIndices(info, false);
            pg_sys::MemoryContextSwitchTo(outer);
            Opened {
                relation,
                state,
                info,
            }
        }
    }

    /// # Safety
    /// Called once.
    unsafe fn update<'v, T>(
        &mut self,
        which: Which,
        mut decide: impl FnMut(&Values) -> Result<Option<Vec<(i16, Value<'v>)>>>,
        take: impl FnOnce(&Values) -> T,
    ) -> Result<Outcome<T>> {
        // SAFETY: slots of the table, in the executor state's context, which is the current one.
        unsafe {
            let (relation, state) = (self.relation, self.state);
            let old = pg_sys::table_slot_create(relation, &mut (*state).es_tupleTable);
            let found = match which {
                Which::At(place) => self.fetch(place, old),
                Which::Of(id) => by_id::find(relation, (*state).es_snapshot, id, old)?,
            };
            if !found {
                return Ok(Outcome::Gone);
            }
            pg_sys::slot_getallattrs(old);
            let mut changes = decide(&Values { slot: old })?;
            if changes.is_some() && matches!(which, Which::Of(_)) {
                let before = (*old).tts_tid;
                if !self.hold(old)? {
                    return Ok(Outcome::Gone);
                }
                pg_sys::slot_getallattrs(old);
                // Whoever held it has changed it.
                if !is_same(before, (*old).tts_tid) {
                    changes = decide(&Values { slot: old })?;
                }
            }
            let Some(changes) = changes else {
                return Ok(Outcome::Left);
            };
            let new = pg_sys::table_slot_create(relation, &mut (*state).es_tupleTable);
            let count = usize::try_from((*(*old).tts_tupleDescriptor).natts).unwrap_or(0);
            std::ptr::copy_nonoverlapping((*old).tts_values, (*new).tts_values, count);
            std::ptr::copy_nonoverlapping((*old).tts_isnull, (*new).tts_isnull, count);
            for (column, value) in &changes {
                let place = usize::try_from(*column).unwrap_or(0).wrapping_sub(1);
                if place < count {
                    let (datum, null) = value.for_column((*relation).rd_id.to_u32(), *column);
                    *(*new).tts_values.add(place) = datum;
                    *(*new).tts_isnull.add(place) = null;
                }
            }
            pg_sys::ExecStoreVirtualTuple(new);
            // Where it is written it gets a place.
            (*new).tts_tid.ip_posid = pg_sys::InvalidOffsetNumber;
            self.write(old, new);
            if (*new).tts_tid.ip_posid == pg_sys::InvalidOffsetNumber {
                return Ok(Outcome::Left);
            }
            pg_sys::slot_getallattrs(new);
            Ok(Outcome::Updated(take(&Values { slot: new })))
        }
    }

    /// Writes the row, and fires what is to be fired, in the order in which an UPDATE does.
    ///
    /// # Safety
    /// Slots of the table: a row that is held, and as it shall be.
    unsafe fn write(&mut self, old: *mut pg_sys::TupleTableSlot, new: *mut pg_sys::TupleTableSlot) {
        // SAFETY: as the caller says. Rechecks need a plan only where a row is held by others.
        unsafe {
            let (state, info) = (self.state, self.info);
            let mut recheck = pg_sys::EPQState::default();
            pg_sys::EvalPlanQualInit(
                &mut recheck,
                state,
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                -1,
                #[cfg(not(feature = "pg15"))]
                std::ptr::null_mut(),
            );
            pg_sys::AfterTriggerBeginQuery();
            pg_sys::ExecBSUpdateTriggers(state, info);
            pg_sys::ExecSimpleRelationUpdate(info, state, &mut recheck, old, new);
            pg_sys::CommandCounterIncrement();
            pg_sys::ExecASUpdateTriggers(state, info, std::ptr::null_mut());
            pg_sys::AfterTriggerEndQuery(state);
            pg_sys::EvalPlanQualEnd(&mut recheck);
        }
    }

    /// The row at this place.
    ///
    /// # Safety
    /// A slot of the table; the transaction holds the row.
    unsafe fn fetch(&self, place: Place, slot: *mut pg_sys::TupleTableSlot) -> bool {
        let mut place = place.0;
        // SAFETY: as the caller says, so that it is there.
        unsafe {
            pg_sys::table_tuple_fetch_row_version(
                self.relation,
                &mut place,
                (*self.state).es_snapshot,
                slot,
            )
        }
    }

    /// Holds a row when nobody else does any more; false where it is gone by then. The slot has it as it is then.
    ///
    /// # Safety
    /// The slot has a row of the table.
    unsafe fn hold(&self, slot: *mut pg_sys::TupleTableSlot) -> Result<bool> {
        let mut why = pg_sys::TM_FailureData::default();
        // SAFETY: as the caller says; the row's place is copied, since the slot is filled anew.
        let result = unsafe {
            let mut place = (*slot).tts_tid;
            pg_sys::table_tuple_lock(
                self.relation,
                &mut place,
                (*self.state).es_snapshot,
                slot,
                (*self.state).es_output_cid,
                pg_sys::LockTupleMode::LockTupleNoKeyExclusive,
                pg_sys::LockWaitPolicy::LockWaitBlock,
                pg_sys::TUPLE_LOCK_FLAG_FIND_LAST_VERSION as u8,
                &mut why,
            )
        };
        match result {
            pg_sys::TM_Result::TM_Ok => Ok(true),
            pg_sys::TM_Result::TM_Deleted => Ok(false),
            _ => Err(Error::new(
                Code::Internal,
                "a row that was to be updated could not be held",
            )),
        }
    }

    /// # Safety
    /// Called once, at the end.
    unsafe fn close(self) {
        // SAFETY: what `new` opened; the table's lock is kept, as after an UPDATE.
        unsafe {
            pg_sys::ExecResetTupleTable((*self.state).es_tupleTable, false);
            pg_sys::ExecCloseResultRelations(self.state);
            pg_sys::UnregisterSnapshot((*self.state).es_snapshot);
            pg_sys::FreeExecutorState(self.state);
            pg_sys::table_close(self.relation, pg_sys::NoLock as c_int);
            pg_sys::PopActiveSnapshot();
            pg_sys::CommandCounterIncrement();
        }
    }
}

fn is_same(one: pg_sys::ItemPointerData, other: pg_sys::ItemPointerData) -> bool {
    let parts = |place: pg_sys::ItemPointerData| {
        (place.ip_blkid.bi_hi, place.ip_blkid.bi_lo, place.ip_posid)
    };
    parts(one) == parts(other)
}

/// Gives the executor a range table of the one table, with the columns that are set: triggers ask for them.
///
/// # Safety
/// The state is new; the current memory is its own.
unsafe fn set_range_table(state: *mut pg_sys::EState, table: Oid, columns: &[i16]) {
    // SAFETY: as the caller says.
    unsafe {
        let entry: *mut pg_sys::RangeTblEntry = node(pg_sys::NodeTag::T_RangeTblEntry);
        (*entry).rtekind = pg_sys::RTEKind::RTE_RELATION;
        (*entry).relid = table;
        (*entry).relkind = pg_sys::RELKIND_RELATION as std::ffi::c_char;
        (*entry).rellockmode = pg_sys::RowExclusiveLock as c_int;
        let mut set = std::ptr::null_mut();
        for column in columns {
            let number = c_int::from(*column) - pg_sys::FirstLowInvalidHeapAttributeNumber;
            set = pg_sys::bms_add_member(set, number);
        }
        let entries = pg_sys::lappend(std::ptr::null_mut(), entry.cast());
        #[cfg(feature = "pg15")]
        {
            (*entry).updatedCols = set;
            pg_sys::ExecInitRangeTable(state, entries);
        }
        #[cfg(not(feature = "pg15"))]
        {
            let rights: *mut pg_sys::RTEPermissionInfo = node(pg_sys::NodeTag::T_RTEPermissionInfo);
            (*rights).relid = table;
            (*rights).updatedCols = set;
            (*entry).perminfoindex = 1;
            let all_rights = pg_sys::lappend(std::ptr::null_mut(), rights.cast());
            pg_sys::ExecInitRangeTable(
                state,
                entries,
                all_rights,
                #[cfg(feature = "pg18")]
                pg_sys::bms_make_singleton(1),
            );
        }
    }
}
