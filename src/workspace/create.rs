//! `create_workspace` and `detach_workspace`.

use super::progress::Adoption;
use super::{adopt, columns, in_schema, owner, phases, statements, upgrade};
use crate::error::{Code, Error};
use crate::pg::error::Result;
use crate::pg::role::{self, Rights};
use crate::pg::rows::Row;
use crate::pg::settings::Pinned;
use crate::pg::spi::{Session, quote_identifier, run_once, run_script};
use crate::pg::value::{Type, Value};
use crate::pg::{cache, catalog, catalog_rows, lock, server};
use crate::stamp::{Fit, NEEDS, SHAPE, Stamp};

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

/// Triggers FOR EACH ROW that do what one FOR EACH STATEMENT does, where statements may name a table above or below.
struct RowTrigger {
    table: &'static str,
    names: &'static [&'static str],
    make: &'static str,
}

const ROW_TRIGGERS: [RowTrigger; 2] = [
    RowTrigger {
        table: "tickets",
        names: &["aa_phasegate_written", "aa_phasegate_begin"],
        make: include_str!("../../sql/workflow/partitioned.sql"),
    },
    RowTrigger {
        table: "tasks",
        names: &["aa_phasegate_settled"],
        make: include_str!("../../sql/tasks/partitioned.sql"),
    },
];

impl RowTrigger {
    /// Makes them where the table is partitioned or a partition; elsewhere they would cost for nothing.
    fn make(&self, site: &Site) -> Result<()> {
        let Some(table) = catalog::table_in(site.schema, self.table) else {
            return Ok(());
        };
        let is_partitioned = catalog_rows::relation(table).is_some_and(|found| found.kind == b'p');
        if is_partitioned || catalog::is_partition(table) {
            return site.script(self.make);
        }
        self.names.iter().try_for_each(|name| {
            let table = self.table;
            site.script(&format!("DROP TRIGGER IF EXISTS {name} ON {{ws}}.{table}"))
        })
    }
}

/// What is put right in tasks that no trigger of ours has kept so far.
const ADOPT_TASKS: &str = include_str!("../../sql/tasks/adopt.sql");

/// Gives a statement for each object of the workspace that has no comment yet.
const COMMENTS: &str = include_str!("../../sql/workspace/comments.sql");

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
    require_same_version()?;
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
    let owner = owner_of(&site)?.unwrap_or_else(role::current);
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
    let always = enabled_always(&site)?;
    if stamp.is_none() {
        upgrade::from_unknown(&site)?;
    }
    make(&site, &always)
}

/// Makes what is missing, and triggers and views anew; `always` are the triggers that were enabled so. Needs an open
/// session with the owner's rights.
pub(super) fn make(site: &Site, always: &[Always]) -> Result<()> {
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
    for script in FINISH {
        site.script(script)?;
    }
    for row_trigger in &ROW_TRIGGERS {
        row_trigger.make(site)?;
    }
    enable_always(site, always)?;
    comments(site)?;
    progress.begins("tickets", "writing history");
    owner::hold_to_write(site.schema, "phase_history")?;
    adopt::histories(site)
}

/// Comments on what has none, for psql's `\d+`.
fn comments(site: &Site) -> Result<()> {
    run_each(COMMENTS, &[(Type::Oid, Value::Oid(site.schema))])
}

/// A trigger that also fires for replicated rows: its table and its own name.
pub(super) type Always = (String, String);

/// The triggers of ours that also fire for replicated rows, because the owner wants it so.
pub(super) fn enabled_always(site: &Site) -> Result<Vec<Always>> {
    let rows = run_once(
        "SELECT c.relname::pg_catalog.text, t.tgname::pg_catalog.text
           FROM pg_catalog.pg_trigger t
           JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.tgrelid
           JOIN pg_catalog.pg_depend d ON d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
                                      AND d.objid OPERATOR(pg_catalog.=) t.tgfoid
                                      AND d.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog.\"char\"
           JOIN pg_catalog.pg_extension e ON e.oid OPERATOR(pg_catalog.=) d.refobjid
          WHERE c.relnamespace OPERATOR(pg_catalog.=) $1 AND e.extname OPERATOR(pg_catalog.=) 'phasegate'
            AND NOT t.tgisinternal AND t.tgenabled OPERATOR(pg_catalog.=) 'A'",
        &[(Type::Oid, Value::Oid(site.schema))],
    )?;
    let read = |row: Row<'_>| Some((row.text(1)?, row.text(2)?));
    Ok(rows.iter().filter_map(read).collect())
}

/// Makes these triggers fire so again, as far as they are still there: one that is replaced does not.
fn enable_always(site: &Site, always: &[Always]) -> Result<()> {
    let (tables, triggers) = always.iter().cloned().unzip();
    let texts = |names: Vec<String>| {
        (
            Type::Texts,
            Value::Texts(names.into_iter().map(Some).collect()),
        )
    };
    run_each(
        "SELECT format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', t.tgrelid::regclass, t.tgname)
           FROM unnest($2, $3) AS a (relname, tgname)
           JOIN pg_class c ON c.relnamespace = $1 AND c.relname = a.relname
           JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname = a.tgname AND t.tgenabled <> 'A'
          ORDER BY 1",
        &[
            (Type::Oid, Value::Oid(site.schema)),
            texts(tables),
            texts(triggers),
        ],
    )
}

/// Drops all triggers of ours.
pub(super) fn drop_triggers(site: &Site) -> Result<()> {
    let _pinned = Pinned::search_path();
    run_each(
        "SELECT format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass)
           FROM pg_trigger t
           JOIN pg_class c ON c.oid = t.tgrelid
           JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = t.tgfoid AND d.deptype = 'e'
           JOIN pg_extension e ON e.oid = d.refobjid
          WHERE c.relnamespace = $1 AND e.extname = 'phasegate' AND NOT t.tgisinternal AND t.tgparentid = 0
          ORDER BY 1",
        &[(Type::Oid, Value::Oid(site.schema))],
    )
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

/// Whether the caller may make, or repair, a workspace of this name; and a number that stands for the name.
const MAY_MAKE: &str = "
    SELECT coalesce(
               (SELECT pg_catalog.has_schema_privilege(n.oid, 'CREATE')
                       OR EXISTS (SELECT FROM pg_catalog.pg_class c
                                   WHERE c.relnamespace OPERATOR(pg_catalog.=) n.oid
                                     AND c.relname OPERATOR(pg_catalog.=) 'tickets'
                                     AND pg_catalog.pg_has_role(c.relowner, 'USAGE'))
                  FROM pg_catalog.pg_namespace n WHERE n.nspname OPERATOR(pg_catalog.=) $1::pg_catalog.name),
               pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')),
           pg_catalog.hashtext($1)::pg_catalog.oid";

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

/// Drops phasegate's triggers and views from the workspace; tables and rows stay.
pub fn detach(name: &str) -> Result<()> {
    cache::accept_invalidations();
    let workspace = super::Workspace::named(name)?;
    if !role::acts_for(workspace.owner) {
        return Err(Error::new(Code::NotOwner, "must be owner of table tickets"));
    }
    let _session = Session::open()?;
    let _pinned = Pinned::search_path();
    let _rights = workspace.as_owner();
    run_script(&workspace.in_workspace(DETACH))?;
    drop_triggers(&Site {
        schema: workspace.schema,
        quoted: workspace.quoted.clone(),
    })
}
