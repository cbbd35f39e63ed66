//! Tickets as cards and rows: what is to be seen of each before it is opened.

use super::names::Names;
use super::query::{Params, Reading};
use super::words::{self, Moment};
use crate::error::Failure;
use serde::Deserialize;
use uuid::Uuid;

/// A ticket at a glance.
#[derive(Debug, Clone, Deserialize)]
pub struct Card {
    /// The ticket.
    pub id: Uuid,
    /// Its title.
    pub title: String,
    /// Its phase.
    pub phase: String,
    /// LOW to CRITICAL.
    pub priority: Option<String>,
    /// When it came into its phase.
    pub entered: Moment,
    /// Whether it has been there for longer than the phase should take.
    pub overdue: bool,
    /// The gate's latest verdict since then: passed, failed, pending.
    pub gate: Option<String>,
    /// How many reasons it had.
    pub reasons: Option<i64>,
    /// The first of them.
    pub reason: Option<String>,
    /// Why it is blocked, if it is.
    pub blocked: Option<String>,
    /// Tasks of the phase that are not over.
    pub open: i64,
    /// Those of them that somebody holds.
    pub held: i64,
    /// Tasks of the phase that failed.
    pub failed: i64,
    /// Who holds tasks.
    pub agents: Option<Vec<String>>,
}

impl Card {
    /// The priority, where it is worth a word.
    pub fn urgency(&self) -> Option<&'static str> {
        urgency(self.priority.as_deref())
    }

    /// Who works on it.
    pub fn workers(&self) -> String {
        match self.agents.as_deref() {
            None | Some([]) => String::new(),
            Some([one]) => one.clone(),
            Some([one, rest @ ..]) => format!(
                "{one} and {}",
                words::count(rest.len() as i64, "other", "others")
            ),
        }
    }

    /// Further reasons than the first.
    pub fn further(&self) -> i64 {
        self.reasons.unwrap_or(0).max(1) - 1
    }

    /// Whether the gate said this last.
    pub fn gate_is(&self, status: &str) -> bool {
        self.gate.as_deref() == Some(status)
    }

    /// Tasks, as words.
    pub fn tasks(&self) -> String {
        words::count(self.open, "task", "tasks")
    }
}

/// A priority, where it is worth a word: the middle one is not.
pub fn urgency(priority: Option<&str>) -> Option<&'static str> {
    match priority {
        Some("CRITICAL") => Some("Critical"),
        Some("HIGH") => Some("High"),
        Some("LOW") => Some("Low"),
        _ => None,
    }
}

/// The tickets of these ids, in their order.
pub async fn cards(reading: &Reading, names: &Names, ids: Vec<Uuid>) -> Result<Vec<Card>, Failure> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT {{t.id}} AS id, left({{t.title}}::text, 500) AS title, {{t.phase_id}}::text AS phase,
                {{t.priority}}::text AS priority, {entered} AS entered,
                coalesce({{t.phase_entered_at}} + p.due_after < now(), false) AS overdue,
                g.gate, g.reasons, g.reason, h.transition_reason AS blocked,
                k.open, k.held, k.failed, k.agents
           FROM unnest($1) WITH ORDINALITY AS u (id, place)
           JOIN {{tickets}} t ON {{t.id}} = u.id
           LEFT JOIN phases p ON p.phase_id = {{t.phase_id}}
           LEFT JOIN LATERAL (SELECT r.gate_status::text AS gate, cardinality(r.blocking_reasons) AS reasons,
                                     left(r.blocking_reasons[1], 300) AS reason
                                FROM phase_gate_results r
                               WHERE r.ticket_id = {{t.id}} AND r.phase_id = {{t.phase_id}}
                                 AND r.validated_at >= {{t.phase_entered_at}}
                               ORDER BY r.validated_at DESC, r.id DESC LIMIT 1) g ON true
           LEFT JOIN LATERAL (SELECT left(b.transition_reason, 300) AS transition_reason
                                FROM phase_history b WHERE b.ticket_id = {{t.id}} AND p.kind = 'blocked'
                               ORDER BY b.created_at DESC, b.id DESC LIMIT 1) h ON true
          CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE k.status = ANY ('{{pending,assigned,running}}')) AS open,
                                     count(*) FILTER (WHERE k.status = ANY ('{{assigned,running}}')) AS held,
                                     count(*) FILTER (WHERE k.status = 'failed') AS failed,
                                     array_agg(DISTINCT left(k.assigned_agent_id::text, 60))
                                         FILTER (WHERE k.status = ANY ('{{assigned,running}}')) AS agents
                                FROM tasks k WHERE k.ticket_id = {{t.id}} AND k.phase_id = {{t.phase_id}}) k
          ORDER BY u.place",
        entered = Moment::sql("{t.phase_entered_at}"),
    );
    reading
        .list(&names.fill(&sql), Params::new().uuids(ids))
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card() -> Card {
        serde_json::from_value(serde_json::json!({
            "id": Uuid::nil(), "title": "x", "phase": "P", "priority": "MEDIUM", "entered": 1.5, "overdue": false,
            "gate": "failed", "reasons": 3, "reason": "a", "blocked": null, "open": 2, "held": 2, "failed": 0,
            "agents": ["ann", "bob", "cy"],
        }))
        .unwrap()
    }

    #[test]
    fn what_a_card_says() {
        let card = card();
        assert_eq!(card.workers(), "ann and 2 others");
        assert_eq!(
            (card.further(), card.urgency(), card.tasks().as_str()),
            (2, None, "2 tasks")
        );
        assert!(card.gate_is("failed") && !card.gate_is("passed"));
    }
}
