//! Refusing INHERITS: rows of a table that inherits from `tickets` or `tasks` are found under that name, but fire none of its
//! triggers, and rows of `tickets` are written under the name of a table that it inherits from. Partitions are not meant.

use super::run_once;
use crate::error::{Code, Error};
use crate::pg::error::Result;
use crate::pg::spi::Session;
use crate::pg::value::{Type, Value};

/// Refuses where one of the tables inherits from a table or is inherited from.
pub(super) fn refuse(tables: impl Iterator<Item = u32>) -> Result<()> {
    let tables = tables.map(|table| Some(table.to_string())).collect();
    let _session = Session::open()?;
    let rows = run_once(
        "SELECT i.inhrelid::pg_catalog.regclass::pg_catalog.text, i.inhparent::pg_catalog.regclass::pg_catalog.text
           FROM pg_catalog.pg_inherits i
          WHERE (i.inhrelid OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.oid[])
                 OR i.inhparent OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.oid[]))
            AND (SELECT p.relkind FROM pg_catalog.pg_class p WHERE p.oid OPERATOR(pg_catalog.=) i.inhparent)
                OPERATOR(pg_catalog.<>) 'p'::pg_catalog.\"char\"",
        &[(Type::Texts, Value::Texts(tables))],
    )?;
    // The same one is named each time.
    let Some((child, parent)) = rows
        .iter()
        .filter_map(|row| Some((row.text(1)?, row.text(2)?)))
        .min()
    else {
        return Ok(());
    };
    Err(Error::new(
        Code::TableInherits,
        "tickets and tasks of a workspace can neither inherit nor be inherited from",
    )
    .detail(format!("Table {child} inherits from {parent}."))
    .hint(format!(
        "ALTER TABLE {child} NO INHERIT {parent}, or make it a partition of a partitioned table."
    )))
}
