//! Which of a phase's verdicts count, and what they come to.
//!
//! A verdict counts that is not older than the evidence. One rejection rejects: approvals of reviews that were asked for
//! before it, as those that others gave meanwhile, do not outweigh it; those of reviews asked for afterwards do.

use super::evaluate::Review;
use std::collections::HashSet;

/// A verdict that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Who gave it.
    pub reviewer: String,
    /// When the review was asked for.
    pub asked_at: i64,
    /// When it was given.
    pub at: i64,
    /// What it says: [`Review::Approved`] or [`Review::Rejected`].
    pub verdict: Review,
}

impl Given {
    fn is_rejection(&self) -> bool {
        matches!(self.verdict, Review::Rejected { .. })
    }
}

/// What counts of the verdicts on a phase.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counting {
    /// Who approved, each once.
    pub approved_by: Vec<String>,
    /// The rejection that stands.
    pub rejection: Option<Review>,
}

/// What counts of these verdicts, the newest first, where evidence came last at `since`.
pub fn counting(verdicts: Vec<Given>, since: Option<i64>) -> Counting {
    let mut counting = Counting::default();
    let mut seen = HashSet::new();
    let mut candidates = Vec::new();
    for given in verdicts {
        // Evidence is given a time later than that of any review before it, so that equal times mean: reviewed.
        if since.is_some_and(|since| given.at < since) {
            continue;
        }
        if given.is_rejection() {
            candidates.retain(|one: &Given| one.asked_at > given.at);
            counting.rejection = Some(given.verdict);
            break;
        }
        candidates.push(given);
    }
    for given in candidates {
        if seen.insert(given.reviewer.clone()) {
            counting.approved_by.push(given.reviewer);
        }
    }
    counting
}

/// Where the review stands: `approvals` of those that count are independent, `required` are needed.
pub fn standing(
    rejection: Option<Review>,
    approvals: usize,
    required: usize,
    is_open: bool,
) -> Review {
    match rejection {
        _ if approvals >= required => Review::Approved,
        Some(rejection) => rejection,
        None if is_open => Review::Pending,
        None => Review::NotAsked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn given(reviewer: &str, asked_at: i64, at: i64, approved: bool) -> Given {
        let verdict = if approved {
            Review::Approved
        } else {
            Review::Rejected {
                reasons: vec![format!("{reviewer} says no")],
                feedback: None,
            }
        };
        Given {
            reviewer: reviewer.to_owned(),
            asked_at,
            at,
            verdict,
        }
    }

    fn outcome(verdicts: Vec<Given>, since: Option<i64>, required: usize) -> Review {
        let counting = counting(verdicts, since);
        let approvals = counting.approved_by.len();
        standing(counting.rejection, approvals, required, false)
    }

    #[test]
    fn approvals_by_one_reviewer_are_one() {
        let twice = vec![given("a", 1, 4, true), given("a", 1, 3, true)];
        assert_eq!(outcome(twice.clone(), None, 1), Review::Approved);
        assert_eq!(outcome(twice.clone(), None, 2), Review::NotAsked);
        let with_another = [vec![given("b", 1, 5, true)], twice].concat();
        assert_eq!(outcome(with_another, None, 2), Review::Approved);
    }

    #[test]
    fn what_is_older_than_the_evidence_does_not_count() {
        let old = vec![given("a", 1, 3, true), given("b", 1, 2, false)];
        assert_eq!(outcome(old.clone(), Some(3), 1), Review::Approved);
        assert_eq!(outcome(old, Some(4), 1), Review::NotAsked);
    }

    #[test]
    fn one_rejection_rejects_until_a_review_asked_for_afterwards_approves() {
        let rejection = given("b", 1, 3, false);
        let rejected = rejection.verdict.clone();
        let beside = vec![
            given("c", 1, 4, true),
            rejection.clone(),
            given("a", 1, 2, true),
        ];
        assert_eq!(outcome(beside, None, 1), rejected);
        let afterwards = vec![given("c", 4, 5, true), rejection];
        assert_eq!(outcome(afterwards.clone(), None, 1), Review::Approved);
        assert_eq!(outcome(afterwards, None, 2), rejected);
    }

    proptest! {
        #[test]
        fn approved_takes_as_many_reviewers_as_are_required(
            raw in proptest::collection::vec((0u8..4, 0i64..9, 0i64..9, any::<bool>()), 0..8),
            since in proptest::option::of(0i64..9), required in 1usize..4,
        ) {
            let mut verdicts: Vec<Given> = raw.iter()
                .map(|(who, asked, at, approved)| given(&who.to_string(), *asked.min(at), *at, *approved))
                .collect();
            verdicts.sort_by_key(|one| std::cmp::Reverse(one.at));
            let counted = |one: &&Given| since.is_none_or(|since| one.at >= since);
            let who: HashSet<&str> = verdicts.iter().filter(counted)
                .filter(|one| !one.is_rejection()).map(|one| one.reviewer.as_str()).collect();
            let rejections = verdicts.iter().filter(counted).filter(|one| one.is_rejection()).count();
            match outcome(verdicts.clone(), since, required) {
                Review::Approved => prop_assert!(who.len() >= required),
                Review::Rejected { .. } => prop_assert!(rejections > 0),
                _ => prop_assert!(rejections == 0 && who.len() < required),
            }
        }
    }
}
