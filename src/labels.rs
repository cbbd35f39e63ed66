//! The phases that a new workspace has: labels, kinds and edges.
//!
//! What a phase means is its row in `phases`. The rows that are made with the workspace follow from the labels as nobody
//! has said more: the usual eight have their usual kinds; of any others the first is where tickets begin, the last where
//! they are finished, and each leads to the next.

use crate::error::Error;
use crate::limits;
use crate::phase::context_key;
use std::collections::HashSet;

/// The phases that a new workspace has, in their order: label, kind, what happens there. Its owner may add others and rename
/// these.
pub const PHASES: [(&str, &str, &str); 8] = [
    ("PHASE_BACKLOG", "start", "Waiting to be taken up."),
    (
        "PHASE_REQUIREMENTS",
        "work",
        "What is asked for is found out and written down.",
    ),
    ("PHASE_DESIGN", "work", "How it is to be done is decided."),
    ("PHASE_IMPLEMENTATION", "work", "It is made."),
    ("PHASE_TESTING", "work", "It is tested."),
    ("PHASE_DEPLOYMENT", "work", "It is brought into use."),
    ("PHASE_DONE", "final", "Finished."),
    (
        "PHASE_BLOCKED",
        "blocked",
        "Waiting for something outside of the work.",
    ),
];

/// A phase as its row in `phases` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// Its label.
    pub label: String,
    /// The name of its kind.
    pub kind: &'static str,
    /// The key under which it stands in contexts.
    pub key: String,
    /// What happens there.
    pub description: Option<&'static str>,
}

/// The usual labels.
pub fn usual() -> Vec<String> {
    PHASES
        .iter()
        .map(|(label, ..)| (*label).to_owned())
        .collect()
}

/// Whether all the usual labels are among these, so that the usual edges, templates and gates fit.
pub fn are_usual(labels: &[String]) -> bool {
    PHASES
        .iter()
        .all(|(label, ..)| labels.iter().any(|one| one == label))
}

/// A label as a literal.
pub fn quoted(label: &str) -> String {
    if label.contains('\\') {
        format!(" E'{}'", label.replace('\\', "\\\\").replace('\'', "''"))
    } else {
        format!("'{}'", label.replace('\'', "''"))
    }
}

/// Refuses what cannot be a workspace's labels.
pub fn require_labels(labels: &[String]) -> Result<(), Error> {
    let refuse = |detail: String| Err(Error::invalid_argument("invalid phases", detail));
    if labels.is_empty() {
        return refuse("There is none.".to_owned());
    }
    let mut seen = HashSet::new();
    for label in labels {
        if label.is_empty() || label.len() > limits::ENUM_LABEL {
            return refuse(format!(
                "\"{label}\" has not from 1 to {} bytes.",
                limits::ENUM_LABEL
            ));
        }
        if !seen.insert(label) {
            return refuse(format!("\"{label}\" stands there twice."));
        }
    }
    Ok(())
}

/// What the labels mean.
pub fn meanings(labels: &[String]) -> Vec<Meaning> {
    let known = |label: &str| PHASES.iter().find(|(name, ..)| *name == label);
    let mut kinds: Vec<&'static str> = labels
        .iter()
        .map(|label| known(label).map_or("work", |(_, kind, _)| kind))
        .collect();
    if !kinds.contains(&"start")
        && let Some(first) = kinds.iter_mut().find(|kind| **kind == "work")
    {
        *first = "start";
    }
    if !kinds.contains(&"final")
        && let Some(last) = kinds.iter_mut().rfind(|kind| **kind == "work")
    {
        *last = "final";
    }
    labels
        .iter()
        .zip(kinds)
        .zip(keys(labels))
        .map(|((label, kind), key)| Meaning {
            label: label.clone(),
            kind,
            key,
            description: known(label).map(|(.., description)| *description),
        })
        .collect()
}

/// The edges of phases that are not the usual ones: each of the sequence leads to the next; into the blocked one, where
/// there is one, lead all where work is done, and back.
pub fn edges(meanings: &[Meaning]) -> Vec<(String, String)> {
    let in_sequence: Vec<&Meaning> = meanings
        .iter()
        .filter(|one| one.kind != "blocked" && one.kind != "abandoned")
        .collect();
    let mut edges: Vec<(String, String)> = in_sequence
        .iter()
        .zip(in_sequence.iter().skip(1))
        .filter(|(from, _)| from.kind != "final")
        .map(|(from, to)| (from.label.clone(), to.label.clone()))
        .collect();
    if let Some(blocked) = meanings.iter().find(|one| one.kind == "blocked") {
        for one in in_sequence.iter().filter(|one| one.kind == "work") {
            edges.push((one.label.clone(), blocked.label.clone()));
            edges.push((blocked.label.clone(), one.label.clone()));
        }
    }
    edges
}

/// A key for each label. Of labels that would have the same, the later ones have their whole name and a number in it.
fn keys(labels: &[String]) -> Vec<String> {
    let mut taken = HashSet::new();
    let mut free = |label: &String| {
        let plain = context_key(label);
        let others = (2..).map(|number| format!("{}_{number}_phase", label.to_lowercase()));
        let key = std::iter::once(plain)
            .chain(others)
            .find(|key| !taken.contains(key))
            .unwrap_or_default();
        taken.insert(key.clone());
        key
    };
    labels.iter().map(&mut free).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(labels: &[&str]) -> Vec<String> {
        labels.iter().map(|label| (*label).to_owned()).collect()
    }

    fn kinds(labels: &[&str]) -> Vec<&'static str> {
        let meanings = meanings(&texts(labels));
        meanings.iter().map(|one| one.kind).collect()
    }

    #[test]
    fn labels_of_one_key_are_told_apart() {
        let labels = texts(&["PHASE_A", "A", "PHASE_A_2"]);
        assert_eq!(keys(&labels), ["a_phase", "a_2_phase", "phase_a_2_2_phase"]);
    }

    #[test]
    fn the_usual_labels_have_their_kinds() {
        let usual = usual();
        let expected: Vec<_> = PHASES.iter().map(|(_, kind, _)| *kind).collect();
        assert_eq!(kinds(&PHASES.map(|(label, ..)| label)), expected);
        assert!(are_usual(&usual));
        assert_eq!(
            kinds(&["IDEA", "PHASE_BACKLOG", "PHASE_DONE"]),
            ["work", "start", "final"]
        );
    }

    #[test]
    fn of_own_labels_the_first_is_the_start_and_the_last_the_end() {
        assert_eq!(
            kinds(&["NEW", "OPEN", "CLOSED"]),
            ["start", "work", "final"]
        );
        assert_eq!(kinds(&["ONE"]), ["start"]);
        assert_eq!(kinds(&["ONE", "TWO"]), ["start", "final"]);
        let meanings = meanings(&texts(&["NEW", "OPEN", "CLOSED"]));
        let steps = [("NEW", "OPEN"), ("OPEN", "CLOSED")];
        assert_eq!(
            edges(&meanings),
            steps.map(|(from, to)| (from.to_owned(), to.to_owned()))
        );
    }

    #[test]
    fn to_the_blocked_phase_leads_an_edge_from_each_where_work_is_done_and_one_back() {
        let meanings = meanings(&texts(&[
            "PHASE_BACKLOG",
            "OPEN",
            "PHASE_BLOCKED",
            "PHASE_DONE",
        ]));
        let expected = [
            ("PHASE_BACKLOG", "OPEN"),
            ("OPEN", "PHASE_DONE"),
            ("OPEN", "PHASE_BLOCKED"),
            ("PHASE_BLOCKED", "OPEN"),
        ];
        assert_eq!(
            edges(&meanings),
            expected.map(|(from, to)| (from.to_owned(), to.to_owned()))
        );
    }

    #[test]
    fn a_label_is_one_literal_whatever_it_holds() {
        assert_eq!(quoted("it's"), "'it''s'");
        assert_eq!(quoted("a\\'; b"), " E'a\\\\''; b'");
    }

    #[test]
    fn labels_are_checked() {
        assert!(require_labels(&texts(&["A", "B"])).is_ok());
        for odd in [&[][..], &["A", "A"], &[""]] {
            assert!(require_labels(&texts(odd)).is_err(), "{odd:?}");
        }
        assert!(require_labels(&["x".repeat(64)]).is_err());
    }
}
