//! Which table holds a workspace's tickets: the one that the foreign key of `phase_history.ticket_id` refers to, by its OID,
//! whatever it is called and in whatever schema it stands. It cannot be swapped for another, and survives renames and dumps.

use super::citus::Shards;
use super::full_name::full_name;
use super::shape::TABLES;
use super::statements::identity;
use super::table_triggers;
use crate::error::{Code, Error};
use crate::pg::catalog;
use crate::pg::error::Result;
use crate::pg::rows::Row;
use crate::pg::spi::{Plan, Sees, Session};
use crate::pg::value::{Type, Value};
use crate::problems::Problem;

/// The table that tells.
const HISTORY: &str = "phase_history";

/// The table that holds a workspace's tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    /// Its OID.
    pub table: u32,
    /// The number of the column that the workspace's other tables refer to; none where no foreign key says so any more.
    pub key: Option<i16>,
}

/// A foreign key of `phase_history.ticket_id`.
struct Referred {
    table: u32,
    key: i16,
    /// Whether it is a key of its own: a partitioned table has one for each partition besides.
    is_whole: bool,
}

/// The tables that `phase_history.ticket_id` refers to, as of the latest commit.
fn referred(history: u32) -> Result<Vec<Referred>> {
    let Some(column) = catalog::column(history, "ticket_id") else {
        return Ok(Vec::new());
    };
    let _session = Session::open()?;
    // Neither sorts nor compares arrays: with nothing cached yet, looking that up took 0.7 ms of a connection's first call.
    let sql = "SELECT k.confrelid, k.confkey[1]::pg_catalog.int4, k.conparentid, k.oid
                 FROM pg_catalog.pg_constraint k
                WHERE k.conrelid OPERATOR(pg_catalog.=) $1 AND k.contype OPERATOR(pg_catalog.=) 'f'::pg_catalog.\"char\"
                  AND k.conkey[1] OPERATOR(pg_catalog.=) $2 AND k.conkey[2] IS NULL";
    let types = [Type::Oid.oid(0), Type::Int.oid(0)];
    let values = [Value::Oid(history), Value::Int(column.into())];
    let rows = Plan::prepare(sql, &types)?.run(&values, Sees::Latest, 0)?;
    let read = |row: Row<'_>| {
        let found = Referred {
            table: row.oid(1)?,
            key: i16::try_from(row.int(2)?).ok()?,
            is_whole: row.oid(3)? == 0,
        };
        Some((!found.is_whole, row.oid(4)?, found))
    };
    let mut found: Vec<_> = rows.iter().filter_map(read).collect();
    found.sort_by_key(|(is_part, oid, _)| (*is_part, *oid));
    Ok(found.into_iter().map(|(_, _, found)| found).collect())
}

/// Whether triggers of ours stand on this history.
fn is_ours(history: u32) -> bool {
    ["_append_only", "_owner_only"]
        .iter()
        .any(|function| table_triggers::arguments(history, function).is_some())
}

/// The table that holds the tickets of the workspace of this schema; none where it is no workspace. What only has the names
/// of a workspace's tables is passed by.
///
/// # Errors
/// Where the schema was a workspace and nothing says any more which table holds its tickets.
pub(super) fn held(schema: u32, shards: Option<&Shards>) -> Result<Option<Held>> {
    let table_in = |name| match shards {
        Some(shards) => shards.table(name),
        None => catalog::table_in(schema, name),
    };
    let history = table_in(HISTORY);
    let named = table_in("tickets");
    if history.is_none() && named.is_none() || catalog::is_temporary(schema) {
        return Ok(None);
    }
    let is_kept = |table: &u32| identity(*table).is_some();
    if let Some(history) = history
        && (table_triggers::related(history).iter().any(is_kept) || is_ours(history))
        && let Some(found) = referred(history)?
            .into_iter()
            .find(|one| is_kept(&one.table))
        && keeper(found.table, Some(history))? == Some(history)
    {
        return Ok(Some(Held {
            table: found.table,
            key: Some(found.key),
        }));
    }
    if let Some(table) = named.filter(is_kept)
        && keeper(table, None)?.is_none()
    {
        return Ok(Some(Held { table, key: None }));
    }
    match history {
        Some(history) if is_ours(history) && referred(history)?.is_empty() => Err(lost(schema)),
        _ => Ok(None),
    }
}

/// The table called `tickets` in the schema of a workspace whose tickets another table holds: nothing guards it, and who names
/// it means the other one.
pub(super) fn pretender(schema: u32, tickets: Option<u32>) -> Option<Problem> {
    let held = tickets.filter(|table| identity(*table).is_some())?;
    let other = catalog::table_in(schema, "tickets").filter(|other| *other != held)?;
    let relation = catalog::relation(other)?;
    if !matches!(relation.kind, b'r' | b'p') {
        return None;
    }
    let (held, other) = (full_name(held), full_name(other));
    let error = Error::new(
        Code::TicketsTaken,
        format!("table {other} is not the one that holds the tickets"),
    )
    .detail(format!(
        "They are in {held}, which {HISTORY} references; the workspace's rules do not apply to {other}."
    ))
    .hint(format!(
        "Rename {other} or drop it. To have it in place of {held}, take the rows over, drop {held} with CASCADE, and repeat this."
    ));
    Some(Problem::of_error("tickets", error))
}

/// Refuses a schema without a table of tickets that has a history already: the tickets are elsewhere, and nothing says where.
pub(super) fn require_told(schema: u32) -> Result<()> {
    match catalog::table_in(schema, HISTORY) {
        Some(_) => Err(lost(schema)),
        None => Ok(()),
    }
}

fn lost(schema: u32) -> Error {
    let name = catalog::schema_name(schema).unwrap_or_default();
    Error::new(
        Code::WorkspaceIncomplete,
        format!("the table that holds the tickets of workspace \"{name}\" is unknown"),
    )
    .detail(format!(
        "The foreign key of column \"ticket_id\" of {name}.{HISTORY}, which tells it, is missing."
    ))
    .hint(format!(
        "SELECT phasegate.create_workspace('{name}', tickets => 'schema.table') makes it anew."
    ))
}

/// The table of tickets of a schema that is to be made, repaired or upgraded, whether triggers of ours stand on it or not.
pub(super) fn to_be(schema: u32) -> Result<Option<u32>> {
    let referred = catalog::table_in(schema, HISTORY).map_or(Ok(Vec::new()), referred)?;
    let is_kept = |one: &&Referred| identity(one.table).is_some();
    let whole = || referred.iter().find(|one| one.is_whole);
    let found = referred.iter().find(is_kept).or_else(whole);
    Ok(found
        .map(|one| one.table)
        .or_else(|| catalog::table_in(schema, "tickets")))
}

/// The column of the table that the schema's history refers to.
pub(super) fn key(schema: u32, table: u32) -> Result<Option<i16>> {
    let referred = catalog::table_in(schema, HISTORY).map_or(Ok(Vec::new()), referred)?;
    let mut same = referred.into_iter().filter(|one| one.table == table);
    Ok(same.next().map(|one| one.key))
}

/// The tables named as a history that refer to the table by `ticket_id`; `known` is one of them.
fn histories(table: u32, known: Option<u32>) -> Result<Vec<u32>> {
    let mut found: Vec<u32> = known.into_iter().collect();
    for other in table_triggers::related(table) {
        if Some(other) == known || catalog::name_of(other).as_deref() != Some(HISTORY) {
            continue;
        }
        if referred(other)?.iter().any(|one| one.table == table) {
            found.push(other);
        }
    }
    Ok(found)
}

/// The history of the workspace whose tickets the table holds. `known` is one that refers to it.
///
/// Whoever may refer to the table can name a table of theirs so: it is not the history of the table's owner. And an
/// application's own history has no triggers of ours.
fn keeper(table: u32, known: Option<u32>) -> Result<Option<u32>> {
    let mut found = histories(table, known)?;
    let owner = catalog::owner_of(table);
    let rank = |history: &u32| (catalog::owner_of(*history) == owner, is_ours(*history));
    let Some(best) = found.iter().map(rank).max() else {
        return Ok(None);
    };
    found.retain(|history| rank(history) == best);
    match found.as_slice() {
        [one] => Ok(Some(*one)),
        several => Err(serves_several(table, several)),
    }
}

/// The schema of the workspace whose tickets the table holds.
pub(super) fn workspace_of(table: u32) -> Result<Option<u32>> {
    Ok(keeper(table, None)?.and_then(catalog::schema_of))
}

fn serves_several(table: u32, histories: &[u32]) -> Error {
    let mut names: Vec<String> = histories
        .iter()
        .map(|history| full_name(*history))
        .collect();
    names.sort();
    Error::new(
        Code::TicketsTaken,
        format!(
            "table {} holds the tickets of two workspaces",
            full_name(table)
        ),
    )
    .detail(format!("These refer to it: {}.", names.join(", ")))
    .hint("Drop the foreign key of column \"ticket_id\" of the history that is not a workspace's.")
}

/// Refuses a schema in which a table of the name of another of ours holds a workspace's tickets.
pub(super) fn require_own(schema: u32) -> Result<()> {
    TABLES
        .iter()
        .filter(|name| **name != "tickets")
        .filter_map(|name| catalog::table_in(schema, name))
        .filter(|table| identity(*table).is_some())
        .try_for_each(|table| require_free(table, schema))
}

/// Refuses a table that holds another workspace's tickets already, who may move which would have two answers, and one that is
/// another table of a workspace.
pub(super) fn require_free(table: u32, schema: u32) -> Result<()> {
    let name = catalog::name_of(table).unwrap_or_default();
    let home = catalog::schema_of(table).unwrap_or(0);
    let is_other = name != "tickets" && TABLES.contains(&name.as_str());
    if is_other && (home == schema || held(home, None)?.is_some()) {
        return Err(Error::new(
            Code::TicketsTaken,
            format!("table {} cannot hold tickets", full_name(table)),
        )
        .detail(format!(
            "Workspace \"{}\" uses this name for its table {name}.",
            catalog::schema_name(home).unwrap_or_default()
        ))
        .hint("Rename the table, or make the workspace in another schema."));
    }
    // One without triggers of ours is an application's own history, or that of a workspace that was detached. And whoever may
    // refer to the table can make one of theirs, which is no workspace's: all of that belongs to the table's owner.
    let owner = catalog::owner_of(table);
    let mut others = histories(table, None)?
        .into_iter()
        .filter(|history| is_ours(*history) && catalog::owner_of(*history) == owner)
        .filter_map(catalog::schema_of)
        .filter(|other| *other != schema);
    let Some(other) = others.next() else {
        return Ok(());
    };
    let name = full_name(table);
    let other = catalog::schema_name(other).unwrap_or_default();
    Err(Error::new(
        Code::TicketsTaken,
        format!("table {name} holds the tickets of workspace \"{other}\" already"),
    )
    .detail("A table holds the tickets of one workspace.")
    .hint(format!(
        "phasegate.detach_workspace('{other}') and dropping what it leaves frees the table."
    )))
}
