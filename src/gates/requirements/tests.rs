//! What a row of requirements may hold, and how the rest is refused.

use serde_json::json;

use super::super::testing::with_criteria;
use super::*;

fn detail(criteria: Value) -> String {
    let refused = with_criteria(&criteria).unwrap_err();
    assert_eq!(refused.field, "validation_criteria");
    refused.detail
}

#[test]
fn every_criterion_is_read_in_its_order() {
    let written = json!({
        "doc": {
            "required_sections": ["scope"], "min_length": 0, "must_exist": true,
            "schema": {"type": "object"}, "jsonpath": "$.a > 1",
        },
        "coverage": {"min_percentage": 80.5},
        "changes": {"must_have_tests": true, "all_passed": true},
        "nothing": {},
    });
    let requirements = with_criteria(&written).unwrap();
    let keys: Vec<(&str, Vec<&str>)> = requirements
        .criteria
        .iter()
        .map(|(name, criteria)| (name.as_str(), criteria.iter().map(Criterion::key).collect()))
        .collect();
    assert_eq!(
        keys,
        [
            (
                "doc",
                vec![
                    "required_sections",
                    "min_length",
                    "must_exist",
                    "schema",
                    "jsonpath"
                ]
            ),
            ("coverage", vec!["min_percentage"]),
            ("changes", vec!["must_have_tests", "all_passed"]),
            ("nothing", vec![]),
        ]
    );
    let paths: Vec<_> = requirements.jsonpaths().collect();
    assert_eq!(paths, [("doc", "$.a > 1")]);
    let needed: Vec<_> = requirements.needed_artifacts().collect();
    assert_eq!(needed, ["doc", "coverage", "changes"]);
}

#[test]
fn absent_criteria_are_none() {
    for criteria in [None, Some(&Value::Null), Some(&json!({}))] {
        let requirements = Requirements::parse(&[], true, criteria, true).unwrap();
        assert!(requirements.criteria.is_empty());
    }
}

#[test]
fn unknown_criteria_name_what_is_allowed() {
    assert_eq!(
        detail(json!({"doc": {"min_lenght": 500}})),
        "Criterion \"min_lenght\" of artifact type \"doc\" is unknown; allowed are min_length, \
         required_sections, min_percentage, must_have_tests, all_passed, must_exist, schema, jsonpath."
    );
}

#[test]
fn operands_of_the_wrong_type_are_refused() {
    let whole = "a whole number that is not negative";
    let percent = "a number from 0 to 100";
    let names = "a non-empty array of section names";
    for (key, operand, needed) in [
        ("min_length", json!("500"), whole),
        ("min_length", json!(-1), whole),
        ("min_length", json!(0.5), whole),
        ("min_length", json!(null), whole),
        ("min_percentage", json!("80"), percent),
        ("min_percentage", json!(-0.1), percent),
        ("min_percentage", json!(100.1), percent),
        ("min_percentage", json!([80]), percent),
        ("required_sections", json!("scope"), names),
        ("required_sections", json!([]), names),
        ("required_sections", json!({}), names),
        ("must_have_tests", json!("true"), "true"),
        ("all_passed", json!(1), "true"),
        ("must_exist", json!(null), "true"),
        ("schema", json!("{}"), "a JSON Schema object"),
        ("schema", json!(true), "a JSON Schema object"),
        ("jsonpath", json!(5), "a jsonpath predicate"),
        ("jsonpath", json!("  "), "a jsonpath predicate"),
    ] {
        let detail = detail(json!({"doc": {key: operand}}));
        let start = format!("Criterion \"{key}\" of artifact type \"doc\" must be {needed}, not ");
        assert!(detail.starts_with(&start), "{detail}");
    }
    assert!(
        with_criteria(&serde_json::from_str(r#"{"d":{"min_percentage":1e99999}}"#).unwrap())
            .is_err()
    );
    assert!(
        detail(json!({"doc": {"required_sections": ["a", " - "]}})).contains("not a section name")
    );
    assert!(detail(json!({"doc": {"all_passed": false}})).contains("leave it out"));
}

#[test]
fn the_shape_of_the_columns_is_checked() {
    assert!(detail(json!([])).contains("must be a JSON object of artifact types, not an array"));
    assert!(detail(json!({"doc": 5})).contains("must be a JSON object, not the number 5"));
    assert!(detail(json!({"": {}})).contains("is empty"));
    assert!(detail(json!({"x".repeat(101): {}})).contains("longer than 100"));
    let artifacts = |types: &[Option<&str>]| {
        let types: Vec<_> = types.iter().map(|name| name.map(str::to_owned)).collect();
        Requirements::parse(&types, false, None, false)
    };
    assert_eq!(artifacts(&[None]).unwrap_err().field, "required_artifacts");
    assert!(artifacts(&[Some(" ")]).is_err());
    assert!(artifacts(&[Some("a"); 1001]).is_err());
    let twice = artifacts(&[Some("a"), Some("b"), Some("a")]).unwrap();
    assert_eq!(twice.required_artifacts, ["a", "b"]);
}

#[test]
fn a_bad_schema_is_refused_with_its_place() {
    let detail = detail(json!({"doc": {"schema": {"type": "objct"}}}));
    assert!(
        detail.starts_with(
            "Criterion \"schema\" of artifact type \"doc\" is not a valid JSON Schema: "
        ),
        "{detail}"
    );
}
