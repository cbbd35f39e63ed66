//! Whether any task is due: a look into an index, without a statement.

use super::cache::Remembered;
use super::catalog;
use super::error::Result;
use super::lower_bound::LowerBound;
use pgrx::pg_sys::{self, Datum, Oid};
use std::ffi::c_int;

thread_local! {
    static DUE: Remembered<Option<u32>> = Remembered::default();
}

/// Whether any task's lease has run out, or its time has come, by this moment, as the statement that runs sees it. Nothing
/// where there is no index to tell by. The caller reads all of the table, and has locked it.
///
/// It looks at the rows: all tasks that were claimed leave an entry behind, which would otherwise count when the lease that
/// they had would have run out. Entries of rows that are gone for everybody are marked on the way, and passed over from then
/// on, whole pages of them by [`LowerBound`].
pub fn is_due(schema: u32, tasks: u32, moment: i64) -> Result<Option<bool>> {
    let index = DUE.with(|known| known.get(tasks, || Ok(find_due(schema, tasks))))?;
    let Some(index) = *index else {
        return Ok(None);
    };
    let mut until = pg_sys::ScanKeyData::default();
    // SAFETY: a key of the index's first column, of its type. What is opened is closed, and where an error passes through
    // abort processing does.
    unsafe {
        pg_sys::ScanKeyInit(
            &mut until,
            1,
            pg_sys::BTLessEqualStrategyNumber as pg_sys::StrategyNumber,
            Oid::from(pg_sys::F_TIMESTAMPTZ_LE),
            Datum::from(moment),
        );
        let table = pg_sys::table_open(Oid::from(tasks), pg_sys::NoLock as c_int);
        let slot = pg_sys::table_slot_create(table, std::ptr::null_mut());
        let snapshot = pg_sys::GetActiveSnapshot();
        let index = pg_sys::index_open(Oid::from(index), pg_sys::AccessShareLock as c_int);
        let mut bound = LowerBound::of(index, Some(moment));
        let mut keys = vec![until];
        keys.extend(bound.as_mut().map(LowerBound::key));
        let found = first(table, index, snapshot, &mut keys, slot);
        pg_sys::index_close(index, pg_sys::NoLock as c_int);
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        pg_sys::table_close(table, pg_sys::NoLock as c_int);
        Ok(Some(found))
    }
}

/// Fills the slot with the first row that the snapshot has, in the index's order and of those that fit the keys.
///
/// # Safety
/// A slot of a table that is open and locked; an index of it, open and locked, whose columns the keys are of, and what they
/// refer to outlives the call.
pub(super) unsafe fn first(
    table: pg_sys::Relation,
    index: pg_sys::Relation,
    snapshot: pg_sys::Snapshot,
    keys: &mut [pg_sys::ScanKeyData],
    slot: *mut pg_sys::TupleTableSlot,
) -> bool {
    // SAFETY: as the caller says. The scan is ended, and where an error passes through abort processing does that.
    unsafe {
        let count = c_int::try_from(keys.len()).unwrap_or(0);
        let scan = pg_sys::index_beginscan(
            table,
            index,
            snapshot,
            #[cfg(feature = "pg18")]
            std::ptr::null_mut(),
            count,
            0,
        );
        pg_sys::index_rescan(scan, keys.as_mut_ptr(), count, std::ptr::null_mut(), 0);
        let forward = pg_sys::ScanDirection::ForwardScanDirection;
        let found = pg_sys::index_getnext_slot(scan, forward, slot);
        pg_sys::index_endscan(scan);
        found
    }
}

/// The index `tasks_due` of the table, if it is there and what it should be.
fn find_due(schema: u32, tasks: u32) -> Option<u32> {
    let oid = catalog::table_in(schema, "tasks_due")?;
    let columns = [
        catalog::column(tasks, "lease_expires_at")?,
        catalog::column(tasks, "scheduled_at")?,
    ];
    // SAFETY: as in `find`. Expressions and predicate are given as copies, lists of nodes, which are what their tags say.
    let fits = unsafe {
        let relation = pg_sys::relation_open(Oid::from(oid), pg_sys::AccessShareLock as c_int);
        let fits = is_btree_of(relation, tasks) && {
            let expressions = pg_sys::RelationGetIndexExpressions(relation);
            let predicate = pg_sys::RelationGetIndexPredicate(relation);
            begins_with(relation, 0, 0, pg_sys::TIMESTAMPTZOID)
                && only(expressions).is_some_and(|moment| {
                    coalesced(moment) == Some(columns)
                        && only(predicate).is_some_and(|test| {
                            let test = test.cast::<pg_sys::NullTest>();
                            (*test).xpr.type_ == pg_sys::NodeTag::T_NullTest
                                && (*test).nulltesttype == pg_sys::NullTestType::IS_NOT_NULL
                                && coalesced((*test).arg.cast()) == Some(columns)
                        })
                })
        };
        pg_sys::relation_close(relation, pg_sys::NoLock as c_int);
        fits
    };
    fits.then_some(oid)
}

/// The only element of a list.
///
/// # Safety
/// It is one of nodes, or null.
unsafe fn only(list: *mut pg_sys::List) -> Option<*mut pg_sys::Node> {
    // SAFETY: a list has as many elements as it says.
    unsafe {
        (!list.is_null() && (*list).length == 1).then(|| (*(*list).elements).ptr_value.cast())
    }
}

/// The two columns of which an expression is the first that is not NULL, if it is that.
///
/// # Safety
/// It is a node.
unsafe fn coalesced(node: *mut pg_sys::Node) -> Option<[i16; 2]> {
    // SAFETY: a node is what its tag says; a list has as many elements as it says.
    unsafe {
        if (*node).type_ != pg_sys::NodeTag::T_CoalesceExpr {
            return None;
        }
        let list = (*node.cast::<pg_sys::CoalesceExpr>()).args;
        if list.is_null() || (*list).length != 2 {
            return None;
        }
        let column = |place| {
            let column = (*(*list).elements.add(place))
                .ptr_value
                .cast::<pg_sys::Var>();
            ((*column).xpr.type_ == pg_sys::NodeTag::T_Var).then(|| (*column).varattno)
        };
        Some([column(0)?, column(1)?])
    }
}

/// The table's primary key, if it is that column alone, a `uuid`.
///
/// # Safety
/// The relation is a table that is open.
pub(super) unsafe fn primary_key(relation: pg_sys::Relation, id: i16) -> Option<Oid> {
    // SAFETY: as the caller says; the key's index is one, and is looked at while it is open.
    unsafe {
        let key = pg_sys::RelationGetPrimaryKeyIndex(
            relation,
            #[cfg(feature = "pg18")]
            false,
        );
        if key == Oid::INVALID {
            return None;
        }
        let index = pg_sys::index_open(key, pg_sys::AccessShareLock as c_int);
        let fits = is_btree_of(index, (*relation).rd_id.to_u32())
            && (*(*index).rd_index).indnkeyatts == 1
            && (*(*index).rd_index).indimmediate
            && begins_with(index, 0, id, pg_sys::UUIDOID);
        pg_sys::index_close(index, pg_sys::NoLock as c_int);
        fits.then_some(key)
    }
}

/// Whether the relation is a B-tree of the table that can be read.
///
/// # Safety
/// The relation is open.
unsafe fn is_btree_of(relation: pg_sys::Relation, table: u32) -> bool {
    // SAFETY: every relation has a class; one whose kind says so has an index's entry.
    unsafe {
        let class = (*relation).rd_rel;
        (*class).relkind as u8 == pg_sys::RELKIND_INDEX
            && (*class).relam == pg_sys::BTREE_AM_OID
            && {
                let index = (*relation).rd_index;
                (*index).indrelid.to_u32() == table
                    && (*index).indisvalid
                    && (*index).indislive
                    // One whose oldest rows may be missing for a while is left to the planner to judge.
                    && !(*index).indcheckxmin
            }
    }
}

/// Whether the index's column at this place is that column of the table, compared as that type.
///
/// # Safety
/// The relation is an index that is open.
unsafe fn begins_with(index: pg_sys::Relation, place: usize, column: i16, kind: Oid) -> bool {
    // SAFETY: both arrays have an element for each key column, and the place is looked at first.
    unsafe {
        let count = usize::try_from((*(*index).rd_index).indnkeyatts).unwrap_or(0);
        place < count
            && *(*(*index).rd_index).indkey.values.as_ptr().add(place) == column
            && *(*index).rd_opcintype.add(place) == kind
    }
}
