//! Whose workspace's trigger fired, and on which of its tables.

use super::citus::{self, Shards};
use super::remembered::Remembered;
use super::{WORKSPACES, Workspace, relatives, tickets_table};
use crate::error::{Code, Error};
use crate::pg::error::Result;
use crate::pg::spi::Session;
use crate::pg::trigger::Firing;
use crate::pg::{catalog, role};
use std::cell::RefCell;
use std::rc::{Rc, Weak};

thread_local! {
    /// The table whose trigger fired last, and whose it is: a statement fires it for row after row. A table of a workspace
    /// itself, of its owner; it is no longer known when anything of the workspace's tables changes.
    static FIRED: RefCell<Option<(u32, &'static str, Weak<Workspace>)>> = const { RefCell::new(None) };
}

impl Workspace {
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
        let known = Self::fired_last(firing.table());
        let is_known = known.is_some();
        let (workspace, table) = match known {
            Some(known) => known,
            None => Self::whose(firing)?.ok_or_else(|| not_of_a_workspace(firing, tables))?,
        };
        if workspace.shards.is_some() {
            let kept = Self::stays(Rc::clone(&workspace))?;
            if !Rc::ptr_eq(&kept, &workspace) && kept.tables != workspace.tables {
                return Err(citus::moved(&workspace.name));
            }
        }
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
        if is_known {
            return Ok((workspace, table));
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
        if workspace.tables.name_of(firing.table()).is_some() {
            FIRED.set(Some((firing.table(), table, Rc::downgrade(&workspace))));
        }
        Ok((workspace, table))
    }

    /// The workspace and which of its tables fired, itself or by a partition.
    fn whose(firing: &Firing) -> Result<Option<(Rc<Workspace>, &'static str)>> {
        let table = firing.table();
        let found = Self::of_table(table)?;
        if found.is_some() || !catalog::is_partition(table) {
            return Ok(found);
        }
        for ancestor in Self::ancestors(table)?.iter() {
            if let Some(found) = Self::of_table(*ancestor)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The workspace that has the table, and which of its tables that is: the one whose history refers to it, else the one of
    /// its schema.
    fn of_table(table: u32) -> Result<Option<(Rc<Workspace>, &'static str)>> {
        let named = |workspace: Rc<Workspace>| {
            let shell = |shards: &Shards| shards.name_of_shell(table);
            let name = workspace.tables.name_of(table);
            let name = name.or_else(|| workspace.shards.as_ref().and_then(shell))?;
            Some((workspace, name))
        };
        let known = WORKSPACES.with_borrow(|workspaces| {
            let mut all = workspaces.values().cloned();
            all.find_map(|workspace| named(workspace).filter(|(found, _)| found.is_current()))
        });
        if let Some((workspace, _)) = &known {
            workspace.touch();
            return Ok(known);
        }
        let schema = tickets_table::workspace_of(table)?.or_else(|| catalog::schema_of(table));
        let found = schema.map_or(Ok(None), Self::of_schema)?;
        Ok(found.and_then(named))
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
}

/// What is said where a trigger function for these tables fired on one that no workspace has.
fn not_of_a_workspace(firing: &Firing, tables: &[&str]) -> Error {
    let error = Error::new(
        Code::NotAWorkspace,
        format!(
            "table \"{}\" is in no phasegate workspace",
            firing.table_name()
        ),
    );
    if tables.contains(&"tickets") {
        return error
            .detail("No workspace's phase_history has a foreign key that says that this is the table of its tickets.")
            .hint("phasegate.create_workspace('name', tickets => 'schema.table') makes it anew; else drop the trigger.");
    }
    error
        .detail("Trigger functions of phasegate are for the tables of a workspace and their partitions.")
        .hint("Drop the trigger.")
}
