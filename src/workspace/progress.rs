//! What `create_workspace` and `check_workspace` tell their caller while they read or rewrite large tables.
//!
//! Whether they do depends on the tables' size, not on the time it takes, so that it is the same every time.

use super::run_once;
use super::site::Site;
use super::table_triggers::is_of_extension;
use crate::notice::notice;
use crate::pg::error::Result;
use crate::pg::settings::Pinned;
use crate::pg::value::{Type, Value};
use std::ffi::CString;

/// Which messages the caller wants to see, as of a moment before [`Pinned`] holds NOTICEs back.
pub(super) struct Loudness(CString);

impl Loudness {
    /// What is set now. Needs an open session.
    pub fn now() -> Result<Self> {
        let rows = run_once(
            "SELECT pg_catalog.current_setting('client_min_messages')",
            &[],
        )?;
        let set = rows.first().and_then(|row| row.text(1));
        Ok(Loudness(
            CString::new(set.unwrap_or_default()).unwrap_or_default(),
        ))
    }

    /// Sends a NOTICE to a caller who wants to see one, whatever is pinned.
    pub fn notice(&self, message: impl Into<String>) {
        let _lifted = Pinned::to(&[(c"client_min_messages", &self.0)]);
        notice(message);
    }
}

/// From how many rows on the steps of adopting a table are announced: each takes about a second.
const ADOPTED: i64 = 100_000;

/// From how many rows of history on the steps of checking a workspace are announced.
const CHECKED: i64 = 1_000_000;

/// About how many rows each of the tables has, as the planner estimates it: as many a page as when the table was
/// last vacuumed or analyzed. A table that has not been yet is taken for one of 64 rows a page.
/// Says too whether the table has a trigger of ours. Runs with the caller's search_path.
const SIZES: &str = concat!("
    SELECT CASE WHEN c.oid OPERATOR(pg_catalog.=) $3 THEN 'tickets' ELSE c.relname END,
           pg_catalog.round(CASE WHEN c.relpages OPERATOR(pg_catalog.>) 0 AND c.reltuples OPERATOR(pg_catalog.>=) 0
                                 THEN c.reltuples OPERATOR(pg_catalog./) c.relpages ELSE 64 END
                            OPERATOR(pg_catalog.*) pg_catalog.pg_relation_size(c.oid)
                            OPERATOR(pg_catalog./) pg_catalog.current_setting('block_size')::pg_catalog.float8
                           )::pg_catalog.int8,
           EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid OPERATOR(pg_catalog.=) c.oid AND ",
    is_of_extension!("t.tgfoid"),
    ")
      FROM pg_catalog.pg_class c
     WHERE c.relnamespace OPERATOR(pg_catalog.=) $1 AND c.relname OPERATOR(pg_catalog.=) ANY ($2)
           AND c.relname OPERATOR(pg_catalog.<>) 'tickets'
        OR c.oid OPERATOR(pg_catalog.=) $3"
);

/// A table's name, its rows, and whether it is phasegate's already.
type Size = (String, i64, bool);

fn sizes(schema: u32, tickets: u32, tables: &[&str]) -> Result<Vec<Size>> {
    let tables = tables.iter().map(|name| Some((*name).to_owned()));
    let rows = run_once(
        SIZES,
        &[
            (Type::Oid, Value::Oid(schema)),
            (Type::Texts, Value::Texts(tables.collect())),
            (Type::Oid, Value::Oid(tickets)),
        ],
    )?;
    Ok(rows
        .iter()
        .map(|row| {
            (
                row.name(1).unwrap_or_default(),
                row.big(2).unwrap_or(0),
                row.bool(3),
            )
        })
        .collect())
}

/// The steps of adopting tables.
pub(super) struct Adoption {
    large: Vec<Size>,
    loudness: Loudness,
}

impl Adoption {
    /// Looks at what the schema holds. To be made before NOTICEs are held back; needs an open session.
    pub fn of(site: &Site) -> Result<Self> {
        let mut large = sizes(site.schema, site.tickets().unwrap_or(0), &["tasks"])?;
        large.retain(|(_, rows, is_kept)| *rows >= ADOPTED && !is_kept);
        Ok(Adoption {
            large,
            loudness: Loudness::now()?,
        })
    }

    /// Tells what is about to be done with a table, if it is large and not a workspace's yet.
    pub fn begins(&self, table: &str, step: &str) {
        if self.large.iter().any(|(name, ..)| name == table) {
            self.loudness
                .notice(format!("adopting table \"{table}\": {step}"));
        }
    }
}

/// The steps of checking a workspace: whether it is large enough for them to be told.
pub(super) fn is_long_check(schema: u32) -> Result<bool> {
    let sizes = sizes(schema, 0, &["phase_history"])?;
    Ok(sizes.iter().any(|(_, rows, _)| *rows >= CHECKED))
}
