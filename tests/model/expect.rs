//! What a statement must answer, and what it does to the rows.

use crate::claim::claim;
use crate::history::{Level, Operation, TICKETS, Way};
use crate::rules::{Refusal, Rules};
use crate::server::{Answer, Row};
use crate::statement::{Sent, ticket_id};
use crate::world::{Artifact, FUTURE, PAST, Rows, Task, World, new_state, recount, update};
use phasegate::phase::Phase;
use phasegate::tasks::priority::Priority;
use phasegate::tasks::status::Status;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const CHECK_VIOLATION: &str = "23514";
const NOT_IN_STATE: &str = "55000";
/// Of two refusals the one that is met first, which is the plan's matter.
const EITHER: &str = "23514 or 55000";

/// How a statement on certain rows ends.
struct Prediction {
    rows: Rows,
    /// The rows of its answer, where they are compared; or the SQLSTATE of its refusal.
    answer: Result<Option<Vec<Row>>, &'static str>,
    /// The tickets that enter a phase whose tasks are then generated.
    entered: Vec<(usize, Phase)>,
}

/// What a task is seen to be after a statement, as far as its session sees it: its status, and whether it is on hold.
pub type Seen = BTreeMap<Uuid, (Status, bool)>;

/// How often the tasks were claimed.
fn attempts(left: &[Row]) -> BTreeMap<Uuid, i32> {
    left.iter()
        .map(|row| {
            let text = |column: usize| row[column].as_deref().unwrap_or_default();
            (
                Uuid::parse_str(text(1)).expect("an id"),
                text(11).parse().expect("a number"),
            )
        })
        .collect()
}

/// Reads the rows of [`crate::statement::ALL_TASKS`].
fn seen(left: &[Row]) -> Seen {
    left.iter()
        .map(|row| {
            let text = |column: usize| row[column].as_deref().unwrap_or_default();
            let status = Status::from_name(text(9)).expect("a status");
            (
                Uuid::parse_str(text(1)).expect("an id"),
                (status, text(10) == "t"),
            )
        })
        .collect()
}

/// Compares an answer with what the model says and takes over what the statement did.
pub fn judge(
    rules: &Rules,
    world: &mut World,
    session: usize,
    sent: &Sent,
    answer: &Answer,
) -> Result<(), String> {
    match sent.operation {
        Operation::Savepoint => {
            let open = world.transaction(session);
            open.savepoints.push(open.changed.clone());
            return Ok(());
        }
        Operation::RollbackTo => {
            let open = world.transaction(session);
            open.go_back();
            open.failed = false;
            return Ok(());
        }
        _ => {}
    }
    let judged = judge_work(rules, world, session, sent, answer);
    if answer.is_err() {
        // What it did since the last savepoint is undone at once, and what it held free.
        let open = world.transaction(session);
        open.go_back();
        open.failed = true;
    }
    judged
}

fn judge_work(
    rules: &Rules,
    world: &mut World,
    session: usize,
    sent: &Sent,
    answer: &Answer,
) -> Result<(), String> {
    let is_strict = world.open[&session].level != Level::ReadCommitted;
    match answer {
        Err(failure) if failure.state == "40001" && is_strict => return Ok(()),
        // Only who waits is told of a deadlock, be it that the wait was over before the server was asked about it.
        Err(failure) if failure.state == "40P01" => return Ok(()),
        _ => {}
    }
    // What the statement answered, and what was asked for with it.
    let marked = |mark: &'static str| {
        move |row: &Row| {
            row.first()
                .is_some_and(|column| column.as_deref() == Some(mark))
        }
    };
    let (left, observed): (Vec<Row>, Vec<Row>) =
        answer.iter().flatten().cloned().partition(marked("+"));
    let (due, observed): (Vec<Row>, Vec<Row>) = observed.into_iter().partition(marked("*"));
    let seen = seen(&left);
    let observed = match answer {
        Ok(_) => Ok(observed),
        Err(failure) => Err(failure.state.as_str()),
    };
    if sent.operation == Operation::Claim {
        return claim(
            rules,
            world,
            session,
            sent,
            &observed,
            &due,
            &seen,
            &attempts(&left),
            is_strict,
        );
    }
    if sent.operation == Operation::Advance && observed.is_ok() {
        return advance(
            rules,
            world,
            session,
            sent,
            &observed.unwrap_or_default(),
            &left,
            is_strict,
        );
    }
    let mut expected = predict(rules, world.view(session), session, sent);
    if !agrees(&expected, &observed) {
        // A statement under an older snapshot may find nothing to do; what it does, it does to the latest.
        let by_snapshot = predict(rules, world.snapshot(session), session, sent);
        let does_nothing =
            observed.is_err() || matches!(&by_snapshot.answer, Ok(Some(rows)) if rows.is_empty());
        if is_strict && does_nothing && agrees(&by_snapshot, &observed) {
            return Ok(());
        }
        return Err(format!(
            "answered {answer:?}, the model says {:?}",
            expected.answer
        ));
    }
    if observed.is_err() {
        return Ok(());
    }
    follow(rules, world, session, &mut expected.rows, &seen)?;
    if !expected.entered.is_empty() || matches!(sent.operation, Operation::AddTask { .. }) {
        made(rules, &mut expected, sent, &left)?;
    }
    world.apply(session, expected.rows)
}

fn agrees(expected: &Prediction, observed: &Result<Vec<Row>, &str>) -> bool {
    match (&expected.answer, observed) {
        (Ok(Some(expected)), Ok(observed)) => expected == observed,
        (Ok(None), Ok(_)) => true,
        (Err(expected), Err(observed)) => expected.contains(*observed),
        _ => false,
    }
}

/// What became of tasks on hold, or whose tickets have moved: those that others may hold are passed by.
pub fn follow(
    rules: &Rules,
    world: &World,
    session: usize,
    after: &mut Rows,
    seen: &Seen,
) -> Result<(), String> {
    let before = world.view(session);
    let by = format!("s{session}");
    let ids: Vec<Uuid> = after.tasks.keys().copied().collect();
    for id in ids {
        let task = after.tasks[&id].clone();
        let Some(was) = before.tasks.get(&id) else {
            continue;
        };
        let phases = |rows: &Rows| rows.tickets[&task.ticket].phase;
        let (from, to) = (phases(&before), phases(after));
        let is_held = || world.may_be_held(session, &task);
        let found = seen.get(&id).copied();
        let passed_by = |what: &str| {
            if is_held() {
                return Ok(());
            }
            Err(format!(
                "task {id} was not {what} though nobody holds it: it is {found:?}"
            ))
        };
        let stops = |phase: Phase| rules.phases.kind(phase).stops_work();
        if from != to && stops(to) {
            if !task.state.status.is_open() || task.phase == to {
                continue;
            }
            if rules.phases.kind(to).is_final() {
                if found.is_some_and(|(status, _)| status == Status::Cancelled) {
                    update(after, id, &by, |task| task.status = Status::Cancelled);
                    after.tasks.get_mut(&id).expect("a task").on_hold = false;
                } else {
                    passed_by("cancelled")?;
                }
            } else if !task.on_hold {
                if found.is_some_and(|(_, on_hold)| on_hold) {
                    after.tasks.get_mut(&id).expect("a task").on_hold = true;
                } else {
                    passed_by("put on hold")?;
                }
            }
        } else if from != to && stops(from) {
            if task.on_hold && found.is_some_and(|(_, on_hold)| !on_hold) {
                after.tasks.get_mut(&id).expect("a task").on_hold = false;
            } else if task.on_hold {
                passed_by("let go")?;
            }
        } else if was.on_hold && (was.state != task.state || was.pending != task.pending) {
            let stays = !task.state.status.is_final() && rules.stops(to, task.phase);
            let on_hold = found.is_some_and(|(_, on_hold)| on_hold);
            if on_hold != stays && (on_hold || !is_held()) {
                return Err(format!(
                    "task {id} is on hold: {on_hold}, the model says {stays}"
                ));
            }
            after.tasks.get_mut(&id).expect("a task").on_hold = on_hold;
        }
    }
    Ok(())
}

/// What `advance_tickets` did: whatever was ready and nobody held, and nothing else.
fn advance(
    rules: &Rules,
    world: &mut World,
    session: usize,
    sent: &Sent,
    observed: &[Row],
    left: &[Row],
    is_strict: bool,
) -> Result<(), String> {
    let by = format!("s{session}");
    let before = world.view(session);
    let mut expected = Prediction {
        rows: before.clone(),
        answer: Ok(None),
        entered: Vec::new(),
    };
    for row in observed {
        let text = |column: usize| row[column].as_deref().unwrap_or_default();
        let ticket = (0..TICKETS).find(|ticket| ticket_id(*ticket).to_string() == text(0));
        let ticket = ticket.expect("a ticket of the history");
        let to = rules.way_ahead(&before, ticket);
        let Some(to) = to.filter(|to| text(1) == "t" && rules.phases.label(*to) == text(2)) else {
            return Err(format!(
                "ticket {ticket} was advanced {row:?}, the model says {to:?}"
            ));
        };
        if rules.move_ticket(&mut expected.rows, ticket, to, &by) == Ok(Some(true)) {
            expected.entered.push((ticket, to));
        }
    }
    let is_free = |ticket: &usize| {
        let mut others = world.open.iter().filter(|(other, _)| **other != session);
        !others.any(|(_, open)| open.touched.contains(ticket))
    };
    let left_behind = before.tickets.keys().find(|ticket| {
        let phase = before.tickets[ticket].phase;
        expected.rows.tickets[ticket].phase == phase
            && rules.way_ahead(&before, **ticket).is_some()
            && is_free(ticket)
    });
    if let Some(ticket) = left_behind.filter(|_| !is_strict && !sent.waited) {
        return Err(format!(
            "ticket {ticket} was not advanced, though it is ready and nobody holds it"
        ));
    }
    follow(rules, world, session, &mut expected.rows, &seen(left))?;
    made(rules, &mut expected, sent, left)?;
    world.apply(session, expected.rows)
}

fn row(columns: &[Option<&str>]) -> Row {
    columns
        .iter()
        .map(|column| column.map(str::to_owned))
        .collect()
}

fn predict(rules: &Rules, mut rows: Rows, session: usize, sent: &Sent) -> Prediction {
    let by = format!("s{session}");
    let label = |phase: Phase| Some(rules.phases.label(phase));
    let mut entered = Vec::new();
    let answer = match &sent.operation {
        Operation::Move { ticket, way, .. } => {
            let to = sent.phase.expect("a phase");
            let from = rows.tickets[ticket].phase;
            let moved = rules.move_ticket(&mut rows, *ticket, to, &by);
            if moved == Ok(Some(true)) {
                entered.push((*ticket, to));
            }
            match (way, moved) {
                (Way::Try, moved) => Ok(Some(vec![attempt(moved)])),
                (_, Err(refusal)) => Err(state(refusal)),
                (Way::Update, Ok(_)) => Ok(Some(vec![row(&[label(to)])])),
                (Way::Function, Ok(_)) => Ok(Some(vec![row(&[label(from), label(to)])])),
            }
        }
        Operation::MoveMany { tickets, .. } => {
            let to = sent.phase.expect("a phase");
            let mut attempts = BTreeMap::new();
            for ticket in tickets {
                attempts.entry(*ticket).or_insert_with(|| {
                    let moved = rules.move_ticket(&mut rows, *ticket, to, &by);
                    if moved == Ok(Some(true)) {
                        entered.push((*ticket, to));
                    }
                    attempt(moved)
                });
            }
            Ok(Some(
                tickets
                    .iter()
                    .map(|ticket| attempts[ticket].clone())
                    .collect(),
            ))
        }
        Operation::UpdateMany { tickets, .. } => {
            let to = sent.phase.expect("a phase");
            let mut refusals = BTreeSet::new();
            let tickets: BTreeSet<usize> = tickets.iter().copied().collect();
            for ticket in &tickets {
                match rules.move_ticket(&mut rows, *ticket, to, &by) {
                    Ok(Some(true)) => entered.push((*ticket, to)),
                    Ok(_) => {}
                    Err(refusal) => {
                        refusals.insert(state(refusal));
                    }
                }
            }
            match refusals.first() {
                None => Ok(Some(vec![row(&[label(to)]); tickets.len()])),
                Some(state) if refusals.len() == 1 => Err(*state),
                Some(_) => Err(EITHER),
            }
        }
        Operation::Unblock { .. } => {
            let ticket = &sent.ticket;
            let (phase, previous) = (rows.tickets[ticket].phase, rows.tickets[ticket].previous);
            let left = rules.phases.left(phase, previous);
            if !rules.phases.is_blocked(phase) {
                Err(NOT_IN_STATE)
            } else {
                match rules.move_ticket(&mut rows, *ticket, left, &by) {
                    Ok(_) => Ok(Some(vec![row(&[label(left)])])),
                    Err(refusal) => Err(state(refusal)),
                }
            }
        }
        Operation::AddArtifact { ticket, good, .. } => {
            let ticket = rows.tickets.get_mut(ticket).expect("a ticket");
            let phase = sent.phase.unwrap_or(ticket.phase);
            ticket.artifacts.push(Artifact {
                phase,
                good: *good,
                superseded: false,
                by,
            });
            Ok(Some(vec![row(&[label(phase)])]))
        }
        Operation::Withdraw { ticket } => {
            let ticket = rows.tickets.get_mut(ticket).expect("a ticket");
            ticket.artifacts.retain(|artifact| artifact.superseded);
            Ok(None)
        }
        Operation::AddTask { ticket, .. } => {
            rows.tickets.get_mut(ticket).expect("a ticket").work_added += 1;
            Ok(None)
        }
        Operation::Claim | Operation::Advance | Operation::Savepoint | Operation::RollbackTo => {
            Ok(None)
        }
        _ => work(&mut rows, &by, sent),
    };
    Prediction {
        rows,
        answer,
        entered,
    }
}

fn state(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Invalid => CHECK_VIOLATION,
        Refusal::Gate => NOT_IN_STATE,
    }
}

/// The row of an attempt to move a ticket.
fn attempt(moved: Result<Option<bool>, Refusal>) -> Row {
    match moved {
        Ok(moved) => row(&[Some(if moved.is_some() { "t" } else { "f" }), None]),
        Err(Refusal::Invalid) => row(&[Some("f"), Some("invalid_transition")]),
        Err(Refusal::Gate) => row(&[Some("f"), Some("gate_not_passed")]),
    }
}

/// What is done with a task.
fn work(rows: &mut Rows, by: &str, sent: &Sent) -> Result<Option<Vec<Row>>, &'static str> {
    let id = sent.task.expect("a task");
    let task = rows.tasks.get(&id).ok_or("P0002")?.clone();
    let is_held = task.state.status.is_held()
        && task.state.agent.as_deref() == Some(sent.agent.as_str())
        && sent
            .attempt
            .is_none_or(|attempt| attempt == task.state.attempts);
    let holder_asks = matches!(
        sent.operation,
        Operation::Start { .. } | Operation::Complete { .. } | Operation::Fail { .. }
    );
    if holder_asks && !is_held {
        return Err(NOT_IN_STATE);
    }
    let answer = |rows: &Rows| Some(vec![row(&[Some(rows.tasks[&id].state.status.name())])]);
    let moves = |rows: &mut Rows, status: Status, scheduled: Option<i64>| {
        update(rows, id, by, |task| {
            task.status = status;
            if scheduled.is_some() {
                task.scheduled_at = scheduled;
            }
        })
        .then_some(())
        .ok_or(CHECK_VIOLATION)
    };
    match &sent.operation {
        Operation::Start { .. } => {
            moves(rows, Status::Running, None)?;
            Ok(None)
        }
        Operation::Complete { artifact, .. } => {
            moves(rows, Status::Completed, None)?;
            if let Some(good) = artifact {
                let ticket = rows.tickets.get_mut(&task.ticket).expect("a ticket");
                ticket.artifacts.push(Artifact {
                    phase: task.phase,
                    good: *good,
                    superseded: false,
                    by: sent.agent.clone(),
                });
            }
            Ok(answer(rows))
        }
        Operation::Fail { retry, .. } => {
            if *retry && task.state.attempts < task.state.max_attempts {
                moves(rows, Status::Pending, Some(FUTURE))?;
            } else {
                moves(rows, Status::Failed, None)?;
            }
            Ok(answer(rows))
        }
        Operation::Cancel { .. } => {
            moves(rows, Status::Cancelled, None)?;
            Ok(answer(rows))
        }
        Operation::SetStatus { status, .. } => {
            moves(rows, Status::ALL[*status], None)?;
            Ok(answer(rows))
        }
        Operation::Expire { .. } if task.state.lease.is_some() => {
            update(rows, id, by, |task| task.lease = Some(PAST));
            Ok(answer(rows))
        }
        Operation::Due { .. } if task.state.scheduled_at.is_some() => {
            update(rows, id, by, |task| task.scheduled_at = Some(PAST));
            Ok(answer(rows))
        }
        _ => Ok(Some(Vec::new())),
    }
}

/// Takes the tasks that the statement made into the rows, if they are those that it should have made.
fn made(
    rules: &Rules,
    expected: &mut Prediction,
    sent: &Sent,
    tasks: &[Row],
) -> Result<(), String> {
    let new: Vec<(Uuid, Task)> = tasks
        .iter()
        .map(|row| new_task(rules, row))
        .filter(|(id, _)| !expected.rows.tasks.contains_key(id))
        .collect();
    if let Operation::AddTask { ticket, .. } = &sent.operation {
        let is_it = |task: &Task| {
            task.ticket == *ticket && Some(task.phase) == sent.phase && task.template.is_none()
        };
        match new.as_slice() {
            [(_, task)] if is_it(task) && task.waits_for == Vec::from_iter(sent.task) => {
                let present = expected.rows.tickets[ticket].phase;
                if task.on_hold != rules.stops(present, task.phase) {
                    return Err(format!("a new task of a ticket in {present:?} is {task:?}"));
                }
            }
            _ => return Err(format!("one task was to be inserted, there are {new:?}")),
        }
    }
    let mut generated = 0;
    for (ticket, phase) in &expected.entered {
        let of_ticket: Vec<_> = new
            .iter()
            .filter(|(_, task)| task.ticket == *ticket && task.phase == *phase)
            .cloned()
            .collect();
        generated += of_ticket.len();
        let missing = rules.generated(&expected.rows, *ticket, *phase);
        let missing_then = rules.generated(&sent.seen, *ticket, *phase);
        for template in rules
            .templates
            .iter()
            .filter(|template| template.phase == *phase)
        {
            let is_made = of_ticket
                .iter()
                .any(|(_, task)| task.template == Some(template.id));
            let is_missing = missing.contains(&template.id);
            // A task that was finished while the statement waited may have been looked at before.
            let is_settled = !sent.waited || is_missing == missing_then.contains(&template.id);
            if is_settled && is_made != is_missing {
                return Err(format!(
                    "a task of template {} was made: {is_made}, the model says: {is_missing}",
                    template.task_type
                ));
            }
        }
        for (id, task) in &of_ticket {
            if task.on_hold {
                return Err(format!("task {id}, which was just made, is on hold"));
            }
            let waits_for = task
                .template
                .map(|template| rules.waits_for(&expected.rows, &of_ticket, *ticket, template));
            if waits_for.as_ref() != Some(&task.waits_for) {
                return Err(format!(
                    "task {id} waits for {:?}, the model says {waits_for:?}",
                    task.waits_for
                ));
            }
        }
    }
    if !expected.entered.is_empty() && generated != new.len() {
        return Err(format!(
            "tasks that nothing asked for were made, among {new:?}"
        ));
    }
    expected.rows.tasks.extend(new);
    recount(&mut expected.rows);
    Ok(())
}

/// A new task, as [`crate::statement::ALL_TASKS`] gives it.
pub fn new_task(rules: &Rules, row: &Row) -> (Uuid, Task) {
    let text = |column: usize| row[column].clone().unwrap_or_default();
    let id = |text: &str| Uuid::parse_str(text).expect("an id");
    let ids = |json: &str| -> Vec<Uuid> {
        let ids: Vec<String> = serde_json::from_str(json).expect("ids");
        ids.iter().map(|text| id(text)).collect()
    };
    let ticket = (0..TICKETS).find(|ticket| ticket_id(*ticket).to_string() == text(2));
    let task = Task {
        ticket: ticket.expect("a ticket of the history"),
        phase: rules.phases.by_label(&text(3)).expect("a phase"),
        task_type: text(4),
        template: row[5].as_deref().map(id),
        priority: Priority::from_name(&text(6)).expect("a priority"),
        created: text(7),
        waits_for: row[8].as_deref().map(ids).unwrap_or_default(),
        pending: 0,
        on_hold: text(10) == "t",
        state: new_state(),
    };
    (id(&text(1)), task)
}
