//! The SQL functions of the queue but those that claim. Each says what is wanted done with a task; the rules are the triggers'.

use super::backoff;
use super::holding::Holding;
use super::leases;
use super::statements::{
    CANCEL, COMPLETE, COMPLETE_WITH, EXTEND, FAIL, FAIL_AND_RETRY, LEASE_END, RELEASE, START,
    TICKET_PHASE,
};
use crate::by_index::ByIndex;
use crate::clock;
use crate::error::Error;
use crate::gates::TOOK_PART;
use crate::identity;
use crate::limits;
use crate::pg::call::{Answer, Call};
use crate::pg::error::Result;
use crate::pg::rows::Rows;
use crate::pg::spi::{Sees, Session};
use crate::pg::value::Value;
use crate::workspace::Workspace;
use uuid::Uuid;

pub(super) fn answer_task(call: &Call, rows: &Rows, task: Uuid) -> Result<Answer> {
    let row = rows.first().ok_or_else(|| Error::not_found("task", task))?;
    Ok(call.answer_found(&row))
}

/// `heartbeat_task(task_id, agent_id, lease, attempt)`
pub fn heartbeat_task(call: &Call) -> Result<Answer> {
    let holding = Holding::of_call(call, 3)?;
    let end = leases::end(call, 2, clock::now())?;
    let _session = Session::open()?;
    let _by_index = ByIndex::only();
    let end = holding.change(&EXTEND, [Value::Time(end)], |task| task.big(LEASE_END))?;
    Ok(call.answer(&end.map_or(Value::Null, Value::Time)))
}

/// `start_task(task_id, agent_id, attempt)`
pub fn start_task(call: &Call) -> Result<Answer> {
    let holding = Holding::of_call(call, 2)?;
    let _session = Session::open()?;
    let _by_index = ByIndex::only();
    holding.change(&START, [], |_| ())?;
    Ok(None)
}

/// `complete_task(task_id, agent_id, result, attempt)`: without a result, with what the task holds already.
pub fn complete_task(call: &Call) -> Result<Answer> {
    let holding = Holding::of_call(call, 3)?;
    let result = call.datum(2).map(Value::Datum);
    let _session = Session::open()?;
    let _by_index = ByIndex::only();
    if ["artifacts", "approved"]
        .into_iter()
        .any(|key| call.has_key(2, key))
    {
        holding.hold_ticket()?;
    }
    let statement = match result {
        Some(_) => &COMPLETE_WITH,
        None => &COMPLETE,
    };
    holding.change(statement, result, |task| call.answer_found(task))
}

/// `fail_task(task_id, agent_id, error_message, retry, attempt)`
pub fn fail_task(call: &Call) -> Result<Answer> {
    let holding = Holding::of_call(call, 4)?;
    // Cut rather than refused: that an attempt failed must be known, however much there is to say about it.
    let message = call
        .optional_cut_text(2, limits::MESSAGE)
        .ok_or_else(|| Error::null_argument("error_message"))?;
    let retry = call.bool(3, "retry")?;
    let _session = Session::open()?;
    let _by_index = ByIndex::only();
    let mut values = vec![Value::text(Some(&message))];
    let statement = if retry {
        let now = clock::now();
        // A new id's last bits are random; those before them count within a millisecond.
        let random = Uuid::now_v7().as_u64_pair().1.reverse_bits();
        let again = backoff::delays(random).map(|wait| now.saturating_add(wait));
        values.push(Value::Times(again.collect()));
        &FAIL_AND_RETRY
    } else {
        &FAIL
    };
    holding.change(statement, values, |task| call.answer_found(task))
}

/// `cancel_task(task_id, reason)`
pub fn cancel_task(call: &Call) -> Result<Answer> {
    let task = call.uuid(0, "task_id")?;
    let reason = call.optional_cut_text(1, limits::MESSAGE);
    let workspace = Workspace::current()?;
    let _session = Session::open()?;
    let _by_index = ByIndex::only();
    let reason = Value::text(reason.as_deref());
    let rows = workspace.run_visible(&CANCEL, &[Value::Uuid(task), reason], Sees::Snapshot)?;
    answer_task(call, &rows, task)
}

/// `release_expired_tasks(workspace)`
pub fn release_expired_tasks(call: &Call) -> Result<Answer> {
    let workspace = match call.optional_name(0) {
        Some(name) => Workspace::named(&name)?,
        None => Workspace::current()?,
    };
    let _session = Session::open()?;
    let _by_index = ByIndex::only();
    let now = Value::Time(clock::now());
    let released = workspace.run(&RELEASE, &[now], Sees::Snapshot)?.len();
    Ok(call.answer(&Value::Big(i64::try_from(released).unwrap_or(i64::MAX))))
}

/// `took_part(ticket_id, phase_id, agent_id)`
///
/// Answers by all rows of a ticket that the caller may see, not only those that the caller may see: what a
/// role cannot read may still bar an agent from reviewing. Of a ticket that is hidden nobody took part, as of
/// one that is not there.
pub fn took_part(call: &Call) -> Result<Answer> {
    let ticket = Value::Uuid(call.uuid(0, "ticket_id")?);
    let workspace = Workspace::current()?;
    let configuration = workspace.configuration()?;
    let phase = configuration.phase(&call.text(1, "phase_id")?)?;
    let given = call.optional_text(2);
    let agent =
        identity::agent_or("agent_id", given)?.ok_or_else(|| Error::null_argument("agent_id"))?;
    let _session = Session::open()?;
    let seen = workspace.run(&TICKET_PHASE, std::slice::from_ref(&ticket), Sees::Caller)?;
    if seen.is_empty() {
        return Ok(call.answer(&Value::Bool(false)));
    }
    let _owner = workspace.as_owner();
    let rows = workspace.run(
        &TOOK_PART,
        &[
            ticket,
            Value::Oid(configuration.phases.oid(phase)),
            Value::text(Some(&agent)),
        ],
        Sees::Caller,
    )?;
    Ok(call.answer(&Value::Bool(rows.first().is_some_and(|row| row.bool(1)))))
}
