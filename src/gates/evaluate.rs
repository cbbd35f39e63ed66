//! Whether a gate passes: requirements and evidence give a verdict with all of its reasons.
//!
//! The gate passes exactly when there is no reason against it. Everything that cannot be judged
//! counts as a reason.

use super::criteria::{Content, Criterion, Document, JsonPathAnswer};
use super::requirements::Requirements;
use super::verdict::{Check, IncompleteTask, Reason, ReasonCode, ReviewState, ValidationStatus};
use super::wording::{and_more, quoted, sentence};
use crate::interrupt;

/// Incomplete tasks that the reason names; the check lists them all.
const NAMED_TASKS: usize = 5;

/// Reasons of one rejection that are reported one by one.
const REJECTION_REASONS: usize = 50;

/// What is known of a ticket in a phase.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// The artifact that counts for each type. Should a type occur twice, the first one counts.
    pub artifacts: Vec<ArtifactEvidence>,
    /// Tasks of kind 'work' in the phase that are not cancelled.
    pub tasks_total: i64,
    /// Those of them that are completed.
    pub tasks_completed: i64,
    /// Those of them that are not.
    pub incomplete_tasks: Vec<IncompleteTask>,
    /// Where the review stands.
    pub review: Review,
    /// The approvals that count, each by another reviewer.
    pub approvals: usize,
    /// The tasks that rejections have made, and whether one of them is still to be done.
    pub rework: Reworked,
}

/// The tasks of a phase that rejections have made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reworked {
    /// How many.
    pub times: usize,
    /// Whether one of them is not completed.
    pub is_under_way: bool,
}

/// An artifact that counts.
#[derive(Debug, Clone)]
pub struct ArtifactEvidence {
    /// Its `artifact_type`.
    pub artifact_type: String,
    /// Its `artifact_content`.
    pub content: Content,
}

/// Where the review of a phase stands, as of its newest artifact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Review {
    /// None is open and none counts: never asked for, or older than an artifact.
    #[default]
    NotAsked,
    /// A review task is open.
    Pending,
    /// Approved, and nothing handed in since.
    Approved,
    /// Rejected.
    Rejected {
        /// What the reviewer says must change.
        reasons: Vec<String>,
        /// What else the reviewer says.
        feedback: Option<String>,
    },
}

/// Judges `evidence` by `requirements`. `jsonpath` lets PostgreSQL evaluate a predicate on the
/// content of the artifact of a type: true, false, or none where it is neither.
///
/// An artifact type that has criteria is needed even where `required_artifacts` does not list it:
/// see [`Requirements::needed_artifacts`].
pub fn evaluate(
    requirements: &Requirements,
    evidence: &Evidence,
    mut jsonpath: impl FnMut(&str, &str) -> JsonPathAnswer,
) -> Check {
    let missing = missing_artifacts(requirements, evidence);
    let criteria_failures = criteria_failures(requirements, evidence, &mut jsonpath);
    let (review, review_reasons) = judge_review(requirements, evidence);

    let missing_artifacts = missing
        .iter()
        .filter_map(|reason| reason.artifact_type.clone())
        .collect();
    let mut reasons = missing;
    reasons.extend(judge_tasks(requirements, evidence));
    reasons.extend(criteria_failures.iter().cloned());
    reasons.extend(review_reasons);

    Check {
        requirements_met: reasons.is_empty(),
        missing_artifacts,
        tasks_total: evidence.tasks_total,
        tasks_completed: evidence.tasks_completed,
        incomplete_tasks: evidence.incomplete_tasks.clone(),
        criteria_failures,
        review,
        missing_reviews: missing_reviews(requirements, evidence),
        waits: waiting(requirements, evidence, WAITS),
        // The reasons are in the order of precedence.
        validation_status: reasons
            .first()
            .map_or(ValidationStatus::Ready, |reason| reason.code.status()),
        reasons,
    }
}

fn artifact<'a>(evidence: &'a Evidence, artifact_type: &str) -> Option<&'a ArtifactEvidence> {
    evidence
        .artifacts
        .iter()
        .find(|artifact| artifact.artifact_type == artifact_type)
}

fn missing_artifacts(requirements: &Requirements, evidence: &Evidence) -> Vec<Reason> {
    requirements
        .needed_artifacts()
        .filter(|artifact_type| artifact(evidence, artifact_type).is_none())
        .map(|artifact_type| {
            let must_exist = requirements.criteria.iter().any(|(of_type, criteria)| {
                of_type == artifact_type
                    && criteria
                        .iter()
                        .any(|one| matches!(one, Criterion::MustExist))
            });
            Reason {
                code: ReasonCode::MissingArtifact,
                artifact_type: Some(artifact_type.to_owned()),
                criterion: must_exist.then(|| Criterion::MustExist.key()),
                message: format!("The artifact {} is missing.", quoted(artifact_type)),
            }
        })
        .collect()
}

fn judge_tasks(requirements: &Requirements, evidence: &Evidence) -> Option<Reason> {
    if !requirements.required_tasks_completed {
        return None;
    }
    let (total, completed) = (evidence.tasks_total, evidence.tasks_completed);
    if total <= 0 {
        return Some(Reason::new(
            ReasonCode::NoTasks,
            "The phase has no tasks, and at least one must be completed.".to_owned(),
        ));
    }
    let incomplete = &evidence.incomplete_tasks;
    if completed >= total && incomplete.is_empty() {
        return None;
    }
    let named: Vec<String> = incomplete
        .iter()
        .take(NAMED_TASKS)
        .map(|task| {
            let name = task.task_type.as_deref().unwrap_or(&task.task_id);
            format!("{} ({})", quoted(name), sentence(&task.status))
        })
        .collect();
    let names = if named.is_empty() {
        String::new()
    } else {
        let more = incomplete.len().saturating_sub(NAMED_TASKS);
        format!(": {}", and_more(named, more))
    };
    Some(Reason::new(
        ReasonCode::TasksIncomplete,
        format!("Not all tasks of the phase are completed ({completed} of {total}){names}."),
    ))
}

fn criteria_failures(
    requirements: &Requirements,
    evidence: &Evidence,
    jsonpath: &mut dyn FnMut(&str, &str) -> JsonPathAnswer,
) -> Vec<Reason> {
    let mut failures = Vec::new();
    for (artifact_type, criteria) in &requirements.criteria {
        let Some(artifact) = artifact(evidence, artifact_type) else {
            continue;
        };
        let document = Document::new(&artifact.content);
        for criterion in criteria {
            interrupt::check();
            let outcome = document.check(criterion, &mut |path| jsonpath(artifact_type, path));
            if let Err(problem) = outcome {
                failures.push(Reason {
                    code: ReasonCode::CriterionFailed,
                    artifact_type: Some(artifact_type.clone()),
                    criterion: Some(criterion.key()),
                    message: format!("The artifact {} {problem}.", quoted(artifact_type)),
                });
            }
        }
    }
    failures
}

/// How many approvals are still needed.
fn missing_reviews(requirements: &Requirements, evidence: &Evidence) -> usize {
    if !requirements.requires_review || evidence.review == Review::Approved {
        return 0;
    }
    let required = requirements.required_approvals.max(1);
    required.saturating_sub(evidence.approvals).max(1)
}

fn judge_review(requirements: &Requirements, evidence: &Evidence) -> (ReviewState, Vec<Reason>) {
    if !requirements.requires_review {
        return (ReviewState::NotRequired, Vec::new());
    }
    let pending = |message: &str| {
        let message = waiting(requirements, evidence, message);
        let reason = Reason::new(ReasonCode::ReviewPending, message);
        (ReviewState::Pending, vec![reason])
    };
    match &evidence.review {
        Review::NotAsked => pending(
            "The phase needs a review, and none has been asked for since its newest artifact.",
        ),
        Review::Pending => pending(WAITS),
        Review::Approved => (ReviewState::Approved, Vec::new()),
        Review::Rejected { reasons, feedback } => (
            ReviewState::Rejected,
            rejection(reasons, feedback.as_deref())
                .into_iter()
                .chain(exhausted(requirements, evidence.rework))
                .collect(),
        ),
    }
}

/// What is said while a review is open.
const WAITS: &str = "The phase waits for its review.";

fn waiting(requirements: &Requirements, evidence: &Evidence, message: &str) -> String {
    match requirements.required_approvals {
        0 | 1 => message.to_owned(),
        required => format!(
            "The phase needs {required} approvals and has {}. {message}",
            evidence.approvals
        ),
    }
}

/// That no rejection will make a task any more.
fn exhausted(requirements: &Requirements, rework: Reworked) -> Option<Reason> {
    let most = requirements.rework?;
    if rework.is_under_way || rework.times < most {
        return None;
    }
    Some(Reason::new(
        ReasonCode::ReworkExhausted,
        format!(
            "The phase was sent back {} times, and max_rework is {most}: somebody has to look at it.",
            rework.times
        ),
    ))
}

fn rejection(reasons: &[String], feedback: Option<&str>) -> Vec<Reason> {
    let mut said: Vec<String> = reasons
        .iter()
        .map(|reason| sentence(reason))
        .filter(|reason| !reason.is_empty())
        .collect();
    if said.is_empty() {
        said.extend(feedback.map(sentence).filter(|text| !text.is_empty()));
    }
    let more = said.len().saturating_sub(REJECTION_REASONS);
    said.truncate(REJECTION_REASONS);
    let mut messages: Vec<String> = said
        .into_iter()
        .map(|reason| format!("The review rejected the phase: {reason}."))
        .collect();
    if messages.is_empty() {
        messages.push("The review rejected the phase without giving a reason.".to_owned());
    }
    if more > 0 {
        messages.push(format!(
            "The review rejected the phase for {more} more reasons."
        ));
    }
    messages
        .into_iter()
        .map(|message| Reason::new(ReasonCode::ReviewRejected, message))
        .collect()
}

#[cfg(test)]
mod tests;
