//! The expressions of a table's CHECKs and indexes, kept as the executor runs them from one statement to the next.
//!
//! In every statement that writes a row the server reads the text of each of the table's CHECKs anew and makes of it what
//! can be run, likewise the expressions and predicates of its indexes: of a claim or a completion that is a third. What
//! it finds made already in the statement's result relation it takes. The expressions are the server's own, made by its own
//! functions in its own way, and checked as ever.
//!
//! Only of tables with triggers of the extension's, and only where no function is called but the server's own, which nobody
//! replaces. What a table's definition made stale lives until the transaction ends: a statement may be using it.

use super::cache::Remembered;
use super::{catalog, trigger};
use pgrx::pg_sys::{self, Oid};
use std::cell::RefCell;
use std::ffi::{CStr, CString, c_int};

/// Memory of the server's that outlives statements and transactions. What is dropped lives until the transaction ends.
pub(super) struct Memory(pub(super) pg_sys::MemoryContext);

impl Memory {
    /// New and empty.
    pub(super) fn new() -> Self {
        // SAFETY: a context of the server's own that is never deleted, and sizes that it accepts.
        Memory(unsafe {
            pg_sys::AllocSetContextCreateInternal(
                pg_sys::TopMemoryContext,
                c"phasegate expressions".as_ptr(),
                pg_sys::ALLOCSET_SMALL_MINSIZE as usize,
                pg_sys::ALLOCSET_SMALL_INITSIZE as usize,
                pg_sys::ALLOCSET_DEFAULT_MAXSIZE as usize,
            )
        })
    }
}

thread_local! {
    static KNOWN: Remembered<Option<Kept>> = Remembered::default();
    /// What nobody needs any more once the transaction has ended.
    static STALE: RefCell<Vec<pg_sys::MemoryContext>> = const { RefCell::new(Vec::new()) };
}

impl Drop for Memory {
    fn drop(&mut self) {
        let _ = STALE.try_with(|stale| stale.borrow_mut().push(self.0));
    }
}

/// The transaction ended, and with it all statements.
pub fn transaction_ended() {
    for memory in STALE.take() {
        // SAFETY: made by `Memory::new`, put there once, and used by no statement now.
        unsafe { pg_sys::MemoryContextDelete(memory) };
    }
}

/// What is kept of a table.
struct Kept {
    checks: Option<Checks>,
    indexes: Vec<Index>,
    /// Where all of it lives.
    _memory: Memory,
}

/// A table's CHECKs.
struct Checks {
    /// As they are stored.
    texts: Vec<CString>,
    /// An array of as many, in the same order.
    states: *mut *mut pg_sys::ExprState,
}

/// An index that has expressions or a predicate.
struct Index {
    oid: Oid,
    expressions: *mut pg_sys::List,
    predicate: *mut pg_sys::ExprState,
}

/// Provides a statement with what is kept of its table, where it asks for that after opening the table's indexes, as it
/// would with the first row.
///
/// # Safety
/// A result relation of a statement that has just been set up.
pub(super) unsafe fn provide(info: *mut pg_sys::ResultRelInfo, opens_indexes: bool) {
    // SAFETY: the table is open.
    unsafe {
        let relation = (*info).ri_RelationDesc;
        if (*relation).trigdesc.is_null() {
            return;
        }
        let table = (*relation).rd_id.to_u32();
        let Ok(kept) = KNOWN.with(|known| known.get(table, || Ok(Kept::of(relation)))) else {
            return;
        };
        let Some(kept) = kept.as_ref() else {
            return;
        };
        if let Some(checks) = &kept.checks {
            checks.provide(info);
        }
        if kept.indexes.is_empty() {
            return;
        }
        if opens_indexes && (*info).ri_IndexRelationDescs.is_null() {
            pg_sys::ExecOpenIndices(info, false);
        }
        kept.provide_indexes(info);
    }
}

/// Where a result relation keeps its CHECKs.
///
/// # Safety
/// It is one.
unsafe fn place_of_checks(info: *mut pg_sys::ResultRelInfo) -> *mut *mut *mut pg_sys::ExprState {
    // SAFETY: as the caller says.
    unsafe {
        #[cfg(not(feature = "pg18"))]
        return &raw mut (*info).ri_ConstraintExprs;
        #[cfg(feature = "pg18")]
        return &raw mut (*info).ri_CheckConstraintExprs;
    }
}

/// A table's CHECKs as they are stored.
///
/// # Safety
/// The relation is open, and its definition stays as it is while this is used.
unsafe fn stored_checks<'a>(relation: pg_sys::Relation) -> &'a [pg_sys::ConstrCheck] {
    // SAFETY: an open relation has a descriptor, which may have constraints, as many as it says.
    unsafe {
        let constraints = (*(*relation).rd_att).constr;
        if constraints.is_null() || (*constraints).num_check == 0 {
            return &[];
        }
        std::slice::from_raw_parts((*constraints).check, usize::from((*constraints).num_check))
    }
}

/// Makes of an expression what the executor runs, in the current memory; nothing where it calls a function that is not
/// the server's own or depends on anything else that may change. Its kind is that of the list or expression given.
///
/// # Safety
/// It is an expression, or a list of those, of a table's own columns.
unsafe fn prepared(
    node: *mut pg_sys::Node,
    make: unsafe fn(*mut pg_sys::Node) -> *mut pg_sys::Node,
) -> Option<*mut pg_sys::Node> {
    let (mut relations, mut items) = (std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: as the caller says; the lists are written by the server.
    unsafe {
        let planned = pg_sys::expression_planner_with_deps(node.cast(), &mut relations, &mut items);
        (relations.is_null() && items.is_null()).then(|| make(planned.cast()))
    }
}

impl Checks {
    /// # Safety
    /// The relation is open; the current memory is what is to be kept.
    unsafe fn of(relation: pg_sys::Relation) -> Option<Self> {
        // SAFETY: the stored text of a CHECK is that of an expression of the table's columns.
        unsafe {
            let stored = stored_checks(relation);
            if stored.is_empty() || has_virtual_columns(relation) {
                return None;
            }
            let mut texts = Vec::with_capacity(stored.len());
            let states = pg_sys::palloc0(size_of::<*mut pg_sys::ExprState>() * stored.len())
                .cast::<*mut pg_sys::ExprState>();
            for (place, check) in stored.iter().enumerate() {
                texts.push(CStr::from_ptr(check.ccbin).to_owned());
                #[cfg(feature = "pg18")]
                if !check.ccenforced {
                    continue;
                }
                let node = pg_sys::stringToNode(check.ccbin);
                let state = prepared(node.cast(), |node| {
                    pg_sys::ExecInitExpr(node.cast(), std::ptr::null_mut()).cast()
                })?;
                *states.add(place) = state.cast();
            }
            Some(Checks { texts, states })
        }
    }

    /// # Safety
    /// A result relation of the table that has just been set up.
    unsafe fn provide(&self, info: *mut pg_sys::ResultRelInfo) {
        // SAFETY: a text of the server's is NUL-terminated. What is provided is not freed by the statement, and not changed
        // but by being run.
        unsafe {
            let place = place_of_checks(info);
            let stored = stored_checks((*info).ri_RelationDesc);
            let are_the_same = stored.len() == self.texts.len()
                && (stored.iter())
                    .zip(&self.texts)
                    .all(|(check, text)| CStr::from_ptr(check.ccbin) == text.as_c_str());
            if (*place).is_null() && are_the_same {
                *place = self.states;
            }
        }
    }
}

/// Whether the table has columns that are computed when they are read.
///
/// # Safety
/// The relation is open.
#[cfg(feature = "pg18")]
unsafe fn has_virtual_columns(relation: pg_sys::Relation) -> bool {
    // SAFETY: an open relation has a descriptor.
    unsafe {
        let constraints = (*(*relation).rd_att).constr;
        !constraints.is_null() && (*constraints).has_generated_virtual
    }
}

#[cfg(not(feature = "pg18"))]
unsafe fn has_virtual_columns(_relation: pg_sys::Relation) -> bool {
    false
}

impl Kept {
    /// Of an ordinary table with triggers of the extension's.
    ///
    /// # Safety
    /// The relation is open and has triggers.
    unsafe fn of(relation: pg_sys::Relation) -> Option<Self> {
        // SAFETY: a relation's triggers are an array of as many as it says. Where an error passes through, the server
        // goes back to a memory context of its own.
        unsafe {
            if (*(*relation).rd_rel).relkind as u8 != pg_sys::RELKIND_RELATION {
                return None;
            }
            let is_ours = trigger::all((*relation).trigdesc)
                .iter()
                .any(|trigger| catalog::is_own(trigger.tgfoid.to_u32()));
            if !is_ours {
                return None;
            }
            let memory = Memory::new();
            let outer = pg_sys::MemoryContextSwitchTo(memory.0);
            let checks = Checks::of(relation);
            let indexes = Index::all(relation);
            pg_sys::MemoryContextSwitchTo(outer);
            Some(Kept {
                checks,
                indexes,
                _memory: memory,
            })
        }
    }

    /// # Safety
    /// A result relation of the table.
    unsafe fn provide_indexes(&self, info: *mut pg_sys::ResultRelInfo) {
        // SAFETY: two arrays of as many as it says; an entry is null while it is being closed.
        unsafe {
            for place in 0..usize::try_from((*info).ri_NumIndices).unwrap_or(0) {
                let index = *(*info).ri_IndexRelationDescs.add(place);
                let details = *(*info).ri_IndexRelationInfo.add(place);
                if index.is_null() || details.is_null() {
                    continue;
                }
                let oid = (*index).rd_id;
                if let Some(kept) = self.indexes.iter().find(|kept| kept.oid == oid) {
                    if (*details).ii_ExpressionsState.is_null() {
                        (*details).ii_ExpressionsState = kept.expressions;
                    }
                    if (*details).ii_PredicateState.is_null() {
                        (*details).ii_PredicateState = kept.predicate;
                    }
                }
            }
        }
    }
}

impl Index {
    /// # Safety
    /// The relation is open; the current memory is what is to be kept.
    unsafe fn all(relation: pg_sys::Relation) -> Vec<Self> {
        // SAFETY: a list of the OIDs of indexes, which are there as long as their table is locked.
        unsafe {
            let list = pg_sys::RelationGetIndexList(relation);
            if list.is_null() {
                return Vec::new();
            }
            (0..usize::try_from((*list).length).unwrap_or(0))
                .filter_map(|place| Self::of((*(*list).elements.add(place)).oid_value))
                .collect()
        }
    }

    /// # Safety
    /// As [`Self::all`].
    unsafe fn of(oid: Oid) -> Option<Self> {
        // SAFETY: expressions and predicates are given as copies: lists of expressions of the table's columns.
        unsafe {
            let index = pg_sys::index_open(oid, pg_sys::AccessShareLock as c_int);
            let expressions = pg_sys::RelationGetIndexExpressions(index);
            let predicate = pg_sys::RelationGetIndexPredicate(index);
            pg_sys::index_close(index, pg_sys::NoLock as c_int);
            let prepare = |list: *mut pg_sys::List, make| match list.is_null() {
                true => Some(std::ptr::null_mut()),
                false => prepared(list.cast(), make),
            };
            let kept = Index {
                oid,
                expressions: prepare(expressions, |list| {
                    pg_sys::ExecInitExprList(list.cast(), std::ptr::null_mut()).cast()
                })?
                .cast(),
                predicate: prepare(predicate, |list| {
                    pg_sys::ExecInitQual(list.cast(), std::ptr::null_mut()).cast()
                })?
                .cast(),
            };
            (!expressions.is_null() || !predicate.is_null()).then_some(kept)
        }
    }
}
