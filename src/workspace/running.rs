//! Running the rooms' statements in a workspace: what is seen to first, and the plans that are kept.

use super::uses::uses;
use super::{AsOwner, Workspace};
use crate::error::{Code, Error};
use crate::pg::error::Result;
use crate::pg::lock::Purpose;
use crate::pg::role;
use crate::pg::rows::{Row, Rows};
use crate::pg::spi::{Plan, Sees, Statement};
use crate::pg::value::Value;
use std::rc::Rc;

impl Workspace {
    /// Runs one of the rooms' statements by its kept plan. Needs an open [`Session`].
    pub fn run(
        &self,
        statement: &'static Statement,
        arguments: &[Value<'_>],
        sees: Sees,
    ) -> Result<Rows> {
        let _rights = self.ready(statement)?;
        self.plan(statement, false)?.run(arguments, sees, 0)
    }

    /// As [`Self::run`], for a statement that asks which tickets the caller may see: where that is all of them, it does
    /// not ask. A task without its ticket cannot be.
    pub fn run_visible(
        &self,
        statement: &'static Statement,
        arguments: &[Value<'_>],
        sees: Sees,
    ) -> Result<Rows> {
        let _rights = self.ready(statement)?;
        let sees_all = role::may_read_all(self.tickets);
        self.plan(statement, sees_all)?.run(arguments, sees, 0)
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
        let _rights = self.ready(statement)?;
        let sees_all = role::may_read_all(self.tickets);
        self.plan(statement, sees_all)?
            .run_by_row(arguments, most, wants_more)
    }

    /// What has to be seen to before a statement is planned and run: its tables are locked as it will lock them, are still
    /// the workspace's, and writing to them with the owner's rights runs nobody else's code.
    ///
    /// Where a superuser only reads what is not a superuser's, it is done with the owner's rights until what is given is
    /// dropped: reading may run what the owner made. What a superuser writes is as their own statement would be.
    fn ready(&self, statement: &'static Statement) -> Result<Option<AsOwner>> {
        let uses = uses(statement);
        self.tables.lock(&uses);
        self.require_unchanged()?;
        self.require_one_owner()?;
        let writes = |purpose| purpose == Purpose::Writing;
        if role::is_switched() {
            for one in uses.iter().filter(|one| writes(one.purpose)) {
                let table = self.table(one.table)?;
                self.tables.require_safe_triggers(table, self.owner)?;
            }
            return Ok(None);
        }
        let only_reads = !uses.iter().any(|one| writes(one.purpose));
        let stands_above = || {
            self.owner != role::current()
                && role::is_superuser(role::current())
                && !role::is_superuser(self.owner)
        };
        Ok((only_reads && stands_above()).then(|| self.as_owner()))
    }

    /// Refuses where its tables and its type do not all belong to its owner.
    pub(super) fn require_one_owner(&self) -> Result<()> {
        self.tables.require_owner(self.owner, self.phase_type)
    }

    /// Refuses where the workspace is not what it was when this was made: the wait for a lock may have been for that.
    fn require_unchanged(&self) -> Result<()> {
        if self.is_current() {
            return Ok(());
        }
        let now = Self::of_schema(self.schema)?;
        let is_same = now.is_some_and(|now| {
            now.tables == self.tables
                && now.name == self.name
                && now.owner == self.owner
                && now.phase_type == self.phase_type
                && now.columns == self.columns
        });
        if is_same {
            return Ok(());
        }
        Err(Error::new(
            Code::WorkspaceChanged,
            format!("workspace \"{}\" was changed meanwhile", self.name),
        )
        .hint("Repeat what you did."))
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
