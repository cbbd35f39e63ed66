//! `create_workspace`: makes a workspace, adopts what is there, repairs what is missing.

use super::progress::Adoption;
use super::site::Site;
use super::{adopt, columns, own_triggers, owner, phases, site, steps};
use crate::error::{Code, Error};
use crate::pg::error::Result;
use crate::pg::role::{self, Rights};
use crate::pg::settings::Pinned;
use crate::pg::spi::{Session, quote_identifier, run_once, run_script};
use crate::pg::value::{Type, Value};
use crate::pg::{cache, catalog, lock};
use crate::stamp::Fit;

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
const FINISH: [&str; 5] = [
    include_str!("../../sql/workflow/views.sql"),
    include_str!("../../sql/workflow/triggers.sql"),
    include_str!("../../sql/tasks/views.sql"),
    include_str!("../../sql/tasks/triggers.sql"),
    include_str!("../../sql/gates/triggers.sql"),
];

/// What is put right in tasks that no trigger of ours has kept so far.
const ADOPT_TASKS: &str = include_str!("../../sql/tasks/adopt.sql");

/// Gives a statement for each object of the workspace that has no comment yet.
const COMMENTS: &str = include_str!("../../sql/workspace/comments.sql");

/// Makes the schema a workspace, adopts what it holds, or repairs what it is missing.
pub fn create(name: &str) -> Result<()> {
    if !catalog::is_utf8_database() {
        return Err(Error::new(
            Code::EncodingNotSupported,
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
    site::require_same_version()?;
    super::citus::refuse_sharding()?;
    let quoted = quote_identifier(name)?;
    lock(name)?;
    if catalog::schema_by_name(name).is_none() {
        let _pinned = Pinned::search_path();
        run_script(&format!("CREATE SCHEMA {quoted}"))?;
    }
    let Some(schema) = catalog::schema_by_name(name) else {
        return Err(Error::new(Code::Internal, "could not create the schema"));
    };
    let site = Site { schema, quoted };
    let owner = site::owner_of(&site)?.unwrap_or_else(role::current);
    let stamp = site.stamp();
    if let Some(stamp) = stamp {
        match stamp.fit() {
            Fit::Current => {}
            // An upgrade holds up everybody who uses the workspace: it is not done by the way.
            Fit::TooOld | Fit::Behind => return Err(Error::workspace_older(name, stamp.shape)),
            Fit::Ahead | Fit::TooNew => return Err(Error::workspace_newer(name, stamp.shape)),
        }
    }
    let _rights = Rights::of(owner);
    owner::hold(site.schema, owner)?;
    adopt::require_owner(&site, owner)?;
    let always = own_triggers::enabled_always(&site)?;
    if stamp.is_none() {
        steps::from_unknown(&site)?;
    }
    make(&site, &always)
}

/// Makes what is missing, and triggers and views anew; `always` are the triggers that were enabled so. Needs an open
/// session with the owner's rights.
pub(super) fn make(site: &Site, always: &[own_triggers::Always]) -> Result<()> {
    super::inheritance::refuse(site.schema)?;
    let progress = Adoption::of(site)?;
    let _pinned = Pinned::search_path();
    adopt::phase_type(site)?;
    let adopted = columns::tables(site, &progress)?;
    progress.begins("tasks", "building indexes");
    for room in &ROOMS {
        let fresh = room
            .defaults
            .is_some_and(|(configuration, _)| !site.has(configuration));
        let has_phases = site.has("phases");
        site.script(room.tables)?;
        if !has_phases {
            phases::fill(site)?;
        }
        if let Some((_, rows)) = room.defaults
            && fresh
        {
            site.script(rows)?;
        }
    }
    adopt::identifiers(site)?;
    adopt::constraints(site, &adopted, &progress)?;
    if adopted.contains(&"tasks") && !adopt::is_kept(site, "tasks")? {
        progress.begins("tasks", "settling states and dependencies");
        owner::hold_to_write(site.schema, "tasks")?;
        site.script(ADOPT_TASKS)?;
    }
    vacuum_often(site)?;
    for script in FINISH {
        site.script(script)?;
    }
    own_triggers::row_triggers(site)?;
    own_triggers::enable_always(site, always)?;
    comments(site)?;
    progress.begins("tickets", "writing history");
    owner::hold_to_write(site.schema, "phase_history")?;
    adopt::histories(site)
}

/// Gives a `tasks` table that was adopted or upgraded the settings of autovacuum that a new one has, unless the owner chose any.
/// A partitioned table has none; those of its partitions are the owner's.
fn vacuum_often(site: &Site) -> Result<()> {
    site::run_each(
        "SELECT format('ALTER TABLE %s SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000)',
                       c.oid::regclass)
           FROM pg_class c
          WHERE c.relnamespace = $1 AND c.relname = 'tasks' AND c.relkind = 'r'
            AND coalesce(array_to_string(c.reloptions, ' '), '') !~ 'autovacuum_'",
        &[(Type::Oid, Value::Oid(site.schema))],
    )
}

/// Comments on what has none, for psql's `\d+`.
fn comments(site: &Site) -> Result<()> {
    site::run_each(COMMENTS, &[(Type::Oid, Value::Oid(site.schema))])
}

/// One making of a workspace at a time, until the transaction ends: of two at once, as of two services that start,
/// the second finds the schema there. Who may not make it neither waits nor keeps others waiting: what comes next
/// refuses.
fn lock(name: &str) -> Result<()> {
    let rows = run_once(MAY_MAKE, &[(Type::Text, Value::text(Some(name)))])?;
    if let Some(row) = rows.first()
        && row.bool(1)
        && let Some(key) = row.oid(2)
    {
        lock::key(key);
    }
    cache::accept_invalidations();
    Ok(())
}

/// Whether the caller may make, or repair, a workspace of this name; and a number that stands for the name. A standby
/// has no such locks: what comes next is refused there as everything that writes is.
const MAY_MAKE: &str = "
    SELECT NOT pg_catalog.pg_is_in_recovery() AND coalesce(
               (SELECT pg_catalog.has_schema_privilege(n.oid, 'CREATE')
                       OR EXISTS (SELECT FROM pg_catalog.pg_class c
                                   WHERE c.relnamespace OPERATOR(pg_catalog.=) n.oid
                                     AND c.relname OPERATOR(pg_catalog.=) 'tickets'
                                     AND pg_catalog.pg_has_role(c.relowner, 'USAGE'))
                  FROM pg_catalog.pg_namespace n WHERE n.nspname OPERATOR(pg_catalog.=) $1::pg_catalog.name),
               pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')),
           pg_catalog.hashtext($1)::pg_catalog.oid";
