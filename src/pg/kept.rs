//! Memory that outlives statements, for as long as [`super::walk`] keeps expressions in it.

use pgrx::pg_sys;
use std::cell::RefCell;

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
