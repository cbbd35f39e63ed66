//! What refers to tickets that are to be archived and stays, and whether the workspace's owner may look.
//!
//! Whoever has the REFERENCES privilege makes a foreign key from a table of their own, and whoever owns a table makes what runs
//! when it is read: so only tables are read whose owners have the rights of the workspace's, and they are held before they are
//! named, so that nothing else takes a name.

use super::statements::REFERENCES;
use crate::error::{Code, Error};
use crate::pg::error::Result;
use crate::pg::lock::{self, Purpose};
use crate::pg::role;
use crate::pg::rows::Row;
use crate::pg::spi::Sees;
use crate::pg::value::Value;
use crate::workspace::Workspace;
use std::collections::HashSet;

/// Where rows may stand that belong to tickets, and that an application's foreign keys may refer to.
const BELONGING: [&str; 6] = [
    "tickets",
    "tasks",
    "phase_history",
    "phase_gate_artifacts",
    "phase_gate_results",
    "phase_context",
];

/// What there are foreign keys for.
pub(super) struct Referred {
    /// That rows that stay refer to a ticket `t`, or to what goes with it. To be used at once.
    pub condition: String,
    /// The tables whose rows they refer to.
    pub tables: HashSet<u32>,
}

/// What rows that stay may refer to; nothing where there are no such foreign keys. Needs an open session with the owner's rights.
pub(super) fn referred(workspace: &Workspace, deletes: bool) -> Result<Option<Referred>> {
    let own: Vec<u32> = (BELONGING.iter())
        .map(|name| workspace.table(name))
        .collect::<Result<_>>()?;
    // As what is about to be deleted is locked: no foreign key comes meanwhile.
    own.iter()
        .for_each(|table| lock::table(*table, Purpose::Writing));
    let ids = |oids: &mut dyn Iterator<Item = &u32>| {
        Value::Texts(oids.map(|oid| Some(oid.to_string())).collect())
    };
    let goes = |oid: &&u32| deletes || **oid != workspace.tickets;
    let arguments = [
        ids(&mut own.iter().filter(goes)),
        ids(&mut own.iter()),
        Value::Oid(workspace.tickets),
        Value::text(Some(workspace.ticket_column("id"))),
        Value::Oid(workspace.owner),
    ];
    let (mut held, mut kept) = (HashSet::new(), HashSet::new());
    loop {
        let rows = workspace.run(&REFERENCES, &arguments, Sees::Latest)?;
        let mut are_held = true;
        for row in rows.iter() {
            if let Some(reason) = row.text(4) {
                return Err(refusal(&row, &reason, workspace, deletes));
            }
            if let Some(table) = row.oid(1)
                && held.insert(table)
            {
                lock::table(table, Purpose::Reading);
                are_held = false;
            }
            for schema in (8..=12).filter_map(|column| row.oid(column)) {
                if kept.insert(schema) {
                    lock::schema(schema);
                    are_held = false;
                }
            }
        }
        // What was seen before it was held may be something else by now.
        if are_held {
            let conditions: Vec<String> = rows.iter().filter_map(|row| row.text(2)).collect();
            return Ok((!conditions.is_empty()).then(|| Referred {
                condition: conditions.join(" OR "),
                tables: rows.iter().filter_map(|row| row.oid(13)).collect(),
            }));
        }
    }
}

fn refusal(row: &Row<'_>, reason: &str, workspace: &Workspace, deletes: bool) -> Error {
    let text = |column| row.text(column).unwrap_or_default();
    let (table, its_owner, referring, key) = (text(3), text(5), text(6), text(7));
    let owner = role::name(workspace.owner);
    let detail = match reason {
        "kind" => format!("{table}, of role \"{its_owner}\", is no table that stores its rows."),
        "owner" => format!(
            "Table {table} belongs to \"{its_owner}\", whose code could run with the rights of \"{owner}\", the workspace's owner."
        ),
        "policies" => format!(
            "Row security of table {table}, of role \"{its_owner}\", hides rows from \"{owner}\", the workspace's owner."
        ),
        _ => format!(
            "In table {table}, of role \"{its_owner}\", foreign key {key} has a column whose type is neither the server's own nor that of the column it refers to."
        ),
    };
    let mut hint = match reason {
        "owner" | "policies" => {
            format!(
                "ALTER TABLE {table} OWNER TO \"{owner}\" if you trust what it is; else drop the key: "
            )
        }
        _ => String::new(),
    };
    hint.push_str(&format!(
        "ALTER TABLE {referring} DROP CONSTRAINT {key} lets tickets be archived."
    ));
    if deletes {
        hint.push_str(" With delete => false the rows of tickets stay, and what refers to them does not matter.");
    }
    Error::new(
        Code::ReferredByOther,
        "a table that refers to tickets cannot be read safely",
    )
    .detail(detail)
    .hint(hint)
}
