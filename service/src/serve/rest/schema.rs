//! What the answers look like, for the OpenAPI document. They are made by the database; a test compares them.

#![allow(dead_code, reason = "described, not made here")]

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// A time, such as 2026-11-29T00:04:44.590404+00:00.
#[derive(Serialize, ToSchema)]
#[schema(value_type = String, format = DateTime)]
pub struct Time(String);

/// How urgent it is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Priority {
    Low,
    Medium,
    High,
    Critical,
}

/// What kind of task.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Work,
    Review,
    Summary,
}

/// A ticket.
#[derive(Serialize, ToSchema)]
pub struct Ticket {
    pub id: Uuid,
    pub title: String,
    #[schema(required)]
    pub description: Option<String>,
    /// The phase that it is in.
    pub phase_id: String,
    /// The phase before the last move.
    #[schema(required)]
    pub previous_phase_id: Option<String>,
    /// LOW, MEDIUM, HIGH or CRITICAL.
    pub priority: String,
    pub phase_entered_at: Time,
    pub created_at: Time,
    pub updated_at: Time,
}

/// A move that was made. `transitioned_at` is null where the ticket was in that phase already.
#[derive(Serialize, ToSchema)]
pub struct Transition {
    pub ticket_id: Uuid,
    #[schema(required)]
    pub previous_phase: Option<String>,
    pub current_phase: String,
    #[schema(required)]
    pub transitioned_at: Option<Time>,
    #[schema(required)]
    pub transitioned_by: Option<String>,
}

/// What came of asking a ticket to move.
#[derive(Serialize, ToSchema)]
pub struct TransitionAttempt {
    pub ticket_id: Uuid,
    pub transitioned: bool,
    #[schema(required)]
    pub previous_phase: Option<String>,
    #[schema(required)]
    pub current_phase: Option<String>,
    #[schema(required)]
    pub transitioned_at: Option<Time>,
    #[schema(required)]
    pub transitioned_by: Option<String>,
    /// Why not; also `review_requested`.
    #[schema(required)]
    pub error_code: Option<String>,
    /// The same in sentences.
    #[schema(required)]
    pub blocking_reasons: Option<Vec<String>>,
}

/// A task that is to be completed.
#[derive(Serialize, ToSchema)]
pub struct CompletedTask {
    pub task_id: Uuid,
    pub attempt: Option<i32>,
    pub result: Value,
}

/// What became of a task that was to be completed.
#[derive(Serialize, ToSchema)]
pub struct TaskAttempt {
    #[schema(required)]
    pub task_id: Option<Uuid>,
    pub completed: bool,
    /// Why not.
    #[schema(required)]
    pub error_code: Option<String>,
}

/// A ticket after its move.
#[derive(Serialize, ToSchema)]
pub struct MovedTicket {
    pub id: Uuid,
    pub title: String,
    #[schema(required)]
    pub description: Option<String>,
    /// The phase that it is in.
    pub phase_id: String,
    /// The phase before the last move.
    #[schema(required)]
    pub previous_phase_id: Option<String>,
    /// LOW, MEDIUM, HIGH or CRITICAL.
    pub priority: String,
    pub phase_entered_at: Time,
    pub created_at: Time,
    pub updated_at: Time,
    /// The move.
    pub transition: Transition,
}

/// A phase that the ticket's phase leads to.
#[derive(Serialize, ToSchema)]
pub struct Way {
    pub to_phase: String,
    /// Whether the ticket could move there now.
    pub can_transition: bool,
    /// Why not, one sentence each.
    pub blocking_reasons: Vec<String>,
}

/// One row of a ticket's history; `from_phase` is null for its start.
#[derive(Serialize, ToSchema)]
pub struct HistoryEntry {
    pub id: Uuid,
    pub ticket_id: Uuid,
    #[schema(required)]
    pub from_phase: Option<String>,
    pub to_phase: String,
    #[schema(required)]
    pub transition_reason: Option<String>,
    #[schema(required)]
    pub transitioned_by: Option<String>,
    /// What the caller handed over for the record.
    pub artifacts: Value,
    pub created_at: Time,
    /// The role that the session was opened as.
    pub db_role: String,
    #[schema(required)]
    pub gate_result_id: Option<Uuid>,
    /// Whether the move was forced past the rules.
    pub forced: bool,
}

/// A stored verdict on a gate.
#[derive(Serialize, ToSchema)]
pub struct GateResult {
    pub id: Uuid,
    pub ticket_id: Uuid,
    pub phase_id: String,
    /// passed, failed, or pending where only the review is missing.
    pub gate_status: String,
    /// What the gate looked at and found.
    pub validation_result: Value,
    pub validated_at: Time,
    #[schema(required)]
    pub validated_by: Option<String>,
    #[schema(required)]
    pub blocking_reasons: Option<Vec<String>>,
}

/// A gate: what is configured, what it would say now, the latest verdict.
#[derive(Serialize, ToSchema)]
pub struct GateStatus {
    pub ticket_id: Uuid,
    pub phase_id: String,
    /// Null where the phase has no gate, and where another phase than the ticket's was asked for.
    pub requirements: Value,
    /// What the gate would say now, with every reason.
    pub check: Value,
    pub latest_result: Value,
}

/// A piece of evidence.
#[derive(Serialize, ToSchema)]
pub struct Artifact {
    pub id: Uuid,
    pub ticket_id: Uuid,
    pub phase_id: String,
    pub artifact_type: String,
    #[schema(required)]
    pub artifact_path: Option<String>,
    pub artifact_content: Value,
    pub collected_at: Time,
    #[schema(required)]
    pub collected_by: Option<String>,
    #[schema(required)]
    pub task_id: Option<Uuid>,
    /// When a regression made it stale.
    #[schema(required)]
    pub superseded_at: Option<Time>,
}

/// A ticket's context.
#[derive(Serialize, ToSchema)]
pub struct Context {
    pub ticket_id: Uuid,
    pub full_context: Value,
    #[schema(required)]
    pub summary: Option<String>,
    #[schema(required)]
    pub last_updated: Option<Time>,
}

/// What the ticket's present phase needs to know of the phases before it.
#[derive(Serialize, ToSchema)]
pub struct ContextSummary {
    #[schema(required)]
    pub summary: Option<String>,
    /// How many tokens it has.
    pub tokens: i32,
}

/// A task of the queue.
#[derive(Serialize, ToSchema)]
pub struct Task {
    pub id: Uuid,
    pub ticket_id: Uuid,
    pub phase_id: String,
    /// work, review or summary.
    pub kind: String,
    #[schema(required)]
    pub task_type: Option<String>,
    #[schema(required)]
    pub description: Option<String>,
    pub priority: String,
    /// pending, assigned, running, completed, failed or cancelled.
    pub status: String,
    pub required_capabilities: Value,
    pub dependencies: Value,
    pub pending_dependencies: i32,
    #[schema(required)]
    pub assigned_agent_id: Option<String>,
    pub attempts: i32,
    pub max_attempts: i32,
    #[schema(required)]
    pub scheduled_at: Option<Time>,
    #[schema(required)]
    pub lease_expires_at: Option<Time>,
    pub result: Value,
    #[schema(required)]
    pub error_message: Option<String>,
    #[schema(required)]
    pub template_id: Option<Uuid>,
    pub created_at: Time,
    pub updated_at: Time,
    #[schema(required)]
    pub started_at: Option<Time>,
    #[schema(required)]
    pub completed_at: Option<Time>,
}

/// A task that an agent has just claimed: a task, and what it needs to know of the ticket. `attempt` tells this claim
/// from a later one.
#[derive(Serialize, ToSchema)]
pub struct ClaimedTask {
    pub id: Uuid,
    pub ticket_id: Uuid,
    pub phase_id: String,
    pub kind: String,
    #[schema(required)]
    pub task_type: Option<String>,
    #[schema(required)]
    pub description: Option<String>,
    pub priority: String,
    pub status: String,
    #[schema(required)]
    pub lease_expires_at: Option<Time>,
    pub attempt: i32,
    pub ticket_title: String,
    pub context: Value,
    #[schema(required)]
    pub context_summary: Option<String>,
}

/// A review in the queue: a task with the title of its ticket.
#[derive(Serialize, ToSchema)]
pub struct Review {
    pub id: Uuid,
    pub ticket_id: Uuid,
    pub ticket_title: String,
    pub phase_id: String,
    pub status: String,
    #[schema(required)]
    pub description: Option<String>,
    #[schema(required)]
    pub assigned_agent_id: Option<String>,
    pub created_at: Time,
}

/// A lease that was extended.
#[derive(Serialize, ToSchema)]
pub struct Lease {
    pub task_id: Uuid,
    pub lease_expires_at: Time,
}

/// A template of tasks.
#[derive(Serialize, ToSchema)]
pub struct TaskTemplate {
    pub id: Uuid,
    pub phase_id: String,
    pub task_type: String,
    pub template_description: String,
    #[schema(required)]
    pub default_priority: Option<String>,
    pub required_capabilities: Value,
    pub dependencies_template: Value,
    pub is_active: bool,
    pub created_at: Time,
}

/// A phase of the board.
#[derive(Serialize, ToSchema)]
pub struct BoardPhase {
    pub phase: String,
    pub tickets: i64,
    #[schema(required)]
    pub oldest_entered_at: Option<Time>,
    pub open_tasks: i64,
    pub failed_gates: i64,
}

/// That it is there.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// ok
    pub status: &'static str,
    /// The program's version.
    pub version: &'static str,
}

/// That the database is there, too.
#[derive(Serialize, ToSchema)]
pub struct Ready {
    /// ready
    pub status: String,
    /// The extension's version.
    pub extension: String,
}
