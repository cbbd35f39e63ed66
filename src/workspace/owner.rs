//! One owner: whose a workspace's tables are, and whose code writing to them runs.
//!
//! Side effects run with the rights of the workspace's owner. So they touch only what belongs to that role: whoever owns
//! the schema, or the database in the case of `public`, may drop a table and put one of their own in its place; whoever
//! holds the TRIGGER privilege may put a trigger on one, or replace one of ours. Both are looked for when the tables are
//! locked and nobody can do it any more, and refused.
//!
//! What else runs when a row is written only a table's owner can make: defaults, generated columns, CHECKs, expressions of
//! indexes, rules, policies, statistics, partitions, casts of the phase type. A foreign key from somebody else's table
//! runs with that table's owner's rights, and a domain is the choice of the owner who made a column of it.

use super::shape::TABLES;
use crate::error::{Code, Error};
use crate::pg::cache::{self, Watched};
use crate::pg::catalog_rows::{Relation, Trigger};
use crate::pg::error::Result;
use crate::pg::lock::{self, Purpose};
use crate::pg::spi::{Statement, quote_identifier, run_once};
use crate::pg::value::{Type, Value};
use crate::pg::{catalog, catalog_rows, role};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// One of a workspace's tables.
#[derive(Debug)]
struct Table {
    name: &'static str,
    oid: u32,
    relation: Relation,
    watched: Watched,
}

/// The tables that a schema has under a workspace's names, as they were when they were looked up.
#[derive(Debug)]
pub(super) struct Tables {
    schema: u32,
    found: Vec<Table>,
    /// Tables whose triggers run nobody else's code, each with the count of changes of rights at which that was seen.
    vetted: RefCell<HashMap<u32, u64>>,
}

impl PartialEq for Tables {
    /// Whether these are the same tables, of the same owners and kinds.
    fn eq(&self, other: &Self) -> bool {
        let facts = |table: &Table| (table.name, table.oid, table.relation);
        self.schema == other.schema
            && (self.found.iter().map(facts)).eq(other.found.iter().map(facts))
    }
}

impl Tables {
    /// Those of the schema.
    pub(super) fn of(schema: u32) -> Self {
        let look_up = |name: &&'static str| {
            let oid = catalog::table_in(schema, name)?;
            let watched = Watched::new(oid);
            let relation = catalog_rows::relation(oid)?;
            Some(Table {
                name,
                oid,
                relation,
                watched,
            })
        };
        Tables {
            schema,
            found: TABLES.iter().filter_map(look_up).collect(),
            vetted: RefCell::default(),
        }
    }

    /// Whether nothing of them has changed since.
    pub(super) fn are_current(&self) -> bool {
        self.found.iter().all(|table| table.watched.is_current())
            && (self.found.len() == TABLES.len()
                || TABLES.iter().all(|name| {
                    self.get(name).is_some() || catalog::table_in(self.schema, name).is_none()
                }))
    }

    /// The OID of the one with this name.
    pub(super) fn get(&self, name: &str) -> Option<u32> {
        let named = self.found.iter().find(|table| table.name == name);
        named.map(|table| table.oid)
    }

    /// Which of them the table is.
    pub(super) fn name_of(&self, oid: u32) -> Option<&'static str> {
        let same = self.found.iter().find(|table| table.oid == oid);
        same.map(|table| table.name)
    }

    /// All their OIDs.
    pub(super) fn oids(&self) -> impl Iterator<Item = u32> {
        self.found.iter().map(|table| table.oid)
    }

    /// Refuses what is no table, and what belongs to another role than this one.
    pub(super) fn require_owner(&self, owner: u32, phase_type: u32) -> Result<()> {
        for table in &self.found {
            if !matches!(table.relation.kind, b'r' | b'p') {
                return Err(Error::new(
                    Code::NameTaken,
                    format!("{} exists and is no table", table.name),
                )
                .hint("Rename it, or make the workspace in another schema."));
            }
            if table.relation.owner != owner {
                let name = self.qualified(table.name)?;
                return Err(other_owner("table", &name, table.relation.owner, owner));
            }
        }
        match catalog_rows::type_owner(phase_type) {
            Some(other) if other != owner => {
                let name = self.qualified("phase")?;
                Err(other_owner("type", &name, other, owner))
            }
            _ => Ok(()),
        }
    }

    fn qualified(&self, name: &str) -> Result<String> {
        let schema = catalog::schema_name(self.schema).unwrap_or_default();
        Ok(format!("{}.{name}", quote_identifier(&schema)?))
    }

    /// Locks the tables that a statement names as the statement will.
    pub(super) fn lock(&self, uses: &[Use]) {
        for one in uses {
            if let Some(oid) = self.get(one.table) {
                lock::table(oid, one.purpose);
            }
        }
    }

    /// Refuses where writing to the table, which is locked, would run somebody else's code with the owner's rights.
    pub(super) fn require_own_triggers(&self, oid: u32, owner: u32) -> Result<()> {
        self.require_triggers(oid, owner, Vetting::Code)
    }

    /// As [`Self::require_own_triggers`], or the owner's own code by what others can lead it to.
    pub(super) fn require_safe_triggers(&self, oid: u32, owner: u32) -> Result<()> {
        self.require_triggers(oid, owner, Vetting::CodeAndNames)
    }

    fn require_triggers(&self, oid: u32, owner: u32, what: Vetting) -> Result<()> {
        let generation = cache::rights_generation();
        let is_restricted = role::is_restricted();
        if !is_restricted && self.vetted.borrow().get(&oid) == Some(&generation) {
            return Ok(());
        }
        // With others' things in its schema the workspace is not on the search_path, and temporary tables are found.
        let asks_names = what == Vetting::CodeAndNames && !role::is_schema_of(owner, self.schema);
        let vet = |table| {
            vet(table, owner, is_restricted)?;
            if asks_names {
                require_own_path(table)?;
            }
            Ok(())
        };
        vet(oid)?;
        let has_children = |table: &&Table| table.oid == oid && table.relation.has_children;
        if self.found.iter().any(|table| has_children(&table)) {
            // Rows are routed to partitions, and their triggers fire with the same rights.
            for child in descendants(oid)? {
                lock::table(child, Purpose::Writing);
                match catalog_rows::relation(child) {
                    Some(relation) if relation.owner != owner => {
                        let name = qualified(child)?;
                        return Err(other_owner("table", &name, relation.owner, owner));
                    }
                    _ => vet(child)?,
                }
            }
        } else if what == Vetting::CodeAndNames {
            self.vetted.borrow_mut().insert(oid, generation);
        }
        Ok(())
    }
}

/// What is asked of a table's triggers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Vetting {
    /// Whose code they run.
    Code,
    /// Also whether the names in it can mean something else than the owner meant.
    CodeAndNames,
}

/// Refuses a trigger whose function has no search_path of its own: in a schema where others may make things its names would
/// mean what they made there, or in the session's temporary schema.
fn require_own_path(table: u32) -> Result<()> {
    let rows = run_once(
        "SELECT t.tgname::pg_catalog.text, p.oid::pg_catalog.regprocedure::pg_catalog.text
           FROM pg_catalog.pg_trigger t
           JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) t.tgfoid
           JOIN pg_catalog.pg_language l ON l.oid OPERATOR(pg_catalog.=) p.prolang
          WHERE t.tgrelid OPERATOR(pg_catalog.=) $1 AND NOT t.tgisinternal
            AND t.tgenabled OPERATOR(pg_catalog.<>) 'D'::pg_catalog.\"char\"
            AND l.lanname OPERATOR(pg_catalog.<>) ALL ('{c,internal}'::pg_catalog.name[])
            AND NOT EXISTS (SELECT FROM pg_catalog.unnest(p.proconfig) s (setting)
                             WHERE pg_catalog.starts_with(s.setting, 'search_path='))
          ORDER BY 1 LIMIT 1",
        &[(Type::Oid, Value::Oid(table))],
    )?;
    let Some(row) = rows.first() else {
        return Ok(());
    };
    let text = |column| row.text(column).unwrap_or_default();
    let (trigger, function) = (text(1), text(2));
    Err(Error::new(
        Code::TriggerOfOther,
        format!(
            "trigger \"{trigger}\" on table {} may run code of another role",
            qualified(table)?
        ),
    )
    .detail(format!(
        "Roles without the owner's rights may create in the workspace's schema, and its function {function} does not say where its names are looked up."
    ))
    .hint(format!(
        "ALTER FUNCTION {function} SET search_path = ..., pg_temp; or REVOKE CREATE ON the schema from these roles."
    )))
}

/// Before a schema's tables are made a workspace's, with the rights of their owner: they stay what they are, and nobody
/// else has put code on them. `adopt::require_owner` has seen whose they are.
pub(super) fn hold(schema: u32, owner: u32) -> Result<()> {
    let tables = Tables::of(schema);
    tables
        .oids()
        .for_each(|oid| lock::table(oid, Purpose::Reading));
    if Tables::of(schema) != tables {
        return Err(Error::new(
            Code::WorkspaceChanged,
            "the schema's tables were changed meanwhile",
        )
        .hint("Repeat what you did."));
    }
    tables
        .oids()
        .try_for_each(|oid| tables.require_own_triggers(oid, owner))
}

/// Before the table of the schema is written with the rights of its owner, which act: until the transaction ends nobody
/// makes a trigger on it.
pub(super) fn hold_to_write(schema: u32, name: &str) -> Result<()> {
    let tables = Tables::of(schema);
    let Some(table) = tables.get(name) else {
        return Ok(());
    };
    lock::table(table, Purpose::Defining);
    tables.require_own_triggers(table, role::current())
}

fn other_owner(kind: &str, object: &str, other: u32, owner: u32) -> Error {
    let (other, owner) = (role::name(other), role::name(owner));
    let statement = kind.to_uppercase();
    Error::new(
        Code::OtherOwner,
        format!("{kind} {object} belongs to another role"),
    )
    .detail(format!(
        "It belongs to \"{other}\", the workspace to \"{owner}\". All of a workspace belongs to one role: the owner of tickets, else who makes it."
    ))
    .hint(format!(
        "ALTER {statement} {object} OWNER TO \"{owner}\" if you trust what it is; else drop it."
    ))
}

/// Refuses a trigger of the table that runs code of a role without the owner's rights, and, where a superuser acts with
/// the owner's rights, one that would run when it no longer does.
///
/// A function that is a member of an extension is judged by its owner like any other: whoever created the extension may
/// add functions to it.
fn vet(table: u32, owner: u32, is_restricted: bool) -> Result<()> {
    let triggers = catalog_rows::triggers(table);
    if is_restricted && triggers.iter().any(|trigger| trigger.is_deferred) {
        return Err(deferred(table)?);
    }
    let is_trusted = |role: u32| role == owner || role::has_rights_of(role, owner);
    let is_plain = |trigger: &Trigger| {
        trigger.function_owner.is_none_or(is_trusted)
            && (!trigger.has_condition || trigger.function_owner.is_none())
    };
    if triggers.iter().all(is_plain) {
        return Ok(());
    }
    let rows = run_once(
        FOREIGN_CODE,
        &[
            (Type::Oid, Value::Oid(table)),
            (Type::Oid, Value::Oid(owner)),
        ],
    )?;
    let Some(row) = rows.first() else {
        return Ok(());
    };
    let text = |column| row.text(column).unwrap_or_default();
    let (trigger, object, its_owner) = (text(1), text(2), text(3));
    let table = qualified(table)?;
    if row.bool(4) {
        return Err(Error::new(
            Code::TriggerOfOther,
            format!("trigger \"{trigger}\" on table {table} may run code of another role"),
        )
        .detail(format!(
            "Its condition calls {object}, which can run what its arguments name, and would with the rights of \"{}\", the workspace's owner.",
            role::name(owner)
        ))
        .hint("Drop the trigger, or ask for this in its function. Who made it has the TRIGGER privilege."));
    }
    Err(Error::new(
        Code::TriggerOfOther,
        format!("trigger \"{trigger}\" on table {table} runs code of another role"),
    )
    .detail(format!(
        "It uses {object} of \"{its_owner}\", which would run with the rights of \"{}\", the workspace's owner.",
        role::name(owner)
    ))
    .hint("Drop the trigger, or let a role with the owner's rights own what it uses. Who made it has the TRIGGER privilege."))
}

/// What a table's triggers use, in their conditions too, and may not: functions, operators and types that belong to a role
/// without the rights of the owner, what an operator does being what its function does; and in conditions those functions
/// of the server's and of extensions that do something or that take a text or a name of what is to be run, as
/// `query_to_xml` does. The catalog does not say who made a trigger, and of the server's own functions it knows no
/// dependencies.
const FOREIGN_CODE: &str = "
    WITH used (trigger, class, object, owner, may_run_text) AS (
        SELECT t.tgname, d.refclassid, d.refobjid, o.owner, false
          FROM pg_catalog.pg_trigger t
          JOIN pg_catalog.pg_depend d ON d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_trigger'::pg_catalog.regclass
                                     AND d.objid OPERATOR(pg_catalog.=) t.oid
          JOIN LATERAL (SELECT p.proowner FROM pg_catalog.pg_proc p
                         WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
                           AND p.oid OPERATOR(pg_catalog.=) d.refobjid
                        UNION ALL
                        SELECT p.proowner FROM pg_catalog.pg_operator f
                          JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) f.oprcode::pg_catalog.oid
                         WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_operator'::pg_catalog.regclass
                           AND f.oid OPERATOR(pg_catalog.=) d.refobjid
                        UNION ALL
                        SELECT y.typowner FROM pg_catalog.pg_type y
                         WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass
                           AND y.oid OPERATOR(pg_catalog.=) d.refobjid) o (owner) ON true
         WHERE t.tgrelid OPERATOR(pg_catalog.=) $1 AND NOT t.tgisinternal
           AND t.tgenabled OPERATOR(pg_catalog.<>) 'D'::pg_catalog.\"char\"
           AND NOT pg_catalog.pg_has_role(o.owner, $2, 'USAGE')
        UNION ALL
        SELECT t.tgname, 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid, p.oid, p.proowner, true
          FROM pg_catalog.pg_trigger t
          JOIN LATERAL pg_catalog.regexp_matches(t.tgqual::pg_catalog.text, ':funcid ([0-9]+)', 'g') m (found) ON true
          JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) m.found[1]::pg_catalog.oid
         WHERE t.tgrelid OPERATOR(pg_catalog.=) $1 AND NOT t.tgisinternal
           AND t.tgenabled OPERATOR(pg_catalog.<>) 'D'::pg_catalog.\"char\"
           AND CASE
                 WHEN EXISTS (SELECT FROM pg_catalog.pg_depend e
                               WHERE e.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
                                 AND e.objid OPERATOR(pg_catalog.=) p.oid
                                 AND e.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog.\"char\")
                   THEN p.provolatile OPERATOR(pg_catalog.<>) 'i'::pg_catalog.\"char\"
                 WHEN p.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid THEN false
                 WHEN p.provolatile OPERATOR(pg_catalog.=) 'v'::pg_catalog.\"char\"
                   THEN p.proname OPERATOR(pg_catalog.<>) ALL ('{clock_timestamp,gen_random_uuid,random,timeofday}'::pg_catalog.name[])
                 ELSE p.proname OPERATOR(pg_catalog.~) '_to_xml|populate_record'
                   OR 'pg_catalog.cstring'::pg_catalog.regtype OPERATOR(pg_catalog.=) ANY (p.proargtypes::pg_catalog.oid[])
               END)
    SELECT trigger::pg_catalog.text, pg_catalog.pg_describe_object(class, object, 0),
           pg_catalog.pg_get_userbyid(owner)::pg_catalog.text, may_run_text
      FROM used ORDER BY may_run_text, trigger, object LIMIT 1";

/// The error for a trigger that is put off to the commit.
fn deferred(table: u32) -> Result<Error> {
    let rows = run_once(
        "SELECT coalesce(c.conname, t.tgname)::pg_catalog.text
           FROM pg_catalog.pg_trigger t
           LEFT JOIN pg_catalog.pg_constraint c ON c.oid OPERATOR(pg_catalog.=) t.tgconstraint
          WHERE t.tgrelid OPERATOR(pg_catalog.=) $1 AND t.tginitdeferred
          ORDER BY 1 LIMIT 1",
        &[(Type::Oid, Value::Oid(table))],
    )?;
    let name = rows.first().and_then(|row| row.text(1)).unwrap_or_default();
    let table = qualified(table)?;
    Ok(Error::new(
        Code::ConstraintDeferred,
        format!("constraint \"{name}\" of table {table} is deferred"),
    )
    .detail("A superuser acts here with the rights of the workspace's owner, and what is put off to the commit would run with a superuser's.")
    .hint(format!(
        "SET ROLE to the owner first, or ALTER TABLE {table} ALTER CONSTRAINT \"{name}\" ... INITIALLY IMMEDIATE; a constraint trigger has to be made anew."
    )))
}

fn qualified(table: u32) -> Result<String> {
    let rows = run_once(
        "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
           FROM pg_catalog.pg_class c
           JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
          WHERE c.oid OPERATOR(pg_catalog.=) $1",
        &[(Type::Oid, Value::Oid(table))],
    )?;
    Ok(rows.first().and_then(|row| row.text(1)).unwrap_or_default())
}

fn relatives(sql: &str, table: u32) -> Result<Vec<u32>> {
    let rows = run_once(sql, &[(Type::Oid, Value::Oid(table))])?;
    Ok(rows.iter().filter_map(|row| row.oid(1)).collect())
}

/// The table's partitions, theirs, and so on.
fn descendants(table: u32) -> Result<Vec<u32>> {
    relatives(
        "WITH RECURSIVE tree (oid) AS (
             SELECT $1
             UNION
             SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN tree ON i.inhparent OPERATOR(pg_catalog.=) tree.oid)
         SELECT oid FROM tree WHERE oid OPERATOR(pg_catalog.<>) $1 ORDER BY oid",
        table,
    )
}

/// The tables that a partition is one of, from the nearest on.
pub(super) fn ancestors(partition: u32) -> Result<Vec<u32>> {
    relatives(
        "WITH RECURSIVE line (oid, place) AS (
             SELECT $1, 0
             UNION ALL
             SELECT i.inhparent, line.place OPERATOR(pg_catalog.+) 1
               FROM pg_catalog.pg_inherits i
               JOIN line ON i.inhrelid OPERATOR(pg_catalog.=) line.oid
               JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) line.oid AND c.relispartition)
         SELECT oid FROM line WHERE place OPERATOR(pg_catalog.>) 0 ORDER BY place",
        partition,
    )
}

/// What a statement does to one of the workspace's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Use {
    /// The table's name.
    pub table: &'static str,
    /// The lock that the statement will take; writing where it writes.
    pub purpose: Purpose,
}

thread_local! {
    static USES: RefCell<HashMap<*const Statement, Rc<[Use]>>> = RefCell::new(HashMap::new());
}

/// The workspace's tables that the statement names, each once.
pub(super) fn uses(statement: &'static Statement) -> Rc<[Use]> {
    let key: *const Statement = statement;
    USES.with_borrow_mut(|known| {
        Rc::clone(known.entry(key).or_insert_with(|| read_uses(statement.sql)))
    })
}

/// From the text, in which every table of the workspace stands as `{ws}.name`, behind the words that say what is done.
fn read_uses(sql: &str) -> Rc<[Use]> {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut found: Vec<Use> = Vec::new();
    let mut before = "";
    for part in sql.split("{ws}.") {
        let end = part.find(|letter| !is_word(letter)).unwrap_or(part.len());
        let name = part.get(..end).unwrap_or_default();
        let is_written = ["INSERT INTO", "UPDATE", "DELETE FROM", "MERGE INTO"]
            .iter()
            .any(|words| before.trim_end().ends_with(words));
        if let Some(table) = TABLES.into_iter().find(|table| *table == name) {
            let purpose = if is_written {
                Purpose::Writing
            } else {
                Purpose::Reading
            };
            match found.iter_mut().find(|one| one.table == table) {
                Some(one) => one.purpose = one.purpose.max(purpose),
                None => found.push(Use { table, purpose }),
            }
        }
        before = part;
    }
    found.into()
}
