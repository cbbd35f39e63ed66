//! Refusing INHERITS: rows of a table that inherits from `tickets` or `tasks` are found under that name, but fire none of its
//! triggers, and rows of `tickets` are written under the name of a table that it inherits from. Partitions are not meant.

use crate::error::{Code, Error};
use crate::pg::error::Result;
use crate::pg::spi::{Session, run_once};
use crate::pg::value::{Type, Value};

/// Refuses where one of the tables inherits from a table or is inherited from.
pub(super) fn refuse(tables: impl Iterator<Item = u32>) -> Result<()> {
    let tables = tables.map(|table| Some(table.to_string())).collect();
    let _session = Session::open()?;
    let rows = run_once(
        "SELECT child.oid::pg_catalog.regclass::pg_catalog.text, parent.oid::pg_catalog.regclass::pg_catalog.text
           FROM pg_catalog.pg_class c
           JOIN pg_catalog.pg_inherits i ON i.inhrelid OPERATOR(pg_catalog.=) c.oid OR i.inhparent OPERATOR(pg_catalog.=) c.oid
           JOIN pg_catalog.pg_class child ON child.oid OPERATOR(pg_catalog.=) i.inhrelid
           JOIN pg_catalog.pg_class parent ON parent.oid OPERATOR(pg_catalog.=) i.inhparent
          WHERE c.oid OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.oid[])
            AND parent.relkind OPERATOR(pg_catalog.<>) 'p'
          ORDER BY 1, 2 LIMIT 1",
        &[(Type::Texts, Value::Texts(tables))],
    )?;
    let Some(row) = rows.first() else {
        return Ok(());
    };
    let text = |column| row.text(column).unwrap_or_default();
    let (child, parent) = (text(1), text(2));
    Err(Error::new(
        Code::TableInherits,
        "tickets and tasks of a workspace can neither inherit nor be inherited from",
    )
    .detail(format!("Table {child} inherits from {parent}."))
    .hint(format!(
        "ALTER TABLE {child} NO INHERIT {parent}, or make it a partition of a partitioned table."
    )))
}
