//! Which table holds a workspace's tickets, and what its columns are called there: an application's own table of any
//! name may hold them. It is told by the foreign key of `phase_history.ticket_id`, as the extension tells it.

use crate::database::Session;
use crate::error::Failure;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use tokio_postgres::types::Type;

/// What was found a while ago, by workspace: to find it takes longer than a move does. Whoever uses it asks whether it is
/// still so.
#[derive(Default)]
pub struct Found {
    tables: Mutex<HashMap<String, Tickets>>,
}

impl Found {
    /// What was found for a workspace.
    pub fn of(&self, workspace: Option<&str>) -> Option<Tickets> {
        self.tables.lock().ok()?.get(workspace?).cloned()
    }

    /// Keeps what was found; None forgets it.
    pub fn keep(&self, workspace: Option<&str>, tickets: Option<&Tickets>) {
        let (Some(workspace), Ok(mut tables)) = (workspace, self.tables.lock()) else {
            return;
        };
        match tickets {
            // Names that callers make up do not fill the memory.
            Some(tickets) if tables.len() < 1000 => {
                drop(tables.insert(workspace.to_owned(), tickets.clone()))
            }
            _ => drop(tables.remove(workspace)),
        }
    }
}

/// The workspace's tables as a statement names them, everything quoted.
#[derive(Debug, Clone, Deserialize)]
pub struct Tickets {
    /// The workspace's schema.
    pub schema: String,
    /// The table of tickets, with its schema.
    pub table: String,
    /// The column by which everything refers to a ticket.
    pub id: String,
    /// The type of phases, with its schema.
    pub phase: String,
    /// The OID of the foreign key that tells it.
    key: u32,
    /// The columns of ours by their own names.
    columns: BTreeMap<String, String>,
}

/// A column of ours whose name the application has with another meaning is called `ticket_<name>`.
const FIND: &str = "
    SELECT pg_catalog.json_build_object(
             'schema', pg_catalog.quote_ident(w.nspname),
             'table', pg_catalog.format('%I.%I', n.nspname, c.relname),
             'id', pg_catalog.quote_ident(i.attname),
             'phase', pg_catalog.format('%I.%I', tn.nspname, ty.typname),
             'key', k.oid::pg_catalog.int8,
             'columns', (SELECT pg_catalog.json_object_agg(o.name, pg_catalog.quote_ident(a.attname))
                           FROM pg_catalog.unnest($1) AS o (name)
                          CROSS JOIN LATERAL (SELECT a.attname
                                                FROM pg_catalog.pg_attribute a
                                               WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                                                 AND a.attname IN ('ticket_' || o.name, o.name)
                                               ORDER BY a.attname = o.name
                                               LIMIT 1) a)
           )::pg_catalog.text
      FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) WITH ORDINALITY AS p (name, place)
      JOIN pg_catalog.pg_namespace w ON w.nspname = p.name
      JOIN pg_catalog.pg_class h ON h.relnamespace = w.oid AND h.relname = 'phase_history'
      JOIN pg_catalog.pg_attribute ht ON ht.attrelid = h.oid AND ht.attname = 'ticket_id'
      JOIN pg_catalog.pg_attribute hp ON hp.attrelid = h.oid AND hp.attname = 'to_phase'
      JOIN pg_catalog.pg_type ty ON ty.oid = hp.atttypid
      JOIN pg_catalog.pg_namespace tn ON tn.oid = ty.typnamespace
      JOIN pg_catalog.pg_constraint k ON k.conrelid = h.oid AND k.contype = 'f' AND pg_catalog.cardinality(k.conkey) = 1
                                   AND k.conkey[1] = ht.attnum
      JOIN pg_catalog.pg_class c ON c.oid = k.confrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_attribute i ON i.attrelid = c.oid AND i.attnum = k.confkey[1]
     ORDER BY p.place, k.conparentid
     LIMIT 1";

const OURS: [&str; 10] = [
    "title",
    "description",
    "phase_id",
    "previous_phase_id",
    "priority",
    "context",
    "context_summary",
    "phase_entered_at",
    "created_at",
    "updated_at",
];

impl Tickets {
    /// Finds it, for the workspace of the transaction.
    pub async fn find(session: &Session) -> Result<Tickets, Failure> {
        let ours = OURS.map(String::from).to_vec();
        let rows = session.query(FIND, &[(&ours, Type::TEXT_ARRAY)]).await?;
        let text: Option<String> = match rows.first() {
            Some(row) => row.try_get(0).map_err(|error| Failure::of(&error))?,
            None => None,
        };
        if let Some(text) = text {
            return serde_json::from_str(&text).map_err(|error| Failure::usage(error.to_string()));
        }
        // The extension says best what there is instead.
        session
            .query("SELECT phasegate.phase_diagram()", &[])
            .await?;
        Err(Failure::usage(
            "the workspace's table of tickets cannot be told",
        ))
    }

    /// A condition that holds while it is this table: what was found a while ago may have been renamed since.
    pub fn is_still_so(&self) -> String {
        format!(
            "(SELECT k.confrelid FROM pg_catalog.pg_constraint k WHERE k.oid = {}) = '{}'::pg_catalog.regclass",
            self.key,
            self.table.replace('\'', "''")
        )
    }

    /// One of our columns, as it is called there.
    pub fn column(&self, name: &str) -> String {
        self.columns
            .get(name)
            .cloned()
            .unwrap_or_else(|| format!("\"{name}\""))
    }

    /// The ticket `t` as a JSON object.
    pub fn object(&self) -> String {
        let mut text = format!("pg_catalog.jsonb_build_object('id', t.{}", self.id);
        for name in OURS.iter().filter(|name| !name.starts_with("context")) {
            text.push_str(&format!(", '{name}', t.{}", self.column(name)));
        }
        text.push(')');
        text
    }
}
