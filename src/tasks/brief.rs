//! What a reviewer is to judge: what the gate asks for, the current artifacts, the results of the work; as much of it as
//! fits. And what the reviewer said, for who is to mend it. Documents go from the table into the answer as text, without being taken apart.

use super::statements::{BRIEF, LAST_REJECTION};
use crate::json;
use crate::limits;
use crate::pg::error::Result;
use crate::pg::rows::Row;
use crate::pg::spi::Sees;
use crate::pg::value::Value;
use crate::workspace::Workspace;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The artifacts that are shown.
const SHOWN: usize = 1000;

/// What is shown of a description whose task is among the largest.
const BEGINNING: usize = 1000;

/// What is to be judged of a phase, an enum value, of a ticket: JSON text. Needs an open session.
pub fn of_phase(workspace: &Workspace, ticket: Uuid, phase: u32) -> Result<String> {
    let _owner = workspace.as_owner();
    let arguments = [Value::Uuid(ticket), Value::Oid(phase)];
    let rows = workspace.run(&BRIEF, &arguments, Sees::Snapshot)?;
    // What the gate asks for and the work come first; artifacts beside get what room is left.
    let sizes = |wanted: bool| -> Vec<usize> {
        let size = |row: Row<'_>| match row.bool(8) == wanted {
            true => row.size(4).saturating_add(row.size(5)),
            false => 0,
        };
        rows.iter().map(size).collect()
    };
    let wanted = sizes(true);
    let first = limits::which_fit(&wanted, limits::BRIEF);
    let taken = wanted.iter().zip(&first).filter(|(_, fits)| **fits);
    let taken = taken.fold(0, |sum: usize, (size, _)| sum.saturating_add(*size));
    let then = limits::which_fit(&sizes(false), limits::BRIEF.saturating_sub(taken));
    let mut requirements = "null".to_owned();
    let (mut artifacts, mut tasks) = (BTreeMap::new(), BTreeMap::new());
    let mut count = 0;
    for (row, fits) in rows.iter().zip(first.iter().zip(&then)) {
        let fits = *fits.0 && *fits.1;
        match row.int(1) {
            Some(1) if fits => requirements = row.json(5).unwrap_or(requirements),
            Some(1) => requirements = Json::from(left_out(&row)).to_string(),
            Some(2) => {
                count += 1;
                if count <= SHOWN {
                    let order = (row.text(3), row.big(7), row.uuid(2));
                    artifacts.insert(order, artifact(&row, fits));
                }
            }
            _ => {
                let order = (row.big(7).unwrap_or(i64::MAX), row.uuid(2));
                tasks.insert(order, task(&row, fits));
            }
        }
    }
    let mut members = vec![
        ("requirements", requirements),
        ("artifacts", array(artifacts.into_values())),
        ("tasks", array(tasks.into_values())),
    ];
    if count > SHOWN {
        let more = format!("There are more than {SHOWN} artifacts; these are the newest.");
        members.push(("left_out", Json::from(more).to_string()));
    }
    Ok(object(&members))
}

/// What the last review that rejected a phase, an enum value, of a ticket said: JSON text. Needs an open session.
pub fn of_rejection(workspace: &Workspace, ticket: Uuid, phase: u32) -> Result<Option<String>> {
    let _owner = workspace.as_owner();
    let arguments = [Value::Uuid(ticket), Value::Oid(phase)];
    let rows = workspace.run(&LAST_REJECTION, &arguments, Sees::Snapshot)?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let verdict = row.json(2).as_deref().and_then(json::read);
    let said = |key: &str| {
        let said = verdict.as_ref().and_then(|verdict| verdict.get(key));
        said.map_or_else(|| "null".to_owned(), Json::to_string)
    };
    Ok(Some(object(&[
        ("approved", said("approved")),
        ("feedback", said("feedback")),
        ("blocking_reasons", said("blocking_reasons")),
        ("task_id", id_in(&row, 1)),
        ("reviewer", text(row.text(3))),
    ])))
}

/// The context with what is to be judged, or mended, beside it; JSON text of an object, whose last key of a name counts.
pub fn beside(context: Option<&str>, brief: &str) -> String {
    let members = context
        .and_then(|context| context.strip_prefix('{')?.strip_suffix('}'))
        .filter(|members| !members.is_empty());
    match members {
        None => format!("{{\"review\":{brief}}}"),
        Some(members) => format!("{{{members},\"review\":{brief}}}"),
    }
}

fn artifact(row: &Row<'_>, fits: bool) -> String {
    let mut members = vec![
        ("id", id(row)),
        ("type", text(row.text(3))),
        ("path", text(row.beginning(4, limits::PATH))),
        ("content", document(row, fits)),
        ("collected_by", text(row.text(6))),
    ];
    mark(&mut members, row, fits);
    object(&members)
}

fn task(row: &Row<'_>, fits: bool) -> String {
    let most = if fits { limits::DOCUMENT } else { BEGINNING };
    let mut members = vec![
        ("task_id", id(row)),
        ("task_type", text(row.text(3))),
        ("description", text(row.beginning(4, most))),
        ("agent", text(row.text(6))),
        ("result", document(row, fits)),
    ];
    mark(&mut members, row, fits);
    object(&members)
}

fn document(row: &Row<'_>, fits: bool) -> String {
    let document = fits.then(|| row.json(5)).flatten();
    document.unwrap_or_else(|| "null".to_owned())
}

fn mark(members: &mut Vec<(&str, String)>, row: &Row<'_>, fits: bool) {
    if !fits {
        members.push(("left_out", Json::from(left_out(row)).to_string()));
    }
}

fn left_out(row: &Row<'_>) -> String {
    format!("Too large to be handed over: {} bytes.", row.size(5))
}

fn id(row: &Row<'_>) -> String {
    id_in(row, 2)
}

fn id_in(row: &Row<'_>, column: i16) -> String {
    text(row.uuid(column).map(|id| id.to_string()))
}

fn text(text: Option<String>) -> String {
    Json::from(text).to_string()
}

fn array(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

fn object(members: &[(&str, String)]) -> String {
    let members: Vec<String> = members
        .iter()
        .map(|(key, value)| format!("\"{key}\":{value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}
