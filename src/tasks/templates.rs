//! The templates of a workspace, as generation uses them: parsed, by phase, in the order of generation.

use super::dependencies::{self, Node};
use super::statements::TEMPLATES;
use super::template::Template;
use crate::error::{Code, Error};
use crate::pg::error::Result;
use crate::pg::rows::Row;
use crate::pg::spi::{Sees, Session};
use crate::workspace::{Configuration, Workspace};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::rc::Rc;
use uuid::Uuid;

/// One template.
#[derive(Debug)]
pub struct TaskTemplate {
    /// `id`
    pub id: Uuid,
    /// `task_type`
    pub task_type: String,
    /// `template_description`, parsed
    pub text: Template,
    /// `default_priority`
    pub priority: String,
    /// `required_capabilities`, as JSON text
    pub capabilities: Option<String>,
    /// `dependencies_template`: the task types that it waits for
    pub depends_on: Vec<String>,
    /// `is_active`
    pub is_active: bool,
}

/// All templates, by the enum value of their phase.
#[derive(Debug, Default)]
pub struct Templates {
    all: BTreeMap<u32, Vec<Rc<TaskTemplate>>>,
    active: BTreeMap<u32, Rc<[Rc<TaskTemplate>]>>,
}

/// A fault in a saved row, as the error that names it.
pub fn fault(code: Code, message: impl Display, detail: impl Into<String>) -> Error {
    Error::new(code, message.to_string()).detail(detail)
}

/// JSON text of a column as a value.
pub fn json(column: &str, text: Option<&str>) -> Result<Option<serde_json::Value>> {
    let code = match column {
        "result" => Code::InvalidResult,
        "dependencies" => Code::InvalidDependencies,
        "required_capabilities" => Code::InvalidCapabilities,
        _ => Code::InvalidTemplate,
    };
    text.map(|text| {
        crate::json::read(text).ok_or_else(|| {
            fault(
                code,
                format_args!("{column} is nested too deeply"),
                "At most 127 levels of objects and arrays are read.",
            )
        })
    })
    .transpose()
}

/// Reads `dependencies_template`.
pub fn depends_on(text: Option<&str>) -> Result<Vec<String>> {
    let value = json("dependencies_template", text)?;
    dependencies::parse(value.as_ref())
        .map_err(|error| fault(Code::InvalidTemplate, &error, error.detail()))
}

impl TaskTemplate {
    fn read(row: &Row<'_>) -> Result<Self> {
        let text = row.text(4).unwrap_or_default();
        Ok(TaskTemplate {
            id: row.uuid(1).unwrap_or_default(),
            task_type: row.text(3).unwrap_or_default(),
            text: Template::parse(&text)
                .map_err(|error| fault(Code::InvalidTemplate, &error, error.detail()))?,
            priority: row
                .text(5)
                .unwrap_or_else(|| super::priority::Priority::default().to_string()),
            capabilities: row.json(6),
            depends_on: depends_on(row.json(7).as_deref())?,
            is_active: row.bool(8),
        })
    }

    fn node(&self) -> Node<'_> {
        Node {
            task_type: &self.task_type,
            depends_on: &self.depends_on,
        }
    }
}

impl Templates {
    /// The workspace's, as of the latest committed state.
    pub fn of(workspace: &Workspace, configuration: &Configuration) -> Result<Rc<Self>> {
        configuration.room(|| {
            let _session = Session::open()?;
            let _owner = workspace.as_owner();
            Templates::read(workspace)
        })
    }

    /// Reads them. Needs an open session with the owner's rights.
    pub fn read(workspace: &Workspace) -> Result<Self> {
        let mut by_phase: BTreeMap<u32, Vec<Rc<TaskTemplate>>> = BTreeMap::new();
        for row in workspace.run(&TEMPLATES, &[], Sees::Latest)?.iter() {
            let phase = row.oid(2).unwrap_or(0);
            let template = Rc::new(TaskTemplate::read(&row)?);
            by_phase.entry(phase).or_default().push(template);
        }
        let active = by_phase
            .iter()
            .map(|(phase, templates)| (*phase, in_order(templates)))
            .filter(|(_, templates)| !templates.is_empty())
            .collect();
        Ok(Templates {
            all: by_phase,
            active,
        })
    }

    /// Refuses a dependency on a task type that its phase does not have, and a cycle.
    pub fn check(&self) -> Result<()> {
        for templates in self.all.values() {
            let nodes: Vec<Node<'_>> = templates.iter().map(|template| template.node()).collect();
            dependencies::check(&nodes)
                .map_err(|error| fault(Code::InvalidTemplate, &error, error.detail()))?;
        }
        Ok(())
    }

    /// The active ones of a phase, in the order of generation; `None` where there are none.
    pub fn active(&self, phase: u32) -> Option<&Rc<[Rc<TaskTemplate>]>> {
        self.active.get(&phase)
    }

    /// The template with this id and its phase.
    pub fn by_id(&self, id: Uuid) -> Option<(u32, Rc<TaskTemplate>)> {
        self.all.iter().find_map(|(phase, templates)| {
            let found = templates.iter().find(|template| template.id == id)?;
            Some((*phase, Rc::clone(found)))
        })
    }
}

/// The active ones among a phase's templates: those with the highest priority first, as far as dependencies allow.
fn in_order(templates: &[Rc<TaskTemplate>]) -> Rc<[Rc<TaskTemplate>]> {
    let active: Vec<&Rc<TaskTemplate>> = templates
        .iter()
        .filter(|template| template.is_active)
        .collect();
    let nodes: Vec<Node<'_>> = active.iter().map(|template| template.node()).collect();
    match dependencies::order(&nodes) {
        Ok(order) => order
            .into_iter()
            .filter_map(|index| active.get(index).map(|template| Rc::clone(template)))
            .collect(),
        // Only rows that were written past the triggers get here; any order serves as well.
        Err(_) => active.into_iter().cloned().collect(),
    }
}
