//! Whether the database is as the model says, when all sessions have ended.

use crate::server::{Row, Server};
use crate::statement::ticket_id;
use crate::world::{Rows, Task};
use std::collections::BTreeMap;

/// Compares all rows, and has the workspace checked.
pub fn compare(server: &mut Server, expected: &Rows) -> Result<(), String> {
    let unhealthy = server
        .own("SELECT check_name, violations, example FROM check_workspace() WHERE violations <> 0");
    if !unhealthy.is_empty() {
        return Err(format!("check_workspace finds {unhealthy:?}"));
    }
    for (number, ticket) in &expected.tickets {
        let id = ticket_id(*number);
        let label = |phase| server.rules.phases.label(phase).to_owned();
        let row = vec![
            Some(label(ticket.phase)),
            ticket.previous.map(label),
            flag(true),
        ];
        let history: Vec<Row> = ticket
            .history
            .iter()
            .map(|entry| {
                vec![
                    entry.from.map(label),
                    Some(label(entry.to)),
                    Some(entry.by.clone()),
                    flag(entry.gated),
                ]
            })
            .collect();
        let artifacts: Vec<Row> = ticket
            .artifacts
            .iter()
            .map(|artifact| {
                vec![
                    Some(label(artifact.phase)),
                    flag(artifact.good),
                    flag(artifact.superseded),
                    Some(artifact.by.clone()),
                ]
            })
            .collect();
        let mut results: Vec<Row> = ticket
            .results
            .iter()
            .map(|(phase, passed)| vec![Some(label(*phase)), flag(*passed)])
            .collect();
        results.sort();
        same(
            server,
            &format!("ticket {number}"),
            vec![row],
            &format!(
                "SELECT t.phase_id, t.previous_phase_id, t.phase_entered_at = (SELECT max(h.created_at) FROM phase_history h WHERE h.ticket_id = t.id) FROM tickets t WHERE t.id = '{id}'"
            ),
        )?;
        same(
            server,
            &format!("the history of ticket {number}"),
            history,
            &format!(
                "SELECT h.from_phase, h.to_phase, h.transitioned_by, coalesce(r.gate_status = 'passed', false)
                   FROM phase_history h LEFT JOIN phase_gate_results r ON r.id = h.gate_result_id WHERE h.ticket_id = '{id}' ORDER BY h.created_at, h.id"
            ),
        )?;
        same(
            server,
            &format!("the gate results of ticket {number}"),
            results,
            &format!(
                "SELECT phase_id::text COLLATE \"C\", gate_status = 'passed' FROM phase_gate_results WHERE ticket_id = '{id}' ORDER BY 1, 2"
            ),
        )?;
        same(
            server,
            &format!("the artifacts of ticket {number}"),
            artifacts,
            &format!(
                "SELECT phase_id, artifact_content = '{{\"all_passed\": true}}', superseded_at IS NOT NULL, collected_by
                   FROM phase_gate_artifacts WHERE ticket_id = '{id}' ORDER BY collected_at, id"
            ),
        )?;
    }
    let tasks: BTreeMap<_, _> = expected
        .tasks
        .iter()
        .map(|(id, task)| (id.to_string(), columns(task)))
        .collect();
    let tasks = tasks
        .into_iter()
        .map(|(id, columns)| [vec![Some(id)], columns].concat())
        .collect();
    same(
        server,
        "the tasks",
        tasks,
        "SELECT id, status, assigned_agent_id, attempts, max_attempts, pending_dependencies,
                lease_expires_at IS NOT NULL, scheduled_at IS NOT NULL, started_at IS NOT NULL, completed_at IS NOT NULL, on_hold FROM tasks ORDER BY id::text COLLATE \"C\"",
    )
}

fn flag(flag: bool) -> Option<String> {
    Some(if flag { "t" } else { "f" }.to_owned())
}

fn columns(task: &Task) -> Row {
    let state = &task.state;
    vec![
        Some(state.status.name().to_owned()),
        state.agent.clone(),
        Some(state.attempts.to_string()),
        Some(state.max_attempts.to_string()),
        Some(task.pending.to_string()),
        flag(state.lease.is_some()),
        flag(state.scheduled_at.is_some()),
        flag(state.started_at.is_some()),
        flag(state.completed_at.is_some()),
        flag(task.on_hold),
    ]
}

fn same(server: &mut Server, what: &str, expected: Vec<Row>, sql: &str) -> Result<(), String> {
    let found = server.own(sql);
    if found == expected {
        return Ok(());
    }
    Err(format!(
        "{what}: the database has {found:?}, the model says {expected:?}"
    ))
}
