//! A task as pages show it: what it is, who has it, and why it is not done.

use super::cards::urgency;
use super::query::{Params, Reading};
use super::words::{self, Moment};
use crate::error::Failure;
use serde::Deserialize;
use std::borrow::Borrow;
use uuid::Uuid;

/// A task.
#[derive(Debug, Clone, Deserialize)]
pub struct Task {
    /// The task.
    pub id: Uuid,
    /// Its ticket.
    pub ticket: Uuid,
    /// The ticket's title, where the page is not the ticket's.
    #[serde(default)]
    pub title: Option<String>,
    /// The phase that it belongs to.
    pub phase: String,
    /// work, review, summary.
    pub kind: String,
    /// What kind of work.
    pub task_type: Option<String>,
    /// What is to be done.
    pub description: Option<String>,
    /// LOW to CRITICAL.
    pub priority: Option<String>,
    /// pending, assigned, running, completed, failed, cancelled.
    pub status: String,
    /// Who holds or ended it.
    pub agent: Option<String>,
    /// How often it was claimed, of how many times.
    pub attempts: i64,
    pub max_attempts: i64,
    /// Tasks that have to be completed before.
    pub waits_for: i64,
    /// Whether its ticket is blocked.
    pub on_hold: bool,
    /// Not before then.
    pub scheduled: Moment,
    /// Until when it is held.
    pub lease: Moment,
    /// What the last attempt failed of, or why it was cancelled.
    pub error: Option<String>,
    /// What its result says in short.
    pub summary: Option<String>,
    /// When it was made, begun and ended.
    pub created: Moment,
    pub started: Moment,
    pub ended: Moment,
}

impl Task {
    /// Whether it is still to be done.
    pub fn is_open(&self) -> bool {
        matches!(self.status.as_str(), "pending" | "assigned" | "running")
    }

    /// Whether it has this status.
    pub fn is(&self, status: &str) -> bool {
        self.status == status
    }

    /// Its name: what kind of work it is, else what kind of task.
    pub fn name(&self) -> String {
        let name = self
            .task_type
            .as_deref()
            .filter(|name| !name.is_empty())
            .unwrap_or(&self.kind);
        name.replace('_', " ")
    }

    /// Its phase as words.
    pub fn phase_name(&self) -> String {
        words::phase(&self.phase)
    }

    /// The priority, where it is worth a word.
    pub fn urgency(&self) -> Option<&'static str> {
        urgency(self.priority.as_deref())
    }

    /// The status as a word for a mark.
    pub fn state(&self) -> &'static str {
        match self.status.as_str() {
            "pending" if self.on_hold => "on hold",
            "pending" if self.waits_for > 0 => "waits",
            "pending" => "to be done",
            "assigned" => "taken",
            "running" => "running",
            "completed" => "done",
            "failed" => "failed",
            "cancelled" => "cancelled",
            _ => "unknown",
        }
    }

    /// How the mark looks.
    pub fn look(&self) -> &'static str {
        match self.status.as_str() {
            "pending" if self.on_hold => "held",
            "assigned" | "running" => "accent",
            "completed" => "good",
            "failed" => "bad",
            _ => "",
        }
    }

    /// Why it is where it is, in a sentence without markup.
    pub fn story(&self, now: impl Borrow<f64>) -> String {
        let now = *now.borrow();
        let agent = self.agent.as_deref().unwrap_or("somebody");
        let attempt = if self.attempts > 1 {
            format!(", attempt {} of {}", self.attempts, self.max_attempts)
        } else {
            String::new()
        };
        match self.status.as_str() {
            "pending" if self.on_hold => "Waits until its ticket is unblocked.".to_owned(),
            "pending" if self.waits_for > 0 => {
                format!(
                    "Waits for {}.",
                    words::count(self.waits_for, "other task", "other tasks")
                )
            }
            "pending" if self.scheduled.is_known() && !self.scheduled.is_past(now) => {
                format!("Tried again in {}{attempt}.", self.scheduled.until(now))
            }
            "pending" => format!("Waits for an agent, for {}.", self.created.since(now)),
            "assigned" | "running" if self.lease.is_past(now) => {
                format!(
                    "{agent} had it and has not been heard of for {}{attempt}.",
                    self.lease.since(now)
                )
            }
            "assigned" | "running" => {
                let since = if self.started.is_known() {
                    self.started
                } else {
                    self.created
                };
                format!("{agent} has it, since {}{attempt}.", since.since(now))
            }
            "completed" => format!("By {agent}, {} ago.", self.ended.since(now)),
            "failed" if self.attempts < 2 => format!("{agent}, {} ago.", self.ended.since(now)),
            "failed" => {
                format!(
                    "{agent}, {} ago, after {}.",
                    self.ended.since(now),
                    words::count(self.attempts, "attempt", "attempts")
                )
            }
            _ => format!("{} ago.", self.ended.since(now)),
        }
    }
}

/// The columns of a [`Task`], of tasks with alias k.
pub fn columns() -> String {
    format!(
        "k.id, k.ticket_id AS ticket, k.phase_id::text AS phase, k.kind::text AS kind, k.task_type::text AS task_type,
         left(k.description, 2000) AS description, k.priority::text AS priority, k.status::text AS status,
         k.assigned_agent_id::text AS agent, k.attempts, k.max_attempts, k.pending_dependencies AS waits_for, k.on_hold,
         {scheduled} AS scheduled, {lease} AS lease, left(k.error_message, 2000) AS error,
         CASE WHEN jsonb_typeof(k.result) = 'object' THEN left(coalesce(k.result->>'summary', k.result->>'feedback'), 2000) END AS summary,
         {created} AS created, {started} AS started, {ended} AS ended",
        scheduled = Moment::sql("k.scheduled_at"),
        lease = Moment::sql("k.lease_expires_at"),
        created = Moment::sql("k.created_at"),
        started = Moment::sql("k.started_at"),
        ended = Moment::sql("k.completed_at"),
    )
}

/// The tasks of a ticket, those to be done first, then the last ones.
pub async fn tasks_of(reading: &Reading, ticket: Uuid) -> Result<Vec<Task>, Failure> {
    let sql = format!(
        "SELECT {} FROM tasks k WHERE k.ticket_id = $1
          ORDER BY k.status <> ALL ('{{assigned,running}}'), k.status <> ALL ('{{pending,failed}}'), k.created_at DESC, k.id DESC
          LIMIT 100",
        columns()
    );
    reading.list(&sql, Params::new().uuid(Some(ticket))).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(status: &str) -> Task {
        serde_json::from_value(serde_json::json!({
            "id": Uuid::nil(), "ticket": Uuid::nil(), "phase": "PHASE_TESTING", "kind": "work", "task_type": "run_tests",
            "description": null, "priority": "HIGH", "status": status, "agent": "ivan", "attempts": 2, "max_attempts": 3,
            "waits_for": 0, "on_hold": false, "scheduled": null, "lease": 400.0, "error": null, "summary": null,
            "created": 0.0, "started": 100.0, "ended": 200.0,
        }))
        .unwrap()
    }

    #[test]
    fn a_task_says_why_it_is_where_it_is() {
        assert_eq!(
            task("running").story(220.0),
            "ivan has it, since 2 min, attempt 2 of 3."
        );
        assert_eq!(
            task("running").story(520.0),
            "ivan had it and has not been heard of for 2 min, attempt 2 of 3."
        );
        assert_eq!(
            task("failed").story(320.0),
            "ivan, 2 min ago, after 2 attempts."
        );
        let mut waits = task("pending");
        assert_eq!(waits.story(120.0), "Waits for an agent, for 2 min.");
        waits.waits_for = 1;
        assert_eq!(
            (waits.story(0.0).as_str(), waits.state()),
            ("Waits for 1 other task.", "waits")
        );
        waits.on_hold = true;
        assert_eq!(
            (waits.state(), waits.look(), waits.name().as_str()),
            ("on hold", "held", "run tests")
        );
    }
}
