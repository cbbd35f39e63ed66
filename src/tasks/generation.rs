//! Generating tasks from templates: for one ticket or ten thousand, with the same few statements.
//!
//! Reading what templates need, rendering, and one INSERT. Whoever calls holds the tickets' row locks, so
//! that two sessions never generate for one ticket at once, and sees the latest committed tasks.

use super::links;
use super::statements::{ENTERED, ENTERED_ONE, GENERATE, HOLD_TASKS};
use super::status::Status;
use super::template::Values;
use super::templates::{TaskTemplate, Templates};
use super::unsettled::Counting;
use crate::by_index::ByIndex;
use crate::clock;
use crate::interrupt;
use crate::limits;
use crate::pg::error::Result;
use crate::pg::rows::Row;
use crate::pg::spi::Sees;
use crate::pg::value::Value;
use crate::workspace::{Configuration, Workspace};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use uuid::Uuid;

/// What came of generating.
#[derive(Debug, Default)]
pub struct Generated {
    /// The tasks that were made, in their order.
    pub created: Vec<Uuid>,
    /// The open tasks that were there already and because of which templates were skipped.
    pub open: Vec<Uuid>,
}

/// A task that a ticket has in the phase.
struct Existing {
    id: Uuid,
    created_at: i64,
    task_type: Option<String>,
    template: Option<Uuid>,
    status: Status,
}

/// A ticket that enters a phase, and the tasks that it has there, oldest first.
struct Ticket {
    title: Option<String>,
    description: Option<String>,
    priority: Option<String>,
    previous_phase: Option<String>,
    context_summary: Option<String>,
    tasks: Vec<Existing>,
}

/// A task to be made.
struct New {
    id: Uuid,
    ticket: Uuid,
    phase: u32,
    template: Rc<TaskTemplate>,
    description: String,
    waits_for: Vec<Uuid>,
}

/// Generates the tasks of the phases that tickets have entered, given as the ticket and the phase's enum
/// value. Runs nothing where none of the phases has an active template. Needs an open session with the
/// owner's rights.
pub fn generate(
    workspace: &Workspace,
    configuration: &Configuration,
    entered: &[(Uuid, u32)],
) -> Result<Generated> {
    let templates = Templates::of(workspace, configuration)?;
    let wanted: Vec<_> = entered
        .iter()
        .filter_map(|(ticket, phase)| Some((*ticket, *phase, Rc::clone(templates.active(*phase)?))))
        .collect();
    from_templates(workspace, configuration, &wanted)
}

/// A ticket, a phase as an enum value, and the templates to generate from.
pub type Wanted = (Uuid, u32, Rc<[Rc<TaskTemplate>]>);

/// Generates a task from each of the templates of each ticket and phase, but where one is open already.
pub fn from_templates(
    workspace: &Workspace,
    configuration: &Configuration,
    wanted: &[Wanted],
) -> Result<Generated> {
    if wanted.is_empty() {
        return Ok(Generated::default());
    }
    let _by_index = ByIndex::only();
    let mut generated = Generated::default();
    // A ticket's tasks wait for none of another's, so that they can be written in portions.
    let (mut news, mut size) = (Vec::new(), 0);
    let tickets = tickets(workspace, wanted)?;
    for (place, (id, phase, templates)) in (1..).zip(wanted) {
        interrupt::tick();
        let Some(ticket) = tickets.get(&place) else {
            continue;
        };
        let label = configuration.phases.label(configuration.phase_of(*phase)?);
        let (open, planned) = ticket.plan(*id, *phase, label, templates);
        generated.open.extend(open);
        size += planned
            .iter()
            .map(|task| task.description.len())
            .sum::<usize>();
        news.extend(planned);
        if size >= limits::GENERATED {
            size = 0;
            generated
                .created
                .extend(insert(workspace, std::mem::take(&mut news))?);
        }
    }
    generated.created.extend(insert(workspace, news)?);
    Ok(generated)
}

/// Reads the tickets, by their place in the list.
fn tickets(workspace: &Workspace, wanted: &[Wanted]) -> Result<HashMap<i64, Ticket>> {
    let rows = match wanted {
        [(ticket, phase, _)] => {
            let arguments = [Value::Uuid(*ticket), Value::Oid(*phase)];
            workspace.run(&ENTERED_ONE, &arguments, Sees::Latest)?
        }
        _ => {
            let ids = wanted.iter().map(|(ticket, ..)| *ticket).collect();
            let phases = wanted.iter().map(|(_, phase, _)| *phase).collect();
            let arguments = [
                Value::Uuids(ids),
                Value::Enums(workspace.phase_type, phases),
            ];
            workspace.run(&ENTERED, &arguments, Sees::Latest)?
        }
    };
    let mut tickets: HashMap<i64, Ticket> = HashMap::with_capacity(wanted.len());
    for row in rows.iter() {
        let ticket = tickets
            .entry(row.big(1).unwrap_or(0))
            .or_insert_with(|| Ticket::read(&row));
        ticket.tasks.extend(Existing::read(&row));
    }
    for ticket in tickets.values_mut() {
        ticket.tasks.sort_by_key(|task| (task.created_at, task.id));
    }
    Ok(tickets)
}

impl Existing {
    fn read(row: &Row<'_>) -> Option<Self> {
        Some(Existing {
            id: row.uuid(7)?,
            created_at: row.big(11).unwrap_or(i64::MAX),
            task_type: row.text(8),
            template: row.uuid(9),
            status: Status::from_name(&row.text(10)?)?,
        })
    }
}

impl Ticket {
    fn read(row: &Row<'_>) -> Self {
        Ticket {
            title: row.text(2),
            description: row.text(3),
            priority: row.text(4),
            previous_phase: row.text(5),
            context_summary: row.text(6),
            tasks: Vec::new(),
        }
    }

    /// The open tasks that stand in for templates, and the tasks to make from the others.
    fn plan(
        &self,
        ticket: Uuid,
        phase: u32,
        label: &str,
        templates: &[Rc<TaskTemplate>],
    ) -> (Vec<Uuid>, Vec<New>) {
        let ticket_id = ticket.to_string();
        let values = Values {
            ticket_id: Some(&ticket_id),
            ticket_title: self.title.as_deref(),
            ticket_description: self.description.as_deref(),
            ticket_priority: self.priority.as_deref(),
            phase: Some(label),
            previous_phase: self.previous_phase.as_deref(),
            context_summary: self.context_summary.as_deref(),
        };
        let most = limits::GENERATED / templates.len().max(1);
        let mut of_type: HashMap<&str, Vec<Uuid>> = HashMap::new();
        let mut open = Vec::new();
        let mut news = Vec::new();
        for template in templates {
            let standing = self
                .tasks
                .iter()
                .rfind(|task| task.template == Some(template.id) && task.status.is_open());
            let id = match standing {
                Some(task) => {
                    open.push(task.id);
                    task.id
                }
                None => {
                    let id = Uuid::now_v7();
                    news.push(New {
                        id,
                        ticket,
                        phase,
                        template: Rc::clone(template),
                        description: template.text.render_within(&values, most),
                        waits_for: Vec::new(),
                    });
                    id
                }
            };
            of_type.entry(&template.task_type).or_default().push(id);
        }
        for task in &mut news {
            let names = &task.template.depends_on;
            task.waits_for = names
                .iter()
                .flat_map(|name| match of_type.get(name.as_str()) {
                    Some(ids) => ids.clone(),
                    None => self.latest(name).into_iter().collect(),
                })
                .collect();
        }
        (open, news)
    }

    /// The ticket's latest task of a type in the phase. A cancelled one is passed over: nobody will ever
    /// complete it, so that whoever waited for it would wait for ever.
    fn latest(&self, task_type: &str) -> Option<Uuid> {
        self.tasks
            .iter()
            .rfind(|task| {
                task.task_type.as_deref() == Some(task_type) && task.status != Status::Cancelled
            })
            .map(|task| task.id)
    }
}

/// Of the tasks waited for that were there before, those that are not completed; they are held, so that
/// they are not completed while the INSERT is on its way. One that was deleted meanwhile is forgotten.
fn unfinished(workspace: &Workspace, news: &mut [New]) -> Result<HashSet<Uuid>> {
    let made: HashSet<Uuid> = news.iter().map(|task| task.id).collect();
    let before: HashSet<Uuid> = news
        .iter()
        .flat_map(|task| &task.waits_for)
        .filter(|id| !made.contains(id))
        .copied()
        .collect();
    if before.is_empty() {
        return Ok(made);
    }
    let ids = Value::Uuids(before.into_iter().collect());
    let rows = workspace.run(&HOLD_TASKS, &[ids], Sees::Latest)?;
    let mut known = made.clone();
    let mut unfinished = made;
    for row in rows.iter() {
        let id = row.uuid(1).unwrap_or_default();
        known.insert(id);
        if row.text(3).as_deref() != Some(Status::Completed.name()) {
            unfinished.insert(id);
        }
    }
    for task in news {
        task.waits_for.retain(|id| known.contains(id));
    }
    Ok(unfinished)
}

/// Writes tasks, and gives their ids.
fn insert(workspace: &Workspace, mut news: Vec<New>) -> Result<Vec<Uuid>> {
    if news.is_empty() {
        return Ok(Vec::new());
    }
    let unfinished = unfinished(workspace, &mut news)?;
    let pending = |task: &New| {
        let waits_for = task.waits_for.iter();
        let count = waits_for.filter(|id| unfinished.contains(id)).count();
        i32::try_from(count).unwrap_or(i32::MAX)
    };
    let uuids = |of: fn(&New) -> Uuid| Value::Uuids(news.iter().map(of).collect());
    let texts = |of: fn(&New) -> Option<String>| Value::Texts(news.iter().map(of).collect());
    let _counting = Counting::of(news.iter().map(|task| task.id));
    workspace.run(
        &GENERATE,
        &[
            uuids(|task| task.id),
            uuids(|task| task.ticket),
            Value::Enums(
                workspace.phase_type,
                news.iter().map(|task| task.phase).collect(),
            ),
            texts(|task| Some(task.template.task_type.clone())),
            texts(|task| Some(task.description.clone())),
            texts(|task| Some(task.template.priority.clone())),
            texts(|task| task.template.capabilities.clone()),
            texts(|task| (!task.waits_for.is_empty()).then(|| links::write(&task.waits_for))),
            Value::Ints(news.iter().map(pending).collect()),
            uuids(|task| task.template.id),
            Value::Time(clock::now()),
        ],
        Sees::Snapshot,
    )?;
    Ok(news.iter().map(|task| task.id).collect())
}
