//! Workspaces: finding the one that is meant, its plans and its cached configuration.
//!
//! A workspace is a schema whose table `tickets` carries phasegate's triggers. Functions act on the first one on the
//! caller's search_path; triggers on the one that the table which fired is a table of, told by its OID. A temporary
//! schema is never one.

mod access;
mod adopt;
pub mod append_only;
mod attached;
mod check;
mod citus;
mod columns;
mod configuration;
pub mod configuration_history;
mod create;
mod detach;
pub mod functions;
mod inheritance;
mod own_triggers;
mod owner;
pub mod phases;
mod progress;
mod relatives;
pub mod remembered;
mod running;
mod shape;
mod site;
mod statements;
mod steps;
mod ticket_columns;
mod trigger_code;
mod upgrade;
mod uses;

pub use configuration::Configuration;
pub use ticket_columns::Columns;

use crate::error::{Code, Error};
use crate::pg::cache;
use crate::pg::error::Result;
use crate::pg::role::Rights;
use crate::pg::settings::Pinned;
use crate::pg::spi::{Plan, Session, Statement, quote_identifier};
use crate::pg::trigger::Firing;
use crate::pg::{catalog, role};
use crate::stamp::{Fit, Stamp};
use owner::Tables;
use remembered::Remembered;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::rc::{Rc, Weak};

/// How many workspaces a backend keeps plans and configuration for; beyond this the one that was used longest
/// ago is forgotten. The plans of one take up to 1.7 MB; to make one anew takes about a millisecond.
const KEPT: usize = 16;

thread_local! {
    static WORKSPACES: RefCell<HashMap<u32, Rc<Workspace>>> = RefCell::new(HashMap::new());
    static USES: Cell<u64> = const { Cell::new(0) };
    /// The table whose trigger fired last, and whose it is: a statement fires it for row after row.
    static FIRED: RefCell<Option<(u32, &'static str, Weak<Workspace>)>> = const { RefCell::new(None) };
}

/// A workspace as this backend knows it.
pub struct Workspace {
    /// The schema's OID.
    pub schema: u32,
    /// The schema's name.
    pub name: String,
    quoted: String,
    /// The OID of its table `tickets`.
    pub tickets: u32,
    /// The owner of `tickets`, with whose rights side effects run.
    pub owner: u32,
    /// The OID of its enum `phase`.
    pub phase_type: u32,
    /// The columns of `tickets`.
    pub columns: Columns,
    /// Which shape it has.
    pub stamp: Stamp,
    /// Made when the catalogs were at this generation.
    generation: u64,
    tables: Tables,
    used: Cell<u64>,
    /// By statement, and whether it leaves out the question which tickets the caller may see.
    plans: RefCell<HashMap<(*const Statement, bool), Rc<Plan>>>,
    configuration: RefCell<Option<Rc<Configuration>>>,
    /// The search_path for what runs with the owner's rights, and the count of changes of rights that it holds for.
    path: RefCell<Option<(u64, Rc<CStr>)>>,
}

/// The owner's rights, until dropped.
pub struct AsOwner {
    _path: Option<Pinned>,
    _rights: Rights,
}

impl Workspace {
    /// The first workspace on the caller's search_path. What merely has the names of a workspace's tables is passed by.
    pub fn current() -> Result<Rc<Workspace>> {
        cache::accept_invalidations();
        for schema in catalog::schemas_on_search_path() {
            if let Some(workspace) = Self::of_schema(schema)? {
                return Ok(workspace);
            }
        }
        Err(Error::no_workspace(&catalog::search_path()))
    }

    /// The workspace of this name.
    pub fn named(name: &str) -> Result<Rc<Workspace>> {
        cache::accept_invalidations();
        let workspace = match catalog::schema_by_name(name) {
            Some(schema) => Self::of_schema(schema)?,
            None => None,
        };
        workspace.ok_or_else(|| Error::not_a_workspace(name))
    }

    /// The workspace of the table that fired a trigger, which must be its table of this name or a partition of that.
    ///
    /// Whoever may make a trigger may put our functions on any table; and a table of another owner is refused, as its
    /// triggers would otherwise write with the rights of the workspace's owner.
    pub fn of_firing(firing: &Firing, table: &str) -> Result<Rc<Workspace>> {
        Self::of_firing_any(firing, &[table]).map(|(workspace, _)| workspace)
    }

    /// As [`Self::of_firing`], for a trigger function of several tables: gives also which of them it is, or is a partition of.
    pub fn of_firing_any(
        firing: &Firing,
        tables: &[&str],
    ) -> Result<(Rc<Workspace>, &'static str)> {
        let (workspace, table) = Self::whose(firing)?.ok_or_else(|| {
            Error::new(
                Code::NotAWorkspace,
                format!(
                    "table \"{}\" is in no phasegate workspace",
                    firing.table_name()
                ),
            )
            .detail("Trigger functions of phasegate are for the tables of a workspace and their partitions.")
            .hint("Drop the trigger.")
        })?;
        if !tables.contains(&table) {
            return Err(Error::new(
                Code::WrongTrigger,
                format!(
                    "the trigger's function is not for table \"{}\"",
                    firing.table_name()
                ),
            )
            .detail(format!(
                "It is for {} and its partitions, and this is {table} of workspace \"{}\".",
                tables.join(", "),
                workspace.name
            ))
            .hint("Drop the trigger."));
        }
        if firing.owner() != workspace.owner {
            return Err(Error::new(
                Code::OtherOwner,
                "the trigger's table does not belong to the workspace's owner",
            )
            .detail(format!(
                "Workspace \"{}\" belongs to role \"{}\".",
                workspace.name,
                role::name(workspace.owner)
            )));
        }
        Ok((workspace, table))
    }

    /// The workspace and which of its tables fired, itself or by a partition.
    fn whose(firing: &Firing) -> Result<Option<(Rc<Workspace>, &'static str)>> {
        let of = |table: u32, schema: u32| {
            let workspace = Self::of_schema(schema)?;
            Ok(workspace.and_then(|workspace| {
                let name = workspace.tables.name_of(table)?;
                Some((workspace, name))
            }))
        };
        let table = firing.table();
        if let Some(known) = Self::fired_last(table) {
            return Ok(Some(known));
        }
        let found = of(table, firing.schema())?;
        if let Some((workspace, name)) = &found {
            FIRED.set(Some((table, name, Rc::downgrade(workspace))));
        }
        if found.is_some() || !catalog::is_partition(table) {
            return Ok(found);
        }
        for ancestor in Self::ancestors(table)?.iter() {
            let Some(schema) = catalog::schema_of(*ancestor) else {
                continue;
            };
            if let Some(found) = of(*ancestor, schema)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn fired_last(table: u32) -> Option<(Rc<Workspace>, &'static str)> {
        FIRED.with_borrow(|fired| {
            let (last, name, workspace) = fired.as_ref()?;
            let workspace = (*last == table).then(|| workspace.upgrade()).flatten()?;
            workspace.is_current().then_some((workspace, *name))
        })
    }

    fn ancestors(partition: u32) -> Result<Rc<Vec<u32>>> {
        thread_local! {
            static ANCESTORS: Remembered<Vec<u32>> = Remembered::default();
        }
        ANCESTORS.with(|known| {
            known.get(partition, || {
                let _session = Session::open()?;
                relatives::ancestors(partition)
            })
        })
    }

    /// The workspace of this schema, if it is one.
    pub fn of_schema(schema: u32) -> Result<Option<Rc<Workspace>>> {
        let known = WORKSPACES.with_borrow(|workspaces| workspaces.get(&schema).cloned());
        if let Some(workspace) = &known
            && workspace.is_current()
        {
            workspace.touch();
            return Ok(known);
        }
        let generation = cache::catalog_generation();
        // Before it is loaded, which may fail.
        WORKSPACES.with_borrow_mut(|workspaces| workspaces.remove(&schema));
        let fresh = Self::load(schema, generation)?;
        if let Some(fresh) = &fresh {
            if let Some(known) = &known
                && known.quoted == fresh.quoted
                && known.phase_type == fresh.phase_type
            {
                // The plans' texts hold still; the server itself keeps the plans up to date.
                known.plans.swap(&fresh.plans);
            }
            fresh.touch();
        }
        WORKSPACES.with_borrow_mut(|workspaces| {
            Self::forget_dropped(workspaces);
            if let Some(fresh) = &fresh {
                workspaces.insert(schema, Rc::clone(fresh));
                Self::forget_beyond_limit(workspaces);
            }
        });
        Ok(fresh)
    }

    /// Forgets the workspaces whose tickets are gone.
    fn forget_dropped(workspaces: &mut HashMap<u32, Rc<Workspace>>) {
        workspaces.retain(|_, workspace| {
            workspace.tables.are_current() || catalog::schema_of(workspace.tickets).is_some()
        });
    }

    fn is_current(&self) -> bool {
        self.generation == cache::catalog_generation() && self.tables.are_current()
    }

    fn touch(&self) {
        let now = USES.with(|uses| {
            uses.set(uses.get().wrapping_add(1));
            uses.get()
        });
        self.used.set(now);
    }

    fn forget_beyond_limit(workspaces: &mut HashMap<u32, Rc<Workspace>>) {
        while workspaces.len() > KEPT {
            let Some(oldest) = workspaces
                .values()
                .min_by_key(|workspace| workspace.used.get())
                .cloned()
            else {
                return;
            };
            workspaces.remove(&oldest.schema);
        }
    }

    fn load(schema: u32, generation: u64) -> Result<Option<Rc<Workspace>>> {
        let Some(name) = catalog::schema_name(schema) else {
            return Ok(None);
        };
        if catalog::is_temporary(schema) || catalog::table_in(schema, "tickets").is_none() {
            return Ok(None);
        }
        let tables = Tables::of(schema);
        let Some(tickets) = tables.get("tickets") else {
            return Ok(None);
        };
        let Some(identity) = statements::identity(tickets) else {
            return Ok(None);
        };
        let stamp = identity.stamp;
        match stamp.fit() {
            Fit::TooOld => return Err(Error::workspace_older(&name, stamp.shape)),
            Fit::TooNew => return Err(Error::workspace_newer(&name, stamp.shape)),
            Fit::Behind | Fit::Current | Fit::Ahead => {}
        }
        citus::refuse_distributed(&name, &tables)?;
        inheritance::refuse(schema)?;
        let columns = Columns::of(tickets)?;
        let phase_type = catalog::column_type(tickets, columns.phase_id).unwrap_or(0);
        cache::watch_type(phase_type);
        Ok(Some(Rc::new(Workspace {
            schema,
            quoted: quote_identifier(&name)?,
            name,
            tickets,
            owner: identity.owner,
            phase_type,
            columns,
            stamp,
            generation,
            tables,
            used: Cell::new(0),
            plans: RefCell::default(),
            configuration: RefCell::default(),
            path: RefCell::default(),
        })))
    }

    fn in_workspace(&self, sql: &str) -> String {
        in_schema(sql, &self.quoted)
    }

    /// The OID of one of the workspace's tables.
    pub fn table(&self, name: &str) -> Result<u32> {
        self.tables.get(name).ok_or_else(|| {
            Error::new(
                Code::WorkspaceIncomplete,
                format!("workspace \"{}\" lacks the table \"{name}\"", self.name),
            )
            .hint("phasegate.create_workspace adds what a workspace is missing.")
        })
    }

    /// Acts with the rights of the workspace's owner until the guard is dropped.
    ///
    /// The caller's search_path does not hold meanwhile: what the owner made, as a trigger on the history, would find there
    /// what the caller has put for it to find.
    pub fn as_owner(&self) -> AsOwner {
        let rights = Rights::of(self.owner);
        let path = self.path();
        let is_set = catalog::search_path().as_bytes() == path.to_bytes();
        AsOwner {
            _path: (!is_set).then(|| Pinned::path(&path)),
            _rights: rights,
        }
    }

    /// The server's own, the workspace where nobody without the owner's rights can make anything in it, and phasegate;
    /// temporary tables last.
    fn path(&self) -> Rc<CStr> {
        let generation = cache::rights_generation();
        if let Some((known, path)) = self.path.borrow().as_ref()
            && *known == generation
        {
            return Rc::clone(path);
        }
        let workspace = if role::is_schema_of(self.owner, self.schema) {
            format!("{}, ", self.quoted)
        } else {
            String::new()
        };
        let path = CString::new(format!("pg_catalog, {workspace}phasegate, pg_temp"));
        let path: Rc<CStr> = Rc::from(path.unwrap_or_default());
        *self.path.borrow_mut() = Some((generation, Rc::clone(&path)));
        path
    }

    /// Refuses unless the caller may read tickets: the least that any function of a workspace asks for.
    pub fn require_reader(&self) -> Result<()> {
        role::require(role::Privilege::Select, self.tickets, "tickets")
    }

    /// The workspace's phases, transitions and whatever the rooms keep, as of the latest committed state.
    pub fn configuration(&self) -> Result<Rc<Configuration>> {
        if let Some(configuration) = self.configuration.borrow().as_ref()
            && configuration.is_current()
        {
            return Ok(Rc::clone(configuration));
        }
        let fresh = {
            let _session = Session::open()?;
            let _owner = self.as_owner();
            Rc::new(Configuration::load(self)?)
        };
        *self.configuration.borrow_mut() = Some(Rc::clone(&fresh));
        Ok(fresh)
    }
}

/// The SQL text with `{ws}` replaced by the quoted schema, in one pass: what is put in is not looked at again.
fn in_schema(sql: &str, quoted_schema: &str) -> String {
    sql.split("{ws}").collect::<Vec<_>>().join(quoted_schema)
}
