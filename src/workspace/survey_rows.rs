//! The rows of a table that is to be adopted or repaired: what of them a workspace could not work with.
//!
//! What a workspace has kept by its triggers is not looked at again, and what a constraint says is not either.

use super::found::{Object, Table};
use super::run_once;
use super::standing::{Labels, Standing};
use super::structure;
use super::survey_values::counted;
use crate::pg::error::Result;
use crate::pg::spi::quote_identifier;
use crate::problems::Problem;

/// What is wrong with the rows of a table whose columns are as they must be.
pub(super) fn problems(
    standing: &Standing,
    tickets: Option<&Table>,
    labels: &Labels,
) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    problems.extend(dangling(standing, tickets)?);
    problems.extend(doubled(standing)?);
    if standing.is_kept {
        return Ok(problems);
    }
    match standing.table.name {
        "tasks" => tasks(standing, &mut problems)?,
        "phase_history" => problems.extend(history(standing)?),
        "task_templates" => {
            problems.extend(arrays(standing, "required_capabilities")?);
            problems.extend(dependencies_of_templates(standing)?);
        }
        "phases" => problems.extend(meanings(standing, labels)?),
        _ => {}
    }
    Ok(problems)
}

/// How many rows meet the condition, and the ids of some of them.
fn rows(standing: &Standing, from: &str, condition: &str) -> Result<(i64, Vec<String>)> {
    let id = match standing.column("id") {
        Some(_) => quote_identifier(&standing.table.actual("id"))?,
        None => "ctid".to_owned(),
    };
    counted(
        &format!(
            "SELECT count(*), (array_agg(x.{id}::text ORDER BY x.{id}::text))[:5]
               FROM {from} WHERE {condition}"
        ),
        &[],
    )
}

/// Rows that belong to no ticket, where no foreign key keeps them from that.
fn dangling(standing: &Standing, tickets: Option<&Table>) -> Result<Option<Problem>> {
    let table = &standing.table;
    let has_key = structure::parts().any(|part| part.table == table.name && part.is_foreign_key());
    let (Some(tickets), true) = (tickets, has_key) else {
        return Ok(None);
    };
    if standing.column("ticket_id").is_none() {
        return Ok(None);
    }
    if let Some(elsewhere) = standing.objects.iter().find(|object| {
        object.columns == ["ticket_id"] && object.refers_to != 0 && object.refers_to != tickets.oid
    }) {
        let other = super::trigger_code::qualified(elsewhere.refers_to)?;
        return Ok(Some(
            Problem::new(
                table.name,
                "ticket_is_elsewhere",
                format!(
                    "Column \"ticket_id\" refers to {other} by constraint \"{}\", and the tickets are in {}.",
                    elsewhere.name, tickets.quoted
                ),
            )
            .about(&elsewhere.name)
            .hint(format!(
                "ALTER TABLE {} DROP CONSTRAINT {}; or name {other} as the table of the tickets.",
                table.quoted,
                quote_identifier(&elsewhere.name)?
            )),
        ));
    }
    let id = tickets.actual("id");
    let is_kept = standing.objects.iter().any(|object| {
        object.columns == ["ticket_id"]
            && object.refers_to == tickets.oid
            && object.referred.as_slice() == std::slice::from_ref(&id)
            && object.is_valid
    });
    // An application's key is added beside its own: nothing can refer to it yet.
    let is_there = crate::pg::catalog::column(tickets.oid, &id).is_some();
    if is_kept || !is_there {
        return Ok(None);
    }
    let (count, examples) = rows(
        standing,
        &format!("{} x", table.quoted),
        &format!(
            "x.ticket_id IS NOT NULL AND NOT EXISTS (SELECT FROM {} t WHERE t.{} = x.ticket_id)",
            tickets.quoted,
            quote_identifier(&id)?
        ),
    )?;
    Ok((count > 0).then(|| {
        Problem::new(
            table.name,
            "rows_have_no_ticket",
            "Column \"ticket_id\" holds ids of no ticket".to_owned(),
        )
        .about("ticket_id")
        .count(count)
        .examples(examples)
        .hint(format!(
            "Delete these rows of {}, or insert their tickets.",
            table.quoted
        ))
    }))
}

/// Rows of which a unique constraint of ours allows one.
fn doubled(standing: &Standing) -> Result<Option<Problem>> {
    let table = &standing.table;
    let has = |column: &str| standing.column(column).is_some();
    if table.name == "tickets" {
        return doubled_keys(standing);
    }
    if table.name != "phase_context" || !has("ticket_id") || !has("phase_id") {
        return Ok(None);
    }
    let key = ["ticket_id".to_owned(), "phase_id".to_owned()];
    if standing
        .objects
        .iter()
        .any(|object| object.columns == key && object.definition.starts_with("UNIQUE"))
    {
        return Ok(None);
    }
    let (count, examples) = rows(
        standing,
        &format!("{} x", table.quoted),
        &format!(
            "EXISTS (SELECT FROM {} o WHERE o.ticket_id = x.ticket_id AND o.phase_id = x.phase_id AND o.id < x.id)",
            table.quoted
        ),
    )?;
    Ok((count > 0).then(|| {
        Problem::new(
            table.name,
            "rows_are_doubled",
            "A ticket has more than one row of the same phase",
        )
        .count(count)
        .examples(examples)
        .hint(format!(
            "Delete these rows of {}, or merge them.",
            table.quoted
        ))
    }))
}

/// Keys of tickets that others could not refer to, since they are not unique.
fn doubled_keys(standing: &Standing) -> Result<Option<Problem>> {
    let table = &standing.table;
    let Some(found) = standing.column("id") else {
        return Ok(None);
    };
    let key = std::slice::from_ref(&found.name);
    let is_key = |object: &Object| {
        object.columns == key
            && ["UNIQUE", "PRIMARY KEY"]
                .iter()
                .any(|word| object.definition.starts_with(word))
    };
    if standing.objects.iter().any(is_key) {
        return Ok(None);
    }
    let id = quote_identifier(&found.name)?;
    let (count, examples) = rows(
        standing,
        &format!(
            "(SELECT {id}, count(*) OVER (PARTITION BY {id}) AS times FROM {}) x",
            table.quoted
        ),
        &format!("x.times > 1 AND x.{id} IS NOT NULL"),
    )?;
    Ok((count > 0).then(|| {
        Problem::new(
            table.name,
            "rows_are_doubled",
            format!(
                "Column \"{}\" holds the same key for several tickets",
                found.name
            ),
        )
        .about(&found.name)
        .count(count)
        .examples(examples)
        .hint(format!(
            "UPDATE {} SET {id} = ... of these rows; NULL is filled.",
            table.quoted
        ))
    }))
}

fn tasks(standing: &Standing, problems: &mut Vec<Problem>) -> Result<()> {
    let table = &standing.table;
    let has = |column: &str| standing.column(column).is_some();
    // Tasks that were a workspace's before may run without a lease, as their owner's do.
    if has("status") && !has("pending_dependencies") {
        let condition = match has("lease_expires_at") {
            true => "x.status IN ('assigned', 'running') AND x.lease_expires_at IS NULL",
            false => "x.status IN ('assigned', 'running')",
        };
        let (count, examples) = rows(standing, &format!("{} x", table.quoted), condition)?;
        if count > 0 {
            let first = if has("lease_expires_at") {
                String::new()
            } else {
                format!(
                    "ALTER TABLE {} ADD COLUMN lease_expires_at timestamptz; ",
                    table.quoted
                )
            };
            problems.push(
                Problem::new(
                    table.name,
                    "tasks_have_no_lease",
                    "Tasks are assigned or running, and nothing says until when",
                )
                .about("lease_expires_at")
                .count(count)
                .examples(examples)
                .hint(format!(
                    "{first}UPDATE {} SET lease_expires_at = now() + interval '1 hour' WHERE status IN ('assigned', 'running'); or SET status = 'pending'.",
                    table.quoted
                )),
            );
        }
    }
    if has("required_capabilities") {
        problems.extend(arrays(standing, "required_capabilities")?);
    }
    if has("dependencies") && has("ticket_id") {
        let (count, examples) = rows(
            standing,
            &format!("{} x", table.quoted),
            "x.dependencies IS NOT NULL AND x.dependencies <> 'null'
             AND CASE WHEN jsonb_typeof(x.dependencies) <> 'object' THEN true
                      WHEN NOT x.dependencies ? 'depends_on' THEN x.dependencies <> '{}'
                      ELSE jsonb_typeof(x.dependencies -> 'depends_on') <> 'array'
                           OR x.dependencies @? '$.depends_on[*] ? (@.type() != \"string\")' END",
        )?;
        if count > 0 {
            problems.push(
                Problem::new(
                    table.name,
                    "dependencies_are_unreadable",
                    "Column \"dependencies\" is not {\"depends_on\": [ids of tasks]}",
                )
                .about("dependencies")
                .count(count)
                .examples(examples)
                .hint(format!(
                    "UPDATE {} SET dependencies = ... of these tasks; NULL means none.",
                    table.quoted
                )),
            );
        }
        problems.extend(unknown_dependencies(standing)?);
    }
    Ok(())
}

/// Dependencies on what is no task of the same ticket, or on a task that depends on itself.
fn unknown_dependencies(standing: &Standing) -> Result<Option<Problem>> {
    let table = &standing.table;
    let (count, examples) = rows(
        standing,
        &format!("{} x", table.quoted),
        &format!(
            "EXISTS (SELECT FROM jsonb_array_elements_text(CASE jsonb_typeof(x.dependencies -> 'depends_on')
                                                           WHEN 'array' THEN x.dependencies -> 'depends_on' END) d (id)
                      WHERE d.id = x.id::text
                         OR NOT EXISTS (SELECT FROM {} o WHERE o.id::text = d.id AND o.ticket_id = x.ticket_id))",
            table.quoted
        ),
    )?;
    Ok((count > 0).then(|| {
        Problem::new(
            table.name,
            "dependencies_are_unknown",
            "Column \"dependencies\" names what is no other task of the same ticket",
        )
        .about("dependencies")
        .count(count)
        .examples(examples)
        .hint(format!(
            "UPDATE {} SET dependencies = ... of these tasks; NULL means none.",
            table.quoted
        ))
    }))
}

/// A document that is to be an array of strings.
fn arrays(standing: &Standing, column: &str) -> Result<Option<Problem>> {
    let table = &standing.table;
    let (count, examples) = rows(
        standing,
        &format!("{} x", table.quoted),
        &format!(
            "x.{column} <> 'null'
             AND (jsonb_typeof(x.{column}) <> 'array' OR x.{column} @? '$[*] ? (@.type() != \"string\")')"
        ),
    )?;
    Ok((count > 0).then(|| {
        Problem::new(
            table.name,
            "values_are_no_array_of_strings",
            format!("Column \"{column}\" is no array of strings"),
        )
        .about(column)
        .count(count)
        .examples(examples)
        .hint(format!(
            "UPDATE {} SET {column} = ... of these rows; NULL means none.",
            table.quoted
        ))
    }))
}

/// Dependencies of templates that cannot be read.
fn dependencies_of_templates(standing: &Standing) -> Result<Option<Problem>> {
    let table = &standing.table;
    if standing.column("dependencies_template").is_none() {
        return Ok(None);
    }
    let (count, examples) = rows(
        standing,
        &format!("{} x", table.quoted),
        "x.dependencies_template <> 'null'
         AND NOT (x.dependencies_template @? 'strict $ ? (@.type() == \"array\")' AND NOT x.dependencies_template @? '$[*] ? (@.type() != \"string\")'
                  OR jsonb_typeof(x.dependencies_template) = 'object' AND x.dependencies_template - 'depends_on' = '{}'
                     AND coalesce(jsonb_typeof(x.dependencies_template -> 'depends_on'), 'null') IN ('array', 'null')
                     AND NOT x.dependencies_template @? '$.depends_on[*] ? (@.type() != \"string\" && @.type() != \"null\")')",
    )?;
    Ok((count > 0).then(|| {
        Problem::new(
            table.name,
            "dependencies_are_unreadable",
            "Column \"dependencies_template\" is neither an array of task types nor {\"depends_on\": [task types]}",
        )
        .about("dependencies_template")
        .count(count)
        .examples(examples)
        .hint(format!(
            "UPDATE {} SET dependencies_template = ... of these rows; NULL means none.",
            table.quoted
        ))
    }))
}

/// A history of which a move does not begin where the one before ended. Where the first move begins somewhere, as where only
/// moves were written down, a start is put before it.
fn history(standing: &Standing) -> Result<Option<Problem>> {
    let table = &standing.table;
    if standing.column("created_at").is_none() || standing.column("from_phase").is_none() {
        return Ok(None);
    }
    let (count, examples) = rows(
        standing,
        &format!(
            "(SELECT h.id, h.from_phase::text AS from_phase,
                     lag(h.to_phase::text) OVER w AS former, row_number() OVER w AS place
                FROM {} h WINDOW w AS (PARTITION BY h.ticket_id ORDER BY h.created_at, h.id)) x",
            table.quoted
        ),
        "x.place > 1 AND x.from_phase IS DISTINCT FROM x.former",
    )?;
    Ok((count > 0).then(|| {
        Problem::new(
            table.name,
            "history_is_broken",
            "A move does not begin where the ticket's move before it ended",
        )
        .count(count)
        .examples(examples)
        .hint(format!(
            "Insert the moves that are missing into {}, or delete the rows before the gap.",
            table.quoted
        ))
    }))
}

/// The table of phases has its rows already: one of them is where tickets begin.
fn meanings(standing: &Standing, labels: &Labels) -> Result<Option<Problem>> {
    let rows = run_once(
        &format!(
            "SELECT count(*) FROM {} WHERE kind = 'start'",
            standing.table.quoted
        ),
        &[],
    )?;
    let starts = rows.first().and_then(|row| row.big(1)).unwrap_or(0);
    Ok((starts != 1).then(|| {
        Problem::new(
            standing.table.name,
            "no_phase_is_the_start",
            "Not exactly one phase is of kind start",
        )
        .about("kind")
        .hint(format!(
            "UPDATE {} SET kind = 'start' WHERE phase_id = '{}';",
            standing.table.quoted,
            labels.labels.first().map_or("...", String::as_str)
        ))
    }))
}
