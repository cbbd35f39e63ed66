//! The triggers that keep evidence honest: on artifacts, on requirements, and on tasks as far as gates look at them.
//!
//! Whoever changes evidence holds the ticket until the transaction ends, and so does a transition. So a
//! transition either sees the change or was decided before it.

use super::check::parse_row;
use super::criteria::descents;
use super::record::{collect, hold};
use super::reviewers::require_reviewer;
use super::rework;
use super::statements::{HOLD_NEW, HOLD_TICKETS_OF_NEW};
use crate::clock;
use crate::context::scout;
use crate::error::{Code, Error};
use crate::identity;
use crate::limits;
use crate::pg::apart::apart;
use crate::pg::error::Result;
use crate::pg::rows::Row;
use crate::pg::spi::{Sees, Session};
use crate::pg::trigger::{Each, Firing, On, Verdict, When};
use crate::pg::value::{Type, Value as Sql};
use crate::privileges;
use crate::settings;
use crate::tasks::TaskColumns;
use crate::workspace::archiving::Archiving;
use crate::workspace::{Workspace, run_once};

/// BEFORE INSERT, UPDATE, DELETE on `phase_gate_artifacts`.
///
/// The columns that say what counts are phasegate's: an artifact is as new as its last change, and newer
/// than any review before it; only a regression supersedes it.
pub fn artifact_changes(firing: &Firing) -> Result<Verdict> {
    let events = [On::Insert, On::Update, On::Delete];
    firing.require(When::Before, Each::Row, &events)?;
    scout::forget();
    let workspace = Workspace::of_firing(firing, "phase_gate_artifacts")?;
    let ticket = firing.column("ticket_id")?;
    let phase = firing.column("phase_id")?;
    let superseded_at = firing.column("superseded_at")?;
    let (old, new) = (firing.old_row(), firing.new_row());
    let hold_of = |row: &Row<'_>| {
        let phase = row.phase(phase, workspace.phase_type);
        hold(&workspace, row.uuid(ticket), phase)
    };
    if firing.is_row_delete() {
        if Archiving::covers(workspace.schema, old.uuid(ticket)) {
            return Ok(Verdict::Keep);
        }
        hold_of(old)?;
        return Ok(Verdict::Keep);
    }
    let is_owner = privileges::acts_for(workspace.owner);
    let collector = firing.column("collected_by")?;
    let by = new.text(collector);
    let named = if firing.is_update() && (by.is_none() || old.text(collector) == by) {
        by.clone()
    } else {
        if let Some(name) = by.as_deref().filter(|_| !is_owner) {
            identity::require_readable("collected_by", name)?;
        }
        identity::require_same("collected_by", by.clone())?
    };
    // Whether it is superseded is a transition's doing, which holds the ticket already.
    if is_owner && firing.is_update() && !firing.is_same(superseded_at) {
        return Ok(Verdict::Keep);
    }
    firing.require_all_within(&[
        ("artifact_type", limits::NAME),
        ("artifact_path", limits::PATH),
        ("collected_by", limits::NAME),
    ])?;
    if let Some(content) = new.json(firing.column("artifact_content")?) {
        let size = content.len();
        let limit = settings::max_result_bytes();
        if size > limit {
            return Err(Error::too_large(
                "artifact_content",
                size,
                "phasegate.max_result_bytes",
                limit,
            ));
        }
    }
    if firing.is_update() {
        hold_of(old)?;
    }
    let reviewed_at = hold_of(new)?;
    let now = clock::now().max(reviewed_at.map_or(i64::MIN, |at| at.saturating_add(1)));
    let mut changes = vec![
        (firing.column("collected_at")?, Sql::Time(now)),
        (
            firing.column("db_role")?,
            Sql::Name(identity::db_role().into()),
        ),
        (
            firing.column("acting_role")?,
            Sql::Name(identity::acting_role().into()),
        ),
    ];
    if named != by {
        changes.push((collector, Sql::Text(named.unwrap_or_default().into())));
    }
    if !is_owner {
        let kept = if firing.is_update() {
            old.value(superseded_at)
        } else {
            Sql::Null
        };
        changes.push((superseded_at, kept));
    }
    Ok(firing.with(&changes))
}

/// BEFORE INSERT OR UPDATE on `phase_gate_requirements`: a typo must never let tickets through.
pub fn requirements_check(firing: &Firing) -> Result<Verdict> {
    firing.require(When::Before, Each::Row, &[On::Insert, On::Update])?;
    Workspace::of_firing(firing, "phase_gate_requirements")?;
    firing.require_all_within(&[
        ("required_artifacts", limits::DOCUMENT),
        ("validation_criteria", limits::DOCUMENT),
    ])?;
    let row = firing.new_row();
    let artifacts = row.texts(firing.column("required_artifacts")?);
    let criteria = row.json(firing.column("validation_criteria")?);
    let requirements = parse_row(
        &artifacts.unwrap_or_default(),
        row.bool(firing.column("required_tasks_completed")?),
        criteria.as_deref(),
        row.bool(firing.column("requires_review")?),
    )?;
    for (artifact_type, path) in requirements.jsonpaths() {
        // On save only: a gate that was configured before goes on.
        if descents(path) > 1 {
            return Err(
                Error::new(Code::InvalidRequirements, "invalid validation_criteria").detail(
                    format!("The jsonpath of \"{artifact_type}\" uses .** (all levels) more than once, which may take very long."),
                ),
            );
        }
        // PostgreSQL's own judgement.
        let read = || {
            let _session = Session::open()?;
            let path = Sql::text(Some(path));
            run_once("SELECT $1::pg_catalog.jsonpath", &[(Type::Text, path)]).map(drop)
        };
        if let Err(problem) = apart(read) {
            return Err(
                Error::new(Code::InvalidRequirements, "invalid validation_criteria").detail(
                    format!("The jsonpath of \"{artifact_type}\" is invalid: {problem}."),
                ),
            );
        }
    }
    Ok(Verdict::Keep)
}

/// AFTER INSERT on `tasks`, once a statement: new work is evidence against the phase being done, and waits where its ticket
/// does.
pub fn tasks_added(firing: &Firing) -> Result<Verdict> {
    firing.require(When::After, Each::Statement, &[On::Insert])?;
    firing.require_new_table("changed")?;
    let workspace = Workspace::of_firing(firing, "tasks")?;
    let _session = Session::open()?;
    firing.name_transition_tables()?;
    let _owner = workspace.as_owner();
    let rows = workspace.run(&HOLD_TICKETS_OF_NEW, &[], Sees::Snapshot)?;
    let configuration = workspace.configuration()?;
    let phases = &configuration.phases;
    let found = rows.iter().filter_map(|row| phases.by_oid(row.oid(1)?));
    let stopping: Vec<u32> = found
        .filter(|phase| phases.kind(*phase).stops_work())
        .map(|phase| phases.oid(phase))
        .collect();
    if !stopping.is_empty() {
        let stopping = Sql::Enums(workspace.phase_type, stopping);
        workspace.run(&HOLD_NEW, &[stopping], Sees::Latest)?;
    }
    Ok(Verdict::Keep)
}

/// BEFORE DELETE on `tasks`.
pub fn task_withdrawn(firing: &Firing) -> Result<Verdict> {
    firing.require(When::Before, Each::Row, &[On::Delete])?;
    let workspace = Workspace::of_firing(firing, "tasks")?;
    let columns = TaskColumns::of(firing.table())?;
    if Archiving::covers(workspace.schema, firing.old_row().uuid(columns.ticket_id)) {
        return Ok(Verdict::Keep);
    }
    withdraw(firing, &workspace, &columns)?;
    Ok(Verdict::Keep)
}

/// A task is about to be deleted, or to be taken to another ticket, phase or kind.
pub fn withdraw(firing: &Firing, workspace: &Workspace, columns: &TaskColumns) -> Result<()> {
    let hold_of = |row: &Row<'_>| {
        let phase = row.phase(columns.phase_id, workspace.phase_type);
        hold(workspace, row.uuid(columns.ticket_id), phase)
    };
    if columns.are(firing.old_row(), "review") {
        require_reviewer(workspace)?;
    }
    hold_of(firing.old_row())?;
    if firing.is_update() {
        hold_of(firing.new_row())?;
    }
    Ok(())
}

/// Before a row of `tasks` is written that completes rework: that is evidence, later than any verdict before it.
pub fn rework_done(
    firing: &Firing,
    workspace: &Workspace,
    columns: &TaskColumns,
) -> Result<Verdict> {
    let row = firing.new_row();
    let is_imported = firing.is_insert() && privileges::acts_for(workspace.owner);
    if is_imported
        || !columns.is_completed(firing, "work")
        || columns.was_completed(firing, "work")
        || row.text(columns.task_type).as_deref() != Some(rework::TASK_TYPE)
    {
        return Ok(Verdict::Keep);
    }
    let phase = row.phase(columns.phase_id, workspace.phase_type);
    let reviewed_at = hold(workspace, row.uuid(columns.ticket_id), phase)?;
    let given = row.time(columns.completed_at).unwrap_or_else(clock::now);
    let at = given.max(reviewed_at.map_or(i64::MIN, |at| at.saturating_add(1)));
    Ok(firing.with(&[(columns.completed_at, Sql::Time(at))]))
}

/// AFTER INSERT on `tasks` of a completed task with artifacts in its result: collects them.
pub fn task_completed(firing: &Firing) -> Result<Verdict> {
    firing.require(When::After, Each::Row, &[On::Insert])?;
    let workspace = Workspace::of_firing(firing, "tasks")?;
    let columns = TaskColumns::of(firing.table())?;
    if !columns.is_completed(firing, "work")
        || !firing.new_row().has_key(columns.result, "artifacts")
    {
        return Ok(Verdict::Keep);
    }
    let ticket = firing.new_row().uuid(columns.ticket_id);
    let task = firing.new_row().uuid(columns.id);
    if let Some(ticket) = ticket {
        let _session = Session::open()?;
        let _owner = workspace.as_owner();
        collect(&workspace, ticket, None, task)?;
    }
    Ok(Verdict::Keep)
}
