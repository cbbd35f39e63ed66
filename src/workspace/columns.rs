//! Bringing the columns of tables that are there into shape: what is to be added, converted, filled, and how.
//!
//! Rows are filled while the table's own triggers are disabled, so that nothing of the application's runs for it; who fills
//! holds the table, so that no other row is written meanwhile.

use super::column_checks::Checks;
use super::found::{self, Column, Table};
use super::kind::{self, Kind};
use super::quiet::quietly;
use super::site::Site;
use super::structure;
use crate::definitions;
use crate::pg::error::Result;
use crate::pg::spi::{quote_identifier, run_script};
use crate::pg::{catalog, server};

/// A column that becomes a phase.
#[derive(Debug, Clone)]
pub(super) struct Converted {
    /// Its name, quoted.
    pub name: String,
    pub required: bool,
    /// What is put in place of NULL.
    pub filler: Option<String>,
    /// The default that it has afterwards.
    pub default: Option<String>,
}

/// Rows to be filled.
#[derive(Debug, Clone)]
pub(super) struct Filled {
    /// The column, quoted, or as a text leaves it open.
    pub column: String,
    /// What it is set to.
    pub value: String,
    /// Where.
    pub condition: String,
}

/// What a table that is there lacks.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Clauses of one ALTER TABLE that rewrite nothing.
    pub quick: Vec<String>,
    pub converted: Vec<Converted>,
    pub filled: Vec<Filled>,
    /// Columns, quoted, that are to be NOT NULL.
    pub not_null: Vec<String>,
}

/// What existing rows get in a column that is added, where that is not its default.
fn filler(column: &structure::Column) -> Option<String> {
    match (column.table, column.name) {
        ("phase_history", "cluster") => Some(server::system_identifier().to_string()),
        _ => None,
    }
}

/// Columns that phasegate alone counts and keeps, so that no other default than its own is right.
const KEPT: [&str; 4] = ["pending_dependencies", "attempts", "on_hold", "agents"];

/// Whether an application may have a default of its own there.
pub(super) fn is_default_free(column: &structure::Column) -> bool {
    ["tickets", "tasks"].contains(&column.table) && !KEPT.contains(&column.name)
}

/// A default as SQL is to have it: with the extension's schema.
fn qualified(default: &str) -> String {
    match default {
        "uuid_v7()" => "phasegate.uuid_v7()".to_owned(),
        other => other.to_owned(),
    }
}

/// What the table lacks. Needs the type of the phases to be there.
pub(super) fn changes(site: &Site, table: &Table) -> Result<Changes> {
    let mut changes = Changes::default();
    let found = found::columns(table.oid)?;
    let phase = site.phase_type()?;
    for column in structure::columns(table.name) {
        let name = table.actual(column.name);
        match found.iter().find(|one| one.name == name) {
            None => {
                let value = from_the_row(site, table, &found, &column)?;
                added(&column, &quote_identifier(&name)?, value, &mut changes);
            }
            Some(one) => {
                let takes = column.kind.takes(one.kind, phase, false);
                let name = quote_identifier(&name)?;
                match column.kind {
                    Kind::Phase if !takes => changes.converted.push(converted(&column, one, name)),
                    _ if takes => {
                        let value = from_the_row(site, table, &found, &column)?;
                        completed(&column, (one, &name), value, &mut changes);
                    }
                    // What a survey has refused.
                    _ => {}
                }
            }
        }
    }
    Ok(changes)
}

fn added(column: &structure::Column, name: &str, value: Option<String>, changes: &mut Changes) {
    let kind = column.kind.sql();
    let Some(default) = column.default.map(qualified) else {
        let not_null = if column.required { " NOT NULL" } else { "" };
        changes
            .quick
            .push(format!("ADD COLUMN {name} {kind}{not_null}"));
        return;
    };
    if column.name == "id" || value.is_some() {
        // A value that differs from row to row would have the whole table written anew.
        changes.quick.push(format!("ADD COLUMN {name} {kind}"));
        changes.filled.push(Filled {
            column: name.to_owned(),
            value: value.unwrap_or(default.clone()),
            condition: format!("{name} IS NULL"),
        });
        changes.not_null.push(name.to_owned());
    } else if column.required {
        let first = filler(column).unwrap_or_else(|| default.clone());
        changes
            .quick
            .push(format!("ADD COLUMN {name} {kind} DEFAULT {first} NOT NULL"));
        if first == default {
            return;
        }
    } else {
        changes.quick.push(format!("ADD COLUMN {name} {kind}"));
    }
    changes
        .quick
        .push(format!("ALTER COLUMN {name} SET DEFAULT {default}"));
}

/// A column of the right type: the default, the values and the NOT NULL that it lacks.
fn completed(
    column: &structure::Column,
    (found, name): (&Column, &str),
    value: Option<String>,
    changes: &mut Changes,
) {
    if let Some(default) = column.default.map(qualified)
        && !found.is_generated
        && !found.is_identity
    {
        let is_set = match &found.default {
            None => false,
            Some(_) => is_default_free(column) || is_same(found, &default),
        };
        if !is_set {
            changes
                .quick
                .push(format!("ALTER COLUMN {name} SET DEFAULT {default}"));
        }
        if column.required && !found.not_null {
            changes.filled.push(Filled {
                column: name.to_owned(),
                value: value.unwrap_or(default.clone()),
                condition: format!("{name} IS NULL"),
            });
        }
    }
    if column.required && !found.not_null {
        changes.not_null.push(name.to_owned());
    }
    if found.not_null && is_left_empty(column) && !found.is_generated {
        changes
            .quick
            .push(format!("ALTER COLUMN {name} DROP NOT NULL"));
    }
}

/// Whether phasegate makes rows without a value there. What the application fills in tickets is its own matter.
pub(super) fn is_left_empty(column: &structure::Column) -> bool {
    !column.required
        && match column.table {
            "tickets" => ["previous_phase_id", "context_summary"].contains(&column.name),
            "tasks" => !["task_type", "description"].contains(&column.name),
            _ => true,
        }
}

fn is_same(found: &Column, default: &str) -> bool {
    found
        .default
        .as_deref()
        .is_some_and(|found| definitions::plain(found) == definitions::plain(default))
}

/// A text, or an enum of another name, that becomes a phase; the table's own default is kept.
fn converted(column: &structure::Column, found: &Column, name: String) -> Converted {
    let own = column.default.map(qualified);
    let default =
        found
            .default
            .as_deref()
            .map(|expression| match definitions::literal(expression) {
                Some(text) => format!("'{}'", text.replace('\'', "''")),
                None => format!("({expression})::text::{{phase}}"),
            });
    Converted {
        required: column.required,
        filler: own.clone().filter(|_| column.required),
        default: default.or(own),
        name,
    }
}

/// What rows get in a column that is NULL there, where their other columns or the history say more than the default does:
/// when a ticket entered its phase its last move says, else when it was last changed or made.
fn from_the_row(
    site: &Site,
    table: &Table,
    found: &[Column],
    column: &structure::Column,
) -> Result<Option<String>> {
    if (table.name, column.name) != ("tickets", "phase_entered_at") {
        return Ok(None);
    }
    let of_name = |name: &str| {
        let actual = table.actual(name);
        found.iter().find(|one| one.name == actual)
    };
    let mut times = Vec::new();
    if let Some(history) = found::table(site, "phase_history")?
        && has(&history, "created_at")
        && of_name("id").is_some_and(|id| id.kind.is(kind::UUID))
    {
        times.push(format!(
            "(SELECT max(h.created_at) FROM {} h WHERE h.ticket_id = {{tickets}}.{{ticket.id}})",
            history.quoted
        ));
    }
    for name in ["updated_at", "created_at"] {
        if of_name(name).is_some_and(|one| one.kind.is(kind::TIME)) {
            times.push(quote_identifier(&table.actual(name))?);
        }
    }
    times.push("now()".to_owned());
    Ok((times.len() > 1).then(|| format!("coalesce({})", times.join(", "))))
}

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        self.quick.is_empty()
            && self.converted.is_empty()
            && self.filled.is_empty()
            && self.not_null.is_empty()
    }

    /// Makes all of them, in one transaction.
    pub(super) fn make(&self, site: &Site, table: &Table) -> Result<()> {
        alter(site, table, &self.quick)?;
        for one in &self.converted {
            one.make(site, table)?;
        }
        let filled: Vec<&Filled> = self.filled.iter().collect();
        fill(site, table, &filled, None)?;
        let not_null: Vec<String> = self
            .not_null
            .iter()
            .map(|name| format!("ALTER COLUMN {name} SET NOT NULL"))
            .collect();
        alter(site, table, &not_null)
    }
}

/// One ALTER TABLE of these clauses.
pub(super) fn alter(site: &Site, table: &Table, clauses: &[String]) -> Result<()> {
    if clauses.is_empty() {
        return Ok(());
    }
    let clauses = site.text(&clauses.join(", "))?;
    run_script(&format!("ALTER TABLE {} {clauses}", table.quoted))
}

impl Converted {
    /// Converts the column where it stands, which writes the table anew.
    pub(super) fn make(&self, site: &Site, table: &Table) -> Result<()> {
        let name = &self.name;
        let value = match &self.filler {
            Some(filler) => format!("coalesce({name}::text, {filler})"),
            None => format!("{name}::text"),
        };
        // A CHECK is made anew, on the phase as a text: as it stands it may compare a phase with a text.
        let checks = Checks::on(table, name)?;
        alter(site, table, &checks.dropped()?)?;
        alter(
            site,
            table,
            &[
                format!("ALTER COLUMN {name} DROP DEFAULT"),
                format!("ALTER COLUMN {name} TYPE {{phase}} USING {value}::{{phase}}"),
            ],
        )?;
        let mut after = Vec::new();
        if let Some(default) = &self.default {
            after.push(format!("ALTER COLUMN {name} SET DEFAULT {default}"));
        }
        if self.required {
            after.push(format!("ALTER COLUMN {name} SET NOT NULL"));
        }
        alter(site, table, &after)?;
        checks.again(table, true)
    }
}

/// Fills rows, of some of the table's blocks or of all.
pub(super) fn fill(
    site: &Site,
    table: &Table,
    filled: &[&Filled],
    blocks: Option<(i64, i64)>,
) -> Result<()> {
    if filled.is_empty() {
        return Ok(());
    }
    let within = blocks.map_or_else(String::new, |(from, to)| {
        format!("ctid >= '({from},0)' AND ctid < '({to},0)' AND ")
    });
    // One UPDATE for all, so that no row is written twice.
    let assignments: Vec<String> = filled
        .iter()
        .map(|one| {
            let (column, value) = (&one.column, &one.value);
            format!(
                "{column} = CASE WHEN {} THEN {value} ELSE {column} END",
                one.condition
            )
        })
        .collect();
    let conditions: Vec<String> = filled
        .iter()
        .map(|one| format!("({})", one.condition))
        .collect();
    let text = site.text(&format!(
        "SET {} WHERE {within}({})",
        assignments.join(", "),
        conditions.join(" OR ")
    ))?;
    quietly(site, table, || {
        run_script(&format!("UPDATE {} {text}", table.quoted))
    })
}

/// Whether the table has a column of ours, under whatever name.
pub(super) fn has(table: &Table, column: &str) -> bool {
    catalog::column(table.oid, &table.actual(column)).is_some()
}
