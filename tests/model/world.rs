//! The model: what is committed, what open transactions have changed, and who therefore sees what.

use crate::history::Level;
use phasegate::phase::Phase;
use phasegate::tasks::priority::Priority;
use phasegate::tasks::status::Status;
use phasegate::tasks::upkeep::{self, State};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A time that has come.
pub const PAST: i64 = 0;
/// A time that will not come while a history runs.
pub const FUTURE: i64 = i64::MAX / 2;
const NOW: i64 = 1;

/// A ticket with what is changed only while it is held: history and artifacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    pub phase: Phase,
    pub previous: Option<Phase>,
    pub history: Vec<Entry>,
    pub artifacts: Vec<Artifact>,
    /// Counts what else was evidence and is changed only while the ticket is held: work that was added.
    pub work_added: usize,
    /// What gates said: rows of `phase_gate_results`, in any order.
    pub results: Vec<(Phase, bool)>,
    /// The last of them for each phase: whether it passed, and what it looked at.
    pub latest: BTreeMap<Phase, (bool, String)>,
}

/// A row of `phase_history`; `gated` where it names the result of a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub from: Option<Phase>,
    pub to: Phase,
    pub by: String,
    pub gated: bool,
}

/// A row of `phase_gate_artifacts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    pub phase: Phase,
    pub good: bool,
    pub superseded: bool,
    pub by: String,
}

/// A row of `tasks`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    pub ticket: usize,
    pub phase: Phase,
    pub task_type: String,
    pub template: Option<Uuid>,
    pub priority: Priority,
    /// The time of its making, for the order of claims.
    pub created: String,
    pub waits_for: Vec<Uuid>,
    pub pending: i32,
    pub on_hold: bool,
    pub state: State,
}

impl Task {
    /// Its place among those that can be claimed.
    fn place(&self, id: Uuid) -> (std::cmp::Reverse<Priority>, String, Uuid) {
        (std::cmp::Reverse(self.priority), self.created.clone(), id)
    }

    pub fn is_claimable(&self) -> bool {
        self.state.status == Status::Pending
            && self.pending == 0
            && self.state.scheduled_at.is_none()
            && !self.on_hold
    }

    /// Whether its lease ran out, or its time has come.
    pub fn is_due(&self) -> bool {
        self.state.lease.or(self.state.scheduled_at) == Some(PAST)
    }
}

/// Tickets and tasks, as somebody sees them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    pub tickets: BTreeMap<usize, Ticket>,
    pub tasks: BTreeMap<Uuid, Task>,
}

impl Rows {
    fn overlaid(&self, changed: &Rows) -> Rows {
        let mut rows = self.clone();
        rows.tickets.extend(changed.tickets.clone());
        rows.tasks.extend(changed.tasks.clone());
        rows
    }

    /// The tasks that can be claimed, the best first.
    pub fn claimable(&self) -> Vec<Uuid> {
        let mut found: Vec<_> = self
            .tasks
            .iter()
            .filter(|(_, task)| task.is_claimable())
            .collect();
        found.sort_by_key(|(id, task)| task.place(**id));
        found.into_iter().map(|(id, _)| *id).collect()
    }
}

/// An open transaction.
#[derive(Debug, Clone)]
pub struct Open {
    pub level: Level,
    /// What it has changed.
    pub changed: Rows,
    /// The same at each savepoint.
    pub savepoints: Vec<Rows>,
    /// The tickets that it may hold, or whose tasks it may hold, though it has not changed them.
    pub touched: BTreeSet<usize>,
    /// What was committed at its first statement.
    pub snapshot: Option<Rows>,
    pub failed: bool,
}

impl Open {
    /// Takes back what was done since the last savepoint, or all.
    pub fn go_back(&mut self) {
        self.changed = self.savepoints.last().cloned().unwrap_or_default();
    }
}

/// Everything: what is committed, and each session's open transaction.
#[derive(Default)]
pub struct World {
    pub committed: Rows,
    pub open: BTreeMap<usize, Open>,
}

impl World {
    pub fn begin(&mut self, session: usize, level: Level) {
        let open = Open {
            level,
            changed: Rows::default(),
            savepoints: Vec::new(),
            touched: BTreeSet::new(),
            snapshot: None,
            failed: false,
        };
        self.open.insert(session, open);
    }

    pub fn transaction(&mut self, session: usize) -> &mut Open {
        self.open.get_mut(&session).expect("a transaction is open")
    }

    pub fn end(&mut self, session: usize, commits: bool) {
        let open = self.open.remove(&session).expect("a transaction is open");
        if commits {
            self.committed = self.committed.overlaid(&open.changed);
        }
    }

    /// The transaction takes its snapshot, unless it has one.
    pub fn see(&mut self, session: usize) {
        let committed = self.committed.clone();
        self.transaction(session).snapshot.get_or_insert(committed);
    }

    /// What a statement of the session sees that looks at the latest: what is committed and its own changes.
    pub fn view(&self, session: usize) -> Rows {
        let own = self.open.get(&session).map(|open| &open.changed);
        self.committed.overlaid(own.unwrap_or(&Rows::default()))
    }

    /// What a statement under the transaction's snapshot sees.
    pub fn snapshot(&self, session: usize) -> Rows {
        let open = &self.open[&session];
        open.snapshot
            .as_ref()
            .unwrap_or(&self.committed)
            .overlaid(&open.changed)
    }

    /// Takes what a statement of the session did. What it changed must be free: two open transactions never
    /// change the same ticket or task.
    pub fn apply(&mut self, session: usize, after: Rows) -> Result<(), String> {
        let before = self.view(session);
        let tickets: BTreeMap<_, _> = after
            .tickets
            .into_iter()
            .filter(|(id, ticket)| before.tickets.get(id) != Some(ticket))
            .collect();
        let tasks: BTreeMap<_, _> = after
            .tasks
            .into_iter()
            .filter(|(id, task)| before.tasks.get(id) != Some(task))
            .collect();
        for (other, open) in self.open.iter().filter(|(other, _)| **other != session) {
            if let Some(ticket) = tickets
                .keys()
                .find(|id| open.changed.tickets.contains_key(id))
            {
                return Err(format!(
                    "sessions {session} and {other} have both changed ticket {ticket}, and neither has committed"
                ));
            }
            if let Some(task) = tasks.keys().find(|id| open.changed.tasks.contains_key(id)) {
                return Err(format!(
                    "sessions {session} and {other} have both changed task {task}, and neither has committed"
                ));
            }
        }
        let open = self.transaction(session);
        open.touched.extend(tickets.keys());
        open.touched.extend(tasks.values().map(|task| task.ticket));
        open.changed.tickets.extend(tickets);
        open.changed.tasks.extend(tasks);
        Ok(())
    }

    /// Whether another open transaction may hold the task.
    pub fn may_be_held(&self, session: usize, task: &Task) -> bool {
        self.open
            .iter()
            .any(|(other, open)| *other != session && open.touched.contains(&task.ticket))
    }
}

/// Changes a task's state as an UPDATE of it does, and lets go whoever waited for it. False where the move
/// of its status is illegal.
pub fn update(rows: &mut Rows, id: Uuid, by: &str, change: impl FnOnce(&mut State)) -> bool {
    let task = rows.tasks.get_mut(&id).expect("a task");
    let mut wanted = task.state.clone();
    change(&mut wanted);
    let Ok(kept) = upkeep::keep(Some(&task.state), wanted, NOW, || by.to_owned()) else {
        return false;
    };
    task.state = kept;
    recount(rows);
    true
}

/// Counts what each task still waits for.
pub fn recount(rows: &mut Rows) {
    let done: BTreeSet<Uuid> = rows
        .tasks
        .iter()
        .filter(|(_, task)| task.state.status == Status::Completed)
        .map(|(id, _)| *id)
        .collect();
    for task in rows.tasks.values_mut() {
        task.pending = task
            .waits_for
            .iter()
            .filter(|id| !done.contains(id))
            .count() as i32;
    }
}

/// A task as it is made.
pub fn new_state() -> State {
    State {
        status: Status::Pending,
        agent: None,
        attempts: 0,
        max_attempts: 3,
        scheduled_at: None,
        lease: None,
        started_at: None,
        completed_at: None,
    }
}
