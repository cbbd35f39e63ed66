//! `distribute_workspace`, and making, repairing or upgrading what Citus has distributed, or is to.
//!
//! Citus takes over tables that have no triggers, and views over them only afterwards; what changes tables and rows at once it
//! does not take at all. So the tables are made, or put right, where they are ordinary ones, on the coordinator; then the schema
//! is distributed, in the same transaction; views and triggers come last, one statement at a time.

use super::adopt::HOW_CAST;
use super::alone::Work;
use super::own_triggers::{Always, drop_triggers, enabled_always};
use super::site::Site;
use super::{create, owner, run_once, tickets_table};
use crate::error::{Code, Error};
use crate::notice::notice;
use crate::pg::error::Result;
use crate::pg::lock::{self, Purpose};
use crate::pg::role::Rights;
use crate::pg::settings::Pinned;
use crate::pg::spi::{Session, quote_identifier};
use crate::pg::value::{Type, Value};
use crate::pg::{cache, catalog, transaction};
use crate::privileges;
use crate::workspace::citus;

/// What Citus is told while a workspace is made or changed: tables are not distributed one by one as they are made, and may
/// have triggers.
pub(super) fn making() -> Option<Pinned> {
    citus::is_there().then(|| {
        Pinned::to(&[
            (c"citus.enable_schema_based_sharding", c"off"),
            (c"citus.enable_unsafe_triggers", c"on"),
        ])
    })
}

/// Whether the session wants new schemas to be distributed. Needs an open session; before [`making`].
pub(super) fn is_wanted() -> Result<bool> {
    if !citus::is_there() {
        return Ok(false);
    }
    citus::asks(
        "SELECT pg_catalog.current_setting('citus.enable_schema_based_sharding', true) OPERATOR(pg_catalog.=) 'on'",
        &[],
    )
}

/// Refuses what Citus lets only the coordinator do.
pub(super) fn require_coordinator(name: &str) -> Result<()> {
    let is_coordinator = citus::asks(
        "SELECT l.groupid OPERATOR(pg_catalog.=) 0 FROM pg_catalog.pg_dist_local_group l",
        &[],
    )?;
    if is_coordinator {
        return Ok(());
    }
    Err(Error::new(
        Code::WorkspaceElsewhere,
        format!("workspace \"{name}\" can only be made or changed on the coordinator"),
    )
    .detail("Citus distributes it, and this is a worker.")
    .hint("Connect to the coordinator: SELECT nodename, nodeport FROM pg_dist_node WHERE groupid = 0."))
}

/// As [`require_coordinator`], where no session is open.
pub(super) fn require_coordinator_of(name: &str) -> Result<()> {
    let _session = Session::open()?;
    require_coordinator(name)
}

/// Refuses a table of tickets that stands in another schema: Citus places schemas.
pub(super) fn require_own_tickets(site: &Site) -> Result<()> {
    if site.tickets().is_none() || site.tickets() == catalog::table_in(site.schema, "tickets") {
        return Ok(());
    }
    Err(Error::new(
        Code::WorkspaceDistributed,
        "a distributed workspace cannot have its tickets in a table of another schema or name",
    )
    .detail("Citus places a schema as a whole, and refuses foreign keys from it into another.")
    .hint("SET citus.enable_schema_based_sharding = off, or move the table: ALTER TABLE ... SET SCHEMA, ALTER TABLE ... RENAME TO tickets."))
}

/// The error about tables that Citus has already and that are to be adopted step by step.
pub(super) fn not_by_steps(name: &str) -> Error {
    Error::new(
        Code::WorkspaceDistributed,
        format!("schema \"{name}\" is distributed by Citus, and cannot be adopted in steps"),
    )
    .hint("phasegate.create_workspace adopts it in one transaction; or SELECT citus_schema_undistribute(...) first.")
}

/// Has Citus place the schema, whose tables have neither triggers nor views of ours.
pub(super) fn place(site: &Site) -> Result<()> {
    require_own_tickets(site)?;
    // Without a key no shard is moved while others write. Rows are only added to it.
    site.script("ALTER TABLE {ws}.ticket_archive REPLICA IDENTITY FULL")?;
    run_once(
        "SELECT pg_catalog.citus_schema_distribute($1::pg_catalog.oid::pg_catalog.regnamespace)",
        &[(Type::Oid, Value::Oid(site.schema))],
    )?;
    cache::accept_invalidations();
    Ok(())
}

/// Brings the tables of a distributed schema back to the coordinator, as ordinary ones without triggers and views of ours. They
/// are other tables then: gives the schema as it is, and which of its triggers were enabled so.
pub(super) fn bring_back(site: &Site) -> Result<(Site, Vec<Always>)> {
    let (_pinned, always) = (Pinned::search_path(), enabled_always(site)?);
    let named: Vec<(Option<String>, String)> = always
        .into_iter()
        .map(|(table, trigger)| (table.parse().ok().and_then(catalog::name_of), trigger))
        .collect();
    drop_triggers(site)?;
    drop_views(site)?;
    run_once(
        "SELECT pg_catalog.citus_schema_undistribute($1::pg_catalog.oid::pg_catalog.regnamespace)",
        &[(Type::Oid, Value::Oid(site.schema))],
    )?;
    cache::accept_invalidations();
    let site = Site::new(site.schema, site.quoted.clone(), None).distributed();
    let always = named.into_iter().filter_map(|(table, trigger)| {
        let table = catalog::table_in(site.schema, &table?)?;
        Some((table.to_string(), trigger))
    });
    let always = always.collect();
    Ok((site, always))
}

fn drop_views(site: &Site) -> Result<()> {
    let _pinned = Pinned::search_path();
    site.script(super::detach::DETACH)
}

/// `distribute_workspace`: the workspace with all its rows becomes one that Citus places.
pub(super) fn distribute(name: &str) -> Result<()> {
    transaction::require_writable();
    let workspace = super::Workspace::to_define(name)?;
    if !privileges::acts_for(workspace.owner) {
        return Err(workspace.not_owner());
    }
    if !citus::is_there() {
        return Err(
            Error::new(Code::WorkspaceDistributed, "this database has no Citus")
                .hint("CREATE EXTENSION citus, on every node."),
        );
    }
    let _session = Session::open()?;
    require_coordinator(name)?;
    let schema = workspace.schema;
    if citus::is_distributed(schema)? {
        return Ok(());
    }
    Work::Defining(schema).alone();
    let tickets = tickets_table::to_be(schema)?;
    let site = Site::held(schema, quote_identifier(name)?, tickets)?.distributed();
    require_own_tickets(&site)?;
    let _making = making();
    let _rights = Rights::of(workspace.owner);
    hold_all(&site);
    owner::hold(&site, workspace.owner)?;
    let always = enabled_always(&site)?;
    {
        let _pinned = Pinned::search_path();
        drop_triggers(&site)?;
        drop_views(&site)?;
        create::finish(&site, &always, |_| Ok(()))?;
    }
    tell_casts(&site)
}

/// Nobody uses the workspace meanwhile.
pub(super) fn hold_all(site: &Site) {
    super::shape::VIEWS
        .iter()
        .chain(&super::shape::TABLES)
        .filter_map(|relation| site.table(relation))
        .for_each(|relation| lock::table(relation, Purpose::Changing));
}

/// Says what is left to be done once the transaction has ended: casts are no objects that Citus makes on other nodes.
pub(super) fn tell_casts(site: &Site) -> Result<()> {
    let cast = |source: &str| {
        format!("SELECT run_command_on_workers('CREATE CAST ({source} AS {{phase}}) {HOW_CAST}');")
    };
    notice(site.text(&format!(
        "when this has committed, give the other nodes the casts by which texts are assigned to phases: {} {}",
        cast("text"),
        cast("varchar"),
    ))?);
    Ok(())
}
