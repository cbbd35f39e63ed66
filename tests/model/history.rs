//! What sessions do: operations, transactions, histories, and how they are made at random.

use proptest::collection::vec;
use proptest::prelude::*;
use std::fmt;

/// The most sessions of a history: that many loops at once.
pub const SESSIONS: usize = 8;
/// The most sessions of a history in which each does whatever comes to its mind.
const FREE_SESSIONS: usize = 4;
/// The most tickets of a history.
pub const TICKETS: usize = 3;

/// How a move is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// `UPDATE tickets SET phase_id`
    Update,
    /// `transition_ticket`
    Function,
    /// `try_transition_ticket`
    Try,
}

/// Whose name a session works a task under, and with which attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimant {
    /// Its own name, no attempt given.
    Own,
    /// Its own name and the attempt that it sees.
    OwnAttempt,
    /// The name of the holder that it sees, and the attempt before that one.
    StaleAttempt,
    /// The name of the holder that it sees, no attempt given.
    Holder,
}

/// One statement. Tickets, phases and tasks are numbers. What a number stands for depends on what the session
/// sees then, so that most operations have something to do: see [`crate::statement`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    Move {
        ticket: usize,
        to: usize,
        way: Way,
    },
    MoveMany {
        tickets: Vec<usize>,
        to: usize,
    },
    /// One `UPDATE` of several tickets: all of them move, or none.
    UpdateMany {
        tickets: Vec<usize>,
        to: usize,
    },
    Unblock {
        ticket: usize,
    },
    /// `advance_tickets`
    Advance,
    /// `phase` none means the ticket's.
    AddArtifact {
        ticket: usize,
        phase: Option<usize>,
        good: bool,
    },
    /// Holds the ticket and deletes its current artifacts.
    Withdraw {
        ticket: usize,
    },
    AddTask {
        ticket: usize,
        after: Option<usize>,
    },
    Claim,
    Start {
        task: usize,
        who: Claimant,
    },
    /// `artifact`: what its result brings.
    Complete {
        task: usize,
        who: Claimant,
        artifact: Option<bool>,
    },
    Fail {
        task: usize,
        who: Claimant,
        retry: bool,
    },
    Cancel {
        task: usize,
    },
    /// `UPDATE tasks SET status`
    SetStatus {
        task: usize,
        status: usize,
    },
    /// The lease runs out.
    Expire {
        task: usize,
    },
    /// The time comes at which a failed task may be claimed again.
    Due {
        task: usize,
    },
    Savepoint,
    RollbackTo,
}

/// A transaction's isolation level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    ReadCommitted,
    RepeatableRead,
    Serializable,
}

/// A transaction, as a session's script has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    pub level: Level,
    pub operations: Vec<Operation>,
    pub commits: bool,
}

/// Scripts, and in which order the sessions go on.
#[derive(Clone, PartialEq, Eq)]
pub struct History {
    /// The phase that each ticket starts in.
    pub tickets: Vec<usize>,
    /// One a session.
    pub scripts: Vec<Vec<Transaction>>,
    /// Which of the sessions that can go on does, step by step; 0 when it is at its end.
    pub turns: Vec<usize>,
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "tickets start in {:?}", self.tickets)?;
        for (session, script) in self.scripts.iter().enumerate() {
            for transaction in script {
                writeln!(f, "session {session}: {:?}", transaction.level)?;
                for operation in &transaction.operations {
                    writeln!(f, "    {operation:?}")?;
                }
                writeln!(
                    f,
                    "    {}",
                    if transaction.commits {
                        "Commit"
                    } else {
                        "Rollback"
                    }
                )?;
            }
        }
        writeln!(f, "turns {:?}", self.turns)
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn claimant() -> impl Strategy<Value = Claimant> {
    prop_oneof![
        1 => Just(Claimant::Own),
        1 => Just(Claimant::OwnAttempt),
        1 => Just(Claimant::StaleAttempt),
        4 => Just(Claimant::Holder),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let ticket = || 0..TICKETS;
    let task = || 0usize..40;
    let phase = || 0usize..40;
    let way = prop_oneof![Just(Way::Update), Just(Way::Function), Just(Way::Try)];
    prop_oneof![
        10 => (ticket(), phase(), way).prop_map(|(ticket, to, way)| Operation::Move { ticket, to, way }),
        3 => (vec(ticket(), 1..=3), phase()).prop_map(|(tickets, to)| Operation::MoveMany { tickets, to }),
        3 => (vec(ticket(), 2..=3), phase()).prop_map(|(tickets, to)| Operation::UpdateMany { tickets, to }),
        3 => ticket().prop_map(|ticket| Operation::Unblock { ticket }),
        4 => Just(Operation::Advance),
        4 => (ticket(), proptest::option::of(phase()), proptest::bool::weighted(0.8))
            .prop_map(|(ticket, phase, good)| Operation::AddArtifact { ticket, phase, good }),
        1 => ticket().prop_map(|ticket| Operation::Withdraw { ticket }),
        3 => (ticket(), proptest::option::of(task())).prop_map(|(ticket, after)| Operation::AddTask { ticket, after }),
        7 => Just(Operation::Claim),
        2 => (task(), claimant()).prop_map(|(task, who)| Operation::Start { task, who }),
        6 => (task(), claimant(), proptest::option::weighted(0.4, any::<bool>()))
            .prop_map(|(task, who, artifact)| Operation::Complete { task, who, artifact }),
        3 => (task(), claimant(), any::<bool>()).prop_map(|(task, who, retry)| Operation::Fail { task, who, retry }),
        1 => task().prop_map(|task| Operation::Cancel { task }),
        5 => (task(), prop_oneof![3 => Just(3usize), 2 => 0usize..6]).prop_map(|(task, status)| Operation::SetStatus { task, status }),
        1 => task().prop_map(|task| Operation::Expire { task }),
        1 => task().prop_map(|task| Operation::Due { task }),
        4 => Just(Operation::Savepoint),
        1 => Just(Operation::RollbackTo),
    ]
}

fn transaction() -> impl Strategy<Value = Transaction> {
    let level = prop_oneof![
        4 => Just(Level::ReadCommitted),
        2 => Just(Level::RepeatableRead),
        1 => Just(Level::Serializable),
    ];
    (
        level,
        vec(operation(), 1..9),
        proptest::bool::weighted(0.85),
    )
        .prop_map(|(level, operations, commits)| Transaction {
            level,
            operations,
            commits,
        })
}

/// Random histories: mostly of sessions that do anything, some of as many loops as there are sessions.
pub fn histories() -> impl Strategy<Value = History> {
    prop_oneof![3 => anything(), 1 => loops()]
}

fn anything() -> impl Strategy<Value = History> {
    (
        vec(2usize..6, 1..=TICKETS),
        vec(vec(transaction(), 1..5), 3..=FREE_SESSIONS),
        vec(0..SESSIONS, 0..120),
    )
        .prop_map(|(tickets, scripts, turns)| History {
            tickets,
            scripts,
            turns,
        })
}

/// Agents that claim and complete, and conductors that advance, all at once: each statement a transaction of its own, or two of them
/// in one.
fn loops() -> impl Strategy<Value = History> {
    let operation = prop_oneof![
        4 => Just(Operation::Advance),
        4 => Just(Operation::Claim),
        4 => (0usize..40, proptest::option::weighted(0.6, Just(true)))
            .prop_map(|(task, artifact)| Operation::Complete { task, who: Claimant::Holder, artifact }),
        1 => (0..TICKETS).prop_map(|ticket| Operation::AddArtifact { ticket, phase: None, good: true }),
    ];
    let transaction = vec(operation, 1..3).prop_map(|operations| Transaction {
        level: Level::ReadCommitted,
        operations,
        commits: true,
    });
    (
        vec(2usize..6, TICKETS),
        vec(vec(transaction, 3..8), SESSIONS),
        vec(0..SESSIONS, 0..200),
    )
        .prop_map(|(tickets, scripts, turns)| History {
            tickets,
            scripts,
            turns,
        })
}
