//! What a workspace has by name: usual phases, tables, views. What these consist of stands in `structure.txt`.

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

/// Those whose rows go with their ticket, which the server sees to, with the rights of their owner.
pub(super) const OF_TICKETS: [&str; 5] = [
    "phase_history",
    "tasks",
    "phase_gate_artifacts",
    "phase_gate_results",
    "phase_context",
];

/// The views of a workspace.
pub(super) const VIEWS: [&str; 5] = [
    "phase_board",
    "phase_durations",
    "task_queue",
    "overdue_tickets",
    "phase_metrics",
];

/// The tables that hold its configuration.
pub(super) const CONFIGURATION: [&str; 4] = [
    "phases",
    "phase_transitions",
    "task_templates",
    "phase_gate_requirements",
];

/// What stands before the name of a column, an index or a constraint that adoption makes beside the application's own for a while.
pub(super) const BESIDE: &str = "phasegate_";
