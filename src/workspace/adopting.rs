//! A table that is being adopted step by step: the trigger that marks it, and keeps the phases beside its texts.

use super::shape::BESIDE;
use super::table_triggers;
use crate::error::{Code, Error};
use crate::pg::error::Result;
use crate::pg::trigger::{Each, Firing, On, Verdict, When};
use crate::pg::value::Value;
use crate::pg::{catalog, catalog_rows};

/// The columns that may be on their way from a text to a phase.
const COLUMNS: [&str; 4] = ["phase_id", "previous_phase_id", "from_phase", "to_phase"];

/// BEFORE INSERT OR UPDATE, row by row: what the application writes into a column of texts is written as a phase into the
/// column beside. A text that is no phase leaves that empty.
///
/// Whoever may make a trigger may attach it to a table of theirs: it gives an enum's value for a label of it, and has no rights.
pub fn keep(firing: &Firing) -> Result<Verdict> {
    firing.require(When::Before, Each::Row, &[On::Insert, On::Update])?;
    let mut changes = Vec::new();
    for name in COLUMNS {
        let beside = catalog::column(firing.table(), &format!("{BESIDE}{name}"));
        let (Some(old), Some(new)) = (catalog::column(firing.table(), name), beside) else {
            continue;
        };
        // What fills it has this trigger disabled: whoever else writes it alone does not change it.
        if firing.is_update() && firing.is_same(old) && !firing.old_row().is_null(new) {
            if !firing.is_same(new) {
                changes.push((new, firing.old_row().value(new)));
            }
            continue;
        }
        let kind = catalog::column_type(firing.table(), new).unwrap_or(0);
        let text = firing.new_row().text(old);
        let value = text.and_then(|text| {
            let labels = catalog_rows::labels(kind);
            labels
                .into_iter()
                .find(|(label, _)| *label == text)
                .map(|(_, oid)| oid)
        });
        changes.push((new, value.map_or(Value::Null, Value::Oid)));
    }
    if changes.is_empty() {
        return Ok(Verdict::Keep);
    }
    Ok(firing.with(&changes))
}

/// Refuses a schema whose tables are being adopted.
pub(super) fn refuse(schema: u32, name: &str) -> Result<()> {
    match is_under_way(schema) {
        true => Err(unfinished(name)),
        false => Ok(()),
    }
}

/// Whether the tables of the schema are being adopted: its table of phases, which is made first, is marked.
pub(super) fn is_under_way(schema: u32) -> bool {
    arguments(schema).is_some()
}

/// The table of tickets that is being adopted, as the mark says.
pub(super) fn tickets(schema: u32) -> Option<u32> {
    arguments(schema)?.first()?.parse().ok()
}

fn arguments(schema: u32) -> Option<Vec<String>> {
    let phases = catalog::table_in(schema, "phases")?;
    table_triggers::arguments(phases, "_adopting")
}

/// The error about that.
pub(super) fn unfinished(name: &str) -> Error {
    Error::new(
        Code::AdoptionUnfinished,
        format!("the adoption of workspace \"{name}\" is not finished"),
    )
    .detail("phasegate.adopt_workspace was started and is not finished.")
    .hint(format!(
        "CALL phasegate.adopt_workspace('{name}', ...) with the same arguments continues it; phasegate.detach_workspace('{name}') abandons it."
    ))
}
