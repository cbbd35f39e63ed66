//! The statements that find a workspace and read its configuration.

use super::Workspace;
use crate::pg::error::Result;
use crate::pg::spi::{Plan, Sees, Session, Statement};
use crate::pg::value::{Type, Value};
use crate::phase::Phases;
use crate::stamp::Stamp;
use crate::workflow::rules::Transitions;
use std::cell::RefCell;
use std::rc::Rc;

thread_local! {
    static IDENTITY: RefCell<Option<Rc<Plan>>> = const { RefCell::new(None) };
}

/// What makes a table named `tickets` a workspace's.
pub struct Identity {
    /// Its owner.
    pub owner: u32,
    /// What its decision trigger's arguments state.
    pub stamp: Stamp,
}

/// Owner and stamp of the workspace with this `tickets` table; `None` where it carries no decision trigger.
pub fn identity(tickets: u32) -> Result<Option<Identity>> {
    let _session = Session::open()?;
    let kept = IDENTITY.with_borrow(Clone::clone);
    let plan = match kept {
        Some(plan) => plan,
        None => {
            let plan = Rc::new(Plan::prepare(
                "SELECT c.relowner,
                        pg_catalog.split_part(pg_catalog.encode(t.tgargs, 'escape'), E'\\\\000', 1),
                        pg_catalog.split_part(pg_catalog.encode(t.tgargs, 'escape'), E'\\\\000', 2)
                   FROM pg_catalog.pg_class c
                   JOIN pg_catalog.pg_trigger t ON t.tgrelid OPERATOR(pg_catalog.=) c.oid
                   JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) t.tgfoid
                   JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
                  WHERE c.oid OPERATOR(pg_catalog.=) $1
                    AND p.proname OPERATOR(pg_catalog.=) 'tickets_decide'
                    AND n.nspname OPERATOR(pg_catalog.=) 'phasegate'",
                &[Type::Oid.oid(0)],
            )?);
            IDENTITY.set(Some(Rc::clone(&plan)));
            plan
        }
    };
    let rows = plan.run(&[Value::Oid(tickets)], Sees::Latest, 1)?;
    Ok(rows.first().map(|row| Identity {
        owner: row.oid(1).unwrap_or(0),
        stamp: Stamp::read(
            &row.text(2).unwrap_or_default(),
            &row.text(3).unwrap_or_default(),
        ),
    }))
}

static PHASES: Statement = Statement {
    sql: "SELECT e.enumlabel, e.oid
            FROM pg_catalog.pg_enum e
           WHERE e.enumtypid OPERATOR(pg_catalog.=) $1
           ORDER BY e.enumsortorder",
    parameters: &[Type::Oid],
};

/// The labels of the workspace's phase enum, in sort order.
pub fn phases(workspace: &Workspace) -> Result<Phases> {
    let rows = workspace.run(&PHASES, &[Value::Oid(workspace.phase_type)], Sees::Latest)?;
    Ok(Phases::new(
        rows.iter()
            .filter_map(|row| Some((row.name(1)?, row.oid(2)?))),
    ))
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
