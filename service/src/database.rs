//! Connections to the database, and the one transaction that a request is.
//!
//! Only unnamed statements with declared types of parameters are sent, and only built-in types asked for, so that it
//! works behind a pooler in transaction mode that knows no prepared statements. Ask for composites as `to_jsonb(row)`,
//! for phases as text.

use crate::connect::Target;
use crate::error::{Failure, Refusal, chain};
use crate::serve::identity::login_role::fault;
use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
    Timeouts,
};
use std::time::Duration;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

/// A parameter with its type.
pub type Param<'a> = (&'a (dyn ToSql + Sync), Type);

/// For whom a transaction is: what is set in it before anything else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Who {
    /// The role to act as; None means the login role.
    pub role: Option<String>,
    /// The workspace, a schema; None means that of the login role's own search_path.
    pub workspace: Option<String>,
    /// `phasegate.actor`: who moves tickets.
    pub actor: Option<String>,
    /// `phasegate.agent`: the name that no request can go past.
    pub agent: Option<String>,
}

/// What a transaction may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It reads, and is opened READ ONLY: a standby serves it, and it is tried again where that may help.
    Read,
    /// It writes, and ends the same when it is done twice: tried again after a deadlock or a serialization failure.
    Repeatable,
    /// It writes, and is sent once.
    Once,
}

/// How a database is used.
#[derive(Debug, Clone)]
pub struct Limits {
    /// At most so many connections.
    pub connections: usize,
    /// How long a request waits for one of them.
    pub wait: Duration,
    /// How long a statement may take.
    pub statement_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: 10,
            wait: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
        }
    }
}

/// A pool of connections to one database as one login role. Clones share it.
#[derive(Clone)]
pub struct Database {
    pool: Pool,
    statement_timeout: Duration,
}

impl Database {
    /// Makes a pool; it connects when it is asked for the first connection.
    pub fn new(target: Target, limits: &Limits) -> Result<Database, Failure> {
        Database::with(target, limits, None)
    }

    /// Makes a pool whose connections are looked at before they are used: their role may have no rights of its own.
    pub fn guarded(target: Target, limits: &Limits) -> Result<Database, Failure> {
        let hook = Hook::async_fn(|client, _| {
            Box::pin(async move {
                match fault(client).await {
                    Ok(None) => Ok(()),
                    Ok(Some(fault)) => Err(HookError::message(fault)),
                    Err(error) => Err(HookError::Backend(error)),
                }
            })
        });
        Database::with(target, limits, Some(hook))
    }

    fn with(target: Target, limits: &Limits, hook: Option<Hook>) -> Result<Database, Failure> {
        let manager = Manager::from_config(
            target.config.clone(),
            target.tls.clone(),
            // Nothing is asked of a connection before it is used: the beginning of the transaction does so.
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        let mut builder = Pool::builder(manager);
        if let Some(hook) = hook {
            builder = builder.post_create(hook);
        }
        let pool = builder
            .max_size(limits.connections.max(1))
            .timeouts(Timeouts {
                wait: Some(limits.wait),
                create: Some(limits.wait.max(Duration::from_secs(5))),
                recycle: Some(limits.wait),
            })
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| {
                Failure::usage(format!("cannot make a pool of connections: {error}"))
            })?;
        Ok(Database {
            pool,
            statement_timeout: limits.statement_timeout,
        })
    }

    /// Begins a transaction for somebody. Dropped before it is committed it is rolled back.
    pub async fn begin(&self, who: &Who, access: Access) -> Result<Session, Failure> {
        let prelude = prelude(who, access, self.statement_timeout)?;
        // A connection that was idle while the server restarted is found out here, before anything was asked for.
        let mut stale = self.pool.status().size;
        loop {
            let client = self.connection().await?;
            let session = Session {
                client: Some(client),
                open: true,
            };
            match session.client()?.batch_execute(&prelude).await {
                Ok(()) => return Ok(session),
                Err(error) => {
                    let mut failure = Failure::of(&error);
                    if let (Failure::Refused(refusal), Some(role)) = (&mut failure, &who.role) {
                        role_refused(refusal, role);
                    }
                    if matches!(failure, Failure::Away(_)) {
                        session.discard();
                        if stale > 0 {
                            stale -= 1;
                            continue;
                        }
                    }
                    return Err(failure);
                }
            }
        }
    }

    /// One statement in one transaction: its rows.
    pub async fn rows(
        &self,
        who: &Who,
        access: Access,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, Failure> {
        repeated(access, || async {
            self.begin(who, access).await?.last(sql, params).await
        })
        .await
    }

    /// One statement in one transaction: its only row, or none.
    pub async fn row(
        &self,
        who: &Who,
        access: Access,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Option<Row>, Failure> {
        Ok(self
            .rows(who, access, sql, params)
            .await?
            .into_iter()
            .next())
    }

    /// Connects, if no connection is there.
    pub async fn connect(&self) -> Result<(), Failure> {
        self.connection().await.map(drop)
    }

    async fn connection(&self) -> Result<Object, Failure> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Timeout(deadpool_postgres::TimeoutType::Wait) => Failure::Busy,
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
                connecting(&error)
            }
            PoolError::PostCreateHook(HookError::Message(fault)) => {
                Failure::Misconfigured(fault.into_owned())
            }
            other => Failure::Away(chain(&other)),
        })
    }
}

/// Does the work of a transaction, and up to twice again where that is safe and may help: after a deadlock or a
/// serialization failure, and where it only reads also after the connection was lost.
pub async fn repeated<T, F, W>(access: Access, mut work: F) -> Result<T, Failure>
where
    F: FnMut() -> W,
    W: Future<Output = Result<T, Failure>>,
{
    let mut tries = 0;
    loop {
        let done = work().await;
        let again = match &done {
            Err(Failure::Refused(refusal)) => access != Access::Once && refusal.is_passing(),
            Err(Failure::Unknown(_)) => access == Access::Read,
            _ => false,
        };
        if !again || tries == 2 {
            return done.map_err(|failure| match failure {
                // Where it was read only nothing can have been done.
                Failure::Unknown(reason) if access == Access::Read => Failure::Away(reason),
                failure => failure,
            });
        }
        tries += 1;
        tokio::time::sleep(Duration::from_millis(10 * tries + jitter())).await;
    }
}

/// A few milliseconds, so that those who lost against each other do not meet again.
fn jitter() -> u64 {
    let [byte, ..] = *uuid::Uuid::new_v4().as_bytes();
    u64::from(byte % 20)
}

/// Becoming the role failed: the login role is no member of it, or there is none of the name.
fn role_refused(refusal: &mut Refusal, role: &str) {
    if refusal.code.is_none() && (refusal.sqlstate == "22023" || refusal.sqlstate == "42501") {
        refusal.sqlstate = "42501".to_owned();
        refusal.code = Some("role_not_allowed".to_owned());
        refusal.detail = Some(format!("The service may not act as \"{role}\"."));
    }
}

/// Whatever keeps a connection from being made, nothing was done.
fn connecting(error: &tokio_postgres::Error) -> Failure {
    match Failure::of(error) {
        Failure::Refused(refusal) => Failure::Away(refusal.message),
        failure => failure,
    }
}

/// A transaction under way.
pub struct Session {
    client: Option<Object>,
    open: bool,
}

impl Session {
    fn client(&self) -> Result<&Object, Failure> {
        self.client
            .as_ref()
            .ok_or_else(|| Failure::Away("the connection is gone".to_owned()))
    }

    /// Runs a statement: its rows. After an error the transaction is failed, and only good for being dropped.
    pub async fn query(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, Failure> {
        self.client()?
            .query_typed(sql, params)
            .await
            .map_err(|error| lost(&error))
    }

    /// Commits.
    pub async fn commit(mut self) -> Result<(), Failure> {
        self.client()?
            .batch_execute("COMMIT")
            .await
            .map_err(|error| lost(&error))?;
        self.open = false;
        Ok(())
    }

    /// Runs the last statement and commits, in one round trip: where the statement fails, COMMIT rolls back.
    pub async fn last(mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, Failure> {
        let client = self.client()?;
        // Polled in this order, so sent in this order.
        let (rows, end) = futures_util::join!(
            client.query_typed(sql, params),
            client.batch_execute("COMMIT")
        );
        if end.is_ok() {
            self.open = false;
        }
        let rows = rows.map_err(|error| lost(&error))?;
        end.map_err(|error| lost(&error))?;
        Ok(rows)
    }

    /// Closes the connection instead of giving it back.
    fn discard(mut self) {
        self.open = false;
        drop(self.client.take().map(Object::take));
    }
}

/// An error after a statement was sent: without the server's word nobody knows what became of it.
fn lost(error: &tokio_postgres::Error) -> Failure {
    match Failure::of(error) {
        Failure::Away(reason) if error.as_db_error().is_none() => Failure::Unknown(reason),
        failure => failure,
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        let Some(client) = self.client.take() else {
            return;
        };
        // Without a runtime, at the program's end, the connection is closed, which rolls back as well.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            drop(Object::take(client));
            return;
        };
        runtime.spawn(async move {
            if client.batch_execute("ROLLBACK").await.is_err() {
                drop(Object::take(client));
            }
        });
    }
}

/// What begins a transaction, in one message: where BEGIN fails, nothing after it is run.
fn prelude(who: &Who, access: Access, statement_timeout: Duration) -> Result<String, Failure> {
    let mut text = String::from(if access == Access::Read {
        "BEGIN READ ONLY"
    } else {
        "BEGIN"
    });
    let mut first = true;
    let mut set = |name: &str, value: &str| -> Result<(), Failure> {
        text.push_str(if first { "; SELECT " } else { ", " });
        first = false;
        text.push_str(&format!(
            "pg_catalog.set_config('{name}', {}, true)",
            literal(value)?
        ));
        Ok(())
    };
    set(
        "statement_timeout",
        &statement_timeout.as_millis().to_string(),
    )?;
    set("timezone", "UTC")?;
    if let Some(workspace) = &who.workspace {
        set(
            "search_path",
            &format!("{}, phasegate", identifier(workspace)?),
        )?;
    }
    if let Some(actor) = &who.actor {
        set("phasegate.actor", actor)?;
    }
    if let Some(agent) = &who.agent {
        set("phasegate.agent", agent)?;
    }
    // Last: the login role may set what the role may not.
    if let Some(role) = &who.role {
        set("role", role)?;
    }
    Ok(text)
}

/// A text as a literal of SQL, whatever standard_conforming_strings says.
pub fn literal(text: &str) -> Result<String, Failure> {
    if text.contains('\0') {
        return Err(Failure::usage("a text has a zero byte"));
    }
    Ok(if text.contains('\\') {
        format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
    } else {
        format!("'{}'", text.replace('\'', "''"))
    })
}

/// A schema's name, quoted. On a search_path `$user` is another one even where it is quoted.
pub fn identifier(name: &str) -> Result<String, Failure> {
    if name.is_empty()
        || name.len() > 63
        || name.contains('\0')
        || name == "$user"
        || name == "pg_temp"
    {
        return Err(Failure::usage(format!(
            "\"{}\" is no name of a workspace",
            name.escape_debug()
        )));
    }
    Ok(format!("\"{}\"", name.replace('"', "\"\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out_of_the_prelude() {
        let who = Who {
            role: Some("it's".to_owned()),
            workspace: Some("a\"b".to_owned()),
            actor: Some("back\\' slash".to_owned()),
            agent: None,
        };
        let text = prelude(&who, Access::Once, Duration::from_secs(1)).unwrap();
        assert!(text.starts_with(
            "BEGIN; SELECT pg_catalog.set_config('statement_timeout', '1000', true), "
        ));
        assert!(text.contains(r#"set_config('search_path', '"a""b", phasegate', true)"#));
        assert!(text.contains(r"set_config('phasegate.actor', E'back\\'' slash', true)"));
        assert!(text.ends_with("set_config('role', 'it''s', true)"));
    }

    #[test]
    fn names_that_mean_another_schema_are_refused() {
        for name in ["", "$user", "pg_temp", "a\0b"] {
            assert!(identifier(name).is_err());
        }
    }
}
