//! A row trigger left out of a statement that gives it nothing to do.
//!
//! Where a table has any BEFORE UPDATE trigger for each row, whatever that does, the server locks and reads each row
//! once more before it updates it: with many rows in one statement, most of what the trigger costs. So a trigger that
//! only looks at some columns, and is the only one that could set them, is left out of a statement that sets none.

use super::cache::Remembered;
use super::catalog;
use super::trigger::{self, changes_rows};
use pgrx::pg_sys;
use std::cell::Cell;
use std::ffi::c_int;

/// A BEFORE UPDATE trigger of the extension's that has nothing to do where none of some columns changes.
pub struct Idler {
    /// The trigger's function.
    pub function: &'static str,
    /// The columns.
    pub columns: &'static [&'static str],
    /// Whether it has something to do all the same.
    pub is_needed: fn() -> bool,
}

thread_local! {
    static IDLER: Cell<Option<&'static Idler>> = const { Cell::new(None) };
    /// By table, the numbers of the columns of the only trigger that changes rows, if that is the idler's.
    static KNOWN: Remembered<Option<Vec<i16>>> = Remembered::default();
}

/// Leaves that trigger out from now on; called once a backend, when the library is loaded.
pub fn register(idler: &'static Idler) {
    IDLER.set(Some(idler));
}

/// Leaves the trigger out of a statement on its table, if it has nothing to do in it.
///
/// # Safety
/// A result relation of the state of a statement that has just been set up.
pub(super) unsafe fn leave_out(info: *mut pg_sys::ResultRelInfo, state: *mut pg_sys::EState) {
    // SAFETY: a result relation has a copy of its table's triggers that is its own, or none.
    unsafe {
        let triggers = (*info).ri_TrigDesc;
        if !triggers.is_null()
            && (*triggers).trig_update_before_row
            && has_nothing_to_do(info, state)
        {
            (*triggers).trig_update_before_row = false;
        }
    }
}

/// Whether the table's only trigger that changes rows before an UPDATE is the idler's, and the statement sets none of its
/// columns.
///
/// # Safety
/// As [`leave_out`]; the table has triggers.
unsafe fn has_nothing_to_do(info: *mut pg_sys::ResultRelInfo, state: *mut pg_sys::EState) -> bool {
    let Some(idler) = IDLER.get().filter(|idler| !(idler.is_needed)()) else {
        return false;
    };
    // SAFETY: the table is open; the columns that a statement sets, by whatever clause or view, are a set of numbers that
    // are counted from that of the lowest system column.
    unsafe {
        let table = (*(*info).ri_RelationDesc).rd_id.to_u32();
        let triggers = (*info).ri_TrigDesc;
        let Ok(known) =
            KNOWN.with(|known| known.get(table, || Ok(columns(idler, table, triggers))))
        else {
            return false;
        };
        known.as_ref().as_ref().is_some_and(|columns| {
            let set = pg_sys::ExecGetUpdatedCols(info, state);
            columns.iter().all(|column| {
                let number = c_int::from(*column) - pg_sys::FirstLowInvalidHeapAttributeNumber;
                !pg_sys::bms_is_member(number, set)
            })
        })
    }
}

/// The numbers of the idler's columns, if its trigger is the only one that changes the table's rows before an UPDATE.
///
/// # Safety
/// The triggers of a table.
unsafe fn columns(
    idler: &Idler,
    table: u32,
    triggers: *mut pg_sys::TriggerDesc,
) -> Option<Vec<i16>> {
    // SAFETY: as the caller says.
    let mut fired = unsafe { trigger::all(triggers) }
        .iter()
        .filter(|trigger| changes_rows(trigger, pg_sys::TRIGGER_TYPE_UPDATE));
    let only = fired.next().filter(|_| fired.next().is_none())?;
    if !catalog::is_own_function(only.tgfoid.to_u32(), idler.function) {
        return None;
    }
    idler
        .columns
        .iter()
        .map(|name| catalog::column(table, name))
        .collect()
}
