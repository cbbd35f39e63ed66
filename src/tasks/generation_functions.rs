//! The SQL functions about templates and generation.

use super::functions::answer_task;
use super::generation::{self, Generated};
use super::statements::{LOCK_TICKETS, TASKS, TEMPLATES_OF_PHASE, TICKET_PHASE};
use super::templates::Templates;
use crate::error::Error;
use crate::pg::call::{Answer, Call};
use crate::pg::error::Result;
use crate::pg::role::Privilege;
use crate::pg::rows::Rows;
use crate::pg::spi::{Sees, Session};
use crate::pg::value::Value;
use crate::privileges;
use crate::workspace::{Configuration, Workspace};
use std::rc::Rc;
use uuid::Uuid;

/// `get_templates_for_phase(phase_id)`
pub fn get_templates_for_phase(call: &Call) -> Result<Answer> {
    let workspace = Workspace::current()?;
    workspace.require_reader()?;
    let configuration = workspace.configuration()?;
    let phase = configuration.phase(&call.text(0, "phase_id")?)?;
    let phase = Value::Oid(configuration.phases.oid(phase));
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    let rows = workspace.run(&TEMPLATES_OF_PHASE, &[phase], Sees::Caller)?;
    Ok(call.answer_rows(&rows))
}

/// A ticket for which a caller wants tasks generated.
struct Wish {
    workspace: Rc<Workspace>,
    configuration: Rc<Configuration>,
    ticket: Uuid,
}

impl Wish {
    /// For the ticket that is the first argument. The caller must see it, and be allowed to add tasks.
    fn of_call(call: &Call) -> Result<Self> {
        let ticket = call.uuid(0, "ticket_id")?;
        let workspace = Workspace::current()?;
        let configuration = workspace.configuration()?;
        privileges::require(Privilege::Insert, workspace.table("tasks")?, "tasks")?;
        let rows = workspace.run(&TICKET_PHASE, &[Value::Uuid(ticket)], Sees::Snapshot)?;
        if rows.is_empty() {
            return Err(Error::not_found("ticket", ticket));
        }
        Ok(Wish {
            workspace,
            configuration,
            ticket,
        })
    }

    /// Holds the ticket, so that nobody else generates for it; gives its phase as an enum value.
    fn hold(&self) -> Result<u32> {
        let ticket = Value::Uuids(vec![self.ticket]);
        let rows = self.workspace.run(&LOCK_TICKETS, &[ticket], Sees::Latest)?;
        rows.first()
            .and_then(|row| row.oid(1))
            .ok_or_else(|| Error::not_found("ticket", self.ticket))
    }

    fn tasks(&self, ids: Vec<Uuid>) -> Result<Rows> {
        self.workspace
            .run(&TASKS, &[Value::Uuids(ids)], Sees::Latest)
    }
}

/// `generate_phase_tasks(ticket_id, phase_id)`
pub fn generate_phase_tasks(call: &Call) -> Result<Answer> {
    let _session = Session::open()?;
    let wish = Wish::of_call(call)?;
    let phase = call
        .optional_text(1)
        .map(|label| wish.configuration.phase(&label))
        .transpose()?;
    let _owner = wish.workspace.as_owner();
    let present = wish.hold()?;
    let phase = phase.map_or(present, |phase| wish.configuration.phases.oid(phase));
    let entered = [(wish.ticket, phase)];
    let Generated { created, .. } =
        generation::generate(&wish.workspace, &wish.configuration, &entered)?;
    Ok(call.answer_rows(&wish.tasks(created)?))
}

/// `generate_task_from_template(ticket_id, template_id)`
pub fn generate_task_from_template(call: &Call) -> Result<Answer> {
    let template = call.uuid(1, "template_id")?;
    let _session = Session::open()?;
    let wish = Wish::of_call(call)?;
    let (phase, template) = Templates::of(&wish.workspace, &wish.configuration)?
        .by_id(template)
        .ok_or_else(|| Error::not_found("template", template))?;
    let _owner = wish.workspace.as_owner();
    wish.hold()?;
    let wanted = [(wish.ticket, phase, Rc::from([template]))];
    let Generated { created, open } =
        generation::from_templates(&wish.workspace, &wish.configuration, &wanted)?;
    let task = created.first().or(open.first()).copied();
    let rows = wish.tasks(task.into_iter().collect())?;
    answer_task(call, &rows, task.unwrap_or_default())
}
