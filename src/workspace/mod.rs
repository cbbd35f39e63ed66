//! Workspaces: finding the one that is meant, its plans and its cached configuration.
//!
//! A workspace is a schema whose table `tickets` carries phasegate's triggers. Functions act on the one
//! that the caller's search_path finds; triggers on that of the schema of the table that fired.

mod access;
mod adopt;
pub mod append_only;
mod check;
mod columns;
mod configuration;
pub mod configuration_history;
mod create;
pub mod functions;
pub mod phases;
mod progress;
mod shape;
mod statements;
mod upgrade;

pub use configuration::Configuration;

use crate::error::{Code, Error};
use crate::pg::append::{self, Parent, Shape};
use crate::pg::cache::{self, Watched};
use crate::pg::error::Result;
use crate::pg::lock::Place;
use crate::pg::probe::{self, Look};
use crate::pg::role::Rights;
use crate::pg::rows::{Row, Rows};
use crate::pg::spi::{Plan, Sees, Session, Statement, quote_identifier};
use crate::pg::trigger::Firing;
use crate::pg::value::Value;
use crate::pg::{catalog, role};
use crate::stamp::{Fit, Stamp};
use pgrx::pg_sys::{self, Oid};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use uuid::Uuid;

/// How many workspaces a backend keeps plans and configuration for; beyond this the one that was used longest
/// ago is forgotten. The plans of one take up to 1.7 MB; to make one anew takes about a millisecond.
const KEPT: usize = 16;

thread_local! {
    static WORKSPACES: RefCell<HashMap<u32, Rc<Workspace>>> = RefCell::new(HashMap::new());
    static USES: Cell<u64> = const { Cell::new(0) };
}

/// The numbers of the columns of `tickets` that phasegate reads or writes.
#[derive(Debug, Clone, Copy)]
pub struct Columns {
    /// `id`
    pub id: i16,
    /// `phase_id`
    pub phase_id: i16,
    /// `previous_phase_id`
    pub previous_phase_id: i16,
    /// `phase_entered_at`
    pub phase_entered_at: i16,
    /// `updated_at`
    pub updated_at: i16,
    /// `context`
    pub context: i16,
    /// `context_summary`
    pub context_summary: i16,
}

impl Columns {
    /// Those of this table, which is `tickets` or a shard of it.
    pub fn of(table: u32) -> Result<Self> {
        // The types are checked too: a row is read and written by them, and any column's can be altered.
        let number = |name: &str, fits: fn(Oid) -> bool| {
            let number = catalog::column(table, name).ok_or_else(|| {
                Error::new(
                    Code::NotInPrerequisiteState,
                    format!("table \"tickets\" lacks the column \"{name}\""),
                )
                .hint("phasegate.create_workspace adds what a workspace is missing.")
            })?;
            if catalog::column_type(table, number).is_some_and(|kind| fits(Oid::from(kind))) {
                return Ok(number);
            }
            Err(Error::new(
                Code::DatatypeMismatch,
                format!(
                    "column \"{name}\" of table \"tickets\" has another type than a workspace needs"
                ),
            ))
        };
        let time = |kind| kind == pg_sys::TIMESTAMPTZOID;
        let phase = |kind: Oid| catalog::is_enum(kind.to_u32());
        Ok(Columns {
            id: number("id", |kind| kind == pg_sys::UUIDOID)?,
            phase_id: number("phase_id", phase)?,
            previous_phase_id: number("previous_phase_id", phase)?,
            phase_entered_at: number("phase_entered_at", time)?,
            updated_at: number("updated_at", time)?,
            context: number("context", |kind| kind == pg_sys::JSONBOID)?,
            context_summary: number("context_summary", |kind| {
                kind == pg_sys::TEXTOID || kind == pg_sys::VARCHAROID
            })?,
        })
    }
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
    watched: Watched,
    used: Cell<u64>,
    /// By statement, and whether it leaves out the question which tickets the caller may see.
    plans: RefCell<HashMap<(*const Statement, bool), Rc<Plan>>>,
    configuration: RefCell<Option<Rc<Configuration>>>,
}

impl Workspace {
    /// The workspace whose `tickets` table the caller's search_path finds.
    pub fn current() -> Result<Rc<Workspace>> {
        cache::accept_invalidations();
        let found = catalog::table_on_search_path(c"tickets").and_then(catalog::schema_of);
        let workspace = match found {
            Some(schema) => Self::of_schema(schema)?,
            None => None,
        };
        workspace.ok_or_else(|| Error::no_workspace(&catalog::search_path()))
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

    /// The workspace of the table that fired a trigger.
    ///
    /// Siblings are found by schema and standard name, never by the firing table's name, which on a
    /// Citus worker is a shard's. A table of another owner is refused: its triggers would otherwise
    /// write with the rights of the workspace's owner.
    pub fn of_firing(firing: &Firing) -> Result<Rc<Workspace>> {
        let workspace = Self::of_schema(firing.schema())?.ok_or_else(|| {
            Error::new(
                Code::InvalidSchema,
                "the trigger's table is in no phasegate workspace",
            )
        })?;
        if firing.table() != workspace.tickets && firing.owner() != workspace.owner {
            return Err(Error::new(
                Code::InsufficientPrivilege,
                "the trigger's table does not belong to the workspace's owner",
            )
            .detail(format!(
                "Workspace \"{}\" belongs to role \"{}\".",
                workspace.name,
                role::name(workspace.owner)
            )));
        }
        Ok(workspace)
    }

    fn of_schema(schema: u32) -> Result<Option<Rc<Workspace>>> {
        let known = WORKSPACES.with_borrow(|workspaces| workspaces.get(&schema).cloned());
        if let Some(workspace) = &known
            && workspace.watched.is_current()
            && workspace.generation == cache::catalog_generation()
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
            workspace.watched.is_current() || catalog::schema_of(workspace.tickets).is_some()
        });
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
        let Some(tickets) = catalog::table_in(schema, "tickets") else {
            return Ok(None);
        };
        let watched = Watched::new(tickets);
        let Some(identity) = statements::identity(tickets) else {
            return Ok(None);
        };
        let stamp = identity.stamp;
        match stamp.fit() {
            Fit::TooOld => return Err(Error::workspace_older(&name, stamp.shape)),
            Fit::TooNew => return Err(Error::workspace_newer(&name, stamp.shape)),
            Fit::Behind | Fit::Current | Fit::Ahead => {}
        }
        let columns = Columns::of(tickets)?;
        let phase_type = catalog::column_type(tickets, columns.phase_id).unwrap_or(0);
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
            watched,
            used: Cell::new(0),
            plans: RefCell::default(),
            configuration: RefCell::default(),
        })))
    }

    /// Runs one of the rooms' statements by its kept plan. Needs an open [`Session`].
    pub fn run(
        &self,
        statement: &'static Statement,
        arguments: &[Value<'_>],
        sees: Sees,
    ) -> Result<Rows> {
        self.plan(statement, false)?.run(arguments, sees, 0)
    }

    /// As [`Self::run`], for a query that only reads: hands over each row, which is valid meanwhile.
    pub fn each(
        &self,
        statement: &'static Statement,
        arguments: &[Value<'_>],
        sees: Sees,
        visit: impl FnMut(&Row<'_>),
    ) -> Result<()> {
        self.plan(statement, false)?.each(arguments, sees, visit)
    }

    /// As [`Self::run`], for a statement that asks which tickets the caller may see: where that is all of them, it does
    /// not ask. A task without its ticket cannot be.
    pub fn run_visible(
        &self,
        statement: &'static Statement,
        arguments: &[Value<'_>],
        sees: Sees,
    ) -> Result<Rows> {
        let sees_all = role::may_read_all(self.tickets);
        self.plan(statement, sees_all)?.run(arguments, sees, 0)
    }

    /// As [`Self::run_by_row`], for a query of rows' places and a condition, of tables that are locked and may be read. It
    /// asks for no ticket: the caller sees all of them.
    pub fn run_by_place(
        &self,
        statement: &'static Statement,
        arguments: &[Value<'_>],
        most: i64,
        wants_more: impl FnMut(Place, bool) -> bool,
    ) -> Result<()> {
        self.plan(statement, true)?
            .run_by_place(arguments, most, wants_more)
    }

    /// As [`Self::run_visible`], for a statement that only reads: hands over each row as soon as there is one, for as long as
    /// more are wanted. Later rows it fetches up to `most` at once.
    pub fn run_by_row(
        &self,
        statement: &'static Statement,
        arguments: &[Value<'_>],
        most: i64,
        wants_more: impl FnMut(&Row<'_>) -> bool,
    ) -> Result<()> {
        let sees_all = role::may_read_all(self.tickets);
        self.plan(statement, sees_all)?
            .run_by_row(arguments, most, wants_more)
    }

    fn plan(&self, statement: &'static Statement, sees_all: bool) -> Result<Rc<Plan>> {
        let key: (*const Statement, bool) = (statement, sees_all);
        if let Some(plan) = self.plans.borrow().get(&key) {
            return Ok(Rc::clone(plan));
        }
        let types: Vec<_> = statement
            .parameters
            .iter()
            .map(|kind| kind.oid(self.phase_type))
            .collect();
        let plan = Rc::new(Plan::prepare(
            &self.in_workspace(&visible(statement.sql, sees_all)),
            &types,
        )?);
        self.plans.borrow_mut().insert(key, Rc::clone(&plan));
        Ok(plan)
    }

    fn in_workspace(&self, sql: &str) -> String {
        in_schema(sql, &self.quoted)
    }

    /// The OID of one of the workspace's tables.
    pub fn table(&self, name: &str) -> Result<u32> {
        catalog::table_in(self.schema, name).ok_or_else(|| {
            Error::new(
                Code::NotInPrerequisiteState,
                format!("workspace \"{}\" lacks the table \"{name}\"", self.name),
            )
            .hint("phasegate.create_workspace adds what a workspace is missing.")
        })
    }

    /// Whether the ticket has any of these, in this phase (an enum value) where it matters, as of the latest commit; true
    /// where there is no quick way to tell.
    pub fn may_have(&self, look: Look, ticket: Uuid, phase: u32) -> Result<bool> {
        probe::may_have(look, self.schema, ticket, phase)
    }

    /// Appends rows that refer to tickets to one of the workspace's tables, as [`append::append`] does. Every ticket is there
    /// as of `now`. Needs an open [`Session`] with the owner's rights.
    pub fn append<'v, const N: usize>(
        &self,
        shape: &Shape,
        now: Parent,
        rows: impl ExactSizeIterator<Item = [Value<'v>; N]>,
        shared: &[Value<'_>],
    ) -> Result<bool> {
        let table = self.table(shape.table)?;
        append::append(shape, table, now, self.phase_type, rows, shared)
    }

    /// Acts with the rights of the workspace's owner until the guard is dropped.
    pub fn as_owner(&self) -> Rights {
        Rights::of(self.owner)
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

/// The SQL text without the marks around conditions of visibility, and where all is visible without these conditions.
fn visible(sql: &str, all: bool) -> String {
    sql.split("{visible}")
        .map(|part| match part.split_once("{/visible}") {
            None => part.to_owned(),
            Some((_, rest)) if all => format!("true{rest}"),
            Some((condition, rest)) => format!("{condition}{rest}"),
        })
        .collect()
}

/// The SQL text with `{ws}` replaced by the quoted schema, in one pass: what is put in is not looked at again.
fn in_schema(sql: &str, quoted_schema: &str) -> String {
    sql.split("{ws}").collect::<Vec<_>>().join(quoted_schema)
}
