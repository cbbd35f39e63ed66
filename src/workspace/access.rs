//! `grant_access` and `revoke_access`: levels of access to a workspace, made of ordinary grants.
//!
//! They run with the caller's rights, so that nobody gives what they could not give by GRANT, and leave
//! nothing but the grants, so that pg_dump keeps a level and a GRANT or REVOKE by hand changes it.

use super::Workspace;
use super::alone::Work;
use super::levels::{Grant, Level};
use super::run_once;
use super::trigger_code::qualified;
use crate::error::{Code, Error};
use crate::pg::catalog;
use crate::pg::error::Result;
use crate::pg::role;
use crate::pg::rows::{Row, Rows};
use crate::pg::settings::Pinned;
use crate::pg::spi::{Session, quote_identifier, run_script};
use crate::pg::value::{Type, Value};
use crate::privileges;
use std::collections::BTreeSet;
use std::rc::Rc;

/// A privilege that a role was granted on a column: by whom, and the statement that grants it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct OnColumn {
    privilege: String,
    column: String,
    grantor: u32,
    statement: String,
}

/// A workspace and a role, as granting and revoking need them.
pub struct Access {
    workspace: Rc<Workspace>,
    role: u32,
    role_name: String,
    quoted_role: String,
}

impl Access {
    /// Of this role, or PostgreSQL's own error where there is none. There is no way to name PUBLIC.
    pub fn new(workspace: Rc<Workspace>, role_name: String) -> Result<Self> {
        Ok(Access {
            workspace,
            role: role::by_name(&role_name).ok_or_else(|| {
                Error::new(
                    Code::RoleNotFound,
                    format!("role \"{role_name}\" does not exist"),
                )
            })?,
            quoted_role: quote_identifier(&role_name)?,
            role_name,
        })
    }

    /// Grants the level and those before it, as far as they are missing. Takes nothing away: a role that has a
    /// higher level keeps it.
    ///
    /// # Errors
    /// PostgreSQL's own where the caller may not grant, also where GRANT itself would only warn of it.
    pub fn grant(&self, level: Level) -> Result<()> {
        self.begin();
        let _session = Session::open()?;
        let _pinned = Pinned::in_silence();
        let role = &self.quoted_role;
        self.grant_usage(self.workspace.schema)?;
        if let Some(schema) = self.other_schema()
            && !self.may_use(schema)?
        {
            self.grant_usage(schema)?;
        }
        for (grant, table) in Grant::each(|granted| granted <= level) {
            if self.has(grant, table)? {
                continue;
            }
            let privileges = grant.privileges();
            let name = self.name_of(table)?;
            self.change(&format!("GRANT {privileges} ON {name} TO {role}"))?;
            if !self.has(grant, table)? {
                return Err(self.denied_on(table));
            }
        }
        Ok(())
    }

    /// Before it is looked at what is missing or there: what another session is granting or revoking is waited for.
    fn begin(&self) {
        if privileges::acts_for(self.workspace.owner) {
            self.alone();
        }
    }

    /// One session at a time grants or revokes: the server does not wait for another that does.
    fn alone(&self) {
        let schemas = BTreeSet::from_iter(self.schemas());
        (schemas.iter()).for_each(|schema| Work::Defining(*schema).alone());
    }

    /// Grants or revokes. Who does it with no more than grant options waits here, and whoever may not keeps nobody waiting.
    fn change(&self, statement: &str) -> Result<()> {
        self.alone();
        run_script(statement)
    }

    /// The workspace's schema, and that of the table of tickets, where that is another.
    fn schemas(&self) -> impl Iterator<Item = u32> {
        std::iter::once(self.workspace.schema).chain(self.other_schema())
    }

    /// The schema of the table of tickets, where that is another than the workspace's.
    fn other_schema(&self) -> Option<u32> {
        let schema = catalog::schema_of(self.workspace.tickets)?;
        (schema != self.workspace.schema).then_some(schema)
    }

    /// The relation of this name of ours.
    fn relation(&self, name: &str) -> Option<u32> {
        match name {
            "tickets" => Some(self.workspace.tickets),
            _ => catalog::table_in(self.workspace.schema, name),
        }
    }

    /// Its name, qualified and quoted.
    fn name_of(&self, name: &str) -> Result<String> {
        match name {
            "tickets" => qualified(self.workspace.tickets),
            _ => Ok(format!("{}.{name}", self.workspace.quoted)),
        }
    }

    fn denied_on(&self, table: &str) -> Error {
        let name = self.relation(table).and_then(catalog::name_of);
        Error::permission_denied(name.as_deref().unwrap_or(table))
    }

    fn grant_usage(&self, schema: u32) -> Result<()> {
        if self.usage(schema)?.is_some() {
            return Ok(());
        }
        let (name, role) = (self.schema_name(schema)?, &self.quoted_role);
        self.change(&format!("GRANT USAGE ON SCHEMA {name} TO {role}"))?;
        match self.usage(schema)? {
            Some(_) => Ok(()),
            None => Err(denied_on_schema(schema)),
        }
    }

    fn schema_name(&self, schema: u32) -> Result<String> {
        quote_identifier(&catalog::schema_name(schema).unwrap_or_default())
    }

    /// Revokes the level and those after it. What is below stays, and so do other columns that were granted by
    /// hand; USAGE of the schema goes with the last level, unless the role was granted something else in it.
    ///
    /// # Errors
    /// PostgreSQL's own where the caller may not revoke, also where REVOKE itself would only warn of it, or
    /// would say nothing because another role has granted the same.
    pub fn revoke(&self, level: Level) -> Result<()> {
        if self.role == self.workspace.owner {
            return Err(Error::invalid_argument(
                "access cannot be revoked from the workspace's owner",
                format!(
                    "Workspace \"{}\" belongs to role \"{}\"; history and results are written with its rights.",
                    self.workspace.name, self.role_name
                ),
            ));
        }
        self.begin();
        let _session = Session::open()?;
        let _pinned = Pinned::in_silence();
        for (grant, table) in Grant::each(|revoked| revoked >= level) {
            self.revoke_on(grant, table)?;
        }
        if level == Level::LOWEST {
            for schema in self.schemas() {
                self.revoke_usage(schema)?;
            }
        }
        Ok(())
    }

    /// Revokes USAGE of the schema, unless the role was granted something else in it.
    fn revoke_usage(&self, schema: u32) -> Result<()> {
        if self.usage(schema)?.is_none() || self.has_more(schema)? {
            return Ok(());
        }
        let (name, role) = (self.schema_name(schema)?, &self.quoted_role);
        self.change(&format!("REVOKE USAGE ON SCHEMA {name} FROM {role}"))?;
        match self.usage(schema)? {
            None => Ok(()),
            Some(grantor) => Err(self.kept(denied_on_schema(schema), grantor)),
        }
    }

    /// Revokes what a grant gives on a table, and the same granted by hand to the whole table.
    fn revoke_on(&self, grant: &Grant, table: &str) -> Result<()> {
        if self.grantor(grant, table)?.is_none() {
            return Ok(());
        }
        let (name, role) = (self.name_of(table)?, &self.quoted_role);
        let privileges = grant.privileges.join(", ");
        let before = self.on_columns(table)?;
        self.change(&format!("REVOKE {privileges} ON {name} FROM {role}"))?;
        // What is revoked on a table is revoked on all of its columns.
        for lost in before.difference(&self.on_columns(table)?) {
            if !grant.columns.contains(&lost.column.as_str()) {
                self.change(&lost.statement)?;
            }
        }
        match self.grantor(grant, table)? {
            None => Ok(()),
            Some(grantor) => Err(self.kept(self.denied_on(table), grantor)),
        }
    }

    fn kept(&self, error: Error, grantor: u32) -> Error {
        let (role, grantor) = (&self.role_name, role::name(grantor));
        error.detail(format!(
            "Role \"{role}\" would keep what role \"{grantor}\" has granted."
        ))
    }

    /// A query about relation $1 and role $2.
    fn ask(&self, sql: &str, table: &str, more: &[&[&str]]) -> Result<Rows> {
        let relation = self.relation(table).unwrap_or(0);
        let mut arguments = Vec::from(self.subject(relation));
        arguments.extend(more.iter().map(|texts| {
            let texts = texts.iter().map(|text| Some((*text).to_owned()));
            (Type::Texts, Value::Texts(texts.collect()))
        }));
        run_once(sql, &arguments)
    }

    /// For each privilege of the grant and each of its columns: who granted it to the role on the column, or on
    /// the table where the grant is of all of it; and who granted it on the table.
    fn grantors(&self, grant: &Grant, table: &str) -> Result<Vec<[Option<u32>; 2]>> {
        let columns = if grant.columns.is_empty() {
            &[""]
        } else {
            grant.columns
        };
        let rows = self.ask(
            "SELECT CASE WHEN w.name = '' THEN t.grantor ELSE a.grantor END, t.grantor
               FROM pg_class c CROSS JOIN unnest($3) AS p (name) CROSS JOIN unnest($4) AS w (name)
               LEFT JOIN LATERAL (
                    SELECT x.grantor FROM aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x
                     WHERE x.grantee = $2 AND x.privilege_type = p.name LIMIT 1) t ON true
               LEFT JOIN LATERAL (
                    SELECT x.grantor FROM pg_attribute a, aclexplode(a.attacl) x
                     WHERE a.attrelid = c.oid AND a.attname = w.name AND x.grantee = $2 AND x.privilege_type = p.name
                     LIMIT 1) a ON true
              WHERE c.oid = $1",
            table,
            &[grant.privileges, columns],
        )?;
        Ok(rows.iter().map(|row| [row.oid(1), row.oid(2)]).collect())
    }

    /// Whether the role was granted all of it.
    fn has(&self, grant: &Grant, table: &str) -> Result<bool> {
        let grantors = self.grantors(grant, table)?;
        Ok(!grantors.is_empty() && grantors.iter().all(|[exact, _]| exact.is_some()))
    }

    /// Who granted the role any of it, if only as part of more.
    fn grantor(&self, grant: &Grant, table: &str) -> Result<Option<u32>> {
        Ok(self
            .grantors(grant, table)?
            .into_iter()
            .flatten()
            .flatten()
            .next())
    }

    /// What the role was granted on the table's columns.
    fn on_columns(&self, table: &str) -> Result<BTreeSet<OnColumn>> {
        let rows = self.ask(
            "SELECT x.privilege_type, a.attname::text, x.grantor,
                    format('GRANT %s (%I) ON %s TO %I%s', x.privilege_type, a.attname, c.oid::regclass,
                           pg_get_userbyid($2), CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
               FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid, aclexplode(a.attacl) x
              WHERE c.oid = $1 AND x.grantee = $2 AND NOT a.attisdropped",
            table,
            &[],
        )?;
        let read = |row: Row<'_>| {
            Some(OnColumn {
                privilege: row.text(1)?,
                column: row.text(2)?,
                grantor: row.oid(3)?,
                statement: row.text(4)?,
            })
        };
        Ok(rows.iter().filter_map(read).collect())
    }

    /// Who granted the role USAGE of the schema.
    fn usage(&self, schema: u32) -> Result<Option<u32>> {
        let rows = run_once(
            "SELECT x.grantor
               FROM pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) x
              WHERE n.oid = $1 AND x.grantee = $2 AND x.privilege_type = 'USAGE'",
            &self.subject(schema),
        )?;
        Ok(rows.first().and_then(|row| row.oid(1)))
    }

    /// Whether the role was granted anything on a table, function or type of the schema.
    fn has_more(&self, schema: u32) -> Result<bool> {
        let rows = run_once(
            "SELECT 1
               FROM (SELECT c.relacl FROM pg_class c WHERE c.relnamespace = $1
                      UNION ALL
                     SELECT a.attacl FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                      WHERE c.relnamespace = $1 AND NOT a.attisdropped
                      UNION ALL
                     SELECT p.proacl FROM pg_proc p WHERE p.pronamespace = $1
                      UNION ALL
                     SELECT t.typacl FROM pg_type t WHERE t.typnamespace = $1) o (acl), aclexplode(o.acl) x
              WHERE x.grantee = $2
              LIMIT 1",
            &self.subject(schema),
        )?;
        Ok(!rows.is_empty())
    }

    /// Whether the role may use the schema, by whatever grant.
    fn may_use(&self, schema: u32) -> Result<bool> {
        let rows = run_once(
            "SELECT has_schema_privilege($2, $1, 'USAGE')",
            &self.subject(schema),
        )?;
        Ok(rows.first().is_some_and(|row| row.bool(1)))
    }

    /// A schema or relation, and the role, as parameters $1 and $2.
    fn subject(&self, object: u32) -> [(Type, Value<'static>); 2] {
        [
            (Type::Oid, Value::Oid(object)),
            (Type::Oid, Value::Oid(self.role)),
        ]
    }
}

fn denied_on_schema(schema: u32) -> Error {
    Error::permission_denied_for_schema(&catalog::schema_name(schema).unwrap_or_default())
}
