//! The hand-over to an outside summarizer: a task of kind 'summary' whose answer becomes the ticket's summary.
//!
//! What was asked for (the budget, the phase that it is for, and the fingerprint of the content) is kept in the task's own `result`
//! and stays there beside the answer, so that it travels with the task and no column of the user's is taken.

use super::fold::{self, BUDGET};
use super::functions::budget;
use super::handover::{Handed, next, subject};
use super::merge;
use super::statements::{APPLY, ASK, DROP_REQUESTS, OPEN, SET_CONTEXT, TICKET_LOCKED};
use crate::error::{Code, Error};
use crate::json;
use crate::pg::call::{Answer, Call};
use crate::pg::error::Result;
use crate::pg::rows::Row;
use crate::pg::spi::{Sees, Session};
use crate::pg::trigger::{Firing, Verdict};
use crate::pg::value::Value as Sql;
use crate::phase::Phase;
use crate::privileges;
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

/// What a ticket's summary is about just now, and its phase.
struct Asked {
    present: Phase,
    target: Phase,
    handed: Handed,
}

/// What the ticket's summary is about, holding the ticket; `None` where that is not there. Needs an open session.
fn asked(
    workspace: &Workspace,
    configuration: &Configuration,
    ticket: Uuid,
) -> Result<Option<Asked>> {
    let rows = workspace.run(&TICKET_LOCKED, &[Sql::Uuid(ticket)], Sees::Snapshot)?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let present = configuration.phase_of(row.oid(1).unwrap_or(0))?;
    let context = row.json(2).as_deref().and_then(json::read);
    let (context, summary) = (context.unwrap_or(json!({})), row.text(3));
    let known = (present, context, summary.as_deref());
    let (target, handed) = subject(workspace, configuration, ticket, known)?;
    Ok(Some(Asked {
        present,
        target,
        handed,
    }))
}

/// Folds what the ticket's phase has done so far into its context, where nothing else is there to be summarized. Needs an
/// open session, and the ticket held.
fn fold_in(
    workspace: &Workspace,
    configuration: &Configuration,
    ticket: Uuid,
    present: Phase,
) -> Result<()> {
    let found = fold::block(workspace, configuration, ticket, present, Sees::Latest)?;
    let Some(found) = found else {
        return Ok(());
    };
    let _owner = workspace.as_owner();
    let rows = workspace.run(&TICKET_LOCKED, &[Sql::Uuid(ticket)], Sees::Latest)?;
    let context = rows.first().and_then(|row| row.json(2));
    let entered = next(configuration, present, present);
    let block = Some(found.block);
    let Some(folded) = fold::fold(configuration, present, block, entered, context.as_deref())
    else {
        return Ok(());
    };
    let arguments = [
        Sql::Uuid(ticket),
        Sql::json(Some(&folded.context)),
        Sql::text(Some(&folded.summary)),
    ];
    workspace.run(&SET_CONTEXT, &arguments, Sees::Latest)?;
    let phase = configuration.phases.oid(present);
    fold::keep(workspace, &[(ticket, phase, &folded.block)])
}

/// `summarize_using_llm(ticket_id, max_tokens)`
pub fn summarize_using_llm(call: &Call) -> Result<Answer> {
    let ticket = call.uuid(0, "ticket_id")?;
    let budget = budget(call, 1)?;
    let workspace = Workspace::current()?;
    let configuration = workspace.configuration()?;
    let columns = workspace.columns;
    workspace.require_update(columns.context_summary)?;
    let _session = Session::open()?;
    // With the caller's rights: a ticket that row security hides is not found. Held until the transaction
    // ends, so that two requests at once make one task.
    let not_found = || Error::not_found("ticket", ticket);
    let mut about = asked(&workspace, &configuration, ticket)?.ok_or_else(not_found)?;
    if about.handed.is_empty() {
        fold_in(&workspace, &configuration, ticket, about.present)?;
        about = asked(&workspace, &configuration, ticket)?.ok_or_else(not_found)?;
    }
    let fingerprint = about.handed.fingerprint.to_string();
    let _owner = workspace.as_owner();
    let open = workspace.run(&OPEN, &[Sql::Uuid(ticket)], Sees::Latest)?;
    let same = open
        .iter()
        .find(|row| row.text(2).as_ref() == Some(&fingerprint))
        .and_then(|row| row.uuid(1));
    let task = match same {
        Some(open) => open,
        None => {
            if !open.is_empty() {
                workspace.run(&DROP_REQUESTS, &[Sql::Uuid(ticket)], Sees::Latest)?;
            }
            let task = Uuid::now_v7();
            let phases = &configuration.phases;
            let target = phases.label(about.target);
            let request = json!({"request": {
                "max_tokens": budget, "phase_id": target, "fingerprint": fingerprint}});
            workspace.run(
                &ASK,
                &[
                    Sql::Uuid(task),
                    Sql::Uuid(ticket),
                    Sql::Oid(phases.oid(about.present)),
                    Sql::json(Some(&request.to_string())),
                    Sql::Int(i32::try_from(budget).unwrap_or(i32::MAX)),
                    Sql::text(Some(target)),
                ],
                Sees::Snapshot,
            )?;
            task
        }
    };
    let rows = workspace.run(&TASKS, &[Sql::Uuids(vec![task])], Sees::Snapshot)?;
    Ok(rows.first().and_then(|row| call.answer_found(&row)))
}

/// The label of the phase for which a summary was asked for, from a task's result.
pub fn target(result: Option<&str>) -> Option<String> {
    let result = json::read(result?)?;
    Some(result.get("request")?.get("phase_id")?.as_str()?.to_owned())
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
    let is_kind = |row: &Row<'_>| row.text(columns.kind).as_deref() == Some(KIND);
    if firing.is_update() && is_completed == was_completed && firing.is_same(columns.result) {
        return Ok(Verdict::Keep);
    }
    // A request of ours, or an import; or it brings nothing.
    if firing.is_insert() && (new.is_null(columns.result) || privileges::acts_for(workspace.owner))
    {
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

/// Refuses a summary that is over the budget that it was asked for with.
pub fn require_budget(text: &str, request: Option<&Value>) -> Result<()> {
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
    let Some(found) = self::asked(workspace, &configuration, ticket)? else {
        return Ok(false);
    };
    if found.handed.fingerprint.to_string() != asked {
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
