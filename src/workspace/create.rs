//! `create_workspace` and `detach_workspace`.

use super::{SHAPE, adopt, in_schema};
use crate::error::{Code, Error};
use crate::pg::error::Result;
use crate::pg::role::{self, Rights};
use crate::pg::settings::Pinned;
use crate::pg::spi::{Session, quote_identifier, run_once, run_script};
use crate::pg::value::{Type, Value};
use crate::pg::{cache, catalog};

/// A table of the workspace: its name, the script that makes it and its indexes, and its default rows.
struct Room {
    /// Makes the room's tables and indexes where they are missing.
    tables: &'static str,
    /// The configuration table and the rows that it starts with.
    defaults: Option<(&'static str, &'static str)>,
}

const ROOMS: [Room; 4] = [
    Room {
        tables: include_str!("../../sql/workflow/tables.sql"),
        defaults: Some((
            "phase_transitions",
            include_str!("../../sql/workflow/defaults.sql"),
        )),
    },
    Room {
        tables: include_str!("../../sql/tasks/tables.sql"),
        defaults: Some((
            "task_templates",
            include_str!("../../sql/tasks/defaults.sql"),
        )),
    },
    Room {
        tables: include_str!("../../sql/gates/tables.sql"),
        defaults: Some((
            "phase_gate_requirements",
            include_str!("../../sql/gates/defaults.sql"),
        )),
    },
    Room {
        tables: include_str!("../../sql/context/tables.sql"),
        defaults: None,
    },
];

/// What refers to the tables of several rooms, made after all of them.
const FINISH: [&str; 6] = [
    include_str!("../../sql/workflow/views.sql"),
    include_str!("../../sql/workflow/triggers.sql"),
    include_str!("../../sql/tasks/views.sql"),
    include_str!("../../sql/tasks/triggers.sql"),
    include_str!("../../sql/gates/triggers.sql"),
    include_str!("../../sql/context/triggers.sql"),
];

/// What is put right in tasks that no trigger of ours has kept so far.
const ADOPT_TASKS: &str = include_str!("../../sql/tasks/adopt.sql");

const DETACH: &str = include_str!("../../sql/workspace/detach.sql");

/// A schema that is being made into a workspace.
pub(super) struct Site {
    /// The schema's OID.
    pub schema: u32,
    /// The schema's name, quoted.
    pub quoted: String,
}

impl Site {
    pub(super) fn script(&self, sql: &str) -> Result<()> {
        // The schema's name goes in last: it may itself hold braces.
        run_script(&in_schema(&sql.replace("{shape}", SHAPE), &self.quoted))
    }

    pub(super) fn has(&self, table: &str) -> bool {
        catalog::table_in(self.schema, table).is_some()
    }
}

/// Makes the schema a workspace, adopts what it holds, or repairs what it is missing.
pub fn create(name: &str) -> Result<()> {
    if !catalog::is_utf8_database() {
        return Err(Error::new(
            Code::NotSupported,
            "phasegate needs a database with encoding UTF8",
        ));
    }
    if name.is_empty()
        || name.starts_with("pg_")
        || name == "phasegate"
        || name == "information_schema"
    {
        return Err(Error::invalid_argument(
            "workspace cannot have this name",
            format!("\"{name}\" is empty or reserved."),
        ));
    }
    let _session = Session::open()?;
    let _pinned = Pinned::search_path();
    let quoted = quote_identifier(name)?;
    lock(name)?;
    if catalog::schema_by_name(name).is_none() {
        run_script(&format!("CREATE SCHEMA {quoted}"))?;
    }
    let Some(schema) = catalog::schema_by_name(name) else {
        return Err(Error::new(Code::Internal, "could not create the schema"));
    };
    let site = Site { schema, quoted };
    let owner = owner(&site)?;
    let _rights = Rights::of(owner);

    adopt::require_owner(&site, owner)?;
    adopt::phase_type(&site)?;
    let adopted = adopt::tables(&site)?;
    for room in &ROOMS {
        let fresh = room
            .defaults
            .is_some_and(|(configuration, _)| !site.has(configuration));
        site.script(room.tables)?;
        if let Some((_, rows)) = room.defaults
            && fresh
        {
            site.script(rows)?;
        }
    }
    adopt::identifiers(&site)?;
    adopt::constraints(&site, &adopted)?;
    if adopted.contains(&"tasks") && !adopt::is_kept(&site, "tasks")? {
        site.script(ADOPT_TASKS)?;
    }
    for script in FINISH {
        site.script(script)?;
    }
    adopt::histories(&site)
}

/// One making of a workspace at a time, until the transaction ends: of two at once, as of two services that start,
/// the second finds the schema there. The lock is on the name in pg_namespace (2615).
fn lock(name: &str) -> Result<()> {
    run_once(
        "SELECT pg_advisory_xact_lock(2615, hashtext($1))",
        &[(Type::Text, Value::text(Some(name)))],
    )?;
    cache::accept_invalidations();
    Ok(())
}

/// The role that the workspace is made for: the owner of a `tickets` table that is there, else the caller.
fn owner(site: &Site) -> Result<u32> {
    let rows = run_once(
        "SELECT relowner FROM pg_catalog.pg_class WHERE relnamespace OPERATOR(pg_catalog.=) $1
            AND relname OPERATOR(pg_catalog.=) 'tickets'",
        &[(Type::Oid, Value::Oid(site.schema))],
    )?;
    let Some(owner) = rows.first().and_then(|row| row.oid(1)) else {
        return Ok(role::current());
    };
    if !role::acts_for(owner) {
        return Err(Error::new(
            Code::InsufficientPrivilege,
            "must be owner of table tickets",
        ));
    }
    Ok(owner)
}

/// Drops phasegate's triggers and views from the workspace; tables and rows stay.
pub fn detach(name: &str) -> Result<()> {
    cache::accept_invalidations();
    let workspace = super::Workspace::named(name)?;
    if !role::acts_for(workspace.owner) {
        return Err(Error::new(
            Code::InsufficientPrivilege,
            "must be owner of table tickets",
        ));
    }
    let _session = Session::open()?;
    let _pinned = Pinned::search_path();
    let _rights = workspace.as_owner();
    run_script(&workspace.in_workspace(DETACH))?;
    let rows = run_once(
        "SELECT format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass)
           FROM pg_trigger t
           JOIN pg_class c ON c.oid = t.tgrelid
           JOIN pg_proc p ON p.oid = t.tgfoid
           JOIN pg_namespace n ON n.oid = p.pronamespace
          WHERE c.relnamespace = $1 AND n.nspname = 'phasegate' AND NOT t.tgisinternal
          ORDER BY 1",
        &[(Type::Oid, Value::Oid(workspace.schema))],
    )?;
    let drops: Vec<String> = rows.iter().filter_map(|row| row.text(1)).collect();
    drops.iter().try_for_each(|drop| run_script(drop))
}
