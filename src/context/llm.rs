//! The hand-over to an outside summarizer: a task of kind 'summary' whose answer becomes the ticket's summary.
//!
//! What was asked for (the budget, and the fingerprint of the content) is kept in the task's own `result`
//! until the answer takes its place, so that it travels with the task and no column of the user's is taken.

use super::fold::{BUDGET, parsed};
use super::functions::budget;
use super::handover::Handed;
use super::merge;
use super::statements::{APPLY, ASK, OPEN, TICKET_LOCKED};
use crate::error::Error;
use crate::pg::call::{Answer, Call};
use crate::pg::error::Result;
use crate::pg::spi::{Sees, Session};
use crate::pg::trigger::{Firing, Verdict};
use crate::pg::value::{Value as Sql, read};
use crate::pg::{catalog, role, settings};
use crate::tasks::TaskColumns;
use crate::tasks::verdict::parse_summary;
use crate::tasks::{TASK_COLUMNS, TASKS};
use crate::workspace::{Configuration, Workspace};
use serde_json::{Value, json};
use uuid::Uuid;

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
    let context = row.json(2).as_deref().and_then(parsed).unwrap_or(json!({}));
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
        .map_or(Answer::Null, |row| call.answer_found(&row, TASK_COLUMNS)))
}

/// BEFORE UPDATE on `tasks` that completes a task of kind 'summary', however it comes: refuses an answer
/// that is over its budget; applies it, unless the context has changed since it was asked for.
pub fn summary_given(firing: &Firing) -> Result<Verdict> {
    firing.require_row(true)?;
    let columns = TaskColumns::of(firing.table())?;
    if !columns.is_completed(firing, "summary") || columns.was_completed(firing, "summary") {
        return Ok(Verdict::Keep);
    }
    let workspace = Workspace::of_firing(firing)?;
    let configuration = workspace.configuration()?;
    let column = |name| catalog::column(firing.table(), name).unwrap_or(0);
    let result = column("result");
    let read_json = |datum| read::json(datum).as_str().parse::<Value>().ok();
    let request = firing
        .old_value(result)
        .and_then(read_json)
        .and_then(|result| result.get("request").cloned());
    let mut answer = firing.new_value(result).and_then(read_json);
    let text = parse_summary(answer.as_ref())
        .map_err(|error| Error::invalid_argument(error.to_string(), error.detail()))?
        .to_owned();
    require_budget(&text, request.as_ref())?;

    let applied = apply(
        &workspace,
        &configuration,
        firing.new_uuid(column("ticket_id")),
        request.as_ref(),
        &text,
    )?;
    if let Some(Value::Object(answer)) = answer.as_mut() {
        answer.insert("applied".to_owned(), Value::Bool(applied));
        answer.insert("request".to_owned(), request.unwrap_or(Value::Null));
    }
    let said = answer.unwrap_or(Value::Null).to_string();
    let mut changes = vec![(result, Sql::Json(said.into()))];
    if !applied {
        changes.push((column("error_message"), Sql::text(Some(CHANGED))));
    }
    Ok(firing.with(&changes))
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
    configuration: &Configuration,
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
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    let found = fingerprint(workspace, configuration, ticket)?;
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
