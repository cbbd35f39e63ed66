//! The rules of the `phasegate` crate, applied to the model's rows.

use crate::world::{Entry, Rows, Task};
use phasegate::gates::criteria::Content;
use phasegate::gates::evaluate::{ArtifactEvidence, Evidence, evaluate};
use phasegate::gates::requirements::Requirements;
use phasegate::phase::{Direction, Kind, Phase, Phases};
use phasegate::tasks::status::Status;
use phasegate::workflow::transitions::Transitions;
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// The type of all artifacts.
const REPORT: &str = "report";

/// The workspace's configuration.
pub struct Rules {
    pub phases: Phases,
    pub transitions: Transitions,
    pub gates: HashMap<Phase, Requirements>,
    pub templates: Vec<Template>,
}

/// A row of `task_templates`.
pub struct Template {
    pub id: Uuid,
    pub phase: Phase,
    pub task_type: String,
    pub after: Option<String>,
}

/// Why a ticket stays where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    Invalid,
    Gate,
}

impl Rules {
    /// Moves a ticket, as far as the ticket itself is concerned; `None` where it is there already, otherwise
    /// whether tasks are generated.
    pub fn move_ticket(
        &self,
        rows: &mut Rows,
        ticket: usize,
        to: Phase,
        by: &str,
    ) -> Result<Option<bool>, Refusal> {
        let (phase, previous) = (rows.tickets[&ticket].phase, rows.tickets[&ticket].previous);
        if phase == to {
            return Ok(None);
        }
        let decided = self
            .transitions
            .decide(&self.phases, phase, previous, to)
            .ok_or(Refusal::Invalid)?;
        let results: Vec<(Phase, bool, String)> = decided
            .gates
            .iter()
            .filter(|gate| self.gates.contains_key(gate))
            .map(|gate| {
                let passes = self.passes(rows, ticket, *gate);
                (*gate, passes, self.looked_at(rows, ticket, *gate))
            })
            .collect();
        let moved = rows.tickets.get_mut(&ticket).expect("a ticket");
        for (gate, passes, looked_at) in &results {
            let verdict = (*passes, looked_at.clone());
            // One that did not pass is stored if it is news.
            if *passes || moved.latest.get(gate) != Some(&verdict) {
                moved.results.push((*gate, *passes));
                moved.latest.insert(*gate, verdict);
            }
        }
        if results.iter().any(|(_, passes, _)| !passes) {
            return Err(Refusal::Gate);
        }
        let gated = decided.gates.contains(&decided.left) && self.gates.contains_key(&decided.left);
        let superseded = decided.superseded(&self.phases, to);
        for artifact in moved
            .artifacts
            .iter_mut()
            .filter(|artifact| superseded.contains(&artifact.phase))
        {
            artifact.superseded = true;
        }
        moved.previous = Some(phase);
        moved.phase = to;
        moved.history.push(Entry {
            from: Some(phase),
            to,
            by: by.to_owned(),
            gated,
        });
        Ok(Some(decided.direction != Direction::Return))
    }

    /// What a verdict on a phase's gate tells of.
    fn looked_at(&self, rows: &Rows, ticket: usize, phase: Phase) -> String {
        let asks_for_report = self
            .gates
            .get(&phase)
            .is_some_and(|gate| gate.needed_artifacts().any(|artifact| artifact == REPORT));
        let newest = rows.tickets[&ticket]
            .artifacts
            .iter()
            .rfind(|artifact| artifact.phase == phase && !artifact.superseded);
        let report = newest.filter(|_| asks_for_report).map(|report| report.good);
        let tasks: Vec<_> = self
            .work(rows, ticket, phase)
            .map(|(id, task)| (*id, task.state.status))
            .filter(|(_, status)| *status != Status::Cancelled)
            .collect();
        let completed = tasks
            .iter()
            .filter(|(_, status)| *status == Status::Completed)
            .count();
        let others: Vec<_> = tasks
            .iter()
            .filter(|(_, status)| *status != Status::Completed)
            .collect();
        format!("{report:?} {completed} {others:?}")
    }

    fn work<'a>(
        &self,
        rows: &'a Rows,
        ticket: usize,
        phase: Phase,
    ) -> impl Iterator<Item = (&'a Uuid, &'a Task)> {
        rows.tasks
            .iter()
            .filter(move |(_, task)| task.ticket == ticket && task.phase == phase)
    }

    /// Where `advance_tickets` would move the ticket.
    pub fn way_ahead(&self, rows: &Rows, ticket: usize) -> Option<Phase> {
        let phase = rows.tickets[&ticket].phase;
        if self.phases.kind(phase) != Kind::Work {
            return None;
        }
        let statuses: Vec<Status> = self
            .work(rows, ticket, phase)
            .map(|(_, task)| task.state.status)
            .filter(|status| *status != Status::Cancelled)
            .collect();
        let is_ready = if statuses.iter().any(|status| status.is_open()) {
            false
        } else if self.gates.contains_key(&phase) {
            self.passes(rows, ticket, phase)
        } else {
            !statuses.is_empty() && statuses.iter().all(|status| *status == Status::Completed)
        };
        is_ready
            .then(|| self.transitions.only_way_ahead(&self.phases, phase))
            .flatten()
    }

    /// Whether a ticket in phase `present` keeps the work of `phase` waiting, or has ended it.
    pub fn stops(&self, present: Phase, phase: Phase) -> bool {
        present != phase && self.phases.kind(present).stops_work()
    }

    /// Whether the gate of a phase lets the ticket through.
    fn passes(&self, rows: &Rows, ticket: usize, phase: Phase) -> bool {
        let Some(requirements) = self.gates.get(&phase) else {
            return true;
        };
        let newest = rows.tickets[&ticket]
            .artifacts
            .iter()
            .rfind(|artifact| artifact.phase == phase && !artifact.superseded);
        let artifacts = newest.map(|artifact| ArtifactEvidence {
            artifact_type: REPORT.to_owned(),
            content: Content::Json(json!({ "all_passed": artifact.good })),
        });
        let statuses: Vec<Status> = rows
            .tasks
            .values()
            .filter(|task| {
                task.ticket == ticket
                    && task.phase == phase
                    && task.state.status != Status::Cancelled
            })
            .map(|task| task.state.status)
            .collect();
        let completed = statuses
            .iter()
            .filter(|status| **status == Status::Completed)
            .count();
        let evidence = Evidence {
            artifacts: artifacts.into_iter().collect(),
            tasks_total: statuses.len() as i64,
            tasks_completed: completed as i64,
            ..Evidence::default()
        };
        evaluate(requirements, &evidence, |_, _| Ok(None)).requirements_met
    }

    /// The templates that entering the phase makes tasks from.
    pub fn generated(&self, rows: &Rows, ticket: usize, phase: Phase) -> BTreeSet<Uuid> {
        self.templates
            .iter()
            .filter(|template| template.phase == phase)
            .map(|template| template.id)
            .filter(|id| {
                let stands_in = |task: &&Task| {
                    task.ticket == ticket
                        && task.phase == phase
                        && task.template == Some(*id)
                        && task.state.status.is_open()
                };
                rows.tasks.values().find(stands_in).is_none()
            })
            .collect()
    }

    /// What a task made from the template waits for.
    pub fn waits_for(
        &self,
        rows: &Rows,
        made: &[(Uuid, Task)],
        ticket: usize,
        template: Uuid,
    ) -> Vec<Uuid> {
        let Some(template) = self.templates.iter().find(|one| one.id == template) else {
            return Vec::new();
        };
        let Some(after) = &template.after else {
            return Vec::new();
        };
        let of_type = |task: &Task| {
            task.ticket == ticket && task.phase == template.phase && task.task_type == *after
        };
        let templates: Vec<Uuid> = self
            .templates
            .iter()
            .filter(|one| one.task_type == *after)
            .map(|one| one.id)
            .collect();
        // The one made with it, or the open one that stands in for it, or else the latest.
        let with_it = made
            .iter()
            .find(|(_, task)| of_type(task) && task.template.is_some());
        let mut before: Vec<_> = rows
            .tasks
            .iter()
            .filter(|(_, task)| of_type(task) && task.state.status != Status::Cancelled)
            .collect();
        before.sort_by_key(|(id, task)| (task.created.clone(), **id));
        let standing = before.iter().rfind(|(_, task)| {
            task.template.is_some_and(|id| templates.contains(&id)) && task.state.status.is_open()
        });
        with_it
            .map(|(id, _)| *id)
            .or_else(|| standing.or(before.last()).map(|(id, _)| **id))
            .into_iter()
            .collect()
    }
}
