//! The table, and the walk over all kinds of JSON.

use super::*;
use serde_json::json;

fn points(context: &Value) -> Vec<(Rank, String, String)> {
    ranked_points(context, None)
        .iter()
        .map(|p| {
            (
                p.rank,
                p.phase.unwrap_or("-").to_owned(),
                p.line().into_owned(),
            )
        })
        .collect()
}

fn lines(context: &Value) -> Vec<String> {
    points(context)
        .into_iter()
        .map(|(_, _, line)| line)
        .collect()
}

#[test]
fn keys_and_their_ranks() {
    for (rank, keys) in [
        (
            Rank::Decision,
            &[
                "key_decisions",
                "design_decisions",
                "decisions",
                "keyDecisions",
                "DECISION",
                "Key decisions",
                "decision-log",
            ][..],
        ),
        (
            Rank::Risk,
            &[
                "risks",
                "open_questions",
                "openQuestions",
                "known-issues",
                "risk_summary",
            ],
        ),
        (
            Rank::Summary,
            &["summary", "code_changes_summary", "Overview"],
        ),
        (
            Rank::Document,
            &[
                "requirements_doc",
                "architecture_doc",
                "scope_clarifications",
                "requirements",
                "acceptance_criteria",
            ],
        ),
        (
            Rank::Implementation,
            &["key_implementations", "code_changes", "features"],
        ),
        (Rank::Artifact, &["artifacts", "files", "file_paths"]),
        (
            Rank::Note,
            &["notes", "", "_", "undecidedly", "状态", "x", "open_api"],
        ),
    ] {
        for key in keys {
            assert_eq!(Rank::of_key(key), rank, "{key}");
        }
    }
}

#[test]
fn the_table_is_in_rank_order() {
    assert!(
        RULES
            .iter()
            .map(|rule| rule.rank)
            .is_sorted_by(|a, b| a < b)
    );
    for rule in &RULES {
        assert_eq!(rule.rank.heading(), rule.heading);
        for word in rule.words {
            assert_eq!(Rank::of_key(word), rule.rank, "{word}");
        }
    }
}

#[test]
fn words_of_keys() {
    let split = |key| words(key).collect::<Vec<_>>();
    assert_eq!(split("key_decisions"), ["key", "decisions"]);
    assert_eq!(split("keyDecisionsV2--x"), ["key", "Decisions", "V2", "x"]);
    assert_eq!(split("APIDoc ÉtudeFinale"), ["APIDoc", "Étude", "Finale"]);
    assert!(split("__").is_empty());
}

#[test]
fn by_rank_then_newest_phase_then_document_order() {
    let context = json!({
        "requirements_phase": {
            "requirements_doc": "The doc",
            "key_decisions": ["r1", "r2"],
            "notes": "a note",
            "summary": "Wrote it\nAsked around",
        },
        "design_phase": {
            "design_decisions": ["d1"],
            "open_questions": ["q1"],
            "artifacts": [{"path": "a.md", "type": "adr"}, {"type": "diagram", "path": null}],
            "tasks": [{"task_id": "1", "task_type": "design", "summary": "Designed", "outputs": {"pages": 3}}],
            "summary": "Designed",
        },
        "summary": "derived",
    });
    let (r, d) = ("requirements_phase", "design_phase");
    let expected = [
        (Rank::Decision, d, "d1"),
        (Rank::Decision, r, "r1"),
        (Rank::Decision, r, "r2"),
        (Rank::Risk, d, "open_questions: q1"),
        (Rank::Summary, d, "Designed"),
        (Rank::Summary, r, "Wrote it"),
        (Rank::Summary, r, "Asked around"),
        (Rank::Document, r, "requirements_doc: The doc"),
        (Rank::Artifact, d, "adr: a.md"),
        (Rank::Artifact, d, "diagram"),
        (Rank::Note, d, "design: pages: 3"),
        (Rank::Note, r, "notes: a note"),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|&(rank, phase, line)| (rank, phase.to_owned(), line.to_owned()))
        .collect();
    assert_eq!(points(&context), expected);

    let order = [d.to_owned(), r.to_owned()];
    let first = ranked_points(&context, Some(&order));
    assert_eq!(first[0].text, "r1");
    // A block that the order does not name is older than those it does.
    let first = ranked_points(&context, Some(&order[..1]));
    assert_eq!(first[0].text, "d1");
}

#[test]
fn any_json_will_do() {
    for (context, expected) in [
        (json!(null), &[][..]),
        (json!({}), &[]),
        (json!("  two\nwords "), &["two words"]),
        (json!(1.5), &["1.5"]),
        (json!([1, 2, true]), &["1, 2, true"]),
        (
            json!(["a", ["b", "c"], null, {"decisions": ["d"], "n": 1}]),
            &["d", "a", "b", "c", "n: 1"],
        ),
        (json!({"design_phase": "all well"}), &["all well"]),
        (json!({"design_phase": ["a", 5]}), &["a", "5"]),
        (json!({"design_phase": 7}), &["design_phase: 7"]),
        (
            json!({"design_phase": null, "decisions": null, "x": [], "y": {"z": {}}}),
            &[],
        ),
        (
            json!({"decisions": {"db": "PostgreSQL", "lang": {"name": "Rust"}}}),
            &["db: PostgreSQL", "lang: {name: Rust}"],
        ),
        (
            json!({"decisions": [{"what": "Rust", "why": "speed"}]}),
            &["what: Rust; why: speed"],
        ),
        (
            json!({"decided": true, "risks": 3}),
            &["decided: true", "risks: 3"],
        ),
        (
            json!({"settings": {"port": 1, "hosts": ["a", "b"]}}),
            &["port: 1", "hosts: a", "hosts: b"],
        ),
        (
            json!({"artifacts": {"type": "doc", "path": "a"}}),
            &["doc: a"],
        ),
        (
            json!({"artifacts": [{"type": "doc", "size": 2}, "b", {"path": "c", "type": ""}]}),
            &["type: doc; size: 2", "b", "c"],
        ),
        (json!({"tasks": "odd"}), &["tasks: odd"]),
        (
            json!({"tasks": [1, {"summary": "did"}]}),
            &["did", "tasks: 1"],
        ),
        (json!({"summary": "derived"}), &[]),
    ] {
        assert_eq!(lines(&context), expected, "{context}");
    }
}

#[test]
fn decisions_and_risks_are_found_inside_other_objects() {
    let context = json!({"design_phase": {
        "review": {"by": "Ann", "result": {"decisions": ["go"], "at": "noon"}, "risks": ["late"]},
    }});
    assert_eq!(
        lines(&context),
        ["go", "risks: late", "review: by: Ann; result: {at: noon}"]
    );
}

#[test]
fn task_summaries_speak_where_the_block_has_none() {
    let tasks = json!([{"task_id": "1", "summary": "did", "outputs": null}]);
    assert_eq!(lines(&json!({"x_phase": {"tasks": tasks}})), ["did"]);
    assert_eq!(
        lines(&json!({"x_phase": {"tasks": tasks, "summary": " "}})),
        ["did"]
    );
    assert_eq!(
        lines(&json!({"x_phase": {"tasks": tasks, "summary": "all"}})),
        ["all"]
    );
}

/// Values nested far deeper than any parser lets through.
#[test]
fn depth_is_no_danger() {
    let keyed = |key: &str, value| Value::Object(Map::from_iter([(key.to_owned(), value)]));
    let wraps: [&dyn Fn(Value) -> Value; 4] = [
        &|value| Value::Array(vec![value]),
        &|value| keyed("x", value),
        &|value| keyed("design_phase", value),
        &|value| keyed("decisions", value),
    ];
    for wrap in wraps {
        let context = (0..10_000).fold(json!("bottom"), |value, _| wrap(value));
        assert!(ranked_points(&context, None).len() <= 1);
        // Dropping it would take as many calls as it is deep.
        std::mem::forget(context);
    }
}
