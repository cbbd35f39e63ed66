//! What a summary promises, on examples and on random contexts.

use super::*;
use crate::interrupt::tests::stops;
use proptest::prelude::*;
use serde_json::json;

const BUDGETS: [usize; 6] = [1, 2, 10, 100, 2_000, 100_000];

/// The number an announcement says, if `line` is one.
fn announced(line: &str) -> Option<usize> {
    let rest = line.strip_prefix('(')?;
    let number = rest.strip_suffix(" more points left out)");
    number
        .or(rest.strip_suffix(" more point left out)"))?
        .parse()
        .ok()
}

/// Checks all that holds for any summary of `context`.
fn check(context: &Value, budget: usize, encoding: Encoding) -> Result<(), TestCaseError> {
    let text = summarize(context, Some(budget), encoding, None);
    prop_assert!(
        encoding.count(&text) <= budget,
        "{} over {budget}: {text}",
        encoding.count(&text)
    );
    prop_assert_eq!(&text, &summarize(context, Some(budget), encoding, None));

    let points = ranked_points(context, None);
    let headings: Vec<String> = points
        .iter()
        .map(|p| Layout::Headed.heading(None, p))
        .collect();
    let lines: Vec<String> = key_points(context, None);
    let decisions = points
        .iter()
        .filter(|point| point.rank == Rank::Decision)
        .count();

    prop_assert!(budget < 10 || points.is_empty() || !text.is_empty());

    // What stands in it is the first points, whole or cut at the end of a word, then the notice.
    let headed = text
        .lines()
        .next()
        .is_some_and(|line| headings.contains(&format!("{line}\n")));
    let mut rest = text.as_str();
    let mut shown = 0;
    for (point, (line, heading)) in points.iter().zip(lines.iter().zip(&headings)) {
        let mut at = rest;
        if headed {
            at = at.strip_prefix(heading.as_str()).unwrap_or(at);
            match at.strip_prefix("- ") {
                Some(after) => at = after,
                None => break,
            }
        }
        let written = at.split('\n').next().unwrap_or_default();
        if written != line {
            let Some(kept) = written.strip_suffix('…') else {
                break;
            };
            let kept = kept.trim_end();
            prop_assert!(point.rank > Rank::Risk || shown == 0, "{written}");
            prop_assert!(line.starts_with(kept), "{written} of {line}");
            let next = line[kept.len()..].chars().next();
            let stopped = kept.ends_with(['、', '。', '，', '！', '？']);
            prop_assert!(
                kept.is_empty() || next == Some(' ') || stopped,
                "{written} of {line}"
            );
        }
        shown += 1;
        rest = at[written.len()..].strip_prefix('\n').unwrap_or("");
    }
    let left_out = points.len() - shown;
    if left_out > 0 && !text.is_empty() {
        prop_assert_eq!(announced(rest), Some(left_out), "{}", text);
    } else {
        prop_assert_eq!(rest, "");
    }

    // Every decision survives if the decisions fit by themselves.
    let mut alone = lines[..decisions].to_vec();
    if decisions < lines.len() {
        alone.push(announcement(lines.len() - decisions));
    }
    if decisions > 0 && encoding.count(&alone.join("\n")) <= budget {
        prop_assert!(
            shown >= decisions,
            "{shown} of {decisions} decisions: {text}"
        );
        for decision in &lines[..decisions] {
            prop_assert!(text.contains(decision.as_str()));
        }
    }
    Ok(())
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{1,9}",
        1 => "[A-Z]{1,3}[0-9]{0,5}",
        1 => "\\PC{1,6}",
        1 => "\\p{Han}{1,8}[、。，！？]?",
        1 => "[\\p{Thai}\\p{Arabic}\\p{Devanagari}\\p{Hangul}]{1,8}",
        1 => "[\u{1f300}-\u{1f6ff}\u{200d}\u{fe0f}]{1,5}",
        1 => "[/.!?'\"<>|{}\\[\\]()…-]{1,5}",
    ]
}

fn text() -> impl Strategy<Value = Value> {
    let gap = prop_oneof![8 => Just(" "), 1 => Just("\n"), 1 => Just("\u{3000}"), 1 => Just("")];
    let words = |range| prop::collection::vec((word(), gap.clone()), range);
    prop_oneof![6 => words(0..8), 1 => words(100..400)].prop_map(|words| {
        Value::from(
            words
                .into_iter()
                .map(|(word, gap)| word + gap)
                .collect::<String>(),
        )
    })
}

fn context() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        Just("key_decisions"),
        Just("design_decisions"),
        Just("risks"),
        Just("open_questions"),
        Just("summary"),
        Just("requirements_doc"),
        Just("scope"),
        Just("key_implementations"),
        Just("artifacts"),
        Just("notes"),
        Just("tasks"),
        Just("x y"),
    ];
    let value = prop_oneof![
        4 => text(),
        4 => prop::collection::vec(text(), 0..12).prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => Just(json!([{"type": "doc", "path": "a/b"}, {"task_id": "1", "outputs": {"risks": ["late"]}}])),
        1 => (text(), text()).prop_map(|(a, b)| json!({"what": a, "why": [b, null]})),
    ];
    let block = prop::collection::vec((key, value), 0..8).prop_map(|entries| {
        Value::Object(
            entries
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    });
    let name = prop_oneof![
        Just("requirements_phase"),
        Just("design_phase"),
        Just("zeta_phase"),
        Just("notes")
    ];
    prop::collection::vec((name, block), 0..4).prop_map(|blocks| {
        Value::Object(
            blocks
                .into_iter()
                .map(|(key, block)| (key.to_owned(), block))
                .collect(),
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_promise_holds(context in context(), odd in 3usize..600, old in any::<bool>()) {
        let encoding = if old { Encoding::Cl100kBase } else { Encoding::O200kBase };
        for budget in BUDGETS.into_iter().chain([odd]) {
            check(&context, budget, encoding)?;
        }
        // The tightest budget in which the decisions are to survive.
        let points = ranked_points(&context, None);
        let decisions = points.iter().filter(|point| point.rank == Rank::Decision);
        let mut alone: Vec<String> = decisions.map(|point| point.line().into_owned()).collect();
        if alone.len() < points.len() {
            alone.push(announcement(points.len() - alone.len()));
        }
        let tight = encoding.count(&alone.join("\n"));
        check(&context, tight, encoding)?;
        check(&context, tight + 5, encoding)?;
    }
}

fn sample() -> Value {
    json!({
        "requirements_phase": {
            "requirements_doc": "Users sign in with a passkey. ".repeat(40),
            "key_decisions": ["Passkeys only, no passwords", "One account per person"],
            "scope_clarifications": ["No single sign-on in this release"],
            "summary": "Analyzed the requirements",
        },
        "design_phase": {
            "architecture_doc": "A relying party behind the API gateway. ".repeat(30),
            "design_decisions": ["Store public keys in PostgreSQL"],
            "open_questions": ["How to recover a lost device?"],
            "artifacts": [{"type": "adr", "path": "docs/adr-7.md"}],
            "summary": "Designed the architecture",
        },
        "summary": "an earlier summary",
    })
}

#[test]
fn all_of_it_reads_well() {
    let mut context = sample();
    context["requirements_phase"]["requirements_doc"] = json!("Users sign in with a passkey.");
    context["design_phase"]["architecture_doc"] = json!(null);
    let expected = "\
Decisions (design):
- Store public keys in PostgreSQL
Decisions (requirements):
- Passkeys only, no passwords
- One account per person
Risks and open questions (design):
- open_questions: How to recover a lost device?
Summary (design):
- Designed the architecture
Summary (requirements):
- Analyzed the requirements
Documents and scope (requirements):
- requirements_doc: Users sign in with a passkey.
- scope_clarifications: No single sign-on in this release
Artifacts (design):
- adr: docs/adr-7.md";
    assert_eq!(
        summarize(&context, None, Encoding::O200kBase, None),
        expected
    );
    let count = Encoding::O200kBase.count(expected);
    assert_eq!(
        summarize(&context, Some(count), Encoding::O200kBase, None),
        expected
    );
    let less = summarize(&context, Some(count - 1), Encoding::O200kBase, None);
    assert!(less.ends_with("(1 more point left out)"), "{less}");
}

#[test]
fn documents_are_shortened_before_points_are_dropped() {
    let text = summarize(&sample(), Some(200), Encoding::O200kBase, None);
    assert!(
        text.contains("- architecture_doc: A relying party"),
        "{text}"
    );
    assert!(text.contains("- requirements_doc: Users sign in"), "{text}");
    assert_eq!(text.matches(" …").count(), 2, "{text}");
    assert!(text.ends_with("- adr: docs/adr-7.md"), "{text}");
    assert!(Encoding::O200kBase.count(&text) > 180, "{text}");
}

#[test]
fn headings_give_way_before_decisions() {
    let text = summarize(&sample(), Some(30), Encoding::O200kBase, None);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "Store public keys in PostgreSQL",
            "Passkeys only, no passwords",
            "One account per person"
        ]
    );
    assert_eq!(lines.last().copied().and_then(announced), Some(7), "{text}");
}

#[test]
fn tiny_budgets_and_empty_contexts_give_empty_text() {
    for budget in [0, 1, 2] {
        assert_eq!(
            summarize(&sample(), Some(budget), Encoding::O200kBase, None),
            ""
        );
    }
    for nothing in [json!(null), json!({}), json!([]), json!({"summary": "old"})] {
        assert_eq!(
            summarize(&nothing, Some(100), Encoding::O200kBase, None),
            ""
        );
        assert_eq!(summarize(&nothing, None, Encoding::O200kBase, None), "");
        assert!(key_points(&nothing, None).is_empty());
    }
    assert_eq!(
        summarize(&json!("yes"), Some(1), Encoding::O200kBase, None),
        ""
    );
    assert_eq!(
        summarize(&json!("yes"), Some(6), Encoding::O200kBase, None),
        "Notes:\n- yes"
    );
}

#[test]
fn a_lone_decision_too_long_is_shortened_rather_than_nothing() {
    let context = json!({"decisions": ["word ".repeat(500)]});
    let text = summarize(&context, Some(50), Encoding::O200kBase, None);
    assert!(text.ends_with("word word …") && text.len() > 150, "{text}");
}

#[test]
fn a_megabyte_of_anything_fits() {
    let prose = "The quick brown fox jumps over the lazy dog. ".repeat(1_000_000 / 45);
    for document in [
        prose,
        "x".repeat(1_000_000),
        "中".repeat(300_000),
        "=".repeat(1_000_000),
    ] {
        let context = json!({"design_phase": {"architecture_doc": document, "decisions": ["Go"], "notes": "end"}});
        for budget in [10, 100, 2_000] {
            let text = summarize(&context, Some(budget), Encoding::O200kBase, None);
            assert!(Encoding::O200kBase.count(&text) <= budget);
            assert!(text.contains("Go"), "{text}");
            assert!(budget == 10 || text.ends_with("- notes: end"));
        }
    }
}

#[test]
fn summarizing_can_be_stopped() {
    let points: Vec<String> = (0..2_000).map(|n| format!("what to do {n}")).collect();
    let context = json!({"design_phase": {"notes": points}});
    for budget in [None, Some(500), Some(100_000)] {
        let checks = stops(|| summarize(&context, budget, Encoding::O200kBase, None));
        assert!(checks >= 10, "{checks}");
    }
}

#[test]
fn many_small_points_are_counted_right() {
    let decisions: Vec<String> = (0..100_000).map(|n| format!("d{n}")).collect();
    let text = summarize(
        &json!({"decisions": decisions}),
        Some(2_000),
        Encoding::O200kBase,
        None,
    );
    let shown = text
        .lines()
        .filter(|line| line.contains('d') && announced(line).is_none())
        .count();
    let last = text.lines().next_back().and_then(announced);
    assert_eq!(last, Some(100_000 - shown));
    assert!(Encoding::O200kBase.count(&text) > 1_990);
}
