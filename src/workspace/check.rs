//! `check_workspace`: looks for states that the rules exclude.

use super::Workspace;
use crate::pg::error::Result;
use crate::pg::spi::{Rows, Sees, Statement};
use crate::pg::value::{Type, Value};
use crate::stamp::SHAPE;

static CHECK: Statement = Statement {
    sql: include_str!("../../sql/workspace/check.sql"),
    parameters: &[Type::Oid, Type::Int, Type::Int],
};

/// One row a check: its name, the violations found, and an example. Needs an open session; reads with the caller's rights.
pub fn check(workspace: &Workspace) -> Result<Rows> {
    workspace.run(
        &CHECK,
        &[
            Value::Oid(workspace.schema),
            Value::Int(workspace.stamp.shape),
            Value::Int(SHAPE),
        ],
        Sees::Snapshot,
    )
}
