//! Refusing workspaces that Citus has distributed: their tables here are empty shells, and what is asked of them is
//! answered wrongly.

use super::owner::Tables;
use crate::error::{Code, Error};
use crate::pg::catalog;
use crate::pg::error::Result;
use crate::pg::spi::{Session, run_once};
use crate::pg::value::{Type, Value};

/// Refuses where any of the tables is distributed. Without Citus nothing is asked.
pub(super) fn refuse_distributed(workspace: &str, tables: &Tables) -> Result<()> {
    if !catalog::has_extension(c"citus") {
        return Ok(());
    }
    let _session = Session::open()?;
    for table in tables.oids() {
        let rows = run_once(
            "SELECT 1 FROM pg_catalog.pg_dist_partition p
              WHERE p.logicalrelid::pg_catalog.oid OPERATOR(pg_catalog.=) $1",
            &[(Type::Oid, Value::Oid(table))],
        )?;
        if !rows.is_empty() {
            return Err(Error::new(
                Code::WorkspaceDistributed,
                format!("workspace \"{workspace}\" is distributed by Citus"),
            )
            .detail(format!(
                "Its table \"{}\" is a distributed or reference table of Citus, which phasegate does not support.",
                tables.name_of(table).unwrap_or_default()
            ))
            .hint("Undistribute its tables, or keep the workspace in a database without Citus."));
        }
    }
    Ok(())
}

/// Refuses to make a workspace that Citus would distribute half.
pub(super) fn refuse_sharding() -> Result<()> {
    if !catalog::has_extension(c"citus") {
        return Ok(());
    }
    let rows = run_once(
        "SELECT pg_catalog.current_setting('citus.enable_schema_based_sharding', true) OPERATOR(pg_catalog.=) 'on'",
        &[],
    )?;
    if !rows.first().is_some_and(|row| row.bool(1)) {
        return Ok(());
    }
    Err(Error::new(
        Code::WorkspaceDistributed,
        "cannot make a workspace while Citus distributes new schemas",
    )
    .hint("SET citus.enable_schema_based_sharding = off."))
}
