//! Rows appended to a table without a statement, as COPY does it.
//!
//! To set an INSERT up and to look the parent of each row up anew takes three times as long as to write the row. So
//! where an INSERT would do nothing but write its rows, they are written by the same functions of the server that an
//! INSERT ends up in: constraints are checked, indexes kept, the log written. [`Plain`] says what else an INSERT might
//! have to do; a table for which it does any of that is left to a statement.
//!
//! The reference to the parent is the one thing that is not checked: the caller knows that the parent is there.

use super::cache::Remembered;
use super::error::Result;
use super::value::{Type, Value};
use super::{catalog, descriptor, transaction};
use crate::interrupt;
use pgrx::pg_sys::{self, Datum, Oid};
use std::ffi::c_int;
use std::rc::Rc;

/// What a table is expected to be.
pub struct Shape {
    /// Its columns, all of them.
    pub columns: &'static [Column],
    /// The column that refers to the parent's `id`.
    pub parent: &'static str,
    /// The one trigger function of phasegate's that an INSERT would call, and that has nothing to say to its owner.
    pub guard: Option<&'static str>,
}

/// A column that rows give a value for.
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Type,
    /// The most bytes that a value may have; a `varchar` of that length if it is text.
    pub most: Option<i32>,
}

impl Column {
    fn oid(&self, phase_type: u32) -> Oid {
        match (self.kind, self.most) {
            (Type::Text, Some(_)) => pg_sys::VARCHAROID,
            (kind, _) => kind.oid(phase_type),
        }
    }
}

/// A table that is as expected and for which an INSERT does nothing but write.
#[derive(Debug)]
pub struct Plain {
    table: Oid,
    /// Where the expected columns stand in a row.
    places: Vec<usize>,
}

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
        self == now
    }
}

/// Tables that were looked at.
#[derive(Debug, Default)]
pub struct Known(Remembered<Option<Plain>>);

impl Known {
    /// The table as a plain one, if it is. Locks it as an INSERT would, so that what was looked at stays so until the
    /// transaction ends.
    pub fn plain(
        &self,
        table: u32,
        parent: Parent,
        phase_type: u32,
        shape: &Shape,
    ) -> Result<Rc<Option<Plain>>> {
        // SAFETY: there is such a table, or was: then the look-up raises. Taking a lock takes in what others changed.
        unsafe { pg_sys::LockRelationOid(Oid::from(table), pg_sys::RowExclusiveLock as c_int) };
        self.0
            .get(table, || Ok(find(table, parent.table, phase_type, shape)))
    }
}

/// How many rows are written at a time.
const BATCH: usize = 1000;

impl Plain {
    /// Appends rows, each of the expected columns in their order: its own values, then those that all rows share.
    /// False where that is for a statement to do or to refuse; then nothing was written. Needs an open session.
    pub fn append<'v, const N: usize>(
        &self,
        shape: &Shape,
        mut rows: impl ExactSizeIterator<Item = [Value<'v>; N]>,
        shared: &[Value<'_>],
    ) -> Result<bool> {
        let limits = shape.columns.iter().skip(N).map(|column| column.most);
        let fits = limits.zip(shared).all(|(most, value)| match (most, value) {
            (Some(most), Value::Text(text)) => {
                i32::try_from(text.len()).is_ok_and(|length| length <= most)
            }
            _ => true,
        });
        if !fits || !may_insert(self.table) {
            return Ok(false);
        }
        let shared: Vec<_> = shared.iter().map(Value::to_datum).collect();
        // SAFETY: the table is as `find` saw it, which `Known::plain` locked; it stays locked until the transaction ends.
        let mut table = unsafe { Opened::new(self.table, rows.len().min(BATCH)) };
        while rows.len() > 0 {
            let mut count = 0;
            for row in rows.by_ref().take(BATCH) {
                interrupt::tick();
                // SAFETY: below the number of slots, which is that of rows, or of a batch.
                unsafe { table.put(count, &self.places, row, &shared) };
                count += 1;
            }
            // SAFETY: so many slots were just filled.
            unsafe { table.write(count) };
        }
        // SAFETY: not used after this.
        unsafe { table.close() };
        Ok(true)
    }
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
            let info =
                pg_sys::palloc0(size_of::<pg_sys::ResultRelInfo>()).cast::<pg_sys::ResultRelInfo>();
            (*info).type_ = pg_sys::NodeTag::T_ResultRelInfo;
            (*info).ri_RelationDesc = relation;
            pg_sys::ExecOpenIndices(info, false);
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

/// Looks at a table's definition.
fn find(table: u32, parent: u32, phase_type: u32, shape: &Shape) -> Option<Plain> {
    let parent_column = catalog::column(table, shape.parent)?;
    let parent_id = catalog::column(parent, "id")?;
    let oid = Oid::from(table);
    // SAFETY: there is a relation of this OID, which stays open while it is looked at.
    unsafe {
        let relation = pg_sys::relation_open(oid, pg_sys::AccessShareLock as c_int);
        let reference = Reference {
            column: parent_column,
            parent: Oid::from(parent),
            parent_id,
        };
        let plain = is_ordinary(relation)
            && refers_only(relation, &reference)
            && fires_nothing_else(relation, shape.guard);
        let places = plain.then(|| places(relation, phase_type, shape)).flatten();
        pg_sys::relation_close(relation, pg_sys::NoLock as c_int);
        places.map(|places| Plain { table: oid, places })
    }
}

/// Whether rows go into a heap of the relation's own, whoever writes them.
///
/// # Safety
/// The relation is open.
unsafe fn is_ordinary(relation: pg_sys::Relation) -> bool {
    // SAFETY: every relation has a class.
    unsafe {
        let class = (*relation).rd_rel;
        (*class).relkind as u8 == pg_sys::RELKIND_RELATION
            && (*class).relam == pg_sys::HEAP_TABLE_AM_OID
            && !(*class).relispartition
            && (*relation).rd_rules.is_null()
            && !(*class).relrowsecurity
    }
}

/// A foreign key of one column.
struct Reference {
    column: i16,
    parent: Oid,
    parent_id: i16,
}

/// Whether the table has no foreign key but this.
///
/// # Safety
/// The relation is open.
unsafe fn refers_only(relation: pg_sys::Relation, reference: &Reference) -> bool {
    // SAFETY: a list of foreign keys, each with an array entry for each of its columns.
    unsafe {
        let keys = pg_sys::RelationGetFKeyList(relation);
        pointers::<pg_sys::ForeignKeyCacheInfo>(keys).all(|key| {
            (*key).nkeys == 1
                && (*key).confrelid == reference.parent
                && (*key).conkey.first() == Some(&reference.column)
                && (*key).confkey.first() == Some(&reference.parent_id)
        })
    }
}

/// Whether an INSERT fires nothing but the check of a reference, at once, and the guard.
///
/// # Safety
/// The relation is open.
unsafe fn fires_nothing_else(relation: pg_sys::Relation, guard: Option<&str>) -> bool {
    // SAFETY: an array of as many triggers as it says.
    unsafe {
        let triggers = (*relation).trigdesc;
        if triggers.is_null() {
            return true;
        }
        let count = usize::try_from((*triggers).numtriggers).unwrap_or(0);
        std::slice::from_raw_parts((*triggers).triggers, count)
            .iter()
            .filter(|trigger| trigger.tgtype & pg_sys::TRIGGER_TYPE_INSERT as i16 != 0)
            .all(|trigger| {
                let checks = trigger.tgfoid == Oid::from(pg_sys::F_RI_FKEY_CHECK_INS);
                (checks && !trigger.tgdeferrable)
                    || guard.is_some_and(|guard| {
                        catalog::is_own_function(trigger.tgfoid.to_u32(), guard)
                    })
            })
    }
}

/// Where the expected columns stand, if they are of their types and all that there are.
///
/// # Safety
/// The relation is open.
unsafe fn places(relation: pg_sys::Relation, phase_type: u32, shape: &Shape) -> Option<Vec<usize>> {
    // SAFETY: an open relation has a descriptor.
    let attributes = unsafe { descriptor::attributes((*relation).rd_att) };
    let living = attributes
        .iter()
        .filter(|attribute| !attribute.attisdropped);
    if living.count() != shape.columns.len() {
        return None;
    }
    shape
        .columns
        .iter()
        .map(|column| {
            let length = column.most.map_or(-1, |most| match column.kind {
                Type::Text => most + pg_sys::VARHDRSZ as i32,
                _ => -1,
            });
            attributes.iter().position(|attribute| {
                !attribute.attisdropped
                    && attribute.name() == column.name
                    && attribute.atttypid == column.oid(phase_type)
                    && attribute.atttypmod == length
                    && attribute.attidentity == 0
                    && attribute.attgenerated == 0
            })
        })
        .collect()
}

/// The elements of a list of pointers.
///
/// # Safety
/// It is one, of pointers to `T`, or null.
unsafe fn pointers<T>(list: *mut pg_sys::List) -> impl Iterator<Item = *mut T> {
    // SAFETY: a list has as many elements as it says.
    let count = match list.is_null() {
        true => 0,
        false => usize::try_from(unsafe { (*list).length }).unwrap_or(0),
    };
    // SAFETY: as above.
    (0..count).map(move |place| unsafe { (*(*list).elements.add(place)).ptr_value.cast() })
}
