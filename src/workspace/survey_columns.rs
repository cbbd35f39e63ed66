//! The columns of a table that is to be adopted or repaired: what is in the way.

use super::column_users::users_of;
use super::found::{Column, Object};
use super::kind::{self, Kind};
use super::standing::{Labels, Standing};
use super::structure::{self, Class};
use super::survey_values::{count, foreign_values, nulls, odd_values, refused_words, too_short};
use super::tried::tried;
use super::{owner, run_once, words};
use crate::definitions;
use crate::labels;
use crate::pg::error::Result;
use crate::pg::spi::quote_identifier;
use crate::pg::value::{Type, Value};
use crate::pg::{catalog, role};
use crate::problems::Problem;

/// The columns that hold what phasegate itself writes, of any length.
const OWN_TEXTS: [(&str, &str); 3] = [
    ("tickets", "context_summary"),
    ("tasks", "error_message"),
    ("phase_context", "context_summary"),
];

/// The columns of a history in which adopting writes a word of its own and the name of a role, and how long these are.
const LEAST: [(&str, usize); 2] = [("transition_reason", 7), ("transitioned_by", 63)];

/// What is wrong with the columns, and which of ours are added beside the application's own.
pub(super) fn problems(
    standing: &Standing,
    labels: &Labels,
    is_workspace: bool,
) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    if standing.table.name == "tickets" {
        problems.extend(key_of_tickets(standing)?);
        problems.extend(beside(standing));
    } else {
        problems.extend(key(standing, is_workspace));
    }
    for column in structure::columns(standing.table.name) {
        if column.name == "id" {
            continue;
        }
        match standing.column(column.name) {
            None => problems.extend(missing(standing, &column)?),
            Some(found) => {
                let found = (&column, found);
                one(standing, found, labels, is_workspace, &mut problems)?;
            }
        }
    }
    problems.extend(unknown_required(standing));
    Ok(problems)
}

/// Columns of ours that are added beside the application's own.
fn beside(standing: &Standing) -> Vec<Problem> {
    let table = &standing.table;
    let mut notes: Vec<Problem> = table
        .choices
        .iter()
        .filter_map(|choice| {
            let reason = choice.beside.as_ref()?;
            let detail = format!(
                "Column \"{}\" is the application's own: {reason}. Column \"{}\" is added.",
                choice.ours, choice.actual
            );
            Some(Problem::new(table.name, "column_is_added_beside", detail).about(choice.ours))
        })
        .collect();
    if table.actual("id") == "ticket_uuid" && standing.column("id").is_none() {
        notes.push(
            Problem::new(
                table.name,
                "column_is_added_beside",
                "The table has no uuid \"id\" as its primary key. Column \"ticket_uuid\" is added.",
            )
            .about("ticket_uuid"),
        );
    }
    notes.into_iter().map(Problem::note).collect()
}

/// The key of the tickets: where there is none that the other tables could refer to one is added, if it can be.
fn key_of_tickets(standing: &Standing) -> Result<Option<Problem>> {
    let table = &standing.table;
    let name = table.actual("id");
    let about = |word, detail: String| Problem::new(table.name, word, detail).about(&name);
    let other = standing
        .columns
        .iter()
        .find(|column| column.name == "ticket_uuid");
    if let Some(found) = other
        .filter(|column| !column.kind.is(kind::UUID))
        .or(standing.column("id"))
    {
        let name = &found.name;
        return Ok((!found.kind.is(kind::UUID)).then(|| {
            about(
                "key_is_no_uuid",
                format!("Column \"{name}\" must be a uuid; it is {}.", found.words),
            )
            .about(name)
            .hint(format!(
                "ALTER TABLE {} RENAME COLUMN {name} TO ...; then a column of that name is added.",
                table.quoted
            ))
        }));
    }
    if table.kind != b'p' {
        return Ok(None);
    }
    let rows = run_once(
        "SELECT pg_get_partkeydef($1)",
        &[(Type::Oid, Value::Oid(table.oid))],
    )?;
    let by = rows.first().and_then(|row| row.text(1)).unwrap_or_default();
    Ok(Some(
        about(
            "key_cannot_be_unique",
            format!("The table is partitioned by {by}, so that it can have no unique key of one column, which other tables could refer to."),
        )
        .hint("A partitioned table of tickets has a uuid \"id\" as its primary key, and is partitioned by that."),
    ))
}

/// The key by which rows are found.
fn key(standing: &Standing, is_workspace: bool) -> Option<Problem> {
    let has_key = structure::parts().any(|part| {
        part.table == standing.table.name
            && part.class == Class::Constraint
            && part.definition == "PRIMARY KEY (id)"
    });
    if !has_key {
        return None;
    }
    let found = standing.column("id");
    let name = standing.table.actual("id");
    let is_key = |object: &Object| {
        object.class == Class::Constraint
            && object.definition.starts_with("PRIMARY KEY")
            && object.columns.as_slice() == std::slice::from_ref(&name)
    };
    let is_primary = standing.objects.iter().any(is_key);
    let words = match found {
        Some(found) if found.kind.is(kind::UUID) && (is_primary || is_workspace) => return None,
        Some(found) if found.kind.is(kind::UUID) => {
            "it is uuid, but not the primary key".to_owned()
        }
        Some(found) => format!("it is {}", found.words),
        None => "there is no such column".to_owned(),
    };
    Some(
        Problem::new(
            standing.table.name,
            "key_is_no_uuid",
            format!("Column \"id\" must be a uuid and the primary key; {words}."),
        )
        .about("id"),
    )
}

/// A column that is not there and cannot be filled.
fn missing(standing: &Standing, column: &structure::Column) -> Result<Option<Problem>> {
    // Without it all moves would be starts.
    let is_start = (column.table, column.name) == ("phase_history", "from_phase");
    let is_told = column.required && column.default.is_none() || is_start;
    if !is_told || !has_rows(standing)? {
        return Ok(None);
    }
    let table = &standing.table;
    if (table.name, column.name) == ("tickets", "title") {
        let choice = table.choices.iter().find(|choice| choice.ours == "title");
        let there = match choice.and_then(|choice| choice.beside.as_ref()) {
            Some(reason) => format!("Column \"title\" cannot be used: {reason}"),
            None => "There is no column \"title\"".to_owned(),
        };
        return Ok(Some(
            Problem::new(
                table.name,
                "title_is_missing",
                format!("{there}, and nothing says what the tickets' titles are."),
            )
            .about("title")
            .count(count(standing, "true")?)
            .hint(format!(
                "ALTER TABLE {table} RENAME COLUMN ... TO title; or, to keep the column's name: ALTER TABLE {table} ADD COLUMN title text GENERATED ALWAYS AS (...) STORED;",
                table = table.quoted
            )),
        ));
    }
    Ok(Some(
        Problem::new(
            table.name,
            "column_is_missing",
            format!(
                "There is no column \"{}\", and nothing says what the rows would have there.",
                column.name
            ),
        )
        .about(column.name)
        .count(count(standing, "true")?)
        .hint(format!(
            "ALTER TABLE {} ADD COLUMN {} {}; and fill it.",
            table.quoted,
            column.name,
            sql_type(column.kind)
        )),
    ))
}

fn sql_type(kind: Kind) -> String {
    match kind {
        Kind::Phase => "text".to_owned(),
        _ => kind.sql(),
    }
}

/// A column that is there.
fn one(
    standing: &Standing,
    (column, found): (&structure::Column, &Column),
    labels: &Labels,
    is_workspace: bool,
    problems: &mut Vec<Problem>,
) -> Result<()> {
    let table = &standing.table;
    // Where there is no order to keep, an application's own times may be coarser.
    let is_ordered = !["tickets", "tasks"].contains(&table.name);
    let takes = column.kind.takes(found.kind, labels.kind, is_ordered);
    let is_converted =
        column.kind == Kind::Phase && !takes && (found.kind.is_text() || found.is_enum);
    if !takes && !is_converted {
        problems.push(unfit(standing, column, found));
        return Ok(());
    }
    if OWN_TEXTS.contains(&(table.name, column.name)) && found.kind.most().is_some() {
        // What phasegate itself writes may be of any length, and must not keep a ticket from moving.
        problems.push(unfit(standing, column, found));
        return Ok(());
    }
    let before = problems.len();
    if is_converted && let Some(problem) = type_of_another(column, found)? {
        problems.push(problem);
        return Ok(());
    }
    if is_converted {
        problems.extend(foreign_values(standing, column, found, labels)?);
        problems.extend(users_of(&standing.table, &found.name)?);
    }
    if found.is_generated && is_written(column) {
        problems.push(
            Problem::new(
                table.name,
                "column_is_generated",
                format!(
                    "Column \"{}\" is generated, and phasegate writes it.",
                    found.name
                ),
            )
            .about(&found.name)
            .hint(format!(
                "ALTER TABLE {} ALTER COLUMN {} DROP EXPRESSION;",
                table.quoted,
                quote_identifier(&found.name)?
            )),
        );
    }
    // Tickets' priorities are the application's to write.
    if let Some(words) = words::of(table.name, column.name)
        && table.name != "tickets"
    {
        problems.extend(refused_words(standing, found, words)?);
    }
    if table.name == "phase_history"
        && let Some((_, least)) = LEAST.iter().find(|(name, _)| *name == column.name)
    {
        problems.extend(too_short(standing, found, *least)?);
    }
    problems.extend(default(standing, column, found, labels));
    problems.extend(nulls(standing, column, found, is_workspace)?);
    if problems.len() == before && !is_converted {
        problems.extend(odd_values(standing, column, found)?);
    }
    Ok(())
}

/// An enum of another role's. Its owner makes its casts, which would run with the rights of the workspace's owner.
fn type_of_another(column: &structure::Column, found: &Column) -> Result<Option<Problem>> {
    let owner = role::current();
    let other = catalog::type_owner(found.kind.oid).filter(|_| found.is_enum);
    let Some(other) = other.filter(|other| !role::has_rights_of(*other, owner)) else {
        return Ok(None);
    };
    let error = owner::other_owner("type", &found.words, other, owner);
    Ok(Some(
        Problem::of_error(column.table, error).about(&found.name),
    ))
}

fn unfit(standing: &Standing, column: &structure::Column, found: &Column) -> Problem {
    let table = &standing.table;
    let name = &found.name;
    Problem::new(
        table.name,
        "type_differs",
        format!(
            "Column \"{name}\" has type {}; needed is {}.",
            found.words,
            column.kind.words()
        ),
    )
    .about(name)
    .hint(match column.kind {
        _ if found.kind.is_text() && column.kind != Kind::Phase => format!(
            "ALTER TABLE {} ALTER COLUMN {name} TYPE text;",
            table.quoted
        ),
        Kind::Phase => format!("ALTER TABLE {} ALTER COLUMN {name} TYPE text USING ...; or rename the column.", table.quoted),
        kind => format!(
            "ALTER TABLE {} ALTER COLUMN {name} TYPE {} USING ...; or rename the column, and one of phasegate's is added.",
            table.quoted,
            kind.sql()
        ),
    })
}

/// Whether phasegate writes the column of rows that are there, or of those that it makes.
fn is_written(column: &structure::Column) -> bool {
    !(column.table == "tickets"
        && ["title", "description", "priority", "created_at"].contains(&column.name))
}

/// A default that would make the application's next INSERT fail.
fn default(
    standing: &Standing,
    column: &structure::Column,
    found: &Column,
    labels: &Labels,
) -> Option<Problem> {
    let words = words::of(column.table, column.name);
    if column.kind != Kind::Phase && words.is_none() {
        return None;
    }
    let expression = found.default.as_deref()?;
    let (text, said) = match definitions::literal(expression) {
        Some(text) => (text.clone(), format!("is '{text}'")),
        None => {
            let text = given(expression)?;
            let said = format!("is {expression}, which gives '{text}'");
            (text, said)
        }
    };
    let problem = |why: &str, words: String| {
        Problem::new(
            standing.table.name,
            "default_is_refused",
            format!("The default of column \"{}\" {said}, {why}.", found.name),
        )
        .about(&found.name)
        .hint(format!(
            "ALTER TABLE {} ALTER COLUMN {} SET DEFAULT ..., one of {words}; or DROP DEFAULT, and phasegate sets its own.",
            standing.table.quoted, found.name
        ))
    };
    if let Some(words) = words {
        return (!words.contains(&text.as_str()))
            .then(|| problem("which it may not hold", words.join(", ")));
    }
    if !labels.labels.contains(&text) {
        return Some(problem("which is no phase", labels.labels.join(", ")));
    }
    let meanings = labels::meanings(&labels.labels);
    let is_start = |one: &&labels::Meaning| ["start", "work"].contains(&one.kind);
    let ends = meanings
        .iter()
        .find(|one| one.label == text)
        .is_some_and(|one| !is_start(&one));
    // In a workspace that is there its rows of phases say so, and the trigger.
    let is_new = labels.kind.is_none();
    (ends && is_new && column.name == "phase_id" && column.table == "tickets").then(|| {
        let starts: Vec<&str> = meanings
            .iter()
            .filter(is_start)
            .map(|one| one.label.as_str())
            .collect();
        problem("in which no ticket can start", starts.join(", "))
    })
}

/// What the expression of a default gives here and now. Nothing is known of one that fails, as a function that looks for its tables
/// on the application's search_path, or that gives nothing, as a setting of the application's sessions.
fn given(expression: &str) -> Option<String> {
    let given = tried(|| {
        let rows = run_once(&format!("SELECT ({expression})::text"), &[])?;
        Ok(rows.first().and_then(|row| row.text(1)))
    });
    given.ok().flatten().filter(|text| !text.is_empty())
}

/// Columns of the application's own that a row which phasegate makes would lack. Tickets are made by the application.
fn unknown_required(standing: &Standing) -> Vec<Problem> {
    let table = &standing.table;
    if table.name == "tickets" {
        return Vec::new();
    }
    let ours = structure::columns(table.name);
    standing
        .columns
        .iter()
        .filter(|found| {
            found.not_null
                && found.default.is_none()
                && !found.is_generated
                && !found.is_identity
                && !ours.iter().any(|column| column.name == found.name)
        })
        .map(|found| {
            Problem::new(
                table.name,
                "column_needs_a_value",
                format!(
                    "Column \"{}\" is NOT NULL and has no default, and phasegate knows nothing of it.",
                    found.name
                ),
            )
            .about(&found.name)
            .hint(format!(
                "ALTER TABLE {} ALTER COLUMN \"{}\" SET DEFAULT ...; or DROP NOT NULL.",
                table.quoted, found.name
            ))
        })
        .collect()
}

fn has_rows(standing: &Standing) -> Result<bool> {
    let rows = run_once(
        &format!("SELECT 1 FROM {} LIMIT 1", standing.table.quoted),
        &[],
    )?;
    Ok(!rows.is_empty())
}
