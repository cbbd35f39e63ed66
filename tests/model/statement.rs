//! Operations as SQL.
//!
//! Three numbers of four stand for a phase that the ticket can move to, or for a task with which the operation
//! can do something, as far as the session sees; the fourth for any.

use crate::history::{Claimant, Level, Operation, Way};
use crate::rules::Rules;
use crate::world::{Rows, Task, World};
use phasegate::phase::Phase;
use phasegate::tasks::status::Status;
use uuid::Uuid;

/// A statement on its way, and what the session saw when it was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    pub operation: Operation,
    pub sql: String,
    /// The ticket that is unblocked.
    pub ticket: usize,
    /// The task that it is about, or that a new one is to wait for.
    pub task: Option<Uuid>,
    /// Who works the task, in which attempt.
    pub agent: String,
    pub attempt: Option<i32>,
    /// The phase that is meant.
    pub phase: Option<Phase>,
    /// What the session saw.
    pub seen: Rows,
    /// Whether it has waited for another session.
    pub waited: bool,
}

/// What [`crate::expect::new_task`] reads.
pub const ALL_TASKS: &str = "SELECT '+', id, ticket_id, phase_id, task_type, template_id, priority, to_char(created_at, 'YYYYMMDDHH24MISSUS'), dependencies -> 'depends_on', status, on_hold, attempts FROM tasks";
const DUE_TASKS: &str =
    "; SELECT '*', id FROM tasks WHERE coalesce(lease_expires_at, scheduled_at) <= now()";

/// A ticket's id.
pub fn ticket_id(ticket: usize) -> Uuid {
    Uuid::from_u128(0x7000_8000_0000_0000_0100 + ticket as u128)
}

/// The content of an artifact.
fn report(good: bool) -> String {
    format!("{{\"all_passed\": {good}}}")
}

/// The statement of an operation; none where the session sees nothing to do it with.
pub fn statement(
    rules: &Rules,
    world: &World,
    session: usize,
    operation: &Operation,
) -> Option<Sent> {
    let is_strict = world.open[&session].level != Level::ReadCommitted;
    let rows = if is_strict {
        world.snapshot(session)
    } else {
        world.view(session)
    };
    let any_phase = |number: usize| rules.phases.listed().nth(number % 8);
    let phase = |ticket: &usize, number: &usize| {
        let targets = rules
            .transitions
            .targets(&rules.phases, rows.tickets[ticket].phase);
        let target = targets
            .get(number / 4 % targets.len().max(1))
            .filter(|_| !number.is_multiple_of(4));
        target.copied().or_else(|| any_phase(number / 4))
    };
    let mut sent = Sent {
        operation: operation.clone(),
        sql: String::new(),
        ticket: 0,
        task: None,
        agent: format!("s{session}"),
        attempt: None,
        phase: None,
        seen: world.view(session),
        waited: false,
    };
    sent.sql = match operation {
        Operation::Move { ticket, to, way } => {
            sent.phase = phase(ticket, to);
            let (id, to) = (ticket_id(*ticket), rules.phases.label(sent.phase?));
            match way {
                Way::Update => format!(
                    "UPDATE tickets SET phase_id = '{to}' WHERE id = '{id}' RETURNING phase_id"
                ),
                Way::Function => format!(
                    "SELECT previous_phase, current_phase FROM transition_ticket('{id}', '{to}')"
                ),
                Way::Try => format!(
                    "SELECT transitioned, error_code FROM try_transition_ticket('{id}', '{to}')"
                ),
            }
        }
        Operation::MoveMany { tickets, to } => {
            sent.phase = phase(tickets.first()?, to);
            let ids: Vec<String> = tickets
                .iter()
                .map(|ticket| ticket_id(*ticket).to_string())
                .collect();
            let to = rules.phases.label(sent.phase?);
            format!(
                "SELECT transitioned, error_code FROM transition_tickets('{{{}}}', '{to}')",
                ids.join(",")
            )
        }
        Operation::UpdateMany { tickets, to } => {
            sent.phase = phase(tickets.first()?, to);
            let ids: Vec<String> = tickets
                .iter()
                .map(|ticket| format!("'{}'", ticket_id(*ticket)))
                .collect();
            let to = rules.phases.label(sent.phase?);
            format!(
                "UPDATE tickets SET phase_id = '{to}' WHERE id IN ({}) RETURNING phase_id",
                ids.join(", ")
            )
        }
        Operation::Unblock { ticket } => {
            let blocked = rows
                .tickets
                .iter()
                .find(|(_, ticket)| rules.phases.is_blocked(ticket.phase));
            sent.ticket = blocked.map_or(*ticket, |(number, _)| *number);
            format!(
                "SELECT current_phase FROM unblock_ticket('{}')",
                ticket_id(sent.ticket)
            )
        }
        Operation::Advance => {
            "SELECT ticket_id, transitioned, current_phase FROM advance_tickets()".to_owned()
        }
        Operation::AddArtifact {
            ticket,
            phase: given,
            good,
        } => {
            sent.phase = given.and_then(any_phase);
            let given = sent.phase.map_or("NULL".to_owned(), |phase| {
                format!("'{}'", rules.phases.label(phase))
            });
            format!(
                "SELECT phase_id FROM add_artifact('{}', 'report', artifact_content => '{}', phase_id => {given})",
                ticket_id(*ticket),
                report(*good)
            )
        }
        // Under an older snapshot DELETE would leave what came since, which is no matter of phasegate's.
        Operation::Withdraw { .. } if is_strict => return None,
        Operation::Withdraw { ticket } => format!(
            "SELECT FROM tickets WHERE id = '{0}' FOR NO KEY UPDATE; DELETE FROM phase_gate_artifacts WHERE ticket_id = '{0}' AND superseded_at IS NULL",
            ticket_id(*ticket)
        ),
        Operation::AddTask { ticket, after } => {
            sent.phase = Some(rows.tickets.get(ticket)?.phase);
            let of_ticket: Vec<Uuid> = rows
                .tasks
                .iter()
                .filter(|(_, task)| task.ticket == *ticket)
                .map(|(id, _)| *id)
                .collect();
            sent.task =
                after.and_then(|number| of_ticket.get(number % of_ticket.len().max(1)).copied());
            let after = sent.task.map_or("NULL".to_owned(), |id| {
                format!("'{{\"depends_on\": [\"{id}\"]}}'")
            });
            let phase = rules.phases.label(sent.phase?);
            format!(
                "INSERT INTO tasks (ticket_id, phase_id, task_type, dependencies) VALUES ('{}', '{phase}', 'extra', {after})",
                ticket_id(*ticket)
            )
        }
        // What a claim under an older snapshot makes of leases that ran out since is hard to say.
        Operation::Claim
            if is_strict
                && [&rows, &sent.seen]
                    .iter()
                    .any(|rows| rows.tasks.values().any(Task::is_due)) =>
        {
            return None;
        }
        Operation::Claim => format!("SELECT id, attempt FROM claim_task('{}')", sent.agent),
        Operation::Start { task, who } => {
            let held = sent.hold(&rows, *task, *who)?;
            format!("SELECT start_task({held})")
        }
        Operation::Complete {
            task,
            who,
            artifact,
        } => {
            let held = sent.hold(&rows, *task, *who)?;
            let result = artifact.map_or("NULL".to_owned(), |good| {
                format!(
                    "'{{\"artifacts\": [{{\"type\": \"report\", \"content\": {}}}]}}'",
                    report(good)
                )
            });
            format!("SELECT status FROM complete_task({held}, result => {result})")
        }
        // Its time is set far off, so that it comes when the history says and not by the clock.
        Operation::Fail { task, who, retry } => {
            let held = sent.hold(&rows, *task, *who)?;
            format!(
                "SET LOCAL phasegate.now = '2200-01-01'; SELECT status FROM fail_task({held}, error_message => 'no', retry => {retry}); SET LOCAL phasegate.now = ''"
            )
        }
        Operation::Cancel { task } => format!(
            "SELECT status FROM cancel_task('{}')",
            sent.about(&rows, *task, |task| task.state.status.is_open())?
        ),
        Operation::SetStatus { task, status } => {
            let status = Status::ALL.get(*status)?;
            format!(
                "UPDATE tasks SET status = '{status}' WHERE id = '{}' RETURNING status",
                sent.about(&rows, *task, |task| !task.state.status.is_final())?
            )
        }
        Operation::Expire { task } => format!(
            "UPDATE tasks SET lease_expires_at = '2000-01-01' WHERE id = '{}' AND lease_expires_at IS NOT NULL RETURNING status",
            sent.about(&rows, *task, |task| task.state.lease.is_some())?
        ),
        Operation::Due { task } => format!(
            "UPDATE tasks SET scheduled_at = '2000-01-01' WHERE id = '{}' AND scheduled_at IS NOT NULL RETURNING status",
            sent.about(&rows, *task, |task| task.state.scheduled_at.is_some())?
        ),
        Operation::Savepoint => "SAVEPOINT s".to_owned(),
        Operation::RollbackTo => "ROLLBACK TO s".to_owned(),
    };
    // What it leaves that its answer does not tell, in the same message: rows that begin with a mark.
    match sent.operation {
        Operation::Savepoint | Operation::RollbackTo => {}
        _ => {
            sent.sql.push_str("; ");
            sent.sql.push_str(ALL_TASKS);
        }
    }
    if sent.operation == Operation::Claim {
        sent.sql.push_str(DUE_TASKS);
    }
    Some(sent)
}

impl Sent {
    /// The tickets of which the statement may hold something.
    pub fn touches(&self) -> Vec<usize> {
        match &self.operation {
            Operation::Move { ticket, .. }
            | Operation::AddArtifact { ticket, .. }
            | Operation::Withdraw { ticket }
            | Operation::AddTask { ticket, .. } => vec![*ticket],
            Operation::MoveMany { tickets, .. } | Operation::UpdateMany { tickets, .. } => {
                tickets.clone()
            }
            Operation::Unblock { .. } => vec![self.ticket],
            Operation::Advance => self.seen.tickets.keys().copied().collect(),
            _ => self
                .task
                .and_then(|id| self.seen.tasks.get(&id))
                .map(|task| task.ticket)
                .into_iter()
                .collect(),
        }
    }

    /// The task that the number stands for.
    fn about(&mut self, rows: &Rows, number: usize, fits: impl Fn(&Task) -> bool) -> Option<Uuid> {
        let tasks: Vec<Uuid> = rows
            .tasks
            .iter()
            .filter(|(_, task)| number.is_multiple_of(4) || fits(task))
            .map(|(id, _)| *id)
            .collect();
        self.task = tasks.get(number / 4 % tasks.len().max(1)).copied();
        self.task
    }

    /// Arguments for a function that works the task.
    fn hold(&mut self, rows: &Rows, number: usize, who: Claimant) -> Option<String> {
        let id = self.about(rows, number, |task| task.state.status.is_held())?;
        let state = &rows.tasks[&id].state;
        if let (Claimant::Holder | Claimant::StaleAttempt, Some(holder)) = (who, &state.agent) {
            self.agent.clone_from(holder);
        }
        self.attempt = match who {
            Claimant::Own | Claimant::Holder => None,
            Claimant::OwnAttempt => Some(state.attempts),
            Claimant::StaleAttempt => Some(state.attempts - 1),
        };
        let attempt = self
            .attempt
            .map_or(String::new(), |attempt| format!(", attempt => {attempt}"));
        Some(format!("'{id}', '{}'{attempt}", self.agent))
    }
}
