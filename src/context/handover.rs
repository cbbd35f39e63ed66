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

    fn applied(&self, workspace: &Workspace, ticket: Uuid) -> Result<Option<String>> {
        if self
            .context
            .as_object()
            .is_none_or(serde_json::Map::is_empty)
        {
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
