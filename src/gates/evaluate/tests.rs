//! Verdicts: the seed's gates, the precedence of their words, and what holds for every input.

use serde_json::{Value, json};

use super::super::testing::{artifact, judged, with_artifacts, with_criteria};
use super::super::verdict::{Outcome, ValidationStatus};
use super::*;

fn seed(phase: &str) -> Requirements {
    let (artifacts, criteria) = match phase {
        "REQUIREMENTS" => (
            vec!["requirements_document"],
            json!({"requirements_document": {
                "min_length": 500, "required_sections": ["scope", "acceptance_criteria"]}}),
        ),
        "IMPLEMENTATION" => (
            vec!["code_changes", "test_coverage"],
            json!({"test_coverage": {"min_percentage": 80}, "code_changes": {"must_have_tests": true}}),
        ),
        _ => (
            vec!["test_results", "test_evidence"],
            json!({"test_results": {"all_passed": true}}),
        ),
    };
    let artifacts: Vec<_> = artifacts
        .iter()
        .map(|name| Some((*name).to_owned()))
        .collect();
    Requirements::parse(&artifacts, true, Some(&criteria), false).unwrap()
}

fn done(artifacts: Vec<ArtifactEvidence>) -> Evidence {
    Evidence {
        artifacts,
        tasks_total: 2,
        tasks_completed: 2,
        ..Evidence::default()
    }
}

fn task(task_type: Option<&str>, status: &str) -> IncompleteTask {
    IncompleteTask {
        task_id: "0197a1b2-0000-7000-8000-000000000001".to_owned(),
        task_type: task_type.map(str::to_owned),
        status: status.to_owned(),
        description: None,
    }
}

#[test]
fn the_seeds_gates_pass_with_their_evidence() {
    let text = format!("# Scope\n\n{}\n\n# Acceptance criteria\n", "é".repeat(600));
    for (phase, artifacts) in [
        (
            "REQUIREMENTS",
            vec![artifact("requirements_document", json!({"content": text}))],
        ),
        (
            "IMPLEMENTATION",
            vec![
                artifact("code_changes", json!({"has_tests": true})),
                artifact("test_coverage", json!({"percentage": 80.0})),
            ],
        ),
        (
            "TESTING",
            vec![
                artifact("test_results", json!({"all_passed": true, "failed": 0})),
                artifact("test_evidence", json!(null)),
            ],
        ),
    ] {
        let check = judged(&seed(phase), &done(artifacts));
        assert!(check.requirements_met, "{phase}: {:?}", check.reasons);
        assert_eq!(check.validation_status, ValidationStatus::Ready);
        assert_eq!(check.outcome(), Outcome::Passed);
    }
}

#[test]
fn a_refused_gate_shows_everything_that_is_wrong() {
    let mut evidence = done(vec![artifact("test_coverage", json!({"percentage": 79.9}))]);
    evidence.tasks_total = 3;
    evidence.incomplete_tasks = vec![task(Some("implement_feature"), "running")];
    let check = judged(&seed("IMPLEMENTATION"), &evidence);
    assert_eq!(
        check.to_json(),
        json!({
            "requirements_met": false,
            "missing_artifacts": ["code_changes"],
            "tasks_total": 3,
            "tasks_completed": 2,
            "incomplete_tasks": [{
                "task_id": "0197a1b2-0000-7000-8000-000000000001",
                "task_type": "implement_feature",
                "status": "running",
                "description": null,
            }],
            "criteria_failures": [{
                "code": "criterion_failed",
                "artifact_type": "test_coverage",
                "criterion": "min_percentage",
                "message": "The artifact \"test_coverage\" has the number 79.9 as its percentage, at least 80 is needed.",
            }],
            "review": "not_required",
            "validation_status": "blocked",
            "reasons": [
                {
                    "code": "missing_artifact",
                    "artifact_type": "code_changes",
                    "criterion": null,
                    "message": "The artifact \"code_changes\" is missing.",
                },
                {
                    "code": "tasks_incomplete",
                    "artifact_type": null,
                    "criterion": null,
                    "message": "Not all tasks of the phase are completed (2 of 3): \"implement_feature\" (running).",
                },
                {
                    "code": "criterion_failed",
                    "artifact_type": "test_coverage",
                    "criterion": "min_percentage",
                    "message": "The artifact \"test_coverage\" has the number 79.9 as its percentage, at least 80 is needed.",
                },
            ],
        })
    );
    assert_eq!(check.outcome(), Outcome::Failed);
    assert_eq!(check.blocking_reasons().len(), 3);
}

#[test]
fn tasks_must_exist_and_be_completed() {
    let requirements = Requirements::parse(&[], true, None, false).unwrap();
    for (total, completed, incomplete, expected) in [
        (1, 1, vec![], None),
        (
            0,
            0,
            vec![],
            Some("The phase has no tasks, and at least one must be completed."),
        ),
        (
            2,
            1,
            vec![],
            Some("Not all tasks of the phase are completed (1 of 2)."),
        ),
        (
            1,
            0,
            vec![task(None, "failed")],
            Some(
                "Not all tasks of the phase are completed (0 of 1): \"0197a1b2-0000-7000-8000-000000000001\" (failed).",
            ),
        ),
        (
            1,
            1,
            vec![task(Some("a"), "pending")],
            Some("Not all tasks of the phase are completed (1 of 1): \"a\" (pending)."),
        ),
        (
            7,
            0,
            vec![task(Some("a"), "pending"); 7],
            Some(
                "Not all tasks of the phase are completed (0 of 7): \"a\" (pending), \"a\" (pending), \"a\" (pending), \
                  \"a\" (pending), \"a\" (pending) and 2 more.",
            ),
        ),
    ] {
        let evidence = Evidence {
            tasks_total: total,
            tasks_completed: completed,
            incomplete_tasks: incomplete,
            ..Evidence::default()
        };
        let check = judged(&requirements, &evidence);
        let reasons = check.blocking_reasons();
        assert_eq!(reasons.first().map(String::as_str), expected);
        let status = if expected.is_none() {
            "ready"
        } else {
            "waiting_tasks"
        };
        assert_eq!(check.validation_status.as_str(), status);
    }
}

#[test]
fn the_review_counts_where_it_is_required() {
    let rejected = |reasons: &[&str], feedback: Option<&str>| Review::Rejected {
        reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
        feedback: feedback.map(str::to_owned),
    };
    let required = Requirements::parse(&[], false, None, true).unwrap();
    for (review, state, status, outcome, messages) in [
        (
            Review::NotAsked,
            "pending",
            "waiting_review",
            "pending",
            vec![
                "The phase needs a review, and none has been asked for since its newest artifact.",
            ],
        ),
        (
            Review::Pending,
            "pending",
            "waiting_review",
            "pending",
            vec!["The phase waits for its review."],
        ),
        (Review::Approved, "approved", "ready", "passed", vec![]),
        (
            rejected(&["No tests.", " ", "No docs"], Some("Sorry")),
            "rejected",
            "rejected",
            "failed",
            vec![
                "The review rejected the phase: No tests.",
                "The review rejected the phase: No docs.",
            ],
        ),
        (
            rejected(&[], Some("Not yet")),
            "rejected",
            "rejected",
            "failed",
            vec!["The review rejected the phase: Not yet."],
        ),
        (
            rejected(&[], None),
            "rejected",
            "rejected",
            "failed",
            vec!["The review rejected the phase without giving a reason."],
        ),
    ] {
        let evidence = Evidence {
            review,
            ..Evidence::default()
        };
        let check = judged(&required, &evidence);
        assert_eq!(check.review.as_str(), state);
        assert_eq!(check.validation_status.as_str(), status);
        assert_eq!(check.outcome().as_str(), outcome);
        assert_eq!(check.blocking_reasons(), messages);

        let check = judged(&Requirements::default(), &evidence);
        assert_eq!(check.review.as_str(), "not_required");
        assert!(check.requirements_met);
    }
    let many = rejected(&["no"; 60], None);
    let check = judged(
        &required,
        &Evidence {
            review: many,
            ..Evidence::default()
        },
    );
    assert_eq!(check.reasons.len(), 51);
    assert_eq!(
        check.blocking_reasons().pop().unwrap(),
        "The review rejected the phase for 10 more reasons."
    );
}

#[test]
fn the_status_follows_the_order_of_precedence() {
    let requirements = Requirements::parse(
        &[Some("doc".to_owned())],
        true,
        Some(&json!({"doc": {"min_length": 5}})),
        true,
    )
    .unwrap();
    let short = || artifact("doc", json!({"content": "abc"}));
    let long = || artifact("doc", json!({"content": "abcde"}));
    let with = |artifacts, tasks_completed, review| Evidence {
        artifacts,
        tasks_total: 1,
        tasks_completed,
        review,
        ..Evidence::default()
    };
    for (evidence, status) in [
        (with(vec![], 0, Review::Pending), "blocked"),
        (with(vec![short()], 0, Review::Pending), "waiting_tasks"),
        (with(vec![short()], 1, Review::Pending), "failed_criteria"),
        (with(vec![long()], 1, Review::Pending), "waiting_review"),
        (with(vec![long()], 1, Review::Approved), "ready"),
    ] {
        let check = judged(&requirements, &evidence);
        assert_eq!(check.validation_status.as_str(), status);
    }
}

#[test]
fn an_artifact_with_criteria_is_needed_though_it_is_not_listed() {
    let requirements = with_criteria(&json!({
        "doc": {"min_length": 1}, "log": {"must_exist": true}, "other": {},
    }))
    .unwrap();
    let check = judged(&requirements, &with_artifacts(vec![]));
    assert_eq!(check.missing_artifacts, ["doc", "log"]);
    let criteria: Vec<_> = check
        .reasons
        .iter()
        .map(|reason| reason.criterion)
        .collect();
    assert_eq!(criteria, [None, Some("must_exist")]);
    assert_eq!(check.validation_status, ValidationStatus::Blocked);
}

#[test]
fn a_phase_without_requirements_passes() {
    let check = Check::not_configured();
    assert!(check.requirements_met);
    assert_eq!(check.outcome(), Outcome::Passed);
    assert_eq!(
        check.to_json()["validation_status"],
        json!("not_configured")
    );
}

#[test]
fn messages_stay_short_whatever_the_evidence_holds() {
    let hostile = "\u{0}\n\"🦀".repeat(100_000);
    let requirements = with_criteria(&json!({
        "doc": {"must_have_tests": true, "min_percentage": 5, "schema": {"additionalProperties": false},
                "required_sections": [hostile], "jsonpath": format!("$.a == {hostile}")},
    }))
    .unwrap();
    let content =
        json!({"has_tests": hostile, "percentage": hostile, "text": "a", hostile.as_str(): 1});
    let check = judged(
        &requirements,
        &with_artifacts(vec![artifact("doc", content)]),
    );
    assert_eq!(check.reasons.len(), 5);
    for message in check.blocking_reasons() {
        assert!(message.len() < 3000, "{}", message.len());
        assert!(!message.contains(char::is_control));
    }
}

mod properties;
