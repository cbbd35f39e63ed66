//! The SQL functions of the context room. Who may see a ticket may see what its phases handed on.

use super::fold::{self, BUDGET};
use super::handover::{Handed, next};
use super::merge;
use super::statements::{SET_CONTEXT, TICKET, TICKET_CONTEXT, TICKET_LOCKED};
use super::summary::{key_points, summarize};
use crate::error::{Code, Error};
use crate::json;
use crate::pg::call::{Answer, Call};
use crate::pg::error::Result;
use crate::pg::spi::{Sees, Session};
use crate::pg::value::Value as Sql;
use crate::phase::Phase;
use crate::settings;
use crate::workspace::{Configuration, Statement, Workspace};
use serde_json::{Value, json};
use std::rc::Rc;
use uuid::Uuid;

fn context_argument(call: &Call) -> Result<Value> {
    let text = call
        .optional_json(0)
        .ok_or_else(|| Error::null_argument("context"))?;
    json::read(&text).ok_or_else(|| {
        Error::invalid_argument(
            "context is nested too deeply",
            "At most 127 levels of objects and arrays are read.",
        )
    })
}

/// A budget argument: at least one token.
pub fn budget(call: &Call, index: usize) -> Result<usize> {
    let given = call.int(index, "max_tokens")?;
    usize::try_from(given)
        .ok()
        .filter(|budget| *budget > 0)
        .ok_or_else(|| {
            Error::invalid_argument("max_tokens must be at least 1", format!("It is {given}."))
        })
}

/// `summarize_context(context, max_tokens)`
pub fn summarize_context(call: &Call) -> Result<Answer> {
    let context = context_argument(call)?;
    let budget = budget(call, 1)?;
    let text = summarize(&context, Some(budget), settings::encoding(), None);
    Ok(call.answer(&Sql::text(Some(&text))))
}

/// `summarize_structured(context)`
pub fn summarize_structured(call: &Call) -> Result<Answer> {
    let context = context_argument(call)?;
    let text = summarize(&context, None, settings::encoding(), None);
    Ok(call.answer(&Sql::text(Some(&text))))
}

/// `extract_key_points(context)`
pub fn extract_key_points(call: &Call) -> Result<Answer> {
    let context = context_argument(call)?;
    let points = key_points(&context, None).into_iter().map(Some).collect();
    Ok(call.answer(&Sql::Texts(points)))
}

/// `count_tokens(content)`
pub fn count_tokens(call: &Call) -> Result<Answer> {
    let text = call.text(0, "content")?;
    let count = settings::encoding().count(&text);
    Ok(call.answer(&Sql::Int(i32::try_from(count).unwrap_or(i32::MAX))))
}

/// A ticket that the caller may see.
struct Ticket {
    workspace: Rc<Workspace>,
    configuration: Rc<Configuration>,
    id: Uuid,
    phase: Phase,
    context: Option<String>,
    summary: Option<String>,
    updated_at: i64,
}

impl Ticket {
    fn of_call(call: &Call, statement: &'static Statement, sees: Sees) -> Result<Self> {
        let id = call.uuid(0, "ticket_id")?;
        let workspace = Workspace::current()?;
        let configuration = workspace.configuration()?;
        let _session = Session::open()?;
        let rows = workspace.run(statement, &[Sql::Uuid(id)], sees)?;
        let row = rows.first().ok_or_else(|| Error::not_found("ticket", id))?;
        Ok(Ticket {
            id,
            phase: configuration.phase_of(row.oid(1).unwrap_or(0))?,
            context: row.json(2),
            summary: row.text(3),
            updated_at: row.big(4).unwrap_or(0),
            workspace,
            configuration,
        })
    }

    fn phase_argument(&self, call: &Call, index: usize) -> Result<Phase> {
        match call.optional_text(index) {
            Some(label) => self.configuration.phase(&label),
            None => Ok(self.phase),
        }
    }

    fn parsed_context(&self) -> Result<Value> {
        match self.context.as_deref().map(json::read) {
            None => Ok(json!({})),
            Some(Some(context)) => Ok(context),
            Some(None) => Err(Error::new(
                Code::InvalidArgument,
                "the ticket's context is nested too deeply",
            )
            .detail(format!(
                "The context of ticket {} has more than 127 levels.",
                self.id
            ))),
        }
    }

    fn block(&self, phase: Phase, sees: Sees) -> Result<Option<Value>> {
        let found = fold::block(&self.workspace, &self.configuration, self.id, phase, sees)?;
        Ok(found.map(|found| found.block))
    }

    /// What the phases before `target` left, and its summary within the budget.
    fn handed_to(&self, target: Phase, budget: usize) -> Result<(Value, String)> {
        let handed = Handed::new(&self.configuration, self.parsed_context()?, target);
        let summary = handed.summary(&self.workspace, &self.configuration, self.id, budget)?;
        Ok((handed.context, summary))
    }
}

/// `aggregate_phase_context(ticket_id, phase_id)`
pub fn aggregate_phase_context(call: &Call) -> Result<Answer> {
    let ticket = Ticket::of_call(call, &TICKET, Sees::Caller)?;
    let phase = ticket.phase_argument(call, 1)?;
    let found = ticket.block(phase, Sees::Caller)?;
    let block = found.unwrap_or_else(|| merge::phase_block(&[], &[]));
    Ok(call.answer(&Sql::Json(block.to_string().into())))
}

/// `get_context_for_phase(ticket_id, target_phase, max_tokens)`
pub fn get_context_for_phase(call: &Call) -> Result<Answer> {
    let ticket = Ticket::of_call(call, &TICKET, Sees::Caller)?;
    let target = ticket.phase_argument(call, 1)?;
    let (context, summary) = ticket.handed_to(target, budget(call, 2)?)?;
    let context = merge::with_summary(context, summary);
    Ok(call.answer(&Sql::Json(context.to_string().into())))
}

/// `context_summary(ticket_id, max_tokens)`
pub fn context_summary(call: &Call) -> Result<Answer> {
    let ticket = Ticket::of_call(call, &TICKET, Sees::Caller)?;
    let (_, summary) = ticket.handed_to(ticket.phase, budget(call, 1)?)?;
    Ok(call.answer(&Sql::text(Some(&summary))))
}

/// `update_ticket_context(ticket_id, phase_id)`
pub fn update_ticket_context(call: &Call) -> Result<Answer> {
    let ticket = Ticket::of_call(call, &TICKET_LOCKED, Sees::Snapshot)?;
    let phase = ticket.phase_argument(call, 1)?;
    let found = ticket.block(phase, Sees::Latest)?;
    let folded = fold::fold(
        &ticket.configuration,
        phase,
        found,
        next(&ticket.configuration, ticket.phase, phase),
        ticket.context.as_deref(),
    );
    let Some(folded) = folded else {
        return Ok(None);
    };
    let _session = Session::open()?;
    ticket.workspace.run(
        &SET_CONTEXT,
        &[
            Sql::Uuid(ticket.id),
            Sql::json(Some(&folded.context)),
            Sql::text(Some(&folded.summary)),
        ],
        Sees::Snapshot,
    )?;
    let _owner = ticket.workspace.as_owner();
    let phase = ticket.configuration.phases.oid(phase);
    fold::keep(&ticket.workspace, &[(ticket.id, phase, &folded.block)])?;
    Ok(None)
}

/// `ticket_context(ticket_id)`
pub fn ticket_context(call: &Call) -> Result<Answer> {
    let ticket = Ticket::of_call(call, &TICKET, Sees::Caller)?;
    let summary = match &ticket.summary {
        Some(summary) => Some(summary.clone()),
        // A context that cannot be read can still be shown, if not summarized.
        None if ticket.context.as_deref().and_then(json::read).is_some() => {
            Some(ticket.handed_to(ticket.phase, BUDGET)?.1)
        }
        None => None,
    };
    let _session = Session::open()?;
    let _owner = ticket.workspace.as_owner();
    let rows = ticket.workspace.run(
        &TICKET_CONTEXT,
        &[
            Sql::Uuid(ticket.id),
            Sql::json(ticket.context.as_deref()),
            Sql::text(summary.as_deref()),
            Sql::Time(ticket.updated_at),
        ],
        Sees::Caller,
    )?;
    let object = rows.first().and_then(|row| row.json(1));
    Ok(call.answer(&Sql::json(object.as_deref())))
}
