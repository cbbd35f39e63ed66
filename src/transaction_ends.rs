//! What there is to do when a transaction ends, so that what a backend remembers of a transaction goes with it.

use crate::error::Error;
use std::sync::OnceLock;

/// What to do when a transaction, or a subtransaction with this id, ends. A released subtransaction needs
/// nothing: ids only grow, so what it noted is dropped with any ancestor that is rolled back.
pub struct Hooks {
    /// The transaction is about to commit, or to be prepared for it; an error rolls it back.
    pub ending: fn() -> Result<(), Error>,
    /// The transaction ended, either way.
    pub ended: fn(),
    /// A subtransaction was rolled back: forget what it or its children did.
    pub subtransaction_aborted: fn(u32),
    /// A transaction or subtransaction was rolled back; called before the others.
    pub rolled_back: fn(),
}

static HOOKS: OnceLock<Hooks> = OnceLock::new();

/// Says what to do from now on; once a backend, when the library is loaded.
pub fn on_ends(hooks: Hooks) {
    let _ = HOOKS.set(hooks);
}

/// The transaction is about to commit, or to be prepared for it.
///
/// # Errors
/// What keeps it from that.
pub fn ending() -> Result<(), Error> {
    HOOKS.get().map_or(Ok(()), |hooks| (hooks.ending)())
}

/// The transaction was committed or prepared.
pub fn ended() {
    if let Some(hooks) = HOOKS.get() {
        (hooks.ended)();
    }
}

/// The transaction was rolled back.
pub fn rolled_back() {
    if let Some(hooks) = HOOKS.get() {
        (hooks.rolled_back)();
        (hooks.ended)();
    }
}

/// The subtransaction with this id was rolled back.
pub fn subtransaction_rolled_back(id: u32) {
    if let Some(hooks) = HOOKS.get() {
        (hooks.rolled_back)();
        (hooks.subtransaction_aborted)(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use std::cell::RefCell;

    thread_local! {
        static DONE: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    fn note(what: &str) {
        DONE.with_borrow_mut(|done| done.push(what.to_owned()));
    }

    #[test]
    fn what_is_rolled_back_is_forgotten_first() {
        assert_eq!(ending(), Ok(()));
        on_ends(Hooks {
            ending: || Err(Error::new(Code::NotRecorded, "not yet")),
            ended: || note("ended"),
            subtransaction_aborted: |id| note(&format!("without {id}")),
            rolled_back: || note("rolled back"),
        });
        assert!(ending().is_err());
        ended();
        subtransaction_rolled_back(2);
        rolled_back();
        let expected = ["ended", "rolled back", "without 2", "rolled back", "ended"];
        assert_eq!(DONE.take(), expected);
    }
}
