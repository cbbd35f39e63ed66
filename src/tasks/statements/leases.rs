//! When a lease runs out, and what becomes of its task. The statements run under [`crate::by_index::ByIndex`], with the caller's
//! rights.

use crate::pg::value::Type;
use crate::workspace::Statement;

/// Puts some tasks into their place in the queue as of now ($1): those whose lease ran out back to
/// pending, or to failed when no attempt is left; those whose time has come among the ones without a time.
///
/// A task that is to be claimed later, or again, costs this one further update, so that a claim reads one
/// index in order and never looks at a task whose time has not come.
///
/// It writes down what time alone has decided and tells nobody. So it does not ask who sees which ticket:
/// the tasks that a claimer left alone would slow down every claim until somebody else came by.
pub static TIDY: Statement = Statement {
    sql: "WITH due AS MATERIALIZED (
              SELECT k.id
                FROM {ws}.tasks k
               WHERE coalesce(k.lease_expires_at, k.scheduled_at) OPERATOR(pg_catalog.<=) $1
               ORDER BY coalesce(k.lease_expires_at, k.scheduled_at)
               LIMIT 500
                 FOR NO KEY UPDATE SKIP LOCKED)
          UPDATE {ws}.tasks k
             SET status = CASE WHEN k.status OPERATOR(pg_catalog.=) 'pending'
                                 OR k.attempts OPERATOR(pg_catalog.<) k.max_attempts
                               THEN 'pending' ELSE 'failed' END,
                 error_message = CASE WHEN k.status OPERATOR(pg_catalog.=) 'pending'
                                      THEN k.error_message ELSE 'the lease ran out' END,
                 scheduled_at = NULL
           WHERE k.id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT due.id FROM due))",
    parameters: &[Type::Time],
};

/// Gives back all tasks whose lease ran out as of now ($1) and that nobody is claiming meanwhile.
pub static RELEASE: Statement = Statement {
    sql: concat!(
        "WITH expired AS MATERIALIZED (
              SELECT k.id
                FROM {ws}.tasks k
               WHERE coalesce(k.lease_expires_at, k.scheduled_at) OPERATOR(pg_catalog.<=) $1
                 AND k.lease_expires_at IS NOT NULL
                 AND ",
        visible!("k"),
        "
                 FOR NO KEY UPDATE SKIP LOCKED)
          UPDATE {ws}.tasks k
             SET status = CASE WHEN k.attempts OPERATOR(pg_catalog.<) k.max_attempts
                               THEN 'pending' ELSE 'failed' END,
                 error_message = 'the lease ran out',
                 scheduled_at = NULL
           WHERE k.id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT expired.id FROM expired))"
    ),
    parameters: &[Type::Time],
};
