//! The values of a column that is to be adopted or repaired, those that stand in it and those that phasegate writes: what is in
//! the way.

use super::columns::is_left_empty;
use super::found::Column;
use super::standing::{Labels, Standing};
use super::structure;
use super::{readable, repair, run_once, words};
use crate::definitions;
use crate::pg::error::Result;
use crate::pg::spi::quote_identifier;
use crate::pg::value::{Type, Value};
use crate::problems::Problem;

/// Values of a column that is to hold phases which are no labels.
pub(super) fn foreign_values(
    standing: &Standing,
    column: &structure::Column,
    found: &Column,
    labels: &Labels,
) -> Result<Option<Problem>> {
    let name = quote_identifier(&found.name)?;
    let allowed = labels.labels.iter().cloned().map(Some).collect();
    let (count, examples) = values(
        standing,
        &name,
        &format!("{name}::text <> ALL ($1)"),
        &[(Type::Texts, Value::Texts(allowed))],
    )?;
    if count == 0 {
        return Ok(None);
    }
    let hint = match labels.kind {
        Some(_) => {
            "Change those rows, or add the labels to the type of the phases first: ALTER TYPE ... ADD VALUE."
        }
        None => {
            "Change those rows, or say what the phases are, in their order: create_workspace(..., phases => '{...}')."
        }
    };
    Ok(Some(
        Problem::new(
            column.table,
            "values_are_no_phases",
            format!("Column \"{}\" holds values that are no phase.", found.name),
        )
        .about(&found.name)
        .count(count)
        .examples(examples)
        .hint(hint),
    ))
}

/// Constraints of the table's own that refuse what phasegate writes.
pub(super) fn refused_words(
    standing: &Standing,
    found: &Column,
    words: &[&str],
) -> Result<Vec<Problem>> {
    let table = &standing.table;
    let mut problems = Vec::new();
    for object in &standing.objects {
        let Some(refused) = words::refused(table, found, object, words)? else {
            problems.push(readable::unknown(table.name, &object.name));
            continue;
        };
        if refused.is_empty() {
            continue;
        }
        problems.push(
            Problem::new(
                table.name,
                "constraint_refuses_values",
                format!(
                    "Constraint \"{}\" on column \"{}\" refuses values that phasegate writes",
                    object.name, found.name
                ),
            )
            .about(&object.name)
            .examples(refused.iter().map(|word| format!("'{word}'")).collect())
            .hint(format!(
                "ALTER TABLE {} DROP CONSTRAINT {};",
                table.quoted,
                quote_identifier(&object.name)?
            )),
        );
    }
    let longest = words.iter().map(|word| word.len()).max().unwrap_or(0);
    problems.extend(too_short(standing, found, longest)?);
    Ok(problems)
}

pub(super) fn too_short(
    standing: &Standing,
    found: &Column,
    longest: usize,
) -> Result<Option<Problem>> {
    let table = &standing.table;
    let most = found.kind.most();
    let most = most.filter(|most| usize::try_from(*most).is_ok_and(|most| most < longest));
    most.map(|most| {
        Ok(Problem::new(
            table.name,
            "column_is_too_short",
            format!(
                "Column \"{}\" holds {most} characters; needed are {longest}.",
                found.name
            ),
        )
        .about(&found.name)
        .hint(format!(
            "ALTER TABLE {} ALTER COLUMN {} TYPE varchar({longest});",
            table.quoted,
            quote_identifier(&found.name)?
        )))
    })
    .transpose()
}

/// NULLs where there must be values, or the other way about.
pub(super) fn nulls(
    standing: &Standing,
    column: &structure::Column,
    found: &Column,
    is_workspace: bool,
) -> Result<Option<Problem>> {
    let table = &standing.table;
    let name = quote_identifier(&found.name)?;
    if !column.required {
        // In a workspace it is put right.
        if is_workspace || !found.not_null || !is_left_empty(column) || found.is_generated {
            return Ok(None);
        }
        return Ok(Some(
            Problem::new(
                table.name,
                "column_is_not_null",
                format!(
                    "Column \"{}\" is NOT NULL, and phasegate leaves it empty.",
                    found.name
                ),
            )
            .about(&found.name)
            .hint(format!(
                "ALTER TABLE {} ALTER COLUMN {name} DROP NOT NULL;",
                table.quoted
            )),
        ));
    }
    // Nobody but the application knows what these would be.
    let is_told = [
        ("phase_history", "created_at"),
        ("task_templates", "is_active"),
    ]
    .contains(&(table.name, column.name));
    if found.not_null || column.default.is_some() && !is_told {
        return Ok(None);
    }
    let count = count(standing, &format!("{name} IS NULL"))?;
    Ok((count > 0).then(|| {
        Problem::new(
            table.name,
            "values_are_missing",
            format!("Column \"{}\" is NULL.", found.name),
        )
        .about(&found.name)
        .count(count)
        .hint(format!(
            "UPDATE {} SET {name} = ... WHERE {name} IS NULL; or delete these rows.",
            table.quoted
        ))
    }))
}

/// Values that a CHECK of ours refuses, where there is no such CHECK yet.
pub(super) fn odd_values(
    standing: &Standing,
    column: &structure::Column,
    found: &Column,
) -> Result<Option<Problem>> {
    let table = &standing.table;
    let name = quote_identifier(&found.name)?;
    let is_checked = |part: &structure::Part| {
        let plain = definitions::plain(&repair::wanted(part, table));
        standing
            .objects
            .iter()
            .any(|object| object.is_valid && definitions::plain(&object.definition) == plain)
    };
    let check = structure::parts().find(|part| {
        part.table == column.table && part.is_check() && part.names_column(column.name)
    });
    let Some(check) = check.filter(|check| !is_checked(check)) else {
        return Ok(None);
    };
    if (column.table, column.name) == ("tickets", "title") {
        let (count, examples) = values(
            standing,
            &name,
            &format!("char_length({name}) NOT BETWEEN 1 AND 500"),
            &[],
        )?;
        return Ok((count > 0).then(|| {
            Problem::new(
                table.name,
                "title_has_odd_length",
                format!(
                    "Column \"{}\" has not from 1 to 500 characters.",
                    found.name
                ),
            )
            .about(&found.name)
            .count(count)
            .examples(examples)
            .hint("Change those rows.")
        }));
    }
    let Some(words) = words::of(column.table, column.name) else {
        return Ok(None);
    };
    let allowed = words.iter().map(|word| Some((*word).to_owned())).collect();
    let (count, examples) = values(
        standing,
        &name,
        &format!("{name}::text <> ALL ($1)"),
        &[(Type::Texts, Value::Texts(allowed))],
    )?;
    Ok((count > 0).then(|| {
        Problem::new(
            table.name,
            "values_are_not_allowed",
            format!(
                "Column \"{}\" holds other values than {}",
                found.name,
                words.join(", ")
            ),
        )
        .about(check.name)
        .count(count)
        .examples(examples)
        .hint("Change those rows, or rename the column, and one of phasegate's is added.")
    }))
}

/// How many rows meet the condition.
pub(super) fn count(standing: &Standing, condition: &str) -> Result<i64> {
    let rows = run_once(
        &format!(
            "SELECT count(*) FROM {} WHERE {condition}",
            standing.table.quoted
        ),
        &[],
    )?;
    Ok(rows.first().and_then(|row| row.big(1)).unwrap_or(0))
}

/// How many rows meet the condition, and some of the values of one column there.
fn values(
    standing: &Standing,
    column: &str,
    condition: &str,
    arguments: &[(Type, Value<'_>)],
) -> Result<(i64, Vec<String>)> {
    counted(
        &format!(
            "SELECT sum(rows)::bigint, (array_agg(quote_literal(left(value, 60)) ORDER BY value COLLATE \"C\"))[:20]
               FROM (SELECT {column}::text AS value, count(*) AS rows
                       FROM {} WHERE {condition} GROUP BY 1) odd",
            standing.table.quoted
        ),
        arguments,
    )
}

/// What a query gives that counts and collects examples.
pub(super) fn counted(sql: &str, arguments: &[(Type, Value<'_>)]) -> Result<(i64, Vec<String>)> {
    let rows = run_once(sql, arguments)?;
    let found = rows.first().map(|row| (row.big(1), row.texts(2)));
    let (count, examples) = found.unwrap_or_default();
    let examples = examples.into_iter().flatten().flatten();
    Ok((count.unwrap_or(0), examples.collect()))
}
