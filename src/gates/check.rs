//! Checking a gate: the configured requirements, the evidence as it is now, the verdict.

use super::criteria::Content;
use super::evaluate::{ArtifactEvidence, Evidence, Review, evaluate};
use super::requirements::Requirements;
use super::statements::{EVIDENCE, EVIDENCE_AND_REVIEW, JSONPATH, REQUIREMENTS};
use super::verdict::{Check, IncompleteTask};
use crate::error::{Code, Error};
use crate::json;
use crate::limits;
use crate::pg::by_index::ByIndex;
use crate::pg::error::Result;
use crate::pg::rows::Row;
use crate::pg::spi::{Sees, Session};
use crate::pg::value::Value as Sql;
use crate::phase::Phase;
use crate::tasks::TOOK_PART;
use crate::tasks::verdict::Verdict;
use crate::workspace::{Configuration, Workspace};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use uuid::Uuid;

/// The gates of a workspace, compiled once a configuration.
pub struct Gates {
    by_phase: HashMap<Phase, Requirements>,
}

impl Gates {
    /// Those of this configuration.
    pub fn of(workspace: &Workspace, configuration: &Configuration) -> Result<Rc<Gates>> {
        configuration.room(|| Gates::load(workspace, configuration))
    }

    fn load(workspace: &Workspace, configuration: &Configuration) -> Result<Gates> {
        let _session = Session::open()?;
        let _owner = workspace.as_owner();
        let rows = workspace.run(&REQUIREMENTS, &[], Sees::Latest)?;
        let mut by_phase = HashMap::new();
        for row in rows.iter() {
            let phase = configuration.phase_of(row.oid(1).unwrap_or(0))?;
            let requirements = parse_row(
                &row.texts(2).unwrap_or_default(),
                row.bool(3),
                row.json(4).as_deref(),
                row.bool(5),
            )?;
            by_phase.insert(phase, requirements);
        }
        Ok(Gates { by_phase })
    }

    /// What the phase's gate asks for; `None` where it has no gate.
    pub fn requirements(&self, phase: Phase) -> Option<&Requirements> {
        self.by_phase.get(&phase)
    }
}

/// A row of `phase_gate_requirements`, or the error that says what is wrong with it.
pub fn parse_row(
    artifacts: &[Option<String>],
    tasks_completed: bool,
    criteria: Option<&str>,
    review: bool,
) -> Result<Requirements> {
    let criteria = match criteria.map(json::read) {
        None => None,
        Some(Some(criteria)) => Some(criteria),
        Some(None) => {
            return Err(
                Error::new(Code::InvalidRequirements, "invalid validation_criteria")
                    .detail("They are nested too deeply; at most 127 levels are read."),
            );
        }
    };
    Requirements::parse(artifacts, tasks_completed, criteria.as_ref(), review).map_err(|invalid| {
        Error::new(
            Code::InvalidRequirements,
            format!("invalid {}", invalid.field),
        )
        .detail(invalid.detail)
    })
}

/// The evidence, which artifact counts for each type, and whose the last verdict is.
struct Gathered {
    evidence: Evidence,
    artifacts: HashMap<String, Uuid>,
    reviewer: Option<String>,
    review_is_open: bool,
}

/// Checks a ticket's gate with the owner's rights; `None` where the phase has no gate. Opens its own session.
pub fn check(
    workspace: &Workspace,
    configuration: &Configuration,
    ticket: Uuid,
    phase: Phase,
    sees: Sees,
) -> Result<Option<Check>> {
    let gates = Gates::of(workspace, configuration)?;
    let Some(requirements) = gates.requirements(phase) else {
        return Ok(None);
    };
    let _session = Session::open()?;
    let _by_index = ByIndex::only();
    let _owner = workspace.as_owner();
    let wanted = requirements
        .criteria
        .iter()
        .map(|(artifact_type, _)| Some(artifact_type.clone()))
        .collect();
    let phase = Sql::Oid(configuration.phases.oid(phase));
    let evidence = if requirements.requires_review {
        &EVIDENCE_AND_REVIEW
    } else {
        &EVIDENCE
    };
    let arguments = [Sql::Uuid(ticket), phase.clone(), Sql::Texts(wanted)];
    let rows = workspace.run(evidence, &arguments, sees)?;
    let mut found = Found::default();
    rows.iter().for_each(|row| found.take(row));
    let mut gathered = found.gathered();
    if let (Review::Approved, Some(reviewer)) = (&gathered.evidence.review, &gathered.reviewer) {
        // Whoever approved and then took part in the phase approved their own work after all.
        let reviewer = Sql::text(Some(reviewer));
        let rows = workspace.run(&TOOK_PART, &[Sql::Uuid(ticket), phase, reviewer], sees)?;
        if rows.first().is_some_and(|row| row.bool(1)) {
            gathered.evidence.review = unreviewed(gathered.review_is_open);
        }
    }
    Ok(Some(evaluate(
        requirements,
        &gathered.evidence,
        |artifact_type, path| {
            let artifact = gathered.artifacts.get(artifact_type).copied();
            let rows = workspace
                .run(
                    &JSONPATH,
                    &[Sql::uuid(artifact), Sql::text(Some(path))],
                    sees,
                )
                .map_err(|error| error.message)?;
            Ok(rows.first().and_then(|row| row.optional_bool(1)))
        },
    )))
}

fn unreviewed(review_is_open: bool) -> Review {
    if review_is_open {
        Review::Pending
    } else {
        Review::NotAsked
    }
}

/// The incomplete tasks that a check lists; it counts them all.
const LISTED: usize = 1000;

/// When, and the id: an order that is the same each time.
type Order = (i64, Uuid);

/// What is found of a gate's evidence, row by row.
#[derive(Default)]
struct Found<'a> {
    evidence: Evidence,
    /// Of each type, the one that was collected last, whose content alone is read.
    artifacts: BTreeMap<String, (Order, Row<'a>)>,
    incomplete: BTreeMap<Order, IncompleteTask>,
    last_verdict: Option<(Review, i64)>,
    since: Option<i64>,
    reviewer: Option<String>,
    review_is_open: bool,
}

impl<'a> Found<'a> {
    fn take(&mut self, row: Row<'a>) {
        let id = row.uuid(2).unwrap_or_default();
        let order = (row.big(7).unwrap_or(i64::MAX), id);
        match row.int(1) {
            Some(1) => match self.artifacts.entry(row.text(3).unwrap_or_default()) {
                Entry::Occupied(known) if known.get().0 > order => {}
                Entry::Occupied(mut known) => drop(known.insert((order, row))),
                Entry::Vacant(free) => drop(free.insert((order, row))),
            },
            Some(2) => {
                self.evidence.tasks_total += 1;
                let status = row.text(4).unwrap_or_default();
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
                self.last_verdict = verdict(row.json(6)).zip(row.big(7));
                self.reviewer = row.text(3);
            }
            Some(4) => self.review_is_open = true,
            Some(5) => self.since = row.big(7),
            _ => {}
        }
    }

    fn gathered(self) -> Gathered {
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
        evidence.review = match self.last_verdict {
            // An artifact's time is set later than that of any review before it, so that equal times mean: reviewed.
            Some((review, at)) if self.since.is_none_or(|since| at >= since) => review,
            _ => unreviewed(self.review_is_open),
        };
        Gathered {
            evidence,
            artifacts: ids,
            reviewer: self.reviewer,
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
