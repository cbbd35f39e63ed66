//! What an agent is given of a ticket together with the task it claimed.

use super::brief;
use crate::context::handover as context;
use crate::pg::error::Result;
use crate::pg::value::Value;
use crate::workspace::{Configuration, Workspace};
use uuid::Uuid;

/// The context and the summary that a claimed task comes with, of its ticket's `whole` context: what the phases before the
/// task's left. For a review, the context also holds what is to be judged, under the key `review`.
pub fn handover(
    workspace: &Workspace,
    configuration: &Configuration,
    ticket: Uuid,
    whole: Option<String>,
    phase: u32,
    is_review: bool,
) -> Result<(Value<'static>, Value<'static>)> {
    let handed = match whole {
        None => None,
        Some(whole) => {
            let target = configuration.phase_of(phase)?;
            context::handover(workspace, configuration, ticket, Some(&whole), target)?
        }
    };
    let (context, summary) = handed.unzip();
    let context = if is_review {
        let brief = brief::of_phase(workspace, ticket, phase)?;
        Some(brief::beside(context.as_deref(), &brief))
    } else {
        context
    };
    Ok((
        context.map_or(Value::Null, |context| Value::Json(context.into())),
        summary.map_or(Value::Null, |summary| Value::Text(summary.into())),
    ))
}
