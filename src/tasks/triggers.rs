//! The triggers on `tasks` and `task_templates`, by which a direct INSERT, UPDATE, DELETE or COPY obeys
//! what the functions obey.

use super::capabilities;
use super::columns::{Columns, TemplateColumns};
use super::row::Task;
use super::settle;
use super::template::Template;
use super::templates::{self, Templates, fault, json};
use super::unsettled::{self, Counting, Event};
use crate::context::{llm, scout};
use crate::error::Code;
use crate::gates::{reviewers, rework, triggers as gates};
use crate::limits;
use crate::pg::error::Result;
use crate::pg::lock::{self, Purpose};
use crate::pg::spi::Session;
use crate::pg::trigger::{Each, Firing, On, Verdict, When};
use crate::workspace::Workspace;

/// BEFORE INSERT OR UPDATE on `tasks`: one trigger for all the rules about a row, since to fire another costs more than
/// most of them.
pub fn keep(firing: &Firing) -> Result<Verdict> {
    firing.require(When::Before, Each::Row, &[On::Insert, On::Update])?;
    let workspace = Workspace::of_firing(firing, "tasks")?;
    scout::forget();
    let columns = Columns::of(firing.table())?;
    let task = Task::of(firing, &columns, workspace.schema)?;
    if task.is_as_it_was() {
        return Ok(Verdict::Keep);
    }
    if firing.is_update() && !columns.stay(firing) {
        gates::withdraw(firing, &workspace, &columns)?;
    }
    // Of the row as it came, which is read faster: what these look at stays as it is.
    let kind = firing.new_row().text(columns.kind);
    let produced = produced(firing, &columns);
    let kept = task.keep()?;
    if let Some(event) = produced {
        unsettled::note(workspace.schema, firing.table(), event);
    }
    let check = match kind.as_deref() {
        Some("review") => reviewers::check_verdict,
        Some("summary") => llm::take_summary,
        Some("work") if is_rework(firing, &columns) => gates::rework_done,
        _ => return Ok(kept),
    };
    firing.go_on_with(&kept);
    check(firing, &workspace, &columns)
}

fn is_rework(firing: &Firing, columns: &Columns) -> bool {
    firing.new_row().text(columns.task_type).as_deref() == Some(rework::TASK_TYPE)
}

/// An UPDATE that completes a task with artifacts in its result, or gives a completed one another result.
fn produced(firing: &Firing, columns: &Columns) -> Option<Event> {
    if !firing.is_update() {
        return None;
    }
    let row = firing.new_row();
    let is_news = columns.is_completed(firing, "work")
        && !(columns.was_completed(firing, "work") && firing.is_same(columns.result))
        && row.has_key(columns.result, "artifacts");
    if !is_news {
        return None;
    }
    let (ticket, task) = row.uuid(columns.ticket_id).zip(row.uuid(columns.id))?;
    Some(Event::Produced { ticket, task })
}

/// AFTER INSERT of a task with dependencies, and AFTER DELETE, on `tasks`: notes what is to be settled. What
/// an UPDATE leaves to be settled [`keep`] has noted: it always updates the row that it fires for.
pub fn note(firing: &Firing) -> Result<Verdict> {
    firing.require(When::After, Each::Row, &[On::Insert, On::Delete])?;
    let workspace = Workspace::of_firing(firing, "tasks")?;
    let columns = Columns::of(firing.table())?;
    let event = if firing.is_row_delete() {
        let row = firing.old_row();
        row.uuid(columns.id)
            .zip(row.uuid(columns.ticket_id))
            .map(|(task, ticket)| Event::Done { ticket, task })
    } else {
        // What generation writes it has looked at itself.
        firing
            .new_row()
            .uuid(columns.id)
            .filter(|task| !Counting::covers(task))
            .map(|task| Event::Linked { task, before: None })
    };
    if let Some(event) = event {
        unsettled::note(workspace.schema, firing.table(), event);
    }
    Ok(Verdict::Keep)
}

/// AFTER INSERT OR UPDATE OR DELETE on `tasks`, once a statement: settles what was noted. Where `tasks` is partitioned or a
/// partition, also for each row, since a statement may name another table.
pub fn settle(firing: &Firing) -> Result<Verdict> {
    let events = [On::Insert, On::Update, On::Delete];
    firing.require(When::After, firing.trigger().level(), &events)?;
    let workspace = Workspace::of_firing(firing, "tasks")?;
    if unsettled::is_empty() {
        return Ok(Verdict::Keep);
    }
    let events = unsettled::take(workspace.schema);
    if !events.is_empty() {
        settle::settle(&workspace, events)?;
    }
    Ok(Verdict::Keep)
}

/// BEFORE INSERT OR UPDATE on `task_templates`: refuses what could not be rendered or read.
pub fn check_template(firing: &Firing) -> Result<Verdict> {
    firing.require(When::Before, Each::Row, &[On::Insert, On::Update])?;
    Workspace::of_firing(firing, "task_templates")?;
    firing.require_all_within(&[
        ("task_type", limits::NAME),
        ("template_description", limits::CONFIGURED),
        ("required_capabilities", limits::CONFIGURED),
        ("dependencies_template", limits::CONFIGURED),
    ])?;
    let columns = TemplateColumns::of(firing.table())?;
    let row = firing.new_row();
    let json_text = |column| row.json(column);
    if let Some(text) = row.text(columns.template_description) {
        Template::parse(&text)
            .map_err(|error| fault(Code::InvalidTemplate, &error, error.detail()))?;
    }
    let required = json_text(columns.required_capabilities);
    let required = json("required_capabilities", required.as_deref())?;
    capabilities::parse(required.as_ref())
        .map_err(|error| fault(Code::InvalidCapabilities, &error, error.detail()))?;
    templates::depends_on(json_text(columns.dependencies_template).as_deref())?;
    Ok(Verdict::Keep)
}

/// AFTER INSERT OR UPDATE OR DELETE on `task_templates`, once a statement: each phase's templates fit together.
pub fn check_templates(firing: &Firing) -> Result<Verdict> {
    let events = [On::Insert, On::Update, On::Delete];
    firing.require(When::After, Each::Statement, &events)?;
    let workspace = Workspace::of_firing(firing, "task_templates")?;
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    // One change of templates at a time, until the transaction ends: two that each look right by themselves may form a
    // cycle together.
    lock::table(workspace.table("task_templates")?, Purpose::Alone);
    Templates::read(&workspace)?.check()?;
    Ok(Verdict::Keep)
}
