//! Years later: finished tickets go into the archive with all that belongs to them, one row each.
//!
//! Nothing here waits for anybody: a ticket or a task that somebody is at work on is left for the next call. Once a ticket is
//! held nothing can be added to it, because what belongs or refers to it would have to hold it too.

use super::referred::{Referred, referred};
use super::statements::{
    ARCHIVE, ARCHIVED_HISTORY, CHOOSE_FINISHED, DROP_ARTIFACTS, DROP_CONTEXT, DROP_HISTORY,
    DROP_RESULTS, DROP_TASKS, DROP_TICKETS, FINISHED, HOLD_BELONGING, HOLD_FINISHED, IS_UNGUARDED,
    IS_WORKSPACES_OWN, LEFT, MARK_ARCHIVED,
};
use crate::by_index::ByIndex;
use crate::clock;
use crate::error::{Code, Error};
use crate::identity;
use crate::notice::notice;
use crate::pg::call::{Answer, Call};
use crate::pg::error::Result;
use crate::pg::role::{self, Privilege};
use crate::pg::rows::{Row, Rows};
use crate::pg::spi::{Sees, Session};
use crate::pg::value::{Type, Value};
use crate::pg::{server, transaction};
use crate::privileges;
use crate::workspace::archiving::Archiving;
use crate::workspace::{Configuration, Statement, Workspace};
use std::collections::HashSet;
use std::rc::Rc;
use uuid::Uuid;

/// The reason in the one row of history that a ticket has whose row stayed when all else went into the archive.
pub const MARK: &str = "archived";

/// What the archive has of a ticket's history; `None` where the caller may not read the archive.
pub(super) fn history(workspace: &Workspace, ticket: Uuid) -> Result<Option<Rows>> {
    match workspace.table("ticket_archive") {
        Ok(archive) if role::may(Privilege::Select, archive) => {}
        _ => return Ok(None),
    }
    let arguments = [Value::Uuid(ticket), Value::text(Some(MARK))];
    let rows = workspace.run(&ARCHIVED_HISTORY, &arguments, Sees::Caller)?;
    Ok(Some(rows))
}

/// `archive_tickets(finished_before, max_tickets, delete)`
pub fn archive_tickets(call: &Call) -> Result<Answer> {
    let before = call.time(0, "finished_before")?;
    let most = call.int(1, "max_tickets")?;
    if most < 1 {
        return Err(Error::invalid_argument(
            "max_tickets must be at least 1",
            format!("It is {most}."),
        ));
    }
    let delete = call.datum(2).map(|_| call.bool(2, "delete")).transpose()?;
    let workspace = Workspace::current()?;
    if !privileges::acts_for(workspace.owner) {
        return Err(workspace.not_owner());
    }
    transaction::require_writable();
    if server::is_replica() {
        return Err(Error::new(
            Code::TriggersOff,
            "tickets cannot be archived under session_replication_role = replica",
        )
        .detail("Foreign keys and triggers do not fire in this session.")
        .hint("RESET session_replication_role."));
    }
    let actor = identity::actor()?;
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    let archiver = Archiver::new(&workspace, before, delete)?;
    let chosen = archiver.choose(most)?;
    let archived = archiver.archive(&chosen, &actor)?;
    Ok(call.answer(&Value::Big(i64::try_from(archived).unwrap_or(i64::MAX))))
}

fn ids(rows: &Rows) -> Vec<Uuid> {
    rows.iter().filter_map(|row| row.uuid(1)).collect()
}

/// One call, with the owner's rights.
struct Archiver<'a> {
    workspace: &'a Workspace,
    configuration: Rc<Configuration>,
    /// Finished before then.
    before: i64,
    /// Whether the rows of `tickets` go too.
    deletes: bool,
}

impl<'a> Archiver<'a> {
    fn new(workspace: &'a Workspace, before: i64, delete: Option<bool>) -> Result<Self> {
        let (tickets, archive) = (workspace.tickets, workspace.table("ticket_archive")?);
        let tables = [Value::Oid(tickets), Value::Oid(archive)];
        let is_true = |statement: &'static Statement, arguments: &[Value<'_>]| {
            let rows = workspace.run(statement, arguments, Sees::Snapshot)?;
            Ok::<_, Error>(rows.first().is_some_and(|row| row.bool(1)))
        };
        if is_true(&IS_UNGUARDED, &tables)? {
            return Err(Error::new(
                Code::ArchiveUnguarded,
                "ticket_archive has no row security, and tickets has",
            )
            .detail("What policies hide in tickets could be read in the archive.")
            .hint("CREATE POLICY ... ON ticket_archive, and ALTER TABLE ticket_archive ENABLE ROW LEVEL SECURITY.")
            .table("ticket_archive"));
        }
        let deletes = match delete {
            Some(delete) => delete,
            None => {
                let arguments = [Value::Oid(tickets), Value::Oid(workspace.schema)];
                is_true(&IS_WORKSPACES_OWN, &arguments)?
            }
        };
        Ok(Archiver {
            configuration: workspace.configuration()?,
            workspace,
            before,
            deletes,
        })
    }

    fn final_phases(&self) -> Value<'static> {
        let phases = &self.configuration.phases;
        let finals = phases
            .listed()
            .filter(|phase| phases.kind(*phase).is_final());
        Value::Enums(
            self.workspace.phase_type,
            finals.map(|phase| phases.oid(phase)).collect(),
        )
    }

    /// Those of the finished tickets, or of these, that rows refer to that stay.
    fn referred(&self, referred: &Referred, of: Option<&[Uuid]>) -> Result<Vec<Uuid>> {
        let arguments = [
            (Type::Phases, self.final_phases()),
            (Type::Time, Value::Time(self.before)),
            (
                Type::Uuids,
                of.map_or(Value::Null, |of| Value::Uuids(of.to_vec())),
            ),
        ];
        let rows = (self.workspace).run_made(FINISHED, &referred.condition, &arguments)?;
        Ok(ids(&rows))
    }

    /// What a statement gives that holds rows of these tickets.
    fn held_by(&self, statement: &'static Statement, tickets: Vec<Uuid>) -> Result<Rows> {
        let _by_index = ByIndex::only();
        (self.workspace).run(statement, &[Value::Uuids(tickets)], Sees::Latest)
    }

    /// Those of these tickets, which are held, that no row refers to which stays, and none can come to refer to.
    fn unreferred(&self, chosen: Vec<Uuid>) -> Result<Vec<Uuid>> {
        let Some(referred) = referred(self.workspace, self.deletes)? else {
            return Ok(chosen);
        };
        let mut held = chosen;
        for (table, hold) in &HOLD_BELONGING {
            if referred.tables.contains(&self.workspace.table(table)?) {
                held = ids(&self.held_by(hold, held)?);
            }
        }
        let since: HashSet<Uuid> = self.referred(&referred, Some(&held))?.into_iter().collect();
        held.retain(|id| !since.contains(id));
        Ok(held)
    }

    /// Finished tickets that nobody is at work on, at most so many, held with all that belongs to them.
    fn choose(&self, most: i32) -> Result<Vec<Uuid>> {
        let most = usize::try_from(most).unwrap_or(0);
        let skipped = match referred(self.workspace, self.deletes)? {
            Some(referred) => self.referred(&referred, None)?,
            None => Vec::new(),
        };
        if !skipped.is_empty() {
            notice(format!(
                "{} finished tickets are not archived because other rows refer to them",
                skipped.len()
            ));
        }
        let (mut passed_by, mut fit, mut too_large) = (skipped, Vec::new(), Vec::new());
        // What is too large takes nobody's place: else it would be chosen again and again, and nothing be archived.
        while fit.len() < most {
            let wanted = most.saturating_sub(fit.len());
            let arguments = [
                self.final_phases(),
                Value::Time(self.before),
                Value::Big(i64::try_from(wanted).unwrap_or(i64::MAX)),
                Value::Uuids(passed_by.clone()),
                Value::Bool(self.deletes),
            ];
            let rows = (self.workspace).run(&CHOOSE_FINISHED, &arguments, Sees::Snapshot)?;
            let chosen = ids(&rows);
            if chosen.is_empty() {
                break;
            }
            passed_by.extend(&chosen);
            let rows = self.held_by(&HOLD_FINISHED, chosen)?;
            let read = |row: Row<'_>| Some((row.uuid(1)?, row.bool(2)));
            let (large, others): (Vec<_>, Vec<_>) =
                (rows.iter().filter_map(read)).partition(|(_, is_too_large)| *is_too_large);
            let is_done = large.is_empty();
            fit.extend(others.into_iter().map(|(id, _)| id));
            too_large.extend(large.into_iter().map(|(id, _)| id));
            if is_done {
                break;
            }
        }
        if let Some(one) = too_large.first() {
            notice(format!(
                "{} finished tickets are not archived because they are too large for one document, ticket {one} is one",
                too_large.len()
            ));
        }
        // Now that they are held: what came to refer to them until then.
        self.unreferred(fit)
    }

    /// Takes the tickets, which are held, into the archive; says how many they are.
    fn archive(&self, chosen: &[Uuid], actor: &str) -> Result<usize> {
        if chosen.is_empty() {
            return Ok(0);
        }
        let _by_index = ByIndex::only();
        let _archiving = Archiving::of(self.workspace.schema, chosen.iter().copied());
        let tickets = Value::Uuids(chosen.to_vec());
        let (db_role, acting_role) = (identity::db_role(), identity::acting_role());
        let by = [
            Value::text(Some(actor)),
            Value::text(Some(&db_role)),
            Value::text(Some(&acting_role)),
        ];
        let now = Value::Time(clock::now());
        let arguments: Vec<_> = [tickets.clone(), now]
            .into_iter()
            .chain(by.clone())
            .collect();
        let kept_back = |detail: String| {
            Error::new(Code::NotArchived, "tickets were not archived")
                .detail(detail)
                .hint("Look for triggers and rules on the workspace's tables that suppress rows.")
        };
        let expect = |statement, arguments: &[Value<'_>]| {
            let rows = self.workspace.run(statement, arguments, Sees::Latest)?;
            let (done, all) = (rows.len(), chosen.len());
            let detail = || format!("A trigger, rule or policy let {done} of {all} rows through.");
            (done == all)
                .then_some(())
                .ok_or_else(|| kept_back(detail()))
        };
        expect(&ARCHIVE, &arguments)?;
        let own = std::slice::from_ref(&tickets);
        for statement in [
            &DROP_ARTIFACTS,
            &DROP_RESULTS,
            &DROP_CONTEXT,
            &DROP_TASKS,
            &DROP_HISTORY,
        ] {
            self.workspace.run(statement, own, Sees::Latest)?;
        }
        let left = self.workspace.run(&LEFT, own, Sees::Latest)?;
        if let Some(table) = left.first().and_then(|row| row.text(1)) {
            return Err(kept_back(format!(
                "A trigger or rule kept rows of {table} from being deleted."
            )));
        }
        if self.deletes {
            expect(&DROP_TICKETS, own)?;
        } else {
            let more = [
                Value::text(Some(MARK)),
                Value::Big(server::system_identifier()),
            ];
            let arguments: Vec<_> = [tickets].into_iter().chain(by).chain(more).collect();
            expect(&MARK_ARCHIVED, &arguments)?;
        }
        Ok(chosen.len())
    }
}
