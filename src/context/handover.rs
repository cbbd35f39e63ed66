//! What a phase is handed: the context that the phases before it left, and a summary of it.

use super::fold::{BUDGET, before, order};
use super::merge;
use super::statements::APPLIED;
use super::summary::summarize;
use crate::json;
use crate::pg::error::Result;
use crate::pg::spi::{Sees, Session};
use crate::pg::value::Value as Sql;
use crate::phase::Phase;
use crate::settings;
use crate::workspace::{Configuration, Workspace};
use serde_json::Value;
use uuid::Uuid;

/// A ticket's context as one phase is to see it.
pub struct Handed {
    /// What the phases before left.
    pub context: Value,
    /// Which content this is, for this phase: changes with either.
    pub fingerprint: Uuid,
}

impl Handed {
    /// What `target` is to see of a ticket's whole context.
    pub fn new(configuration: &Configuration, context: Value, target: Phase) -> Self {
        let context = before(configuration, context, target);
        let label = configuration.phases.label(target);
        let fingerprint = Uuid::new_v5(
            &Uuid::NAMESPACE_OID,
            format!("{label}\n{context}").as_bytes(),
        );
        Handed {
            context,
            fingerprint,
        }
    }

    /// The summary within the budget: one that an outside summarizer made of this very content, where it
    /// fits, else the structured one.
    pub fn summary(
        &self,
        workspace: &Workspace,
        configuration: &Configuration,
        ticket: Uuid,
        budget: usize,
    ) -> Result<String> {
        let encoding = settings::encoding();
        if let Some(applied) = self.applied(workspace, ticket)?
            && encoding.fits(&applied, budget)
        {
            return Ok(applied);
        }
        let order = order(configuration);
        Ok(summarize(
            &self.context,
            Some(budget),
            encoding,
            Some(&order),
        ))
    }

    /// Whether there is nothing to summarize.
    pub fn is_empty(&self) -> bool {
        let blocks = self.context.as_object();
        blocks.is_none_or(serde_json::Map::is_empty)
    }

    fn applied(&self, workspace: &Workspace, ticket: Uuid) -> Result<Option<String>> {
        if self.is_empty() {
            return Ok(None);
        }
        let _session = Session::open()?;
        let _owner = workspace.as_owner();
        let fingerprint = self.fingerprint.to_string();
        let rows = workspace.run(
            &APPLIED,
            &[Sql::Uuid(ticket), Sql::text(Some(&fingerprint))],
            Sees::Caller,
        )?;
        Ok(rows.first().and_then(|row| row.text(1)))
    }
}

/// Who the summary of a ticket in phase `present` is for once `phase` is folded in: the phase after it and after the ticket's
/// own. A blocked ticket, or one that has no phase ahead, is summarized as a whole, as for the blocked phase.
pub fn next(configuration: &Configuration, present: Phase, phase: Phase) -> Phase {
    let phases = &configuration.phases;
    let last = phase.max(present);
    let mut ahead = phases.sequence().filter(|candidate| *candidate > last);
    let next = if phases.is_blocked(present) {
        None
    } else {
        ahead.next()
    };
    next.or(phases.blocked()).unwrap_or(present)
}

/// What a ticket's `context_summary` is about, and the phase that it is for: what the phases before left; or, once what the
/// ticket's phase has done so far was folded in, that too.
pub fn subject(
    workspace: &Workspace,
    configuration: &Configuration,
    ticket: Uuid,
    (present, context, summary): (Phase, Value, Option<&str>),
) -> Result<(Phase, Handed)> {
    let next = next(configuration, present, present);
    let here = Handed::new(configuration, context.clone(), present);
    let ahead = Handed::new(configuration, context, next);
    let is_about_ahead = here.context != ahead.context
        && (here.is_empty()
            || summary == Some(&ahead.summary(workspace, configuration, ticket, BUDGET)?));
    Ok(if is_about_ahead {
        (next, ahead)
    } else {
        (present, here)
    })
}

/// The context and summary that come with a claimed task of `target`, as JSON text and text; nothing
/// where the ticket has no context, or one that is nested too deeply to be read.
pub fn handover(
    workspace: &Workspace,
    configuration: &Configuration,
    ticket: Uuid,
    context: Option<&str>,
    target: Phase,
) -> Result<Option<(String, String)>> {
    let Some(context) = context.and_then(json::read) else {
        return Ok(None);
    };
    let handed = Handed::new(configuration, context, target);
    let summary = handed.summary(workspace, configuration, ticket, BUDGET)?;
    let context = merge::with_summary(handed.context, summary.clone());
    Ok(Some((context.to_string(), summary)))
}
