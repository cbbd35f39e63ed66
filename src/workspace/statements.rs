//! What finds a workspace, and reads its configuration.

use super::Statement;
use super::Workspace;
use super::table_triggers;
use crate::pg::error::Result;
use crate::pg::rows::Row;
use crate::pg::spi::Sees;
use crate::pg::{catalog, catalog_rows};
use crate::phase::{Kind, Label, Phases};
use crate::stamp::Stamp;
use crate::workflow::transitions::Transitions;
use std::collections::HashMap;

/// What makes a table named `tickets` a workspace's.
pub struct Identity {
    /// Its owner.
    pub owner: u32,
    /// What its decision trigger's arguments state.
    pub stamp: Stamp,
}

/// Owner and stamp of the workspace with this `tickets` table; `None` where it carries no decision trigger.
pub fn identity(tickets: u32) -> Option<Identity> {
    // By its name of version 0.2.0 in workspaces that were not upgraded.
    let arguments = table_triggers::arguments(tickets, "_tickets_decide")
        .or_else(|| table_triggers::arguments(tickets, "tickets_decide"))?;
    let argument = |place| arguments.get(place).map_or("", String::as_str);
    Some(Identity {
        owner: catalog::relation(tickets)?.owner,
        stamp: Stamp::read(argument(0), argument(1)),
    })
}

static PHASES: Statement = Statement {
    sql: "SELECT phase_id, kind, context_key FROM {ws}.phases",
    parameters: &[],
};

/// The labels of the workspace's phase enum, in sort order, with what the table `phases` says of them.
pub fn phases(workspace: &Workspace) -> Result<Phases> {
    let rows = workspace.run(&PHASES, &[], Sees::Latest)?;
    let read = |row: Row<'_>| {
        let kind = Kind::from_name(&row.text(2)?)?;
        Some((row.oid(1)?, (kind, row.text(3)?)))
    };
    let mut meanings: HashMap<u32, _> = rows.iter().filter_map(read).collect();
    let labels = catalog_rows::labels(workspace.phase_type);
    Ok(Phases::new(labels.into_iter().map(|(text, oid)| {
        let label = Label::new(text, oid);
        match meanings.remove(&oid) {
            Some((kind, key)) => label.meaning(kind, key),
            None => label,
        }
    })))
}

static TRANSITIONS: Statement = Statement {
    sql: "SELECT from_phase, to_phase, requires_gate FROM {ws}.phase_transitions",
    parameters: &[],
};

/// The configured edges.
pub fn transitions(workspace: &Workspace, phases: &Phases) -> Result<Transitions> {
    let rows = workspace.run(&TRANSITIONS, &[], Sees::Latest)?;
    Ok(Transitions::new(rows.iter().filter_map(|row| {
        Some((
            phases.by_oid(row.oid(1)?)?,
            phases.by_oid(row.oid(2)?)?,
            row.bool(3),
        ))
    })))
}
