//! The merge, the block and the fold, on examples and on random contexts.

use super::*;
use crate::interrupt::tests::stops;
use crate::phase::context_key;
use proptest::prelude::*;

fn task(id: &str, result: Value) -> CompletedTask {
    CompletedTask {
        task_id: id.to_owned(),
        task_type: Some("work".to_owned()),
        description: Some(format!("Do {id}")),
        result: Some(result),
    }
}

fn merged(contexts: &[Value]) -> Value {
    Value::Object(merge(contexts))
}

/// The seed's three blocks come out of tasks that carry their parts, in the seed's order of keys.
#[test]
fn the_context_of_the_design_comes_out_key_for_key() {
    let requirements = [
        task(
            "t1",
            json!({"context": {"requirements_doc": "...", "key_decisions": ["decision1"]}}),
        ),
        task(
            "t2",
            json!({
                "summary": "Clarified",
                "context": {
                    "key_decisions": ["decision1", "decision2"],
                    "scope_clarifications": ["clarification1"],
                },
            }),
        ),
    ];
    let design = [task(
        "t3",
        json!({"context": {"architecture_doc": "...", "design_decisions": ["decision1"]}}),
    )];
    let implementation = [task(
        "t4",
        json!({"context": {
            "code_changes_summary": "...", "key_implementations": ["feature1", "feature2"],
        }}),
    )];
    let document = ArtifactRef {
        artifact_type: "requirements_document".to_owned(),
        path: Some("docs/req.md".to_owned()),
    };
    let mut context = None;
    for (label, tasks, artifacts) in [
        ("PHASE_REQUIREMENTS", &requirements[..], &[document][..]),
        ("PHASE_DESIGN", &design, &[]),
        ("PHASE_IMPLEMENTATION", &implementation, &[]),
    ] {
        let block = phase_block(tasks, artifacts);
        context = Some(fold(context, &context_key(label), block));
    }
    let context = with_summary(context.unwrap(), "Summarized".to_owned());
    let expected = json!({
        "requirements_phase": {
            "requirements_doc": "...",
            "key_decisions": ["decision1", "decision2"],
            "scope_clarifications": ["clarification1"],
            "tasks": [
                {"task_id": "t1", "task_type": "work", "summary": "Do t1", "outputs": null},
                {"task_id": "t2", "task_type": "work", "summary": "Clarified", "outputs": null},
            ],
            "artifacts": [{"type": "requirements_document", "path": "docs/req.md"}],
            "summary": "Do t1\nClarified",
        },
        "design_phase": {
            "architecture_doc": "...",
            "design_decisions": ["decision1"],
            "tasks": [{"task_id": "t3", "task_type": "work", "summary": "Do t3", "outputs": null}],
            "artifacts": [],
            "summary": "Do t3",
        },
        "implementation_phase": {
            "code_changes_summary": "...",
            "key_implementations": ["feature1", "feature2"],
            "tasks": [{"task_id": "t4", "task_type": "work", "summary": "Do t4", "outputs": null}],
            "artifacts": [],
            "summary": "Do t4",
        },
        "summary": "Summarized",
    });
    assert_eq!(context.to_string(), expected.to_string());
}

#[test]
fn rules_of_the_merge() {
    let object = |a: Value, b: Value| merged(&[json!({"k": a}), json!({"k": b})])["k"].clone();
    assert_eq!(
        object(json!({"a": 1}), json!({"b": 2})),
        json!({"a": 1, "b": 2})
    );
    assert_eq!(
        object(json!({"a": [1]}), json!({"a": [2, 1]})),
        json!({"a": [1, 2]})
    );
    assert_eq!(
        object(json!([{"a": 1}, 2]), json!([2, {"a": 1}, 3])),
        json!([{"a": 1}, 2, 3])
    );
    assert_eq!(object(json!("old"), json!("new")), json!("new"));
    assert_eq!(object(json!([1]), json!({"a": 1})), json!({"a": 1}));
    assert_eq!(object(json!({"a": 1}), json!(null)), json!(null));
    assert_eq!(object(json!([1, 1]), json!([])), json!([1]));
    // Numbers keep their digits.
    let precise: Value = serde_json::from_str(r#"{"n": [1.10, 12345678901234567890.5]}"#).unwrap();
    assert_eq!(
        merged(std::slice::from_ref(&precise)).to_string(),
        precise.to_string().replace(' ', "")
    );
}

#[test]
fn ill_shaped_results_are_skipped() {
    for result in [
        json!(null),
        json!("text"),
        json!(1),
        json!([{"context": {"a": 1}}]),
        json!({}),
        json!({"context": [1], "summary": 5, "artifacts": {}}),
        json!({"context": "text", "summary": null}),
        json!({"context": null, "summary": " \n"}),
    ] {
        let block = phase_block(&[task("t", result)], &[]);
        let expected = json!({
            "tasks": [{"task_id": "t", "task_type": "work", "summary": "Do t", "outputs": null}],
            "artifacts": [],
            "summary": "Do t",
        });
        assert_eq!(block, expected);
    }
    let bare = CompletedTask {
        task_id: "t".to_owned(),
        ..CompletedTask::default()
    };
    assert_eq!(
        phase_block(&[bare], &[]),
        json!({
            "tasks": [{"task_id": "t", "task_type": null, "summary": null, "outputs": null}],
            "artifacts": [],
            "summary": "",
        })
    );
}

#[test]
fn a_context_cannot_forge_the_facts_of_the_phase() {
    let result = json!({"context": {"tasks": ["x"], "summary": {"a": 1}, "artifacts": 3, "b": 2}});
    let block = phase_block(&[task("t", result)], &[]);
    assert_eq!(block["tasks"][0]["task_id"], "t");
    assert_eq!(block["artifacts"], json!([]));
    assert_eq!(block["summary"], "Do t");
    assert_eq!(block["b"], 2);
}

#[test]
fn folding_keeps_what_was_there() {
    let block = json!({"a": 1});
    let context = json!({"x_phase": {"old": true}, "y": [2], "summary": "s"});
    assert_eq!(
        fold(Some(context), "x_phase", block.clone()),
        json!({"x_phase": {"a": 1}, "y": [2], "summary": "s"})
    );
    for nothing in [None, Some(json!(null))] {
        assert_eq!(
            fold(nothing, "x_phase", block.clone()),
            json!({"x_phase": {"a": 1}})
        );
    }
    for odd in [json!("text"), json!([1, 2]), json!(3)] {
        let once = fold(Some(odd.clone()), "x_phase", block.clone());
        assert_eq!(once, json!({"notes": odd, "x_phase": {"a": 1}}));
        assert_eq!(fold(Some(once.clone()), "x_phase", block.clone()), once);
    }
}

#[test]
fn deep_values_are_skipped_and_the_block_can_be_read_back() {
    let deep = |levels| (0..levels).fold(json!("bottom"), |value, _| Value::Array(vec![value]));
    // Put together by hand: the macro would copy the values, with as many calls as they are deep.
    let object = |entries: Vec<(&str, Value)>| {
        Value::Object(
            entries
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    };
    let result = object(vec![
        (
            "context",
            object(vec![("deep", deep(10_000)), ("a", json!(1))]),
        ),
        ("outputs", deep(MAX_DEPTH)),
    ]);
    let tasks = [task("t", result)];
    let context = fold(None, "x_phase", phase_block(&tasks, &[]));
    let text = json!({"full_context": context}).to_string();
    let back: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(back["full_context"]["x_phase"]["a"], 1);
    assert_eq!(text.matches("bottom").count(), 1);
}

#[test]
fn a_megabyte_merges_in_linear_time() {
    let items: Vec<String> = (0..50_000)
        .map(|n| format!("decision {}", n % 40_000))
        .collect();
    let contexts = vec![json!({"decisions": items}); 3];
    assert_eq!(
        merged(&contexts)["decisions"].as_array().unwrap().len(),
        40_000
    );
}

#[test]
fn merging_can_be_stopped() {
    let items: Vec<u32> = (0..2_000).collect();
    let tasks = vec![task("t", json!({"context": {"numbers": items}})); 3];
    let checks = stops(|| as_stored(phase_block(&tasks, &[])));
    assert!(checks >= 10, "{checks}");
}

/// Contexts whose keys hold one kind of value throughout: numbers, texts, arrays, objects.
fn context() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(json!(null)),
        (0..3).prop_map(|n| json!(n)),
        "[ab]?".prop_map(Value::from)
    ];
    let item = scalar.clone().prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec(("[xy]", inner), 0..3)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    });
    let array = prop::collection::vec(item, 0..5).prop_map(Value::from);
    let leaf = prop_oneof![("s[12]", scalar), ("a[12]", array)].boxed();
    let entries = |of| {
        prop::collection::vec(of, 0..5)
            .prop_map(|entries: Vec<(String, Value)>| Value::Object(entries.into_iter().collect()))
    };
    entries(prop_oneof![leaf.clone(), ("o[12]", entries(leaf))].boxed())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn merging_is_associative_idempotent_and_repeatable(a in context(), b in context(), c in context()) {
        let all = merged(&[a.clone(), b.clone(), c.clone()]);
        let left = merged(&[merged(&[a.clone(), b.clone()]), c.clone()]);
        let right = merged(&[a.clone(), merged(&[b.clone(), c.clone()])]);
        prop_assert_eq!(left.to_string(), all.to_string());
        prop_assert_eq!(right.to_string(), all.to_string());
        prop_assert_eq!(merged(&[all.clone(), all.clone()]).to_string(), all.to_string());
        prop_assert_eq!(merged(std::slice::from_ref(&all)).to_string(), all.to_string());
    }
}

#[test]
fn keys_stand_as_jsonb_keeps_them() {
    let value = json!({"bb": 1, "é": {"z": 1, "aa": [{"d": 1, "c": 2}], "b": 2}, "aa": 2, "a": [[2, 1]], "B": null});
    assert_eq!(
        as_stored(value).to_string(),
        r#"{"B":null,"a":[[2,1]],"aa":2,"bb":1,"é":{"b":2,"z":1,"aa":[{"c":2,"d":1}]}}"#
    );
}
