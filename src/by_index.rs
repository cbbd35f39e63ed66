//! Plans that read by index, whatever the tables look like when they are made.
//!
//! For statements that find few rows of a table that may be empty when they are planned and hold millions an hour
//! later: a plan made for the empty table reads all of it, and is kept.

use crate::changes;
use std::cell::{Cell, RefCell};

thread_local! {
    static IS_ON: Cell<bool> = const { Cell::new(false) };
}

/// Statements are planned once and by index until dropped. One within another changes nothing.
pub struct ByIndex {
    was_on: bool,
}

impl ByIndex {
    /// From here on.
    pub fn only() -> Self {
        ByIndex {
            was_on: IS_ON.replace(true),
        }
    }

    /// Whether one lives.
    pub fn is_on() -> bool {
        IS_ON.get()
    }
}

impl Drop for ByIndex {
    fn drop(&mut self) {
        IS_ON.set(self.was_on);
    }
}

/// What a plan depends on: as long as all of it is the same, the server keeps the plan that it has.
#[derive(Debug, PartialEq)]
pub struct Circumstances {
    /// The count of all that may make the server plan anew.
    pub changes: u64,
    /// The role that acts.
    pub role: u32,
    /// Whether policies are applied.
    pub row_security: bool,
    /// The search_path as it is set: which schemas it names depends on the rest.
    pub path: String,
    /// The schema of the session's temporary objects.
    pub temporary: u32,
}

/// What is known of a statement's plan; to be kept beside it.
#[derive(Debug, Default)]
pub struct Planned {
    made: RefCell<Option<Circumstances>>,
    is_spoiled: Cell<bool>,
}

/// A run of a plan that is by index. If something changed meanwhile, the server may have planned anew for it, and not by index:
/// then the plan is no longer used.
#[derive(Debug)]
pub struct Run<'a>(&'a Planned);

impl Drop for Run<'_> {
    fn drop(&mut self) {
        let made = self.0.made.borrow().as_ref().map(|made| made.changes);
        if made != Some(changes::generation()) {
            self.0.is_spoiled.set(true);
        }
    }
}

impl Planned {
    /// Whether the plan may be one that is not by index.
    pub fn is_spoiled(&self) -> bool {
        self.is_spoiled.get()
    }

    /// Whether it was made by index when everything was as it is now.
    pub fn is_made(&self, now: &Circumstances) -> bool {
        self.made.borrow().as_ref() == Some(now)
    }

    /// It is made now, by index.
    pub fn make(&self, now: Circumstances) {
        self.made.replace(Some(now));
    }

    /// It is about to run. What is given is to be held meanwhile.
    pub fn run(&self) -> Run<'_> {
        Run(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(role: u32) -> Circumstances {
        Circumstances {
            changes: changes::generation(),
            role,
            row_security: true,
            path: "public".to_owned(),
            temporary: 0,
        }
    }

    #[test]
    fn one_within_another_changes_nothing() {
        let outer = ByIndex::only();
        drop(ByIndex::only());
        assert!(ByIndex::is_on());
        drop(outer);
        assert!(!ByIndex::is_on());
    }

    #[test]
    fn a_plan_is_kept_while_nothing_that_it_depends_on_changes() {
        let planned = Planned::default();
        assert!(!planned.is_made(&now(1)));
        planned.make(now(1));
        assert!(planned.is_made(&now(1)) && !planned.is_made(&now(2)));
        drop(planned.run());
        assert!(!planned.is_spoiled());
        changes::of_plans();
        assert!(!planned.is_made(&now(1)));
    }

    #[test]
    fn a_change_during_a_run_spoils_the_plan() {
        let planned = Planned::default();
        planned.make(now(1));
        let run = planned.run();
        changes::of_rights();
        drop(run);
        assert!(planned.is_spoiled());
    }
}
