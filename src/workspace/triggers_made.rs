//! Triggers that others make on a workspace's tables, looked at when they are made.
//!
//! Whoever has the TRIGGER privilege on a table may put a trigger in the place of one of ours, by CREATE OR REPLACE and with a
//! condition that never holds, or make one that fires after ours and writes another row than the one that was decided about. The
//! server has no right between that one and owning the table. But it calls an event trigger once a trigger was made, and what that
//! refuses is taken back. Names tell: triggers of one event fire in their order.

use crate::error::{Code, Error};
use crate::pg::call::{Answer, Call};
use crate::pg::catalog;
use crate::pg::error::Result;
use crate::pg::role;
use crate::pg::spi::{Session, run_once};
use crate::pg::value::{Type, Value};

/// What the names of all triggers of ours have in them.
const OURS: &str = "phasegate";

/// Where the names begin of our triggers that have the last word about a row.
const LAST: &str = "zz_phasegate";

const MADE: &str = "
    SELECT t.tgname::pg_catalog.text, t.tgrelid
      FROM pg_catalog.pg_event_trigger_ddl_commands() d
      JOIN pg_catalog.pg_trigger t ON t.oid OPERATOR(pg_catalog.=) d.objid
     WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_trigger'::pg_catalog.regclass::pg_catalog.oid";

/// A table of another role's that has triggers of ours: the table itself, or one of its partitions, which get its triggers.
const GUARDED: &str = "
    WITH RECURSIVE tree (oid) AS (
        SELECT $1
        UNION
        SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN tree ON i.inhparent OPERATOR(pg_catalog.=) tree.oid)
    SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
      FROM tree
      JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) tree.oid
      JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
     WHERE NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
       AND EXISTS (SELECT FROM pg_catalog.pg_trigger t
                     JOIN pg_catalog.pg_depend d ON d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
                                                AND d.objid OPERATOR(pg_catalog.=) t.tgfoid
                                                AND d.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog.\"char\"
                     JOIN pg_catalog.pg_extension e ON e.oid OPERATOR(pg_catalog.=) d.refobjid
                    WHERE t.tgrelid OPERATOR(pg_catalog.=) tree.oid AND e.extname OPERATOR(pg_catalog.=) 'phasegate')
     ORDER BY c.oid LIMIT 1";

/// `_trigger_made()`, which the event trigger calls after each CREATE TRIGGER: of a name of ours, or one that sorts after them, who
/// makes one on a table of a workspace has the rights of the table's owner.
pub fn look(_call: &Call) -> Result<Answer> {
    if role::is_superuser(role::current()) {
        return Ok(None);
    }
    let _session = Session::open()?;
    for row in run_once(MADE, &[])?.iter() {
        let (trigger, table) = (row.text(1).unwrap_or_default(), row.oid(2).unwrap_or(0));
        // Names are compared byte by byte.
        if trigger.contains(OURS) || trigger.as_str() >= LAST {
            require_owner(&trigger, table)?;
        }
    }
    Ok(None)
}

fn require_owner(trigger: &str, table: u32) -> Result<()> {
    let relation = catalog::relation(table);
    if relation.is_some_and(|found| role::acts_for(found.owner) && !found.has_children) {
        return Ok(());
    }
    let rows = run_once(GUARDED, &[(Type::Oid, Value::Oid(table))])?;
    let Some(guarded) = rows.first().and_then(|row| row.text(1)) else {
        return Ok(());
    };
    Err(Error::new(
        Code::TriggerOfOther,
        format!("trigger \"{trigger}\" on table {guarded} is for the table's owner to make"),
    )
    .detail(format!(
        "A trigger whose name has \"{OURS}\" in it, or sorts after \"{LAST}\", can take the place of one of phasegate's, or change a row that phasegate has decided about."
    ))
    .hint("Give it a name that sorts before, or let a role with the owner's rights make it."))
}
