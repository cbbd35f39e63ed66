//! Stopping long work: the pure rules know no server, but a cancelled query must not run on in them.
//!
//! Whoever runs the rules says with [`on_check`] how to find out whether to stop. Stopping is unwinding, as a
//! panic does; whoever catches unwinding in between lets pass what is none of its own.

use std::cell::Cell;

/// Ticks between two checks: so few that they take some tens of milliseconds at most, so many that
/// nobody pays for them.
const TICKS: u32 = 256;

thread_local! {
    static CHECK: Cell<fn()> = const { Cell::new(nothing) };
    static TICKED: Cell<u32> = const { Cell::new(0) };
}

fn nothing() {}

/// Has `check` called, in this thread, wherever work may stop. It returns, or unwinds to stop the work.
pub fn on_check(check: fn()) {
    CHECK.set(check);
}

/// Between two pieces of work that may each take a while: stops here if it shall.
pub fn check() {
    CHECK.get()();
}

/// In every round of a loop that may have many: stops in one of them if it shall.
#[inline]
pub fn tick() {
    let ticked = TICKED.get().wrapping_add(1);
    TICKED.set(ticked);
    if ticked.is_multiple_of(TICKS) {
        check();
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

    /// What stops the work in tests.
    struct Stop;

    /// How often `work` checks whether to stop; and that it does stop, at any of these moments.
    pub fn stops<T>(work: impl Fn() -> T) -> u32 {
        thread_local! {
            static CHECKS: Cell<u32> = const { Cell::new(0) };
            static LAST: Cell<u32> = const { Cell::new(0) };
        }
        fn count() {
            CHECKS.set(CHECKS.get() + 1);
            if CHECKS.get() == LAST.get() {
                resume_unwind(Box::new(Stop));
            }
        }
        let run = |last: u32| {
            CHECKS.set(0);
            LAST.set(last);
            TICKED.set(0);
            on_check(count);
            let outcome = catch_unwind(AssertUnwindSafe(|| drop(work())));
            on_check(nothing);
            outcome.map_err(|payload| payload.is::<Stop>())
        };
        assert_eq!(run(0), Ok(()));
        let checks = CHECKS.get();
        for last in [1, checks / 2, checks] {
            assert_eq!(run(last.max(1)), Err(true), "check {last} of {checks}");
        }
        checks
    }

    #[test]
    fn every_so_many_ticks_there_is_a_check() {
        assert_eq!(stops(|| (0..10 * TICKS).for_each(|_| tick())), 10);
    }
}
