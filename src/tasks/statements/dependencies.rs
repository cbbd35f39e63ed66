//! The statements that check and count dependencies. They run with the owner's rights.

use crate::pg::value::Type;
use crate::workspace::Statement;

/// Holds tasks that others are about to wait for: none of them is completed or deleted meanwhile.
/// FOR SHARE and not FOR KEY SHARE, which an UPDATE of the status does not wait for.
pub static HOLD_TASKS: Statement = Statement {
    sql: "SELECT k.id, k.ticket_id, k.status::pg_catalog.text FROM {ws}.tasks k
           WHERE k.id OPERATOR(pg_catalog.=) ANY ($1)
           ORDER BY k.id
             FOR SHARE",
    parameters: &[Type::Uuids],
};

/// What tasks wait for, and their tickets.
pub static LINKED: Statement = Statement {
    sql: "SELECT k.id, k.dependencies, k.ticket_id FROM {ws}.tasks k
           WHERE k.id OPERATOR(pg_catalog.=) ANY ($1) AND k.dependencies IS NOT NULL",
    parameters: &[Type::Uuids],
};

/// The dependencies among the tasks of tickets.
pub static LINKS: Statement = Statement {
    sql: "SELECT k.id, k.dependencies FROM {ws}.tasks k
           WHERE k.ticket_id OPERATOR(pg_catalog.=) ANY ($1) AND k.dependencies IS NOT NULL",
    parameters: &[Type::Uuids],
};

/// Holds the tasks that still wait for one of those given (ticket $1, task $2), in the order of their
/// ids so that two completions do not deadlock; once for each that they wait for.
pub static DEPENDENTS: Statement = Statement {
    sql: "SELECT d.id, d.dependencies
            FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS c (ticket_id, id)
            JOIN {ws}.tasks d ON d.ticket_id OPERATOR(pg_catalog.=) c.ticket_id
                             AND d.dependencies IS NOT NULL
                             AND d.pending_dependencies OPERATOR(pg_catalog.>) 0
                             AND (d.dependencies OPERATOR(pg_catalog.->) 'depends_on')
                                 OPERATOR(pg_catalog.?) c.id::pg_catalog.text
           ORDER BY d.id
             FOR NO KEY UPDATE OF d",
    parameters: &[Type::Uuids, Type::Uuids],
};

/// As [`DEPENDENTS`] for one ticket ($1) and task ($2, its id as text), cheaper to start.
pub static DEPENDENTS_OF_ONE: Statement = Statement {
    sql: "SELECT d.id, d.dependencies
            FROM {ws}.tasks d
           WHERE d.ticket_id OPERATOR(pg_catalog.=) $1
             AND d.dependencies IS NOT NULL
             AND d.pending_dependencies OPERATOR(pg_catalog.>) 0
             AND (d.dependencies OPERATOR(pg_catalog.->) 'depends_on') OPERATOR(pg_catalog.?) $2
           ORDER BY d.id
             FOR NO KEY UPDATE",
    parameters: &[Type::Uuid, Type::Text],
};

/// Counts anew what tasks ($1) wait for, given every pair of a task and one that it waits for ($2).
pub static COUNT: Statement = Statement {
    sql: "UPDATE {ws}.tasks k SET pending_dependencies = n.pending
            FROM (SELECT p.id, pg_catalog.count(d.id)::pg_catalog.int4 AS pending
                    FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS p (id, waits_for)
                    LEFT JOIN {ws}.tasks d ON d.id OPERATOR(pg_catalog.=) p.waits_for
                                          AND d.status OPERATOR(pg_catalog.<>) 'completed'
                   GROUP BY p.id) n
           WHERE k.id OPERATOR(pg_catalog.=) n.id
             AND k.pending_dependencies OPERATOR(pg_catalog.<>) n.pending",
    parameters: &[Type::Uuids, Type::Uuids],
};
