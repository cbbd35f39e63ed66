//! Tables that foreign keys lead to, and whether they may be read with the rights of the workspace's owner.
//!
//! Whoever owns a table makes what runs when it is read, and may give its name to another: so only tables are read whose owners
//! have the rights of the workspace's, and they are held before they are named.

use super::run_once;
use crate::pg::error::Result;
use crate::pg::lock::{self, Purpose};
use crate::pg::role;
use crate::pg::value::{Type, Value};
use crate::problems::Problem;
use std::collections::HashSet;

/// Why the workspace's owner, who acts, may not read the table `c` of pg_class; NULL where they may. Planning alone runs what
/// a table's owner has put into its indexes and constraints.
macro_rules! unreadable {
    ($owner:literal) => {
        concat!(
            "CASE WHEN c.relkind OPERATOR(pg_catalog.<>) ALL ('{r,p}'::pg_catalog.\"char\"[]) THEN 'kind'
                  WHEN NOT pg_catalog.pg_has_role(c.relowner, ",
            $owner,
            ", 'USAGE') THEN 'owner'
                  WHEN pg_catalog.row_security_active(c.oid) THEN 'policies' END"
        )
    };
}
pub(crate) use unreadable;

/// The table and its partitions: the OID, that of the schema, why it may not be read by $2, and as SQL names it, where it is a
/// table that stores its rows without those that inherit from it.
const TABLES: &str = concat!(
    "WITH RECURSIVE tree (oid) AS (
         SELECT $1
         UNION
         SELECT i.inhrelid FROM pg_catalog.pg_inherits i
           JOIN tree ON i.inhparent OPERATOR(pg_catalog.=) tree.oid
           JOIN pg_catalog.pg_class p ON p.oid OPERATOR(pg_catalog.=) tree.oid AND p.relkind OPERATOR(pg_catalog.=) 'p'::pg_catalog.\"char\")
     SELECT c.oid, c.relnamespace, ",
    unreadable!("$2"),
    ", pg_catalog.format(CASE c.relkind WHEN 'p' THEN '%I.%I' ELSE 'ONLY %I.%I' END, n.nspname, c.relname)
       FROM tree
       JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) tree.oid
       JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
      ORDER BY c.oid OPERATOR(pg_catalog.<>) $1, c.oid"
);

/// The table that a foreign key leads to as SQL names it, which from now on it goes on meaning; nothing where the acting role
/// may not read it.
pub(super) fn named(table: u32) -> Result<Option<String>> {
    let arguments = [
        (Type::Oid, Value::Oid(table)),
        (Type::Oid, Value::Oid(role::current())),
    ];
    let (mut tables, mut schemas) = (HashSet::new(), HashSet::new());
    loop {
        let rows = run_once(TABLES, &arguments)?;
        if rows.iter().any(|row| row.text(3).is_some()) {
            return Ok(None);
        }
        let mut are_held = true;
        for row in rows.iter() {
            if let Some(table) = row.oid(1).filter(|table| tables.insert(*table)) {
                lock::table(table, Purpose::Reading);
                are_held = false;
            }
            if let Some(schema) = row.oid(2).filter(|schema| schemas.insert(*schema)) {
                lock::schema(schema);
                are_held = false;
            }
        }
        // What was seen before it was held may be something else by now.
        if are_held {
            return Ok(rows.first().and_then(|row| row.text(4)));
        }
    }
}

/// What is told of a foreign key that leads to a table which may not be read.
pub(super) fn unknown(table: &str, key: &str) -> Problem {
    let detail = format!(
        "Foreign key \"{key}\" leads to a table that the owner cannot read safely: whether it refuses what phasegate writes is not known."
    );
    Problem::new(table, "key_is_not_looked_into", detail)
        .about(key)
        .note()
}
