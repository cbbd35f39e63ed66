//! What holds for every input: nothing panics, reasons and verdict agree, and asking for more
//! never lets a ticket through.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

const TYPES: [&str; 3] = ["doc", "log", "coverage"];
const FIELDS: [&str; 9] = [
    "content",
    "text",
    "length",
    "sections",
    "percentage",
    "has_tests",
    "all_passed",
    "failed",
    "x",
];

fn any_json() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        Just("0"),
        Just("80"),
        Just("80.0"),
        Just("8e1"),
        Just("79.99999999999999999999"),
        Just("-1"),
        Just("1e999999999999999999999"),
        Just("1e-400"),
        Just("500"),
    ]
    .prop_map(|text| serde_json::from_str::<Value>(text).unwrap());
    let text = prop_oneof![
        "\\PC{0,12}".prop_map(String::from),
        Just("# Scope\n\nAcceptance criteria\n===\n".to_owned()),
        Just("scope".to_owned()),
        Just("é".repeat(600)),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number,
        text.prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        let key = prop_oneof![
            proptest::sample::select(&FIELDS[..]).prop_map(str::to_owned),
            "[a-z$]{0,6}",
        ];
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::Array),
            vec((key, inner), 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn fitting_content() -> impl Strategy<Value = Value> {
    (any::<bool>(), any::<bool>(), 0..100_u8, 0..800_usize).prop_map(
        |(a, b, percentage, length)| {
            json!({
                "has_tests": a, "all_passed": b, "failed": 0, "percentage": percentage,
                "text": "a".repeat(length), "sections": ["scope", "plan"],
            })
        },
    )
}

fn any_content() -> impl Strategy<Value = Content> {
    prop_oneof![
        1 => Just(Content::Missing),
        1 => Just(Content::Unreadable("it nests too deeply".to_owned())),
        4 => fitting_content().prop_map(Content::Json),
        4 => any_json().prop_map(Content::Json),
    ]
}

fn any_criterion() -> impl Strategy<Value = (String, Value)> {
    prop_oneof![
        (0..700_u64).prop_map(|least| ("min_length", json!(least))),
        Just(("required_sections", json!(["Scope"]))),
        (0..101_u64).prop_map(|least| ("min_percentage", json!(least))),
        Just(("must_have_tests", json!(true))),
        Just(("all_passed", json!(true))),
        Just(("must_exist", json!(true))),
        Just((
            "schema",
            json!({"required": ["text"], "properties": {"x": {"$ref": "#"}}})
        )),
        Just(("jsonpath", json!("$.percentage > 50"))),
    ]
    .prop_map(|(key, operand)| (key.to_owned(), operand))
}

type Row = (Vec<Option<String>>, bool, Value, bool);

fn any_row() -> impl Strategy<Value = Row> {
    let types = || proptest::sample::select(&TYPES[..]).prop_map(str::to_owned);
    let criteria = vec((types(), vec(any_criterion(), 0..3)), 0..3).prop_map(|by_type| {
        by_type
            .into_iter()
            .map(|(name, criteria)| (name, criteria.into_iter().collect::<Value>()))
            .collect::<Value>()
    });
    (
        vec(types().prop_map(Some), 0..3),
        any::<bool>(),
        criteria,
        any::<bool>(),
    )
}

fn any_evidence() -> impl Strategy<Value = Evidence> {
    let artifact = (proptest::sample::select(&TYPES[..]), any_content()).prop_map(
        |(artifact_type, content)| ArtifactEvidence {
            artifact_type: artifact_type.to_owned(),
            content,
        },
    );
    let review = prop_oneof![
        Just(Review::NotAsked),
        Just(Review::Pending),
        Just(Review::Approved),
        (vec("\\PC{0,9}", 0..3), option::of("\\PC{0,9}"))
            .prop_map(|(reasons, feedback)| Review::Rejected { reasons, feedback }),
    ];
    let incomplete = vec((option::of("[a-z]{1,5}"), "[a-z]{1,5}"), 0..2).prop_map(|tasks| {
        let tasks = tasks.into_iter();
        tasks
            .map(|(task_type, status)| task(task_type.as_deref(), &status))
            .collect()
    });
    (
        vec(artifact, 0..4),
        -1..4_i64,
        -1..4_i64,
        incomplete,
        review,
    )
        .prop_map(
            |(artifacts, tasks_total, tasks_completed, incomplete_tasks, review)| Evidence {
                artifacts,
                tasks_total,
                tasks_completed,
                incomplete_tasks,
                review,
                ..Evidence::default()
            },
        )
}

fn parsed((artifacts, tasks, criteria, review): &Row) -> Requirements {
    Requirements::parse(artifacts, *tasks, Some(criteria), *review).unwrap()
}

/// A jsonpath evaluator that gives every answer, always the same one to the same question.
fn answered(requirements: &Requirements, evidence: &Evidence) -> Check {
    evaluate(
        requirements,
        evidence,
        |artifact_type, _| match artifact_type {
            "doc" => Ok(Some(true)),
            "log" => Ok(None),
            _ => Err("no".to_owned()),
        },
    )
}

fn with_one_more(row: &Row, extra: usize) -> Row {
    let (mut artifacts, mut tasks, mut criteria, mut review) = row.clone();
    let mut add = |artifact_type: &str, key: &str, operand: Value| {
        let by_type = criteria.as_object_mut().unwrap();
        let of_type = by_type.entry(artifact_type).or_insert_with(|| json!({}));
        let of_type = of_type.as_object_mut().unwrap();
        of_type.entry(key).or_insert(operand);
    };
    match extra {
        0 => artifacts.push(Some("log".to_owned())),
        1 => artifacts.insert(0, Some("unheard_of".to_owned())),
        2 => tasks = true,
        3 => review = true,
        4 => add("doc", "min_length", json!(300)),
        5 => add("doc", "must_exist", json!(true)),
        6 => add("log", "schema", json!({"type": "object"})),
        7 => add("log", "all_passed", json!(true)),
        8 => add("coverage", "min_percentage", json!(50)),
        9 => add("doc", "jsonpath", json!("$.a")),
        10 => add("doc", "required_sections", json!(["plan"])),
        _ => add("coverage", "must_have_tests", json!(true)),
    }
    (artifacts, tasks, criteria, review)
}

proptest! {
    #[test]
    fn verdict_and_reasons_agree(row in any_row(), evidence in any_evidence()) {
        let check = answered(&parsed(&row), &evidence);
        prop_assert_eq!(check.requirements_met, check.reasons.is_empty());
        prop_assert_eq!(check.requirements_met, check.validation_status == ValidationStatus::Ready);
        prop_assert_eq!(check.requirements_met, check.outcome() == Outcome::Passed);
        let only_review = !check.reasons.is_empty()
            && check.reasons.iter().all(|reason| reason.code == ReasonCode::ReviewPending);
        prop_assert_eq!(only_review, check.outcome() == Outcome::Pending);
        let failed = check.reasons.iter().filter(|reason| reason.code == ReasonCode::CriterionFailed);
        prop_assert_eq!(failed.count(), check.criteria_failures.len());
        prop_assert_eq!(check.blocking_reasons().len(), check.reasons.len());
        let shown = check.to_json();
        prop_assert_eq!(&shown["requirements_met"], &json!(check.requirements_met));
        prop_assert_eq!(shown.as_object().unwrap().len(), 9);
    }

    #[test]
    fn asking_for_more_never_lets_a_ticket_through(
        row in any_row(), evidence in any_evidence(), extra in 0..12_usize,
    ) {
        let before = answered(&parsed(&row), &evidence);
        let after = answered(&parsed(&with_one_more(&row, extra)), &evidence);
        prop_assert!(before.requirements_met || !after.requirements_met);
        prop_assert!(after.reasons.len() >= before.reasons.len());
    }

    #[test]
    fn any_json_as_criteria_is_read_or_refused(criteria in any_json(), evidence in any_evidence()) {
        if let Ok(requirements) = Requirements::parse(&[], false, Some(&criteria), false) {
            let _ = answered(&requirements, &evidence);
        }
        let nested = json!({"doc": criteria});
        if let Ok(requirements) = Requirements::parse(&[], true, Some(&nested), true) {
            let _ = answered(&requirements, &evidence);
        }
        let schema = json!({"doc": {"schema": criteria}});
        if let Ok(requirements) = Requirements::parse(&[], true, Some(&schema), true) {
            let _ = answered(&requirements, &evidence);
        }
    }
}
