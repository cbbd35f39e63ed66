//! One owner: whose a workspace's tables are, and whose code writing to them runs.
//!
//! Side effects run with the rights of the workspace's owner. So they touch only what belongs to that role: whoever owns
//! the schema, or the database in the case of `public`, may drop a table and put one of their own in its place; whoever
//! holds the TRIGGER privilege may put a trigger on one. Both are looked for when the tables are locked and nobody can do it
//! any more, and refused. That nobody else makes a trigger there `triggers_made.rs` sees to.
//!
//! What else runs when a row is written only a table's owner can make: defaults, generated columns, CHECKs, expressions of
//! indexes, rules, policies, statistics, partitions, casts of the phase type. A foreign key from somebody else's table
//! runs with that table's owner's rights, and a domain is the choice of the owner who made a column of it.

use super::citus::Shards;
use super::owners_path::is_safe;
use super::relatives::descendants;
use super::shape::TABLES;
use super::site::Site;
use super::trigger_code::{qualified, require_own_path, vet};
use super::uses::Use;
use crate::changes::{self, Watched};
use crate::error::{Code, Error};
use crate::pg::catalog::Relation;
use crate::pg::error::Result;
use crate::pg::lock::{self, Purpose};
use crate::pg::spi::{Session, quote_identifier};
use crate::pg::{catalog, role};
use std::cell::RefCell;
use std::collections::HashMap;
use std::iter;
use std::rc::Rc;

/// One of a workspace's tables.
#[derive(Debug)]
struct Table {
    name: &'static str,
    oid: u32,
    relation: Relation,
    watched: Watched,
}

/// The tables that a schema has under a workspace's names, as they were when they were looked up.
#[derive(Debug)]
pub(super) struct Tables {
    schema: u32,
    found: Vec<Table>,
    /// Tables whose triggers run nobody else's code.
    vetted: RefCell<HashMap<u32, Vetted>>,
    /// The partitions of the tables that have any.
    partitions: RefCell<HashMap<u32, Rc<Partitions>>>,
}

/// When it was seen that a table's triggers run nobody else's code.
#[derive(Debug)]
struct Vetted {
    /// The count of changes of rights.
    rights: u64,
    /// Whether none is put off to the commit either.
    is_restricted: bool,
    /// The partitions that it had.
    partitions: Option<Rc<Partitions>>,
}

/// A table's partitions, theirs, and so on. One that comes changes the one that it is a partition of.
#[derive(Debug)]
struct Partitions {
    table: Watched,
    all: Vec<Partition>,
}

impl Partitions {
    fn are_current(&self) -> bool {
        self.table.is_current() && self.all.iter().all(|one| one.watched.is_current())
    }
}

/// A partition of one of them: whoever owns it makes what runs when the table is read, planning included.
#[derive(Debug)]
struct Partition {
    oid: u32,
    owner: u32,
    watched: Watched,
}

impl PartialEq for Tables {
    /// Whether these are the same tables, of the same owners and kinds.
    fn eq(&self, other: &Self) -> bool {
        let facts = |table: &Table| (table.name, table.oid, table.relation);
        self.schema == other.schema
            && (self.found.iter().map(facts)).eq(other.found.iter().map(facts))
    }
}

impl Tables {
    /// Those of the schema; `tickets` is the table that holds its tickets.
    pub(super) fn of(schema: u32, tickets: Option<u32>) -> Self {
        Self::found_by(schema, |name| match name {
            "tickets" => tickets,
            _ => catalog::table_in(schema, name),
        })
    }

    /// The shards that have the rows.
    pub(super) fn shards(schema: u32, shards: &Shards) -> Self {
        Self::found_by(schema, |name| shards.table(name))
    }

    fn found_by(schema: u32, find: impl Fn(&str) -> Option<u32>) -> Self {
        let look_up = |name: &&'static str| {
            let oid = find(name)?;
            let watched = Watched::new(oid);
            let relation = catalog::relation(oid)?;
            Some(Table {
                name,
                oid,
                relation,
                watched,
            })
        };
        Tables {
            schema,
            found: TABLES.iter().filter_map(look_up).collect(),
            vetted: RefCell::default(),
            partitions: RefCell::default(),
        }
    }

    /// Whether nothing of them has changed since.
    pub(super) fn are_current(&self) -> bool {
        self.found.iter().all(|table| table.watched.is_current())
            && (self.found.len() == TABLES.len()
                || TABLES.iter().all(|name| {
                    self.get(name).is_some() || catalog::table_in(self.schema, name).is_none()
                }))
    }

    /// The OID of the one with this name.
    pub(super) fn get(&self, name: &str) -> Option<u32> {
        let named = self.found.iter().find(|table| table.name == name);
        named.map(|table| table.oid)
    }

    /// Those whose rows are found under their own name alone: nothing may inherit from them, nor they from anything.
    pub(super) fn heirless(&self) -> impl Iterator<Item = u32> {
        ["tickets", "tasks"]
            .into_iter()
            .filter_map(|name| self.get(name))
    }

    /// Which of them the table is.
    pub(super) fn name_of(&self, oid: u32) -> Option<&'static str> {
        let same = self.found.iter().find(|table| table.oid == oid);
        same.map(|table| table.name)
    }

    /// All their OIDs.
    pub(super) fn oids(&self) -> impl Iterator<Item = u32> {
        self.found.iter().map(|table| table.oid)
    }

    /// Refuses what is no table, and what belongs to another role than this one.
    pub(super) fn require_owner(&self, owner: u32, phase_type: u32) -> Result<()> {
        for table in &self.found {
            if !matches!(table.relation.kind, b'r' | b'p') {
                return Err(Error::new(
                    Code::NameTaken,
                    format!("{} exists and is no table", table.name),
                )
                .hint("Rename it, or make the workspace in another schema."));
            }
            if table.relation.owner != owner {
                let name = self.qualified(table.name)?;
                return Err(other_owner("table", &name, table.relation.owner, owner));
            }
            if table.relation.has_children
                && let Some(one) =
                    (self.partitions(table.oid)?.all.iter()).find(|one| one.owner != owner)
            {
                return Err(other_owner("table", &qualified(one.oid)?, one.owner, owner));
            }
        }
        match catalog::type_owner(phase_type) {
            Some(other) if other != owner => {
                let name = self.qualified("phase")?;
                Err(other_owner("type", &name, other, owner))
            }
            _ => Ok(()),
        }
    }

    /// The table's partitions, looked up again when it or one of them has changed.
    fn partitions(&self, table: u32) -> Result<Rc<Partitions>> {
        let known = self.partitions.borrow().get(&table).map(Rc::clone);
        if let Some(known) = known
            && known.are_current()
        {
            return Ok(known);
        }
        let _session = Session::open()?;
        let watched = Watched::new(table);
        let look_up = |oid: u32| {
            let watched = Watched::new(oid);
            let owner = catalog::owner_of(oid)?;
            Some(Partition {
                oid,
                owner,
                watched,
            })
        };
        let all = descendants(table)?.into_iter().filter_map(look_up);
        let found = Rc::new(Partitions {
            table: watched,
            all: all.collect(),
        });
        self.partitions
            .borrow_mut()
            .insert(table, Rc::clone(&found));
        Ok(found)
    }

    fn qualified(&self, name: &str) -> Result<String> {
        if let Some(table) = self.get(name) {
            return qualified(table);
        }
        let schema = catalog::schema_name(self.schema).unwrap_or_default();
        Ok(format!("{}.{name}", quote_identifier(&schema)?))
    }

    /// Locks the tables that a statement names as the statement will, and their partitions: the server locks these only when it
    /// plans, one after the other, and whoever keeps it waiting for one could meanwhile be given another.
    pub(super) fn lock(&self, uses: &[Use]) -> Result<()> {
        for one in uses {
            let Some(table) = self.found.iter().find(|found| found.name == one.table) else {
                continue;
            };
            lock::table(table.oid, one.purpose);
            if table.relation.has_children {
                self.lock_partitions(table.oid, one.purpose)?;
            }
        }
        Ok(())
    }

    fn lock_partitions(&self, table: u32, purpose: Purpose) -> Result<()> {
        loop {
            let known = self.partitions(table)?;
            (known.all.iter()).for_each(|one| lock::table(one.oid, purpose));
            if known.are_current() {
                return Ok(());
            }
        }
    }

    /// Refuses where writing to the table, which is locked, would run somebody else's code with the owner's rights.
    pub(super) fn require_own_triggers(&self, oid: u32, owner: u32) -> Result<()> {
        self.require_triggers(oid, owner, Vetting::Code)
    }

    /// As [`Self::require_own_triggers`], or the owner's own code by what others can lead it to.
    pub(super) fn require_safe_triggers(&self, oid: u32, owner: u32) -> Result<()> {
        self.require_triggers(oid, owner, Vetting::CodeAndNames)
    }

    fn require_triggers(&self, oid: u32, owner: u32, what: Vetting) -> Result<()> {
        let is_restricted = role::is_restricted();
        let Some(table) = self.found.iter().find(|table| table.oid == oid) else {
            return vet(oid, owner, is_restricted);
        };
        if table.relation.has_children {
            // Rows are routed to partitions, and their triggers fire with the same rights.
            self.lock_partitions(oid, Purpose::Writing)?;
        }
        let has_children = table.relation.has_children;
        let partitions = has_children.then(|| self.partitions(oid)).transpose()?;
        let rights = changes::rights_generation();
        if self.is_vetted(table, rights, is_restricted, partitions.as_ref()) {
            return Ok(());
        }
        // With others' things in its schema the workspace is not on the search_path, and temporary tables are found.
        let asks_names = what == Vetting::CodeAndNames && !is_safe(self.schema, owner)?;
        let children = partitions.iter().flat_map(|found| &found.all);
        if let Some(one) = children.into_iter().find(|one| one.owner != owner) {
            return Err(other_owner("table", &qualified(one.oid)?, one.owner, owner));
        }
        for one in with_partitions(table, partitions.as_deref()) {
            vet(one, owner, is_restricted)?;
            if asks_names {
                require_own_path(one)?;
            }
        }
        if what == Vetting::CodeAndNames {
            let seen = Vetted {
                rights,
                is_restricted,
                partitions,
            };
            self.vetted.borrow_mut().insert(oid, seen);
        }
        Ok(())
    }

    /// Whether nothing has changed since the table was looked at so; `partitions` are those that it has now.
    fn is_vetted(
        &self,
        table: &Table,
        rights: u64,
        is_restricted: bool,
        partitions: Option<&Rc<Partitions>>,
    ) -> bool {
        let vetted = self.vetted.borrow();
        let Some(seen) = vetted.get(&table.oid) else {
            return false;
        };
        let same_partitions = match (&seen.partitions, partitions) {
            (None, None) => true,
            (Some(seen), Some(now)) => Rc::ptr_eq(seen, now),
            _ => false,
        };
        seen.rights == rights
            && (seen.is_restricted || !is_restricted)
            && same_partitions
            && table.watched.is_current()
    }
}

/// The table and its partitions.
fn with_partitions(table: &Table, partitions: Option<&Partitions>) -> impl Iterator<Item = u32> {
    let children = partitions.into_iter().flat_map(|found| &found.all);
    iter::once(table.oid).chain(children.map(|one| one.oid))
}

/// What is asked of a table's triggers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Vetting {
    /// Whose code they run.
    Code,
    /// Also whether the names in it can mean something else than the owner meant.
    CodeAndNames,
}

/// Before a schema's tables are made a workspace's, with the rights of their owner: they stay what they are, and nobody
/// else has put code on them. `adopt::require_owner` has seen whose they are.
pub(super) fn hold(site: &Site, owner: u32) -> Result<()> {
    let tables = site.tables();
    tables
        .oids()
        .for_each(|oid| lock::table(oid, Purpose::Reading));
    if site.tables() != tables {
        return Err(changed());
    }
    site.belongs_to(owner);
    tables
        .oids()
        .try_for_each(|oid| tables.require_own_triggers(oid, owner))
}

/// Before the table of this name is written with the rights of its owner, which act: until the transaction ends nobody
/// makes a trigger on it.
pub(super) fn hold_to_write(site: &Site, name: &str) -> Result<()> {
    hold_as(site, name, Purpose::Defining)
}

/// Before rows are inserted into the table of this name with the rights of its owner, while others go on using it.
pub(super) fn hold_to_insert(site: &Site, name: &str) -> Result<()> {
    hold_as(site, name, Purpose::Alone)
}

fn hold_as(site: &Site, name: &str, purpose: Purpose) -> Result<()> {
    let tables = site.tables();
    let Some(table) = tables.get(name) else {
        return Ok(());
    };
    lock::table(table, purpose);
    site.require_own(name, table)?;
    tables.require_own_triggers(table, role::current())
}

pub(super) fn changed() -> Error {
    Error::new(
        Code::WorkspaceChanged,
        "the schema's tables were changed meanwhile",
    )
    .hint("Try the statement again.")
}

pub(super) fn other_owner(kind: &str, object: &str, other: u32, owner: u32) -> Error {
    let (other, owner) = (role::name(other), role::name(owner));
    let statement = kind.to_uppercase();
    Error::new(
        Code::OtherOwner,
        format!("{kind} {object} belongs to another role"),
    )
    .detail(format!(
        "It belongs to \"{other}\", the workspace to \"{owner}\". All objects of a workspace must belong to one role: the owner of tickets, or the role that makes the workspace."
    ))
    .hint(format!(
        "ALTER {statement} {object} OWNER TO \"{owner}\" if you trust what it is; else drop it."
    ))
}
