//! Checking a gate: the configured requirements, the evidence as it is now, the verdict.

use super::approvals::{counting, standing};
use super::evaluate::evaluate;
use super::evidence::Found;
use super::requirements::Requirements;
use super::statements::{EVIDENCE, EVIDENCE_AND_REVIEW, JSONPATH, REQUIREMENTS, TOOK_PART};
use super::verdict::Check;
use crate::by_index::ByIndex;
use crate::error::{Code, Error};
use crate::json;
use crate::pg::error::Result;
use crate::pg::spi::{Sees, Session};
use crate::pg::value::Value as Sql;
use crate::phase::Phase;
use crate::workspace::{Configuration, Workspace};
use std::collections::HashMap;
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
            )?
            .reviewed(
                row.int(6).unwrap_or(1),
                row.bool(7),
                row.int(8).unwrap_or(0),
            );
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
    if requirements.requires_review {
        let required = requirements.required_approvals.max(1);
        let counting = counting(std::mem::take(&mut gathered.verdicts), gathered.since);
        let mut approvals = 0;
        for reviewer in counting.approved_by {
            if approvals == required {
                break;
            }
            // Whoever approved and then took part in the phase approved their own work after all.
            let reviewer = Sql::text(Some(&reviewer));
            let arguments = [Sql::Uuid(ticket), phase.clone(), reviewer];
            let rows = workspace.run(&TOOK_PART, &arguments, sees)?;
            if !rows.first().is_some_and(|row| row.bool(1)) {
                approvals += 1;
            }
        }
        let is_open = gathered.review_is_open;
        gathered.evidence.approvals = approvals;
        gathered.evidence.review = standing(counting.rejection, approvals, required, is_open);
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
