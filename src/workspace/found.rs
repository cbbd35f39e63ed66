//! What the catalogs say of a workspace's tables: columns, constraints, indexes, triggers, casts.
//!
//! Names are looked at with the search_path and the wording of [`Pinned`], whatever the session has set.

use super::actual_names::actual_name;
use super::kind::{self, FoundType};
use super::placeholders::TICKET_COLUMNS;
use super::run_once;
use super::site::Site;
use super::statement::run_kept;
use super::structure::Class;
use super::tickets_table;
use crate::definitions;
use crate::pg::catalog;
use crate::pg::error::Result;
use crate::pg::rows::Row;
use crate::pg::settings::Pinned;
use crate::pg::spi::quote_identifier;
use crate::pg::value::{Type, Value};
use crate::ticket_names::{self, Choice};

/// A table that is there under a name of ours, or that holds the tickets.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// Our name for it.
    pub name: &'static str,
    pub oid: u32,
    /// As SQL names it, qualified and quoted.
    pub quoted: String,
    /// `r`, `p` and so on.
    pub kind: u8,
    pub is_partition: bool,
    /// Of the tickets, which columns are or are to be ours.
    pub choices: Vec<Choice>,
}

impl Table {
    /// The name that the column of ours has here, or is to have.
    pub(super) fn actual(&self, column: &str) -> String {
        self.choice(column)
            .map_or(column, |choice| &choice.actual)
            .to_owned()
    }

    fn choice(&self, column: &str) -> Option<&Choice> {
        self.choices.iter().find(|choice| choice.ours == column)
    }
}

/// A column that is there.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub name: String,
    pub kind: FoundType,
    /// The type as people write it.
    pub words: String,
    /// Whether it is NOT NULL, and its rows are.
    pub not_null: bool,
    /// The text of its default, unless it is generated.
    pub default: Option<String>,
    /// GENERATED ALWAYS AS.
    pub is_generated: bool,
    /// GENERATED AS IDENTITY.
    pub is_identity: bool,
    /// Whether its type is an enum.
    pub is_enum: bool,
}

/// Another thing of a table, or a cast.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub class: Class,
    pub name: String,
    /// As the server writes it, without the schema and with our name of the table.
    pub definition: String,
    /// The same, as definitions are compared.
    pub plain: String,
    /// Whether rows that were there were looked at, or an index can be used.
    pub is_valid: bool,
    /// The columns of a constraint.
    pub columns: Vec<String>,
    /// The table that a foreign key refers to, else 0.
    pub refers_to: u32,
    /// Its columns there.
    pub referred: Vec<String>,
    /// What becomes of the row when the other one goes, as pg_constraint has it.
    pub on_delete: String,
}

const TABLE: &str = "
    SELECT c.oid, format('%I.%I', n.nspname, c.relname), c.relkind::text, c.relispartition
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = $1";

/// The table of this name of ours. Refuses another role's, once the owner acts.
pub(super) fn table(site: &Site, name: &'static str) -> Result<Option<Table>> {
    let Some(oid) = site.table(name) else {
        return Ok(None);
    };
    site.require_own(name, oid)?;
    let _pinned = Pinned::wording();
    let rows = run_kept(TABLE, &[(Type::Oid, Value::Oid(oid))])?;
    let mut found = rows.first().map(|row| Table {
        name,
        oid,
        quoted: row.text(2).unwrap_or_default(),
        kind: row
            .text(3)
            .and_then(|kind| kind.bytes().next())
            .unwrap_or(0),
        is_partition: row.bool(4),
        choices: Vec::new(),
    });
    if let Some(table) = &mut found
        && name == "tickets"
    {
        table.choices = site.choices(|| choices(site, table))?;
    }
    Ok(found)
}

/// Which columns of the table of tickets are or are to be ours.
fn choices(site: &Site, table: &Table) -> Result<Vec<Choice>> {
    let columns = columns(table.oid)?;
    let objects = objects(site, table)?;
    let is_workspace = site.stamp().is_some();
    let mut found = Vec::with_capacity(columns.len());
    for one in columns.iter().filter(|_| !is_workspace) {
        let checks: Vec<String> = objects
            .iter()
            .filter(|object| object.columns.as_slice() == std::slice::from_ref(&one.name))
            .filter(|object| object.definition.starts_with("CHECK"))
            .map(|object| object.definition.clone())
            .collect();
        let is_asked = one.name == "priority" && one.kind.is_text() && checks.is_empty();
        found.push(ticket_names::Found {
            name: one.name.clone(),
            kind: one.words.clone(),
            is_enum: one.is_enum,
            is_generated: one.is_generated,
            checks,
            values: match is_asked {
                true => {
                    // What new rows get by default is a word of the application's as well.
                    let default = one.default.as_deref().and_then(definitions::literal);
                    let mut values = other_words(table)?;
                    values.extend(default);
                    values
                }
                false => Vec::new(),
            },
        });
    }
    let mut choices: Vec<Choice> = TICKET_COLUMNS
        .iter()
        .filter(|ours| **ours != "id")
        .map(|ours| match is_workspace {
            // What was chosen once stays, whatever became of it.
            true => chosen(table, ours),
            false => ticket_names::choose(ours, &found),
        })
        .collect();
    let actual = key(site, table, &columns, &objects)?;
    choices.push(Choice {
        ours: "id",
        is_there: columns.iter().any(|one| one.name == actual),
        actual,
        beside: None,
    });
    Ok(choices)
}

/// The column that is ours in a workspace.
fn chosen(table: &Table, ours: &'static str) -> Choice {
    let actual = actual_name(table.oid, ours);
    Choice {
        ours,
        is_there: catalog::column(table.oid, &actual).is_some(),
        actual,
        beside: None,
    }
}

/// The key that others refer to: the one that they do refer to, else `ticket_uuid` where that is there, else an `id` that is a
/// uuid and the primary key, or was that of a workspace.
fn key(site: &Site, table: &Table, columns: &[Column], objects: &[Object]) -> Result<String> {
    let referred = tickets_table::key(site.schema, table.oid)?;
    if let Some(name) = referred.and_then(|number| catalog::column_name(table.oid, number)) {
        return Ok(name);
    }
    let has = |name: &str| {
        columns
            .iter()
            .find(|one| one.name == name && one.kind.is(kind::UUID))
    };
    let is_primary = objects.iter().any(|object| {
        object.definition.starts_with("PRIMARY KEY") && object.columns.as_slice() == ["id"]
    });
    let is_ours = has("ticket_uuid").is_none()
        && has("id").is_some()
        && (is_primary || site.stamp().is_some());
    Ok(if is_ours { "id" } else { "ticket_uuid" }.to_owned())
}

/// Some of the priorities that rows have and that are none of ours.
fn other_words(table: &Table) -> Result<Vec<String>> {
    let ours = ticket_names::PRIORITIES.map(|word| Some(word.to_owned()));
    let rows = run_once(
        &format!(
            "SELECT DISTINCT priority::text FROM {} WHERE priority::text <> ALL ($1) ORDER BY 1 LIMIT 5",
            table.quoted
        ),
        &[(Type::Texts, Value::Texts(ours.to_vec()))],
    )?;
    Ok(rows.iter().filter_map(|row| row.text(1)).collect())
}

// A column is NOT NULL only where its rows are: from PostgreSQL 18 on, a constraint that is not validated says nothing of them.
const COLUMNS: &str = "
    SELECT a.attname::text, a.atttypid, a.atttypmod, format_type(a.atttypid, a.atttypmod),
           a.attnotnull AND NOT EXISTS
               (SELECT FROM pg_constraint k
                 WHERE k.conrelid = a.attrelid AND k.contype = 'n' AND k.conkey[1] = a.attnum AND NOT k.convalidated),
           CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
           a.attgenerated <> '', a.attidentity <> '', t.typtype = 'e'
      FROM pg_attribute a
      JOIN pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY a.attnum";

/// The columns of a table or view.
pub(super) fn columns(oid: u32) -> Result<Vec<Column>> {
    let _pinned = Pinned::wording();
    let rows = run_kept(COLUMNS, &[(Type::Oid, Value::Oid(oid))])?;
    let read = |row: Row<'_>| Column {
        name: row.text(1).unwrap_or_default(),
        kind: FoundType {
            oid: row.oid(2).unwrap_or(0),
            modifier: row.int(3).unwrap_or(-1),
        },
        words: row.text(4).unwrap_or_default(),
        not_null: row.bool(5),
        // DEFAULT NULL is none.
        default: row
            .text(6)
            .filter(|default| default != "NULL" && !default.starts_with("NULL::")),
        is_generated: row.bool(7),
        is_identity: row.bool(8),
        is_enum: row.bool(9),
    };
    Ok(rows.iter().map(read).collect())
}

const OBJECTS: &str = r#"
    SELECT 'constraint', k.conname::text, pg_get_constraintdef(k.oid), k.convalidated,
           ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u (number, place)
                   JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number ORDER BY u.place),
           k.confrelid,
           ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u (number, place)
                   JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.number ORDER BY u.place),
           k.confdeltype::text
      FROM pg_constraint k WHERE k.conrelid = $1 AND k.contype <> 'n' AND NOT (k.contype = 't')
       -- A key that refers to a partitioned table has one for each partition besides.
       AND NOT EXISTS (SELECT FROM pg_constraint w WHERE w.oid = k.conparentid AND w.conrelid = k.conrelid)
     UNION ALL
    SELECT 'index', c.relname::text, regexp_replace(pg_get_indexdef(c.oid), '^CREATE (UNIQUE )?INDEX .* USING ', E'\\1'), i.indisvalid,
           '{}', 0, '{}', ''
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = $1
     UNION ALL
    SELECT 'trigger', g.tgname::text,
           replace(concat(regexp_replace(pg_get_triggerdef(g.oid), '^CREATE (CONSTRAINT )?TRIGGER ("([^"]|"")*"|[^ ]*) ', ''),
                          CASE g.tgenabled WHEN 'A' THEN ' ALWAYS' WHEN 'O' THEN '' ELSE ' OFF' END),
                   format(' ON %s ', $2), format(' ON %s ', $3)),
           true, '{}', 0, '{}', ''
      FROM pg_trigger g WHERE g.tgrelid = $1 AND NOT g.tgisinternal
     ORDER BY 1, 2"#;

/// The constraints, indexes and triggers of a table.
pub(super) fn objects(site: &Site, table: &Table) -> Result<Vec<Object>> {
    let _pinned = Pinned::wording();
    let rows = run_kept(
        OBJECTS,
        &[
            (Type::Oid, Value::Oid(table.oid)),
            (Type::Text, Value::text(Some(&table.quoted))),
            (Type::Text, Value::text(Some(table.name))),
        ],
    )?;
    // As the server writes it here, whatever it wrote when the workspace was found.
    let schema = catalog::schema_name(site.schema).unwrap_or_default();
    let schema = format!("{}.", quote_identifier(&schema)?);
    let texts = |row: &Row<'_>, column| -> Vec<String> {
        let texts = row.texts(column).unwrap_or_default();
        texts.into_iter().flatten().collect()
    };
    let read = |row: Row<'_>| {
        let class = match row.text(1).as_deref() {
            Some("index") => Class::Index,
            Some("trigger") => Class::Trigger,
            _ => Class::Constraint,
        };
        let text = row.text(3).unwrap_or_default();
        let definition = match class {
            // Its table is left out already, and a workspace may be called as the rows of its condition are: old, new.
            Class::Trigger => text,
            _ => definitions::without_schema(&text, &schema),
        };
        Object {
            class,
            name: row.text(2).unwrap_or_default(),
            plain: definitions::plain(&definition),
            definition,
            is_valid: row.bool(4),
            columns: texts(&row, 5),
            refers_to: row.oid(6).unwrap_or(0),
            referred: texts(&row, 7),
            on_delete: row.text(8).unwrap_or_default(),
        }
    };
    Ok(rows.iter().map(read).collect())
}

/// A CHECK of a table.
#[derive(Debug, Clone)]
pub(super) struct Check {
    pub name: String,
    /// What it asks, with every name that is not the table's own qualified.
    pub expression: String,
    pub is_valid: bool,
    /// Whether tables that inherit do not have it.
    pub is_for_one: bool,
    pub columns: Vec<String>,
}

impl Check {
    /// Whether it asks of whole rows.
    pub(super) fn names_rows(&self) -> bool {
        self.expression.contains(".*)")
    }

    /// As ALTER TABLE ... ADD has it.
    pub(super) fn definition(&self) -> String {
        let only = if self.is_for_one { " NO INHERIT" } else { "" };
        let valid = if self.is_valid { "" } else { " NOT VALID" };
        format!("CHECK ({}){only}{valid}", self.expression)
    }
}

/// The CHECKs of a table, those that it has from a partitioned one left out.
pub(super) fn checks(oid: u32) -> Result<Vec<Check>> {
    let _pinned = Pinned::wording();
    let rows = run_once(
        "SELECT k.conname::text, pg_get_expr(k.conbin, k.conrelid), k.convalidated, k.connoinherit,
                ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey))
           FROM pg_constraint k WHERE k.conrelid = $1 AND k.contype = 'c' AND k.coninhcount = 0 ORDER BY k.conname",
        &[(Type::Oid, Value::Oid(oid))],
    )?;
    let read = |row: Row<'_>| Check {
        name: row.text(1).unwrap_or_default(),
        expression: row.text(2).unwrap_or_default(),
        is_valid: row.bool(3),
        is_for_one: row.bool(4),
        columns: row
            .texts(5)
            .unwrap_or_default()
            .into_iter()
            .flatten()
            .collect(),
    };
    Ok(rows.iter().map(read).collect())
}

/// The source types of the casts to the workspace's phases, and whether they are as ours are.
pub(super) fn casts(phase_type: u32) -> Result<Vec<(u32, bool)>> {
    let rows = run_once(
        "SELECT castsource, castmethod OPERATOR(pg_catalog.=) 'i'::pg_catalog.\"char\"
                AND castcontext OPERATOR(pg_catalog.=) 'a'::pg_catalog.\"char\"
           FROM pg_catalog.pg_cast WHERE casttarget OPERATOR(pg_catalog.=) $1",
        &[(Type::Oid, Value::Oid(phase_type))],
    )?;
    Ok(rows
        .iter()
        .filter_map(|row| Some((row.oid(1)?, row.bool(2))))
        .collect())
}
