//! The levels of access to a workspace: which grants each is made of.

use super::shape::{CONFIGURATION, READ, VIEWS};
use crate::error::Error;
use crate::pg::error::Result;

/// What a role is for. Each level has the rights of those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Looks at everything.
    Reader,
    /// Works the queue and hands in artifacts.
    Agent,
    /// Gives verdicts.
    Reviewer,
    /// Makes, changes and moves tickets, adds tasks, configures.
    Manager,
}

impl Level {
    /// The first of them.
    pub const LOWEST: Level = Level::Reader;
    const ALL: [Level; 4] = [Level::Reader, Level::Agent, Level::Reviewer, Level::Manager];

    /// The level of this name.
    pub fn parse(name: &str) -> Result<Self> {
        let is_named = |level: &Level| level.name() == name;
        Self::ALL.into_iter().find(is_named).ok_or_else(|| {
            let names = Self::ALL.map(Level::name).join(", ");
            Error::invalid_argument(
                "unknown level of access",
                format!("\"{name}\" is none of: {names}."),
            )
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Level::Reader => "reader",
            Level::Agent => "agent",
            Level::Reviewer => "reviewer",
            Level::Manager => "manager",
        }
    }
}

/// Rights on tables that a level adds to those before it.
pub(super) struct Grant {
    pub level: Level,
    pub privileges: &'static [&'static str],
    /// Which columns; none means the whole table.
    pub columns: &'static [&'static str],
    pub tables: &'static [&'static str],
}

/// What the levels are made of; [`Level::Reader`] also has USAGE of the schema, and of that of the table of tickets.
///
/// No level can delete a ticket, whose history would go with it, a task or an artifact, nor write history,
/// results or contexts itself. That is left to the owner.
const GRANTS: [Grant; 7] = [
    Grant {
        level: Level::Reader,
        privileges: &["SELECT"],
        columns: &[],
        tables: &READ,
    },
    Grant {
        level: Level::Reader,
        privileges: &["SELECT"],
        columns: &[],
        tables: &VIEWS,
    },
    // What the queue's functions write. Which ticket a task belongs to, what it asks for and how urgent it
    // is are not an agent's to say.
    Grant {
        level: Level::Agent,
        privileges: &["UPDATE"],
        columns: &[
            "status",
            "assigned_agent_id",
            "lease_expires_at",
            "scheduled_at",
            "result",
            "error_message",
        ],
        tables: &["tasks"],
    },
    // Not task_id: an artifact that claimed to come from a task would keep the task's own from being collected.
    Grant {
        level: Level::Agent,
        privileges: &["INSERT"],
        columns: &[
            "id",
            "ticket_id",
            "phase_id",
            "artifact_type",
            "artifact_path",
            "artifact_content",
            "collected_by",
        ],
        tables: &["phase_gate_artifacts"],
    },
    // The right to a verdict, which is INSERT on this table. On one column, so that by itself it makes no row.
    Grant {
        level: Level::Reviewer,
        privileges: &["INSERT"],
        columns: &["gate_status"],
        tables: &["phase_gate_results"],
    },
    // Of whole tables, which may have columns of the user's own.
    Grant {
        level: Level::Manager,
        privileges: &["INSERT", "UPDATE"],
        columns: &[],
        tables: &["tickets", "tasks"],
    },
    Grant {
        level: Level::Manager,
        privileges: &["INSERT", "UPDATE", "DELETE"],
        columns: &[],
        tables: &CONFIGURATION,
    },
];

impl Grant {
    /// The privileges as GRANT takes them: `INSERT (a, b), UPDATE (a, b)`.
    pub fn privileges(&self) -> String {
        let columns = match self.columns {
            [] => String::new(),
            columns => format!(" ({})", columns.join(", ")),
        };
        let privileges = self.privileges.iter();
        let privileges: Vec<_> = privileges.map(|one| format!("{one}{columns}")).collect();
        privileges.join(", ")
    }

    /// The grants of these levels, a table at a time.
    pub fn each(
        levels: impl Fn(Level) -> bool,
    ) -> impl Iterator<Item = (&'static Grant, &'static str)> {
        let grants = GRANTS.iter().filter(move |grant| levels(grant.level));
        grants.flat_map(|grant| grant.tables.iter().map(move |table| (grant, *table)))
    }
}
