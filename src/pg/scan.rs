//! Reading a table by one of its indexes as a plan says, with the plan's own expressions.

use super::list::elements;
use super::lower_bound::LowerBound;
use super::rows::{Found, Row};
use super::value::read;
use crate::interrupt;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;
use pgrx::pg_sys::{self, Datum, Oid};
use std::ffi::c_int;

/// Reading a table by an index.
pub(super) struct Scan {
    pub(super) table: Oid,
    index: Oid,
    /// Where in the index; nothing means from its beginning.
    keys: Vec<Key>,
    /// What the rows that it gives have to be, or null.
    filter: *mut pg_sys::ExprState,
    /// What it gives of each.
    columns: Vec<*mut pg_sys::ExprState>,
    /// The types of these.
    pub(super) types: Vec<Oid>,
}

/// What an entry of the index has to be, by one of its columns.
struct Key {
    column: i16,
    strategy: pg_sys::StrategyNumber,
    /// The type of the value, as the operator takes it.
    kind: Oid,
    collation: Oid,
    function: Oid,
    value: *mut pg_sys::ExprState,
}

impl Scan {
    /// Of a part of a plan with this range table; the current memory is what is to be kept.
    ///
    /// # Safety
    /// As it says.
    pub(super) unsafe fn of(
        part: *mut pg_sys::Plan,
        range_table: *mut pg_sys::List,
    ) -> Option<Self> {
        // SAFETY: as the caller says; a node is what its tag says.
        unsafe {
            if (*part).type_ != pg_sys::NodeTag::T_IndexScan {
                return None;
            }
            let scan = part.cast::<pg_sys::IndexScan>();
            let place = usize::try_from((*scan).scan.scanrelid).ok()?;
            let entry =
                elements::<pg_sys::RangeTblEntry>(range_table).nth(place.checked_sub(1)?)?;
            let is_table = (*entry).rtekind == pg_sys::RTEKind::RTE_RELATION
                && (*entry).relkind as u8 == pg_sys::RELKIND_RELATION
                && !(*entry).inh;
            let is_plain = (*scan).indexorderby.is_null()
                && (*scan).indexorderdir == pg_sys::ScanDirection::ForwardScanDirection;
            if !is_table || !is_plain {
                return None;
            }
            let keys = Key::all((*scan).indexid, (*scan).indexqual)?;
            let given: Vec<*mut pg_sys::Expr> = elements::<pg_sys::TargetEntry>((*part).targetlist)
                .filter(|entry| !(**entry).resjunk)
                .map(|entry| (*entry).expr)
                .collect();
            // A copy, since the server may free the plan before this is.
            let filter = pg_sys::copyObjectImpl((*part).qual.cast()).cast();
            Some(Scan {
                table: (*entry).relid,
                index: (*scan).indexid,
                keys,
                filter: pg_sys::ExecInitQual(filter, std::ptr::null_mut()),
                types: given
                    .iter()
                    .map(|column| pg_sys::exprType(column.cast()))
                    .collect(),
                columns: given.into_iter().map(|column| ready(column)).collect(),
            })
        }
    }

    /// Hands over each row, and says whether more are wanted in the end.
    ///
    /// # Safety
    /// The plan holds; the table is locked, and may be read by the role; the context has the parameters; a snapshot is active.
    pub(super) unsafe fn run(
        &self,
        context: *mut pg_sys::ExprContext,
        mut wants_more: impl FnMut(&Row<'_>) -> bool,
    ) -> bool {
        // SAFETY: as the caller says. The slot holds a row while it is handed over, and what is computed of it lives until
        // the memory for that is reset.
        unsafe {
            let table = pg_sys::table_open(self.table, pg_sys::NoLock as c_int);
            let index = pg_sys::index_open(self.index, pg_sys::AccessShareLock as c_int);
            let slot = pg_sys::table_slot_create(table, std::ptr::null_mut());
            (*context).ecxt_scantuple = slot;
            let mut keys: Vec<pg_sys::ScanKeyData> =
                self.keys.iter().map(|key| key.now(context)).collect();
            let mut beginning = match keys.is_empty() {
                true => LowerBound::of(index, None),
                false => None,
            };
            keys.extend(beginning.as_mut().map(LowerBound::key));
            let count = c_int::try_from(keys.len()).unwrap_or(0);
            let scan = pg_sys::index_beginscan(
                table,
                index,
                pg_sys::GetActiveSnapshot(),
                #[cfg(feature = "pg18")]
                std::ptr::null_mut(),
                count,
                0,
            );
            pg_sys::index_rescan(scan, keys.as_mut_ptr(), count, std::ptr::null_mut(), 0);
            let forward = pg_sys::ScanDirection::ForwardScanDirection;
            let mut goes_on = true;
            let mut values = Vec::with_capacity(self.columns.len());
            while goes_on && pg_sys::index_getnext_slot(scan, forward, slot) {
                interrupt::tick();
                if self.filter.is_null() || is_true(self.filter, context) {
                    values.clear();
                    // There is room for all, so that nothing is allocated within the guard.
                    pg_guard_ffi_boundary(|| {
                        for column in &self.columns {
                            values.push(unguarded_value(*column, context));
                        }
                    });
                    goes_on = wants_more(&Row::of(Found {
                        values: &values,
                        types: &self.types,
                    }));
                }
                pg_sys::MemoryContextReset((*context).ecxt_per_tuple_memory);
            }
            pg_sys::index_endscan(scan);
            (*context).ecxt_scantuple = std::ptr::null_mut();
            pg_sys::ExecDropSingleTupleTableSlot(slot);
            pg_sys::index_close(index, pg_sys::NoLock as c_int);
            pg_sys::table_close(table, pg_sys::NoLock as c_int);
            goes_on
        }
    }
}

impl Key {
    /// Of the conditions on a B-tree's columns, if each compares one with a value that no row has a say in.
    ///
    /// # Safety
    /// Those of a scan of this index; the current memory is what is to be kept.
    unsafe fn all(index: Oid, conditions: *mut pg_sys::List) -> Option<Vec<Self>> {
        // SAFETY: as the caller says.
        unsafe {
            if conditions.is_null() {
                return Some(Vec::new());
            }
            let index = pg_sys::index_open(index, pg_sys::AccessShareLock as c_int);
            let is_btree = (*(*index).rd_rel).relam == pg_sys::BTREE_AM_OID;
            let keys = elements::<pg_sys::Node>(conditions)
                .map(|condition| Self::of(index, condition).filter(|_| is_btree))
                .collect();
            pg_sys::index_close(index, pg_sys::NoLock as c_int);
            keys
        }
    }

    /// # Safety
    /// As [`Self::all`], of an index that is open.
    unsafe fn of(index: pg_sys::Relation, condition: *mut pg_sys::Node) -> Option<Self> {
        // SAFETY: as the caller says; a node is what its tag says. An index has an operator family for each of its columns.
        unsafe {
            if (*condition).type_ != pg_sys::NodeTag::T_OpExpr {
                return None;
            }
            let comparison = condition.cast::<pg_sys::OpExpr>();
            let mut sides = elements::<pg_sys::Expr>((*comparison).args);
            let (mut left, right) = (sides.next()?, sides.next()?);
            if (*left).type_ == pg_sys::NodeTag::T_RelabelType {
                left = (*left.cast::<pg_sys::RelabelType>()).arg;
            }
            let is_parameter = (*right).type_ == pg_sys::NodeTag::T_Param
                && (*right.cast::<pg_sys::Param>()).paramkind == pg_sys::ParamKind::PARAM_EXTERN;
            if (*left).type_ != pg_sys::NodeTag::T_Var || !is_parameter {
                return None;
            }
            let column = (*left.cast::<pg_sys::Var>()).varattno;
            let place = usize::try_from(column).ok()?.checked_sub(1)?;
            let family = *(*index).rd_opfamily.add(place);
            let (mut strategy, mut of, mut kind) = (0, Oid::INVALID, Oid::INVALID);
            pg_sys::get_op_opfamily_properties(
                (*comparison).opno,
                family,
                false,
                &mut strategy,
                &mut of,
                &mut kind,
            );
            Some(Key {
                column,
                strategy: pg_sys::StrategyNumber::try_from(strategy).ok()?,
                kind,
                collation: (*comparison).inputcollid,
                function: (*comparison).opfuncid,
                value: ready(right),
            })
        }
    }

    /// With the value that it has now.
    ///
    /// # Safety
    /// The context has the parameters.
    unsafe fn now(&self, context: *mut pg_sys::ExprContext) -> pg_sys::ScanKeyData {
        let mut key = pg_sys::ScanKeyData::default();
        // SAFETY: as the caller says; all of the key is written.
        unsafe {
            let value = value(self.value, context);
            pg_sys::ScanKeyEntryInitialize(
                &mut key,
                if value.is_none() {
                    pg_sys::SK_ISNULL as c_int
                } else {
                    0
                },
                self.column,
                self.strategy,
                self.kind,
                self.collation,
                self.function,
                value.unwrap_or(Datum::null()),
            );
        }
        key
    }
}

/// A copy of an expression, made ready to be evaluated; null for none.
///
/// # Safety
/// It is one; the current memory is what is to be kept.
pub(super) unsafe fn ready(expression: *mut pg_sys::Expr) -> *mut pg_sys::ExprState {
    // SAFETY: as the caller says. A copy, since the server may free the plan before this is.
    unsafe {
        let copy = pg_sys::copyObjectImpl(expression.cast()).cast();
        pg_sys::ExecInitExpr(copy, std::ptr::null_mut())
    }
}

/// Whether the expression is true of the context's row.
///
/// # Safety
/// A boolean expression of that row and the context's parameters.
unsafe fn is_true(expression: *mut pg_sys::ExprState, context: *mut pg_sys::ExprContext) -> bool {
    // SAFETY: as the caller says.
    unsafe { value(expression, context) }.is_some_and(read::bool)
}

/// The expression's value, or nothing for NULL.
///
/// # Safety
/// An expression of the context's row and parameters.
pub(super) unsafe fn value(
    expression: *mut pg_sys::ExprState,
    context: *mut pg_sys::ExprContext,
) -> Option<Datum> {
    // SAFETY: as the caller says. Nothing is to be dropped where an error passes through.
    unsafe { pg_guard_ffi_boundary(|| unguarded_value(expression, context)) }
}

/// As [`value`], within a guard that others share.
///
/// # Safety
/// As it says; where an error passes through, the caller has nothing to drop.
unsafe fn unguarded_value(
    expression: *mut pg_sys::ExprState,
    context: *mut pg_sys::ExprContext,
) -> Option<Datum> {
    // SAFETY: as the caller says; one that was made ready has a function that evaluates it.
    unsafe {
        let outer = pg_sys::MemoryContextSwitchTo((*context).ecxt_per_tuple_memory);
        let mut is_null = false;
        let value = match (*expression).evalfunc {
            Some(evaluate) => evaluate(expression, context, &mut is_null),
            None => Datum::null(),
        };
        pg_sys::MemoryContextSwitchTo(outer);
        (!is_null).then_some(value)
    }
}
