//! The triggers on `tickets` and `phase_history`: where every rule of a move is applied.

use super::attribution::Attribution;
use super::moves::{self, Move};
use super::request::{self, Outcome, Request};
use super::statements::{EXISTS, RECORD_MANY, RECORD_ONE};
use crate::context::fold as context;
use crate::error::{Code, Error};
use crate::gates::check::check;
use crate::gates::record::{self as gates, GateResult};
use crate::pg::error::Result;
use crate::pg::spi::{Sees, Session};
use crate::pg::trigger::{Firing, Verdict};
use crate::pg::value::{Value, read};
use crate::pg::{cache, clock, role};
use crate::phase::{DONE, Direction, Phase};
use crate::tasks::generation;
use crate::workspace::{Columns, Configuration, Workspace};
use std::rc::Rc;
use uuid::Uuid;

fn columns(workspace: &Workspace, firing: &Firing) -> Result<Columns> {
    if firing.table() == workspace.tickets {
        Ok(workspace.columns)
    } else {
        Columns::of(firing.table())
    }
}

fn id(firing: &Firing, columns: &Columns) -> Result<Uuid> {
    firing
        .new_uuid(columns.id)
        .ok_or_else(|| Error::null_argument("id"))
}

/// BEFORE INSERT on `tickets`: sets the columns that are phasegate's.
pub fn start(firing: &Firing) -> Result<Verdict> {
    firing.require_row(true)?;
    let workspace = Workspace::of_firing(firing)?;
    let columns = columns(&workspace, firing)?;
    let now = Value::Time(clock::now());
    let mut changes = vec![
        (columns.phase_entered_at, now.clone()),
        (columns.updated_at, now),
    ];
    // An import of blocked tickets says where they were blocked; from anybody but the owner it would be a forgery.
    if firing.new_value(columns.previous_phase_id).is_some() && !role::acts_for(workspace.owner) {
        changes.push((columns.previous_phase_id, Value::Null));
    }
    Ok(firing.with(&changes))
}

/// BEFORE UPDATE on `tickets`, where the phase or a column that is phasegate's changes: decides.
pub fn decide(firing: &Firing) -> Result<Verdict> {
    firing.require_row(true)?;
    let workspace = Workspace::of_firing(firing)?;
    let columns = columns(&workspace, firing)?;
    let phases = (
        firing.old_value(columns.phase_id).map(read::oid),
        firing.new_value(columns.phase_id).map(read::oid),
    );
    match phases {
        (Some(from), Some(to)) if from != to => decide_move(firing, &workspace, &columns, from, to),
        _ => Ok(keep_own_columns(firing, &columns)),
    }
}

/// No move: what phasegate keeps stays as it was, whatever the caller wrote; only `updated_at` tells of the update.
fn keep_own_columns(firing: &Firing, columns: &Columns) -> Verdict {
    let old = |column| firing.old_value(column).map_or(Value::Null, Value::Datum);
    firing.with(&[
        (columns.previous_phase_id, old(columns.previous_phase_id)),
        (columns.phase_entered_at, old(columns.phase_entered_at)),
        (columns.updated_at, Value::Time(clock::now())),
    ])
}

fn decide_move(
    firing: &Firing,
    workspace: &Workspace,
    columns: &Columns,
    from_oid: u32,
    to_oid: u32,
) -> Result<Verdict> {
    if moves::is_empty() {
        cache::accept_invalidations();
    }
    let configuration = workspace.configuration()?;
    let phases = &configuration.phases;
    let from = configuration.phase_of(from_oid)?;
    let to = configuration.phase_of(to_oid)?;
    let ticket = id(firing, columns)?;
    let request = request::of_move(workspace.schema, &ticket);

    if let Some(expected) = request.as_deref().and_then(|request| request.expected)
        && expected != from
    {
        let error = Error::phase_changed(ticket, phases.label(expected), phases.label(from));
        return refused(request.as_deref(), ticket, from, "phase_changed", error);
    }
    let previous = firing
        .old_value(columns.previous_phase_id)
        .and_then(|datum| phases.by_oid(read::oid(datum)));
    let Some(decided) = configuration.transitions.decide(phases, from, previous, to) else {
        let error = invalid_transition(&configuration, ticket, from, to);
        return refused(
            request.as_deref(),
            ticket,
            from,
            "invalid_transition",
            error,
        );
    };

    let attribution = request
        .as_deref()
        .map_or_else(Attribution::of_settings, |request| {
            Rc::clone(&request.attribution)
        });
    let at = moment(firing, columns);
    let left = phases.oid(decided.left);
    let gates = judge_gates(
        workspace,
        &configuration,
        ticket,
        &decided.gates,
        at,
        &attribution.actor,
    )?;
    let gate_result = gates.result_of(left);
    let refusal = gates.refusal(&configuration, ticket);
    if refusal.is_none() || request.as_deref().is_some_and(|request| request.tolerant) {
        moves::note_results(workspace.schema, gates.results);
    }
    if let Some((reasons, error)) = refusal {
        let Some(request) = request else {
            return Err(error);
        };
        request.refuse(ticket, from, "gate_not_passed", reasons, error)?;
        return Ok(Verdict::Skip);
    }
    let mut changes = vec![
        (columns.previous_phase_id, Value::Oid(from_oid)),
        (columns.phase_entered_at, Value::Time(at)),
        (columns.updated_at, Value::Time(at)),
    ];
    let folded = if decided.direction == Direction::Forward {
        let context = firing.new_value(columns.context).map(read::json);
        let context = context.as_deref();
        context::fold(workspace, &configuration, ticket, decided.left, to, context)?
    } else {
        None
    };
    let block = folded.map(|folded| {
        changes.push((columns.context, Value::Json(folded.context.into())));
        changes.push((columns.context_summary, Value::Text(folded.summary.into())));
        Box::new(folded.block)
    });
    moves::note(
        workspace.schema,
        Move {
            ticket,
            from: from_oid,
            to: to_oid,
            history_id: Uuid::now_v7(),
            at,
            left,
            direction: Some(decided.direction),
            gate_result,
            superseded: decided
                .superseded(phases, to)
                .into_iter()
                .map(|phase| phases.oid(phase))
                .collect(),
            block,
            attribution,
        },
        false,
    );
    if let Some(request) = request {
        request
            .outcomes
            .borrow_mut()
            .insert(ticket, Outcome::Moves { from, to, at });
    }
    Ok(firing.with(&changes))
}

/// The verdicts of the gates that a move needs.
struct Judged {
    results: Vec<GateResult>,
    failed: Vec<Phase>,
    reasons: Vec<String>,
}

impl Judged {
    /// The stored result of a phase's gate.
    fn result_of(&self, phase: u32) -> Option<Uuid> {
        self.results
            .iter()
            .find(|result| result.phase == phase)
            .map(|result| result.id)
    }

    /// Why the gates refuse the move, where they do.
    fn refusal(&self, configuration: &Configuration, ticket: Uuid) -> Option<(Vec<String>, Error)> {
        if self.failed.is_empty() {
            return None;
        }
        let labels: Vec<&str> = self
            .failed
            .iter()
            .map(|phase| configuration.phases.label(*phase))
            .collect();
        let error = Error::gate_not_passed(ticket, &labels.join(" and "), &self.reasons);
        Some((self.reasons.clone(), error))
    }
}

/// Checks the gates on evidence as it is committed now: the ticket's row is held, and whoever changes
/// evidence holds it too.
fn judge_gates(
    workspace: &Workspace,
    configuration: &Configuration,
    ticket: Uuid,
    phases: &[Phase],
    at: i64,
    by: &str,
) -> Result<Judged> {
    let mut judged = Judged {
        results: Vec::new(),
        failed: Vec::new(),
        reasons: Vec::new(),
    };
    for phase in phases {
        let Some(check) = check(workspace, configuration, ticket, *phase, Sees::Latest)? else {
            continue;
        };
        let oid = configuration.phases.oid(*phase);
        judged
            .results
            .push(GateResult::new(ticket, oid, &check, at, by));
        if !check.requirements_met {
            judged.failed.push(*phase);
            judged.reasons.extend(check.blocking_reasons());
        }
    }
    Ok(judged)
}

/// When the move happens: now, and later than the ticket's last move, though a clock may have been set
/// back or a transaction that began later moved it first. History is ordered by this.
fn moment(firing: &Firing, columns: &Columns) -> i64 {
    let entered = firing
        .old_value(columns.phase_entered_at)
        .map_or(i64::MIN, read::big);
    clock::now().max(entered.saturating_add(1))
}

pub(super) fn invalid_transition(
    configuration: &Configuration,
    ticket: Uuid,
    from: Phase,
    to: Phase,
) -> Error {
    let phases = &configuration.phases;
    let allowed: Vec<&str> = configuration
        .transitions
        .targets(phases, from)
        .into_iter()
        .map(|phase| phases.label(phase))
        .collect();
    Error::invalid_transition(ticket, phases.label(from), phases.label(to), &allowed)
}

/// Raises the refusal, or where a request takes it for an answer leaves the row out of the UPDATE.
fn refused(
    request: Option<&Request>,
    ticket: Uuid,
    from: Phase,
    error_code: &'static str,
    error: Error,
) -> Result<Verdict> {
    let Some(request) = request else {
        return Err(error);
    };
    let reasons = error.detail.clone().into_iter().collect();
    request.refuse(ticket, from, error_code, reasons, error)?;
    Ok(Verdict::Skip)
}

/// AFTER INSERT and AFTER UPDATE of the phase on `tickets`, row by row: notes a start, confirms a move.
pub fn record(firing: &Firing) -> Result<Verdict> {
    firing.require_row(false)?;
    let workspace = Workspace::of_firing(firing)?;
    let columns = columns(&workspace, firing)?;
    let ticket = id(firing, &columns)?;
    let to = firing.new_value(columns.phase_id).map_or(0, read::oid);
    if firing.is_insert() {
        let previous = firing.new_value(columns.previous_phase_id).map(read::oid);
        let at = firing
            .new_value(columns.phase_entered_at)
            .map_or_else(clock::now, read::big);
        record_start(&workspace, ticket, to, previous, at)?;
    } else {
        let from = firing.old_value(columns.phase_id).map_or(0, read::oid);
        moves::confirm(workspace.schema, ticket, from, to)?;
    }
    Ok(Verdict::Keep)
}

fn record_start(
    workspace: &Workspace,
    ticket: Uuid,
    phase_oid: u32,
    previous: Option<u32>,
    at: i64,
) -> Result<()> {
    let configuration = workspace.configuration()?;
    let phases = &configuration.phases;
    let phase = configuration.phase_of(phase_oid)?;
    let label = phases.label(phase);
    if phases.is_blocked(phase) || label == DONE {
        let error = Error::new(
            Code::CheckViolation,
            format!("a ticket cannot start in {label}"),
        );
        if !role::acts_for(workspace.owner) {
            return Err(error
                .detail(format!(
                    "Ticket {ticket} was inserted with phase_id {label}."
                ))
                .hint("Only the workspace's owner may import tickets into this phase."));
        }
        let left = previous.and_then(|oid| phases.by_oid(oid));
        if phases.is_blocked(phase) && left.is_none_or(|left| phases.is_blocked(left)) {
            return Err(error
                .detail(format!(
                    "Ticket {ticket} has no previous_phase_id that says where it was blocked."
                ))
                .hint("Import a blocked ticket together with its previous_phase_id."));
        }
    }
    moves::note(
        workspace.schema,
        Move {
            ticket,
            from: 0,
            to: phase_oid,
            history_id: Uuid::now_v7(),
            at,
            left: 0,
            direction: None,
            gate_result: None,
            superseded: Vec::new(),
            block: None,
            attribution: Attribution::of_settings(),
        },
        true,
    );
    Ok(())
}

/// AFTER INSERT OR UPDATE on `tickets`, once a statement: writes down what was noted and confirmed.
pub fn write(firing: &Firing) -> Result<Verdict> {
    if moves::is_empty() {
        return Ok(Verdict::Keep);
    }
    let workspace = Workspace::of_firing(firing)?;
    let confirmed = moves::take_confirmed(workspace.schema);
    let results = moves::take_results(workspace.schema);
    if confirmed.is_empty() && results.is_empty() {
        return Ok(Verdict::Keep);
    }
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    gates::store(&workspace, &results)?;
    confirmed
        .chunk_by(|one, next| Rc::ptr_eq(&one.attribution, &next.attribution))
        .try_for_each(|alike| write_history(&workspace, alike))?;
    supersede(&workspace, &confirmed)?;
    let blocks: Vec<_> = confirmed
        .iter()
        .filter_map(|one| Some((one.ticket, one.left, one.block.as_deref()?)))
        .collect();
    context::keep(&workspace, &blocks)?;
    let entered: Vec<_> = confirmed
        .iter()
        .filter(|one| one.direction != Some(Direction::Return))
        .map(|one| (one.ticket, one.to))
        .collect();
    let configuration = workspace.configuration()?;
    generation::generate(&workspace, &configuration, &entered)?;
    Ok(Verdict::Keep)
}

/// Marks as superseded what the regressions among the moves make stale.
fn supersede(workspace: &Workspace, moves: &[Move]) -> Result<()> {
    let phases: Vec<(Uuid, u32)> = moves
        .iter()
        .flat_map(|one| one.superseded.iter().map(|phase| (one.ticket, *phase)))
        .collect();
    let at = moves.iter().map(|one| one.at).max();
    gates::supersede(workspace, &phases, at.unwrap_or_else(clock::now))
}

fn attributed(attribution: &Attribution) -> [Value<'_>; 4] {
    [
        Value::text(attribution.reason.as_deref()),
        Value::text(Some(&attribution.actor)),
        Value::text(Some(&attribution.db_role)),
        Value::json(attribution.artifacts.as_deref()),
    ]
}

/// Writes the history of moves that share an attribution, with the artifacts that the decisions saw.
fn write_history(workspace: &Workspace, moves: &[Move]) -> Result<()> {
    let phase = |oid: u32| {
        if oid == 0 {
            Value::Null
        } else {
            Value::Oid(oid)
        }
    };
    let rows = match moves {
        [] => return Ok(()),
        [one] => {
            let [reason, actor, db_role, artifacts] = attributed(&one.attribution);
            workspace.run(
                &RECORD_ONE,
                &[
                    Value::Uuid(one.history_id),
                    Value::Uuid(one.ticket),
                    phase(one.from),
                    phase(one.to),
                    Value::Time(one.at),
                    reason,
                    actor,
                    db_role,
                    artifacts,
                    phase(one.left),
                    Value::uuid(one.gate_result),
                ],
                Sees::Latest,
            )?
        }
        [first, ..] => {
            let [reason, actor, db_role, artifacts] = attributed(&first.attribution);
            let phases = |of: fn(&Move) -> u32| {
                Value::Enums(workspace.phase_type, moves.iter().map(of).collect())
            };
            workspace.run(
                &RECORD_MANY,
                &[
                    Value::Uuids(moves.iter().map(|one| one.history_id).collect()),
                    Value::Uuids(moves.iter().map(|one| one.ticket).collect()),
                    phases(|one| one.from),
                    phases(|one| one.to),
                    Value::Times(moves.iter().map(|one| one.at).collect()),
                    reason,
                    actor,
                    db_role,
                    artifacts,
                    phases(|one| one.left),
                    // An array of ids holds no NULL; none is the nil id, which the statement turns into NULL.
                    Value::Uuids(
                        moves
                            .iter()
                            .map(|one| one.gate_result.unwrap_or_default())
                            .collect(),
                    ),
                ],
                Sees::Latest,
            )?
        }
    };
    if rows.len() == moves.len() {
        return Ok(());
    }
    // A trigger or rule of the owner's on phase_history kept rows out. Moves without history are no moves.
    Err(Error::new(
        Code::NotInPrerequisiteState,
        "phase history was not written",
    )
    .detail(format!(
        "{} of {} rows reached {}.phase_history.",
        rows.len(),
        moves.len(),
        workspace.name
    ))
    .hint("Look for triggers or rules on phase_history that suppress rows."))
}

/// BEFORE UPDATE, DELETE and TRUNCATE on `phase_history`: refuses, but for the cascade from a deleted ticket.
pub fn history_append_only(firing: &Firing) -> Result<Verdict> {
    if firing.is_row_delete() {
        let workspace = Workspace::of_firing(firing)?;
        let ticket = crate::pg::catalog::column(firing.table(), "ticket_id")
            .and_then(|column| firing.old_uuid(column));
        let _session = Session::open()?;
        let _owner = workspace.as_owner();
        // When the row goes with its ticket, the ticket is gone already.
        let remains = workspace.run(&EXISTS, &[Value::uuid(ticket)], Sees::Latest)?;
        if remains.is_empty() {
            return Ok(Verdict::Keep);
        }
    }
    Err(
        Error::new(Code::InsufficientPrivilege, "phase history is append-only")
            .detail("Rows of phase_history are never changed, and go only with their ticket.")
            .hint("A move that was wrong is undone by another move."),
    )
}
