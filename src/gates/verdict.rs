//! The verdict on a gate, its reasons, and the words and JSON that show them.

use crate::json::object;
use serde_json::Value;

/// A task that the gate still waits for.
#[derive(Debug, Clone)]
pub struct IncompleteTask {
    /// Its id.
    pub task_id: String,
    /// Its type.
    pub task_type: Option<String>,
    /// Its status.
    pub status: String,
    /// Its description.
    pub description: Option<String>,
}

/// The review's part of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewState {
    /// The gate asks for none.
    NotRequired,
    /// It waits for one.
    Pending,
    /// It has one.
    Approved,
    /// It was rejected.
    Rejected,
}

impl ReviewState {
    /// The word that `check_gate_requirements` shows.
    pub fn as_str(self) -> &'static str {
        match self {
            ReviewState::NotRequired => "not_required",
            ReviewState::Pending => "pending",
            ReviewState::Approved => "approved",
            ReviewState::Rejected => "rejected",
        }
    }
}

/// Where the gate stands, in one word: the first of these that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValidationStatus {
    /// The phase has no gate.
    NotConfigured,
    /// An artifact is missing.
    Blocked,
    /// Tasks are not completed.
    WaitingTasks,
    /// A criterion failed.
    FailedCriteria,
    /// Only the review is missing.
    WaitingReview,
    /// Only the review stands against it.
    Rejected,
    /// The gate passes.
    Ready,
}

impl ValidationStatus {
    /// The word that `check_gate_requirements` shows.
    pub fn as_str(self) -> &'static str {
        match self {
            ValidationStatus::NotConfigured => "not_configured",
            ValidationStatus::Blocked => "blocked",
            ValidationStatus::WaitingTasks => "waiting_tasks",
            ValidationStatus::FailedCriteria => "failed_criteria",
            ValidationStatus::WaitingReview => "waiting_review",
            ValidationStatus::Rejected => "rejected",
            ValidationStatus::Ready => "ready",
        }
    }
}

/// What kind of reason stands against a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReasonCode {
    /// An artifact is not there.
    MissingArtifact,
    /// The phase has no task that could have been completed.
    NoTasks,
    /// A task is not completed.
    TasksIncomplete,
    /// An artifact fails a criterion.
    CriterionFailed,
    /// A review is needed.
    ReviewPending,
    /// The reviewer rejected the phase.
    ReviewRejected,
    /// It was rejected as often as it is sent back by itself.
    ReworkExhausted,
}

impl ReasonCode {
    /// The word that the result's JSON shows.
    pub fn as_str(self) -> &'static str {
        match self {
            ReasonCode::MissingArtifact => "missing_artifact",
            ReasonCode::NoTasks => "no_tasks",
            ReasonCode::TasksIncomplete => "tasks_incomplete",
            ReasonCode::CriterionFailed => "criterion_failed",
            ReasonCode::ReviewPending => "review_pending",
            ReasonCode::ReviewRejected => "review_rejected",
            ReasonCode::ReworkExhausted => "rework_exhausted",
        }
    }

    /// Where a gate stands whose first reason is of this kind.
    pub fn status(self) -> ValidationStatus {
        match self {
            ReasonCode::MissingArtifact => ValidationStatus::Blocked,
            ReasonCode::NoTasks | ReasonCode::TasksIncomplete => ValidationStatus::WaitingTasks,
            ReasonCode::CriterionFailed => ValidationStatus::FailedCriteria,
            ReasonCode::ReviewPending => ValidationStatus::WaitingReview,
            ReasonCode::ReviewRejected | ReasonCode::ReworkExhausted => ValidationStatus::Rejected,
        }
    }
}

/// A reason against a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Its kind.
    pub code: ReasonCode,
    /// The artifact type it is about.
    pub artifact_type: Option<String>,
    /// The criterion it is about.
    pub criterion: Option<&'static str>,
    /// A sentence for people.
    pub message: String,
}

impl Reason {
    /// A reason that is about no artifact.
    pub fn new(code: ReasonCode, message: String) -> Reason {
        Reason {
            code,
            artifact_type: None,
            criterion: None,
            message,
        }
    }

    fn to_json(&self) -> Value {
        object([
            ("code", self.code.as_str().into()),
            ("artifact_type", self.artifact_type.clone().into()),
            ("criterion", self.criterion.into()),
            ("message", self.message.clone().into()),
        ])
    }
}

/// What `validate_gate` stores as `gate_status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing stands against it.
    Passed,
    /// Something does.
    Failed,
    /// Only the review is missing.
    Pending,
}

impl Outcome {
    /// The word in the column `gate_status`.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::Pending => "pending",
        }
    }
}

/// The verdict on a gate.
#[derive(Debug, Clone)]
pub struct Check {
    /// Whether the gate passes: there is no reason against it.
    pub requirements_met: bool,
    /// Artifact types that are needed and not there.
    pub missing_artifacts: Vec<String>,
    /// As in the evidence.
    pub tasks_total: i64,
    /// As in the evidence.
    pub tasks_completed: i64,
    /// As in the evidence.
    pub incomplete_tasks: Vec<IncompleteTask>,
    /// Those of the reasons that are failed criteria.
    pub criteria_failures: Vec<Reason>,
    /// Where the review stands.
    pub review: ReviewState,
    /// How many approvals are still needed, whatever else stands against the gate.
    pub missing_reviews: usize,
    /// What is to be said of the review once it was asked for.
    pub waits: String,
    /// Where the gate stands.
    pub validation_status: ValidationStatus,
    /// Every reason: artifacts, tasks, criteria, review.
    pub reasons: Vec<Reason>,
}

impl Check {
    /// The verdict on a phase that has no requirements: it passes.
    pub fn not_configured() -> Check {
        Check {
            requirements_met: true,
            missing_artifacts: Vec::new(),
            tasks_total: 0,
            tasks_completed: 0,
            incomplete_tasks: Vec::new(),
            criteria_failures: Vec::new(),
            review: ReviewState::NotRequired,
            missing_reviews: 0,
            waits: String::new(),
            validation_status: ValidationStatus::NotConfigured,
            reasons: Vec::new(),
        }
    }

    /// The outcome that `validate_gate` stores.
    pub fn outcome(&self) -> Outcome {
        match self.validation_status {
            ValidationStatus::NotConfigured | ValidationStatus::Ready => Outcome::Passed,
            ValidationStatus::WaitingReview => Outcome::Pending,
            _ => Outcome::Failed,
        }
    }

    /// The same once the reviews that are missing were asked for: where they alone are missing, storing the verdict does so.
    #[must_use]
    pub fn once_asked(mut self) -> Check {
        for reason in &mut self.reasons {
            if reason.code == ReasonCode::ReviewPending {
                reason.message.clone_from(&self.waits);
            }
        }
        self
    }

    /// The sentences for the column `blocking_reasons`.
    pub fn blocking_reasons(&self) -> Vec<String> {
        self.reasons
            .iter()
            .map(|reason| reason.message.clone())
            .collect()
    }

    /// What `check_gate_requirements` returns.
    pub fn to_json(&self) -> Value {
        let incomplete_tasks = self.incomplete_tasks.iter().map(|task| {
            object([
                ("task_id", task.task_id.clone().into()),
                ("task_type", task.task_type.clone().into()),
                ("status", task.status.clone().into()),
                ("description", task.description.clone().into()),
            ])
        });
        object([
            ("requirements_met", self.requirements_met.into()),
            ("missing_artifacts", self.missing_artifacts.clone().into()),
            ("tasks_total", self.tasks_total.into()),
            ("tasks_completed", self.tasks_completed.into()),
            ("incomplete_tasks", incomplete_tasks.collect()),
            ("criteria_failures", reasons_json(&self.criteria_failures)),
            ("review", self.review.as_str().into()),
            ("validation_status", self.validation_status.as_str().into()),
            ("reasons", reasons_json(&self.reasons)),
        ])
    }
}

fn reasons_json(reasons: &[Reason]) -> Value {
    reasons.iter().map(Reason::to_json).collect()
}
