//! A schema that is being made, upgraded or left as a workspace, and what is asked of it first.

use super::{in_schema, statements};
use crate::error::{Code, Error};
use crate::pg::error::Result;
use crate::pg::spi::{run_once, run_script};
use crate::pg::value::{Type, Value};
use crate::pg::{catalog, role, server};
use crate::stamp::{NEEDS, SHAPE, Stamp};

/// A schema that is being made into a workspace.
pub(super) struct Site {
    /// The schema's OID.
    pub schema: u32,
    /// The schema's name, quoted.
    pub quoted: String,
}

impl Site {
    pub(super) fn script(&self, sql: &str) -> Result<()> {
        let sql = sql
            .replace("{needs}", &NEEDS.to_string())
            .replace("{shape}", &SHAPE.to_string())
            .replace("{cluster}", &server::system_identifier().to_string());
        // The schema's name goes in last: it may itself hold braces.
        run_script(&in_schema(&sql, &self.quoted))
    }

    /// What its decision trigger states, where there is one.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        let tickets = catalog::table_in(self.schema, "tickets")?;
        statements::identity(tickets).map(|identity| identity.stamp)
    }

    pub(super) fn has(&self, table: &str) -> bool {
        catalog::table_in(self.schema, table).is_some()
    }
}

/// Runs the statements that a query gives.
pub(super) fn run_each(query: &str, arguments: &[(Type, Value<'_>)]) -> Result<()> {
    let rows = run_once(query, arguments)?;
    let statements: Vec<String> = rows.iter().filter_map(|row| row.text(1)).collect();
    statements.iter().try_for_each(|one| run_script(one))
}

/// Refuses where the extension's SQL objects are of another version than this library: its scripts may name what
/// is not there yet, or make what is no longer made so.
pub(super) fn require_same_version() -> Result<()> {
    let library = env!("CARGO_PKG_VERSION");
    let rows = run_once(
        "SELECT extversion FROM pg_catalog.pg_extension WHERE extname OPERATOR(pg_catalog.=) 'phasegate'",
        &[],
    )?;
    let extension = rows.first().and_then(|row| row.text(1)).unwrap_or_default();
    if extension == library {
        return Ok(());
    }
    Err(Error::versions_differ(&extension, library))
}

/// The owner of the `tickets` table that is there; refuses unless the caller has that role's rights.
pub(super) fn owner_of(site: &Site) -> Result<Option<u32>> {
    let rows = run_once(
        "SELECT relowner FROM pg_catalog.pg_class WHERE relnamespace OPERATOR(pg_catalog.=) $1
            AND relname OPERATOR(pg_catalog.=) 'tickets'",
        &[(Type::Oid, Value::Oid(site.schema))],
    )?;
    let Some(owner) = rows.first().and_then(|row| row.oid(1)) else {
        return Ok(None);
    };
    if !role::acts_for(owner) {
        return Err(Error::new(Code::NotOwner, "must be owner of table tickets"));
    }
    Ok(Some(owner))
}
