//! What adopting writes into rows that are there, and the history that it writes, held against the constraints that the tables have.

use super::adopting;
use super::columns::{Changes, Filled};
use super::found::{self, Check, Table};
use super::readable;
use super::repair;
use super::run_once;
use super::shape::BESIDE;
use super::site::Site;
use super::standing::{Labels, Standing};
use super::structure::{self, Class};
use super::tried::tried;
use crate::labels;
use crate::pg::catalog;
use crate::pg::error::Result;
use crate::pg::spi::quote_identifier;
use crate::pg::value::{Type, Value};
use crate::problems::Problem;

/// Rows as they would be written, as a query whose columns are the table's.
struct Rows {
    query: String,
    /// The name under which a constraint knows them.
    name: String,
}

/// What is refused by constraints of the table's own.
pub(super) fn problems(
    site: &Site,
    (standing, changes): (&Standing, &Changes),
    tickets: Option<&Table>,
    labels: &Labels,
) -> Result<Vec<Problem>> {
    let table = &standing.table;
    let mut problems = Vec::new();
    let is_ours = |name: &str| {
        let same = |part: &structure::Part, object: &found::Object| {
            part.table == table.name
                && tickets.is_some_and(|tickets| repair::is_same(part, table, tickets, object))
        };
        let of_name = |object: &&found::Object| object.name == name;
        (standing.objects.iter().filter(of_name))
            .any(|object| structure::parts().any(|part| same(part, object)))
    };
    // An adoption that is under way makes constraints that rows are to be put right for.
    let is_under_way = adopting::is_under_way(site.schema);
    let is_promise = |name: &str| is_under_way && name.starts_with(BESIDE);
    let own = found::checks(table.oid)?;
    let own: Vec<&Check> = own
        .iter()
        .filter(|check| !is_ours(&check.name) && !is_promise(&check.name) && !check.names_rows())
        .collect();
    let start = labels::meanings(&labels.labels);
    let start = start.iter().find(|one| one.kind == "start");
    let start = labels::quoted(start.map_or("", |one| &one.label));
    if let Some((rows, columns)) = filled(site, standing, changes, &start)? {
        // Others were kept so far, and are not touched.
        let asked = |check: &&&Check| {
            !check.is_valid || check.columns.iter().any(|column| columns.contains(column))
        };
        for check in own.iter().filter(asked) {
            problems.extend(refused(
                standing,
                &rows,
                check,
                "what rows are filled with",
            )?);
        }
    }
    if table.name == "phase_history"
        && let Some(tickets) = tickets
    {
        let rows = history(standing, tickets, &start)?;
        for check in own {
            problems.extend(refused(
                standing,
                &rows,
                check,
                "the rows that adopting writes",
            )?);
        }
        for object in &standing.objects {
            problems.extend(unknown(standing, &rows, object)?);
        }
        problems.extend(
            once(standing)?
                .into_iter()
                .filter(|one| !is_ours(one.object.as_deref().unwrap_or(""))),
        );
    }
    Ok(problems)
}

/// The rows that are filled, and the columns that get other values than they have.
fn filled(
    site: &Site,
    standing: &Standing,
    changes: &Changes,
    start: &str,
) -> Result<Option<(Rows, Vec<String>)>> {
    let table = &standing.table;
    let text = |text: &str| site.text(&text.replace("{start}", start).replace("::{phase}", ""));
    let of = |column: &str| {
        standing
            .columns
            .iter()
            .find(|one| quote_identifier(&one.name).is_ok_and(|name| name == column))
    };
    // Every row with a phase is written anew; those that have none get one.
    let converted = changes.converted.iter().map(|one| Filled {
        column: one.name.clone(),
        value: one.filler.clone().unwrap_or_else(|| "NULL".to_owned()),
        condition: format!("{} IS NULL", one.name),
    });
    let all: Vec<Filled> = changes.filled.iter().cloned().chain(converted).collect();
    let is_converted = !changes.converted.is_empty();
    if all.is_empty() {
        return Ok(None);
    }
    let mut written = Vec::new();
    let mut columns = Vec::new();
    for column in &standing.columns {
        let name = quote_identifier(&column.name)?;
        let new = all
            .iter()
            .find(|one| text(&one.column).is_ok_and(|filled| filled == name));
        match new.filter(|_| !column.is_enum) {
            Some(new) => {
                columns.push(column.name.clone());
                written.push(format!(
                    "(CASE WHEN {} THEN {} ELSE {name} END)::{} AS {name}",
                    text(&new.condition)?,
                    text(&new.value)?,
                    column.words
                ));
            }
            None => written.push(name),
        }
    }
    let mut conditions = Vec::new();
    for one in &all {
        // Of a column that is added every row is filled.
        conditions.push(match of(&text(&one.column)?) {
            Some(_) => format!("({})", text(&one.condition)?),
            None => "true".to_owned(),
        });
    }
    if is_converted {
        conditions.push("true".to_owned());
    }
    let query = format!(
        "SELECT {} FROM {} WHERE {}",
        written.join(", "),
        table.quoted,
        conditions.join(" OR ")
    );
    let name = quote_identifier(&catalog::name_of(table.oid).unwrap_or_default())?;
    Ok(Some((Rows { query, name }, columns)))
}

/// The rows of history that adopting writes: one for each ticket.
fn history(standing: &Standing, tickets: &Table, start: &str) -> Result<Rows> {
    let of_ticket = |name: &str| {
        let name = tickets.actual(name);
        catalog::column(tickets.oid, &name).map(|_| quote_identifier(&name))
    };
    let mut written = Vec::new();
    for column in &standing.columns {
        let value = match column.name.as_str() {
            "ticket_id" => of_ticket("id").transpose()?.map(|id| format!("t.{id}")),
            "to_phase" if column.kind.is_text() => {
                Some(match of_ticket("phase_id").transpose()? {
                    Some(phase) => format!("coalesce(t.{phase}::text, {start})"),
                    None => start.to_owned(),
                })
            }
            "transition_reason" => Some("'adopted'".to_owned()),
            "transitioned_by" => Some("session_user".to_owned()),
            "from_phase" => None,
            _ => column.default.clone(),
        };
        let value = value.unwrap_or_else(|| "NULL".to_owned());
        written.push(format!(
            "({value})::{} AS {}",
            column.words,
            quote_identifier(&column.name)?
        ));
    }
    Ok(Rows {
        query: format!("SELECT {} FROM {} t", written.join(", "), tickets.quoted),
        name: "phase_history".to_owned(),
    })
}

/// How many of the rows meet the condition; the message of an error that making or trying them came to. What is evaluated may be
/// the default of a column, which is for rows that are written: what it may have written goes with the subtransaction.
fn how_many(rows: &Rows, condition: &str) -> std::result::Result<i64, String> {
    tried(|| {
        let found = run_once(
            &format!(
                "SELECT count(*) FROM ({}) {} WHERE {condition}",
                rows.query, rows.name
            ),
            &[],
        )?;
        Ok(found.first().and_then(|row| row.big(1)).unwrap_or(0))
    })
}

fn problem(standing: &Standing, constraint: &str, what: &str, count: i64) -> Result<Problem> {
    let table = &standing.table;
    Ok(Problem::new(
        table.name,
        "constraint_refuses_values",
        format!("Constraint \"{constraint}\" refuses {what}"),
    )
    .about(constraint)
    .count(count)
    .hint(format!(
        "ALTER TABLE {} DROP CONSTRAINT {};",
        table.quoted,
        quote_identifier(constraint)?
    )))
}

/// What a constraint makes of rows: how many it refuses, or why that could not be tried.
fn tried_by(
    standing: &Standing,
    constraint: &str,
    what: &str,
    count: std::result::Result<i64, String>,
) -> Result<Option<Problem>> {
    match count {
        Ok(0) => Ok(None),
        Ok(count) => problem(standing, constraint, what, count).map(Some),
        Err(message) => Ok(Some(
            Problem::new(
                standing.table.name,
                "constraint_cannot_be_tried",
                format!("Constraint \"{constraint}\" cannot be tried on {what}: {message}"),
            )
            .about(constraint)
            .hint("Look at the constraint, and at the defaults of the table's columns: they are evaluated with the search_path pg_catalog, pg_temp."),
        )),
    }
}

/// Rows that a CHECK refuses.
fn refused(standing: &Standing, rows: &Rows, check: &Check, what: &str) -> Result<Option<Problem>> {
    let count = how_many(rows, &format!("NOT ({})", check.expression));
    tried_by(standing, &check.name, what, count)
}

/// Rows that refer to what is not there.
fn unknown(standing: &Standing, rows: &Rows, object: &found::Object) -> Result<Option<Problem>> {
    let ([column], [other]) = (object.columns.as_slice(), object.referred.as_slice()) else {
        return Ok(None);
    };
    if object.class != Class::Constraint || object.refers_to == 0 || column == "ticket_id" {
        return Ok(None);
    }
    let Some(known) = readable::named(object.refers_to)? else {
        return Ok(Some(readable::unknown(standing.table.name, &object.name)));
    };
    let (column, other) = (quote_identifier(column)?, quote_identifier(other)?);
    let count = how_many(
        rows,
        &format!(
            "{column} IS NOT NULL AND NOT EXISTS (SELECT FROM {known} known WHERE known.{other} = {}.{column})",
            rows.name
        ),
    );
    tried_by(
        standing,
        &object.name,
        "the rows that adopting writes",
        count,
    )
}

/// Unique indexes in which a ticket that comes to a phase twice would stand twice.
fn once(standing: &Standing) -> Result<Vec<Problem>> {
    let table = &standing.table;
    let rows = run_once(
        "SELECT c.relname::text, k.oid IS NOT NULL
           FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid LEFT JOIN pg_constraint k ON k.conindid = c.oid AND k.conrelid = $1
          WHERE i.indrelid = $1 AND i.indisunique
            AND NOT EXISTS (SELECT FROM pg_attribute a
                             WHERE a.attrelid = $1 AND a.attname IN ('id', 'created_at') AND a.attnum = ANY (i.indkey))
          ORDER BY 1",
        &[(Type::Oid, Value::Oid(table.oid))],
    )?;
    let found = rows
        .iter()
        .filter_map(|row| Some((row.text(1)?, row.bool(2))));
    found
        .map(|(name, is_constraint)| {
            let quoted = quote_identifier(&name)?;
            let schema = catalog::schema_of(table.oid)
                .and_then(catalog::schema_name)
                .unwrap_or_default();
            Ok(Problem::new(
                table.name,
                "history_is_unique",
                format!("\"{name}\" allows one row where tickets come to phases more than once."),
            )
            .about(&name)
            .hint(match is_constraint {
                true => format!("ALTER TABLE {} DROP CONSTRAINT {quoted};", table.quoted),
                false => format!("DROP INDEX {}.{quoted};", quote_identifier(&schema)?),
            }))
        })
        .collect()
}
