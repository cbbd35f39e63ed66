//! A query of rows that one index or another finds, run without setting an executor up.
//!
//! What the server planned is run: the indexes that it chose are read, and the expressions of its plan are evaluated by its
//! own functions. To set an executor up and to tear it down for a row or two takes several times as long, and pushes what the
//! next statement needs out of the processor's caches.
//!
//! Expressions are made ready once for a plan, and are used as long as the server would use that plan.

use super::by_id;
use super::error::Result;
use super::kept::Memory;
use super::rows::{Found, Row};
use super::spi::Sees;
use super::value::read;
use crate::interrupt;
use pgrx::pg_sys::{self, Datum, Oid};
use std::ffi::c_int;

/// A plan of a kind that can be run in this way: one scan of an index, or several one after the other.
pub(super) struct Walk {
    scans: Vec<Scan>,
    /// The types of the parameters.
    parameters: Vec<Oid>,
    /// How many rows it gives at most, or null.
    limit: *mut pg_sys::ExprState,
    /// Where all that is made ready lives.
    _memory: Memory,
}

/// Reading a table by an index.
struct Scan {
    table: Oid,
    index: Oid,
    /// Where in the index; nothing means from its beginning.
    keys: Vec<Key>,
    /// What the rows that it gives have to be, or null.
    filter: *mut pg_sys::ExprState,
    /// What it gives of each.
    columns: Vec<*mut pg_sys::ExprState>,
    /// The types of these.
    types: Vec<Oid>,
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
    /// Of a plan, if all that it does is to read ordinary tables by indexes, forwards and one after the other, up to a number
    /// of rows where it has one.
    ///
    /// # Safety
    /// The statements of a plan that the server keeps, with parameters of these types.
    pub(super) unsafe fn of(statements: *mut pg_sys::List, parameters: Vec<Oid>) -> Option<Self> {
        // SAFETY: as the caller says; a node is what its tag says.
        unsafe {
            let mut all = elements::<pg_sys::PlannedStmt>(statements);
            let statement = all.next().filter(|_| all.next().is_none())?;
            let only_reads = (*statement).commandType == pg_sys::CmdType::CMD_SELECT
                && !(*statement).hasModifyingCTE
                && (*statement).subplans.is_null()
                && (*statement).rowMarks.is_null();
            if !only_reads {
                return None;
            }
            let (top, limit) = below_limit((*statement).planTree)?;
            let parts: Vec<*mut pg_sys::Plan> = match (*top).type_ {
                pg_sys::NodeTag::T_Append => {
                    elements((*top.cast::<pg_sys::Append>()).appendplans).collect()
                }
                _ => vec![top],
            };
            let memory = Memory::new();
            let outer = pg_sys::MemoryContextSwitchTo(memory.0);
            let scans: Option<Vec<Scan>> = parts
                .into_iter()
                .map(|part| Scan::of(part, (*statement).rtable))
                .collect();
            let limit = ready(limit.cast());
            pg_sys::MemoryContextSwitchTo(outer);
            Some(Walk {
                scans: scans?,
                parameters,
                limit,
                _memory: memory,
            })
        }
    }

    /// Whether each row has a place and a condition, and nothing else.
    pub(super) fn gives_places(&self) -> bool {
        let wanted = [pg_sys::TIDOID, pg_sys::BOOLOID];
        self.scans.iter().all(|scan| scan.types == wanted)
    }

    /// Whether the role that acts now may read all rows of the tables, which are locked from now on.
    pub(super) fn may_read(&self) -> Result<bool> {
        for scan in &self.scans {
            if !by_id::may_read(scan.table.to_u32())? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Hands over each row, for as long as more are wanted.
    ///
    /// # Safety
    /// The plan holds; the tables are locked, and may be read by the role; there is a value for each parameter.
    pub(super) unsafe fn run(
        &self,
        values: &[(Datum, bool)],
        sees: Sees,
        mut wants_more: impl FnMut(&Row<'_>) -> bool,
    ) {
        // SAFETY: as the caller says. What is opened is closed, locks are kept as after a query, and where an error passes
        // through abort processing releases all of it.
        unsafe {
            let is_own = push_snapshot(sees);
            let context = pg_sys::CreateStandaloneExprContext();
            (*context).ecxt_param_list_info = self.parameters(values);
            let mut left = match self.limit.is_null() {
                true => None,
                false => value(self.limit, context).map(read::big),
            };
            for scan in &self.scans {
                let goes_on = scan.run(context, |row| {
                    if left.is_some_and(|left| left <= 0) {
                        return false;
                    }
                    left = left.map(|left| left - 1);
                    wants_more(row) && left.is_none_or(|left| left > 0)
                });
                if !goes_on {
                    break;
                }
            }
            pg_sys::FreeExprContext(context, true);
            if is_own {
                pg_sys::PopActiveSnapshot();
            }
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

impl Scan {
    /// Of a part of a plan with this range table; the current memory is what is to be kept.
    ///
    /// # Safety
    /// As it says.
    unsafe fn of(part: *mut pg_sys::Plan, range_table: *mut pg_sys::List) -> Option<Self> {
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
    /// As [`Walk::run`], whose context this is; a snapshot is active.
    unsafe fn run(
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
                    values.extend(self.columns.iter().map(|column| value(*column, context)));
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

/// Makes a snapshot active in which what this sees is seen; says whether it is to be popped.
///
/// # Safety
/// Within a query.
unsafe fn push_snapshot(sees: Sees) -> bool {
    // SAFETY: as the caller says, so that there is one already.
    unsafe {
        if sees == Sees::Caller {
            return false;
        }
        pg_sys::CommandCounterIncrement();
        let is_latest =
            sees == Sees::Latest && pg_sys::XactIsoLevel >= pg_sys::XACT_REPEATABLE_READ as c_int;
        pg_sys::PushActiveSnapshot(match is_latest {
            true => pg_sys::GetLatestSnapshot(),
            false => pg_sys::GetTransactionSnapshot(),
        });
        true
    }
}

/// A copy of an expression, made ready to be evaluated; null for none.
///
/// # Safety
/// It is one; the current memory is what is to be kept.
unsafe fn ready(expression: *mut pg_sys::Expr) -> *mut pg_sys::ExprState {
    // SAFETY: as the caller says. A copy, since the server may free the plan before this is.
    unsafe {
        let copy = pg_sys::copyObjectImpl(expression.cast()).cast();
        pg_sys::ExecInitExpr(copy, std::ptr::null_mut())
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
