//! The hand-over to an outside summarizer: a task of kind 'summary' whose answer becomes the ticket's summary.
//!
//! What was asked for (the budget, and the fingerprint of the content) is kept in the task's own `result`
//! and stays there beside the answer, so that it travels with the task and no column of the user's is taken.

use super::fold::BUDGET;
use super::functions::budget;
use super::handover::Handed;
use super::merge;
use super::statements::{APPLY, ASK, OPEN, TICKET_LOCKED};
use crate::error::{Code, Error};
use crate::json;
use crate::pg::call::{Answer, Call};
use crate::pg::error::Result;
use crate::pg::role;
use crate::pg::spi::{Sees, Session};
use crate::pg::trigger::{FiredRow, Firing, Verdict};
use crate::pg::value::Value as Sql;
use crate::settings;
use crate::tasks::TASKS;
use crate::tasks::TaskColumns;
use crate::tasks::verdict::parse_summary;
use crate::workspace::{Configuration, Workspace};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The kind of the tasks that ask for a summary.
const KIND: &str = "summary";

/// What is said of an answer that nobody asked for.
const UNASKED: &str = "this summary was not asked for with summarize_using_llm; it was not applied";

/// What is said of an answer that came too late.
const CHANGED: &str =
    "the context has changed since this summary was asked for; it was not applied";

/// The fingerprint of what the ticket's present phase is handed, holding the ticket; `None` where the ticket
/// is not there. Needs an open session.
fn fingerprint(
    workspace: &Workspace,
    configuration: &Configuration,
    ticket: Uuid,
) -> Result<Option<(u32, Uuid)>> {
    let rows = workspace.run(&TICKET_LOCKED, &[Sql::Uuid(ticket)], Sees::Snapshot)?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let phase = row.oid(1).unwrap_or(0);
    let context = row
        .json(2)
        .as_deref()
        .and_then(json::read)
        .unwrap_or(json!({}));
    let handed = Handed::new(configuration, context, configuration.phase_of(phase)?);
    Ok(Some((phase, handed.fingerprint)))
}

/// `summarize_using_llm(ticket_id, max_tokens)`
pub fn summarize_using_llm(call: &Call) -> Result<Answer> {
    let ticket = call.uuid(0, "ticket_id")?;
    let budget = budget(call, 1)?;
    let workspace = Workspace::current()?;
    let configuration = workspace.configuration()?;
    let columns = workspace.columns;
    role::require_update(workspace.tickets, columns.context_summary, "tickets")?;
    let _session = Session::open()?;
    // With the caller's rights: a ticket that row security hides is not found. Held until the transaction
    // ends, so that two requests at once make one task.
    let (phase, fingerprint) = fingerprint(&workspace, &configuration, ticket)?
        .ok_or_else(|| Error::not_found("ticket", ticket))?;
    let _owner = workspace.as_owner();
    let open = workspace.run(&OPEN, &[Sql::Uuid(ticket)], Sees::Latest)?;
    let task = match open.first().and_then(|row| row.uuid(1)) {
        Some(open) => open,
        None => {
            let task = Uuid::now_v7();
            let request =
                json!({"request": {"max_tokens": budget, "fingerprint": fingerprint.to_string()}});
            workspace.run(
                &ASK,
                &[
                    Sql::Uuid(task),
                    Sql::Uuid(ticket),
                    Sql::Oid(phase),
                    Sql::json(Some(&request.to_string())),
                    Sql::Int(i32::try_from(budget).unwrap_or(i32::MAX)),
                ],
                Sees::Snapshot,
            )?;
            task
        }
    };
    let rows = workspace.run(&TASKS, &[Sql::Uuids(vec![task])], Sees::Snapshot)?;
    Ok(rows
        .first()
        .map_or(Answer::Null, |row| call.answer_found(&row)))
}

/// Before a row of `tasks` of kind 'summary' is written: refuses an answer that is over its budget;
/// applies one, however it comes, unless the context has changed since it was asked for. What was asked for,
/// and whether the answer was applied, is phasegate's to say: a caller's own values are ignored.
pub fn take_summary(
    firing: &Firing,
    workspace: &Workspace,
    columns: &TaskColumns,
) -> Result<Verdict> {
    let (old, new) = (firing.old_row(), firing.new_row());
    let is_completed = columns.is_completed(firing, KIND);
    let was_completed = columns.was_completed(firing, KIND);
    let is_kind = |row: FiredRow<'_>| row.text(columns.kind).as_deref() == Some(KIND);
    if firing.is_update() && is_completed == was_completed && firing.is_same(columns.result) {
        return Ok(Verdict::Keep);
    }
    // A request of ours, or an import; or it brings nothing.
    if firing.is_insert() && (new.is_null(columns.result) || role::acts_for(workspace.owner)) {
        return Ok(Verdict::Keep);
    }
    let read_json = |text: String| text.parse::<Value>().ok();
    let before = (firing.is_update() && is_kind(old))
        .then(|| old.json(columns.result))
        .flatten()
        .and_then(read_json);
    let request = before.as_ref().and_then(|before| before.get("request"));
    let answer = new.json(columns.result).and_then(read_json);
    if !is_completed {
        let kept = with_own(answer, None, request);
        return Ok(firing.with(&[(columns.result, Sql::json(kept.as_deref()))]));
    }
    let text = parse_summary(answer.as_ref())
        .map_err(|error| Error::new(Code::InvalidResult, error.to_string()).detail(error.detail()))?
        .to_owned();
    let part = |key: &str| before.as_ref().filter(|_| was_completed)?.get(key);
    let is_same = part("summary").and_then(Value::as_str) == Some(&text);
    let applied = if is_same {
        part("applied") == Some(&Value::Bool(true))
    } else {
        require_budget(&text, request)?;
        let ticket = new.uuid(columns.ticket_id);
        apply(workspace, ticket, request, &text)?
    };
    let said = with_own(answer, Some(applied), request);
    let mut changes = vec![(columns.result, Sql::json(said.as_deref()))];
    if !is_same && (was_completed || !applied) {
        let why = if request.is_none() { UNASKED } else { CHANGED };
        changes.push((columns.error_message, Sql::text((!applied).then_some(why))));
    }
    Ok(firing.with(&changes))
}

/// A result with phasegate's own keys set, or taken out where there is nothing to say.
fn with_own(
    result: Option<Value>,
    applied: Option<bool>,
    request: Option<&Value>,
) -> Option<String> {
    let mut result = match result {
        Some(Value::Object(result)) => result,
        Some(other) => return Some(other.to_string()),
        None if request.is_none() => return None,
        None => Map::new(),
    };
    let own = [
        ("applied", applied.map(Value::Bool)),
        ("request", request.cloned()),
    ];
    for (key, value) in own {
        result.shift_remove(key);
        if let Some(value) = value {
            result.insert(key.to_owned(), value);
        }
    }
    Some(Value::Object(result).to_string())
}

fn require_budget(text: &str, request: Option<&Value>) -> Result<()> {
    let budget = request
        .and_then(|request| request.get("max_tokens"))
        .and_then(Value::as_u64)
        .and_then(|budget| usize::try_from(budget).ok())
        .unwrap_or(BUDGET);
    let encoding = settings::encoding();
    if encoding.fits(text, budget) {
        return Ok(());
    }
    Err(Error::invalid_argument(
        "summary is over its budget",
        format!(
            "It has {} tokens by {}; the budget is {budget}.",
            encoding.count(text),
            encoding.name()
        ),
    )
    .hint("Hand in a shorter one; the task is still held."))
}

/// Makes the text the ticket's summary, if the content is still what was to be summarized. Says whether it did.
fn apply(
    workspace: &Workspace,
    ticket: Option<Uuid>,
    request: Option<&Value>,
    text: &str,
) -> Result<bool> {
    let asked = request
        .and_then(|request| request.get("fingerprint"))
        .and_then(Value::as_str);
    let (Some(ticket), Some(asked)) = (ticket, asked) else {
        return Ok(false);
    };
    let configuration = workspace.configuration()?;
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    let found = fingerprint(workspace, &configuration, ticket)?;
    if found.is_none_or(|(_, found)| found.to_string() != asked) {
        return Ok(false);
    }
    let summary = merge::with_summary(json!({}), text.to_owned()).to_string();
    workspace.run(
        &APPLY,
        &[
            Sql::Uuid(ticket),
            Sql::text(Some(text)),
            Sql::json(Some(&summary)),
        ],
        Sees::Snapshot,
    )?;
    Ok(true)
}
