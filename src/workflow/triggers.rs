//! The triggers on `tickets` that only check, stamp and note; see [`super::decide`] for the
//! decision about a move and [`super::write`] for what a statement's moves leave behind.

use super::attribution::Attribution;
use super::moves::{self, Artifacts, Move};
use crate::clock;
use crate::error::{Code, Error};
use crate::limits;
use crate::pg::error::Result;
use crate::pg::trigger::{Each, Firing, On, Verdict, When};
use crate::pg::value::Value;
use crate::phase::Kind;
use crate::privileges;
use crate::workspace::{Columns, Workspace};
use uuid::Uuid;

pub(super) fn id(firing: &Firing, columns: &Columns) -> Result<Uuid> {
    firing
        .new_row()
        .uuid(columns.id)
        .ok_or_else(|| Error::null_argument("id"))
}

/// Refuses texts and a document of a ticket that are longer than they may be. Of a title the table's own CHECK says it.
pub(super) fn require_sizes(firing: &Firing, columns: &Columns) -> Result<()> {
    if let Some(description) = columns.description {
        firing.require_within(description, limits::DOCUMENT)?;
    }
    firing.require_within(columns.context, limits::CONTEXT)?;
    firing.require_within(columns.context_summary, limits::DOCUMENT)
}

/// BEFORE INSERT on `tickets`: sets the columns that are phasegate's.
pub fn start(firing: &Firing) -> Result<Verdict> {
    firing.require(When::Before, Each::Row, &[On::Insert])?;
    let workspace = Workspace::of_firing(firing, "tickets")?;
    let columns = workspace.columns_of(firing)?;
    require_sizes(firing, &columns)?;
    let now = Value::Time(clock::now());
    let mut changes = vec![
        (columns.phase_entered_at, now.clone()),
        (columns.updated_at, now),
    ];
    // An import of blocked tickets says where they were blocked; from anybody but the owner it would be a forgery.
    if !firing.new_row().is_null(columns.previous_phase_id)
        && !privileges::acts_for(workspace.owner)
    {
        changes.push((columns.previous_phase_id, Value::Null));
    }
    Ok(firing.with(&changes))
}

/// AFTER INSERT on `tickets`, row by row: notes a start.
pub fn record(firing: &Firing) -> Result<Verdict> {
    firing.require(When::After, Each::Row, &[On::Insert])?;
    let workspace = Workspace::of_firing(firing, "tickets")?;
    let columns = workspace.columns_of(firing)?;
    let ticket = id(firing, &columns)?;
    let row = firing.new_row();
    let phase = |column| row.phase(column, workspace.phase_type);
    let (to, previous) = (
        phase(columns.phase_id).unwrap_or(0),
        phase(columns.previous_phase_id),
    );
    let at = row
        .time(columns.phase_entered_at)
        .unwrap_or_else(clock::now);
    record_start(&workspace, firing.table(), ticket, to, previous, at)?;
    Ok(Verdict::Keep)
}

fn record_start(
    workspace: &Workspace,
    table: u32,
    ticket: Uuid,
    phase_oid: u32,
    previous: Option<u32>,
    at: i64,
) -> Result<()> {
    let configuration = workspace.configuration()?;
    let phases = &configuration.phases;
    let phase = configuration.phase_of(phase_oid)?;
    let label = phases.label(phase);
    if !matches!(phases.kind(phase), Kind::Start | Kind::Work) {
        let error = Error::new(
            Code::InvalidStart,
            format!("a ticket cannot start in {label}"),
        );
        if !privileges::acts_for(workspace.owner) {
            return Err(error
                .detail(format!(
                    "Ticket {ticket} was inserted with phase_id {label}."
                ))
                .hint("Only the workspace's owner may import tickets into this phase."));
        }
        let left = previous.and_then(|oid| phases.by_oid(oid));
        if phases.is_blocked(phase) && left.is_none_or(|left| phases.is_blocked(left)) {
            return Err(error
                .detail(format!(
                    "Ticket {ticket} has no previous_phase_id that says where it was blocked."
                ))
                .hint("Import a blocked ticket together with its previous_phase_id."));
        }
    }
    moves::note(
        workspace.schema,
        table,
        Move {
            ticket,
            from: 0,
            to: phase_oid,
            history_id: Uuid::now_v7(),
            at,
            left: 0,
            direction: None,
            gate_result: None,
            superseded: Vec::new(),
            block: None,
            artifacts: Artifacts::None,
            attribution: Attribution::of_settings()?,
            is_asked_for: false,
        },
        None,
    );
    Ok(())
}
