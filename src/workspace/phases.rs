//! The table `phases`: its first rows, and the trigger that keeps what tickets rely on.

use super::Workspace;
use super::site::Site;
use super::{Statement, run_once};
use crate::error::{Code, Error};
use crate::labels;
use crate::limits;
use crate::pg::error::Result;
use crate::pg::spi::{Sees, Session};
use crate::pg::trigger::{Each, Firing, On, Verdict, When};
use crate::pg::value::{Type, Value};
use crate::phase::{Kind, context_key};

/// Gives each label its row, and the phases that are not the usual ones their edges. Keys stay what contexts have already.
pub(super) fn fill(site: &Site, labels: &[String]) -> Result<()> {
    let meanings = labels::meanings(labels);
    let texts = |of: &dyn Fn(&labels::Meaning) -> Option<String>| {
        (Type::Texts, Value::Texts(meanings.iter().map(of).collect()))
    };
    run_once(
        &site.text(
            "INSERT INTO {ws}.phases (phase_id, kind, context_key, description)
             SELECT r.label::{phase}, r.kind, r.key, r.description
               FROM unnest($1, $2, $3, $4) AS r (label, kind, key, description)",
        )?,
        &[
            texts(&|one| Some(one.label.clone())),
            texts(&|one| Some(one.kind.to_owned())),
            texts(&|one| Some(one.key.clone())),
            texts(&|one| one.description.map(str::to_owned)),
        ],
    )?;
    Ok(())
}

/// Makes the edges of phases that are not the usual ones.
pub(super) fn edges(site: &Site, labels: &[String]) -> Result<()> {
    let (from, to): (Vec<_>, Vec<_>) = labels::edges(&labels::meanings(labels))
        .into_iter()
        .map(|(from, to)| (Some(from), Some(to)))
        .unzip();
    run_once(
        &site.text(
            "INSERT INTO {ws}.phase_transitions (from_phase, to_phase)
             SELECT e.from_phase::{phase}, e.to_phase::{phase} FROM unnest($1, $2) AS e (from_phase, to_phase)",
        )?,
        &[
            (Type::Texts, Value::Texts(from)),
            (Type::Texts, Value::Texts(to)),
        ],
    )?;
    Ok(())
}

/// Keeps everybody from moving tickets until the transaction ends.
static HOLD_ALL: Statement = Statement {
    sql: "LOCK TABLE {tickets} IN SHARE MODE",
    parameters: &[],
};

static ANY_THERE: Statement = Statement {
    sql: "SELECT 1 FROM {tickets} WHERE {ticket.phase_id} OPERATOR(pg_catalog.=) $1 LIMIT 1",
    parameters: &[Type::Phase],
};

/// BEFORE INSERT OR UPDATE OR DELETE on `phases`: a phase's key is set once, and what tickets are finished or blocked in
/// stays so.
pub fn check(firing: &Firing) -> Result<Verdict> {
    let events = [On::Insert, On::Update, On::Delete];
    firing.require(When::Before, Each::Row, &events)?;
    let workspace = Workspace::of_firing(firing, "phases")?;
    if !firing.is_row_delete() {
        firing.require_all_within(&[
            ("context_key", limits::NAME),
            ("description", limits::MESSAGE),
        ])?;
    }
    let phase_id = firing.column("phase_id")?;
    let kind = firing.column("kind")?;
    let key = firing.column("context_key")?;
    let (old_row, new_row) = (firing.old_row(), firing.new_row());
    let label = |oid: u32| -> Result<String> {
        let configuration = workspace.configuration()?;
        let phase = configuration.phase_of(oid)?;
        Ok(configuration.phases.label(phase).to_owned())
    };
    if firing.is_insert() {
        let phase = new_row.phase(phase_id, workspace.phase_type);
        let (Some(phase), None) = (phase, new_row.text(key)) else {
            return Ok(Verdict::Keep);
        };
        let key_of_label = context_key(&label(phase)?);
        return Ok(firing.with(&[(key, Value::Text(key_of_label.into()))]));
    }
    let phase = old_row.phase(phase_id, workspace.phase_type).unwrap_or(0);
    let old = old_row.text(kind).unwrap_or_default();
    if firing.is_update() {
        let fixed = [
            ("phase_id", firing.is_same(phase_id)),
            ("context_key", firing.is_same(key)),
        ];
        if let Some((name, _)) = fixed.iter().find(|(_, is_kept)| !is_kept) {
            return Err(Error::new(
                Code::PhaseColumnFixed,
                format!("{name} of a phase cannot be changed"),
            )
            .detail(format!(
                "Contexts of tickets use the key of {}.",
                label(phase)?
            )));
        }
        if firing.is_same(kind) {
            return Ok(Verdict::Keep);
        }
    }
    let counts = Kind::from_name(&old).is_some_and(|kind| kind.is_final() || kind == Kind::Blocked);
    if counts && has_tickets(&workspace, phase)? {
        return Err(Error::new(Code::PhaseInUse, "phase is in use")
            .detail(format!("Tickets are in {}, which is {old}.", label(phase)?))
            .hint("Move them first."));
    }
    Ok(Verdict::Keep)
}

/// Whether tickets are in a phase, and will be when the transaction ends.
fn has_tickets(workspace: &Workspace, phase: u32) -> Result<bool> {
    let _session = Session::open()?;
    let _owner = workspace.as_owner();
    workspace.run(&HOLD_ALL, &[], Sees::Snapshot)?;
    let rows = workspace.run(&ANY_THERE, &[Value::Oid(phase)], Sees::Latest)?;
    Ok(!rows.is_empty())
}
