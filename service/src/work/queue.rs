//! The queue, as the extension's functions offer it to one agent.

use super::answer::beginning;
use super::evidence::{Beside, Claimed};
use crate::database::{Access, Database, Param, Who};
use crate::error::Failure;
use serde_json::Value;
use std::time::Duration;
use tokio_postgres::types::Type;

/// What an error message may have, in bytes: what `tasks.error_message` takes.
const MESSAGE: usize = 60_000;

const CLAIM: &str = "SELECT pg_catalog.row_to_json(c)::text FROM phasegate.claim_task(agent_id => $1, capabilities => $2, \
     phases => $3, kinds => $4, lease => pg_catalog.make_interval(secs => $5)) c";

/// What the gate asks for, the artifacts that are there, the latest verdict. Ordinary reads of the workspace on the search_path.
const BESIDE: &str = "SELECT (phasegate.gate_status($1::uuid) -> 'requirements')::text, \
    (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('id', a.id, 'type', a.artifact_type, 'path', a.artifact_path, \
            'collected_by', a.collected_by) ORDER BY a.collected_at, a.id)::text \
       FROM (SELECT * FROM phase_gate_artifacts WHERE ticket_id = $1::uuid AND phase_id::text = $2 \
                AND superseded_at IS NULL ORDER BY collected_at DESC, id DESC LIMIT 1000) a), \
    (SELECT k.result::text FROM tasks k WHERE k.ticket_id = $1::uuid AND k.phase_id::text = $2 AND k.kind = 'review' \
        AND k.status = 'completed' ORDER BY k.completed_at DESC, k.id DESC LIMIT 1)";

const START: &str =
    "SELECT 1 FROM phasegate.start_task(task_id => $1::uuid, agent_id => $2, attempt => $3)";

const HEARTBEAT: &str = "SELECT 1 FROM phasegate.heartbeat_task(task_id => $1::uuid, agent_id => $2, \
     lease => pg_catalog.make_interval(secs => $4), attempt => $3)";

/// A summary that came too late is completed, and says why it was not applied; what an earlier attempt failed of stays, too.
const COMPLETE: &str = "SELECT CASE WHEN c.result ->> 'applied' = 'false' THEN c.error_message END \
     FROM phasegate.complete_task(task_id => $1::uuid, agent_id => $2, result => $4::jsonb, attempt => $3) c";

const FAIL: &str = "SELECT f.status FROM phasegate.fail_task(task_id => $1::uuid, agent_id => $2, error_message => $4, \
     retry => $5, attempt => $3) f";

/// A move that the table takes of whoever holds the task: there is no function for it. The attempt does not count, there is
/// nothing to wait for, and what an earlier one failed of stays.
const GIVE_BACK: &str = "UPDATE tasks AS k SET status = 'pending' WHERE k.id = $1::uuid AND k.assigned_agent_id = $2 \
     AND k.attempts = $3 AND k.status IN ('assigned', 'running') RETURNING 1";

const ADVANCE: &str = "SELECT a.ticket_id::text, a.transitioned, a.previous_phase, a.current_phase, a.error_code, \
     pg_catalog.array_to_string(a.blocking_reasons, ' ') \
     FROM phasegate.advance_tickets(transitioned_by => $1) a";

/// The tasks that are offered to an agent.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The agent's name.
    pub agent: String,
    /// What it is capable of.
    pub capabilities: Vec<String>,
    /// The phases whose tasks it works; None means all.
    pub phases: Option<Vec<String>>,
    /// The kinds of task.
    pub kinds: Vec<String>,
    /// How long it holds a task without a sign of life.
    pub lease: Duration,
}

/// The queue of a workspace.
#[derive(Clone)]
pub struct Queue {
    database: Database,
    who: Who,
    offer: Offer,
}

/// What `advance_tickets` did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Advanced {
    /// Tickets that were moved.
    pub moved: usize,
    /// Tickets whose reviews were asked for.
    pub reviews: usize,
}

impl Queue {
    /// The queue of the workspace, for one agent.
    pub fn new(database: Database, who: Who, offer: Offer) -> Queue {
        Queue {
            database,
            who,
            offer,
        }
    }

    /// What is offered.
    pub fn offer(&self) -> &Offer {
        &self.offer
    }

    /// Claims the best task that there is.
    pub async fn claim(&self) -> Result<Option<Claimed>, Failure> {
        let Offer {
            agent,
            capabilities,
            phases,
            kinds,
            lease,
        } = &self.offer;
        let lease = lease.as_secs_f64();
        let params: [Param<'_>; 5] = [
            (agent, Type::TEXT),
            (capabilities, Type::TEXT_ARRAY),
            (phases, Type::TEXT_ARRAY),
            (kinds, Type::TEXT_ARRAY),
            (&lease, Type::FLOAT8),
        ];
        let row = self
            .database
            .row(&self.who, Access::Repeatable, CLAIM, &params)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let row = json(row.try_get::<_, Option<String>>(0).ok().flatten());
        Ok(Some(Claimed {
            row,
            beside: Beside::default(),
        }))
    }

    /// Marks a task as under way, and reads what its row does not carry.
    pub async fn start(&self, task: &mut Claimed) -> Result<(), Failure> {
        self.held(task, START, &[]).await?;
        let (ticket, phase) = (
            task.text("ticket_id").to_owned(),
            task.text("phase_id").to_owned(),
        );
        let params: [Param<'_>; 2] = [(&ticket, Type::TEXT), (&phase, Type::TEXT)];
        // What the role may not see is not handed over.
        if let Ok(Some(row)) = self
            .database
            .row(&self.who, Access::Read, BESIDE, &params)
            .await
        {
            let part = |index: usize| json(row.try_get::<_, Option<String>>(index).ok().flatten());
            let mut verdict = part(2);
            if let Some(verdict) = verdict.as_object_mut() {
                verdict.retain(|key, _| key != "runner");
            }
            task.beside = Beside {
                requirements: part(0),
                artifacts: part(1),
                last_verdict: if verdict.get("approved") == Some(&Value::Bool(false)) {
                    verdict
                } else {
                    Value::Null
                },
            };
        }
        Ok(())
    }

    /// Extends the lease.
    pub async fn heartbeat(&self, task: &Claimed) -> Result<(), Failure> {
        let lease = self.offer.lease.as_secs_f64();
        self.held(task, HEARTBEAT, &[(&lease, Type::FLOAT8)])
            .await
            .map(drop)
    }

    /// Completes a task. What the extension has to say about it is given: a summary may come too late.
    pub async fn complete(
        &self,
        task: &Claimed,
        result: Option<&Value>,
    ) -> Result<Option<String>, Failure> {
        let result = result.map(Value::to_string);
        let row = self.held(task, COMPLETE, &[(&result, Type::TEXT)]).await?;
        Ok(row.and_then(|row| row.try_get(0).ok().flatten()))
    }

    /// Gives up an attempt; gives the status that the task has then.
    pub async fn fail(&self, task: &Claimed, why: &str, retry: bool) -> Result<String, Failure> {
        let why = beginning(&why.replace('\0', "\u{fffd}"), MESSAGE);
        let row = self
            .held(task, FAIL, &[(&why, Type::TEXT), (&retry, Type::BOOL)])
            .await?;
        Ok(row.and_then(|row| row.try_get(0).ok()).unwrap_or_default())
    }

    /// Puts a task back that was not finished; false where it is not held any more.
    pub async fn give_back(&self, task: &Claimed) -> Result<bool, Failure> {
        Ok(self.held(task, GIVE_BACK, &[]).await?.is_some())
    }

    async fn held(
        &self,
        task: &Claimed,
        sql: &str,
        more: &[Param<'_>],
    ) -> Result<Option<tokio_postgres::Row>, Failure> {
        let attempt = i32::try_from(task.attempt()).unwrap_or_default();
        let id = task.id();
        let mut params: Vec<Param<'_>> = vec![
            (&id, Type::TEXT),
            (&self.offer.agent, Type::TEXT),
            (&attempt, Type::INT4),
        ];
        params.extend(more.iter().cloned());
        self.database
            .row(&self.who, Access::Repeatable, sql, &params)
            .await
    }

    /// Moves the tickets that are ready, and asks for the reviews that are missing.
    pub async fn advance(&self) -> Result<Advanced, Failure> {
        let rows = self
            .database
            .rows(
                &self.who,
                Access::Repeatable,
                ADVANCE,
                &[(&self.offer.agent, Type::TEXT)],
            )
            .await?;
        let mut done = Advanced::default();
        for row in rows {
            let text = |index: usize| {
                row.try_get::<_, Option<String>>(index)
                    .ok()
                    .flatten()
                    .unwrap_or_default()
            };
            if row.try_get::<_, Option<bool>>(1).ok().flatten() == Some(true) {
                done.moved += 1;
                tracing::info!(ticket = text(0), "moved from {} to {}", text(2), text(3));
            } else if text(4) == "review_requested" {
                done.reviews += 1;
                tracing::info!(ticket = text(0), "a review of {} was asked for", text(2));
            } else {
                tracing::warn!(
                    ticket = text(0),
                    "not moved out of {}: {}",
                    text(2),
                    text(5)
                );
            }
        }
        Ok(done)
    }

    /// How many tokens a text has, by the extension's tokenizer.
    pub async fn count_tokens(&self, text: &str) -> Result<u64, Failure> {
        let row = self
            .database
            .row(
                &self.who,
                Access::Read,
                "SELECT phasegate.count_tokens($1)",
                &[(&text, Type::TEXT)],
            )
            .await?;
        let count: Option<i32> = row.and_then(|row| row.try_get(0).ok());
        Ok(count
            .and_then(|count| u64::try_from(count).ok())
            .unwrap_or_default())
    }
}

/// Whether the same may well go better in a while: the database is away, overloaded, a standby for now, or an administrator
/// cancelled the statement. What phasegate refuses stays refused.
pub fn passes(failure: &Failure) -> bool {
    match failure {
        Failure::Usage(_) => false,
        Failure::Refused(refusal) => {
            let state = refusal.sqlstate.as_str();
            matches!(state, "25006" | "55P03")
                || ["40", "53", "57", "58"]
                    .iter()
                    .any(|class| state.starts_with(class))
        }
        _ => true,
    }
}

fn json(text: Option<String>) -> Value {
    text.and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Refusal;

    #[test]
    fn refusals_that_pass_are_told_from_those_that_stay() {
        let refused = |state: &str| {
            Failure::Refused(Box::new(Refusal {
                sqlstate: state.to_owned(),
                ..Refusal::default()
            }))
        };
        for state in ["40P01", "53200", "57014", "25006", "55P03"] {
            assert!(passes(&refused(state)));
        }
        for state in ["42501", "55000", "22023", "3F000"] {
            assert!(!passes(&refused(state)));
        }
        assert!(passes(&Failure::Busy) && !passes(&Failure::usage("x")));
    }
}
