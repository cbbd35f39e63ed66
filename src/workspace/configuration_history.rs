//! Who changed the configuration: the triggers on its tables.

use super::Statement;
use super::shape::CONFIGURATION;
use super::{Workspace, append_only};
use crate::clock;
use crate::identity;
use crate::pg::cache;
use crate::pg::error::Result;
use crate::pg::server;
use crate::pg::spi::{Sees, Session};
use crate::pg::trigger::{Each, Firing, On, Verdict, When};
use crate::pg::value::{Type, Value};

static RECORD: Statement = Statement {
    sql: "INSERT INTO {ws}.configuration_history
                 (at, table_name, operation, old, new, actor, db_role, acting_role)
          VALUES ($1, $2, $3, $4, $5, $6, $7::pg_catalog.name, $8::pg_catalog.name)",
    parameters: &[
        Type::Time,
        Type::Text,
        Type::Text,
        Type::Json,
        Type::Json,
        Type::Text,
        Type::Text,
        Type::Text,
    ],
};

/// AFTER INSERT, UPDATE, DELETE, row by row, and AFTER TRUNCATE on tables of the configuration: when the change commits
/// every session drops what it knows of the configuration; who changed what goes on record. A replica takes over the
/// record as it takes over the change.
pub fn changed(firing: &Firing) -> Result<Verdict> {
    if firing.trigger().event().fired_by_truncate() {
        firing.require(When::After, Each::Statement, &[On::Truncate])?;
    } else {
        let events = [On::Insert, On::Update, On::Delete];
        firing.require(When::After, Each::Row, &events)?;
    }
    // Of whose table it is nothing is asked before: Citus fills one that is on its way here, and is no workspace's yet.
    cache::invalidate(firing.table());
    if server::is_replica() {
        return Ok(Verdict::Keep);
    }
    let (workspace, table) = Workspace::of_firing_any(firing, &CONFIGURATION)?;
    let operation = if firing.is_insert() {
        "INSERT"
    } else if firing.is_update() {
        "UPDATE"
    } else if firing.is_row_delete() {
        "DELETE"
    } else {
        if table == "phases" {
            append_only::require_no_tickets(&workspace, table)?;
        }
        "TRUNCATE"
    };
    let actor = identity::actor()?;
    let (db_role, acting_role) = (identity::db_role(), identity::acting_role());
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    // What makes a row into JSON may be the owner's, and runs with the owner's rights.
    let old = (!firing.is_insert()).then(|| firing.old_row().as_json());
    let new = (!firing.is_row_delete()).then(|| firing.new_row().as_json());
    workspace.run(
        &RECORD,
        &[
            Value::Time(clock::now()),
            Value::text(Some(table)),
            Value::text(Some(operation)),
            Value::json(old.flatten().as_deref()),
            Value::json(new.flatten().as_deref()),
            Value::text(Some(&actor)),
            Value::text(Some(&db_role)),
            Value::text(Some(&acting_role)),
        ],
        Sees::Snapshot,
    )?;
    Ok(Verdict::Keep)
}
