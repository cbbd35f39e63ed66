//! A ticket's history as a line of visits: where it was, for how long, who moved it there, and on which evidence.

use super::names::Names;
use super::query::{Params, Reading};
use super::words::{self, Moment};
use crate::error::Failure;
use serde::Deserialize;
use std::borrow::Borrow;
use uuid::Uuid;

/// So many of the last visits are shown.
const VISITS: i64 = 60;

/// A stay in a phase.
#[derive(Debug, Clone, Deserialize)]
pub struct Visit {
    /// The phase.
    pub phase: String,
    /// When it came.
    pub at: Moment,
    /// When it went on; none where it is still there.
    pub left: Moment,
    /// Why it came.
    pub reason: Option<String>,
    /// Who moved it there, and as which role.
    pub by: Option<String>,
    pub role: Option<String>,
    /// Whether it was moved past a gate.
    pub forced: bool,
    /// Whether it came back from a later phase.
    pub back: bool,
    /// The verdict of the gate that it passed.
    pub gate: Option<String>,
    /// Who gave the verdict.
    pub judge: Option<String>,
    /// What was handed on.
    pub evidence: Vec<Evidence>,
    /// Whether it began before those that are shown.
    pub earlier: bool,
}

/// What was handed on with a move.
#[derive(Debug, Clone, Deserialize)]
pub struct Evidence {
    /// The artifact's type.
    pub kind: String,
    /// Where it is kept.
    pub path: Option<String>,
}

impl Visit {
    /// The phase as words.
    pub fn name(&self) -> String {
        words::phase(&self.phase)
    }

    /// How long it lasted, or lasts.
    pub fn span(&self, now: impl Borrow<f64>) -> String {
        match (self.at.0, self.left.0) {
            (Some(at), Some(left)) => words::span(left - at),
            (Some(_), None) => self.at.since(now),
            _ => "an unknown time".to_owned(),
        }
    }

    /// Whether the gate let it through.
    pub fn has_passed(&self) -> bool {
        self.gate.as_deref() == Some("passed")
    }

    /// Whether who moved it there gave the verdict, too.
    pub fn judged_itself(&self) -> bool {
        self.judge == self.by
    }

    /// Whether the ticket is there.
    pub fn is_here(&self) -> bool {
        !self.left.is_known()
    }

    /// The role, where it says more than the name.
    pub fn other_role(&self) -> Option<&str> {
        self.role
            .as_deref()
            .filter(|role| Some(*role) != self.by.as_deref())
    }
}

/// The visits, the last first.
pub async fn visits(reading: &Reading, names: &Names, id: Uuid) -> Result<Vec<Visit>, Failure> {
    let sql = format!(
        "SELECT h.to_phase AS phase, {at} AS at, {next} AS left,
                left(h.transition_reason, 4000) AS reason, h.transitioned_by AS by, h.db_role::text AS role,
                coalesce(f.forced, false) AS forced,
                coalesce(array_position(o.phases, h.to_phase) < array_position(o.phases, h.from_phase)
                         AND b.phase_id IS NULL, false) AS back,
                r.gate_status::text AS gate, r.validated_by::text AS judge, h.number > $2 AS earlier,
                coalesce((SELECT json_agg(json_build_object('kind', left(a->>'type', 100), 'path', left(a->>'path', 500)))
                            FROM (SELECT e AS a FROM jsonb_array_elements(h.handed) e
                                   WHERE jsonb_typeof(e) = 'object' AND e->>'type' IS NOT NULL LIMIT 40) handed), '[]') AS evidence
           FROM (SELECT g.*, CASE WHEN jsonb_typeof(g.artifacts) = 'array' THEN g.artifacts END AS handed,
                        lead(g.created_at) OVER (ORDER BY g.place) AS next,
                        row_number() OVER (ORDER BY g.place DESC) AS number
                   FROM (SELECT p.*, row_number() OVER () AS place FROM phasegate.get_phase_history($1) p) g) h
          CROSS JOIN (SELECT enum_range(NULL::{{phase}})::text[] AS phases) o
           LEFT JOIN phases b ON b.phase_id::text = h.from_phase AND b.kind = 'blocked'
           LEFT JOIN phase_history f ON f.id = h.id
           LEFT JOIN phase_gate_results r ON r.id = h.gate_result_id
          WHERE h.number <= $2 + 1
          ORDER BY h.number",
        at = Moment::sql("h.created_at"),
        next = Moment::sql("h.next"),
    );
    reading
        .list(
            &names.fill(&sql),
            Params::new().uuid(Some(id)).number(VISITS),
        )
        .await
}
