//! `detach_workspace`.

use super::own_triggers::drop_triggers;
use super::site::Site;
use crate::error::{Code, Error};
use crate::pg::error::Result;
use crate::pg::settings::Pinned;
use crate::pg::spi::{Session, run_script};
use crate::pg::{cache, role};

const DETACH: &str = include_str!("../../sql/workspace/detach.sql");

/// Drops phasegate's triggers and views from the workspace; tables and rows stay.
pub fn detach(name: &str) -> Result<()> {
    cache::accept_invalidations();
    let workspace = super::Workspace::named(name)?;
    if !role::acts_for(workspace.owner) {
        return Err(Error::new(Code::NotOwner, "must be owner of table tickets"));
    }
    let _session = Session::open()?;
    let _pinned = Pinned::search_path();
    let _rights = workspace.as_owner();
    run_script(&workspace.in_workspace(DETACH))?;
    drop_triggers(&Site {
        schema: workspace.schema,
        quoted: workspace.quoted.clone(),
    })
}
