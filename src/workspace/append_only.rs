//! The tables that are only appended to, by phasegate and the workspace's owner, and what is left of a deleted ticket.

use super::Workspace;
use crate::error::{Code, Error};
use crate::pg::error::Result;
use crate::pg::spi::{Sees, Session, Statement};
use crate::pg::trigger::{Firing, Verdict};
use crate::pg::value::{Type, Value, read};
use crate::pg::{catalog, clock, role};

/// The tables that are only appended to.
const APPENDED: [&str; 3] = ["phase_history", "configuration_history", "ticket_archive"];

/// Those and the others that only phasegate and the workspace's owner write.
const OWNERS: [&str; 4] = [
    "phase_history",
    "configuration_history",
    "ticket_archive",
    "phase_gate_results",
];

/// The statement trigger on tables that only phasegate and the workspace's owner write.
///
/// Ordinary privileges keep everybody else out already; this holds even where the owner granted more,
/// as a reviewer's INSERT on `phase_gate_results`, which entitles to a verdict and not to the row.
pub fn owner_only(firing: &Firing) -> Result<Verdict> {
    let workspace = Workspace::of_firing_any(firing, &OWNERS)?;
    if role::acts_for(workspace.owner) {
        return Ok(Verdict::Keep);
    }
    Err(role::permission_denied(&firing.table_name()))
}

static TICKET: Statement = Statement {
    sql: "SELECT 1 FROM {ws}.tickets WHERE id OPERATOR(pg_catalog.=) $1",
    parameters: &[Type::Uuid],
};

static ANY_TICKET: Statement = Statement {
    sql: "SELECT 1 FROM {ws}.tickets LIMIT 1",
    parameters: &[],
};

/// BEFORE UPDATE OR DELETE, row by row, and AFTER TRUNCATE on `phase_history`, `configuration_history` and
/// `ticket_archive`: refuses, but for the cascade from a deleted ticket, and where the owner has emptied `tickets` too.
pub fn append_only(firing: &Firing) -> Result<Verdict> {
    let workspace = Workspace::of_firing_any(firing, &APPENDED)?;
    if firing.is_row_delete() {
        let ticket = catalog::column(firing.table(), "ticket_id")
            .filter(|_| firing.table_name() == "phase_history")
            .and_then(|column| firing.old_uuid(column));
        // When the row goes with its ticket, the ticket is gone already.
        if ticket.is_some() && !is_there(&workspace, &TICKET, &[Value::uuid(ticket)])? {
            return Ok(Verdict::Keep);
        }
    } else if !firing.is_update()
        && role::acts_for(workspace.owner)
        && !is_there(&workspace, &ANY_TICKET, &[])?
    {
        return Ok(Verdict::Keep);
    }
    Err(refused(&firing.table_name()))
}

fn refused(table: &str) -> Error {
    let name = table.replace('_', " ");
    let error = Error::new(Code::HistoryAppendOnly, format!("{name} is append-only"));
    match table {
        "phase_history" => error
            .detail("Rows of phase_history are never changed, and go only with their ticket.")
            .hint("A move that was wrong is undone by another move."),
        _ => error.detail(format!(
            "Rows of {table} are never changed, and go only with all tickets."
        )),
    }
}

/// AFTER TRUNCATE: refuses where the table is this one and there are tickets.
pub(super) fn require_no_tickets(
    workspace: &Workspace,
    firing: &Firing,
    table: &str,
) -> Result<()> {
    if firing.table_name() != table || !is_there(workspace, &ANY_TICKET, &[])? {
        return Ok(());
    }
    Err(Error::new(
        Code::PhaseInUse,
        format!("{table} cannot be emptied while there are tickets"),
    ))
}

fn is_there(
    workspace: &Workspace,
    statement: &'static Statement,
    arguments: &[Value<'_>],
) -> Result<bool> {
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    let rows = workspace.run(statement, arguments, Sees::Latest)?;
    Ok(!rows.is_empty())
}

/// Keeps what is left of a ticket: who deleted it and its history. Not of one that is there again, as after an UPDATE
/// that took it into another partition.
static BURY: Statement = Statement {
    sql: "INSERT INTO {ws}.ticket_archive (ticket_id, title, finished_at, archived_at, deleted, document)
          SELECT $1, $2, $3, $4, true,
                 pg_catalog.jsonb_build_object(
                     'format', 1, 'deleted_by', $5, 'db_role', $6, 'acting_role', $7,
                     'history', (SELECT coalesce(pg_catalog.jsonb_agg(
                                            pg_catalog.to_jsonb(h) OPERATOR(pg_catalog.-) 'ticket_id'::pg_catalog.text
                                            ORDER BY h.created_at, h.id), '[]')
                                   FROM {ws}.phase_history h
                                  WHERE h.ticket_id OPERATOR(pg_catalog.=) $1))
           WHERE NOT EXISTS (SELECT 1 FROM {ws}.tickets t WHERE t.id OPERATOR(pg_catalog.=) $1)",
    parameters: &[
        Type::Uuid,
        Type::Text,
        Type::Time,
        Type::Time,
        Type::Text,
        Type::Text,
        Type::Text,
    ],
};

/// AFTER DELETE on `tickets`, row by row, before the cascade takes the history.
pub fn ticket_deleted(firing: &Firing) -> Result<Verdict> {
    firing.require_row(false)?;
    let workspace = Workspace::of_firing(firing, "tickets")?;
    let columns = super::Columns::of(firing.table())?;
    let title = catalog::column(firing.table(), "title")
        .filter(|title| catalog::column_is(firing.table(), *title, Type::Text))
        .and_then(|title| firing.old_value(title))
        .map(read::text);
    let configuration = workspace.configuration()?;
    let phase = firing
        .old_value(columns.phase_id)
        .and_then(|phase| configuration.phases.by_oid(read::oid(phase)));
    let finished_at = firing
        .old_value(columns.phase_entered_at)
        .filter(|_| phase.is_some_and(|phase| configuration.phases.kind(phase).is_final()))
        .map(read::big);
    let actor = role::actor_or(None);
    let (db_role, acting_role) = (role::session_name(), role::acting_name());
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    workspace.run(
        &BURY,
        &[
            Value::uuid(firing.old_uuid(columns.id)),
            Value::text(title.as_deref()),
            finished_at.map_or(Value::Null, Value::Time),
            Value::Time(clock::now()),
            Value::text(Some(&actor)),
            Value::text(Some(&db_role)),
            Value::text(Some(&acting_role)),
        ],
        Sees::Latest,
    )?;
    Ok(Verdict::Keep)
}
