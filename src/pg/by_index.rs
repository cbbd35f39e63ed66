//! Plans that read by index, whatever the tables look like when they are made.
//!
//! For statements that find few rows of a table that may be empty when they are planned and hold millions an hour
//! later: a plan made for the empty table reads all of it, and is kept.

use super::settings::Pinned;
use super::{cache, catalog, role, server};
use pgrx::pg_sys;
use std::cell::{Cell, RefCell};
use std::ffi::c_int;

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
}

impl Drop for ByIndex {
    fn drop(&mut self) {
        IS_ON.set(self.was_on);
    }
}

/// How statements are to be prepared now.
pub(super) fn cursor_options() -> c_int {
    match IS_ON.get() {
        true => pg_sys::CURSOR_OPT_GENERIC_PLAN as c_int,
        false => 0,
    }
}

/// What a plan depends on: as long as all of it is the same, the server keeps the plan that it has.
#[derive(PartialEq)]
struct Circumstances {
    changes: u64,
    role: u32,
    row_security: bool,
    /// As it is set: which schemas it names depends on the rest.
    path: String,
    temporary: u32,
}

impl Circumstances {
    fn now() -> Self {
        Circumstances {
            changes: cache::generation(),
            role: role::current(),
            row_security: server::row_security(),
            path: catalog::search_path(),
            temporary: catalog::temporary_schema(),
        }
    }
}

/// What is known of a statement's plan; to be kept beside it.
#[derive(Default)]
pub(super) struct Planned {
    made: RefCell<Option<Circumstances>>,
    is_spoiled: Cell<bool>,
}

/// A run of a plan that is by index. If something changed meanwhile, the server may have planned anew for it, and not by index:
/// then the plan is no longer used.
pub(super) struct Run<'a>(Option<&'a Planned>);

impl Drop for Run<'_> {
    fn drop(&mut self) {
        if let Some(planned) = self.0 {
            let made = planned.made.borrow().as_ref().map(|made| made.changes);
            if made != Some(cache::generation()) {
                planned.is_spoiled.set(true);
            }
        }
    }
}

impl Planned {
    /// Whether the plan may be one that is not by index.
    pub(super) fn is_spoiled(&self) -> bool {
        self.is_spoiled.get()
    }

    /// Sees to it that the plan that is about to run is one by index, where [`ByIndex`] asks for it. What is given is to
    /// be held while it runs.
    ///
    /// The settings are changed while the plan is made and not while it runs: to change them takes longer than many a
    /// statement, and they are none of the business of triggers that it fires. `plan_cache_mode = force_custom_plan` is
    /// followed: then the server plans for each run, when it sees how large the tables are.
    ///
    /// # Safety
    /// `plan` is a plan of one statement that was kept.
    pub(super) unsafe fn for_run(&self, plan: pg_sys::SPIPlanPtr) -> Run<'_> {
        if !IS_ON.get() {
            return Run(None);
        }
        // SAFETY: as the caller says. The server itself says whether its cache was reset, as DISCARD does. The plan that is
        // got is held by the current resource owner, and given back to it.
        unsafe {
            let is_same = || *self.made.borrow() == Some(Circumstances::now());
            if pg_sys::SPI_plan_is_valid(plan) && is_same() {
                return Run(Some(self));
            }
            let _settings = Pinned::to(&[
                (c"enable_seqscan", c"off"),
                (c"enable_bitmapscan", c"off"),
                // A generic plan's cost is a guess; compiling for it would cost a thousand times the work.
                (c"jit", c"off"),
            ]);
            let plan = pg_sys::SPI_plan_get_cached_plan(plan);
            if !plan.is_null() {
                pg_sys::ReleaseCachedPlan(plan, pg_sys::CurrentResourceOwner);
            }
        }
        // Its locks were got with it: until they are asked for again, nothing that others change is taken in.
        self.made.replace(Some(Circumstances::now()));
        Run(Some(self))
    }
}
