//! Running the rooms' statements in a workspace: what is seen to first, and the plans that are kept.

use super::shape::OF_TICKETS;
use super::statement::{self, Statement};
use super::uses::{Use, uses};
use super::{AsOwner, Workspace};
use crate::error::{Code, Error};
use crate::pg::error::Result;
use crate::pg::lock::{self, Purpose};
use crate::pg::role;
use crate::pg::rows::{Row, Rows};
use crate::pg::spi::{Plan, Sees};
use crate::pg::value::{Type, Value};
use crate::privileges;
use std::rc::Rc;

/// How often a workspace is looked up for one statement: its tickets may have come to another schema before they were locked.
const LOOK_UPS: usize = 3;

/// What holds while a statement runs.
struct Ready {
    _rights: Option<AsOwner>,
    /// The workspace as it is now, where it was looked at anew.
    renamed: Option<Rc<Workspace>>,
}

impl Ready {
    /// The one whose names, and whose plans with them, are those of now.
    fn workspace<'a>(&'a self, known: &'a Workspace) -> &'a Workspace {
        self.renamed.as_deref().unwrap_or(known)
    }
}

impl Workspace {
    /// Runs one of the rooms' statements by its kept plan. Needs an open [`Session`].
    pub fn run(
        &self,
        statement: &'static Statement,
        arguments: &[Value<'_>],
        sees: Sees,
    ) -> Result<Rows> {
        let ready = self.ready(statement)?;
        let plan = ready.workspace(self).plan(statement, false)?;
        plan.run(arguments, sees, 0)
    }

    /// Whether a query gives any row; no more than that one is read.
    pub fn finds(
        &self,
        query: &'static Statement,
        arguments: &[Value<'_>],
        sees: Sees,
    ) -> Result<bool> {
        let ready = self.ready(query)?;
        let plan = ready.workspace(self).plan(query, false)?;
        let rows = plan.run(arguments, sees, 1)?;
        Ok(!rows.is_empty())
    }

    /// As [`Self::run`], for a statement that asks which tickets the caller may see: where that is all of them, it does
    /// not ask. A task without its ticket cannot be.
    pub fn run_visible(
        &self,
        statement: &'static Statement,
        arguments: &[Value<'_>],
        sees: Sees,
    ) -> Result<Rows> {
        let ready = self.ready(statement)?;
        let sees_all = privileges::may_read_all(self.tickets);
        let plan = ready.workspace(self).plan(statement, sees_all)?;
        plan.run(arguments, sees, 0)
    }

    /// As [`Self::run_visible`], for a statement that only reads: hands over each row as soon as there is one.
    pub fn run_by_row(
        &self,
        statement: &'static Statement,
        arguments: &[Value<'_>],
        take: impl FnMut(&Row<'_>),
    ) -> Result<()> {
        let ready = self.ready(statement)?;
        let sees_all = privileges::may_read_all(self.tickets);
        let plan = ready.workspace(self).plan(statement, sees_all)?;
        plan.run_by_row(arguments, take)
    }

    /// Runs a query that ends in a condition made for this once, in which nothing is left open, and that only reads, with the
    /// owner's rights. Needs an open [`Session`].
    pub fn run_made(
        &self,
        sql: &str,
        condition: &str,
        arguments: &[(Type, Value<'_>)],
    ) -> Result<Rows> {
        self.keep_names();
        self.tables.lock(&[Use {
            table: "tickets",
            purpose: Purpose::Reading,
        }])?;
        let renamed = self.require_unchanged()?;
        let named = renamed.as_deref().unwrap_or(self);
        self.require_one_owner()?;
        let _owner = self.as_owner();
        let text = format!("{}({condition})", named.in_workspace(sql));
        statement::run_made(&text, self.phase_type, arguments)
    }

    /// What has to be seen to before a statement is planned and run: its tables are locked as it will lock them, are still
    /// the workspace's, and writing to them with the owner's rights runs nobody else's code.
    ///
    /// Where a superuser only reads what is not a superuser's, it is done with the owner's rights until what is given is
    /// dropped: reading may run what the owner made. What a superuser writes is as their own statement would be.
    fn ready(&self, statement: &'static Statement) -> Result<Ready> {
        let uses = uses(statement);
        self.keep_names();
        self.tables.lock(&uses)?;
        let renamed = self.require_unchanged()?;
        let now = renamed.as_deref().unwrap_or(self);
        now.require_one_owner()?;
        let writes = |purpose| purpose == Purpose::Writing;
        if role::is_switched() {
            for one in uses.iter().filter(|one| writes(one.purpose)) {
                let table = now.table(one.table)?;
                now.tables.require_safe_triggers(table, now.owner)?;
            }
            return Ok(Ready {
                _rights: None,
                renamed,
            });
        }
        let only_reads = !uses.iter().any(|one| writes(one.purpose));
        let stands_above = || {
            self.owner != role::current()
                && role::is_superuser(role::current())
                && !role::is_superuser(self.owner)
        };
        Ok(Ready {
            _rights: (only_reads && stands_above()).then(|| self.as_owner()),
            renamed,
        })
    }

    /// Before what belongs to a ticket goes with it, with the owner's rights and not by a statement of ours: it runs nobody else's
    /// code. What is put there between this and that the event trigger refuses. Needs an open [`Session`].
    pub(super) fn require_safe_cascade(&self) -> Result<()> {
        let written = |table| Use {
            table,
            purpose: Purpose::Writing,
        };
        self.tables.lock(&OF_TICKETS.map(written))?;
        let renamed = self.require_unchanged()?;
        let now = renamed.as_deref().unwrap_or(self);
        now.require_one_owner()?;
        OF_TICKETS
            .iter()
            .filter_map(|name| now.tables.get(name))
            .try_for_each(|table| now.tables.require_safe_triggers(table, now.owner))
    }

    /// Refuses where its tables and its type do not all belong to its owner.
    pub(super) fn require_one_owner(&self) -> Result<()> {
        self.tables.require_owner(self.owner, self.phase_type)
    }

    /// Refuses where the workspace is not what it was when this was made: the wait for a lock may have been for that. Where only
    /// names or statistics were changed, gives it as it is now.
    ///
    /// The tables are locked, and the schemas before they are looked up: what their names mean then they go on meaning. So it
    /// does not matter that others go on changing what is theirs, each of which makes all that was looked up stale.
    fn require_unchanged(&self) -> Result<Option<Rc<Workspace>>> {
        if self.is_current() {
            return Ok(None);
        }
        let mut held = self.schemas;
        for _ in 0..LOOK_UPS {
            held.into_iter().for_each(lock::schema);
            let now = Self::of_schema(self.schema)?;
            let same = now.filter(|now| {
                now.tables == self.tables
                    && now.owner == self.owner
                    && now.phase_type == self.phase_type
                    && now.columns == self.columns
            });
            let Some(same) = same else { break };
            if same.schemas == held {
                return Ok(Some(same));
            }
            held = same.schemas;
        }
        Err(Error::new(
            Code::WorkspaceChanged,
            format!("workspace \"{}\" was changed meanwhile", self.name),
        )
        .hint("Try the statement again."))
    }

    fn plan(&self, statement: &'static Statement, sees_all: bool) -> Result<Rc<Plan>> {
        let key: (*const Statement, bool) = (statement, sees_all);
        if let Some(plan) = self.plans.borrow().get(&key)
            && !plan.is_spoiled()
        {
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
