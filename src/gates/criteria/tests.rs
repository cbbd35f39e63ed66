//! Each criterion at, just below and just above its limit, and on contents that do not fit it.

use serde_json::json;

use super::super::evaluate::{ArtifactEvidence, evaluate};
use super::super::testing::{artifact, judged, with_artifacts, with_criteria};
use super::super::verdict::ReasonCode;
use super::*;

/// Whether `content` satisfies the criterion; where it does not, part of the sentence that says so.
fn assert_judged(key: &str, operand: &Value, content: &Value, problem: Option<&str>) {
    let requirements = with_criteria(&json!({"doc": {key: operand}})).unwrap();
    let evidence = with_artifacts(vec![artifact("doc", content.clone())]);
    let check = judged(&requirements, &evidence);
    let Some(problem) = problem else {
        assert!(
            check.requirements_met,
            "{key} {content}: {:?}",
            check.reasons
        );
        return;
    };
    assert_eq!(check.reasons.len(), 1, "{key} {operand} {content}");
    let reason = &check.reasons[0];
    assert_eq!(reason.code, ReasonCode::CriterionFailed);
    assert_eq!(reason.artifact_type.as_deref(), Some("doc"));
    assert_eq!(reason.criterion, Some(key));
    let whole = format!("The artifact \"doc\" {problem}");
    assert!(reason.message.starts_with(&whole), "{}", reason.message);
    assert!(reason.message.ends_with('.'), "{}", reason.message);
}

fn number(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn min_length_measures_the_text_or_else_takes_the_declared_length() {
    let below = Some("is 499 characters long, at least 500 are needed.");
    let a = |count: usize| "a".repeat(count);
    for (content, problem) in [
        (json!({"content": a(499)}), below),
        (json!({"content": a(500)}), None),
        (json!({"content": a(501)}), None),
        (json!({"text": a(499)}), below),
        (json!({"text": a(500)}), None),
        (json!({"content": a(499), "length": 5000}), below),
        (json!({"content": a(499), "text": a(5000)}), below),
        (json!({"content": null, "text": a(500)}), None),
        (json!({"content": "é".repeat(600)}), None),
        (json!({"content": "🦀".repeat(499)}), below),
        (json!({"content": ""}), Some("is 0 characters long")),
        (
            json!({"content": 5, "length": 500}),
            Some("has the number 5 as \"content\", where a text is needed."),
        ),
        (
            json!({"text": ["a"], "length": 500}),
            Some("has an array as \"text\""),
        ),
        (
            json!({"length": 499}),
            Some("declares the number 499 as its length, at least 500 is needed."),
        ),
        (json!({"length": 500}), None),
        (json!({"length": 501}), None),
        (json!({"length": -1}), Some("declares the number -1")),
        (
            json!({"length": "500"}),
            Some("has the string \"500\" as \"length\", where a number is needed."),
        ),
        (json!({"length": null}), Some("has null as \"length\"")),
        (
            json!({}),
            Some("has no text in \"content\" or \"text\" and no \"length\"; at least 500"),
        ),
    ] {
        assert_judged("min_length", &json!(500), &content, problem);
    }
    assert_judged(
        "min_length",
        &json!(500),
        &json!({"length": number("499.99999999999999999999")}),
        Some("declares"),
    );
    assert_judged("min_length", &json!(0), &json!({"content": ""}), None);
    assert_judged(
        "min_length",
        &json!(u64::MAX),
        &json!({"length": number("1e30")}),
        None,
    );
}

#[test]
fn required_sections_are_listed_or_headings_of_the_text() {
    let operand = json!(["scope", "acceptance_criteria"]);
    let no_criteria = Some("lacks the section \"acceptance_criteria\".");
    for (content, problem) in [
        (json!({"sections": ["scope", "acceptance_criteria"]}), None),
        (
            json!({"sections": ["SCOPE", "Acceptance Criteria", "more"]}),
            None,
        ),
        (json!({"sections": ["scope", "acceptance-criteria"]}), None),
        (json!({"sections": ["scope"]}), no_criteria),
        (json!({"sections": ["scope", "acceptance"]}), no_criteria),
        (
            json!({"sections": []}),
            Some("lacks the sections \"scope\", \"acceptance_criteria\"."),
        ),
        (
            json!({"sections": {"scope": "x", "acceptance_criteria": []}}),
            None,
        ),
        (
            json!({"sections": {"scope": "x", "acceptance_criteria": null}}),
            no_criteria,
        ),
        (json!({"sections": ["scope", 5, null]}), no_criteria),
        (
            json!({"content": "# Scope\n\ntext\n\nAcceptance criteria\n---\n"}),
            None,
        ),
        (json!({"text": "# Scope\n\n## Acceptance criteria\n"}), None),
        (
            json!({"sections": ["scope"], "content": "## Acceptance Criteria"}),
            None,
        ),
        (
            json!({"content": "# Scope\n\n```\n# Acceptance criteria\n```\n"}),
            no_criteria,
        ),
        (
            json!({"content": "# Scope\n\nacceptance criteria\n"}),
            no_criteria,
        ),
        (json!({"sections": null, "content": "# Scope"}), no_criteria),
        (
            json!({"sections": "scope"}),
            Some("has the string \"scope\" as \"sections\", where an array of names is needed."),
        ),
        (
            json!({"sections": true, "content": "# Scope\n# Acceptance criteria"}),
            Some("has true as \"sections\""),
        ),
        (
            json!({"content": 5}),
            Some("has the number 5 as \"content\""),
        ),
        (
            json!({"sections": null}),
            Some("has no \"sections\" and no text"),
        ),
        (
            json!({}),
            Some("has no \"sections\" and no text to find \"scope\", \"acceptance_criteria\" in."),
        ),
    ] {
        assert_judged("required_sections", &operand, &content, problem);
    }
}

#[test]
fn min_percentage_compares_every_digit() {
    for (percentage, problem) in [
        (
            "79",
            Some("has the number 79 as its percentage, at least 80 is needed."),
        ),
        ("79.9", Some("has the number 79.9")),
        (
            "79.99999999999999999999",
            Some("has the number 79.99999999999999999999"),
        ),
        ("80", None),
        ("80.0", None),
        ("8e1", None),
        ("80.00000000000000000001", None),
        ("100", None),
        ("-80", Some("has the number -80")),
        ("1e-999999999999", Some("has the number 1e-999999999999")),
        (
            "\"85\"",
            Some("has the string \"85\" as \"percentage\", where a number is needed."),
        ),
        ("null", Some("has null as \"percentage\"")),
        ("true", Some("has true as \"percentage\"")),
        ("[85]", Some("has an array as \"percentage\"")),
        ("{}", Some("has an object as \"percentage\"")),
    ] {
        let content = number(&format!("{{\"percentage\": {percentage}}}"));
        assert_judged("min_percentage", &json!(80), &content, problem);
    }
    assert_judged(
        "min_percentage",
        &json!(80),
        &json!({}),
        Some("has no \"percentage\", where a number is needed."),
    );
    assert_judged("min_percentage", &json!(0), &json!({"percentage": 0}), None);
}

#[test]
fn must_have_tests_needs_true() {
    for (content, problem) in [
        (json!({"has_tests": true}), None),
        (
            json!({"has_tests": false}),
            Some("has false as \"has_tests\", where true is needed."),
        ),
        (
            json!({"has_tests": "true"}),
            Some("has the string \"true\""),
        ),
        (json!({"has_tests": 1}), Some("has the number 1")),
        (json!({"has_tests": null}), Some("has null")),
        (
            json!({}),
            Some("has no \"has_tests\", where true is needed."),
        ),
    ] {
        assert_judged("must_have_tests", &json!(true), &content, problem);
    }
}

#[test]
fn all_passed_needs_true_and_no_failures() {
    for (content, problem) in [
        (json!({"all_passed": true}), None),
        (json!({"all_passed": true, "failed": 0}), None),
        (json!({"all_passed": true, "failed": 0.0}), None),
        (
            json!({"all_passed": true, "failed": 1}),
            Some("has the number 1 as \"failed\", where 0 is needed."),
        ),
        (
            json!({"all_passed": true, "failed": -1}),
            Some("has the number -1"),
        ),
        (
            json!({"all_passed": true, "failed": "0"}),
            Some("has the string \"0\""),
        ),
        (
            json!({"all_passed": true, "failed": null}),
            Some("has null as \"failed\""),
        ),
        (
            json!({"all_passed": false, "failed": 0}),
            Some("has false as \"all_passed\""),
        ),
        (json!({"all_passed": "yes"}), Some("has the string \"yes\"")),
        (
            json!({"all_passed": null}),
            Some("has null as \"all_passed\""),
        ),
        (
            json!({"failed": 0}),
            Some("has no \"all_passed\", where true is needed."),
        ),
    ] {
        assert_judged("all_passed", &json!(true), &content, problem);
    }
}

#[test]
fn schema_names_the_first_mismatch() {
    let schema = json!({"type": "object", "required": ["a"], "properties": {"a": {"minimum": 3}}});
    for (content, problem) in [
        (json!({"a": 3}), None),
        (json!({"a": 4}), None),
        (
            json!({"a": 2}),
            Some("does not match its schema: 2 is less than the minimum of 3 (at \"/a\")."),
        ),
        (
            json!({}),
            Some("does not match its schema: \"a\" is a required property."),
        ),
    ] {
        assert_judged("schema", &schema, &content, problem);
    }
}

#[test]
fn jsonpath_passes_only_where_it_is_true() {
    let requirements = with_criteria(&json!({"doc": {"jsonpath": "$.a > 1"}})).unwrap();
    let evidence = with_artifacts(vec![artifact("doc", json!({"a": 1}))]);
    for (answer, problem) in [
        (Ok(Some(true)), None),
        (
            Ok(Some(false)),
            Some("does not satisfy the predicate \"$.a > 1\"."),
        ),
        (
            Ok(None),
            Some("leaves the predicate \"$.a > 1\" neither true nor false"),
        ),
        (
            Err("no such thing.".to_owned()),
            Some("cannot be tested with the predicate \"$.a > 1\": no such thing."),
        ),
    ] {
        let check = evaluate(&requirements, &evidence, |artifact_type, path| {
            assert_eq!((artifact_type, path), ("doc", "$.a > 1"));
            answer.clone()
        });
        let message = check.blocking_reasons().pop();
        match problem {
            None => assert_eq!(message, None),
            Some(problem) => {
                let whole = format!("The artifact \"doc\" {problem}");
                assert!(message.unwrap().starts_with(&whole));
            }
        }
    }
}

#[test]
fn only_must_exist_is_content_with_a_content_that_is_no_object() {
    let operands = [
        ("min_length", json!(0)),
        ("required_sections", json!(["a"])),
        ("min_percentage", json!(0)),
        ("must_have_tests", json!(true)),
        ("all_passed", json!(true)),
        ("schema", json!({})),
        ("jsonpath", json!("$ == 1")),
        ("must_exist", json!(true)),
    ];
    assert_eq!(operands.len(), Criterion::KEYS.len());
    for (key, operand) in &operands {
        for (content, shown) in [
            (json!(null), "null"),
            (json!(true), "true"),
            (json!(5), "the number 5"),
            (json!("text"), "the string \"text\""),
            (json!(["a"]), "an array"),
        ] {
            let problem = format!("has {shown} as its content, where a JSON object is needed.");
            let problem = (*key != "must_exist").then_some(problem);
            assert_judged(key, operand, &content, problem.as_deref());
        }
        for (content, problem) in [
            (Content::Missing, "has no content."),
            (
                Content::Unreadable("it nests too deeply".to_owned()),
                "has a content that cannot be read: it nests too deeply.",
            ),
        ] {
            let requirements = with_criteria(&json!({"doc": {*key: operand}})).unwrap();
            let artifact = ArtifactEvidence {
                artifact_type: "doc".to_owned(),
                content,
            };
            let check = evaluate(&requirements, &with_artifacts(vec![artifact]), |_, _| {
                Ok(Some(true))
            });
            let expected = format!("The artifact \"doc\" {problem}");
            let expected = if *key == "must_exist" {
                vec![]
            } else {
                vec![expected]
            };
            assert_eq!(check.blocking_reasons(), expected);
        }
    }
}

#[test]
fn descents_are_counted_outside_of_strings() {
    for (path, count) in [
        ("$.a[*].b", 0),
        ("$.** ? (@.c == 1)", 1),
        ("exists($.**{2 to 5} ? (@.** == 7))", 2),
        (r#"$.s like_regex "a**\"**" && $."**" == 2"#, 0),
    ] {
        assert_eq!(descents(path), count, "{path}");
    }
}
