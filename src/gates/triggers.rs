//! The triggers that keep evidence honest: on artifacts, on requirements, and on tasks as far as gates look at them.
//!
//! Whoever changes evidence holds the ticket until the transaction ends, and so does a transition. So a
//! transition either sees the change or was decided before it.

use super::check::parse_row;
use super::criteria::descents;
use super::record::{collect, hold};
use super::statements::{HOLD_TICKETS_OF_NEW, REVIEW_TIMES};
use crate::context::scout;
use crate::error::{Code, Error};
use crate::json;
use crate::limits;
use crate::pg::error::Result;
use crate::pg::spi::{Sees, Session};
use crate::pg::trigger::{Each, FiredRow, Firing, On, Verdict, When};
use crate::pg::value::Value as Sql;
use crate::pg::{clock, jsonpath, role};
use crate::settings;
use crate::tasks::verdict::Verdict as Review;
use crate::tasks::{TOOK_PART, TaskColumns};
use crate::workspace::Workspace;
use uuid::Uuid;

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
    let hold_of = |row: FiredRow<'_>| {
        let phase = row.phase(phase, workspace.phase_type);
        hold(&workspace, row.uuid(ticket), phase)
    };
    if firing.is_row_delete() {
        hold_of(old)?;
        return Ok(Verdict::Keep);
    }
    let is_owner = role::acts_for(workspace.owner);
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
            Sql::Name(role::session_name().into()),
        ),
        (
            firing.column("acting_role")?,
            Sql::Name(role::acting_name().into()),
        ),
    ];
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
                    format!("The jsonpath of \"{artifact_type}\" goes down through all levels (.**) more than once, which may take for ever."),
                ),
            );
        }
        if let Err(problem) = jsonpath::check(path) {
            return Err(
                Error::new(Code::InvalidRequirements, "invalid validation_criteria").detail(
                    format!("The jsonpath of \"{artifact_type}\" is invalid: {problem}."),
                ),
            );
        }
    }
    Ok(Verdict::Keep)
}

/// AFTER INSERT on `tasks`, once a statement: new work is evidence against the phase being done.
pub fn tasks_added(firing: &Firing) -> Result<Verdict> {
    firing.require(When::After, Each::Statement, &[On::Insert])?;
    firing.require_new_table("changed")?;
    let workspace = Workspace::of_firing(firing, "tasks")?;
    let _session = Session::open()?;
    firing.name_transition_tables()?;
    let _owner = workspace.as_owner();
    workspace.run(&HOLD_TICKETS_OF_NEW, &[], Sees::Snapshot)?;
    Ok(Verdict::Keep)
}

/// BEFORE DELETE on `tasks`.
pub fn task_withdrawn(firing: &Firing) -> Result<Verdict> {
    firing.require(When::Before, Each::Row, &[On::Delete])?;
    let workspace = Workspace::of_firing(firing, "tasks")?;
    let columns = TaskColumns::of(firing.table())?;
    withdraw(firing, &workspace, &columns)?;
    Ok(Verdict::Keep)
}

/// A task is about to be deleted, or to be taken to another ticket, phase or kind.
pub fn withdraw(firing: &Firing, workspace: &Workspace, columns: &TaskColumns) -> Result<()> {
    let hold_of = |row: FiredRow<'_>| {
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

fn require_reviewer(workspace: &Workspace) -> Result<()> {
    let table = workspace.table("phase_gate_results")?;
    role::require(role::Privilege::Insert, table, "phase_gate_results")
}

/// Before a row of `tasks` is written that may record a review's verdict, however it arrives: its shape, the privilege, the
/// reviewer's independence.
pub fn check_verdict(
    firing: &Firing,
    workspace: &Workspace,
    columns: &TaskColumns,
) -> Result<Verdict> {
    if !columns.is_completed(firing, "review")
        || columns.was_completed(firing, "review")
            && columns.stay(firing)
            && firing.is_same(columns.result)
            && firing.is_same(columns.assigned_agent_id)
            && firing.is_same(columns.completed_at)
    {
        return Ok(Verdict::Keep);
    }
    let row = firing.new_row();
    let result = row
        .json(columns.result)
        .map(|json| {
            json::read(&json).ok_or_else(|| {
                Error::new(Code::InvalidResult, "result is nested too deeply")
                    .detail("At most 127 levels are read.")
            })
        })
        .transpose()?;
    let approved = Review::parse(result.as_ref())
        .map_err(|error| Error::new(Code::InvalidResult, error.to_string()).detail(error.detail()))?
        .approved;
    require_reviewer(workspace)?;
    // The owner may bring in finished reviews with the times they were given at.
    let is_imported = firing.is_insert() && role::acts_for(workspace.owner);
    let agent = role::actor_or(row.text(columns.assigned_agent_id));
    let phase = row.phase(columns.phase_id, workspace.phase_type);
    let ticket = row.uuid(columns.ticket_id);
    let task = row.uuid(columns.id);
    let times = |sees| review_times(workspace, task, ticket, phase, sees);
    let (seen, _) = times(Sees::Caller)?;
    hold(workspace, ticket, phase)?;
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    let rows = workspace.run(
        &TOOK_PART,
        &[
            Sql::uuid(ticket),
            phase.map_or(Sql::Null, Sql::Oid),
            Sql::text(Some(&agent)),
        ],
        Sees::Latest,
    )?;
    if !rows.first().is_some_and(|row| row.bool(1)) {
        let (since, former) = times(Sees::Latest)?;
        let given = row.time(columns.completed_at);
        let now = clock::now();
        let at = if is_imported {
            given.unwrap_or(now).min(now)
        } else {
            verdict_time(approved, given, now, seen, since, former)
        };
        return Ok(firing.with(&[
            (columns.completed_at, Sql::Time(at)),
            (columns.assigned_agent_id, Sql::text(Some(&agent))),
        ]));
    }
    let configuration = workspace.configuration()?;
    let phase = configuration.phase_of(phase.unwrap_or(0))?;
    Err(
        Error::new(Code::ReviewerTookPart, "reviewer took part in the phase")
            .detail(format!(
                "Agent {agent} worked on {} of ticket {}.",
                configuration.phases.label(phase),
                ticket.unwrap_or_default()
            ))
            .hint("Let somebody else review it."),
    )
}

/// Since when an approval of the phase counts, and when the last verdict but the one at hand was given.
fn review_times(
    workspace: &Workspace,
    task: Option<Uuid>,
    ticket: Option<Uuid>,
    phase: Option<u32>,
    sees: Sees,
) -> Result<(Option<i64>, Option<i64>)> {
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    let of_phase = [
        Sql::uuid(ticket),
        phase.map_or(Sql::Null, Sql::Oid),
        Sql::uuid(task),
    ];
    let rows = workspace.run(&REVIEW_TIMES, &of_phase, sees)?;
    let time = |column| rows.first().and_then(|row| row.big(column));
    Ok((time(1), time(2)))
}

/// When a verdict was given, as far as gates are concerned. `since` is when what an approval must not be older
/// than came, `seen` the same as the statement that gives it sees it, `former` when the last other verdict was
/// given; the ticket is held.
///
/// Never in the future, or no later verdict could replace it. A rejection is the last word whatever it waited
/// for. An approval is older than what came while it waited, which the reviewer has not seen. Only where the
/// clock is behind what was written already do approvals follow that.
fn verdict_time(
    approved: bool,
    given: Option<i64>,
    now: i64,
    seen: Option<i64>,
    since: Option<i64>,
    former: Option<i64>,
) -> i64 {
    let given = given.unwrap_or(now).min(now);
    let last = since.max(former.map(|former| former.saturating_add(1)));
    let last = last.unwrap_or(i64::MIN);
    match since {
        Some(since) if approved && seen < Some(since) => given.min(since.saturating_sub(1)),
        _ if approved && last <= now => given,
        _ => now.max(last),
    }
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
