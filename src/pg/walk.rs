//! A query of the rows of one table in the order of one index, run without setting an executor up.
//!
//! What the server planned is run: the index that it chose is read in order, and the expressions of its plan are
//! evaluated by its own functions. To set an executor up and to tear it down for a row or two takes several times as long,
//! and pushes what the next statement needs out of the processor's caches.
//!
//! Expressions are made ready once for a plan, and are used as long as the server would use that plan.

use super::kept::Memory;
use super::lock::Place;
use super::value::read;
use pgrx::pg_sys::{self, Datum, Oid};
use std::ffi::c_int;

/// A plan of a query that gives each row's place and a condition, of a kind that can be run in this way.
pub(super) struct Walk {
    table: Oid,
    index: Oid,
    /// The types of the parameters.
    parameters: Vec<Oid>,
    /// What the rows that it gives have to be, or null.
    filter: *mut pg_sys::ExprState,
    condition: *mut pg_sys::ExprState,
    /// How many rows it gives at most, or null.
    limit: *mut pg_sys::ExprState,
    /// Where all three live.
    _memory: Memory,
}

/// The elements of a list.
///
/// # Safety
/// It is a list of pointers to this type, or null; it outlives what is given.
unsafe fn elements<'a, T>(list: *mut pg_sys::List) -> impl Iterator<Item = *mut T> + 'a {
    // SAFETY: a list has as many elements as it says.
    unsafe {
        let count = match list.is_null() {
            true => 0,
            false => usize::try_from((*list).length).unwrap_or(0),
        };
        (0..count).map(move |place| (*(*list).elements.add(place)).ptr_value.cast())
    }
}

impl Walk {
    /// Of a plan, if all that it does is to read an ordinary table by an index, forwards and from its beginning, up to a
    /// number of rows where it has one.
    ///
    /// # Safety
    /// The statements of a plan that the server keeps, with parameters of these types.
    pub(super) unsafe fn of(statements: *mut pg_sys::List, parameters: Vec<Oid>) -> Option<Self> {
        // SAFETY: as the caller says; a node is what its tag says.
        unsafe {
            let mut all = elements::<pg_sys::PlannedStmt>(statements);
            let statement = all.next().filter(|_| all.next().is_none())?;
            let (top, limit) = below_limit((*statement).planTree)?;
            let only_reads = (*statement).commandType == pg_sys::CmdType::CMD_SELECT
                && !(*statement).hasModifyingCTE
                && (*statement).subplans.is_null()
                && (*statement).rowMarks.is_null();
            if !only_reads || (*top).type_ != pg_sys::NodeTag::T_IndexScan {
                return None;
            }
            let scan = top.cast::<pg_sys::IndexScan>();
            let is_whole = (*scan).indexqual.is_null()
                && (*scan).indexorderby.is_null()
                && (*scan).indexorderdir == pg_sys::ScanDirection::ForwardScanDirection;
            let place = usize::try_from((*scan).scan.scanrelid)
                .ok()?
                .checked_sub(1)?;
            let mut entries = elements::<pg_sys::RangeTblEntry>((*statement).rtable);
            let entry = entries.nth(place)?;
            let is_table = (*entry).rtekind == pg_sys::RTEKind::RTE_RELATION
                && (*entry).relkind as u8 == pg_sys::RELKIND_RELATION
                && !(*entry).inh;
            if !is_whole || !is_table {
                return None;
            }
            let column = |number| {
                elements::<pg_sys::TargetEntry>((*top).targetlist)
                    .find(|entry| (**entry).resno == number && !(**entry).resjunk)
                    .map(|entry| (*entry).expr)
            };
            let first = column(1)?.cast::<pg_sys::Var>();
            let is_place = (*first).xpr.type_ == pg_sys::NodeTag::T_Var
                && i32::from((*first).varattno) == pg_sys::SelfItemPointerAttributeNumber;
            let condition = column(2)?;
            if !is_place || pg_sys::exprType(condition.cast()) != pg_sys::BOOLOID {
                return None;
            }
            let memory = Memory::new();
            let outer = pg_sys::MemoryContextSwitchTo(memory.0);
            // Copies, since the server may free the plan before this is.
            let condition = pg_sys::copyObjectImpl(condition.cast()).cast();
            let condition = pg_sys::ExecInitExpr(condition, std::ptr::null_mut());
            let filter = pg_sys::copyObjectImpl((*top).qual.cast()).cast();
            let filter = pg_sys::ExecInitQual(filter, std::ptr::null_mut());
            let limit = pg_sys::copyObjectImpl(limit.cast()).cast();
            let limit = pg_sys::ExecInitExpr(limit, std::ptr::null_mut());
            pg_sys::MemoryContextSwitchTo(outer);
            Some(Walk {
                table: (*entry).relid,
                index: (*scan).indexid,
                parameters,
                filter,
                condition,
                limit,
                _memory: memory,
            })
        }
    }

    /// Hands over each row's place and whether it meets the condition, for as long as more are wanted. It sees what a new
    /// statement would.
    ///
    /// # Safety
    /// The plan holds; the table is locked, and may be read by the role; there is a value for each parameter.
    pub(super) unsafe fn run(
        &self,
        values: &[(Datum, bool)],
        mut wants_more: impl FnMut(Place, bool) -> bool,
    ) {
        // SAFETY: as the caller says. What is opened is closed, locks are kept as after a query, and where an error passes
        // through abort processing releases all of it.
        unsafe {
            pg_sys::CommandCounterIncrement();
            pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
            let table = pg_sys::table_open(self.table, pg_sys::NoLock as c_int);
            let index = pg_sys::index_open(self.index, pg_sys::AccessShareLock as c_int);
            let slot = pg_sys::table_slot_create(table, std::ptr::null_mut());
            let context = pg_sys::CreateStandaloneExprContext();
            (*context).ecxt_scantuple = slot;
            (*context).ecxt_param_list_info = self.parameters(values);
            let mut left = match self.limit.is_null() {
                true => None,
                false => value(self.limit, context).map(read::big),
            };
            let scan = pg_sys::index_beginscan(
                table,
                index,
                pg_sys::GetActiveSnapshot(),
                #[cfg(feature = "pg18")]
                std::ptr::null_mut(),
                0,
                0,
            );
            pg_sys::index_rescan(scan, std::ptr::null_mut(), 0, std::ptr::null_mut(), 0);
            let forward = pg_sys::ScanDirection::ForwardScanDirection;
            while left.is_none_or(|left| left > 0)
                && pg_sys::index_getnext_slot(scan, forward, slot)
            {
                if self.filter.is_null() || is_true(self.filter, context) {
                    left = left.map(|left| left - 1);
                    let place = Place((*slot).tts_tid);
                    if !wants_more(place, is_true(self.condition, context)) {
                        break;
                    }
                }
                pg_sys::MemoryContextReset((*context).ecxt_per_tuple_memory);
            }
            pg_sys::index_endscan(scan);
            pg_sys::FreeExprContext(context, true);
            pg_sys::ExecDropSingleTupleTableSlot(slot);
            pg_sys::index_close(index, pg_sys::NoLock as c_int);
            pg_sys::table_close(table, pg_sys::NoLock as c_int);
            pg_sys::PopActiveSnapshot();
        }
    }

    /// The values as expressions look for them.
    fn parameters(&self, values: &[(Datum, bool)]) -> pg_sys::ParamListInfo {
        let count = values.len().min(self.parameters.len());
        // SAFETY: gives room for as many.
        unsafe {
            let list = pg_sys::makeParamList(c_int::try_from(count).unwrap_or(0));
            let first = (*list).params.as_mut_ptr();
            for (place, ((value, is_null), kind)) in values.iter().zip(&self.parameters).enumerate()
            {
                *first.add(place) = pg_sys::ParamExternData {
                    value: *value,
                    isnull: *is_null,
                    pflags: pg_sys::PARAM_FLAG_CONST as u16,
                    ptype: *kind,
                };
            }
            list
        }
    }
}

/// What a LIMIT limits, and its expression; for any other plan that plan, and null.
///
/// # Safety
/// A plan.
unsafe fn below_limit(top: *mut pg_sys::Plan) -> Option<(*mut pg_sys::Plan, *mut pg_sys::Node)> {
    // SAFETY: a node is what its tag says.
    unsafe {
        if (*top).type_ != pg_sys::NodeTag::T_Limit {
            return Some((top, std::ptr::null_mut()));
        }
        let limit = top.cast::<pg_sys::Limit>();
        let only_counts = (*limit).limitOffset.is_null()
            && (*limit).limitOption == pg_sys::LimitOption::LIMIT_OPTION_COUNT;
        // It passes on what the plan below gives.
        only_counts.then(|| ((*top).lefttree, (*limit).limitCount))
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
unsafe fn value(
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
