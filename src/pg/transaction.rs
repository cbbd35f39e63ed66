//! Transactions: their ends, of which [`transaction_ends`] is told, and what they see.

use super::error::{self, Result};
use crate::transaction_ends;
use pgrx::pg_sys;
use std::ffi::c_void;

/// Registers the callbacks; called once a backend, when the library is loaded. Those of pgrx are for one transaction.
pub fn register() {
    // SAFETY: the callbacks live as long as the library, which is never unloaded.
    unsafe {
        pg_sys::RegisterXactCallback(Some(transaction_event), std::ptr::null_mut());
        pg_sys::RegisterSubXactCallback(Some(subtransaction_event), std::ptr::null_mut());
    }
}

asks! {
    /// The current subtransaction's id; 1 is the transaction itself.
    pub fn current() -> u32 = unsafe { pg_sys::GetCurrentSubTransactionId() };

    /// Raises the server's own error, that of an UPDATE, where the transaction may not write.
    pub fn require_writable() = unsafe { pg_sys::PreventCommandIfReadOnly(c"UPDATE".as_ptr()) };
}

/// Runs statements where the server runs none: when the transaction is about to end, outside of a portal.
pub fn with_snapshot<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    // SAFETY: valid inside a transaction; what is pushed is popped, and by abort processing where an error passes through.
    unsafe {
        pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
        let result = run();
        pg_sys::PopActiveSnapshot();
        result
    }
}

/// A moment in what this transaction can see. Between two that are equal no other transaction has ended,
/// and no command of this one has begun to write. What a command writes that had begun before is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    ended: u64,
    command: u32,
}

/// This moment. Makes visible what this transaction wrote, as running a statement does.
pub fn moment() -> Moment {
    // SAFETY: valid inside a transaction; the snapshot is read before another can take its place.
    unsafe {
        pg_sys::CommandCounterIncrement();
        Moment {
            ended: (*pg_sys::GetLatestSnapshot()).snapXactCompletionCount,
            command: pg_sys::GetCurrentCommandId(false),
        }
    }
}

#[pgrx::pg_guard]
extern "C-unwind" fn transaction_event(event: pg_sys::XactEvent::Type, _argument: *mut c_void) {
    use pg_sys::XactEvent::*;
    match event {
        // SAFETY: at the bottom of a function that the server called, which drops nothing.
        XACT_EVENT_PRE_COMMIT | XACT_EVENT_PRE_PREPARE => unsafe {
            error::guard(transaction_ends::ending)
        },
        XACT_EVENT_COMMIT | XACT_EVENT_PREPARE => transaction_ends::ended(),
        XACT_EVENT_ABORT => transaction_ends::rolled_back(),
        _ => {}
    }
}

extern "C-unwind" fn subtransaction_event(
    event: pg_sys::SubXactEvent::Type,
    child: pg_sys::SubTransactionId,
    _parent: pg_sys::SubTransactionId,
    _argument: *mut c_void,
) {
    if event == pg_sys::SubXactEvent::SUBXACT_EVENT_ABORT_SUB {
        transaction_ends::subtransaction_rolled_back(child);
    }
}
