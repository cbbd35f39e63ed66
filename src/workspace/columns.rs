//! Bringing the columns of an app's own `tickets` and `tasks` into shape: adding, converting, filling them.
//!
//! Columns are filled by ALTER TABLE, which fires no trigger and is not subject to row security.

use super::progress::Adoption;
use super::shape::{Column, TASKS, TICKETS};
use super::site::Site;
use crate::error::Error;
use crate::pg::error::Result;
use crate::pg::spi::{quote_identifier, run_once, run_script};
use crate::pg::value::{Type, Value};

/// Brings an app's own `tickets` and `tasks` into shape; gives the names of those that were there.
pub(super) fn tables(site: &Site, progress: &Adoption) -> Result<Vec<&'static str>> {
    let mut adopted = Vec::new();
    for (table, columns) in [("tickets", TICKETS), ("tasks", TASKS)] {
        if site.has(table) {
            self::table(site, table, columns, progress)?;
            adopted.push(table);
        }
    }
    Ok(adopted)
}

/// What the catalog says of an existing column.
struct Found {
    name: String,
    kind: String,
    is_phase: bool,
    has_default: bool,
    not_null: bool,
    default: Option<String>,
}

/// A column is NOT NULL only where its rows are: from PostgreSQL 18 on, a constraint that is not validated says nothing of them.
fn found_columns(site: &Site, table: &str) -> Result<Vec<Found>> {
    let rows = run_once(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod),
                t.typnamespace = c.relnamespace AND t.typname = 'phase',
                a.atthasdef,
                a.attnotnull AND NOT EXISTS
                    (SELECT 1 FROM pg_constraint k
                      WHERE k.conrelid = c.oid AND k.contype = 'n' AND k.conkey[1] = a.attnum AND NOT k.convalidated),
                pg_get_expr(d.adbin, d.adrelid)
           FROM pg_class c
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
           JOIN pg_type t ON t.oid = a.atttypid
           LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
          WHERE c.relnamespace = $1 AND c.relname = $2::name",
        &[
            (Type::Oid, Value::Oid(site.schema)),
            (Type::Text, Value::text(Some(table))),
        ],
    )?;
    Ok(rows
        .iter()
        .map(|row| Found {
            name: row.name(1).unwrap_or_default(),
            kind: row.text(2).unwrap_or_default(),
            is_phase: row.bool(3),
            has_default: row.bool(4),
            not_null: row.bool(5),
            default: row.text(6),
        })
        .collect())
}

fn require_uuid_key(site: &Site, table: &str) -> Result<()> {
    let rows = run_once(
        "SELECT format_type(a.atttypid, NULL),
                EXISTS (SELECT 1 FROM pg_index i
                         WHERE i.indrelid = c.oid AND i.indisprimary AND i.indnatts = 1 AND i.indkey[0] = a.attnum)
           FROM pg_class c
           LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'id' AND NOT a.attisdropped
          WHERE c.relnamespace = $1 AND c.relname = $2::name",
        &[
            (Type::Oid, Value::Oid(site.schema)),
            (Type::Text, Value::text(Some(table))),
        ],
    )?;
    let kind = rows.first().and_then(|row| row.text(1));
    let is_key = rows.first().is_some_and(|row| row.bool(2));
    if kind.as_deref() == Some("uuid") && is_key {
        return Ok(());
    }
    let found = match kind.as_deref() {
        None => "there is no such column".to_owned(),
        Some("uuid") => "it is uuid, but not the primary key".to_owned(),
        Some(other) => format!("it is {other}"),
    };
    Err(Error::cannot_adopt(
        table,
        format!("Column \"id\" must be a uuid and the primary key; {found}."),
    ))
}

fn table(site: &Site, table: &str, columns: &[Column], progress: &Adoption) -> Result<()> {
    require_uuid_key(site, table)?;
    progress.begins(table, "checking rows");
    let found = found_columns(site, table)?;
    let target = format!("{}.{table}", site.quoted);
    // Everything is looked at before anything is changed, so that the error names the column and not its victim.
    let mut changes = Vec::new();
    for column in columns {
        let kind = match column.kind {
            "phase" => format!("{}.phase", site.quoted),
            other => other.to_owned(),
        };
        let name = quote_identifier(column.name)?;
        let Some(existing) = found.iter().find(|existing| existing.name == column.name) else {
            changes.extend(added(&target, &name, &kind, column));
            continue;
        };
        let is_text = ["text", "character varying"]
            .iter()
            .any(|prefix| existing.kind.starts_with(prefix))
            && !existing.kind.ends_with("[]");
        match column.kind {
            "phase" if existing.is_phase => {}
            "phase" if is_text => {
                require_labels(site, table, column.name)?;
                changes.extend(converted(&target, &name, &kind, column, existing));
                continue;
            }
            // What phasegate itself writes may be of any length, and must not keep a ticket from moving.
            "text" if OWN_TEXTS.contains(&(table, column.name)) && existing.kind.ends_with(')') => {
                return Err(unfit(table, column, existing));
            }
            wanted if compatible(wanted, &existing.kind, is_text) => {}
            _ => return Err(unfit(table, column, existing)),
        }
        let holds_null =
            !existing.not_null && column.default.is_some() && holds_null(&target, &name)?;
        changes.extend(completed(&target, &name, column, existing, holds_null));
    }
    if !changes.is_empty() {
        progress.begins(table, "adding and converting columns");
    }
    changes.iter().try_for_each(|change| run_script(change))
}

/// The columns of any length that hold what phasegate itself writes.
const OWN_TEXTS: [(&str, &str); 2] = [("tickets", "context_summary"), ("tasks", "error_message")];

fn unfit(table: &str, column: &Column, existing: &Found) -> Error {
    Error::cannot_adopt(
        table,
        format!(
            "Column \"{}\" has type {}; needed is {}.",
            column.name, existing.kind, column.kind
        ),
    )
}

fn compatible(wanted: &str, found: &str, found_is_text: bool) -> bool {
    match wanted {
        "text" => found_is_text,
        _ if wanted.starts_with("varchar") && !wanted.ends_with("[]") => found_is_text,
        "timestamptz" => found == "timestamp with time zone",
        "varchar(255)[]" => ["character varying(255)[]", "text[]"].contains(&found),
        _ => wanted == found,
    }
}

/// Adds a missing column. A title has no default for new rows, only for those that are there already.
fn added(target: &str, name: &str, kind: &str, column: &Column) -> Vec<String> {
    let default = column
        .default
        .map(|default| format!(" DEFAULT {default}"))
        .unwrap_or_default();
    let not_null = if column.required { " NOT NULL" } else { "" };
    let mut changes = vec![format!(
        "ALTER TABLE {target} ADD COLUMN {name} {kind}{default}{not_null}"
    )];
    if column.name == "title" {
        changes.push(format!(
            "ALTER TABLE {target} ALTER COLUMN {name} DROP DEFAULT"
        ));
    }
    if let Some(fill) = column.fill {
        changes.push(format!(
            "ALTER TABLE {target} ALTER COLUMN {name} TYPE {kind} USING {fill}"
        ));
    }
    changes
}

/// Turns a text column into the workspace's enum; the table's own default is kept.
fn converted(
    target: &str,
    name: &str,
    kind: &str,
    column: &Column,
    existing: &Found,
) -> Vec<String> {
    let value = match column.default {
        Some(default) => format!("coalesce({name}, {default})"),
        None => name.to_owned(),
    };
    let default = existing
        .default
        .as_deref()
        .map(|expression| format!("({expression})::text::{kind}"))
        .or_else(|| column.default.map(str::to_owned));
    let mut changes = vec![
        format!("ALTER TABLE {target} ALTER COLUMN {name} DROP DEFAULT"),
        format!("ALTER TABLE {target} ALTER COLUMN {name} TYPE {kind} USING {value}::text::{kind}"),
    ];
    if let Some(default) = default {
        changes.push(format!(
            "ALTER TABLE {target} ALTER COLUMN {name} SET DEFAULT {default}"
        ));
    }
    if column.required {
        changes.push(format!(
            "ALTER TABLE {target} ALTER COLUMN {name} SET NOT NULL"
        ));
    }
    changes
}

/// Gives an existing column of the right type the default and the values that it lacks.
fn completed(
    target: &str,
    name: &str,
    column: &Column,
    existing: &Found,
    holds_null: bool,
) -> Vec<String> {
    let mut changes = Vec::new();
    if let Some(default) = column.default {
        if !existing.has_default && column.name != "title" {
            changes.push(format!(
                "ALTER TABLE {target} ALTER COLUMN {name} SET DEFAULT {default}"
            ));
        }
        // Where nothing is to be filled the column is not touched: its type cannot be altered, not even
        // to what it is, while a view, policy or generated column uses it.
        if holds_null {
            changes.push(format!(
                "ALTER TABLE {target} ALTER COLUMN {name} TYPE {} USING coalesce({name}, {default})",
                existing.kind
            ));
        }
    }
    if column.required && !existing.not_null {
        changes.push(format!(
            "ALTER TABLE {target} ALTER COLUMN {name} SET NOT NULL"
        ));
    }
    changes
}

fn holds_null(target: &str, name: &str) -> Result<bool> {
    let rows = run_once(
        &format!("SELECT 1 FROM {target} WHERE {name} IS NULL LIMIT 1"),
        &[],
    )?;
    Ok(!rows.is_empty())
}

fn require_labels(site: &Site, table: &str, column: &str) -> Result<()> {
    let rows = run_once(
        &format!(
            "SELECT string_agg(quote_literal(value), ', ' ORDER BY value)
               FROM (SELECT DISTINCT {column}::text AS value FROM {}.{table}
                      WHERE {column}::text NOT IN (SELECT unnest(enum_range(NULL::{}.phase))::text)
                      ORDER BY 1 LIMIT 20) odd",
            site.quoted, site.quoted
        ),
        &[],
    )?;
    match rows.first().and_then(|row| row.text(1)) {
        None => Ok(()),
        Some(odd) => Err(Error::cannot_adopt(
            table,
            format!("Column \"{column}\" holds values that are no phase: {odd}."),
        )
        .hint("Change those rows, or add the labels to an enum named phase in that schema first.")),
    }
}
