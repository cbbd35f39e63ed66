//! `create_workspace`: makes a workspace, adopts what is there, repairs what is missing.

use super::alone::Work;
use super::differences::differences;
use super::full_name::full_name;
use super::progress::Adoption;
use super::quiet::quietly;
use super::shape::TABLES;
use super::site::Site;
use super::standing::Labels;
use super::survey::survey;
use super::{
    adopt, citus, columns, distribute, found, own_triggers, owner, phases, repair, run_once, site,
    steps, tickets_table, views,
};
use crate::error::{Code, Error};
use crate::labels;
use crate::pg::error::Result;
use crate::pg::lock::{self, Purpose};
use crate::pg::role::{self, Rights};
use crate::pg::settings::Pinned;
use crate::pg::spi::{Session, quote_identifier, run_script};
use crate::pg::value::{Type, Value};
use crate::pg::{cache, catalog, transaction};
use crate::problems::Problem;
use crate::stamp::Fit;
use pgrx::pg_sys;

/// A table of the workspace: its name, the script that makes it and its indexes, and its default rows.
struct Room {
    /// Makes the room's tables and indexes where they are missing.
    tables: &'static str,
    /// The configuration table and the rows that it starts with.
    defaults: Option<(&'static str, &'static str)>,
}

/// The table of tickets of a workspace that does not take one that is there.
const TICKETS: &str = include_str!("../../sql/workflow/tickets.sql");

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

/// The statement that makes the table of phases, the first of an adoption in steps.
pub(super) const PHASES: &str = include_str!("../../sql/workflow/phases.sql");

/// The scripts that make tables and their indexes.
pub(super) fn tables() -> impl Iterator<Item = &'static str> {
    std::iter::once(PHASES).chain(ROOMS.iter().map(|room| room.tables))
}

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

/// What `create_workspace` is asked for.
pub struct Wanted {
    /// The schema's name.
    pub workspace: String,
    /// The table that holds the tickets, where it is not `tickets` of the schema.
    pub tickets: Option<u32>,
    /// The phases of a new workspace, where they are not the usual ones.
    pub phases: Option<Vec<String>>,
    /// Whether a new workspace starts with the usual edges, templates and gates.
    pub defaults: bool,
}

impl Wanted {
    /// The table of tickets that the schema has, or is to have: the one asked for, where it has none.
    fn tickets(&self, schema: u32) -> Result<Option<u32>> {
        tickets_table::require_own(schema)?;
        let found = tickets_table::to_be(schema)?;
        let Some(wanted) = self.tickets else {
            if found.is_none() {
                tickets_table::require_told(schema)?;
            }
            return Ok(found);
        };
        let is_table = |table: u32| {
            let relation = catalog::relation(table);
            relation.is_some_and(|relation| matches!(relation.kind, b'r' | b'p'))
        };
        let is_passing = catalog::schema_of(wanted).is_some_and(catalog::is_temporary);
        if !is_table(wanted) || is_passing || wanted < pg_sys::FirstNormalObjectId {
            return Err(Error::invalid_argument(
                "tickets must be a table",
                format!(
                    "\"{}\" is not a permanent ordinary or partitioned table.",
                    full_name(wanted)
                ),
            ));
        }
        // A view of that name is nobody's tickets.
        match found.filter(|found| *found != wanted && is_table(*found)) {
            None => Ok(Some(wanted)),
            Some(other) => Err(Error::new(
                Code::TicketsTaken,
                format!(
                    "workspace \"{}\" has another table of tickets already",
                    self.workspace
                ),
            )
            .detail(format!("Its tickets are in table {}.", full_name(other)))
            .hint("Make the workspace in another schema.")),
        }
    }
}

/// Makes the schema a workspace, adopts what it holds, or repairs what it is missing.
pub fn create(wanted: &Wanted) -> Result<()> {
    let _session = Session::open()?;
    let is_wanted = distribute::is_wanted()?;
    let _making = distribute::making();
    let (mut site, owner) = site_of(wanted, Purpose::Defining)?;
    let stamp = site.stamp();
    if super::adopting::is_under_way(site.schema) && stamp.is_none() {
        return Err(super::adopting::unfinished(&wanted.workspace));
    }
    let _rights = Rights::of(owner);
    let mut always = None;
    let is_placed = citus::is_distributed(site.schema)?;
    if is_placed || is_wanted && stamp.is_none() {
        distribute::require_coordinator(&wanted.workspace)?;
        distribute::require_own_tickets(&site)?;
        if is_placed && stamp.is_some() && differences(&site)?.all.is_empty() {
            return Ok(());
        }
        site = site.distributed();
    }
    if is_placed {
        let (back, known) = distribute::bring_back(&site)?;
        (site, always) = (back, Some(known));
    }
    let progress = Adoption::of(&site)?;
    owner::hold(&site, owner)?;
    progress.begins("tickets", "checking rows");
    let survey = survey(&site, owner, wanted.phases.as_deref())?;
    survey.require_fit()?;
    let always = match always {
        Some(always) => always,
        None => own_triggers::enabled_always(&site)?,
    };
    if stamp.is_none() {
        steps::from_unknown(&site)?;
    }
    make(&site, &always, &survey.labels, wanted.defaults)?;
    match site.is_distributed {
        true => distribute::tell_casts(&site),
        false => Ok(()),
    }
}

/// What is in the way of [`create`], which changes nothing.
pub(super) fn report(wanted: &Wanted) -> Result<Vec<Problem>> {
    let _session = Session::open()?;
    // Where there is no such schema yet nothing is in it.
    let schema = catalog::schema_by_name(&wanted.workspace).unwrap_or(0);
    let tickets = wanted.tickets(schema)?;
    let site = Site::held(schema, quote_identifier(&wanted.workspace)?, tickets)?;
    let owner = site::owner_of(&site)?.unwrap_or_else(role::current);
    let _rights = Rights::of(owner);
    site.belongs_to(owner);
    Ok(survey(&site, owner, wanted.phases.as_deref())?.problems)
}

/// The schema that is meant, made where it is not there, and whose the workspace is or will be. Locks the table of tickets for
/// that purpose, where it is no workspace's yet. Needs an open session.
pub(super) fn site_of(wanted: &Wanted, purpose: Purpose) -> Result<(Site, u32)> {
    transaction::require_writable();
    let name = wanted.workspace.as_str();
    // The only one that Rust's strings can carry.
    let encoding = "SELECT pg_catalog.getdatabaseencoding()::pg_catalog.text";
    let encoding = run_once(encoding, &[])?.first().and_then(|row| row.text(1));
    if encoding.as_deref() != Some("UTF8") {
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
    site::require_same_version()?;
    let quoted = quote_identifier(name)?;
    alone(name, wanted.tickets)?;
    if catalog::schema_by_name(name).is_none() {
        let _pinned = Pinned::search_path();
        run_script(&format!("CREATE SCHEMA {quoted}"))?;
    }
    let Some(schema) = catalog::schema_by_name(name) else {
        return Err(Error::new(Code::Internal, "could not create the schema"));
    };
    let tickets = wanted.tickets(schema)?;
    let site = Site::held(schema, quoted, tickets)?;
    let owner = site::owner_of(&site)?.unwrap_or_else(role::current);
    if let Some(table) = tickets {
        let purpose = match site.stamp() {
            Some(_) => Purpose::Alone,
            None => purpose,
        };
        lock::table(table, purpose);
        tickets_table::require_free(table, schema)?;
    }
    if let Some(stamp) = site.stamp() {
        match stamp.fit() {
            Fit::Current => {}
            // An upgrade holds up everybody who uses the workspace: it is not done by the way.
            Fit::TooOld | Fit::Behind => return Err(Error::workspace_older(name, stamp.shape)),
            Fit::Ahead | Fit::TooNew => return Err(Error::workspace_newer(name, stamp.shape)),
        }
    }
    Ok((site, owner))
}

/// Makes what is missing, and triggers and views anew; `always` are the triggers that were enabled so. Needs an open
/// session with the owner's rights.
pub(super) fn make(
    site: &Site,
    always: &[own_triggers::Always],
    labels: &Labels,
    defaults: bool,
) -> Result<()> {
    adopt::hold_tickets(site);
    super::inheritance::refuse(site.tables().heirless())?;
    let progress = Adoption::of(site)?;
    let _pinned = Pinned::search_path();
    adopt::phase_type(site, labels)?;
    let (had_tasks, had_tickets) = (site.has("tasks"), site.tickets().is_some());
    let had_history = site.has("phase_history") && !adopt::is_kept(site, "phase_history")?;
    for name in TABLES {
        let Some(table) = found::table(site, name)? else {
            continue;
        };
        let changes = columns::changes(site, &table)?;
        if !changes.is_empty() {
            progress.begins(name, "adding and converting columns");
        }
        changes.make(site, &table)?;
    }
    for name in ["tickets", "tasks"] {
        progress.begins(name, "checking constraints");
    }
    repair::constraints(site)?;
    progress.begins("tasks", "building indexes");
    rooms(site, labels, defaults)?;
    index_phases(site)?;
    if !had_tickets {
        repair::constraints(site)?;
    }
    if had_tasks {
        progress.begins("tasks", "settling states and dependencies");
        settle(site)?;
    }
    vacuum_often(site)?;
    progress.begins("tickets", "writing history");
    finish(site, always, |site| {
        if had_history {
            adopt::starts(site)?;
            adopt::last_moves(site)?;
        }
        adopt::histories(site, "true")
    })?;
    comments(site, !had_tickets)
}

/// Puts right what contradicts itself in tasks that no trigger of ours has kept so far.
pub(super) fn settle(site: &Site) -> Result<()> {
    if adopt::is_kept(site, "tasks")? {
        return Ok(());
    }
    match found::table(site, "tasks")? {
        Some(tasks) => quietly(site, &tasks, || site.script(ADOPT_TASKS)),
        None => Ok(()),
    }
}

/// The last of it, after which it is a workspace: history, triggers, views.
pub(super) fn finish(
    site: &Site,
    always: &[own_triggers::Always],
    histories: impl FnOnce(&Site) -> Result<()>,
) -> Result<()> {
    // Until the triggers are there nobody moves a ticket whose history is written.
    adopt::hold_tickets(site);
    owner::hold_to_write(site, "phase_history")?;
    histories(site)?;
    if site.is_distributed {
        distribute::place(site)?;
    }
    repair::stray_triggers(site)?;
    views::make_room(site)?;
    // One by one, as Citus wants them.
    for statement in FINISH
        .iter()
        .flat_map(|script| script.split_inclusive(";\n"))
    {
        site.script(statement)?;
    }
    views::seal(site)?;
    own_triggers::row_triggers(site)?;
    own_triggers::enable_always(always)?;
    site.require_all_own()
}

/// Makes the rooms' tables and indexes where they are missing; new ones of configuration with the rows that they start with.
pub(super) fn rooms(site: &Site, labels: &Labels, defaults: bool) -> Result<()> {
    let are_usual = labels::are_usual(&labels.labels);
    if site.tickets().is_none() {
        repair::tables(site, TICKETS)?;
    }
    let has_phases = site.has("phases");
    repair::tables(site, PHASES)?;
    if !has_phases {
        phases::fill(site, &labels.labels)?;
    }
    for room in &ROOMS {
        let fresh = room
            .defaults
            .is_some_and(|(configuration, _)| !site.has(configuration));
        repair::tables(site, room.tables)?;
        let Some((configuration, rows)) = room.defaults.filter(|_| fresh) else {
            continue;
        };
        match configuration {
            "phase_transitions" if !are_usual => phases::edges(site, &labels.labels)?,
            "phase_transitions" => {
                site.script(rows)?;
                if !defaults {
                    site.script("UPDATE {ws}.phase_transitions SET requires_gate = false WHERE requires_gate")?;
                }
            }
            _ if are_usual && defaults => site.script(rows)?,
            _ => {}
        }
    }
    Ok(())
}

/// Makes the index by which tickets are found by their phase, the oldest there first, unless the table has one. Its name is the
/// server's choice: tickets of several workspaces may be in one schema.
pub(super) fn index_phases(site: &Site) -> Result<()> {
    let Some(tickets) = site.tickets() else {
        return Ok(());
    };
    let names = site.names()?;
    let name = |column| (Type::Text, Value::text(Some(names.actual(column))));
    site::run_each(
        "SELECT format('CREATE INDEX ON %s (%I, %I)', $1::regclass, p.attname, e.attname)
           FROM pg_attribute p, pg_attribute e
          WHERE p.attrelid = $1 AND p.attname = $2::name AND e.attrelid = $1 AND e.attname = $3::name
            AND NOT EXISTS (SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
                             WHERE i.indrelid = $1 AND i.indisvalid AND i.indpred IS NULL AND a.amname = 'btree'
                               AND i.indkey[0] = p.attnum AND i.indkey[1] = e.attnum)",
        &[
            (Type::Oid, Value::Oid(tickets)),
            name("phase_id"),
            name("phase_entered_at"),
        ],
    )
}

/// Gives a `tasks` table that was adopted or upgraded the settings of autovacuum that a new one has, unless the owner chose any.
/// A partitioned table has none; those of its partitions are the owner's.
pub(super) fn vacuum_often(site: &Site) -> Result<()> {
    site::run_each(
        "SELECT format('ALTER TABLE %s SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000)',
                       c.oid::regclass)
           FROM pg_class c
          WHERE c.relnamespace = $1 AND c.relname = 'tasks' AND c.relkind = 'r'
            AND coalesce(array_to_string(c.reloptions, ' '), '') !~ 'autovacuum_'",
        &[(Type::Oid, Value::Oid(site.schema))],
    )
}

/// Comments on what has none, for psql's `\d+`. What is said of an application's own table is the application's: its migrations
/// would find the comments, and take them away.
pub(super) fn comments(site: &Site, are_tickets_ours: bool) -> Result<()> {
    let [schema, tickets] = site.parameters();
    let tickets = match are_tickets_ours {
        true => tickets,
        false => (Type::Oid, Value::Null),
    };
    let names = site.names()?;
    let (ours, actual) = names.columns().unzip();
    let texts = |texts: Vec<String>| {
        (
            Type::Texts,
            Value::Texts(texts.into_iter().map(Some).collect()),
        )
    };
    site::run_each(COMMENTS, &[schema, tickets, texts(ours), texts(actual)])
}

/// One making of a workspace at a time, until the transaction ends: of two at once, as of two services that start,
/// the second finds the schema there. Who may not make it neither waits nor keeps others waiting: what comes next
/// refuses.
fn alone(name: &str, tickets: Option<u32>) -> Result<()> {
    if let Some(number) = site::may_make(name, tickets)? {
        if catalog::schema_by_name(name).is_none() {
            Work::Making(number).alone();
        }
        if let Some(schema) = catalog::schema_by_name(name) {
            Work::Defining(schema).alone();
        }
    }
    cache::accept_invalidations();
    Ok(())
}
