//! Putting back what the tables lack: keys, constraints, indexes. Told by what they are: of another name they are as good,
//! and where something else has the name, ours gets one that is free.

use super::found::{self, Object, Table};
use super::shape::TABLES;
use super::site::{Site, run_each};
use super::structure::{self, Class, Part};
use super::table_triggers::is_of_extension;
use crate::definitions;
use crate::pg::error::Result;
use crate::pg::settings::Pinned;
use crate::pg::spi::{quote_identifier, run_script};
use crate::pg::value::{Type, Value};
use std::collections::HashMap;

/// What a part is to be in this workspace: the tickets' table has columns and a key of its own.
pub(super) fn wanted(part: &Part, table: &Table) -> String {
    if part.table != "tickets" {
        return part.definition.to_owned();
    }
    let id = table.actual("id");
    if part.definition == "PRIMARY KEY (id)" && id != "id" {
        return format!("UNIQUE ({id})");
    }
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut definition = String::new();
    let mut rest = part.definition;
    while let Some(start) = rest.find(is_letter) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|letter| !is_letter(letter)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        definition.push_str(before);
        definition.push_str(&match word {
            "id" => word.to_owned(),
            word => table.actual(word),
        });
        rest = after;
    }
    definition.push_str(rest);
    definition
}

/// Whether the object is this constraint or index, whatever its name.
pub(super) fn is_same(part: &Part, table: &Table, tickets: &Table, object: &Object) -> bool {
    let is_class = match part.class {
        Class::RowTrigger => object.class == Class::Trigger,
        class => object.class == class,
    };
    if !is_class || !object.is_valid {
        return false;
    }
    if part.is_foreign_key() {
        // Of tasks an application may want another fate when their ticket goes.
        let is_fate = object.on_delete == "c" || part.table == "tasks";
        let id = tickets.actual("id");
        return is_fate
            && object.refers_to == tickets.oid
            && object.columns == part.key()
            && object.referred.as_slice() == std::slice::from_ref(&id);
    }
    let wanted = match part.table {
        "tickets" => &definitions::plain(&structure::stamped(&wanted(part, table))),
        _ => &part.plain,
    };
    let found = &object.plain;
    match part.class {
        Class::Trigger | Class::RowTrigger => {
            object.name == part.name
                && (found == wanted || found.strip_suffix("ALWAYS") == Some(wanted))
        }
        _ => found == wanted,
    }
}

/// The tables that are there with their objects, and the one that holds the tickets.
pub(super) fn standing(site: &Site) -> Result<Vec<(Table, Vec<Object>)>> {
    let mut all = Vec::new();
    for name in TABLES {
        if let Some(table) = found::table(site, name)? {
            let objects = found::objects(site, &table)?;
            all.push((table, objects));
        }
    }
    Ok(all)
}

/// Gives tables the constraints that they lack.
pub(super) fn constraints(site: &Site) -> Result<()> {
    let Some(tickets) = found::table(site, "tickets")? else {
        return Ok(());
    };
    for name in TABLES {
        let Some(table) = found::table(site, name)? else {
            continue;
        };
        for (part, _) in missing_constraints(site, &table, &tickets)? {
            for statement in addition(site, part, &table, &tickets)? {
                run_script(&statement)?;
            }
        }
    }
    Ok(())
}

/// The constraints that a table lacks, each with one of the same definition that is not valid yet.
pub(super) fn missing_constraints(
    site: &Site,
    table: &Table,
    tickets: &Table,
) -> Result<Vec<(&'static Part, Option<String>)>> {
    let objects = found::objects(site, table)?;
    let mut missing = Vec::new();
    for part in structure::parts() {
        if part.table != table.name || part.class != Class::Constraint {
            continue;
        }
        if objects
            .iter()
            .any(|object| is_same(part, table, tickets, object))
        {
            continue;
        }
        let not_validated = objects.iter().find(|object| {
            let valid = Object {
                is_valid: true,
                plain: definitions::plain(&object.definition.replace(" NOT VALID", "")),
                ..(*object).clone()
            };
            !object.is_valid && is_same(part, table, tickets, &valid)
        });
        missing.push((part, not_validated.map(|object| object.name.clone())));
    }
    Ok(missing)
}

/// The statements that add a constraint, and take away a foreign key that leads elsewhere.
pub(super) fn addition(
    site: &Site,
    part: &Part,
    table: &Table,
    tickets: &Table,
) -> Result<Vec<String>> {
    let objects = found::objects(site, table)?;
    let mut statements = Vec::new();
    let mut definition = wanted(part, table);
    if part.is_foreign_key() {
        for other in objects
            .iter()
            .filter(|object| object.refers_to != 0 && object.columns == part.key())
        {
            statements.push(format!(
                "ALTER TABLE {} DROP CONSTRAINT {}",
                table.quoted,
                quote_identifier(&other.name)?
            ));
        }
        definition = format!(
            "FOREIGN KEY ({}) REFERENCES {} ({}) ON DELETE CASCADE",
            part.key().join(", "),
            tickets.quoted,
            quote_identifier(&tickets.actual("id"))?
        );
    }
    let is_dropped = |object: &Object| part.is_foreign_key() && object.columns == part.key();
    let is_taken = objects
        .iter()
        .any(|object| object.name == part.name && !is_dropped(object));
    // Without a name the server takes a free one.
    // A key of another column than in a new workspace has the server's name for one.
    let name = if is_taken
        || !part.is_foreign_key()
            && definition.starts_with("UNIQUE")
            && part.definition.starts_with("PRIMARY")
    {
        String::new()
    } else {
        format!("CONSTRAINT {} ", part.name)
    };
    statements.push(format!(
        "ALTER TABLE {} ADD {name}{definition}",
        table.quoted
    ));
    Ok(statements)
}

/// Runs the script that makes tables and their indexes, without the tables that are there, and the indexes that are there under
/// other names; those whose names are taken get free ones. A table that comes after it was looked for is refused by the server.
pub(super) fn tables(site: &Site, script: &str) -> Result<()> {
    let mut known = Known::default();
    for statement in script.split_inclusive(";\n") {
        if let Some(name) = index_of(statement) {
            index(site, &mut known, statement, name)?;
            continue;
        }
        match table_of(statement) {
            Some(name) if found::table(site, name)?.is_some() => {}
            _ => site.script(&statement.replacen("TABLE IF NOT EXISTS", "TABLE", 1))?,
        }
    }
    Ok(())
}

/// Runs the statements.
pub(super) fn run_each_of(statements: &[String]) -> Result<()> {
    statements.iter().try_for_each(|one| run_script(one))
}

/// Builds one of the indexes that tables which are there lack, and gives its name.
pub(super) fn next_index(
    site: &Site,
    scripts: impl Iterator<Item = &'static str>,
) -> Result<Option<&'static str>> {
    let mut known = Known::default();
    for statement in scripts.flat_map(|script| script.split_inclusive(";\n")) {
        let Some(name) = index_of(statement) else {
            continue;
        };
        let part = structure::parts().find(|part| part.class == Class::Index && part.name == name);
        if part.is_some_and(|part| site.has(part.table))
            && index(site, &mut known, statement, name)?
        {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// The table of ours that a statement makes.
fn table_of(statement: &str) -> Option<&'static str> {
    let (_, rest) = statement.split_once("TABLE IF NOT EXISTS {ws}.")?;
    let name = rest.split_whitespace().next()?;
    TABLES.into_iter().find(|table| *table == name)
}

/// The name of the index that a statement makes.
fn index_of(statement: &str) -> Option<&str> {
    let (_, rest) = statement.split_once("INDEX IF NOT EXISTS ")?;
    rest.split_whitespace().next()
}

/// Tables with their objects as they were first looked at: an index that is made does not change whether another is there.
#[derive(Default)]
struct Known {
    tickets: Option<Table>,
    tables: HashMap<&'static str, (Table, Vec<Object>)>,
}

impl Known {
    /// The table of tickets, and this one with its objects; `None` while one of them is not there.
    fn of(&mut self, site: &Site, name: &'static str) -> Result<Option<Tables<'_>>> {
        if self.tickets.is_none() {
            self.tickets = found::table(site, "tickets")?;
        }
        if !self.tables.contains_key(name)
            && let Some(table) = found::table(site, name)?
        {
            let objects = found::objects(site, &table)?;
            self.tables.insert(name, (table, objects));
        }
        Ok(self.tickets.as_ref().zip(self.tables.get(name)))
    }
}

type Tables<'a> = (&'a Table, &'a (Table, Vec<Object>));

/// Makes an index that is not there; whether it made one.
fn index(site: &Site, known: &mut Known, statement: &str, name: &str) -> Result<bool> {
    let part = structure::parts().find(|part| part.class == Class::Index && part.name == name);
    let make = |statement: &str| site.script(statement).map(|()| true);
    let Some(part) = part else {
        return make(statement);
    };
    let Some((tickets, (table, objects))) = known.of(site, part.table)? else {
        return make(statement);
    };
    if objects
        .iter()
        .any(|object| is_same(part, table, tickets, object))
    {
        return Ok(false);
    }
    if !site.has(name) {
        return make(statement);
    }
    let free = (1..)
        .map(|number| format!("{name}_{number}"))
        .find(|free| !site.has(free))
        .unwrap_or_default();
    make(&statement.replace(
        &format!("INDEX IF NOT EXISTS {name}"),
        &format!("INDEX {free}"),
    ))
}

/// Drops triggers of ours that stand under other names than theirs: what they do would be done twice.
pub(super) fn stray_triggers(site: &Site) -> Result<()> {
    let _pinned = Pinned::search_path();
    for name in TABLES {
        let Some(table) = site.table(name) else {
            continue;
        };
        let own = structure::parts()
            .filter(|part| {
                part.table == name && matches!(part.class, Class::Trigger | Class::RowTrigger)
            })
            .map(|part| Some(part.name.to_owned()))
            .collect();
        run_each(
            concat!(
                "SELECT format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass)
                   FROM pg_trigger t
                  WHERE t.tgrelid = $1 AND NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgname::text <> ALL ($2) AND ",
                is_of_extension!("t.tgfoid")
            ),
            &[
                (Type::Oid, Value::Oid(table)),
                (Type::Texts, Value::Texts(own)),
            ],
        )?;
    }
    Ok(())
}
