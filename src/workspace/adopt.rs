//! Taking over what a schema already holds: an app's own `tickets` and `tasks`, its own enum `phase`. Their columns are
//! brought into shape by `columns.rs`.
//!
//! Rows are updated only where a task's columns contradict its status (`sql/tasks/adopt.sql`).

use super::progress::Adoption;
use super::shape::{CONSTRAINTS, PHASES, TABLES, VIEWS};
use super::site::Site;
use crate::error::{Code, Error};
use crate::pg::clock;
use crate::pg::error::Result;
use crate::pg::settings::Pinned;
use crate::pg::spi::{run_once, run_script};
use crate::pg::value::{Type, Value};

/// Refuses what somebody else has put into the schema under a name of ours. Side effects run with the owner's
/// rights and must not fire another's triggers, nor read another's view; and a view of ours must not be
/// another's to replace, since whoever reads it runs it.
pub(super) fn require_owner(site: &Site, owner: u32) -> Result<()> {
    let _pinned = Pinned::search_path();
    let names = |names: &[&str]| {
        let names = names.iter().map(|name| Some((*name).to_owned()));
        (Type::Texts, Value::Texts(names.collect()))
    };
    let rows = run_once(
        "SELECT quote_ident(relname), relowner = $2,
                CASE WHEN relname = ANY ($4) THEN relkind = 'v' ELSE relkind IN ('r', 'p') END,
                CASE WHEN relname = ANY ($4) THEN 'view' ELSE 'table' END
           FROM pg_class WHERE relnamespace = $1 AND relname = ANY ($3 || $4)
         UNION ALL
         SELECT 'phase', typowner = $2, true, 'type'
           FROM pg_type WHERE typnamespace = $1 AND typname = 'phase'
          ORDER BY 1",
        &[
            (Type::Oid, Value::Oid(site.schema)),
            (Type::Oid, Value::Oid(owner)),
            names(&TABLES),
            names(&VIEWS),
        ],
    )?;
    for row in rows.iter() {
        let object = row.text(1).unwrap_or_default();
        if !row.bool(3) {
            return Err(Error::new(
                Code::NameTaken,
                format!(
                    "{object} exists and is no {}",
                    row.text(4).unwrap_or_default()
                ),
            )
            .hint("Rename it, or make the workspace in another schema."));
        }
        if !row.bool(2) {
            return Err(Error::new(
                Code::OtherOwner,
                format!("{object} belongs to another role"),
            )
            .detail(
                "All of a workspace belongs to one role: the owner of tickets, else the caller.",
            ));
        }
    }
    Ok(())
}

/// Gives the ids of tables that were there the default that they lack, as after DROP EXTENSION ... CASCADE.
pub(super) fn identifiers(site: &Site) -> Result<()> {
    let rows = run_once(
        "SELECT format('ALTER TABLE %s ALTER COLUMN id SET DEFAULT phasegate.uuid_v7()', c.oid::regclass)
           FROM pg_class c
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'id' AND NOT a.attisdropped
          WHERE c.relnamespace = $1 AND c.relname = ANY ($2)
            AND a.atttypid = 'uuid'::regtype AND NOT a.atthasdef
          ORDER BY 1",
        &[
            (Type::Oid, Value::Oid(site.schema)),
            (
                Type::Texts,
                Value::Texts(TABLES.iter().map(|name| Some((*name).to_owned())).collect()),
            ),
        ],
    )?;
    let changes: Vec<String> = rows.iter().filter_map(|row| row.text(1)).collect();
    changes.iter().try_for_each(|change| run_script(change))
}

/// Makes the workspace's enum and its casts, or adopts an enum of the user's own that has all the labels. Where the
/// table `phases` says what they mean, they may be called otherwise.
pub(super) fn phase_type(site: &Site) -> Result<()> {
    let ws = &site.quoted;
    let rows = run_once(
        "SELECT t.typtype = 'e',
                ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = t.oid)
           FROM pg_type t WHERE t.typnamespace = $1 AND t.typname = 'phase'",
        &[(Type::Oid, Value::Oid(site.schema))],
    )?;
    let wanted = PHASES.map(|(label, ..)| label);
    if let Some(row) = rows.first() {
        let labels = row.texts(2).unwrap_or_default();
        let is_there = |label: &&str| labels.iter().flatten().any(|found| found == label);
        if !row.bool(1) || !site.has("phases") && !wanted.iter().all(is_there) {
            return Err(Error::new(
                Code::NameTaken,
                format!("type {ws}.phase exists and is not the workspace's"),
            )
            .detail(format!(
                "A workspace's phase is an enum with at least the labels {}.",
                wanted.join(", ")
            ))
            .hint("Rename that type, or make the workspace in another schema."));
        }
    } else {
        run_script(&format!(
            "CREATE TYPE {ws}.phase AS ENUM ('{}')",
            wanted.join("', '")
        ))?;
    }
    for source in ["text", "varchar"] {
        let rows = run_once(
            "SELECT 1 FROM pg_cast c JOIN pg_type t ON t.oid = c.casttarget
              WHERE t.typnamespace = $1 AND t.typname = 'phase' AND c.castsource = $2::regtype",
            &[
                (Type::Oid, Value::Oid(site.schema)),
                (Type::Text, Value::text(Some(source))),
            ],
        )?;
        if rows.is_empty() {
            run_script(&format!(
                "CREATE CAST ({source} AS {ws}.phase) WITH INOUT AS IMPLICIT"
            ))?;
        }
    }
    Ok(())
}

/// Whether the table has a trigger of ours already, so that its rows are as they must be.
pub(super) fn is_kept(site: &Site, table: &str) -> Result<bool> {
    let rows = run_once(
        "SELECT 1 FROM pg_trigger t
           JOIN pg_class c ON c.oid = t.tgrelid
           JOIN pg_proc p ON p.oid = t.tgfoid
           JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
           JOIN pg_extension e ON e.oid = d.refobjid
          WHERE c.relnamespace = $1 AND c.relname = $2::name AND e.extname = 'phasegate' AND p.proname = '_' || $2 || '_keep'",
        &[
            (Type::Oid, Value::Oid(site.schema)),
            (Type::Text, Value::text(Some(table))),
        ],
    )?;
    Ok(!rows.is_empty())
}

/// Gives adopted tables the constraints that fresh ones have.
pub(super) fn constraints(site: &Site, adopted: &[&str], progress: &Adoption) -> Result<()> {
    for table in adopted {
        progress.begins(table, "checking constraints");
    }
    for (table, name, definition) in CONSTRAINTS {
        if !adopted.contains(table) {
            continue;
        }
        let rows = run_once(
            "SELECT 1 FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
              WHERE c.relnamespace = $1 AND c.relname = $2::name
                AND (k.conname = $3::name
                     OR k.contype = 'f' AND $3 = 'tasks_ticket_id_fkey'
                        AND k.confrelid = (SELECT oid FROM pg_class WHERE relnamespace = $1 AND relname = 'tickets'))",
            &[
                (Type::Oid, Value::Oid(site.schema)),
                (Type::Text, Value::text(Some(table))),
                (Type::Text, Value::text(Some(name))),
            ],
        )?;
        if rows.is_empty() {
            site.script(&format!(
                "ALTER TABLE {{ws}}.{table} ADD CONSTRAINT {name} {definition}"
            ))?;
        }
    }
    Ok(())
}

/// Gives each ticket whose history does not end in its present phase the row that says so: all of them
/// when a table is adopted, those that moved meanwhile when a detached workspace is taken back.
pub(super) fn histories(site: &Site) -> Result<()> {
    let now = clock::now();
    let sql = format!(
        "INSERT INTO {ws}.phase_history
                (ticket_id, from_phase, to_phase, transition_reason, transitioned_by, created_at)
         SELECT t.id, last.to_phase, t.phase_id, 'adopted', session_user,
                greatest($1, last.created_at + interval '1 microsecond')
           FROM {ws}.tickets t
           LEFT JOIN LATERAL (SELECT h.to_phase, h.created_at FROM {ws}.phase_history h
                               WHERE h.ticket_id = t.id
                               ORDER BY h.created_at DESC, h.id DESC LIMIT 1) last ON true
          WHERE last.to_phase IS DISTINCT FROM t.phase_id",
        ws = site.quoted
    );
    run_once(&sql, &[(Type::Time, Value::Time(now))])?;
    Ok(())
}
