//! The columns that hold words of ours, and what an application's own constraints and defaults make of these.

use super::found::{Column, Object, Table};
use super::readable;
use super::run_once;
use super::structure::Class;
use crate::pg::error::Result;
use crate::pg::spi::quote_identifier;
use crate::pg::value::{Type, Value};

const PRIORITIES: &[&str] = &["LOW", "MEDIUM", "HIGH", "CRITICAL"];

/// By table and column, the words that phasegate writes into it and reads there.
const WORDS: [(&str, &str, &[&str]); 7] = [
    ("tickets", "priority", PRIORITIES),
    ("tasks", "priority", PRIORITIES),
    ("task_templates", "default_priority", PRIORITIES),
    ("tasks", "kind", &["work", "review", "summary"]),
    (
        "tasks",
        "status",
        &[
            "pending",
            "assigned",
            "running",
            "completed",
            "failed",
            "cancelled",
        ],
    ),
    (
        "phase_gate_results",
        "gate_status",
        &["passed", "failed", "pending"],
    ),
    (
        "phases",
        "kind",
        &["start", "work", "blocked", "final", "abandoned"],
    ),
];

/// The words of a column, if it is one of those.
pub(super) fn of(table: &str, column: &str) -> Option<&'static [&'static str]> {
    WORDS
        .iter()
        .find(|(of, name, _)| *of == table && *name == column)
        .map(|(.., words)| *words)
}

/// Which of the words a constraint of the table's own refuses, by itself, in this column; nothing where that is not known.
pub(super) fn refused(
    table: &Table,
    column: &Column,
    object: &Object,
    words: &[&str],
) -> Result<Option<Vec<String>>> {
    let is_alone = object.columns.as_slice() == std::slice::from_ref(&column.name);
    if object.class != Class::Constraint || !is_alone {
        return Ok(Some(Vec::new()));
    }
    let name = quote_identifier(&column.name)?;
    let kind = &column.words;
    let sql = if let Some(referred) = object.referred.first() {
        let referred = quote_identifier(referred)?;
        let Some(other) = readable::named(object.refers_to)? else {
            return Ok(None);
        };
        format!(
            "SELECT w FROM unnest($1) WITH ORDINALITY AS given (w, place)
              WHERE NOT EXISTS (SELECT FROM {other} o WHERE o.{referred}::text = w) ORDER BY place"
        )
    } else if let Some(expression) = check_expression(table.oid, &object.name)? {
        format!(
            "SELECT {given}.w FROM unnest($1) WITH ORDINALITY AS {given} (w, place)
              CROSS JOIN LATERAL (SELECT {given}.w::{kind} AS {name}) AS {only}
              WHERE ({expression}) IS FALSE ORDER BY {given}.place",
            given = quote_identifier("words that are tried")?,
            only = quote_identifier("row that is tried")?
        )
    } else {
        return Ok(Some(Vec::new()));
    };
    let words = words.iter().map(|word| Some((*word).to_owned())).collect();
    let rows = run_once(&sql, &[(Type::Texts, Value::Texts(words))])?;
    Ok(Some(rows.iter().filter_map(|row| row.text(1)).collect()))
}

/// The condition of a CHECK.
fn check_expression(table: u32, name: &str) -> Result<Option<String>> {
    let rows = run_once(
        "SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint
          WHERE conrelid = $1 AND conname = $2::name AND contype = 'c'",
        &[
            (Type::Oid, Value::Oid(table)),
            (Type::Text, Value::text(Some(name))),
        ],
    )?;
    Ok(rows.first().and_then(|row| row.text(1)))
}
