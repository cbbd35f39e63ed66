//! The statements of the queue. They run under [`crate::pg::settings::ByIndex`], with the caller's rights.
//!
//! All but [`TIDY`] look at a task only if the caller may see its ticket: row security on `tickets` is
//! security for what belongs to a ticket. A task of a hidden one reads like one that is not there.

use crate::pg::spi::Statement;
use crate::pg::value::Type;

/// Where a task stands in the queue; the same expression as in the index `tasks_claimable`.
macro_rules! rank {
    ($row:literal) => {
        concat!(
            "pg_catalog.array_position('{CRITICAL,HIGH,MEDIUM,LOW}'::pg_catalog.text[], ",
            $row,
            ".priority::pg_catalog.text)"
        )
    };
}

/// Whether the caller may see the row's ticket. A scalar subquery, so that no join can be planned in an
/// index's place.
macro_rules! visible {
    ($row:literal) => {
        concat!(
            "(SELECT true FROM {ws}.tickets t WHERE t.id OPERATOR(pg_catalog.=) ",
            $row,
            ".ticket_id)"
        )
    };
}

/// Whether the row is held by this agent ($2) in this attempt ($3, or any).
macro_rules! held {
    () => {
        concat!(
            "k.id OPERATOR(pg_catalog.=) $1
             AND k.assigned_agent_id OPERATOR(pg_catalog.=) $2
             AND k.status OPERATOR(pg_catalog.=) ANY ('{assigned,running}'::pg_catalog.text[])
             AND ($3 IS NULL OR k.attempts OPERATOR(pg_catalog.=) $3)
             AND ",
            visible!("k")
        )
    };
}

/// How many columns the composite type `task` has.
pub const TASK_COLUMNS: i32 = 23;
/// The column of [`CLAIM`] that holds the ticket's context; attempt and title stand before it.
pub const CLAIMED_CONTEXT: i32 = TASK_COLUMNS + 3;
/// The column of [`CLAIM`] that holds the task's phase as an enum value.
pub const CLAIMED_PHASE: i32 = TASK_COLUMNS + 4;

/// The choice of a claim, best first; `$5` counts. It reads `tasks_claimable` in order and stops at the
/// last row that it needs. Who took part in a phase is asked only about reviews.
///
/// It stands in a CTE of its own, because a subquery with LIMIT and SKIP LOCKED may be run more than once
/// by the plan around it and then claim too much.
macro_rules! best {
    () => {
        concat!(
            "WITH best AS MATERIALIZED (
              SELECT k.id
                FROM {ws}.tasks k
               WHERE k.status OPERATOR(pg_catalog.=) 'pending'
                 AND k.pending_dependencies OPERATOR(pg_catalog.=) 0
                 AND k.scheduled_at IS NULL
                 AND k.kind OPERATOR(pg_catalog.=) ANY ($4)
                 AND ($3 IS NULL OR k.phase_id OPERATOR(pg_catalog.=) ANY ($3))
                 AND (k.required_capabilities IS NULL OR k.required_capabilities OPERATOR(pg_catalog.<@) $2)
                 AND ", visible!("k"), "
                 AND (k.kind OPERATOR(pg_catalog.<>) 'review'
                      OR NOT phasegate.took_part(k.ticket_id, k.phase_id::pg_catalog.text, $1))
                 AND ($8 OR NOT EXISTS (
                      SELECT 1 FROM {ws}.tasks e
                       WHERE coalesce(e.lease_expires_at, e.scheduled_at) OPERATOR(pg_catalog.<=) $6))
               ORDER BY ", rank!("k"), ", k.created_at, k.id
               LIMIT $5
                 FOR NO KEY UPDATE OF k SKIP LOCKED)"
        )
    };
}

/// The parameters of a claim: agent, capabilities, phases, kinds, count, now, the lease's end, whether to
/// claim though leases ran out or times came (so that [`TIDY`] would find something).
const CLAIM_PARAMETERS: &[Type] = &[
    Type::Text,
    Type::Json,
    Type::Phases,
    Type::Texts,
    Type::Big,
    Type::Time,
    Type::Time,
    Type::Bool,
];

/// Claims the best tasks there are.
pub static CLAIM: Statement = Statement {
    sql: concat!(
        best!(),
        ",
          claimed AS (
              UPDATE {ws}.tasks k
                 SET status = 'assigned', assigned_agent_id = $1, lease_expires_at = $7
               WHERE k.id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT best.id FROM best))
           RETURNING ",
        task_columns!("k"),
        ", k.phase_id AS phase)
          SELECT ",
        task_columns!("c"),
        ", c.attempts, t.title::pg_catalog.text, t.context, c.phase
            FROM claimed c
            JOIN {ws}.tickets t ON t.id OPERATOR(pg_catalog.=) c.ticket_id
           ORDER BY ",
        rank!("c"),
        ", c.created_at, c.id"
    ),
    parameters: CLAIM_PARAMETERS,
};

/// Claims the best task there is: [`CLAIM`] with nothing to put into order afterwards.
pub static CLAIM_ONE: Statement = Statement {
    sql: concat!(
        best!(),
        "
          UPDATE {ws}.tasks k
             SET status = 'assigned', assigned_agent_id = $1, lease_expires_at = $7
            FROM {ws}.tickets t
           WHERE k.id OPERATOR(pg_catalog.=) (SELECT best.id FROM best)
             AND t.id OPERATOR(pg_catalog.=) k.ticket_id
       RETURNING ",
        task_columns!("k"),
        ", k.attempts, t.title::pg_catalog.text, t.context, k.phase_id"
    ),
    parameters: CLAIM_PARAMETERS,
};

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

/// Whether the agent worked on the phase of the ticket: was assigned a completed piece of work, or
/// collected an artifact.
pub static TOOK_PART: Statement = Statement {
    sql: "SELECT EXISTS (
              SELECT 1 FROM {ws}.tasks k
               WHERE k.ticket_id OPERATOR(pg_catalog.=) $1
                 AND k.phase_id OPERATOR(pg_catalog.=) $2
                 AND k.kind OPERATOR(pg_catalog.=) 'work'
                 AND k.status OPERATOR(pg_catalog.=) 'completed'
                 AND k.assigned_agent_id OPERATOR(pg_catalog.=) $3)
              OR EXISTS (
              SELECT 1 FROM {ws}.phase_gate_artifacts a
               WHERE a.ticket_id OPERATOR(pg_catalog.=) $1
                 AND a.phase_id OPERATOR(pg_catalog.=) $2
                 AND a.collected_by OPERATOR(pg_catalog.=) $3)",
    parameters: &[Type::Uuid, Type::Phase, Type::Text],
};

/// Extends a lease to $4.
pub static HEARTBEAT: Statement = Statement {
    sql: concat!(
        "UPDATE {ws}.tasks k SET lease_expires_at = $4
           WHERE ",
        held!(),
        "
       RETURNING k.lease_expires_at"
    ),
    parameters: &[Type::Uuid, Type::Text, Type::Int, Type::Time],
};

/// Marks a task as running.
pub static START: Statement = Statement {
    sql: concat!("UPDATE {ws}.tasks k SET status = 'running' WHERE ", held!()),
    parameters: &[Type::Uuid, Type::Text, Type::Int],
};

/// Completes a task with the result $4; without one, with what the task holds already.
pub static COMPLETE: Statement = Statement {
    sql: concat!(
        "UPDATE {ws}.tasks k SET status = 'completed', result = coalesce($4, k.result)
           WHERE ",
        held!(),
        "
       RETURNING ",
        task_columns!("k")
    ),
    parameters: &[Type::Uuid, Type::Text, Type::Int, Type::Json],
};

/// Holds a held task while its failure is decided: its attempts, and some random bits.
pub static FAILING: Statement = Statement {
    sql: concat!(
        "SELECT k.attempts, k.max_attempts,
                (pg_catalog.random() OPERATOR(pg_catalog.*) 9223372036854775807)::pg_catalog.int8
            FROM {ws}.tasks k
           WHERE ",
        held!(),
        "
             FOR NO KEY UPDATE"
    ),
    parameters: &[Type::Uuid, Type::Text, Type::Int],
};

/// Ends an attempt in failure: the status that follows, when to try again, and why it failed.
pub static FAIL: Statement = Statement {
    sql: concat!(
        "UPDATE {ws}.tasks k SET status = $2, scheduled_at = $3, error_message = $4
           WHERE k.id OPERATOR(pg_catalog.=) $1
       RETURNING ",
        task_columns!("k")
    ),
    parameters: &[Type::Uuid, Type::Text, Type::Time, Type::Text],
};

/// Cancels a task, keeping what is known of why ($2).
pub static CANCEL: Statement = Statement {
    sql: concat!(
        "UPDATE {ws}.tasks k SET status = 'cancelled', error_message = coalesce($2, k.error_message)
           WHERE k.id OPERATOR(pg_catalog.=) $1
             AND ",
        visible!("k"),
        "
       RETURNING ",
        task_columns!("k")
    ),
    parameters: &[Type::Uuid, Type::Text],
};

/// Who holds a task.
pub static HOLDER: Statement = Statement {
    sql: concat!(
        "SELECT k.status::pg_catalog.text, k.assigned_agent_id::pg_catalog.text, k.attempts
            FROM {ws}.tasks k
           WHERE k.id OPERATOR(pg_catalog.=) $1
             AND ",
        visible!("k")
    ),
    parameters: &[Type::Uuid],
};

/// Wakes whoever listens for tasks.
pub static NOTIFY: Statement = Statement {
    sql: "SELECT pg_catalog.pg_notify('phasegate_tasks', $1)",
    parameters: &[Type::Text],
};

/// What a reviewer is to judge, put into the context ($3): what the phase's gate asks for, its current
/// artifacts, the results of its completed work.
pub static BRIEF: Statement = Statement {
    sql: "SELECT coalesce($3, '{}'::pg_catalog.jsonb) OPERATOR(pg_catalog.||)
                 pg_catalog.jsonb_build_object('review', pg_catalog.jsonb_build_object(
                 'requirements', (
                 SELECT pg_catalog.jsonb_build_object(
                            'required_artifacts', q.required_artifacts,
                            'required_tasks_completed', q.required_tasks_completed,
                            'validation_criteria', q.validation_criteria)
                   FROM {ws}.phase_gate_requirements q WHERE q.phase_id OPERATOR(pg_catalog.=) $2),
                 'artifacts', (
                 SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                            'id', c.id, 'type', c.artifact_type, 'path', c.artifact_path,
                            'content', c.artifact_content, 'collected_by', c.collected_by) ORDER BY c.artifact_type), '[]')
                   FROM (SELECT DISTINCT ON (a.artifact_type) a.*
                           FROM {ws}.phase_gate_artifacts a
                          WHERE a.ticket_id OPERATOR(pg_catalog.=) $1 AND a.phase_id OPERATOR(pg_catalog.=) $2
                            AND a.superseded_at IS NULL
                          ORDER BY a.artifact_type, a.collected_at DESC, a.id DESC) c),
                 'tasks', (
                 SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                            'task_id', k.id, 'task_type', k.task_type, 'description', k.description,
                            'agent', k.assigned_agent_id, 'result', k.result) ORDER BY k.completed_at, k.id), '[]')
                   FROM {ws}.tasks k
                  WHERE k.ticket_id OPERATOR(pg_catalog.=) $1 AND k.phase_id OPERATOR(pg_catalog.=) $2
                    AND k.kind OPERATOR(pg_catalog.=) 'work' AND k.status OPERATOR(pg_catalog.=) 'completed')))",
    parameters: &[Type::Uuid, Type::Phase, Type::Json],
};
