//! What a workspace consists of, for the code that adopts, repairs and refuses: phases, tables, columns, constraints.

/// The phases that a new workspace has, in their order: label, kind, what happens there. Its owner may add others and rename
/// these.
pub(super) const PHASES: [(&str, &str, &str); 8] = [
    ("PHASE_BACKLOG", "start", "Waiting to be taken up."),
    (
        "PHASE_REQUIREMENTS",
        "work",
        "What is asked for is found out and written down.",
    ),
    ("PHASE_DESIGN", "work", "How it is to be done is decided."),
    ("PHASE_IMPLEMENTATION", "work", "It is made."),
    ("PHASE_TESTING", "work", "It is tested."),
    ("PHASE_DEPLOYMENT", "work", "It is brought into use."),
    ("PHASE_DONE", "final", "Finished."),
    (
        "PHASE_BLOCKED",
        "blocked",
        "Waiting for something outside of the work.",
    ),
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
    /// What existing rows get instead of the default, where the column is added.
    pub fill: Option<&'static str>,
}

const fn optional(name: &'static str, kind: &'static str) -> Column {
    Column {
        name,
        kind,
        default: None,
        required: false,
        fill: None,
    }
}

const fn required(name: &'static str, kind: &'static str, default: &'static str) -> Column {
    Column {
        name,
        kind,
        default: Some(default),
        required: true,
        fill: None,
    }
}

/// NOT NULL, and with no default.
const fn given(name: &'static str, kind: &'static str) -> Column {
    Column {
        name,
        kind,
        default: None,
        required: true,
        fill: None,
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
    given("ticket_id", "uuid"),
    given("phase_id", "phase"),
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
    required("on_hold", "boolean", "false"),
    Column {
        name: "agents",
        kind: "varchar(255)[]",
        default: Some("'{}'"),
        required: true,
        fill: Some(
            "CASE WHEN assigned_agent_id IS NULL THEN '{}' ELSE ARRAY[assigned_agent_id] END",
        ),
    },
    optional("db_role", "name"),
    optional("acting_role", "name"),
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
pub(super) const TABLES: [&str; 12] = [
    "tickets",
    "tasks",
    "phases",
    "phase_history",
    "phase_transitions",
    "task_templates",
    "phase_gate_artifacts",
    "phase_gate_results",
    "phase_gate_requirements",
    "phase_context",
    "configuration_history",
    "ticket_archive",
];

/// Those of them that a reader reads. What is left of deleted tickets row security on tickets does not guard any more.
pub(super) const READ: [&str; 11] = [
    "tickets",
    "tasks",
    "phases",
    "phase_history",
    "phase_transitions",
    "task_templates",
    "phase_gate_artifacts",
    "phase_gate_results",
    "phase_gate_requirements",
    "phase_context",
    "configuration_history",
];

/// The views of a workspace.
pub(super) const VIEWS: [&str; 4] = [
    "phase_board",
    "phase_durations",
    "task_queue",
    "overdue_tickets",
];

/// The tables that hold its configuration.
pub(super) const CONFIGURATION: [&str; 4] = [
    "phases",
    "phase_transitions",
    "task_templates",
    "phase_gate_requirements",
];
