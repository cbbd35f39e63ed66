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
use super::list::elements;
use super::rows::Row;
use super::scan::{Scan, ready, value};
use super::spi::Sees;
use super::value::read;
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
