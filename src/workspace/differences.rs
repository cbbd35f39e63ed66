//! Where a workspace differs from what it consists of: `check_workspace` tells it, `create_workspace` puts it right or says
//! why it cannot.

use super::columns::is_left_empty;
use super::found::{self, Column, Object, Table};
use super::repair::{is_same, standing};
use super::shape::TABLES;
use super::site::Site;
use super::structure::{self, Class, Part};
use super::{own_triggers, tickets_table, views, words};
use crate::definitions;
use crate::pg::error::Result;
use crate::pg::value::Type;

/// What differs.
#[derive(Debug, Default)]
pub(super) struct Differences {
    /// Each in a few words, in the order of `structure.txt`.
    pub all: Vec<String>,
    /// Whether tables or columns are missing, so that nothing else can be asked of the workspace.
    pub has_gaps: bool,
}

/// What is missing or different.
pub(super) fn differences(site: &Site) -> Result<Differences> {
    let mut differences = Differences::default();
    let all = standing(site)?;
    for name in TABLES {
        let Some((table, objects)) = all.iter().find(|(table, _)| table.name == name) else {
            differences.all.push(format!("table {name}"));
            differences.has_gaps = true;
            continue;
        };
        columns(site, table, &mut differences)?;
        if let Some((tickets, _)) = all.iter().find(|(table, _)| table.name == "tickets") {
            self::objects(table, tickets, objects, &mut differences.all);
        }
        if is_stray(table, objects) {
            differences
                .all
                .push(format!("trigger of phasegate's twice on {name}"));
        }
    }
    if tickets_table::pretender(site.schema, site.tickets()).is_some() {
        differences.all.push("another table tickets".to_owned());
    }
    for view in views::differing(site)? {
        differences.all.push(format!("view {view}"));
    }
    if let Some(kind) = site.phase_type()? {
        let found = found::casts(kind)?;
        for (source, oid) in [
            ("character varying", super::kind::VARCHAR),
            ("text", Type::Text.oid(0).to_u32()),
        ] {
            if !found.contains(&(oid, true)) {
                differences.all.push(format!("cast {source} of phase"));
            }
        }
    }
    Ok(differences)
}

fn columns(site: &Site, table: &Table, differences: &mut Differences) -> Result<()> {
    let found = found::columns(table.oid)?;
    let phase = site.phase_type()?;
    let is_own = ["tickets", "tasks"].contains(&table.name);
    for column in structure::columns(table.name) {
        let name = table.actual(column.name);
        let is_as_wanted = found.iter().any(|one| {
            one.name == name
                && column.kind.takes(one.kind, phase, !is_own)
                && (one.not_null || !column.required)
                && !(one.not_null && is_left_empty(&column))
                && has_default(&column, one)
        });
        if !is_as_wanted {
            differences.has_gaps |= !found.iter().any(|one| one.name == name);
            differences
                .all
                .push(format!("column {name} of {}", table.name));
        }
    }
    Ok(())
}

/// Whether a column has its default, or in a table that may be an application's own another that does.
fn has_default(column: &structure::Column, found: &Column) -> bool {
    let Some(wanted) = column.default else {
        // An application may say what its own tickets and tasks begin with.
        return ["tickets", "tasks"].contains(&column.table) || found.default.is_none();
    };
    if found.is_generated || found.is_identity {
        return true;
    }
    let Some(default) = &found.default else {
        return false;
    };
    if super::columns::is_default_free(column) {
        let words = words::of(column.table, column.name);
        return match (words, definitions::literal(default)) {
            (Some(words), Some(literal)) => words.contains(&literal.as_str()),
            _ => true,
        };
    }
    definitions::plain(default) == definitions::plain(wanted)
}

fn objects(table: &Table, tickets: &Table, objects: &[Object], differences: &mut Vec<String>) {
    let is_partitioned = table.kind == b'p' || table.is_partition;
    for part in structure::parts().filter(|part| part.table == table.name) {
        let is_asked = match part.class {
            Class::Column | Class::Cast => false,
            Class::RowTrigger => is_partitioned,
            _ => true,
        };
        if is_asked
            && !objects
                .iter()
                .any(|object| is_same(part, table, tickets, object))
        {
            differences.push(told(part));
        }
    }
}

fn told(part: &Part) -> String {
    format!("{} {} of {}", part.class.word(), part.name, part.table)
}

/// Whether a trigger of ours stands under a name that is not its own, so that it does its work twice.
fn is_stray(table: &Table, objects: &[Object]) -> bool {
    objects.iter().any(|object| {
        object.class == Class::Trigger
            && own_triggers::runs_ours(&object.definition)
            && !structure::parts().any(|part| {
                part.table == table.name
                    && matches!(part.class, Class::Trigger | Class::RowTrigger)
                    && part.name == object.name
            })
    })
}
