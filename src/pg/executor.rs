//! The server's executor: what is done for every statement that writes, when the server has set it up ([`super::idle`] and
//! [`super::kept`]), and its nodes.

use super::{idle, kept};
use pgrx::pg_sys;
use std::cell::Cell;
use std::ffi::c_int;

thread_local! {
    static PREVIOUS: Cell<pg_sys::ExecutorStart_hook_type> = const { Cell::new(None) };
}

/// From now on; called once a backend, when the library is loaded.
pub fn register() {
    // SAFETY: a hook of the server's, which is set while nothing runs but the loading of this library; the one before is
    // called from ours.
    unsafe {
        PREVIOUS.set(pg_sys::ExecutorStart_hook);
        pg_sys::ExecutorStart_hook = Some(start);
    }
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn start(query: *mut pg_sys::QueryDesc, flags: c_int) {
    // SAFETY: passed on as it came; afterwards the query has its executor state, with a list of as many result relations
    // as it says.
    unsafe {
        match PREVIOUS.get() {
            Some(previous) => previous(query, flags),
            None => pg_sys::standard_ExecutorStart(query, flags),
        }
        let state = (*query).estate;
        if state.is_null() || (*state).es_opened_result_relations.is_null() {
            return;
        }
        let opens_indexes = writes_plainly((*query).plannedstmt);
        let opened = (*state).es_opened_result_relations;
        for place in 0..usize::try_from((*opened).length).unwrap_or(0) {
            let info = (*(*opened).elements.add(place)).ptr_value.cast();
            idle::leave_out(info, state);
            kept::provide(info, opens_indexes);
        }
    }
}

/// Whether all that a statement does is to insert rows or to update them: with ON CONFLICT, it opens indexes in a way of its
/// own, and for other commands it opens none or may not come to it.
///
/// # Safety
/// The plan of a statement.
unsafe fn writes_plainly(plan: *mut pg_sys::PlannedStmt) -> bool {
    // SAFETY: as the caller says; a node is what its tag says.
    unsafe {
        let top = (*plan).planTree;
        if (*plan).hasModifyingCTE || (*top).type_ != pg_sys::NodeTag::T_ModifyTable {
            return false;
        }
        let write = top.cast::<pg_sys::ModifyTable>();
        (*write).onConflictAction == pg_sys::OnConflictAction::ONCONFLICT_NONE
            && matches!(
                (*write).operation,
                pg_sys::CmdType::CMD_UPDATE | pg_sys::CmdType::CMD_INSERT
            )
    }
}

/// A node of this kind, of zeroes.
///
/// # Safety
/// The tag is that of the type, which is a node.
pub(super) unsafe fn node<T>(tag: pg_sys::NodeTag) -> *mut T {
    // SAFETY: a node begins with its tag.
    unsafe {
        let node = pg_sys::palloc0(size_of::<T>());
        *node.cast::<pg_sys::NodeTag>() = tag;
        node.cast()
    }
}
