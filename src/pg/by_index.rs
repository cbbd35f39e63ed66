//! Plans that read by index, whatever the tables look like when they are made.
//!
//! For statements that find few rows of a table that may be empty when they are planned and hold millions an hour
//! later: a plan made for the empty table reads all of it, and is kept.

use super::cache;
use super::settings::Changed;
use pgrx::pg_sys::{self, Datum, Oid};
use std::cell::Cell;
use std::ffi::c_int;

thread_local! {
    static IS_ON: Cell<bool> = const { Cell::new(false) };
    /// Counts what may make the server plan anew: changes of relations, types, functions and the like.
    static CHANGES: Cell<u64> = const { Cell::new(0) };
    static IS_COUNTING: Cell<bool> = const { Cell::new(false) };
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
    if IS_ON.get() {
        pg_sys::CURSOR_OPT_GENERIC_PLAN as c_int
    } else {
        0
    }
}

extern "C-unwind" fn relation_changed(_argument: Datum, _table: Oid) {
    count();
}

extern "C-unwind" fn object_changed(_argument: Datum, _cache: i32, _hash: u32) {
    count();
}

fn count() {
    let _ = CHANGES.try_with(|changes| changes.set(changes.get().wrapping_add(1)));
}

/// Counts from now on, if not yet, all that the server's own cache of plans listens to.
fn start_counting() {
    use pg_sys::SysCacheIdentifier::*;
    if !IS_COUNTING.replace(true) {
        cache::listen_to_relations(relation_changed);
        cache::listen_to(
            &[
                PROCOID,
                TYPEOID,
                NAMESPACEOID,
                OPEROID,
                AMOPOPID,
                FOREIGNSERVEROID,
                FOREIGNDATAWRAPPEROID,
            ],
            object_changed,
        );
    }
}

/// The most schemas on a search_path that are looked at.
const SCHEMAS: usize = 16;

/// What a plan depends on: as long as all of it is the same, the server keeps the plan that it has.
#[derive(PartialEq, Eq, Clone, Copy)]
struct Circumstances {
    changes: u64,
    role: Oid,
    row_security: bool,
    /// Nothing where there are too many.
    path: Option<[Oid; SCHEMAS]>,
    temporary: Oid,
}

impl Circumstances {
    fn now() -> Self {
        let mut path = [Oid::INVALID; SCHEMAS];
        let (mut temporary, mut temporary_toast) = (Oid::INVALID, Oid::INVALID);
        // SAFETY: server globals; there is room for as many schemas as is said.
        unsafe {
            let found = pg_sys::fetch_search_path_array(path.as_mut_ptr(), SCHEMAS as c_int);
            pg_sys::GetTempNamespaceState(&mut temporary, &mut temporary_toast);
            Circumstances {
                changes: CHANGES.get(),
                role: pg_sys::GetUserId(),
                row_security: pg_sys::row_security,
                path: (found <= SCHEMAS as c_int).then_some(path),
                temporary,
            }
        }
    }

    fn hold(&self) -> bool {
        self.path.is_some() && *self == Self::now()
    }
}

/// What is known of a statement's plan; to be kept beside it.
#[derive(Default)]
pub(super) struct Planned {
    made: Cell<Option<Circumstances>>,
    is_spoiled: Cell<bool>,
}

/// A run of a plan that is by index. If something changed meanwhile, the server may have planned anew for it, and not by index:
/// then the plan is no longer used.
pub(super) struct Run<'a>(Option<&'a Planned>);

impl Drop for Run<'_> {
    fn drop(&mut self) {
        if let Some(planned) = self.0 {
            let made = planned.made.get();
            if made.is_none_or(|made| made.changes != CHANGES.get()) {
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
        start_counting();
        // SAFETY: as the caller says. The server itself says whether its cache was reset, as DISCARD does.
        let is_valid = unsafe { pg_sys::SPI_plan_is_valid(plan) };
        if is_valid && self.made.get().is_some_and(|made| made.hold()) {
            return Run(Some(self));
        }
        // SAFETY: as the caller says. The plan that is got is held by the current resource owner, and given back to it.
        unsafe {
            let _settings = Changed::to(&[
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
        self.made.set(Some(Circumstances::now()));
        Run(Some(self))
    }
}
