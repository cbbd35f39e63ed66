//! What an agent is given of a ticket together with the task it claimed.

use super::brief;
use crate::context::{handover as context, llm};
use crate::gates::rework;
use crate::pg::error::Result;
use crate::pg::value::Value;
use crate::workspace::{Configuration, Workspace};
use uuid::Uuid;

/// What of the ticket a task is about.
pub enum Wants {
    /// What the phases before left.
    Context,
    /// The same, and what is to be judged.
    Review,
    /// The same, and what the reviewer said.
    Rework,
    /// What is to be summarized: for the phase of this label, where the request says one.
    Summary(Option<String>),
}

impl Wants {
    /// What a task of this kind and type is about; its `result`, read where it is needed, holds what was asked for.
    pub fn of(
        kind: Option<&str>,
        task_type: Option<&str>,
        result: impl FnOnce() -> Option<String>,
    ) -> Self {
        match (kind, task_type) {
            (Some("review"), _) => Wants::Review,
            (Some("summary"), _) => Wants::Summary(llm::target(result().as_deref())),
            (Some("work"), Some(rework::TASK_TYPE)) => Wants::Rework,
            _ => Wants::Context,
        }
    }
}

/// The context and the summary that a claimed task comes with, of its ticket's `whole` context: what the phases before the
/// task's left. Under the key `review` the context also holds what a reviewer is to judge, or what the reviewer said.
pub fn handover(
    workspace: &Workspace,
    configuration: &Configuration,
    ticket: Uuid,
    whole: Option<String>,
    phase: u32,
    wants: &Wants,
) -> Result<(Value<'static>, Value<'static>)> {
    let target = match wants {
        Wants::Summary(Some(label)) => configuration.phases.by_label(label),
        _ => None,
    };
    let handed = match whole {
        None => None,
        Some(whole) => {
            let target = target.map_or_else(|| configuration.phase_of(phase), Ok)?;
            context::handover(workspace, configuration, ticket, Some(&whole), target)?
        }
    };
    let (context, summary) = handed.unzip();
    let review = match wants {
        Wants::Review => Some(brief::of_phase(workspace, ticket, phase)?),
        Wants::Rework => brief::of_rejection(workspace, ticket, phase)?,
        Wants::Context | Wants::Summary(_) => None,
    };
    let context = match review {
        Some(review) => Some(brief::beside(context.as_deref(), &review)),
        None => context,
    };
    Ok((
        context.map_or(Value::Null, |context| Value::Json(context.into())),
        summary.map_or(Value::Null, |summary| Value::Text(summary.into())),
    ))
}
