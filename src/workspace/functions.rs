//! The SQL functions about workspaces.

use super::access::{Access, Level};
use super::{Workspace, check, create, upgrade};
use crate::pg::call::{Answer, Call};
use crate::pg::error::Result;
use crate::pg::spi::Session;
use crate::pg::trigger::{Each, Firing, On, Verdict, When};
use crate::pg::value::Value;
use crate::pg::{cache, role};

/// `create_workspace(workspace name)`
pub fn create_workspace(call: &Call) -> Result<Answer> {
    create::create(&call.name(0, "workspace")?)?;
    Ok(Answer::Null)
}

/// `detach_workspace(workspace name)`
pub fn detach_workspace(call: &Call) -> Result<Answer> {
    create::detach(&call.name(0, "workspace")?)?;
    Ok(Answer::Null)
}

/// `upgrade_workspace(workspace name)`
pub fn upgrade_workspace(call: &Call) -> Result<Answer> {
    let done = upgrade::upgrade(&call.name(0, "workspace")?)?;
    let set = call.start_set(false);
    for (shape, change) in done {
        set.push(&[Value::Int(shape), Value::text(Some(change))]);
    }
    Ok(Answer::Set)
}

/// `check_workspace(workspace name)`
pub fn check_workspace(call: &Call) -> Result<Answer> {
    let workspace = match call.optional_name(0) {
        Some(name) => Workspace::named(&name)?,
        None => Workspace::current()?,
    };
    let _session = Session::open()?;
    let set = call.start_set(false);
    check::check(&workspace, |row| set.push_found(row))?;
    Ok(Answer::Set)
}

/// `grant_access(workspace name, role name, level text)`
pub fn grant_access(call: &Call) -> Result<Answer> {
    let level = Level::parse(&call.text(2, "level")?)?;
    access_argument(call)?.grant(level)?;
    Ok(Answer::Null)
}

/// `revoke_access(workspace name, role name, level text)`
pub fn revoke_access(call: &Call) -> Result<Answer> {
    let access = access_argument(call)?;
    let level = call.optional_text(2);
    access.revoke(level.map_or(Ok(Level::LOWEST), |level| Level::parse(&level))?)?;
    Ok(Answer::Null)
}

/// From the arguments (workspace, role).
fn access_argument(call: &Call) -> Result<Access> {
    Access::new(
        Workspace::named(&call.name(0, "workspace")?)?,
        call.name(1, "role")?,
    )
}

/// The triggers on configuration tables: drop every session's cached configuration when the change commits.
pub fn configuration_changed(firing: &Firing) -> Result<Verdict> {
    if firing.is_truncate() {
        firing.require(When::After, Each::Statement, &[On::Truncate])?;
    } else {
        let events = [On::Insert, On::Update, On::Delete];
        firing.require(When::After, Each::Row, &events)?;
    }
    cache::invalidate(firing.table());
    Ok(Verdict::Keep)
}

/// The statement trigger on tables that only phasegate and the workspace's owner write.
///
/// Ordinary privileges keep everybody else out already; this holds even where the owner granted more,
/// as a reviewer's INSERT on `phase_gate_results`, which entitles to a verdict and not to the row.
pub fn owner_only(firing: &Firing) -> Result<Verdict> {
    let events = [On::Insert, On::Update, On::Delete];
    firing.require(When::Before, Each::Statement, &events)?;
    if role::acts_for(firing.owner()) {
        return Ok(Verdict::Keep);
    }
    Err(role::permission_denied(&firing.table_name()))
}
