//! The documents in a row of `tasks`: its dependencies, capabilities and result keep their contracts.

use super::capabilities;
use super::links;
use super::result::TaskResult;
use super::row::Task;
use super::status::Status;
use super::templates::{fault, json};
use super::unsettled::{Counting, Event};
use super::upkeep::State;
use super::verdict::{self, Verdict as Review};
use crate::error::{Code, Error};
use crate::identity;
use crate::pg::error::Result;
use crate::pg::value::Value;
use crate::settings;
use uuid::Uuid;

impl Task<'_> {
    /// Brings dependencies into their canonical form and sets how many are pending: all of them, until
    /// they have been looked at at the statement's end. Gives that number.
    pub(super) fn keep_dependencies(&mut self) -> Result<i32> {
        let (firing, columns) = (self.firing, self.columns);
        let (old, new) = (firing.old_row(), firing.new_row());
        let given = new.int(columns.pending_dependencies).unwrap_or(0);
        let before = old.int(columns.pending_dependencies).unwrap_or(0);
        let mut pending = if self.is_new() { 0 } else { before };
        if self.is_written(columns.dependencies) {
            let old = old.json(columns.dependencies);
            let new = new.json(columns.dependencies);
            let ids = ids(new.as_deref())?;
            let before = ids_before(old.as_deref());
            if self.is_new() || ids != before {
                pending = i32::try_from(ids.len()).unwrap_or(i32::MAX);
            }
            if !self.is_new() && ids != before {
                self.note(Event::Linked {
                    task: self.id,
                    before: Some(before),
                });
            }
            if let Some(new) = new {
                let canonical = links::write(&ids);
                if ids.is_empty() {
                    self.changes.push((columns.dependencies, Value::Null));
                } else if canonical != new {
                    let canonical = Value::Json(canonical.into());
                    self.changes.push((columns.dependencies, canonical));
                }
            }
        }
        if given != pending && Counting::covers(&self.id) {
            pending = given;
        }
        if given != pending {
            let column = columns.pending_dependencies;
            self.changes.push((column, Value::Int(pending)));
        }
        Ok(pending)
    }

    pub(super) fn keep_capabilities(&mut self) -> Result<()> {
        let column = self.columns.required_capabilities;
        if !self.is_written(column) {
            return Ok(());
        }
        let Some(new) = self.firing.new_row().json(column) else {
            return Ok(());
        };
        let value = json("required_capabilities", Some(&new))?;
        capabilities::parse(value.as_ref())
            .map_err(|error| fault(Code::InvalidCapabilities, &error, error.detail()))?;
        if value.is_some_and(|value| value.is_null()) {
            self.changes.push((column, Value::Null));
        }
        Ok(())
    }

    /// A result keeps the contract and the size limit; JSON null, which ORMs write for none, is none. A
    /// review or summary is answered when it is completed.
    ///
    /// Nobody answers for the next holder: a task that nobody holds takes no result; and what was written for a review that
    /// changes hands, or by nobody known for a task that is put back, is gone.
    pub(super) fn keep_result(&mut self, old: Option<&State>, kept: &State) -> Result<()> {
        let status = kept.status;
        let column = self.columns.result;
        let is_written = self.is_written(column);
        let changes_hands = old.is_some_and(|old| old.agent.is_some() && old.agent != kept.agent);
        let is_nobodys =
            old.is_some_and(|old| old.agent.is_none() && old.status != Status::Pending);
        let is_put_back = is_nobodys && status == Status::Pending;
        let is_gone = || match self.kind().as_deref() {
            Some("review") => true,
            Some("work") => is_put_back,
            _ => false,
        };
        if !is_written && (changes_hands || is_put_back) && is_gone() {
            self.changes.push((column, Value::Null));
            return Ok(());
        }
        let is_completed = status == Status::Completed;
        let completes = is_completed && old.is_none_or(|old| old.status != status);
        // What was written for a task of another kind is none of this one's.
        let is_turned = !is_written && !self.is_new() && !self.firing.is_same(self.columns.kind);
        if !is_written && !is_turned && !completes {
            return Ok(());
        }
        let kind = self.kind();
        let kind = kind.as_deref().unwrap_or_default();
        let is_answer = is_completed && matches!(kind, "review" | "summary");
        if !is_written && !is_turned && !is_answer {
            return Ok(());
        }
        let text = self.firing.new_row().json(column);
        let limit = settings::max_result_bytes();
        if let Some(size) = text.as_deref().map(str::len).filter(|size| *size > limit) {
            return Err(Error::too_large(
                "result",
                size,
                "phasegate.max_result_bytes",
                limit,
            ));
        }
        let mut value = json("result", text.as_deref())?;
        if value.as_ref().is_some_and(serde_json::Value::is_null) {
            value = None;
            self.changes.push((column, Value::Null));
        }
        let value = value.as_ref();
        let is_unheld =
            kept.agent.is_none() && matches!(status, Status::Pending | Status::Completed);
        if value.is_some()
            && (is_turned || is_written && is_unheld)
            && kind != "summary"
            && !self.may_import()
        {
            return Err(Error::unheld_result(self.id, status.name()));
        }
        let result = match kind {
            "review" if is_completed => Review::parse(value).map(|_| TaskResult::default()),
            "summary" if is_completed => {
                verdict::parse_summary(value).map(|_| TaskResult::default())
            }
            _ => TaskResult::parse(value),
        };
        let result = result.map_err(|error| fault(Code::InvalidResult, &error, error.detail()))?;
        let mut collectors = result.artifacts().iter().filter_map(|one| one.collected_by);
        collectors.try_for_each(identity::require_collector)
    }
}

/// What a row waits for.
fn ids(text: Option<&str>) -> Result<Vec<Uuid>> {
    let value = json("dependencies", text)?;
    links::parse(value.as_ref())
        .map_err(|error| fault(Code::InvalidDependencies, &error, error.detail()))
}

/// What a row waited for. A row that was there when the table was adopted may hold anything.
fn ids_before(text: Option<&str>) -> Vec<Uuid> {
    let column = json("dependencies", text).ok().flatten();
    column.as_ref().map(links::known).unwrap_or_default()
}
