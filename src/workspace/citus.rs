//! Workspaces that Citus has distributed. A table of such a workspace is an empty shell on every node; its rows are in a shard
//! beside the shell, on one node. What runs there acts on the shards; elsewhere it is refused.
//!
//! Nothing of Citus is known when this is built: everything is asked of its catalogs by name, and where its extension is not
//! there nothing is asked.

use super::owner::Tables;
use super::run_once;
use super::shape::TABLES;
use crate::changes::{self, Watched};
use crate::error::{Code, Error};
use crate::pg::cache;
use crate::pg::catalog;
use crate::pg::error::Result;
use crate::pg::rows::Row;
use crate::pg::settings::Pinned;
use crate::pg::spi::{Plan, Sees, Session};
use crate::pg::value::{Type, Value};
use std::cell::{Cell, RefCell};

thread_local! {
    /// Whether the extension is there, and the generation of the catalogs at which that was seen. Its schemas come with it.
    static IS_THERE: Cell<Option<(u64, bool)>> = const { Cell::new(None) };
    /// One shard of each workspace whose shards this transaction keeps where they are.
    static HELD: RefCell<Vec<i64>> = const { RefCell::new(Vec::new()) };
    static LOCK: RefCell<Option<Plan>> = const { RefCell::new(None) };
}

/// Whether this database has Citus.
pub(super) fn is_there() -> bool {
    let generation = changes::catalog_generation();
    if let Some((seen, is_there)) = IS_THERE.get()
        && seen == generation
    {
        return is_there;
    }
    let is_there = catalog::extension("citus").is_some();
    IS_THERE.set(Some((generation, is_there)));
    is_there
}

/// The tables that have a workspace's rows, and whether that is still so.
#[derive(Debug)]
pub(super) struct Shards {
    found: Vec<Shard>,
    /// A shell: Citus tells of a shard that is moved as of a change of that.
    shell: Watched,
}

#[derive(Debug, PartialEq, Eq)]
struct Shard {
    /// Our name of the table.
    name: &'static str,
    /// The number that Citus has given it, which its own name ends in.
    id: i64,
    oid: u32,
    shell: u32,
}

impl PartialEq for Shards {
    fn eq(&self, other: &Self) -> bool {
        self.found == other.found
    }
}

impl Shards {
    /// Where the rows of the schema's tables are, if Citus has distributed them; nothing where it has not.
    ///
    /// # Errors
    /// Where they are on another node.
    pub(super) fn of(schema: u32) -> Result<Option<Self>> {
        if !is_there() {
            return Ok(None);
        }
        let Some(tickets) = catalog::table_in(schema, "tickets") else {
            return Ok(None);
        };
        // Before it is asked: a change that arrives meanwhile counts.
        let shell = Watched::new(tickets);
        let _session = Session::open()?;
        if !is_distributed(schema)? {
            return Ok(None);
        }
        let rows = run_once(PLACEMENTS, &[schema_parameter(schema), names()])?;
        let is_whole = TABLES
            .iter()
            .all(|name| rows.iter().any(|row| row.text(1).as_deref() == Some(name)));
        if !is_whole {
            // Not a workspace's, or one that is being made.
            return Ok(None);
        }
        let mut found = Vec::with_capacity(TABLES.len());
        for name in TABLES {
            let mut here = rows
                .iter()
                .filter(|row| row.text(1).as_deref() == Some(name) && row.bool(3));
            let shard = here.next().and_then(|row| {
                let id = row.big(2)?;
                let oid = catalog::table_in(schema, &format!("{name}_{id}"))?;
                let shell = catalog::table_in(schema, name)?;
                Some(Shard {
                    name,
                    id,
                    oid,
                    shell,
                })
            });
            match shard {
                Some(shard) => found.push(shard),
                None => return Err(elsewhere(schema)),
            }
        }
        Ok(Some(Shards { found, shell }))
    }

    /// The table that has the rows of our table of this name.
    pub(super) fn table(&self, name: &str) -> Option<u32> {
        let shard = self.found.iter().find(|shard| shard.name == name);
        shard.map(|shard| shard.oid)
    }

    /// Which of our tables has this shell. Of its triggers those of TRUNCATE fire.
    pub(super) fn name_of_shell(&self, table: u32) -> Option<&'static str> {
        let shard = self.found.iter().find(|shard| shard.shell == table);
        shard.map(|shard| shard.name)
    }

    /// Our names of the tables, each with the number that stands behind it.
    pub(super) fn numbers(&self) -> Vec<(&'static str, i64)> {
        let both = |shard: &Shard| (shard.name, shard.id);
        self.found.iter().map(both).collect()
    }

    /// Whether they have not been moved since.
    pub(super) fn are_current(&self) -> bool {
        self.shell.is_current()
    }

    /// Keeps them where they are until the transaction ends, as Citus' own statements do; whether that had to be asked for.
    /// Whoever has waited for them to be moved is to look again where they are. With the rights of their owner.
    pub(super) fn hold(&self) -> Result<bool> {
        let Some(shard) = self.found.first() else {
            return Ok(false);
        };
        if HELD.with_borrow(|held| held.contains(&shard.id)) {
            return Ok(false);
        }
        let _session = Session::open()?;
        let plan = match LOCK.take() {
            Some(plan) => plan,
            // A share lock, which all shards of a schema have in common.
            None => Plan::prepare(
                "SELECT pg_catalog.lock_shard_metadata(5, ARRAY[$1])",
                &[Type::Big.oid(0)],
            )?,
        };
        plan.run(&[Value::Big(shard.id)], Sees::Snapshot, 1)?;
        LOCK.set(Some(plan));
        HELD.with_borrow_mut(|held| held.push(shard.id));
        cache::accept_invalidations();
        Ok(true)
    }
}

/// The transaction ended, or part of it was rolled back, and locks went with it.
pub fn let_go() {
    HELD.with_borrow_mut(Vec::clear);
}

/// The tables of ours that are Citus' in the schema, each with the number of its shard and whether that is on this node.
const PLACEMENTS: &str = "
    SELECT c.relname::pg_catalog.text, s.shardid,
           EXISTS (SELECT FROM pg_catalog.pg_dist_placement p
                     JOIN pg_catalog.pg_dist_local_group l ON l.groupid OPERATOR(pg_catalog.=) p.groupid
                    WHERE p.shardid OPERATOR(pg_catalog.=) s.shardid)
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_dist_shard s ON s.logicalrelid::pg_catalog.oid OPERATOR(pg_catalog.=) c.oid
     WHERE c.relnamespace OPERATOR(pg_catalog.=) $1 AND c.relname::pg_catalog.text OPERATOR(pg_catalog.=) ANY ($2)";

fn schema_parameter(schema: u32) -> (Type, Value<'static>) {
    (Type::Oid, Value::Oid(schema))
}

fn names() -> (Type, Value<'static>) {
    let names = TABLES.iter().map(|name| Some((*name).to_owned()));
    (Type::Texts, Value::Texts(names.collect()))
}

pub(super) fn asks(sql: &str, arguments: &[(Type, Value<'_>)]) -> Result<bool> {
    Ok(run_once(sql, arguments)?
        .first()
        .is_some_and(|row: Row<'_>| row.bool(1)))
}

/// Whether Citus places the schema as a whole. Needs an open session.
pub(super) fn is_distributed(schema: u32) -> Result<bool> {
    if !is_there() || catalog::table_in(catalog::PG_CATALOG, "pg_dist_schema").is_none() {
        return Ok(false);
    }
    asks(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_dist_schema d
                         WHERE d.schemaid::pg_catalog.oid OPERATOR(pg_catalog.=) $1)",
        &[schema_parameter(schema)],
    )
}

/// As [`is_distributed`], where no session is open.
pub(super) fn is_distributed_now(schema: u32) -> Result<bool> {
    if !is_there() {
        return Ok(false);
    }
    let _session = Session::open()?;
    is_distributed(schema)
}

/// Refuses a workspace of which Citus has some tables, and does not place all of it.
pub(super) fn refuse_divided(workspace: &str, tables: &Tables) -> Result<()> {
    if !is_there() {
        return Ok(());
    }
    let _session = Session::open()?;
    for table in tables.oids() {
        let is_citus = asks(
            "SELECT true FROM pg_catalog.pg_dist_partition p
              WHERE p.logicalrelid::pg_catalog.oid OPERATOR(pg_catalog.=) $1",
            &[(Type::Oid, Value::Oid(table))],
        )?;
        if is_citus {
            return Err(Error::new(
                Code::WorkspaceDistributed,
                format!("tables of workspace \"{workspace}\" are distributed by Citus one by one"),
            )
            .detail(format!(
                "Its table \"{}\" is a distributed or reference table of Citus; a workspace is on one node as a whole.",
                tables.name_of(table).unwrap_or_default()
            ))
            .hint("Undistribute its tables; phasegate.distribute_workspace then distributes all of them."));
        }
    }
    Ok(())
}

/// The error about a workspace whose rows are elsewhere.
fn elsewhere(schema: u32) -> Error {
    let name = catalog::schema_name(schema).unwrap_or_default();
    Error::new(
        Code::WorkspaceElsewhere,
        format!("workspace \"{name}\" is on another node"),
    )
    .detail("Citus has its tables there; here they are empty shells.")
    .hint(format!(
        "Connect to the node that this gives: SELECT nodename, nodeport FROM citus_shards WHERE table_name = '{}.tickets'::regclass.",
        name.replace('\'', "''")
    ))
}

/// The error about a shard that a statement names and that is the workspace's no longer.
pub(super) fn moved(workspace: &str) -> Error {
    Error::new(
        Code::WorkspaceElsewhere,
        format!("workspace \"{workspace}\" was moved meanwhile"),
    )
    .detail("The statement names a table that had its rows before.")
    .hint("Try the statement again.")
}

/// Shards are hidden from who looks into pg_class. For statements of ours that ask it about tables by their OIDs.
pub(super) fn show_shards() -> Pinned {
    Pinned::to(&[(c"citus.override_table_visibility", c"off")])
}
