//! What finds a workspace, and reads its configuration.

use super::Workspace;
use crate::pg::catalog_rows;
use crate::pg::error::Result;
use crate::pg::spi::{Sees, Statement};
use crate::phase::Phases;
use crate::stamp::Stamp;
use crate::workflow::rules::Transitions;

/// What makes a table named `tickets` a workspace's.
pub struct Identity {
    /// Its owner.
    pub owner: u32,
    /// What its decision trigger's arguments state.
    pub stamp: Stamp,
}

/// Owner and stamp of the workspace with this `tickets` table; `None` where it carries no decision trigger.
pub fn identity(tickets: u32) -> Option<Identity> {
    let arguments = catalog_rows::trigger_arguments(tickets, "tickets_decide")?;
    let argument = |place| arguments.get(place).map_or("", String::as_str);
    Some(Identity {
        owner: catalog_rows::relation(tickets)?.owner,
        stamp: Stamp::read(argument(0), argument(1)),
    })
}

/// The labels of the workspace's phase enum, in sort order.
pub fn phases(workspace: &Workspace) -> Phases {
    Phases::new(catalog_rows::labels(workspace.phase_type))
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
