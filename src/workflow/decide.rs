//! The decision about a row whose phase is to change: the edge, the gates, and what the ticket carries on.

use super::attribution::Attribution;
use super::doubts::Position;
use super::force;
use super::moves::{self, Artifacts, Move};
use super::request::{self, Outcome, Request};
use super::transitions;
use super::triggers::{id, require_sizes};
use crate::clock;
use crate::context::fold::{Block, fold};
use crate::context::scout;
use crate::error::{Code, Error};
use crate::gates::check::check;
use crate::gates::record::GateResult;
use crate::pg::error::Result;
use crate::pg::rows::Row;
use crate::pg::spi::Sees;
use crate::pg::trigger::{Each, Firing, On, Verdict, When};
use crate::pg::value::Value;
use crate::pg::{cache, catalog};
use crate::phase::{Direction, Phase};
use crate::workspace::{Columns, Configuration, Workspace};
use std::fmt::Display;
use std::rc::Rc;
use uuid::Uuid;

/// BEFORE UPDATE on `tickets`, row by row: where the phase or a column that is phasegate's changes, decides.
///
/// The trigger has no WHEN clause, which the server parses anew for every statement; and none follows the row to see
/// whether what was decided came to pass, see [`moves`].
pub fn decide(firing: &Firing) -> Result<Verdict> {
    firing.require(When::Before, Each::Row, &[On::Update])?;
    let workspace = Workspace::of_firing(firing, "tickets")?;
    let columns = workspace.columns_of(firing)?;
    require_sizes(firing, &columns)?;
    require_same_id(firing, &columns)?;
    let phase = |row: &Row<'_>| {
        row.phase(columns.phase_id, workspace.phase_type)
            .unwrap_or(0)
    };
    let (old, new) = (phase(firing.old_row()), phase(firing.new_row()));
    let (schema, followed) = (workspace.schema, firing.is_followed());
    let position = (moves::any_doubt() || followed).then(|| {
        let row = firing.old_row();
        Position {
            phase: old,
            previous: (row.phase(columns.previous_phase_id, workspace.phase_type)).unwrap_or(0),
            entered_at: row.time(columns.phase_entered_at),
        }
    });
    if let Some(position) = position {
        moves::settle_one(schema, id(firing, &columns)?, position)?;
    }
    let doubtful = position.filter(|_| followed);
    if old != new && old != 0 && new != 0 {
        return decide_move(firing, &workspace, &columns, (old, new), doubtful);
    }
    request::stays(schema, old, || id(firing, &columns))?;
    if let Some(position) = doubtful {
        moves::note_unmoved(schema, firing.table(), id(firing, &columns)?, position);
    }
    Ok(keep_own_columns(firing, &columns))
}

/// A ticket stays the one that its history and evidence are about. Foreign keys alone would let tickets exchange their ids within one
/// statement, and with these the phases that they are in.
fn require_same_id(firing: &Firing, columns: &Columns) -> Result<()> {
    if firing.is_same(columns.id) {
        return Ok(());
    }
    let column = catalog::column_name(firing.table(), columns.id).unwrap_or_default();
    let ticket = firing.old_row().uuid(columns.id).unwrap_or_default();
    Err(Error::new(
        Code::TicketColumnFixed,
        format!("{column} of a ticket cannot be changed"),
    )
    .detail(format!(
        "History and evidence of ticket {ticket} reference it."
    ))
    .table(firing.table_name())
    .column(column))
}

/// No move: what phasegate keeps stays as it was, whatever the caller wrote; where that was any of it, `updated_at` tells
/// of the update.
fn keep_own_columns(firing: &Firing, columns: &Columns) -> Verdict {
    let own = [
        columns.previous_phase_id,
        columns.phase_entered_at,
        columns.updated_at,
    ];
    if own.into_iter().all(|column| firing.is_same(column)) {
        return Verdict::Keep;
    }
    let old = |column| firing.old_row().value(column);
    firing.with(&[
        (columns.previous_phase_id, old(columns.previous_phase_id)),
        (columns.phase_entered_at, old(columns.phase_entered_at)),
        (columns.updated_at, Value::Time(clock::now())),
    ])
}

/// A move being decided.
struct Decision<'a> {
    firing: &'a Firing,
    workspace: &'a Workspace,
    configuration: Rc<Configuration>,
    columns: &'a Columns,
    ticket: Uuid,
    from: Phase,
    to: Phase,
    request: Option<Rc<Request>>,
    /// Where the ticket is, where a trigger that fires after the decision may keep it there.
    doubtful: Option<Position>,
}

fn decide_move(
    firing: &Firing,
    workspace: &Workspace,
    columns: &Columns,
    (from, to): (u32, u32),
    doubtful: Option<Position>,
) -> Result<Verdict> {
    if moves::is_empty() {
        cache::accept_invalidations();
    }
    let configuration = workspace.configuration()?;
    let ticket = id(firing, columns)?;
    Decision {
        from: configuration.phase_of(from)?,
        to: configuration.phase_of(to)?,
        request: request::of_move(workspace.schema, &ticket),
        firing,
        workspace,
        configuration,
        columns,
        ticket,
        doubtful,
    }
    .verdict()
}

impl Decision<'_> {
    fn verdict(&self) -> Result<Verdict> {
        let phases = &self.configuration.phases;
        let expected = self.request.as_deref().and_then(|request| request.expected);
        if let Some(expected) = expected
            && expected != self.from
        {
            let (expected, actual) = (phases.label(expected), phases.label(self.from));
            let error = Error::phase_changed(self.called(), expected, actual);
            return self.refused("phase_changed", error);
        }
        let previous = self
            .firing
            .old_row()
            .phase(self.columns.previous_phase_id, self.workspace.phase_type)
            .and_then(|oid| phases.by_oid(oid));
        let transitions = &self.configuration.transitions;
        let is_forced = self
            .request
            .as_deref()
            .is_some_and(|request| request.attribution.forced);
        let decided = if is_forced {
            Some(force::forced(phases, self.from, previous, self.to))
        } else {
            transitions.decide(phases, self.from, previous, self.to)
        };
        let Some(decided) = decided else {
            let error = invalid_transition(&self.configuration, self.called(), self.from, self.to);
            return self.refused("invalid_transition", error);
        };

        let attribution = match self.request.as_deref() {
            Some(request) => Rc::clone(&request.attribution),
            None => Attribution::of_settings()?,
        };
        let at = moment(self.firing, self.columns);
        let mut gates = judge_gates(
            self.workspace,
            &self.configuration,
            self.ticket,
            &decided.gates,
            at,
            &attribution.actor,
        )?;
        let gate_result = gates.result_of(phases.oid(decided.left));
        let refusal = if is_forced {
            gates.override_all();
            None
        } else {
            gates.refusal(&self.configuration, || self.called())
        };
        // A refusal that is an error takes everything back; one that is an answer stays on record.
        if refusal.is_none()
            || self
                .request
                .as_deref()
                .is_some_and(|request| request.tolerant && !request.quiet)
        {
            moves::note_results(self.workspace.schema, self.firing.table(), gates.results);
        }
        if let Some((reasons, error)) = refusal {
            return self.refused_because("gate_not_passed", reasons, error);
        }
        self.moves(&decided, at, gate_result, attribution)
    }

    /// The ticket moves: the row as it will be, and the note of what is to be written once it is.
    fn moves(
        &self,
        decided: &transitions::Move,
        at: i64,
        gate_result: Option<Uuid>,
        attribution: Rc<Attribution>,
    ) -> Result<Verdict> {
        let phases = &self.configuration.phases;
        let mut changes = vec![
            (
                self.columns.previous_phase_id,
                Value::Oid(phases.oid(self.from)),
            ),
            (self.columns.phase_entered_at, Value::Time(at)),
            (self.columns.updated_at, Value::Time(at)),
        ];
        let (block, artifacts) = self.fold(decided, &mut changes)?;
        let superseded = decided.superseded(phases, self.to);
        moves::note(
            self.workspace.schema,
            self.firing.table(),
            Move {
                ticket: self.ticket,
                from: phases.oid(self.from),
                to: phases.oid(self.to),
                history_id: Uuid::now_v7(),
                at,
                left: phases.oid(decided.left),
                direction: Some(decided.direction),
                gate_result,
                superseded: superseded
                    .into_iter()
                    .map(|phase| phases.oid(phase))
                    .collect(),
                block,
                artifacts,
                attribution,
                is_asked_for: self.request.is_some(),
            },
            self.doubtful,
        );
        if let Some(request) = &self.request {
            let moves = Outcome::Moves {
                from: self.from,
                to: self.to,
                at,
            };
            request.outcomes.borrow_mut().insert(self.ticket, moves);
        }
        Ok(self.firing.with(&changes))
    }

    /// On a forward move, folds what the phase left has produced into the row; gives its block, and its artifacts as
    /// far as it looked at them.
    fn fold(
        &self,
        decided: &transitions::Move,
        changes: &mut Vec<(i16, Value<'_>)>,
    ) -> Result<(Option<Box<Block>>, Artifacts)> {
        if decided.direction != Direction::Forward {
            return Ok((None, Artifacts::Unseen));
        }
        // One that is too large to be read, of an older version, is left as it is.
        let row = self.firing.new_row();
        if !row.fits(self.columns.context) {
            return Ok((None, Artifacts::Unseen));
        }
        let context = row.json(self.columns.context);
        let (configuration, left) = (&self.configuration, decided.left);
        let found = scout::block(self.workspace, configuration, self.ticket, left)?;
        let (found, artifacts) = found.map(|found| (found.block, found.artifacts)).unzip();
        let artifacts = artifacts.flatten().map_or(Artifacts::None, Artifacts::Seen);
        let folded = fold(configuration, left, found, self.to, context.as_deref());
        let block = folded.map(|folded| {
            let columns = self.columns;
            changes.push((columns.context, Value::Json(folded.context.into())));
            changes.push((columns.context_summary, Value::Text(folded.summary.into())));
            Box::new(folded.block)
        });
        Ok((block, artifacts))
    }

    /// The ticket, as messages name it.
    fn called(&self) -> String {
        self.columns.called(self.firing, self.ticket)
    }

    fn refused(&self, error_code: &'static str, error: Error) -> Result<Verdict> {
        let reasons = error.detail.clone().into_iter().collect();
        self.refused_because(error_code, reasons, error)
    }

    /// Raises the refusal, or where a request takes it for an answer leaves the row out of the UPDATE.
    fn refused_because(
        &self,
        error_code: &'static str,
        reasons: Vec<String>,
        error: Error,
    ) -> Result<Verdict> {
        let Some(request) = &self.request else {
            return Err(error);
        };
        request.refuse(self.ticket, self.from, error_code, reasons, error)?;
        Ok(Verdict::Skip)
    }
}

/// The verdicts of the gates that a move needs.
struct Judged {
    results: Vec<GateResult>,
    failed: Vec<Phase>,
    reasons: Vec<String>,
}

impl Judged {
    /// The move is made whatever they say.
    fn override_all(&mut self) {
        for result in &mut self.results {
            result.overridden = true;
        }
    }

    /// The stored result of a phase's gate.
    fn result_of(&self, phase: u32) -> Option<Uuid> {
        self.results
            .iter()
            .find(|result| result.phase == phase)
            .map(|result| result.id)
    }

    /// Why the gates refuse the move, where they do.
    fn refusal(
        &self,
        configuration: &Configuration,
        ticket: impl FnOnce() -> String,
    ) -> Option<(Vec<String>, Error)> {
        if self.failed.is_empty() {
            return None;
        }
        let labels: Vec<&str> = self
            .failed
            .iter()
            .map(|phase| configuration.phases.label(*phase))
            .collect();
        let error = Error::gate_not_passed(ticket(), &labels.join(" and "), &self.reasons);
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
        .old_row()
        .time(columns.phase_entered_at)
        .unwrap_or(i64::MIN);
    clock::now().max(entered.saturating_add(1))
}

pub(super) fn invalid_transition(
    configuration: &Configuration,
    ticket: impl Display,
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
