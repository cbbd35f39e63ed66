//! `check_workspace`: looks for states that the rules exclude.

use super::Workspace;
use super::progress;
use crate::pg::error::{Result, notice};
use crate::pg::rows::Row;
use crate::pg::spi::Statement;
use crate::pg::value::{Type, Value};
use crate::stamp::SHAPE;

static CHECK: Statement = Statement {
    sql: include_str!("../../sql/workspace/check.sql"),
    parameters: &[Type::Oid, Type::Int, Type::Int, Type::Texts],
};

/// Hands over one row a check, as soon as it is done: its name, the violations found, and an example. Where the
/// history is long, says how far it is. Needs an open session; reads with the caller's rights.
pub fn check(workspace: &Workspace, take: impl Fn(&Row<'_>)) -> Result<()> {
    let is_long = progress::is_long_check(workspace.schema)?;
    if is_long {
        notice(format!("checking workspace \"{}\"", workspace.name));
    }
    let configuration = workspace.configuration()?;
    let phases = &configuration.phases;
    let keys = phases.listed().map(|phase| Some(phases.context_key(phase).to_owned()));
    let arguments = [
        Value::Oid(workspace.schema),
        Value::Int(workspace.stamp.shape),
        Value::Int(SHAPE),
        Value::Texts(keys.collect()),
    ];
    workspace.run_by_row(&CHECK, &arguments, 1, |row| {
        if is_long {
            notice(format!("checked {}", row.text(1).unwrap_or_default()));
        }
        take(row);
        true
    })
}
