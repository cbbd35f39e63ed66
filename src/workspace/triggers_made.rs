//! Triggers that others make on a workspace's tables, looked at when they are made.
//!
//! Whoever has the TRIGGER privilege on a table may put a trigger in the place of one of ours, by CREATE OR REPLACE and with a
//! condition that never holds, or make one that fires after ours and writes another row than the one that was decided about, or
//! one that has the owner's own functions leave rows out. And what the owner's triggers and foreign keys write is written with the
//! owner's rights, with which theirs would run. The server has no right between that one and owning the table. But it calls an
//! event trigger once a trigger was made, and what that refuses is taken back.

use super::run_once;
use super::table_triggers::is_of_extension;
use crate::error::{Code, Error};
use crate::pg::call::{Answer, Call};
use crate::pg::catalog;
use crate::pg::error::Result;
use crate::pg::role;
use crate::pg::spi::Session;
use crate::pg::value::{Type, Value};
use crate::privileges;

const MADE: &str = "
    SELECT t.tgname::pg_catalog.text, t.tgrelid
      FROM pg_catalog.pg_event_trigger_ddl_commands() d
      JOIN pg_catalog.pg_trigger t ON t.oid OPERATOR(pg_catalog.=) d.objid
     WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_trigger'::pg_catalog.regclass::pg_catalog.oid";

/// A table of another role's that has triggers of ours, or refers to one that has by a foreign key: the table itself, or one of its
/// partitions, which get its triggers. `phase_context` has none of ours: it is known by `phase_history` in its schema.
const GUARDED: &str = concat!("
    WITH RECURSIVE tree (oid) AS (
        SELECT $1
        UNION
        SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN tree ON i.inhparent OPERATOR(pg_catalog.=) tree.oid),
    written (oid, with_table) AS (
        SELECT tree.oid, tree.oid FROM tree
         UNION ALL
        SELECT f.conrelid, f.confrelid
          FROM tree
          JOIN pg_catalog.pg_constraint f ON f.conrelid OPERATOR(pg_catalog.=) tree.oid
         WHERE f.contype OPERATOR(pg_catalog.=) 'f'::pg_catalog.\"char\"),
    known (oid, by_table) AS (
        SELECT w.oid, w.with_table FROM written w
         UNION ALL
        SELECT w.oid, history.oid
          FROM written w
          JOIN pg_catalog.pg_class context ON context.oid OPERATOR(pg_catalog.=) w.with_table
          JOIN pg_catalog.pg_class history ON history.relnamespace OPERATOR(pg_catalog.=) context.relnamespace
         WHERE context.relname OPERATOR(pg_catalog.=) 'phase_context' AND history.relname OPERATOR(pg_catalog.=) 'phase_history')
    SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
      FROM known
      JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) known.oid
      JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
     WHERE NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
       AND EXISTS (SELECT FROM pg_catalog.pg_trigger t
                    WHERE t.tgrelid OPERATOR(pg_catalog.=) known.by_table
                      AND ",
    is_of_extension!("t.tgfoid"),
    ")
     ORDER BY c.oid LIMIT 1"
);

/// `_trigger_made()`, which the event trigger calls after each CREATE TRIGGER: on a table of a workspace it is for who has the rights
/// of the table's owner to make, and on one that refers to such a table.
pub fn look(_call: &Call) -> Result<Answer> {
    if role::is_superuser(role::current()) {
        return Ok(None);
    }
    let _session = Session::open()?;
    let made = run_once(MADE, &[])?;
    if made.is_empty() {
        return Err(Error::new(
            Code::TriggerOfOther,
            "a trigger was made where it cannot be looked at",
        )
        .detail("Within REFRESH MATERIALIZED VIEW the server does not tell which triggers are made, and phasegate leaves those on a workspace's tables to their owner.")
        .hint("Make it in a statement of its own."));
    }
    for row in made.iter() {
        let (trigger, table) = (row.text(1).unwrap_or_default(), row.oid(2).unwrap_or(0));
        let relation = catalog::relation(table);
        if relation.is_some_and(|found| privileges::acts_for(found.owner) && !found.has_children) {
            continue;
        }
        let rows = run_once(GUARDED, &[(Type::Oid, Value::Oid(table))])?;
        let Some(guarded) = rows.first().and_then(|row| row.text(1)) else {
            continue;
        };
        return Err(Error::new(
            Code::TriggerOfOther,
            format!("trigger \"{trigger}\" on table {guarded} is for the table's owner to make"),
        )
        .detail("The table is a workspace's, or refers to one of it by a foreign key. The privilege TRIGGER would let its holder overrule what phasegate decides, and run code with the owner's rights.")
        .hint("Let a role with the owner's rights make it."));
    }
    Ok(None)
}
