//! Partitions and what they are partitions of.

use super::run_once;
use crate::pg::error::Result;
use crate::pg::value::{Type, Value};

fn relatives(sql: &str, table: u32) -> Result<Vec<u32>> {
    let rows = run_once(sql, &[(Type::Oid, Value::Oid(table))])?;
    Ok(rows.iter().filter_map(|row| row.oid(1)).collect())
}

/// The table's partitions, theirs, and so on.
pub(super) fn descendants(table: u32) -> Result<Vec<u32>> {
    relatives(
        "WITH RECURSIVE tree (oid) AS (
             SELECT $1
             UNION
             SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN tree ON i.inhparent OPERATOR(pg_catalog.=) tree.oid)
         SELECT oid FROM tree WHERE oid OPERATOR(pg_catalog.<>) $1 ORDER BY oid",
        table,
    )
}

/// The tables that a partition is one of, from the nearest on.
pub(super) fn ancestors(partition: u32) -> Result<Vec<u32>> {
    relatives(
        "WITH RECURSIVE line (oid, place) AS (
             SELECT $1, 0
             UNION ALL
             SELECT i.inhparent, line.place OPERATOR(pg_catalog.+) 1
               FROM pg_catalog.pg_inherits i
               JOIN line ON i.inhrelid OPERATOR(pg_catalog.=) line.oid
               JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) line.oid AND c.relispartition)
         SELECT oid FROM line WHERE place OPERATOR(pg_catalog.>) 0 ORDER BY place",
        partition,
    )
}
