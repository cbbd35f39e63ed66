//! What the columns of a table of tickets are called, ours and the application's own key.

use super::run_once;
use crate::pg::catalog;
use crate::pg::error::Result;
use crate::pg::spi::Session;
use crate::pg::value::{Type, Value};

/// The name that a column of ours has in this table of tickets: `ticket_` before it where there is such a column, since the
/// plain one is then the user's own.
pub(super) fn actual_name(table: u32, name: &str) -> String {
    let (plain, other) = match name {
        "id" => ("id", "ticket_uuid".to_owned()),
        _ => (name, format!("ticket_{name}")),
    };
    if catalog::column(table, &other).is_some() {
        return other;
    }
    plain.to_owned()
}

/// The application's own key of this table, one column, where that is not ours.
pub(super) fn own_key(table: u32, key: &str) -> Result<Option<String>> {
    if key == "id" {
        return Ok(None);
    }
    let _session = Session::open()?;
    let rows = run_once(
        "SELECT a.attname::pg_catalog.text
           FROM pg_catalog.pg_index i
           JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) i.indrelid AND a.attnum OPERATOR(pg_catalog.=) i.indkey[0]
          WHERE i.indrelid OPERATOR(pg_catalog.=) $1 AND i.indisprimary AND i.indnkeyatts OPERATOR(pg_catalog.=) 1",
        &[(Type::Oid, Value::Oid(table))],
    )?;
    Ok(rows.first().and_then(|row| row.text(1)))
}
