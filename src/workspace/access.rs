//! `grant_access` and `revoke_access`: levels of access to a workspace, made of ordinary grants.
//!
//! They run with the caller's rights, so that nobody gives what they could not give by GRANT, and leave
//! nothing but the grants, so that pg_dump keeps a level and a GRANT or REVOKE by hand changes it.

use super::Workspace;
use super::shape::{CONFIGURATION, READ, VIEWS};
use crate::error::{Code, Error};
use crate::pg::error::Result;
use crate::pg::role;
use crate::pg::rows::{Row, Rows};
use crate::pg::settings::Pinned;
use crate::pg::spi::{Session, quote_identifier, run_once, run_script};
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
/// No level can delete a ticket, whose history would go with it, a task or an artifact, nor write history,
/// results or contexts itself. That is left to the owner.
const GRANTS: [Grant; 7] = [
    Grant {
        level: Level::Reader,
        privileges: &["SELECT"],
        columns: &[],
        tables: &READ,
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

impl Grant {
    /// The privileges as GRANT takes them: `INSERT (a, b), UPDATE (a, b)`.
    fn privileges(&self) -> String {
        let columns = match self.columns {
            [] => String::new(),
            columns => format!(" ({})", columns.join(", ")),
        };
        let privileges = self.privileges.iter();
        let privileges: Vec<_> = privileges.map(|one| format!("{one}{columns}")).collect();
        privileges.join(", ")
    }

    /// The grants of these levels, a table at a time.
    fn each(
        levels: impl Fn(Level) -> bool,
    ) -> impl Iterator<Item = (&'static Grant, &'static str)> {
        let grants = GRANTS.iter().filter(move |grant| levels(grant.level));
        grants.flat_map(|grant| grant.tables.iter().map(move |table| (grant, *table)))
    }
}

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
            role: role::by_name(&role_name)?,
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
        let _session = Session::open()?;
        let _pinned = Pinned::in_silence();
        let (schema, role) = (&self.workspace.quoted, &self.quoted_role);
        if self.usage()?.is_none() {
            run_script(&format!("GRANT USAGE ON SCHEMA {schema} TO {role}"))?;
            if self.usage()?.is_none() {
                return Err(self.denied_on_schema());
            }
        }
        for (grant, table) in Grant::each(|granted| granted <= level) {
            if self.has(grant, table)? {
                continue;
            }
            let privileges = grant.privileges();
            run_script(&format!("GRANT {privileges} ON {schema}.{table} TO {role}"))?;
            if !self.has(grant, table)? {
                return Err(role::permission_denied(table));
            }
        }
        Ok(())
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
        let _session = Session::open()?;
        let _pinned = Pinned::in_silence();
        for (grant, table) in Grant::each(|revoked| revoked >= level) {
            self.revoke_on(grant, table)?;
        }
        if level == Level::LOWEST && self.usage()?.is_some() && !self.has_more()? {
            let (schema, role) = (&self.workspace.quoted, &self.quoted_role);
            run_script(&format!("REVOKE USAGE ON SCHEMA {schema} FROM {role}"))?;
            if let Some(grantor) = self.usage()? {
                return Err(self.kept(self.denied_on_schema(), grantor));
            }
        }
        Ok(())
    }

    /// Revokes what a grant gives on a table, and the same granted by hand to the whole table.
    fn revoke_on(&self, grant: &Grant, table: &str) -> Result<()> {
        if self.grantor(grant, table)?.is_none() {
            return Ok(());
        }
        let (schema, role) = (&self.workspace.quoted, &self.quoted_role);
        let privileges = grant.privileges.join(", ");
        let before = self.on_columns(table)?;
        run_script(&format!(
            "REVOKE {privileges} ON {schema}.{table} FROM {role}"
        ))?;
        // What is revoked on a table is revoked on all of its columns.
        for lost in before.difference(&self.on_columns(table)?) {
            if !grant.columns.contains(&lost.column.as_str()) {
                run_script(&lost.statement)?;
            }
        }
        match self.grantor(grant, table)? {
            None => Ok(()),
            Some(grantor) => Err(self.kept(role::permission_denied(table), grantor)),
        }
    }

    fn denied_on_schema(&self) -> Error {
        Error::new(
            Code::PermissionDenied,
            format!("permission denied for schema {}", self.workspace.name),
        )
    }

    fn kept(&self, error: Error, grantor: u32) -> Error {
        let (role, grantor) = (&self.role_name, role::name(grantor));
        error.detail(format!(
            "Role \"{role}\" would keep what role \"{grantor}\" has granted."
        ))
    }

    /// A query about schema $1, role $2 and a table $3.
    fn ask(&self, sql: &str, table: &str, more: &[&[&str]]) -> Result<Rows> {
        let mut arguments = Vec::from(self.subject());
        arguments.push((Type::Text, Value::text(Some(table))));
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
               FROM pg_class c CROSS JOIN unnest($4) AS p (name) CROSS JOIN unnest($5) AS w (name)
               LEFT JOIN LATERAL (
                    SELECT x.grantor FROM aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x
                     WHERE x.grantee = $2 AND x.privilege_type = p.name LIMIT 1) t ON true
               LEFT JOIN LATERAL (
                    SELECT x.grantor FROM pg_attribute a, aclexplode(a.attacl) x
                     WHERE a.attrelid = c.oid AND a.attname = w.name AND x.grantee = $2 AND x.privilege_type = p.name
                     LIMIT 1) a ON true
              WHERE c.relnamespace = $1 AND c.relname = $3",
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
              WHERE c.relnamespace = $1 AND c.relname = $3 AND x.grantee = $2 AND NOT a.attisdropped",
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
    fn usage(&self) -> Result<Option<u32>> {
        let rows = run_once(
            "SELECT x.grantor
               FROM pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) x
              WHERE n.oid = $1 AND x.grantee = $2 AND x.privilege_type = 'USAGE'",
            &self.subject(),
        )?;
        Ok(rows.first().and_then(|row| row.oid(1)))
    }

    /// Whether the role was granted anything on a table, function or type of the schema.
    fn has_more(&self) -> Result<bool> {
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
            &self.subject(),
        )?;
        Ok(!rows.is_empty())
    }

    /// Schema and role, as parameters $1 and $2.
    fn subject(&self) -> [(Type, Value<'static>); 2] {
        [
            (Type::Oid, Value::Oid(self.workspace.schema)),
            (Type::Oid, Value::Oid(self.role)),
        ]
    }
}
