//! `detach_workspace`. What DROP EXTENSION leaves of a workspace is said in `sql/extension/schema.sql`.

use super::alone::Work;
use super::own_triggers::drop_triggers;
use super::site::{Site, owner_of, run_each};
use super::{adopting, distribute, swap, tickets_table};
use crate::error::{Code, Error};
use crate::pg::error::Result;
use crate::pg::role::Rights;
use crate::pg::settings::Pinned;
use crate::pg::spi::{Session, quote_identifier, run_script};
use crate::pg::{cache, catalog, role};
use crate::privileges;

pub(super) const DETACH: &str = include_str!("../../sql/workspace/detach.sql");

/// Drops phasegate's triggers and views from the workspace; tables and rows stay. For good, nothing of it needs the extension
/// any more. A workspace that is detached already may be detached for good.
pub fn detach(name: &str, for_good: bool) -> Result<()> {
    cache::accept_invalidations();
    if let Some(schema) = catalog::schema_by_name(name)
        && adopting::is_under_way(schema)
        && tickets_table::held(schema, None)?.is_none()
    {
        return abandon(schema, name);
    }
    let workspace = match super::Workspace::to_define(name) {
        Err(error) if for_good && error.code == Code::NotAWorkspace => {
            return leave_detached(name, error);
        }
        found => found?,
    };
    let _making = distribute::making();
    if !privileges::acts_for(workspace.owner) {
        return Err(workspace.not_owner());
    }
    Work::Defining(workspace.schema).alone();
    let _session = Session::open()?;
    let _pinned = Pinned::search_path();
    let _rights = workspace.as_owner();
    run_script(&workspace.in_workspace(DETACH))?;
    drop_triggers(&workspace.site())?;
    if for_good {
        leave(&workspace.site())?;
    }
    Ok(())
}

/// Gives ids that the extension makes a default that the server has.
fn leave(site: &Site) -> Result<()> {
    run_each(
        "SELECT format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT gen_random_uuid()', a.attrelid::regclass, a.attname)
           FROM pg_attrdef f
           JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
           JOIN pg_class c ON c.oid = a.attrelid
           JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_proc'::regclass
          WHERE (c.relnamespace = $1 OR c.oid = $2) AND c.relkind IN ('r', 'p')
            AND d.refobjid = 'phasegate.uuid_v7()'::regprocedure
          ORDER BY 1",
        &site.parameters(),
    )
}

/// What was a workspace, and was detached before.
fn leave_detached(name: &str, error: Error) -> Result<()> {
    let _session = Session::open()?;
    let Some(schema) = catalog::schema_by_name(name) else {
        return Err(error);
    };
    let tickets = tickets_table::to_be(schema)?;
    let site = Site::held(schema, quote_identifier(name)?, tickets)?;
    let Some(owner) = owner_of(&site)?.filter(|_| site.has("phase_history")) else {
        return Err(error);
    };
    Work::Defining(schema).alone();
    let _pinned = Pinned::search_path();
    let _rights = Rights::of(owner);
    leave(&site)
}

/// Gives up an adoption that is under way: takes away the marks, and columns that were on their way. What was added stays, as
/// after detaching.
fn abandon(schema: u32, name: &str) -> Result<()> {
    let _session = Session::open()?;
    let tickets = adopting::tickets(schema);
    let site = Site::held(schema, quote_identifier(name)?, tickets)?;
    let owner = owner_of(&site)?.unwrap_or_else(role::current);
    Work::Defining(schema).alone();
    let _pinned = Pinned::search_path();
    let _rights = Rights::of(owner);
    swap::abandon(&site)?;
    drop_triggers(&site)
}
