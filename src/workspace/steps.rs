//! The steps from one shape of a workspace to the next.

use super::own_triggers::drop_triggers;
use super::site::Site;
use crate::pg::error::Result;
use crate::pg::settings::Pinned;
use crate::stamp::{FIRST, SHAPE};

/// One shape to the next.
pub(super) struct Step {
    /// What it changes, for the NOTICE and the answer.
    pub(super) change: &'static str,
    /// The changes of tables, indexes and rows that come before [`super::create::make`], which adds what is missing and
    /// replaces triggers and views.
    ///
    /// A step is run on workspaces of all shapes before its own, and on schemas whose shape is not known: tables taken
    /// back after `detach_workspace`, or an app's own. Where what it changes is not there it must do nothing, and no
    /// harm where that is changed already.
    sql: &'static str,
}

/// The first brings shape [`FIRST`] to the next, and so on.
const STEPS: [Step; 1] = [Step {
    change: "phases have kinds, an archive and a history of the configuration, roles and transactions on record, tasks on hold",
    sql: include_str!("../../sql/workspace/migrations/3.sql"),
}];

// There is a step to each shape beyond the first.
const _: () = assert!(STEPS.len() as i32 == SHAPE - FIRST);

/// The steps that a workspace of this shape lacks, with the shape that each makes; all for an unknown shape, 0.
pub(super) fn steps(shape: i32) -> impl Iterator<Item = (i32, &'static Step)> {
    (FIRST + 1..).zip(&STEPS).filter(move |(to, _)| *to > shape)
}

/// Runs all steps on a schema whose shape is not known.
pub(super) fn from_unknown(site: &Site) -> Result<()> {
    drop_triggers(site)?;
    steps(0).try_for_each(|(_, step)| run(site, step))
}

/// Runs a step.
pub(super) fn run(site: &Site, step: &Step) -> Result<()> {
    let _pinned = Pinned::search_path();
    site.script(step.sql)
}
