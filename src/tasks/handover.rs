//! What an agent is given of a ticket together with the task it claimed.

use super::statements::{BRIEF, CLAIMED_CONTEXT, CLAIMED_PHASE};
use crate::context::handover as context;
use crate::pg::error::Result;
use crate::pg::spi::{Row, Sees};
use crate::pg::value::Value;
use crate::workspace::{Configuration, Workspace};

/// The context and the summary that a claimed task comes with: what the phases before the task's left. For
/// a review, the context also holds what is to be judged, under the key `review`. From a claimed row of
/// [`super::statements::CLAIM`].
pub fn handover(
    workspace: &Workspace,
    configuration: &Configuration,
    claimed: &Row<'_>,
) -> Result<(Value<'static>, Value<'static>)> {
    let ticket = claimed.uuid(2).unwrap_or_default();
    let whole = claimed.json(CLAIMED_CONTEXT);
    let phase = claimed.oid(CLAIMED_PHASE).unwrap_or(0);
    let handed = match whole {
        None => None,
        Some(whole) => {
            let target = configuration.phase_of(phase)?;
            context::handover(workspace, configuration, ticket, Some(&whole), target)?
        }
    };
    let (context, summary) = handed.unzip();
    let context = if claimed.text(4).as_deref() == Some("review") {
        let _owner = workspace.as_owner();
        let context = Value::json(context.as_deref());
        let rows = workspace.run(
            &BRIEF,
            &[Value::Uuid(ticket), Value::Oid(phase), context],
            Sees::Snapshot,
        )?;
        rows.first().and_then(|row| row.json(1))
    } else {
        context
    };
    Ok((
        context.map_or(Value::Null, |context| Value::Json(context.into())),
        summary.map_or(Value::Null, |summary| Value::Text(summary.into())),
    ))
}
