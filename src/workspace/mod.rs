//! Workspaces: finding the one that is meant, its plans and its cached configuration.
//!
//! A workspace is a schema whose `phase_history` refers to a table of tickets that carries phasegate's triggers. Functions act on
//! the first one on the caller's search_path; triggers on the one that the table which fired is a table of, told by its OID.
//! A temporary schema is never one.

mod access;
mod actual_names;
mod adopt;
pub mod adopting;
mod alone;
pub mod append_only;
pub mod archiving;
mod attached;
pub mod buried;
mod check;
pub mod citus;
mod column_checks;
mod column_users;
mod columns;
mod configuration;
pub mod configuration_history;
mod create;
mod detach;
mod differences;
mod distribute;
mod fired;
mod found;
mod full_name;
pub mod functions;
mod inheritance;
mod kept_names;
mod kind;
mod levels;
mod online;
mod own_triggers;
mod owner;
mod owners_path;
pub mod phases;
mod pinned;
mod placeholders;
mod progress;
mod quiet;
pub mod readable;
mod relatives;
pub mod remembered;
mod repair;
mod running;
mod shape;
mod site;
mod sizes;
mod standing;
mod statement;
mod statements;
mod steps;
mod structure;
mod survey;
mod survey_columns;
mod survey_rows;
mod survey_table;
mod survey_values;
mod survey_writes;
mod swap;
mod table_triggers;
mod ticket_columns;
mod tickets_table;
mod tried;
mod trigger_code;
pub mod triggers_made;
mod upgrade;
mod uses;
mod views;
mod words;

pub use configuration::Configuration;
pub use full_name::full_name;
pub use statement::{Statement, run_once};
pub use ticket_columns::Columns;

use crate::changes;
use crate::error::{Code, Error};
use crate::pg::cache;
use crate::pg::error::Result;
use crate::pg::role::Rights;
use crate::pg::settings::Pinned;
use crate::pg::spi::{Plan, Session, quote_identifier};
use crate::pg::trigger::Firing;
use crate::pg::{catalog, lock, role};
use crate::privileges;
use crate::stamp::{Fit, Stamp};
use citus::Shards;
use owner::Tables;
use owners_path::OwnersPath;
use placeholders::Names;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// How many workspaces a backend keeps plans and configuration for; beyond this the one that was used longest
/// ago is forgotten. The plans of one take up to 1.7 MB; to make one anew takes about a millisecond.
const KEPT: usize = 16;

thread_local! {
    static WORKSPACES: RefCell<HashMap<u32, Rc<Workspace>>> = RefCell::new(HashMap::new());
    static USES: Cell<u64> = const { Cell::new(0) };
}

/// A workspace as this backend knows it.
pub struct Workspace {
    /// The schema's OID.
    pub schema: u32,
    /// The schema's name.
    pub name: String,
    quoted: String,
    names: Names,
    /// The OID of the table that holds its tickets.
    pub tickets: u32,
    /// The owner of that table, with whose rights side effects run.
    pub owner: u32,
    /// The OID of its enum `phase`.
    pub phase_type: u32,
    /// The columns of that table.
    pub columns: Columns,
    /// Which shape it has.
    pub stamp: Stamp,
    /// The schemas whose names stand in its statements: its own, and that of the table of its tickets.
    schemas: [u32; 2],
    /// Made when the catalogs were at this generation.
    generation: u64,
    tables: Tables,
    /// Where Citus has placed it on this node.
    shards: Option<Shards>,
    used: Cell<u64>,
    /// By statement, and whether it leaves out the question which tickets the caller may see.
    plans: RefCell<HashMap<(*const Statement, bool), Rc<Plan>>>,
    configuration: RefCell<Option<Rc<Configuration>>>,
    /// The search_path for what runs with the owner's rights, and the count of changes of rights that it holds for.
    path: RefCell<Option<(u64, Rc<OwnersPath>)>>,
}

/// The owner's rights, until dropped.
pub struct AsOwner {
    _path: Option<Pinned>,
    _shown: Option<Pinned>,
    _rights: Rights,
}

impl Workspace {
    /// The first workspace on the caller's search_path. What merely has the names of a workspace's tables is passed by.
    pub fn current() -> Result<Rc<Workspace>> {
        cache::accept_invalidations();
        for schema in catalog::schemas_on_search_path() {
            if schema == catalog::PG_CATALOG {
                continue;
            }
            if let Some(workspace) = Self::of_schema(schema)? {
                return Self::stays(workspace);
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
        Self::stays(workspace.ok_or_else(|| Error::not_a_workspace(name))?)
    }

    /// The workspace of this name, to change its definitions and not its rows: one that Citus has distributed by its shells,
    /// which are the coordinator's to change. Who may not use the schema is refused, and keeps nobody from changing it.
    pub fn to_define(name: &str) -> Result<Rc<Workspace>> {
        cache::accept_invalidations();
        let schema = catalog::schema_by_name(name);
        if let Some(schema) = schema {
            site::require_usage(schema, name)?;
            lock::schema(schema);
            if catalog::schema_by_name(name) != Some(schema) {
                return Err(owner::changed());
            }
        }
        if let Some(schema) = schema
            && citus::is_distributed_now(schema)?
        {
            distribute::require_coordinator_of(name)?;
            let shells = Self::load(schema, changes::catalog_generation(), None)?;
            return shells
                .map(Rc::new)
                .ok_or_else(|| Error::not_a_workspace(name));
        }
        Self::named(name)
    }

    /// The workspace, which from now on Citus does not move before the transaction ends.
    fn stays(workspace: Rc<Workspace>) -> Result<Rc<Workspace>> {
        let Some(shards) = &workspace.shards else {
            return Ok(workspace);
        };
        let waited = {
            let _rights = Rights::of(workspace.owner);
            shards.hold()?
        };
        if !waited || workspace.is_current() {
            return Ok(workspace);
        }
        // It was being moved. Where it is now it is held by the same lock; elsewhere it is refused.
        let moved = Self::of_schema(workspace.schema)?;
        moved.ok_or_else(|| Error::not_a_workspace(&workspace.name))
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
        let generation = changes::catalog_generation();
        // Before it is loaded, which may fail.
        WORKSPACES.with_borrow_mut(|workspaces| workspaces.remove(&schema));
        let fresh = Self::load(schema, generation, Shards::of(schema)?)?.map(Rc::new);
        if let Some(fresh) = &fresh {
            if fresh.shards.is_none() {
                citus::refuse_divided(&fresh.name, &fresh.tables)?;
            }
            if let Some(known) = &known
                && known.names == fresh.names
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
        self.generation == changes::catalog_generation()
            && self.tables.are_current()
            && self.shards.as_ref().is_none_or(Shards::are_current)
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

    fn load(schema: u32, generation: u64, shards: Option<Shards>) -> Result<Option<Workspace>> {
        let Some(name) = catalog::schema_name(schema) else {
            return Ok(None);
        };
        let Some(held) = tickets_table::held(schema, shards.as_ref())? else {
            adopting::refuse(schema, &name)?;
            return Ok(None);
        };
        let tickets = held.table;
        let tables = match &shards {
            Some(shards) => Tables::shards(schema, shards),
            None => Tables::of(schema, Some(tickets)),
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
        inheritance::refuse(tables.heirless())?;
        let quoted = quote_identifier(&name)?;
        let numbers = shards.as_ref().map(Shards::numbers).unwrap_or_default();
        let names = Names::of(&quoted, Some(tickets), held.key)?.with_numbers(numbers);
        let columns = Columns::of(tickets, &names)?;
        let phase_type = catalog::column_type(tickets, columns.phase_id).unwrap_or(0);
        Ok(Some(Workspace {
            schema,
            schemas: [schema, catalog::schema_of(tickets).unwrap_or(schema)],
            names,
            quoted,
            name,
            tickets,
            owner: identity.owner,
            phase_type,
            columns,
            stamp,
            generation,
            tables,
            shards,
            used: Cell::new(0),
            plans: RefCell::default(),
            configuration: RefCell::default(),
            path: RefCell::default(),
        }))
    }

    /// The schema as what is made, repaired or looked at: of a workspace that Citus has distributed the shells.
    fn site(&self) -> site::Site {
        self.keep_names();
        let tickets = self.shards.is_none().then_some(self.tickets);
        site::Site::new(self.schema, self.quoted.clone(), tickets)
    }

    /// From here on the names in its statements mean what they mean now.
    fn keep_names(&self) {
        let [own, other] = self.schemas;
        let other = (other != own).then_some(other);
        kept_names::hold(std::iter::once(own).chain(other), self.owner);
    }

    /// The text with the names of this workspace in it.
    fn in_workspace(&self, sql: &str) -> String {
        self.names.put_into(sql)
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
        AsOwner {
            _path: (!path.is_in_force()).then(|| Pinned::to(&[(c"search_path", &path.text)])),
            _shown: self.shards.as_ref().map(|_| citus::show_shards()),
            _rights: rights,
        }
    }

    /// The search_path for what runs with the owner's rights.
    fn path(&self) -> Rc<OwnersPath> {
        let generation = changes::rights_generation();
        if let Some((known, path)) = self.path.borrow().as_ref()
            && *known == generation
        {
            return Rc::clone(path);
        }
        // Not where it cannot be told.
        let is_safe = owners_path::is_safe(self.schema, self.owner).unwrap_or(false);
        let path = Rc::new(OwnersPath::new(is_safe.then_some(&self.quoted)));
        *self.path.borrow_mut() = Some((generation, Rc::clone(&path)));
        path
    }

    /// Refuses unless the caller may read tickets: the least that any function of a workspace asks for.
    pub fn require_reader(&self) -> Result<()> {
        privileges::require(role::Privilege::Select, self.tickets, &self.tickets_name())
    }

    /// Refuses unless the caller may update this column of tickets.
    pub fn require_update(&self, column: i16) -> Result<()> {
        privileges::require_column(
            role::Privilege::Update,
            self.tickets,
            column,
            &self.tickets_name(),
        )
    }

    /// What a column of ours is called in that table, quoted.
    pub fn ticket_column(&self, name: &'static str) -> &str {
        self.names.quoted(name)
    }

    /// PostgreSQL's own message for who does not own the table of its tickets.
    pub fn not_owner(&self) -> Error {
        site::not_owner(self.tickets)
    }

    /// The name of the table of its tickets, as the server's messages have it.
    pub fn tickets_name(&self) -> String {
        catalog::name_of(self.tickets).unwrap_or_default()
    }

    /// The columns of the table that fired: of the table of its tickets, or of a partition or shard of that.
    pub fn columns_of(&self, firing: &Firing) -> Result<Columns> {
        if firing.table() == self.tickets {
            return Ok(self.columns);
        }
        Columns::of(firing.table(), &self.names)
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
