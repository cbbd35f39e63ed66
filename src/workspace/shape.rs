//! What a workspace consists of, for the code that adopts, repairs and refuses: phases, tables, columns, constraints.

use crate::phase::{BLOCKED, DONE};

/// The phases that every workspace has, in their order. A workspace's owner may add others.
pub(super) const LABELS: [&str; 8] = [
    "PHASE_BACKLOG",
    "PHASE_REQUIREMENTS",
    "PHASE_DESIGN",
    "PHASE_IMPLEMENTATION",
    "PHASE_TESTING",
    "PHASE_DEPLOYMENT",
    DONE,
    BLOCKED,
];

/// A column that an adopted table must have. A fresh table gets the same from `sql/*/tables.sql`;
/// the test `adoption` compares the two.
pub(super) struct Column {
    /// Its name.
    pub name: &'static str,
    /// The type, `phase` for the workspace's own.
    pub kind: &'static str,
    /// What existing rows and, but for a title, new ones get.
    pub default: Option<&'static str>,
    /// Whether it is NOT NULL.
    pub required: bool,
}

const fn optional(name: &'static str, kind: &'static str) -> Column {
    Column {
        name,
        kind,
        default: None,
        required: false,
    }
}

const fn required(name: &'static str, kind: &'static str, default: &'static str) -> Column {
    Column {
        name,
        kind,
        default: Some(default),
        required: true,
    }
}

pub(super) const TICKETS: &[Column] = &[
    required("title", "text", "'untitled'"),
    optional("description", "text"),
    required("phase_id", "phase", "'PHASE_BACKLOG'"),
    optional("previous_phase_id", "phase"),
    required("priority", "varchar(20)", "'MEDIUM'"),
    optional("context", "jsonb"),
    optional("context_summary", "text"),
    required("phase_entered_at", "timestamptz", "now()"),
    required("created_at", "timestamptz", "now()"),
    required("updated_at", "timestamptz", "now()"),
];

pub(super) const TASKS: &[Column] = &[
    Column {
        name: "ticket_id",
        kind: "uuid",
        default: None,
        required: true,
    },
    Column {
        name: "phase_id",
        kind: "phase",
        default: None,
        required: true,
    },
    required("kind", "text", "'work'"),
    optional("task_type", "varchar(100)"),
    optional("description", "text"),
    required("priority", "varchar(20)", "'MEDIUM'"),
    required("status", "varchar(50)", "'pending'"),
    optional("required_capabilities", "jsonb"),
    optional("dependencies", "jsonb"),
    required("pending_dependencies", "integer", "0"),
    optional("assigned_agent_id", "varchar(255)"),
    required("attempts", "integer", "0"),
    required("max_attempts", "integer", "3"),
    optional("scheduled_at", "timestamptz"),
    optional("lease_expires_at", "timestamptz"),
    optional("result", "jsonb"),
    optional("error_message", "text"),
    optional("template_id", "uuid"),
    required("created_at", "timestamptz", "now()"),
    required("updated_at", "timestamptz", "now()"),
    optional("started_at", "timestamptz"),
    optional("completed_at", "timestamptz"),
];

/// Constraints that an adopted table gets, by table and name.
pub(super) const CONSTRAINTS: &[(&str, &str, &str)] = &[
    (
        "tickets",
        "tickets_title_check",
        "CHECK (char_length(title) BETWEEN 1 AND 500)",
    ),
    (
        "tickets",
        "tickets_priority_check",
        "CHECK (priority = ANY ('{LOW,MEDIUM,HIGH,CRITICAL}'))",
    ),
    (
        "tasks",
        "tasks_ticket_id_fkey",
        "FOREIGN KEY (ticket_id) REFERENCES {ws}.tickets ON DELETE CASCADE",
    ),
    (
        "tasks",
        "tasks_kind_check",
        "CHECK (kind = ANY ('{work,review,summary}'))",
    ),
    (
        "tasks",
        "tasks_priority_check",
        "CHECK (priority = ANY ('{LOW,MEDIUM,HIGH,CRITICAL}'))",
    ),
    (
        "tasks",
        "tasks_status_check",
        "CHECK (status = ANY ('{pending,assigned,running,completed,failed,cancelled}'))",
    ),
];

/// The tables of a workspace.
pub(super) const TABLES: [&str; 9] = [
    "tickets",
    "tasks",
    "phase_history",
    "phase_transitions",
    "task_templates",
    "phase_gate_artifacts",
    "phase_gate_results",
    "phase_gate_requirements",
    "phase_context",
];

/// The views of a workspace.
pub(super) const VIEWS: [&str; 3] = ["phase_board", "phase_durations", "task_queue"];

/// The tables that hold its configuration.
pub(super) const CONFIGURATION: [&str; 3] = [
    "phase_transitions",
    "task_templates",
    "phase_gate_requirements",
];
