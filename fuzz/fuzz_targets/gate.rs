//! A gate with any criteria, judged on any evidence: no input may panic, hang or overflow the
//! stack, and the verdict always agrees with its reasons.
//!
//! The input is a byte of switches and then parts between `|` and a newline: criteria, contents of
//! `doc` and `log`, and a jsonpath's answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phasegate::gates::criteria::Content;
use phasegate::gates::evaluate::{
    ArtifactEvidence, Evidence, IncompleteTask, Review, evaluate,
};
use phasegate::gates::requirements::Requirements;
use serde_json::{Map, Value};

fuzz_target!(|data: &[u8]| {
    let Some((switches, rest)) = data.split_first() else {
        return;
    };
    let on = |bit: u8| switches & (1 << bit) != 0;
    let Ok(rest) = std::str::from_utf8(rest) else {
        return;
    };
    let mut parts = rest.split("|\n");
    let Some(criteria) = parts
        .next()
        .and_then(|part| serde_json::from_str::<Value>(part).ok())
    else {
        return;
    };
    let criteria = match (on(0), on(1)) {
        (false, false) => criteria,
        (false, true) => wrap("doc", criteria),
        (true, _) => wrap("doc", wrap("schema", criteria)),
    };
    let types = [on(2).then(|| "log".to_owned())];
    let types = if on(2) { &types[..] } else { &[] };
    let parse = |review| Requirements::parse(types, on(3), Some(&criteria), review);
    let requirements = match parse(on(4)) {
        Ok(requirements) => requirements,
        Err(refusal) => {
            assert!(refusal.detail.len() < 4000);
            return;
        }
    };
    let artifacts: Vec<ArtifactEvidence> = ["doc", "log"]
        .into_iter()
        .zip(&mut parts)
        .map(|(artifact_type, part)| ArtifactEvidence {
            artifact_type: artifact_type.to_owned(),
            content: content(part, on(5)),
        })
        .collect();
    let said = parts.next().unwrap_or_default();
    let incomplete = IncompleteTask {
        task_id: said.to_owned(),
        task_type: on(6).then(|| said.to_owned()),
        status: said.to_owned(),
        description: None,
    };
    let review = match (on(6), on(7)) {
        (false, false) => Review::NotAsked,
        (false, true) => Review::Approved,
        (true, false) => Review::Pending,
        (true, true) => Review::Rejected {
            reasons: said.split(',').map(str::to_owned).collect(),
            feedback: Some(said.to_owned()),
        },
    };
    let evidence = Evidence {
        artifacts,
        tasks_total: i64::from(on(6)) * 2,
        tasks_completed: i64::from(on(7)) * 2,
        incomplete_tasks: if on(7) { vec![] } else { vec![incomplete] },
        review,
    };
    let answer = |_: &str, path: &str| match path.len() % 4 {
        0 => Ok(Some(true)),
        1 => Ok(Some(false)),
        2 => Ok(None),
        _ => Err(said.to_owned()),
    };
    let check = evaluate(&requirements, &evidence, answer);
    assert_eq!(check.requirements_met, check.reasons.is_empty());
    assert!(check.reasons.iter().all(|reason| reason.message.len() < 4000));
    let shown = check.to_json();
    assert_eq!(shown["reasons"].as_array().map(Vec::len), Some(check.reasons.len()));

    // Asking for a review besides never lets a ticket through.
    if let Ok(stricter) = parse(true) {
        let stricter = evaluate(&stricter, &evidence, answer);
        assert!(check.requirements_met || !stricter.requirements_met);
    }
});

fn wrap(key: &str, inner: Value) -> Value {
    Value::Object(Map::from_iter([(key.to_owned(), inner)]))
}

fn content(part: &str, as_text: bool) -> Content {
    if part.is_empty() {
        Content::Missing
    } else if as_text {
        Content::Json(wrap("text", Value::String(part.to_owned())))
    } else {
        match serde_json::from_str(part) {
            Ok(value) => Content::Json(value),
            Err(why) => Content::Unreadable(why.to_string()),
        }
    }
}
