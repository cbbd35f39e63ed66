//! The SQL functions about workspaces.

use super::access::{Access, Level};
use super::shape::TABLES;
use super::{Workspace, check, create, detach, upgrade};
use crate::error::{Code, Error};
use crate::pg::call::{Answer, Call};
use crate::pg::error::Result;
use crate::pg::spi::Session;
use crate::pg::trigger::{Firing, Verdict};
use crate::pg::value::Value;

/// `create_workspace(workspace name)`
pub fn create_workspace(call: &Call) -> Result<Answer> {
    create::create(&call.name(0, "workspace")?)?;
    Ok(Answer::Null)
}

/// `detach_workspace(workspace name)`
pub fn detach_workspace(call: &Call) -> Result<Answer> {
    detach::detach(&call.name(0, "workspace")?)?;
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

/// The trigger functions of version 0.2.0, which stand on workspaces that were not upgraded and in dumps of them. Nothing of
/// such a workspace is used: to look for it is refused.
pub fn outdated(firing: &Firing) -> Result<Verdict> {
    Workspace::of_firing_any(firing, &TABLES)?;
    Err(Error::new(
        Code::WrongTrigger,
        "the trigger's function is one of version 0.2.0",
    )
    .hint("phasegate.create_workspace puts the present triggers in place; drop this one."))
}
