//! Runs a history: one statement at a time, those that wait for another session left waiting.

use crate::expect::{judge, new_task};
use crate::history::{History, Level, Operation, Transaction};
use crate::server::{Answer, Server};
use crate::statement::{ALL_TASKS, Sent, statement, ticket_id};
use crate::verify;
use crate::world::{Entry, FUTURE, Rows, Ticket, World, recount, update};
use phasegate::tasks::status::Status;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::{self, Write};
use std::time::Duration;

/// How long a statement mostly takes; after it the server is asked whether it waits for another session.
const SHORT: Duration = Duration::from_millis(3);
/// How long nothing may happen while all wait: much longer than it takes to find a deadlock.
const LONG: Duration = Duration::from_secs(30);

/// What happened, over all histories.
#[derive(Debug, Default)]
pub struct Tally {
    statements: usize,
    refused: usize,
    waited: usize,
    conflicts: usize,
    committed: usize,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} statements, {} refused, {} waited, {} deadlocks and serialization failures, {} transactions committed",
            self.statements, self.refused, self.waited, self.conflicts, self.committed
        )
    }
}

/// Where a session is in its script.
struct Script {
    left: VecDeque<Transaction>,
    /// The transaction under way, and the operations of it that are left.
    present: Option<(Transaction, VecDeque<Operation>)>,
}

struct Run<'a> {
    server: &'a mut Server,
    tally: &'a mut Tally,
    world: World,
    scripts: Vec<Script>,
    waiting: BTreeMap<usize, Sent>,
    trace: String,
}

/// Runs the history; an error says where server and model part.
pub fn run(server: &mut Server, history: &History, tally: &mut Tally) -> Result<(), String> {
    let world = prepare(server, history);
    let scripts = history.scripts.iter().map(|script| Script {
        left: script.iter().cloned().collect(),
        present: None,
    });
    let mut run = Run {
        scripts: scripts.collect(),
        server,
        tally,
        world,
        waiting: BTreeMap::new(),
        trace: String::new(),
    };
    let result = run.all(&history.turns);
    if result.is_err() {
        run.abandon();
    }
    result.map_err(|difference| format!("{difference}\n\nWhat happened:\n{}", run.trace))
}

/// The tickets, with what their start leaves.
fn prepare(server: &mut Server, history: &History) -> World {
    server.own("DELETE FROM tickets");
    let mut world = World::default();
    for (number, phase) in history.tickets.iter().enumerate() {
        let phase = server.rules.phases.listed().nth(*phase).expect("a phase");
        server.own(&format!(
            "INSERT INTO tickets (id, title, phase_id) VALUES ('{}', 't', '{}')",
            ticket_id(number),
            server.rules.phases.label(phase)
        ));
        let start = Entry {
            from: None,
            to: phase,
            by: "owner".to_owned(),
            gated: false,
        };
        let ticket = Ticket {
            phase,
            previous: None,
            history: vec![start],
            artifacts: Vec::new(),
            work_added: 0,
            results: Vec::new(),
            latest: BTreeMap::new(),
        };
        world.committed.tickets.insert(number, ticket);
    }
    server.own("INSERT INTO tasks (ticket_id, phase_id, task_type) SELECT id, phase_id, 'extra' FROM tickets");
    let tasks = server.own(ALL_TASKS);
    let tasks = tasks.iter().map(|row| new_task(&server.rules, row));
    world.committed.tasks = tasks.collect();
    recount(&mut world.committed);
    hold(server, &mut world.committed);
    world
}

/// One task of each ticket is held already, by the first or the second session.
fn hold(server: &mut Server, rows: &mut Rows) {
    let extra = rows
        .tasks
        .iter()
        .filter(|(_, task)| task.template.is_none());
    for (id, ticket) in extra
        .map(|(id, task)| (*id, task.ticket))
        .collect::<Vec<_>>()
    {
        let agent = format!("s{}", ticket % 2);
        server.own(&format!(
            "UPDATE tasks SET status = 'assigned', assigned_agent_id = '{agent}', lease_expires_at = now() + interval '1 day' WHERE id = '{id}'"
        ));
        update(rows, id, &agent, |task| {
            task.status = Status::Assigned;
            task.agent = Some(agent.clone());
            task.lease = Some(FUTURE);
        });
    }
}

impl Run<'_> {
    fn all(&mut self, turns: &[usize]) -> Result<(), String> {
        let mut turns = turns.iter();
        loop {
            let ready: Vec<usize> = (0..self.scripts.len())
                .filter(|session| !self.waiting.contains_key(session) && self.goes_on(*session))
                .collect();
            if !ready.is_empty() {
                let session = ready[turns.next().unwrap_or(&0) % ready.len()];
                self.step(session)?;
            } else if self.waiting.is_empty() {
                return verify::compare(self.server, &self.world.committed);
            } else {
                // A deadlock, which one of them is about to be told.
                let answer = self
                    .server
                    .answer(LONG)
                    .ok_or("all sessions wait, and no deadlock is found")?;
                self.server.set_aside(answer);
            }
            self.settle()?;
        }
    }

    fn goes_on(&self, session: usize) -> bool {
        let script = &self.scripts[session];
        script.present.is_some() || !script.left.is_empty()
    }

    /// The session goes on with its script.
    fn step(&mut self, session: usize) -> Result<(), String> {
        let script = &mut self.scripts[session];
        let Some((transaction, operations)) = &mut script.present else {
            let transaction = script.left.pop_front().expect("a transaction is left");
            let level = transaction.level;
            let operations = transaction.operations.iter().cloned().collect();
            script.present = Some((transaction, operations));
            self.world.begin(session, level);
            let begin = match level {
                Level::ReadCommitted => "BEGIN",
                Level::RepeatableRead => "BEGIN ISOLATION LEVEL REPEATABLE READ",
                Level::Serializable => "BEGIN ISOLATION LEVEL SERIALIZABLE",
            };
            self.at_once(session, begin)?;
            return Ok(());
        };
        // After a failure only a savepoint helps.
        let open = self.world.transaction(session);
        let has_savepoint = !open.savepoints.is_empty();
        if open.failed && has_savepoint {
            operations.push_front(Operation::RollbackTo);
        } else if open.failed {
            operations.clear();
        }
        while operations.front() == Some(&Operation::RollbackTo) && !has_savepoint {
            operations.pop_front();
        }
        let Some(operation) = operations.pop_front() else {
            let commits = transaction.commits;
            script.present = None;
            return self.finish(session, commits);
        };
        if !matches!(operation, Operation::Savepoint | Operation::RollbackTo) {
            self.world.see(session);
        }
        if let Some(sent) = self.fitting(session, &operation) {
            self.tally.statements += 1;
            self.world
                .transaction(session)
                .touched
                .extend(sent.touches());
            self.server.send(session, sent.sql.clone());
            self.waiting.insert(session, sent);
        }
        Ok(())
    }

    /// The operation's statement, if the history has the tickets for it.
    fn fitting(&self, session: usize, operation: &Operation) -> Option<Sent> {
        let tickets = self.world.committed.tickets.len();
        let mut operation = operation.clone();
        match &mut operation {
            Operation::Move { ticket, .. }
            | Operation::Unblock { ticket }
            | Operation::AddArtifact { ticket, .. }
            | Operation::Withdraw { ticket }
            | Operation::AddTask { ticket, .. } => *ticket %= tickets,
            Operation::MoveMany {
                tickets: several, ..
            }
            | Operation::UpdateMany {
                tickets: several, ..
            } => several.iter_mut().for_each(|ticket| *ticket %= tickets),
            _ => {}
        }
        let sent = statement(&self.server.rules, &self.world, session, &operation)?;
        Some(sent)
    }

    fn finish(&mut self, session: usize, commits: bool) -> Result<(), String> {
        let open = self.world.transaction(session);
        let (failed, level) = (open.failed, open.level);
        if !commits {
            self.at_once(session, "ROLLBACK")?;
            self.world.end(session, false);
            return Ok(());
        }
        self.server.send(session, "COMMIT".to_owned());
        let answer = self.server.answer_of(session);
        let _ = writeln!(self.trace, "  s{session}: COMMIT{}", told(&answer));
        let commits = match answer {
            Ok(_) => !failed,
            Err(failure) if failure.state == "40001" && level == Level::Serializable => false,
            Err(failure) => return Err(format!("COMMIT answered {failure:?}")),
        };
        self.tally.committed += usize::from(commits);
        self.world.end(session, commits);
        Ok(())
    }

    /// Something that waits for nobody.
    fn at_once(&mut self, session: usize, sql: &str) -> Result<(), String> {
        let _ = writeln!(self.trace, "  s{session}: {sql}");
        self.server.send(session, sql.to_owned());
        self.server
            .answer_of(session)
            .map_err(|failure| format!("{sql} answered {failure:?}"))?;
        Ok(())
    }

    /// Until every statement on its way has been answered or waits for another session.
    ///
    /// What ends something that a transaction held, a failure or a return to a savepoint, comes first: it may be
    /// why others were answered. Nothing is committed meanwhile, so that else the order is of no matter.
    fn settle(&mut self) -> Result<(), String> {
        let mut answers: Vec<(usize, Answer)> = Vec::new();
        while self.waiting.len() > answers.len() {
            if let Some(answer) = self.server.answer(SHORT) {
                answers.push(answer);
                continue;
            }
            let waits = self.server.waiting();
            let is_answered = |session: &usize| answers.iter().any(|(who, _)| who == session);
            for (session, sent) in &mut self.waiting {
                if waits.contains(session) && !sent.waited {
                    sent.waited = true;
                    self.tally.waited += 1;
                    let _ = writeln!(self.trace, "  s{session}: {} waits", sent.sql);
                }
            }
            if self
                .waiting
                .keys()
                .all(|session| waits.contains(session) || is_answered(session))
            {
                break;
            }
        }
        let goes_back = |session: &usize| self.waiting[session].operation == Operation::RollbackTo;
        answers.sort_by_key(|(session, answer)| answer.is_ok() && !goes_back(session));
        let mut answers = answers.into_iter();
        while let Some(answer) = answers.next() {
            if let Err(difference) = self.completed(answer) {
                answers.for_each(|answer| self.server.set_aside(answer));
                return Err(difference);
            }
        }
        Ok(())
    }

    fn completed(&mut self, (session, answer): (usize, Answer)) -> Result<(), String> {
        let sent = self.waiting.remove(&session).expect("a statement was sent");
        let _ = writeln!(self.trace, "  s{session}: {}{}", sent.sql, told(&answer));
        match &answer {
            Err(failure) if failure.state.starts_with("40") => self.tally.conflicts += 1,
            Err(_) => self.tally.refused += 1,
            Ok(_) => {}
        }
        judge(&self.server.rules, &mut self.world, session, &sent, &answer)
            .map_err(|difference| format!("s{session}: {}\n{difference}", sent.sql))
    }

    /// Brings all sessions to rest after a failure.
    fn abandon(&mut self) {
        for session in 0..self.scripts.len() {
            if !self.waiting.contains_key(&session) {
                self.server.send(session, "ROLLBACK".to_owned());
            }
        }
        let mut busy = self.scripts.len();
        while busy > 0 {
            let Some((session, _)) = self.server.answer(LONG) else {
                panic!("a session does not come to rest");
            };
            if self.waiting.remove(&session).is_some() {
                self.server.send(session, "ROLLBACK".to_owned());
            } else {
                busy -= 1;
            }
        }
    }
}

fn told(answer: &Answer) -> String {
    match answer {
        Ok(rows) => {
            let rows: Vec<String> = rows
                .iter()
                .map(|row| {
                    row.iter()
                        .map(|column| column.as_deref().unwrap_or("NULL"))
                        .collect::<Vec<_>>()
                        .join(", ")
                })
                .collect();
            format!(" -> {}", rows.join("; "))
        }
        Err(failure) => format!(" -> {} {}", failure.state, failure.message),
    }
}
