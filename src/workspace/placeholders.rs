//! What the texts of statements and scripts leave open: the workspace's schema, the table of its tickets, that table's columns.

use super::actual_names::{actual_name, own_key};
use crate::pg::catalog;
use crate::pg::error::Result;
use crate::pg::spi::quote_identifier;
use crate::placeholders::{numbered, put_into};

/// The columns of the tickets' table that a text may name as `{ticket.name}`.
pub(super) const TICKET_COLUMNS: [&str; 11] = [
    "id",
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

/// What stands for `{ws}`, `{tickets}`, `{phase}` and `{ticket.name}`, quoted as SQL needs it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Names {
    schema: String,
    tickets: String,
    /// The type of the phases, where it is asked for: while a workspace is made.
    phase: String,
    /// The label where tickets begin, as a literal; likewise.
    start: String,
    columns: [Column; TICKET_COLUMNS.len()],
    /// The application's own key, where ours stands beside it.
    own_key: Option<String>,
    /// The tables in whose place a shard stands, by our names, each with the shard's number.
    numbers: Vec<(&'static str, i64)>,
}

/// What a column of ours is called.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    ours: &'static str,
    actual: String,
    quoted: String,
}

impl Names {
    /// Those of a workspace, or of a schema that is being made one: `tickets` is its table of tickets, where there is one
    /// already, and `key` the column of it that others refer to.
    pub(super) fn of(quoted_schema: &str, tickets: Option<u32>, key: Option<i16>) -> Result<Self> {
        let key = tickets
            .zip(key)
            .and_then(|(table, key)| catalog::column_name(table, key));
        let mut columns = TICKET_COLUMNS.map(|ours| Column {
            ours,
            actual: match (tickets, &key) {
                (Some(_), Some(key)) if ours == "id" => key.clone(),
                (Some(table), _) => actual_name(table, ours),
                _ => ours.to_owned(),
            },
            quoted: String::new(),
        });
        for column in &mut columns {
            column.quoted = quote_identifier(&column.actual)?;
        }
        let id = columns.first().map_or("id", |column| &column.actual);
        let own_key = tickets.map_or(Ok(None), |table| own_key(table, id))?;
        let tickets = match tickets {
            None => format!("{quoted_schema}.tickets"),
            Some(table) => {
                let schema = catalog::schema_of(table).and_then(catalog::schema_name);
                let name = catalog::name_of(table);
                let quoted = |name: Option<String>| quote_identifier(&name.unwrap_or_default());
                format!("{}.{}", quoted(schema)?, quoted(name)?)
            }
        };
        Ok(Names {
            schema: quoted_schema.to_owned(),
            tickets,
            phase: String::new(),
            start: String::new(),
            columns,
            own_key,
            numbers: Vec::new(),
        })
    }

    /// The same, where shards of these numbers stand in the place of the workspace's tables.
    pub(super) fn with_numbers(self, numbers: Vec<(&'static str, i64)>) -> Self {
        Names { numbers, ..self }
    }

    /// The same, with the type of the phases and the label where tickets begin.
    pub(super) fn with_phase(self, phase: String, start: String) -> Self {
        Names {
            phase,
            start,
            ..self
        }
    }

    /// The text with the names put in.
    pub(super) fn put_into(&self, sql: &str) -> String {
        if self.numbers.is_empty() {
            return put_into(sql, |word| self.name(word));
        }
        put_into(&numbered(sql, &self.numbers), |word| self.name(word))
    }

    fn name(&self, word: &str) -> Option<&str> {
        match word {
            "ws" => Some(&self.schema),
            "tickets" => Some(&self.tickets),
            "phase" => Some(self.phase.as_str()).filter(|phase| !phase.is_empty()),
            "start" => Some(self.start.as_str()).filter(|start| !start.is_empty()),
            _ => {
                let column = self.column(word.strip_prefix("ticket.")?)?;
                Some(&column.quoted)
            }
        }
    }

    fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.ours == name)
    }

    /// What the column of ours is called in the table.
    pub(super) fn actual<'a>(&'a self, name: &'a str) -> &'a str {
        self.column(name)
            .map_or(name, |column| column.actual.as_str())
    }

    /// Our columns of the table of tickets, each with what it is called there.
    pub(super) fn columns(&self) -> impl Iterator<Item = (String, String)> {
        let both = |column: &Column| (column.ours.to_owned(), column.actual.clone());
        self.columns.iter().map(both)
    }

    /// The same, quoted.
    pub(super) fn quoted<'a>(&'a self, name: &'a str) -> &'a str {
        self.column(name)
            .map_or(name, |column| column.quoted.as_str())
    }

    /// The application's own key, where ours stands beside it.
    pub(super) fn own_key(&self) -> Option<&str> {
        self.own_key.as_deref()
    }

    /// The table of tickets, qualified and quoted.
    pub(super) fn tickets(&self) -> &str {
        &self.tickets
    }
}
