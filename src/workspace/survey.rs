//! What there is, looked at before anything is changed: the tables, their columns and their rows, and all that is in the way of
//! adopting or repairing them.

use super::found::{self, Column};
use super::shape::{TABLES, VIEWS};
use super::site::Site;
use super::standing::{Labels, Standing};
use super::structure;
use super::{
    adopt, columns, inheritance, run_once, survey_columns, survey_rows, survey_table,
    survey_writes, tickets_table, views,
};
use crate::error::{Code, Error};
use crate::labels;
use crate::pg::error::Result;
use crate::pg::settings::Pinned;
use crate::pg::value::{Type, Value};
use crate::pg::{catalog, catalog_rows};
use crate::problems::Problem;

/// What there is, and what is in the way.
#[derive(Debug)]
pub(super) struct Survey {
    pub labels: Labels,
    pub problems: Vec<Problem>,
}

impl Survey {
    /// Refuses where anything is in the way.
    pub(super) fn require_fit(&self) -> Result<()> {
        crate::problems::error(&self.problems).map_or(Ok(()), Err)
    }
}

/// Looks at everything. Needs an open session with the rights of `owner`.
pub(super) fn survey(site: &Site, owner: u32, wanted: Option<&[String]>) -> Result<Survey> {
    let _pinned = Pinned::wording();
    let mut problems = adopt::others(site, owner)?;
    let is_others = |problem: &Problem| {
        let error = problem.error.as_ref();
        error.is_some_and(|error| error.code == Code::OtherOwner)
    };
    if problems.iter().any(is_others) {
        // What belongs to somebody else is not looked into.
        problems.retain(is_others);
        return Ok(Survey {
            labels: Labels {
                labels: Vec::new(),
                kind: None,
            },
            problems,
        });
    }
    if let Err(error) = inheritance::refuse(site.tables().heirless()) {
        problems.push(Problem::of_error("tickets", error));
    }
    let labels = labels_of(site, wanted, &mut problems)?;
    for view in VIEWS {
        problems.extend(view_of_another(site, view)?);
    }
    problems.extend(survey_table::types(site)?);
    problems.extend(tickets_table::pretender(site.schema, site.tickets()));
    let is_workspace = site.stamp().is_some();
    let tickets = found::table(site, "tickets")?;
    for name in TABLES {
        let Some(table) = found::table(site, name)? else {
            continue;
        };
        // A view or sequence of the name is told of above.
        if !matches!(table.kind, b'r' | b'p') {
            continue;
        }
        let standing = Standing {
            columns: found::columns(table.oid)?,
            objects: found::objects(site, &table)?,
            is_kept: is_workspace && adopt::is_kept(site, name)?,
            table,
        };
        if !is_workspace && let Some(problem) = not_ours(&standing)? {
            problems.push(problem);
            continue;
        }
        let found = survey_columns::problems(&standing, &labels, is_workspace)?;
        // Of a column of another type nothing can be asked.
        let unreadable = [
            "type_differs",
            "column_is_missing",
            "key_is_no_uuid",
            Code::OtherOwner.word(),
        ];
        let are_columns_fit = !found.iter().any(|one| unreadable.contains(&one.word));
        let are_values_fit = !found.iter().any(|one| !one.is_note);
        problems.extend(found);
        if are_columns_fit {
            problems.extend(survey_rows::problems(&standing, tickets.as_ref(), &labels)?);
        }
        if standing.is_kept {
            continue;
        }
        let changes = columns::changes(site, &standing.table)?;
        problems.extend(survey_table::problems(site, &standing, &changes)?);
        if are_columns_fit && are_values_fit {
            let planned = (&standing, &changes);
            problems.extend(survey_writes::problems(
                site,
                planned,
                tickets.as_ref(),
                &labels,
            )?);
        }
    }
    // The tickets' table is called as people call it.
    let shown = site.shown("tickets")?;
    for problem in problems.iter_mut().filter(|one| one.table == "tickets") {
        problem.table.clone_from(&shown);
    }
    Ok(Survey { labels, problems })
}

/// The labels of the type that is there, else those that are wanted, else the usual ones.
fn labels_of(
    site: &Site,
    wanted: Option<&[String]>,
    problems: &mut Vec<Problem>,
) -> Result<Labels> {
    if let Some(wanted) = wanted {
        labels::require_labels(wanted)?;
    }
    let Some(kind) = site.phase_type()? else {
        if let Some(taken) = taken_type(site)? {
            problems.push(taken);
        }
        return Ok(Labels {
            labels: wanted.map_or_else(labels::usual, <[String]>::to_vec),
            kind: None,
        });
    };
    let labels: Vec<String> = catalog_rows::labels(kind)
        .into_iter()
        .map(|(label, _)| label)
        .collect();
    if let Some(wanted) = wanted
        && wanted != labels.as_slice()
    {
        return Err(Error::invalid_argument(
            "invalid phases",
            format!(
                "The type of the phases is there already, with the labels {}.",
                labels.join(", ")
            ),
        )
        .hint("Leave the argument out, or change the type first: ALTER TYPE ... ADD VALUE, ALTER TYPE ... RENAME VALUE."));
    }
    Ok(Labels {
        labels,
        kind: Some(kind),
    })
}

/// The labels that are there.
pub(super) fn labels_there(site: &Site) -> Result<Labels> {
    labels_of(site, None, &mut Vec::new())
}

/// The name `phase` in the schema, where it is some other type's.
fn taken_type(site: &Site) -> Result<Option<Problem>> {
    let rows = run_once(
        "SELECT pg_catalog.format_type(t.oid, NULL) FROM pg_catalog.pg_type t
          WHERE t.typnamespace OPERATOR(pg_catalog.=) $1 AND t.typname OPERATOR(pg_catalog.=) 'phase'",
        &[(Type::Oid, Value::Oid(site.schema))],
    )?;
    Ok((!rows.is_empty()).then(|| {
        let error = Error::new(
            Code::NameTaken,
            format!(
                "type {}.phase exists and is not the workspace's",
                site.quoted
            ),
        )
        .detail("A workspace's phase is an enum.")
        .hint("Rename that type, or make the workspace in another schema.");
        Problem::of_error("tickets", error)
    }))
}

/// A view of a name of ours that has columns which ours never had.
fn view_of_another(site: &Site, view: &str) -> Result<Option<Problem>> {
    let Some(oid) = catalog::table_in(site.schema, view) else {
        return Ok(None);
    };
    if catalog::relation(oid).is_none_or(|relation| relation.kind != b'v') {
        return Ok(None);
    }
    if views::is_sealed(oid)? {
        return Ok(None);
    }
    let ours = structure::columns(view);
    let is_known = |column: &Column| ours.iter().any(|one| one.name == column.name);
    if found::columns(oid)?.iter().all(is_known) {
        return Ok(None);
    }
    let error = Error::new(
        Code::NameTaken,
        format!("view {view} exists and is not phasegate's"),
    )
    .hint("Rename it, or make the workspace in another schema.");
    Ok(Some(Problem::of_error(view, error)))
}

/// A table of a name of ours that lacks what makes it ours: columns that are filled by whoever inserts a row.
fn not_ours(standing: &Standing) -> Result<Option<Problem>> {
    let name = standing.table.name;
    if ["tickets", "tasks"].contains(&name) {
        return Ok(None);
    }
    let expected = structure::columns(name);
    let is_telling = |column: &&structure::Column| column.required && column.default.is_none();
    let lacks = |column: &&structure::Column| standing.column(column.name).is_none();
    let mut missing: Vec<&str> = expected
        .iter()
        .filter(is_telling)
        .filter(lacks)
        .map(|column| column.name)
        .collect();
    // Of these nothing but their columns tells what they are.
    if ["configuration_history", "ticket_archive"].contains(&name) {
        missing = expected
            .iter()
            .filter(lacks)
            .map(|column| column.name)
            .collect();
    }
    if missing.is_empty() {
        return Ok(None);
    }
    let error = Error::new(
        Code::NameTaken,
        format!("table {name} exists and is not phasegate's"),
    )
    .detail(format!("It lacks the columns {}.", missing.join(", ")))
    .hint(format!(
        "ALTER TABLE {} RENAME TO ..., or make the workspace in another schema.",
        standing.table.quoted
    ));
    Ok(Some(Problem::of_error(name, error)))
}
