//! The tables that are to be adopted, as wholes: what of them keeps columns from being added, or rows from being written.

use super::columns::Changes;
use super::shape::{BESIDE, TABLES, VIEWS};
use super::site::Site;
use super::standing::Standing;
use super::structure::{self, Class};
use super::{adopting, own_triggers, run_once, swap};
use crate::error::{Code, Error};
use crate::pg::error::Result;
use crate::pg::spi::quote_identifier;
use crate::pg::value::{Type, Value};
use crate::problems::Problem;

/// How many columns a table can have, those counted that were dropped.
const MOST_COLUMNS: i64 = 1600;

/// What is asked of a table; the questions stand in the order of the answers in [`problems`].
const FACTS: &str = "
    SELECT EXISTS (SELECT FROM pg_class p
                    WHERE (p.oid = c.oid OR p.oid IN (SELECT relid FROM pg_partition_tree(c.oid))) AND p.relpersistence = 'u'),
           c.reloftype <> 0, c.relnatts::bigint,
           CASE c.relreplident WHEN 'n' THEN true WHEN 'f' THEN false
                WHEN 'i' THEN NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident AND i.indisvalid)
                ELSE NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indisvalid) END,
           (SELECT p.pubname::text FROM pg_publication p
             WHERE (p.pubupdate OR p.pubdelete)
               AND EXISTS (SELECT FROM pg_publication_tables t
                            WHERE t.pubname = p.pubname AND t.schemaname = n.nspname AND t.tablename = c.relname)
             ORDER BY 1 LIMIT 1)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = $1";

/// What keeps columns from being added to the table, or its rows from being written.
pub(super) fn problems(
    site: &Site,
    standing: &Standing,
    changes: &Changes,
) -> Result<Vec<Problem>> {
    let table = &standing.table;
    let target = &table.quoted;
    let problem =
        |word, detail: &str, hint: String| Problem::new(table.name, word, detail).hint(hint);
    let mut problems = Vec::new();
    let rows = run_once(FACTS, &[(Type::Oid, Value::Oid(table.oid))])?;
    let Some(facts) = rows.first() else {
        return Ok(problems);
    };
    let added = changes
        .quick
        .iter()
        .filter(|clause| clause.starts_with("ADD COLUMN "))
        .count();
    let is_written = !changes.filled.is_empty() || !changes.converted.is_empty();
    if facts.bool(1) {
        problems.push(problem(
            "table_is_unlogged",
            "The table, or a partition of it, is UNLOGGED: others could not refer to it, and a crash would empty it.",
            format!("ALTER TABLE {target} SET LOGGED;"),
        ));
    }
    if facts.bool(2) && added > 0 {
        problems.push(problem(
            "table_is_of_a_type",
            "The table is of a composite type, and can have no columns besides.",
            format!("ALTER TABLE {target} NOT OF;"),
        ));
    }
    let count = facts.big(3).unwrap_or(0);
    let more = i64::try_from(added.saturating_add(changes.converted.len())).unwrap_or(i64::MAX);
    if count.saturating_add(more) > MOST_COLUMNS {
        problems.push(problem(
            "table_has_too_many_columns",
            &format!("The table has {count} columns, with those that were dropped; {more} are to be added, and {MOST_COLUMNS} is the most."),
            "Make the table anew without those that were dropped, or keep some columns in another table.".to_owned(),
        ));
    }
    let is_refused = table.name == "tickets" || is_written;
    if is_refused
        && facts.bool(4)
        && let Some(publication) = facts.text(5)
    {
        problems.push(
            problem(
                "updates_cannot_be_published",
                "The table is published, and has no replica identity: no row of it can be updated.",
                format!("ALTER TABLE {target} REPLICA IDENTITY FULL; or give it a primary key."),
            )
            .about(&publication),
        );
    }
    if table.is_partition && (added > 0 || !changes.converted.is_empty()) {
        problems.push(problem(
            "table_is_a_partition",
            "The table is a partition, and columns can be added to the partitioned table alone.",
            format!("Adopt the partitioned table; or detach {target} from it."),
        ));
    }
    if !changes.converted.is_empty() {
        problems.extend(row_type(standing)?);
    }
    problems.extend(rules(standing)?);
    if !adopting::is_under_way(site.schema) {
        problems.extend(names(standing)?);
    }
    Ok(problems)
}

/// Columns elsewhere that hold rows of the table: a column of it whose type changes would change them.
fn row_type(standing: &Standing) -> Result<Option<Problem>> {
    let rows = run_once(
        "WITH RECURSIVE kinds (oid) AS (
             SELECT reltype FROM pg_class WHERE oid = $1
             UNION
             SELECT y.oid FROM kinds k
               JOIN pg_depend d ON d.refclassid = 'pg_type'::regclass AND d.refobjid = k.oid
               LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid AND c.relkind = 'c'
               JOIN pg_type y ON y.oid = CASE WHEN d.classid = 'pg_type'::regclass THEN d.objid ELSE c.reltype END
         )
         SELECT DISTINCT format('%s.%I', a.attrelid::regclass, a.attname)
           FROM pg_attribute a JOIN kinds k ON k.oid = a.atttypid
           JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'm', 'f')
          WHERE NOT a.attisdropped ORDER BY 1 LIMIT 20",
        &[(Type::Oid, Value::Oid(standing.table.oid))],
    )?;
    let users: Vec<String> = rows.iter().filter_map(|row| row.text(1)).collect();
    Ok((!users.is_empty()).then(|| {
        Problem::new(
            standing.table.name,
            "row_type_is_used",
            "A column of phases is to be converted, and columns elsewhere hold whole rows of the table",
        )
        .examples(users)
        .hint("Drop these columns, or have them hold jsonb: ALTER TABLE ... ALTER COLUMN ... TYPE jsonb USING to_jsonb(...);")
    }))
}

/// Rules by which something else is done than what phasegate writes.
fn rules(standing: &Standing) -> Result<Vec<Problem>> {
    let table = &standing.table;
    // Tickets are inserted and deleted by the application. 2 is UPDATE.
    let rows = run_once(
        "SELECT rulename::text FROM pg_rewrite WHERE ev_class = $1 AND is_instead AND ($2 OR ev_type = '2') ORDER BY 1",
        &[
            (Type::Oid, Value::Oid(table.oid)),
            (Type::Bool, Value::Bool(table.name != "tickets")),
        ],
    )?;
    let rules = rows.iter().filter_map(|row| row.text(1));
    rules
        .map(|rule| {
            Ok(Problem::new(
                table.name,
                "rule_is_in_the_way",
                format!("Rule \"{rule}\" does something else INSTEAD of what phasegate writes."),
            )
            .about(&rule)
            .hint(format!(
                "DROP RULE {} ON {};",
                quote_identifier(&rule)?,
                table.quoted
            )))
        })
        .collect()
}

/// Columns, constraints and triggers whose names the steps of an adoption need, and triggers that ours would replace.
fn names(standing: &Standing) -> Result<Vec<Problem>> {
    let table = &standing.table;
    let is_ours = |name: &str| name.starts_with(BESIDE);
    let columns = standing
        .columns
        .iter()
        .map(|column| ("COLUMN", &column.name));
    let columns = columns.filter(|(_, name)| is_ours(name));
    let constraints = standing
        .objects
        .iter()
        .filter(|object| object.class == Class::Constraint && is_ours(&object.name))
        .map(|object| ("CONSTRAINT", &object.name));
    let is_trigger = |name: &str| {
        name == swap::TRIGGER
            || structure::parts().any(|part| {
                part.table == table.name
                    && matches!(part.class, Class::Trigger | Class::RowTrigger)
                    && part.name == name
            })
    };
    let triggers = standing
        .objects
        .iter()
        .filter(|object| {
            object.class == Class::Trigger
                && is_trigger(&object.name)
                && !own_triggers::runs_ours(&object.definition)
        })
        .map(|object| ("TRIGGER", &object.name));
    columns
        .chain(constraints)
        .chain(triggers)
        .map(|(kind, name)| {
            let name_there = quote_identifier(name)?;
            let hint = match kind {
                "TRIGGER" => format!(
                    "ALTER TRIGGER {name_there} ON {} RENAME TO ...;",
                    table.quoted
                ),
                _ => format!(
                    "ALTER TABLE {} RENAME {kind} {name_there} TO ...;",
                    table.quoted
                ),
            };
            let detail = format!(
                "{} \"{name}\" has a name of phasegate's own.",
                capital(kind)
            );
            Ok(Problem::new(table.name, "name_is_phasegates", detail)
                .about(name)
                .hint(hint))
        })
        .collect()
}

fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    format!("{first}{}", rest.to_lowercase())
}

/// Types that are called as tables and views of ours: each of these has a type of its name.
pub(super) fn types(site: &Site) -> Result<Vec<Problem>> {
    let names = TABLES
        .iter()
        .chain(&VIEWS)
        .map(|name| Some((*name).to_owned()));
    let rows = run_once(
        "SELECT typname::text FROM pg_type
          WHERE typnamespace = $1 AND typname = ANY ($2) AND typrelid = 0 AND typelem = 0 ORDER BY 1",
        &[
            (Type::Oid, Value::Oid(site.schema)),
            (Type::Texts, Value::Texts(names.collect())),
        ],
    )?;
    let found = rows.iter().filter_map(|row| row.text(1));
    let problem = |name: String| {
        let error = Error::new(
            Code::NameTaken,
            format!("type {name} exists, and phasegate needs this name for a table or view"),
        )
        .hint("Rename it, or make the workspace in another schema.");
        Problem::of_error(&name, error)
    };
    Ok(found.map(problem).collect())
}
