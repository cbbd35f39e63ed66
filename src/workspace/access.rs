//! `grant_access` and `revoke_access`: levels of access to a workspace, made of ordinary grants.
//!
//! They run with the caller's rights, so that nobody gives what they could not give by GRANT, and leave
//! nothing but the grants, so that pg_dump keeps a level and a GRANT or REVOKE by hand changes it.

use super::Workspace;
use super::shape::{CONFIGURATION, TABLES, VIEWS};
use crate::error::{Code, Error};
use crate::pg::error::Result;
use crate::pg::role;
use crate::pg::settings::Pinned;
use crate::pg::spi::{Rows, Session, quote_identifier, run_once, run_script};
use crate::pg::value::{Type, Value};
use std::collections::BTreeSet;
use std::rc::Rc;

/// What a role is for. Each level has the rights of those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Looks at everything.
    Reader,
    /// Works the queue and hands in artifacts.
    Agent,
    /// Gives verdicts.
    Reviewer,
    /// Makes, changes and moves tickets, adds tasks, configures.
    Manager,
}

impl Level {
    /// The first of them.
    pub const LOWEST: Level = Level::Reader;
    const ALL: [Level; 4] = [Level::Reader, Level::Agent, Level::Reviewer, Level::Manager];

    /// The level of this name.
    pub fn parse(name: &str) -> Result<Self> {
        let is_named = |level: &Level| level.name() == name;
        Self::ALL.into_iter().find(is_named).ok_or_else(|| {
            let names = Self::ALL.map(Level::name).join(", ");
            Error::invalid_argument(
                "unknown level of access",
                format!("\"{name}\" is none of: {names}."),
            )
        })
    }

    fn name(self) -> &'static str {
        match self {
            Level::Reader => "reader",
            Level::Agent => "agent",
            Level::Reviewer => "reviewer",
            Level::Manager => "manager",
        }
    }
}

/// Rights on tables that a level adds to those before it.
struct Grant {
    level: Level,
    privileges: &'static [&'static str],
    /// Which columns; none means the whole table.
    columns: &'static [&'static str],
    tables: &'static [&'static str],
}

/// What the levels are made of; [`Level::Reader`] also has USAGE of the schema.
///
/// No level can delete a ticket, whose history would go with it, nor change or delete what is on record:
/// history, results, artifacts, finished work. That is left to the owner.
const GRANTS: [Grant; 7] = [
    Grant {
        level: Level::Reader,
        privileges: &["SELECT"],
        columns: &[],
        tables: &TABLES,
    },
    Grant {
        level: Level::Reader,
        privileges: &["SELECT"],
        columns: &[],
        tables: &VIEWS,
    },
    // What the queue's functions write. Which ticket a task belongs to, what it asks for and how urgent it
    // is are not an agent's to say.
    Grant {
        level: Level::Agent,
        privileges: &["UPDATE"],
        columns: &[
            "status",
            "assigned_agent_id",
            "lease_expires_at",
            "scheduled_at",
            "result",
            "error_message",
        ],
        tables: &["tasks"],
    },
    // Not task_id: an artifact that claimed to come from a task would keep the task's own from being collected.
    Grant {
        level: Level::Agent,
        privileges: &["INSERT"],
        columns: &[
            "id",
            "ticket_id",
            "phase_id",
            "artifact_type",
            "artifact_path",
            "artifact_content",
            "collected_by",
        ],
        tables: &["phase_gate_artifacts"],
    },
    // The right to a verdict, which is INSERT on this table. On one column, so that by itself it makes no row.
    Grant {
        level: Level::Reviewer,
        privileges: &["INSERT"],
        columns: &["gate_status"],
        tables: &["phase_gate_results"],
    },
    // Of whole tables, which may have columns of the user's own.
    Grant {
        level: Level::Manager,
        privileges: &["INSERT", "UPDATE"],
        columns: &[],
        tables: &["tickets", "tasks"],
    },
    Grant {
        level: Level::Manager,
        privileges: &["INSERT", "UPDATE", "DELETE"],
        columns: &[],
        tables: &CONFIGURATION,
    },
];

/// A right on a table, or on one of its columns.
struct Right {
    privilege: &'static str,
    table: &'static str,
    column: Option<&'static str>,
}

impl Grant {
    /// The privileges as GRANT and REVOKE take them: `INSERT (a, b), UPDATE (a, b)`.
    fn privileges(&self) -> String {
        let columns = match self.columns {
            [] => String::new(),
            columns => format!(" ({})", columns.join(", ")),
        };
        let privileges = self.privileges.iter();
        let privileges: Vec<_> = privileges.map(|one| format!("{one}{columns}")).collect();
        privileges.join(", ")
    }

    fn rights(&self) -> impl Iterator<Item = Right> {
        let on_tables = |privilege| self.tables.iter().map(move |table| (privilege, *table));
        self.privileges.iter().flat_map(on_tables).flat_map(|of| {
            let (privilege, table) = of;
            let right = move |column| Right {
                privilege,
                table,
                column,
            };
            let whole = self.columns.is_empty().then(|| right(None));
            let columns = self.columns.iter().map(move |column| right(Some(column)));
            whole.into_iter().chain(columns)
        })
    }
}

/// A right that a role was granted on a column: by whom, and the statement that grants it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct OnColumn {
    privilege: String,
    table: String,
    column: String,
    grantor: u32,
    grant: String,
}

impl OnColumn {
    fn is(&self, right: &Right) -> bool {
        self.privilege == right.privilege
            && self.table == right.table
            && right.column == Some(&self.column)
    }
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
            role: role::by_name(&role_name)?,
            quoted_role: quote_identifier(&role_name)?,
            role_name,
        })
    }

    /// Grants the level and those before it. Takes nothing away: a role that has a higher level keeps it.
    ///
    /// # Errors
    /// PostgreSQL's own where the caller may not grant, also where GRANT itself would only warn of it.
    pub fn grant(&self, level: Level) -> Result<()> {
        let _session = Session::open()?;
        let _pinned = Pinned::search_path();
        let (schema, role) = (&self.workspace.quoted, &self.quoted_role);
        run_script(&format!("GRANT USAGE ON SCHEMA {schema} TO {role}"))?;
        if self.usage()?.is_none() {
            return Err(self.denied_on_schema());
        }
        for grant in GRANTS.iter().filter(|grant| grant.level <= level) {
            let (privileges, tables) = (grant.privileges(), self.listed(grant.tables));
            run_script(&format!("GRANT {privileges} ON {tables} TO {role}"))?;
            for right in grant.rights() {
                if self.grantor(&right)?.is_none() {
                    return Err(role::permission_denied(right.table));
                }
            }
        }
        Ok(())
    }

    /// Revokes the level and those after it. What other levels give stays, and so do columns that were granted by
    /// hand; USAGE of the schema goes with the last level, unless the role has been granted something else in it.
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
        let _session = Session::open()?;
        let _pinned = Pinned::search_path();
        let (schema, role) = (&self.workspace.quoted, &self.quoted_role);
        let revoked = || GRANTS.iter().filter(|grant| grant.level >= level);
        let rights: Vec<Right> = revoked().flat_map(Grant::rights).collect();
        let before = self.on_columns()?;
        for grant in revoked() {
            let (privileges, tables) = (grant.privileges.join(", "), self.listed(grant.tables));
            run_script(&format!("REVOKE {privileges} ON {tables} FROM {role}"))?;
        }
        // What is revoked on a table is revoked on all of its columns.
        for lost in before.difference(&self.on_columns()?) {
            if !rights.iter().any(|right| lost.is(right)) {
                run_script(&lost.grant)?;
            }
        }
        for right in &rights {
            if let Some(grantor) = self.grantor(right)? {
                return Err(self.kept(role::permission_denied(right.table), grantor));
            }
        }
        if level == Level::LOWEST && !self.has_more()? {
            run_script(&format!("REVOKE USAGE ON SCHEMA {schema} FROM {role}"))?;
            if let Some(grantor) = self.usage()? {
                return Err(self.kept(self.denied_on_schema(), grantor));
            }
        }
        Ok(())
    }

    fn listed(&self, tables: &[&str]) -> String {
        let schema = &self.workspace.quoted;
        let qualified: Vec<_> = tables
            .iter()
            .map(|table| format!("{schema}.{table}"))
            .collect();
        qualified.join(", ")
    }

    fn denied_on_schema(&self) -> Error {
        Error::new(
            Code::InsufficientPrivilege,
            format!("permission denied for schema {}", self.workspace.name),
        )
    }

    fn kept(&self, error: Error, grantor: u32) -> Error {
        let (role, grantor) = (&self.role_name, role::name(grantor));
        error.detail(format!(
            "Role \"{role}\" would keep what role \"{grantor}\" has granted."
        ))
    }

    /// A query about schema $1 and role $2.
    fn ask(&self, sql: &str, more: &[&str]) -> Result<Rows> {
        let mut arguments = vec![
            (Type::Oid, Value::Oid(self.workspace.schema)),
            (Type::Oid, Value::Oid(self.role)),
        ];
        arguments.extend(
            more.iter()
                .map(|text| (Type::Text, Value::text(Some(text)))),
        );
        run_once(sql, &arguments)
    }

    /// Who granted the role USAGE of the schema.
    fn usage(&self) -> Result<Option<u32>> {
        let rows = self.ask(
            "SELECT x.grantor
               FROM pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) x
              WHERE n.oid = $1 AND x.grantee = $2 AND x.privilege_type = 'USAGE'",
            &[],
        )?;
        Ok(rows.first().and_then(|row| row.oid(1)))
    }

    /// Who granted the role the right. One on a column is had by one on the table as well.
    fn grantor(&self, right: &Right) -> Result<Option<u32>> {
        let rows = self.ask(
            "SELECT x.grantor
               FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x
              WHERE c.relnamespace = $1 AND x.grantee = $2 AND c.relname = $3 AND x.privilege_type = $4
              UNION ALL
             SELECT x.grantor
               FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid, aclexplode(a.attacl) x
              WHERE c.relnamespace = $1 AND x.grantee = $2 AND c.relname = $3 AND x.privilege_type = $4
                AND a.attname = $5",
            &[right.table, right.privilege, right.column.unwrap_or_default()],
        )?;
        Ok(rows.first().and_then(|row| row.oid(1)))
    }

    /// What the role was granted on columns of the workspace's tables.
    fn on_columns(&self) -> Result<BTreeSet<OnColumn>> {
        let rows = self.ask(
            "SELECT x.privilege_type, c.relname::text, a.attname::text, x.grantor,
                    format('GRANT %s (%I) ON %s TO %I%s', x.privilege_type, a.attname, c.oid::regclass,
                           pg_get_userbyid($2), CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
               FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid, aclexplode(a.attacl) x
              WHERE c.relnamespace = $1 AND x.grantee = $2",
            &[],
        )?;
        Ok(rows
            .iter()
            .filter_map(|row| {
                Some(OnColumn {
                    privilege: row.text(1)?,
                    table: row.text(2)?,
                    column: row.text(3)?,
                    grantor: row.oid(4)?,
                    grant: row.text(5)?,
                })
            })
            .collect())
    }

    /// Whether the role was granted anything on a table, function or type of the schema.
    fn has_more(&self) -> Result<bool> {
        let rows = self.ask(
            "SELECT 1
               FROM (SELECT c.relacl FROM pg_class c WHERE c.relnamespace = $1
                      UNION ALL
                     SELECT a.attacl FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = $1
                      UNION ALL
                     SELECT p.proacl FROM pg_proc p WHERE p.pronamespace = $1
                      UNION ALL
                     SELECT t.typacl FROM pg_type t WHERE t.typnamespace = $1) o (acl), aclexplode(o.acl) x
              WHERE x.grantee = $2
              LIMIT 1",
            &[],
        )?;
        Ok(!rows.is_empty())
    }
}
