//! Converting a column of texts to phases without writing the table anew while nobody else may use it: a column beside it is
//! filled, first by a trigger for what is written meanwhile, then in batches; at last it takes the other one's place.
//!
//! What is lost with the old column is made again for the new one: indexes, CHECKs, privileges, comment, statistics. The column
//! is the table's last then.

use super::column_checks::Checks;
use super::columns::{Converted, Filled, alter};
use super::found::Table;
use super::repair::run_each_of;
use super::run_once;
use super::shape::BESIDE;
use super::site::{Site, run_each};
use crate::definitions;
use crate::error::{Code, Error};
use crate::pg::error::Result;
use crate::pg::spi::{quote_identifier, run_script};
use crate::pg::value::{Type, Value};
use crate::pg::{catalog, role};

/// The trigger that keeps the columns beside, and marks a table that is being adopted.
/// After all of the application's, by the order of their names: what those change counts.
pub(super) const TRIGGER: &str = "~phasegate_adopting";

fn beside(column: &Converted) -> String {
    format!("{BESIDE}{}", column.name)
}

/// Whether a column can be converted so. Where a key, or an expression, has it in it it cannot; nor can one
/// that is no text. Such a column is converted where it stands.
pub(super) fn can(table: &Table, column: &Converted) -> Result<bool> {
    let rows = run_once(
        "SELECT EXISTS (SELECT FROM pg_constraint k
                         WHERE k.conrelid = a.attrelid AND a.attnum = ANY (k.conkey) AND k.contype NOT IN ('c', 'n'))
                OR EXISTS (SELECT FROM pg_partitioned_table p WHERE p.partrelid = a.attrelid)
                OR EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = a.attrelid),
                a.atttypid
           FROM pg_attribute a WHERE a.attrelid = $1 AND a.attname = $2::name",
        &[
            (Type::Oid, Value::Oid(table.oid)),
            (Type::Text, Value::text(Some(&column.name))),
        ],
    )?;
    let Some(row) = rows.first() else {
        return Ok(false);
    };
    let kind = row.oid(2).unwrap_or(0);
    let is_text = [Type::Text.oid(0).to_u32(), super::kind::VARCHAR].contains(&kind);
    Ok(is_text && !row.bool(1))
}

/// Whether the column beside is there.
pub(super) fn is_begun(table: &Table, column: &Converted) -> bool {
    catalog::column(table.oid, &beside(column)).is_some()
}

/// Adds the column beside.
pub(super) fn begin(site: &Site, table: &Table, column: &Converted) -> Result<()> {
    mark(&table.quoted, "")?;
    alter(
        site,
        table,
        &[format!("ADD COLUMN {} {{phase}}", beside(column))],
    )
}

/// Marks a table as being adopted, and has the columns beside kept.
pub(super) fn mark(table: &str, argument: &str) -> Result<()> {
    run_script(&format!(
        "CREATE OR REPLACE TRIGGER \"{TRIGGER}\" BEFORE INSERT OR UPDATE ON {table}
         FOR EACH ROW EXECUTE FUNCTION phasegate._adopting({argument})"
    ))
}

/// What the old column says.
fn text_of(column: &Converted) -> String {
    match &column.filler {
        Some(filler) => format!("coalesce({}::text, {filler})", column.name),
        None => format!("{}::text", column.name),
    }
}

/// What rows are filled with. Texts that are no phases stay out, and are told of later.
pub(super) fn filled(column: &Converted) -> Filled {
    let (text, beside) = (text_of(column), beside(column));
    Filled {
        column: beside.clone(),
        value: format!("({text})::{{phase}}"),
        condition: format!(
            "{beside}::text IS DISTINCT FROM {text} AND {text} = ANY (enum_range(NULL::{{phase}})::text[])"
        ),
    }
}

/// The name of a constraint that says that all rows are filled.
pub(super) fn guard(column: &Converted) -> String {
    format!("{BESIDE}{}_is_filled", column.name)
}

/// Says that the column beside has in all rows what the old one has, to be validated in another transaction. It also holds for
/// what is written past the trigger, or changed after it.
pub(super) fn promise(site: &Site, table: &Table, column: &Converted) -> Result<bool> {
    if has_constraint(table, &guard(column))? {
        return Ok(false);
    }
    let (text, beside) = (text_of(column), beside(column));
    let required = match column.required {
        true => format!(" AND {beside} IS NOT NULL"),
        false => String::new(),
    };
    let filled = format!("{beside}::text IS NOT DISTINCT FROM {text}{required}");
    alter(
        site,
        table,
        &[format!(
            "ADD CONSTRAINT {} CHECK ({filled}) NOT VALID",
            guard(column)
        )],
    )?;
    Ok(true)
}

fn has_constraint(table: &Table, name: &str) -> Result<bool> {
    let rows = run_once(
        "SELECT 1 FROM pg_constraint WHERE conrelid = $1 AND conname = $2::name",
        &[
            (Type::Oid, Value::Oid(table.oid)),
            (Type::Text, Value::text(Some(name))),
        ],
    )?;
    Ok(!rows.is_empty())
}

/// Sees to it that they are.
pub(super) fn keep_promise(table: &Table, column: &Converted) -> Result<()> {
    run_script(&format!(
        "ALTER TABLE {} VALIDATE CONSTRAINT {}",
        table.quoted,
        guard(column)
    ))
}

/// The indexes that the old column is in, each with whether it is unique and what its definition says behind USING. Names may
/// hold any text: what stands before that is taken off as a whole, and is NULL where it is not what is expected.
const INDEXES: &str = "
    SELECT c.relname::text, i.indisunique,
           CASE WHEN starts_with(d.whole, d.start) THEN substr(d.whole, length(d.start) + 1) END, c.oid
      FROM pg_index i
      JOIN pg_class c ON c.oid = i.indexrelid
      JOIN pg_class t ON t.oid = i.indrelid
      JOIN pg_namespace n ON n.oid = t.relnamespace
      CROSS JOIN LATERAL (
           SELECT pg_get_indexdef(c.oid),
                  format('CREATE %sINDEX %I ON %s%I.%I USING ', CASE WHEN i.indisunique THEN 'UNIQUE ' END, c.relname,
                         CASE c.relkind WHEN 'I' THEN 'ONLY ' END, n.nspname, t.relname)) d (whole, start)
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attname = $2::name
     WHERE i.indrelid = $1 AND a.attnum = ANY (i.indkey) AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid)
     ORDER BY 1";

/// An index that the old column is in.
struct Index {
    oid: u32,
    name: String,
    is_unique: bool,
    /// Its method, columns and condition.
    rest: String,
}

fn indexes(table: &Table, column: &Converted) -> Result<Vec<Index>> {
    let rows = run_once(
        INDEXES,
        &[
            (Type::Oid, Value::Oid(table.oid)),
            (Type::Text, Value::text(Some(&column.name))),
        ],
    )?;
    let unknown = || Error::new(Code::Internal, "could not read the definition of an index");
    rows.iter()
        .map(|row| {
            Ok(Index {
                oid: row.oid(4).ok_or_else(unknown)?,
                name: row.text(1).ok_or_else(unknown)?,
                is_unique: row.bool(2),
                rest: row.text(3).ok_or_else(unknown)?,
            })
        })
        .collect()
}

/// Builds one of the new column's indexes that is not there yet; whether there was one to be built.
pub(super) fn build_index(site: &Site, table: &Table, column: &Converted) -> Result<bool> {
    for index in indexes(table, column)? {
        let new = new_name(&index);
        if schema_has(table, &new) {
            continue;
        }
        let unique = if index.is_unique { "UNIQUE " } else { "" };
        let rest = definitions::with_word(&index.rest, &column.name, &beside(column));
        run_script(&format!(
            "CREATE {unique}INDEX {} ON {} USING {rest}",
            quote_identifier(&new)?,
            table.quoted
        ))?;
        return Ok(true);
    }
    let _ = site;
    Ok(false)
}

/// Whether the table's schema has a relation of this name.
pub(super) fn schema_has(table: &Table, name: &str) -> bool {
    catalog::schema_of(table.oid).is_some_and(|schema| catalog::table_in(schema, name).is_some())
}

/// The name of an index until it takes the other one's place: by its OID, since names may begin alike and be as long as they can.
fn new_name(index: &Index) -> String {
    format!("{BESIDE}index_{}", index.oid)
}

/// Takes away what was begun of a column that has come to be part of a key meanwhile.
pub(super) fn give_up(table: &Table, column: &Converted) -> Result<()> {
    run_script(&format!(
        "ALTER TABLE {} DROP CONSTRAINT {}, DROP COLUMN {}",
        table.quoted,
        guard(column),
        beside(column)
    ))
}

/// Puts the new column in the old one's place.
pub(super) fn end(site: &Site, table: &Table, column: &Converted) -> Result<()> {
    let (name, beside) = (&column.name, beside(column));
    let checks = Checks::on(table, name)?;
    let renamed = indexes(table, column)?;
    let belongings = belongings(table, column)?;
    let mut clauses = Vec::new();
    if column.required {
        clauses.push(format!("ALTER COLUMN {beside} SET NOT NULL"));
    }
    if let Some(default) = &column.default {
        clauses.push(format!("ALTER COLUMN {beside} SET DEFAULT {default}"));
    }
    clauses.push(format!("DROP CONSTRAINT {}", guard(column)));
    alter(site, table, &clauses)?;
    run_script(&format!("ALTER TABLE {} DROP COLUMN {name}", table.quoted))?;
    run_script(&format!(
        "ALTER TABLE {} RENAME COLUMN {beside} TO {name}",
        table.quoted
    ))?;
    let schema = catalog::schema_of(table.oid)
        .and_then(catalog::schema_name)
        .unwrap_or_default();
    for index in renamed {
        run_script(&format!(
            "ALTER INDEX {}.{} RENAME TO {}",
            quote_identifier(&schema)?,
            quote_identifier(&new_name(&index))?,
            quote_identifier(&index.name)?
        ))?;
    }
    checks.again(table, false)?;
    run_each_of(&belongings)
}

/// The statements that give the new column what the old one had: privileges, comment, statistics, what its indexes were for.
fn belongings(table: &Table, column: &Converted) -> Result<Vec<String>> {
    let rows = run_once(
        "SELECT format('GRANT %s (%I) ON %s TO %s%s', x.privilege_type, a.attname, $3,
                       CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END,
                       CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
           FROM pg_attribute a CROSS JOIN LATERAL aclexplode(a.attacl) x
          WHERE a.attrelid = $1 AND a.attname = $2::name
         UNION ALL
         SELECT format('COMMENT ON COLUMN %s.%I IS %L', $3, a.attname, col_description(a.attrelid, a.attnum))
           FROM pg_attribute a
          WHERE a.attrelid = $1 AND a.attname = $2::name AND col_description(a.attrelid, a.attnum) IS NOT NULL
         UNION ALL
         SELECT format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS %s', $3, a.attname, a.attstattarget)
           FROM pg_attribute a
          WHERE a.attrelid = $1 AND a.attname = $2::name AND a.attstattarget >= 0
         UNION ALL
         SELECT format('ALTER TABLE %s ALTER COLUMN %I SET (%s)', $3, a.attname, array_to_string(a.attoptions, ', '))
           FROM pg_attribute a
          WHERE a.attrelid = $1 AND a.attname = $2::name AND a.attoptions IS NOT NULL
         UNION ALL
         SELECT format('ALTER TABLE %s %s %I', $3, u.what, c.relname)
           FROM pg_attribute a
           JOIN pg_index i ON i.indrelid = a.attrelid AND a.attnum = ANY (i.indkey)
           JOIN pg_class c ON c.oid = i.indexrelid
           JOIN (VALUES ('REPLICA IDENTITY USING INDEX', true), ('CLUSTER ON', false)) u (what, is_identity)
             ON CASE WHEN u.is_identity THEN i.indisreplident ELSE i.indisclustered END
          WHERE a.attrelid = $1 AND a.attname = $2::name",
        &[
            (Type::Oid, Value::Oid(table.oid)),
            (Type::Text, Value::text(Some(&column.name))),
            (Type::Text, Value::text(Some(&table.quoted))),
        ],
    )?;
    Ok(rows.iter().filter_map(|row| row.text(1)).collect())
}

/// Takes away what was begun.
pub(super) fn abandon(site: &Site) -> Result<()> {
    let [schema, tickets] = site.parameters();
    run_each(
        "SELECT format('ALTER TABLE %s DROP COLUMN %I', a.attrelid::regclass, a.attname)
           FROM pg_attribute a
           JOIN pg_trigger t ON t.tgrelid = a.attrelid AND t.tgfoid = 'phasegate._adopting()'::regprocedure
           JOIN pg_class c ON c.oid = a.attrelid
          WHERE (c.relnamespace = $1 OR c.oid = $2) AND c.relowner = $3 AND NOT a.attisdropped
            AND a.attname IN ('phasegate_phase_id', 'phasegate_previous_phase_id', 'phasegate_from_phase', 'phasegate_to_phase')
         UNION ALL
         SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::regclass, k.conname)
           FROM pg_constraint k
           JOIN pg_class c ON c.oid = k.conrelid
          WHERE (c.relnamespace = $1 OR c.oid = $2) AND c.relowner = $3
            AND k.contype = 'c' AND k.conname ~ '^phasegate_.*_not_null$' AND k.coninhcount = 0
         UNION ALL
         SELECT format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass)
           FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
          WHERE (c.relnamespace = $1 OR c.oid = $2) AND c.relowner = $3
            AND t.tgfoid = 'phasegate._adopting()'::regprocedure AND t.tgparentid = 0",
        &[schema, tickets, (Type::Oid, Value::Oid(role::current()))],
    )
}
