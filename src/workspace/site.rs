//! A schema that is being made, upgraded or left as a workspace, and what is asked of it first.

use super::actual_names::actual_name;
use super::owner::{self, Tables};
use super::placeholders::Names;
use super::{run_once, statements, tickets_table};
use crate::error::{Code, Error};
use crate::pg::error::Result;
use crate::pg::lock::{self, Purpose};
use crate::pg::spi::{Session, run_script};
use crate::pg::value::{Type, Value};
use crate::pg::{cache, catalog, server};
use crate::privileges;
use crate::stamp::{NEEDS, SHAPE, Stamp};
use crate::ticket_names::Choice;
use std::cell::{Cell, OnceCell};

/// A schema that is being made into a workspace.
pub(super) struct Site {
    /// The schema's OID.
    pub schema: u32,
    /// The schema's name, quoted.
    pub quoted: String,
    /// The table that holds its tickets, where that was there before.
    told: Option<u32>,
    /// Which columns of the tickets are or are to be ours, once that was asked.
    choices: OnceCell<Vec<Choice>>,
    /// The role that everything in it belongs to, once that acts.
    owner: Cell<Option<u32>>,
    /// Whether Citus is to place it before it gets triggers and views.
    pub is_distributed: bool,
}

impl Site {
    /// Of this schema, with the table that holds its tickets where there is one already.
    pub(super) fn new(schema: u32, quoted: String, tickets: Option<u32>) -> Self {
        Site {
            schema,
            quoted,
            told: tickets,
            choices: OnceCell::new(),
            owner: Cell::new(None),
            is_distributed: false,
        }
    }

    /// The same, of a schema that keeps its name from now on: tables are looked at by its OID and written by its name, which its
    /// owner may give to another. Who may not make or change a workspace there is refused, and keeps nobody waiting.
    pub(super) fn held(schema: u32, quoted: String, tickets: Option<u32>) -> Result<Self> {
        let site = Self::new(schema, quoted, tickets);
        owner_of(&site)?;
        if let Some(name) = catalog::schema_name(schema)
            && may_make(&name, None)?.is_none()
        {
            return Err(Error::permission_denied_for_schema(&name));
        }
        lock::schema(schema);
        site.require_name()?;
        site.hold_tickets_schema();
        Ok(site)
    }

    /// The schema of the table of tickets keeps its name too.
    fn hold_tickets_schema(&self) {
        let of_tickets = || self.tickets().and_then(catalog::schema_of);
        while let Some(schema) = of_tickets().filter(|schema| *schema != self.schema) {
            lock::schema(schema);
            if of_tickets() == Some(schema) {
                return;
            }
        }
    }

    fn require_name(&self) -> Result<()> {
        cache::accept_invalidations();
        // As it was quoted when it was asked for, which a setting has a say in.
        let quoted = self.quoted.strip_prefix('"');
        let within = quoted.and_then(|rest| rest.strip_suffix('"'));
        let own = within.map_or_else(|| self.quoted.clone(), |name| name.replace("\"\"", "\""));
        match catalog::schema_name(self.schema) {
            Some(name) if name == own => Ok(()),
            // Where there is no schema yet nothing is in it.
            None if self.schema == 0 => Ok(()),
            _ => Err(owner::changed()),
        }
    }

    /// The same, as one that Citus is to place.
    pub(super) fn distributed(self) -> Self {
        Site {
            is_distributed: true,
            ..self
        }
    }

    /// From now on this role acts, and what is found under a name of ours belongs to it or is refused: whoever may create in the
    /// schema may put something there at any time, and lengthen that time by locks.
    pub(super) fn belongs_to(&self, owner: u32) {
        self.owner.set(Some(owner));
    }

    /// Refuses a table of ours that is not the acting owner's, and keeps it from being another.
    pub(super) fn require_own(&self, name: &str, table: u32) -> Result<()> {
        let Some(owner) = self.owner.get() else {
            return Ok(());
        };
        lock::table(table, Purpose::Reading);
        match catalog::owner_of(table) {
            _ if self.table(name) != Some(table) => Err(owner::changed()),
            Some(other) if other != owner => Err(owner::other_owner(
                "table",
                &self.name_of(name)?,
                other,
                owner,
            )),
            _ => Ok(()),
        }
    }

    /// At the end: nothing of another role's has come meanwhile.
    pub(super) fn require_all_own(&self) -> Result<()> {
        self.owner
            .get()
            .map_or(Ok(()), |owner| super::adopt::require_owner(self, owner))
    }

    pub(super) fn script(&self, sql: &str) -> Result<()> {
        let sql = sql
            .replace("{needs}", &NEEDS.to_string())
            .replace("{shape}", &SHAPE.to_string())
            .replace("{cluster}", &server::system_identifier().to_string());
        // Names go in last: they may themselves hold braces.
        run_script(&self.text(&sql)?)
    }

    /// The text with the names in it that the schema, the table of its tickets and the type of its phases have now.
    pub(super) fn text(&self, sql: &str) -> Result<String> {
        self.require_name()?;
        let names = self.names()?;
        // Both are asked for where they are named, since the answers take statements.
        let start = match sql.contains("{start}") {
            true => super::adopt::start(self)?,
            false => String::new(),
        };
        let phase = match sql.contains("{phase}") {
            true => self.quoted_phase()?,
            false => String::new(),
        };
        Ok(names.with_phase(phase, start).put_into(sql))
    }

    /// The type of its phases, where there is one already: that of the tickets' column, else `phase` of the schema. Once the owner
    /// acts it is the owner's, and stays.
    pub(super) fn phase_type(&self) -> Result<Option<u32>> {
        let (Some(kind), Some(owner)) = (self.find_phase_type()?, self.owner.get()) else {
            return self.find_phase_type();
        };
        lock::kind(kind);
        if self.find_phase_type()? != Some(kind) {
            return Err(owner::changed());
        }
        match catalog::type_owner(kind) {
            Some(other) if other != owner => {
                let name = format!("{}.phase", self.quoted);
                Err(owner::other_owner("type", &name, other, owner))
            }
            _ => Ok(Some(kind)),
        }
    }

    /// The same, whoever it belongs to.
    pub(super) fn find_phase_type(&self) -> Result<Option<u32>> {
        let of_column = || {
            let table = self.tickets()?;
            let column = catalog::column(table, &actual_name(table, "phase_id"))?;
            catalog::column_type(table, column).filter(|kind| catalog::is_enum(*kind))
        };
        if let Some(kind) = of_column() {
            return Ok(Some(kind));
        }
        let rows = run_once(
            "SELECT oid FROM pg_catalog.pg_type
              WHERE typnamespace OPERATOR(pg_catalog.=) $1 AND typname OPERATOR(pg_catalog.=) 'phase'
                AND typtype OPERATOR(pg_catalog.=) 'e'::pg_catalog.\"char\"",
            &[(Type::Oid, Value::Oid(self.schema))],
        )?;
        Ok(rows.first().and_then(|row| row.oid(1)))
    }

    /// The name of that type, qualified and quoted.
    fn quoted_phase(&self) -> Result<String> {
        let Some(kind) = self.phase_type()? else {
            return Ok(format!("{}.phase", self.quoted));
        };
        let mut held = Some(self.schema);
        loop {
            let rows = run_once(
                "SELECT pg_catalog.format('%I.%I', n.nspname, t.typname), n.oid
                   FROM pg_catalog.pg_type t
                   JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) t.typnamespace
                  WHERE t.oid OPERATOR(pg_catalog.=) $1",
                &[(Type::Oid, Value::Oid(kind))],
            )?;
            let row = rows.first();
            match row.as_ref().and_then(|row| row.oid(2)) {
                Some(schema) if held != Some(schema) => {
                    lock::schema(schema);
                    held = Some(schema);
                }
                _ => return Ok(row.and_then(|row| row.text(1)).unwrap_or_default()),
            }
        }
    }

    /// What its texts leave open, as it is now.
    pub(super) fn names(&self) -> Result<Names> {
        let tickets = self.tickets();
        let key = match tickets {
            Some(table) => tickets_table::key(self.schema, table)?,
            None => None,
        };
        Names::of(&self.quoted, tickets, key)
    }

    /// The table of its tickets, where there is one already.
    pub(super) fn tickets(&self) -> Option<u32> {
        self.told
            .or_else(|| catalog::table_in(self.schema, "tickets"))
    }

    /// The table of this name of ours.
    pub(super) fn table(&self, name: &str) -> Option<u32> {
        match name {
            "tickets" => self.tickets(),
            _ => catalog::table_in(self.schema, name),
        }
    }

    /// The name of a table of ours, or of one that is to be, qualified and quoted.
    pub(super) fn name_of(&self, table: &str) -> Result<String> {
        match table {
            "tickets" => Ok(self.names()?.tickets().to_owned()),
            _ => Ok(format!("{}.{table}", self.quoted)),
        }
    }

    /// Which columns of the tickets are or are to be ours: decided once, since what is added then is there.
    pub(super) fn choices(
        &self,
        choose: impl FnOnce() -> Result<Vec<Choice>>,
    ) -> Result<Vec<Choice>> {
        if let Some(known) = self.choices.get() {
            return Ok(known.clone());
        }
        let chosen = choose()?;
        Ok(self.choices.get_or_init(|| chosen).clone())
    }

    /// What messages call a table of ours: by its name, or where that is not ours with its schema.
    pub(super) fn shown(&self, table: &str) -> Result<String> {
        let name = self.name_of(table)?;
        Ok(match name == format!("{}.{table}", self.quoted) {
            true => table.to_owned(),
            false => name,
        })
    }

    /// The tables that are there.
    pub(super) fn tables(&self) -> Tables {
        Tables::of(self.schema, self.tickets())
    }

    /// As parameters: the schema, and the table of its tickets, 0 where there is none.
    pub(super) fn parameters(&self) -> [(Type, Value<'static>); 2] {
        [
            (Type::Oid, Value::Oid(self.schema)),
            (Type::Oid, Value::Oid(self.tickets().unwrap_or(0))),
        ]
    }

    /// What its decision trigger states, where there is one.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        statements::identity(self.tickets()?).map(|identity| identity.stamp)
    }

    pub(super) fn has(&self, table: &str) -> bool {
        self.table(table).is_some()
    }
}

/// Runs the statements that a query gives.
pub(super) fn run_each(query: &str, arguments: &[(Type, Value<'_>)]) -> Result<()> {
    let rows = run_once(query, arguments)?;
    let statements: Vec<String> = rows.iter().filter_map(|row| row.text(1)).collect();
    statements.iter().try_for_each(|one| run_script(one))
}

/// Refuses where the extension's SQL objects are of another version than this library: its scripts may name what
/// is not there yet, or make what is no longer made so.
pub(super) fn require_same_version() -> Result<()> {
    let library = env!("CARGO_PKG_VERSION");
    let rows = run_once(
        "SELECT extversion FROM pg_catalog.pg_extension WHERE extname OPERATOR(pg_catalog.=) 'phasegate'",
        &[],
    )?;
    let extension = rows.first().and_then(|row| row.text(1)).unwrap_or_default();
    if extension == library {
        return Ok(());
    }
    Err(Error::versions_differ(&extension, library))
}

/// The owner of the table of tickets that is there; refuses unless the caller has that role's rights.
pub(super) fn owner_of(site: &Site) -> Result<Option<u32>> {
    let Some((table, owner)) = site
        .tickets()
        .and_then(|table| Some((table, catalog::owner_of(table)?)))
    else {
        return Ok(None);
    };
    if !privileges::acts_for(owner) {
        return Err(not_owner(table));
    }
    Ok(Some(owner))
}

/// Refuses who may not use the schema.
pub(super) fn require_usage(schema: u32, name: &str) -> Result<()> {
    let _session = Session::open()?;
    let rows = run_once(
        "SELECT pg_catalog.has_schema_privilege($1, 'USAGE')",
        &[(Type::Oid, Value::Oid(schema))],
    )?;
    match rows.first().is_some_and(|row| row.bool(1)) {
        true => Ok(()),
        false => Err(Error::permission_denied_for_schema(name)),
    }
}

/// Whether the caller may make, or repair, a workspace of this name, of tickets in this table; then a number that stands for the name.
pub(super) fn may_make(name: &str, tickets: Option<u32>) -> Result<Option<u32>> {
    let rows = run_once(
        MAY_MAKE,
        &[
            (Type::Text, Value::text(Some(name))),
            (Type::Oid, Value::Oid(tickets.unwrap_or(0))),
        ],
    )?;
    let may_make = rows.first().filter(|row| row.bool(1));
    Ok(may_make.and_then(|row| row.oid(2)))
}

const MAY_MAKE: &str = "
    SELECT coalesce(
               (SELECT pg_catalog.has_schema_privilege(n.oid, 'CREATE')
                       OR EXISTS (SELECT FROM pg_catalog.pg_class c
                                   WHERE c.relnamespace OPERATOR(pg_catalog.=) n.oid
                                     AND c.relname OPERATOR(pg_catalog.=) ANY ('{tickets,phase_history}'::pg_catalog.name[])
                                     AND pg_catalog.pg_has_role(c.relowner, 'USAGE'))
                  FROM pg_catalog.pg_namespace n WHERE n.nspname OPERATOR(pg_catalog.=) $1::pg_catalog.name),
               pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'))
               AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c
                                WHERE c.oid OPERATOR(pg_catalog.=) $2
                                  AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')),
           pg_catalog.hashtext($1)::pg_catalog.oid";

/// PostgreSQL's own message.
pub(super) fn not_owner(table: u32) -> Error {
    let name = catalog::name_of(table).unwrap_or_default();
    Error::new(Code::NotOwner, format!("must be owner of table {name}"))
}
