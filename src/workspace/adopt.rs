//! Taking over what a schema already holds: an app's own tables, its own type of phases, its history. What they lack is added as
//! `sql/workspace/structure.txt` lists it. Their columns are brought into shape by `columns.rs`, their constraints and indexes by
//! `repair.rs`; what is in the way is found by `survey.rs` before anything is changed.

use super::quiet::quietly;
use super::run_once;
use super::shape::{TABLES, VIEWS};
use super::site::Site;
use super::standing::Labels;
use super::table_triggers::is_of_extension;
use crate::clock;
use crate::error::{Code, Error};
use crate::labels;
use crate::pg::error::Result;
use crate::pg::lock::{self, Purpose};
use crate::pg::settings::Pinned;
use crate::pg::spi::run_script;
use crate::pg::value::{Type, Value};
use crate::problems::Problem;

/// What somebody else has put into the schema under a name of ours, or as a partition, and what is no table there. Side effects run with the
/// owner's rights and must not fire another's triggers, nor read another's view; and a view of ours must not be another's
/// to replace, since whoever reads it runs it.
pub(super) fn others(site: &Site, owner: u32) -> Result<Vec<Problem>> {
    let _pinned = Pinned::search_path();
    let names = |names: &[&str]| {
        let names = names.iter().map(|name| Some((*name).to_owned()));
        (Type::Texts, Value::Texts(names.collect()))
    };
    let rows = run_once(
        "SELECT quote_ident(relname), relowner = $2,
                CASE WHEN relname = ANY ($4) THEN relkind = 'v' ELSE relkind IN ('r', 'p') END,
                CASE WHEN relname = ANY ($4) THEN 'view' ELSE 'table' END
           FROM pg_class WHERE relnamespace = $1 AND relname = ANY ($3 || $4) AND ($5 IS NULL OR relname <> 'tickets') OR oid = $5
         UNION ALL
         SELECT quote_ident(q.relname), q.relowner = $2, true, 'table'
           FROM pg_class c CROSS JOIN LATERAL pg_partition_tree(c.oid) m JOIN pg_class q ON q.oid = m.relid
          WHERE c.relkind = 'p' AND m.level > 0
            AND (c.relnamespace = $1 AND c.relname = ANY ($3) AND ($5 IS NULL OR c.relname <> 'tickets') OR c.oid = $5)
         UNION ALL
         SELECT typname::text, typowner = $2, true, 'type'
           FROM pg_type WHERE typnamespace = $1 AND typname = 'phase' OR oid = $6
          ORDER BY 1",
        &[
            (Type::Oid, Value::Oid(site.schema)),
            (Type::Oid, Value::Oid(owner)),
            names(&TABLES),
            names(&VIEWS),
            (Type::Oid, site.tickets().map_or(Value::Null, Value::Oid)),
            (
                Type::Oid,
                site.find_phase_type()?.map_or(Value::Null, Value::Oid),
            ),
        ],
    )?;
    let mut problems = Vec::new();
    for row in rows.iter() {
        let object = row.text(1).unwrap_or_default();
        if !row.bool(3) {
            let error = Error::new(
                Code::NameTaken,
                format!(
                    "{object} exists and is no {}",
                    row.text(4).unwrap_or_default()
                ),
            )
            .hint("Rename it, or make the workspace in another schema.");
            problems.push(Problem::of_error(&object, error));
        } else if !row.bool(2) {
            let error = Error::new(
                Code::OtherOwner,
                format!("{object} belongs to another role"),
            )
            .detail(
                "All objects of a workspace must belong to one role: the owner of tickets, or the caller.",
            );
            problems.push(Problem::of_error(&object, error));
        }
    }
    Ok(problems)
}

/// Refuses what [`others`] finds.
pub(super) fn require_owner(site: &Site, owner: u32) -> Result<()> {
    crate::problems::error(&others(site, owner)?).map_or(Ok(()), Err)
}

/// Makes the workspace's enum where it is not there, and the casts to it.
pub(super) fn phase_type(site: &Site, labels: &Labels) -> Result<()> {
    if labels.kind.is_none() {
        let labels: Vec<String> = labels
            .labels
            .iter()
            .map(|label| crate::labels::quoted(label))
            .collect();
        run_script(&format!(
            "CREATE TYPE {}.phase AS ENUM ({})",
            site.quoted,
            labels.join(", ")
        ))?;
    }
    casts(site)
}

/// What follows in the statements that make the casts.
pub(super) const HOW_CAST: &str = "WITH INOUT AS ASSIGNMENT";

/// Makes the casts to the type of the phases by which texts are assigned to columns of it. Implicit ones, as of version 0.2.0,
/// would be tried wherever a function or an operator is looked for.
fn casts(site: &Site) -> Result<()> {
    let Some(kind) = site.phase_type()? else {
        return Ok(());
    };
    let found = super::found::casts(kind)?;
    for (source, oid) in [
        ("text", Type::Text.oid(0).to_u32()),
        ("varchar", super::kind::VARCHAR),
    ] {
        let cast = format!("CAST ({source} AS {{phase}})");
        match found.iter().find(|(of, _)| *of == oid) {
            Some((_, true)) => continue,
            Some((_, false)) => site.script(&format!("DROP {cast}"))?,
            None => {}
        }
        site.script(&format!("CREATE {cast} {HOW_CAST}"))?;
    }
    Ok(())
}

/// Whether the table has a trigger of ours already, so that its rows are as they must be: of tasks the one that keeps them
/// so. Contexts have none; what keeps them is on the tickets.
pub(super) fn is_kept(site: &Site, table: &str) -> Result<bool> {
    let of = match table {
        "phase_context" => "tickets",
        other => other,
    };
    let rows = run_once(
        concat!(
            "SELECT 1 FROM pg_catalog.pg_trigger t
               JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) t.tgfoid
              WHERE t.tgrelid OPERATOR(pg_catalog.=) $1
                AND p.proname OPERATOR(pg_catalog.<>) '_adopting'
                AND ($2 OPERATOR(pg_catalog.<>) 'tasks' OR p.proname OPERATOR(pg_catalog.=) '_tasks_keep')
                AND ",
            is_of_extension!("p.oid"),
            " LIMIT 1"
        ),
        &[
            (Type::Oid, site.table(of).map_or(Value::Null, Value::Oid)),
            (Type::Text, Value::text(Some(table))),
        ],
    )?;
    Ok(!rows.is_empty())
}

/// Gives each ticket whose history does not end in its present phase the row that says so: all of them when a table is
/// adopted, those that moved meanwhile when a detached workspace is taken back. `which` of the tickets t are looked at. They are held: one that goes
/// meanwhile is left out.
pub(super) fn histories(site: &Site, which: &str) -> Result<()> {
    let now = clock::now();
    let sql = site.text(&format!(
        "INSERT INTO {{ws}}.phase_history
                (ticket_id, from_phase, to_phase, transition_reason, transitioned_by, created_at)
         SELECT t.{{ticket.id}}, last.to_phase, t.{{ticket.phase_id}}, 'adopted', session_user,
                greatest($1, last.created_at + interval '1 microsecond')
           FROM {{tickets}} t
           LEFT JOIN LATERAL (SELECT h.to_phase, h.created_at FROM {{ws}}.phase_history h
                               WHERE h.ticket_id = t.{{ticket.id}}
                               ORDER BY h.created_at DESC, h.id DESC LIMIT 1) last ON true
          WHERE last.to_phase IS DISTINCT FROM t.{{ticket.phase_id}} AND {which}
            FOR KEY SHARE OF t"
    ))?;
    into_history(site, &sql, &[(Type::Time, Value::Time(now))])
}

/// Writes to a history. The triggers of one that is no workspace's yet may be for the application's rows alone: they are kept from
/// firing, which takes a lock that a deletion of a ticket would wait for while this waits for that. So tickets are held first.
fn into_history(site: &Site, sql: &str, arguments: &[(Type, Value<'_>)]) -> Result<()> {
    let write = || run_once(sql, arguments).map(|_| ());
    let Some(table) = super::found::table(site, "phase_history")? else {
        return write();
    };
    // Of INSERT, 4.
    let rows = run_once(
        "SELECT 1 FROM pg_catalog.pg_trigger t
          WHERE t.tgrelid OPERATOR(pg_catalog.=) $1 AND NOT t.tgisinternal
            AND t.tgenabled OPERATOR(pg_catalog.<>) 'D'::pg_catalog.\"char\"
            AND t.tgtype OPERATOR(pg_catalog.&) 4::pg_catalog.int2 OPERATOR(pg_catalog.<>) 0
            AND t.tgfoid OPERATOR(pg_catalog.<>) 'phasegate._adopting()'::pg_catalog.regprocedure::pg_catalog.oid
          LIMIT 1",
        &[(Type::Oid, Value::Oid(table.oid))],
    )?;
    if rows.is_empty() || is_kept(site, "phase_history")? {
        return write();
    }
    hold_tickets(site);
    quietly(site, &table, write)
}

/// Gives each ticket whose history begins with a move the start that is missing before it, as where an application wrote
/// down moves alone.
pub(super) fn starts(site: &Site) -> Result<()> {
    let sql = site.text(
        "INSERT INTO {ws}.phase_history (ticket_id, to_phase, transition_reason, transitioned_by, created_at)
         SELECT h.ticket_id, h.from_phase, 'adopted', session_user,
                least(t.{ticket.created_at}, h.created_at - interval '1 microsecond')
           FROM (SELECT DISTINCT ON (ticket_id) ticket_id, from_phase, created_at
                   FROM {ws}.phase_history ORDER BY ticket_id, created_at, id) h
           JOIN {tickets} t ON t.{ticket.id} = h.ticket_id
          WHERE h.from_phase IS NOT NULL",
    )?;
    into_history(site, &sql, &[])
}

/// Fills in which phase tickets were before, from the history that was there with them. What was written when they were
/// adopted says nothing of that.
pub(super) fn last_moves(site: &Site) -> Result<()> {
    let Some(table) = super::found::table(site, "tickets")? else {
        return Ok(());
    };
    let previous = "(SELECT h.from_phase FROM {ws}.phase_history h
                      WHERE h.ticket_id = {tickets}.{ticket.id} AND h.transition_reason IS DISTINCT FROM 'adopted'
                      ORDER BY h.created_at DESC, h.id DESC LIMIT 1)";
    let filled = super::columns::Filled {
        column: "{ticket.previous_phase_id}".to_owned(),
        value: previous.to_owned(),
        condition: format!("{{ticket.previous_phase_id}} IS NULL AND {previous} IS NOT NULL"),
    };
    super::columns::fill(site, &table, &[&filled], None)
}

/// The label of the phase where tickets begin, as a literal.
pub(super) fn start(site: &Site) -> Result<String> {
    if site.has("phases") {
        let rows = run_once(
            &site.text("SELECT phase_id::pg_catalog.text FROM {ws}.phases WHERE kind OPERATOR(pg_catalog.=) 'start'")?,
            &[],
        )?;
        if let Some(label) = rows.first().and_then(|row| row.text(1)) {
            return Ok(labels::quoted(&label));
        }
    }
    let labels: Vec<String> = site
        .phase_type()?
        .map_or_else(Vec::new, crate::pg::catalog_rows::labels)
        .into_iter()
        .map(|(label, _)| label)
        .collect();
    let meanings = labels::meanings(&labels);
    let start = meanings.iter().find(|one| one.kind == "start");
    Ok(labels::quoted(start.map_or("", |one| &one.label)))
}

/// Keeps everybody from writing tickets. Before the tables are held that a move of a ticket writes to: else a session that is
/// moving one would wait for such a table, and this for that session.
pub(super) fn hold_tickets(site: &Site) {
    if let Some(tickets) = site.tickets() {
        lock::table(tickets, Purpose::Defining);
    }
}
