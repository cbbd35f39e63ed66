//! The table `phases`: its first rows, and the trigger that keeps what tickets rely on.

use super::Workspace;
use super::shape::PHASES;
use super::site::Site;
use crate::error::{Code, Error};
use crate::limits;
use crate::pg::error::Result;
use crate::pg::spi::{Sees, Session, Statement, run_once};
use crate::pg::trigger::{Each, Firing, On, Verdict, When};
use crate::pg::value::{Type, Value};
use crate::phase::{Kind, context_key};
use std::collections::HashSet;

/// Gives each label of the enum its row: kinds as a new workspace has them, all others work. Keys stay what contexts
/// have already.
pub(super) fn fill(site: &Site) -> Result<()> {
    let rows = run_once(
        "SELECT e.enumlabel::text
           FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
          WHERE t.typnamespace = $1 AND t.typname = 'phase'
          ORDER BY e.enumsortorder",
        &[(Type::Oid, Value::Oid(site.schema))],
    )?;
    let labels: Vec<String> = rows.iter().filter_map(|row| row.text(1)).collect();
    let known = |label: &str| PHASES.iter().find(|(name, ..)| *name == label);
    let mut kinds: Vec<&str> = labels
        .iter()
        .map(|label| known(label).map_or("work", |(_, kind, _)| kind))
        .collect();
    if !kinds.contains(&"start")
        && let Some(first) = kinds.iter_mut().find(|kind| **kind == "work")
    {
        *first = "start";
    }
    let keys = keys(&labels);
    let descriptions = labels
        .iter()
        .map(|label| known(label).map(|(.., description)| (*description).to_owned()))
        .collect();
    let texts = |texts: Vec<String>| {
        (
            Type::Texts,
            Value::Texts(texts.into_iter().map(Some).collect()),
        )
    };
    run_once(
        &format!(
            "INSERT INTO {ws}.phases (phase_id, kind, context_key, description)
             SELECT r.label::{ws}.phase, r.kind, r.key, r.description
               FROM unnest($1, $2, $3, $4) AS r (label, kind, key, description)",
            ws = site.quoted
        ),
        &[
            texts(labels),
            texts(kinds.into_iter().map(str::to_owned).collect()),
            texts(keys),
            (Type::Texts, Value::Texts(descriptions)),
        ],
    )?;
    Ok(())
}

/// A key for each label. Of labels that would have the same, the later ones have their whole name and a number in it.
fn keys(labels: &[String]) -> Vec<String> {
    let mut taken = HashSet::new();
    let mut free = |label: &String| {
        let plain = context_key(label);
        let others = (2..).map(|number| format!("{}_{number}_phase", label.to_lowercase()));
        let key = std::iter::once(plain)
            .chain(others)
            .find(|key| !taken.contains(key))
            .unwrap_or_default();
        taken.insert(key.clone());
        key
    };
    labels.iter().map(&mut free).collect()
}

/// Keeps everybody from moving tickets until the transaction ends.
static HOLD_ALL: Statement = Statement {
    sql: "LOCK TABLE {ws}.tickets IN SHARE MODE",
    parameters: &[],
};

static ANY_THERE: Statement = Statement {
    sql: "SELECT 1 FROM {ws}.tickets WHERE phase_id OPERATOR(pg_catalog.=) $1 LIMIT 1",
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
                "Contexts of tickets have what {} left under its key.",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_one_key_are_told_apart() {
        let labels = ["PHASE_A", "A", "PHASE_A_2"].map(str::to_owned);
        assert_eq!(keys(&labels), ["a_phase", "a_2_phase", "phase_a_2_2_phase"]);
    }
}
