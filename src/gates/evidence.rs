//! The evidence of a gate, as it is found row by row: of each type the artifact that counts is the one that was collected last of
//! those that no regression superseded ([`super::statements::EVIDENCE`]); and tasks, verdicts, and since when these count.

use super::approvals::Given;
use super::criteria::Content;
use super::evaluate::{ArtifactEvidence, Evidence, Review};
use super::rework;
use super::verdict::IncompleteTask;
use crate::json;
use crate::limits;
use crate::pg::rows::Row;
use crate::tasks::verdict::Verdict;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// The evidence, which artifact counts for each type, and what reviewers say.
pub(super) struct Gathered {
    pub evidence: Evidence,
    pub artifacts: HashMap<String, Uuid>,
    pub verdicts: Vec<Given>,
    pub since: Option<i64>,
    pub review_is_open: bool,
}

/// The incomplete tasks that a check lists; it counts them all.
const LISTED: usize = 1000;

/// When, and the id: an order that is the same each time.
type Order = (i64, Uuid);

/// What is found of a gate's evidence, row by row.
#[derive(Default)]
pub(super) struct Found<'a> {
    evidence: Evidence,
    /// Of each type, the one that was collected last, whose content alone is read.
    artifacts: BTreeMap<String, (Order, Row<'a>)>,
    incomplete: BTreeMap<Order, IncompleteTask>,
    verdicts: BTreeMap<Order, Given>,
    since: Option<i64>,
    review_is_open: bool,
}

impl<'a> Found<'a> {
    pub(super) fn take(&mut self, row: Row<'a>) {
        let id = row.uuid(2).unwrap_or_default();
        let order = (row.big(7).unwrap_or(i64::MAX), id);
        match row.int(1) {
            Some(1) => match self.artifacts.entry(row.text(3).unwrap_or_default()) {
                Entry::Occupied(known) if known.get().0 > order => {}
                Entry::Occupied(mut known) => drop(known.insert((order, row))),
                Entry::Vacant(free) => drop(free.insert((order, row))),
            },
            Some(2) => {
                let status = row.text(4).unwrap_or_default();
                if row.text(3).as_deref() == Some(rework::TASK_TYPE) {
                    self.evidence.rework.times += 1;
                    self.evidence.rework.is_under_way |= status != "completed";
                    // While the rejection stands it says so; after that nobody needs it any more.
                    if status == "pending" {
                        return;
                    }
                }
                self.evidence.tasks_total += 1;
                if status == "completed" {
                    self.evidence.tasks_completed += 1;
                    return;
                }
                let task = IncompleteTask {
                    task_id: id.to_string(),
                    task_type: row.text(3),
                    status,
                    description: row.text(5),
                };
                self.incomplete.insert(order, task);
            }
            Some(3) => {
                if let Some(verdict) = verdict(row.json(6)) {
                    let given = Given {
                        reviewer: row.text(3).unwrap_or_default(),
                        asked_at: row.big(8).unwrap_or(i64::MIN),
                        at: order.0,
                        verdict,
                    };
                    self.verdicts.insert(order, given);
                }
            }
            Some(4) => self.review_is_open = true,
            Some(5) => self.since = row.big(7),
            _ => {}
        }
    }

    pub(super) fn gathered(self) -> Gathered {
        let mut evidence = self.evidence;
        evidence.incomplete_tasks = self.incomplete.into_values().take(LISTED).collect();
        let mut ids = HashMap::new();
        let rows = self.artifacts.values();
        let sizes: Vec<usize> = rows.map(|(_, row)| row.size(6)).collect();
        let fit = limits::which_fit(&sizes, limits::CHECKED);
        for ((artifact_type, ((_, id), row)), fits) in self.artifacts.into_iter().zip(fit) {
            ids.insert(artifact_type.clone(), id);
            evidence.artifacts.push(ArtifactEvidence {
                artifact_type,
                content: content(&row, fits),
            });
        }
        Gathered {
            evidence,
            artifacts: ids,
            verdicts: self.verdicts.into_values().rev().collect(),
            since: self.since,
            review_is_open: self.review_is_open,
        }
    }
}

fn content(row: &Row<'_>, fits: bool) -> Content {
    let json = fits.then(|| row.json_that_fits(6)).flatten();
    match json.as_deref().map(json::read) {
        None if row.size(6) > 0 => Content::Unreadable("it is too large".to_owned()),
        None => Content::Missing,
        Some(Some(value)) => Content::Json(value),
        Some(None) => Content::Unreadable("it is nested too deeply".to_owned()),
    }
}

fn verdict(json: Option<String>) -> Option<Review> {
    let json = json::read(&json?)?;
    let verdict = Verdict::parse(Some(&json)).ok()?;
    Some(if verdict.approved {
        Review::Approved
    } else {
        Review::Rejected {
            reasons: verdict
                .blocking_reasons
                .iter()
                .map(ToString::to_string)
                .collect(),
            feedback: verdict.feedback.map(ToString::to_string),
        }
    })
}
