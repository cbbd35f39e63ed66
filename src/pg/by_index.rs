//! Plans that read by index, whatever the tables look like when they are made.
//!
//! For statements that find few rows of a table that may be empty when they are planned and hold millions an hour
//! later: a plan made for the empty table reads all of it, and is kept.

use super::settings::Changed;
use super::walk::Walk;
use pgrx::pg_sys::{self, Oid};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

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

fn planner_settings() -> Changed {
    Changed::to(&[
        (c"enable_seqscan", c"off"),
        (c"enable_bitmapscan", c"off"),
        (c"plan_cache_mode", c"force_generic_plan"),
        // A generic plan's cost is a guess; compiling for it would cost a thousand times the work.
        (c"jit", c"off"),
    ])
}

/// A plan that was made by index, and what it was made under. If any of it is another now, the server may plan anew.
struct Made {
    plan: *mut pg_sys::CachedPlan,
    generation: i32,
    role: Oid,
    row_security: bool,
    /// Whether it is the same for all roles: no policy had a say in it.
    is_for_all: bool,
    /// The plan as a walk, if it is one, of each role that has asked: to make an expression ready is to look whether the role may
    /// call its functions.
    walks: RefCell<Vec<(Oid, Option<Rc<Walk>>)>>,
}

/// The roles of which walks are kept, some kilobytes each.
const ROLES: usize = 32;

impl Made {
    /// The plan that the source has, and what holds now.
    ///
    /// # Safety
    /// The source is alive.
    unsafe fn now(source: *mut pg_sys::CachedPlanSource) -> Option<Self> {
        // SAFETY: the source keeps its plan alive.
        unsafe {
            let plan = (*source).gplan;
            (!plan.is_null()).then(|| Made {
                plan,
                generation: (*plan).generation,
                role: pg_sys::GetUserId(),
                row_security: pg_sys::row_security,
                is_for_all: !(*source).dependsOnRLS && !(*plan).dependsOnRole,
                walks: RefCell::default(),
            })
        }
    }

    /// Whether the source still has this plan, and the server will see no reason to make another.
    ///
    /// # Safety
    /// The source is alive.
    unsafe fn holds(&self, source: *mut pg_sys::CachedPlanSource) -> bool {
        // SAFETY: as in `now`; the plan is looked into only if it is the one that the source keeps alive.
        unsafe {
            (*source).is_valid
                && (*source).gplan == self.plan
                && (*self.plan).is_valid
                && (*self.plan).generation == self.generation
                && (self.is_for_all
                    || pg_sys::GetUserId() == self.role
                        && pg_sys::row_security == self.row_security)
                && has_same_path(source)
        }
    }
}

/// Whether schemas are looked through in the order in which they were when the statement was analyzed.
///
/// # Safety
/// The source is alive.
unsafe fn has_same_path(source: *mut pg_sys::CachedPlanSource) -> bool {
    // SAFETY: as the caller says.
    unsafe {
        let path = (*source).search_path;
        #[cfg(any(feature = "pg15", feature = "pg16"))]
        return path.is_null() || pg_sys::OverrideSearchPathMatchesCurrent(path);
        #[cfg(not(any(feature = "pg15", feature = "pg16")))]
        return path.is_null() || pg_sys::SearchPathMatchesCurrentEnvironment(path);
    }
}

/// What is known of a statement's plan; to be kept beside it.
#[derive(Default)]
pub(super) struct Planned {
    made: RefCell<Option<Made>>,
}

/// The plan's only statement, as the server keeps it.
///
/// # Safety
/// A plan of one statement that was kept.
unsafe fn source(plan: pg_sys::SPIPlanPtr) -> *mut pg_sys::CachedPlanSource {
    // SAFETY: as the caller says. The list of sources and the sources live as long as the plan.
    unsafe {
        let sources = pg_sys::SPI_plan_get_plan_sources(plan);
        (*(*sources).elements).ptr_value.cast()
    }
}

impl Planned {
    /// The plan by index that was made before, as a walk: if it is one, [`ByIndex`] asks for it and the server would run it.
    /// The tables that it reads are locked.
    ///
    /// # Safety
    /// `plan` is a plan of one statement that was kept.
    pub(super) unsafe fn as_walk(&self, plan: pg_sys::SPIPlanPtr) -> Option<Rc<Walk>> {
        if !IS_ON.get() {
            return None;
        }
        // SAFETY: as the caller says. A plan that holds is there, with its statements.
        unsafe {
            let source = source(plan);
            let made = self.made.borrow();
            let made = made.as_ref().filter(|made| made.holds(source))?;
            let role = pg_sys::GetUserId();
            let known = made.walks.borrow();
            if let Some((_, walk)) = known.iter().find(|(whose, _)| *whose == role) {
                return walk.clone();
            }
            drop(known);
            let types = (0..pg_sys::SPI_getargcount(plan))
                .map(|place| pg_sys::SPI_getargtypeid(plan, place))
                .collect();
            let walk = Walk::of((*made.plan).stmt_list, types).map(Rc::new);
            let mut known = made.walks.borrow_mut();
            if known.len() >= ROLES {
                known.clear();
            }
            known.push((role, walk.clone()));
            walk
        }
    }

    /// Sees to it that the plan that is about to run is one by index, where [`ByIndex`] asks for it. What is given is to
    /// be held while it runs.
    ///
    /// The settings are changed while the plan is made and not while it runs: to change them takes longer than many a
    /// statement, and they are none of the business of triggers that it fires. A plan that the server finds stale just
    /// when it runs is made anew without them; the next run sees that, and has it made once more.
    ///
    /// # Safety
    /// `plan` is a plan of one statement that was kept.
    pub(super) unsafe fn for_run(&self, plan: pg_sys::SPIPlanPtr) -> Option<impl Sized> {
        if !IS_ON.get() {
            return None;
        }
        // SAFETY: as the caller says. `is_valid` is what an invalidation sets; the options are read when the server chooses
        // between kinds of plans. The plan that is got is held by the current resource owner, and given back to it.
        unsafe {
            let mode = pg_sys::plan_cache_mode;
            if mode == pg_sys::PlanCacheMode::PLAN_CACHE_MODE_FORCE_CUSTOM_PLAN as i32 {
                return Some(planner_settings());
            }
            let source = source(plan);
            if self
                .made
                .borrow()
                .as_ref()
                .is_some_and(|made| made.holds(source))
            {
                return None;
            }
            (*source).cursor_options |= pg_sys::CURSOR_OPT_GENERIC_PLAN as i32;
            (*source).is_valid = false;
            if !(*source).gplan.is_null() {
                (*(*source).gplan).is_valid = false;
            }
            let _settings = planner_settings();
            let fresh = pg_sys::SPI_plan_get_cached_plan(plan);
            if !fresh.is_null() {
                pg_sys::ReleaseCachedPlan(fresh, pg_sys::CurrentResourceOwner);
            }
            self.made.replace(Made::now(source));
        }
        None
    }
}
