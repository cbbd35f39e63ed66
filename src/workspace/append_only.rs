//! The tables that are only appended to, by phasegate and the workspace's owner, and what is left of a deleted ticket.

use super::Statement;
use super::Workspace;
use super::archiving::Archiving;
use super::buried;
use crate::clock;
use crate::error::{Code, Error};
use crate::identity;
use crate::pg::error::Result;
use crate::pg::role;
use crate::pg::spi::{Sees, Session};
use crate::pg::trigger::{Each, Firing, On, Verdict, When};
use crate::pg::value::{Type, Value};
use crate::privileges;
use crate::settings;

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
///
/// On `phase_gate_results` it fires row by row too, so that a verdict is given in nobody else's name. On `phase_history` that
/// would cost every move: there nothing is written but by phasegate while a setting says who acts.
pub fn owner_only(firing: &Firing) -> Result<Verdict> {
    if firing.trigger().event().fired_for_row() {
        return named_verdict(firing);
    }
    let events = [On::Insert, On::Update, On::Delete];
    firing.require(When::Before, Each::Statement, &events)?;
    let (workspace, table) = Workspace::of_firing_any(firing, &OWNERS)?;
    if !privileges::acts_for(workspace.owner) {
        return Err(Error::permission_denied(&firing.table_name()));
    }
    if APPENDED.contains(&table) && settings::agent().is_some() && !role::is_switched() {
        return Err(Error::new(
            Code::OtherAgent,
            format!("{table} is not written directly while phasegate.agent is set"),
        )
        .detail("Rows that are brought in name who did it elsewhere.")
        .hint("RESET phasegate.agent."));
    }
    Ok(Verdict::Keep)
}

/// BEFORE INSERT OR UPDATE on `phase_gate_results`, row by row.
fn named_verdict(firing: &Firing) -> Result<Verdict> {
    firing.require(When::Before, Each::Row, &[On::Insert, On::Update])?;
    Workspace::of_firing(firing, "phase_gate_results")?;
    let column = firing.column("validated_by")?;
    if firing.is_update() && firing.is_same(column) {
        return Ok(Verdict::Keep);
    }
    let by = firing.new_row().text(column);
    if firing.is_update() && by.is_none() {
        return Ok(Verdict::Keep);
    }
    match identity::require_same("validated_by", by.clone())? {
        Some(name) if by.as_ref() != Some(&name) => {
            Ok(firing.with(&[(column, Value::Text(name.into()))]))
        }
        _ => Ok(Verdict::Keep),
    }
}

/// Whether a ticket ($1) is there.
static IS_THERE: Statement = Statement {
    sql: "SELECT 1 FROM {tickets} WHERE {ticket.id} OPERATOR(pg_catalog.=) $1",
    parameters: &[Type::Uuid],
};

static ANY_TICKET: Statement = Statement {
    sql: "SELECT 1 FROM {tickets} LIMIT 1",
    parameters: &[],
};

/// BEFORE UPDATE OR DELETE, row by row, and AFTER TRUNCATE on `phase_history`, `configuration_history` and
/// `ticket_archive`: refuses, but for the cascade from a deleted ticket, and where the owner has emptied `tickets` too.
pub fn append_only(firing: &Firing) -> Result<Verdict> {
    if firing.trigger().event().fired_by_truncate() {
        firing.require(When::After, Each::Statement, &[On::Truncate])?;
    } else {
        firing.require(When::Before, Each::Row, &[On::Update, On::Delete])?;
    }
    let (workspace, table) = Workspace::of_firing_any(firing, &APPENDED)?;
    if firing.is_row_delete() {
        if table == "phase_history" && goes_with_ticket(firing, &workspace)? {
            return Ok(Verdict::Keep);
        }
    } else if firing.trigger().event().fired_by_truncate()
        && privileges::acts_for(workspace.owner)
        && !is_there(&workspace, &ANY_TICKET, &[])?
    {
        return Ok(Verdict::Keep);
    }
    Err(refused(table))
}

/// Whether this row of history goes with its ticket: into the archive, or kept in the tombstone, by a cascade that runs with the
/// owner's rights, once the ticket is gone. A statement that deletes both could take the history away before.
fn goes_with_ticket(firing: &Firing, workspace: &Workspace) -> Result<bool> {
    let ticket = firing.old_row().uuid(firing.column("ticket_id")?);
    if Archiving::covers(workspace.schema, ticket) {
        return Ok(true);
    }
    let id = firing.old_row().uuid(firing.column("id")?);
    Ok(privileges::acts_for(workspace.owner)
        && id.is_some_and(|id| buried::take(workspace.schema, id))
        && !is_there(workspace, &IS_THERE, &[Value::uuid(ticket)])?)
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

/// AFTER TRUNCATE: refuses to have emptied the table while there are tickets.
pub(super) fn require_no_tickets(workspace: &Workspace, table: &str) -> Result<()> {
    if !is_there(workspace, &ANY_TICKET, &[])? {
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

/// Keeps what is left of a ticket: who deleted it and its history; gives the ids of that. One row, and more where one document
/// would not hold all its moves: 256 MB is the most, and numbers take four times as much in jsonb as in text. Not of a ticket
/// that is there again, as after an UPDATE that took it into another partition.
static BURY: Statement = Statement {
    sql: "INSERT INTO {ws}.ticket_archive (ticket_id, title, finished_at, archived_at, deleted, document)
          SELECT $1, $2, $3, $4, true,
                 pg_catalog.jsonb_build_object(
                     'format', 1, 'deleted_by', $5, 'db_role', $6, 'acting_role', $7, 'history', coalesce(p.history, '[]'))
            FROM (SELECT) one
            LEFT JOIN (
                 SELECT pg_catalog.jsonb_agg(m.item ORDER BY m.created_at, m.id) AS history
                   FROM (SELECT pg_catalog.to_jsonb(h) OPERATOR(pg_catalog.-) 'ticket_id'::pg_catalog.text AS item, h.created_at, h.id,
                                pg_catalog.sum(coalesce(pg_catalog.octet_length(h.artifacts::pg_catalog.text), 0) OPERATOR(pg_catalog.+)
                                               coalesce(pg_catalog.octet_length(h.transition_reason::pg_catalog.text), 0)
                                               OPERATOR(pg_catalog.+) coalesce(pg_catalog.octet_length(h.transitioned_by::pg_catalog.text), 0)
                                               -- The names of the columns, ids, times and roles.
                                               OPERATOR(pg_catalog.+) 1000)
                                    OVER (ORDER BY h.created_at, h.id) OPERATOR(pg_catalog./) 16777216 AS part
                           FROM {ws}.phase_history h
                          WHERE h.ticket_id OPERATOR(pg_catalog.=) $1) m
                  GROUP BY m.part) p ON true
           WHERE NOT EXISTS (SELECT 1 FROM {tickets} t WHERE t.{ticket.id} OPERATOR(pg_catalog.=) $1)
       RETURNING pg_catalog.jsonb_path_query_array(document, '$.history[*].id')",
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
    firing.require(When::After, Each::Row, &[On::Delete])?;
    let workspace = Workspace::of_firing(firing, "tickets")?;
    let columns = workspace.columns_of(firing)?;
    let row = firing.old_row();
    if Archiving::covers(workspace.schema, row.uuid(columns.id)) {
        return Ok(Verdict::Keep);
    }
    let title = row.text(columns.title);
    let configuration = workspace.configuration()?;
    let phase = row
        .phase(columns.phase_id, workspace.phase_type)
        .and_then(|phase| configuration.phases.by_oid(phase));
    let finished_at = row
        .time(columns.phase_entered_at)
        .filter(|_| phase.is_some_and(|phase| configuration.phases.kind(phase).is_final()));
    let actor = identity::actor()?;
    let (db_role, acting_role) = (identity::db_role(), identity::acting_role());
    let _session = Session::open()?;
    workspace.require_safe_cascade()?;
    let _owner = workspace.as_owner();
    let kept = workspace.run(
        &BURY,
        &[
            Value::uuid(row.uuid(columns.id)),
            Value::text(title.as_deref()),
            finished_at.map_or(Value::Null, Value::Time),
            Value::Time(clock::now()),
            Value::text(Some(&actor)),
            Value::text(Some(&db_role)),
            Value::text(Some(&acting_role)),
        ],
        Sees::Latest,
    )?;
    if kept.is_empty() && !is_there(&workspace, &IS_THERE, &[Value::uuid(row.uuid(columns.id))])? {
        return Err(Error::new(
            Code::NotArchived,
            "what is left of a deleted ticket was not kept",
        )
        .detail("A trigger or a rule of ticket_archive keeps rows from being inserted.")
        .hint("Disable it, and delete the ticket again."));
    }
    let ids = kept
        .iter()
        .filter_map(|row| crate::json::read(&row.json(1)?));
    let ids = ids.flat_map(|ids| ids.as_array().cloned().unwrap_or_default());
    buried::note(
        workspace.schema,
        ids.filter_map(|id| id.as_str()?.parse().ok()),
    );
    Ok(Verdict::Keep)
}
