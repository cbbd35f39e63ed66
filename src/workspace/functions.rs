//! The SQL functions about workspaces.

use super::access::Access;
use super::create::Wanted;
use super::levels::Level;
use super::shape::TABLES;
use super::{Workspace, check, create, detach, distribute, online, upgrade};
use crate::error::{Code, Error};
use crate::pg::call::{Answer, Call};
use crate::pg::error::Result;
use crate::pg::spi::Session;
use crate::pg::trigger::{Firing, Verdict};
use crate::pg::value::Value;

/// `create_workspace(workspace name, tickets regclass, phases text[], defaults boolean)`
pub fn create_workspace(call: &Call) -> Result<Answer> {
    create::create(&Wanted {
        workspace: call.name(0, "workspace")?,
        tickets: call.optional_oid(1),
        phases: call.optional_texts(2, "phases")?,
        defaults: call.optional_bool(3).unwrap_or(true),
    })?;
    Ok(None)
}

/// `adoption_report(workspace name, tickets regclass, phases text[])`
pub fn adoption_report(call: &Call) -> Result<Answer> {
    let problems = create::report(&Wanted {
        workspace: call.name(0, "workspace")?,
        tickets: call.optional_oid(1),
        phases: call.optional_texts(2, "phases")?,
        defaults: true,
    })?;
    let set = call.start_set(false);
    for problem in problems {
        set.push(&[
            Value::text(Some(&problem.table)),
            Value::text(problem.object.as_deref()),
            Value::text(Some(problem.word)),
            Value::text(Some(&problem.detail)),
            Value::text(problem.hint.as_deref()),
            problem.count.map_or(Value::Null, Value::Big),
            Value::Texts(problem.examples.iter().cloned().map(Some).collect()),
            Value::Bool(!problem.is_note),
        ]);
    }
    Ok(None)
}

/// `_adopt_step(workspace name, tickets regclass, phases text[], defaults boolean, state text)`
pub fn adopt_step(call: &Call) -> Result<Answer> {
    let wanted = Wanted {
        workspace: call.name(0, "workspace")?,
        tickets: call.optional_oid(1),
        phases: call.optional_texts(2, "phases")?,
        defaults: call.optional_bool(3).unwrap_or(true),
    };
    let state = call.optional_text(4);
    let next = online::step(&wanted, state.as_deref())?;
    Ok(call.answer(&Value::text(next.as_deref())))
}

/// `distribute_workspace(workspace name)`
pub fn distribute_workspace(call: &Call) -> Result<Answer> {
    distribute::distribute(&call.name(0, "workspace")?)?;
    Ok(None)
}

/// `detach_workspace(workspace name, for_good boolean)`
pub fn detach_workspace(call: &Call) -> Result<Answer> {
    let for_good = call.optional_bool(1).unwrap_or(false);
    detach::detach(&call.name(0, "workspace")?, for_good)?;
    Ok(None)
}

/// `upgrade_workspace(workspace name)`
pub fn upgrade_workspace(call: &Call) -> Result<Answer> {
    let done = upgrade::upgrade(&call.name(0, "workspace")?)?;
    let set = call.start_set(false);
    for (shape, change) in done {
        set.push(&[Value::Int(shape), Value::text(Some(change))]);
    }
    Ok(None)
}

/// `check_workspace(workspace name)`
pub fn check_workspace(call: &Call) -> Result<Answer> {
    let found = match call.optional_name(0) {
        Some(name) => Workspace::named(&name),
        None => Workspace::current(),
    };
    let _session = Session::open()?;
    let set = call.start_set(false);
    let workspace = match found {
        Err(error) if error.code == Code::AdoptionUnfinished => {
            // Nothing else is asked of it before it is one.
            let values = [
                Value::text(Some("adoption_is_finished")),
                Value::Big(1),
                Value::text(Some(&error.message)),
            ];
            set.push(&values);
            return Ok(None);
        }
        found => found?,
    };
    check::check(&workspace, |row| set.push_found(row, &[]))?;
    Ok(None)
}

/// `grant_access(workspace name, role name, level text)`
pub fn grant_access(call: &Call) -> Result<Answer> {
    let level = Level::parse(&call.text(2, "level")?)?;
    access_argument(call)?.grant(level)?;
    Ok(None)
}

/// `revoke_access(workspace name, role name, level text)`
pub fn revoke_access(call: &Call) -> Result<Answer> {
    let access = access_argument(call)?;
    let level = call.optional_text(2);
    access.revoke(level.map_or(Ok(Level::LOWEST), |level| Level::parse(&level))?)?;
    Ok(None)
}

/// From the arguments (workspace, role).
fn access_argument(call: &Call) -> Result<Access> {
    Access::new(
        Workspace::to_define(&call.name(0, "workspace")?)?,
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
