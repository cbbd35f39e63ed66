//! The statements of the queue but those that claim. They run under [`crate::by_index::ByIndex`], with the caller's rights.
//!
//! They look at a task only if the caller may see its ticket: row security on `tickets` is
//! security for what belongs to a ticket. A task of a hidden one reads like one that is not there.

use crate::pg::value::Type;
use crate::workspace::Statement;

/// How many columns the composite type `task` has.
pub const TASK_COLUMNS: i16 = 23;

/// Sets columns of a task ($1), from $4 on, if the agent ($2) holds it, in this attempt ($3) if one is named; gives the
/// task.
///
/// All that a holder must be is one expression, so that no index but the id's can serve: a plan is kept from when the
/// table was small, and one that an owner made of the status or the agent would then look as good.
macro_rules! set {
    ($set:literal, $($kind:expr),*) => {
        Statement {
            sql: concat!(
                "UPDATE {ws}.tasks k SET ",
                $set,
                " WHERE k.id OPERATOR(pg_catalog.=) $1
                    AND coalesce(k.status OPERATOR(pg_catalog.=) ANY ('{assigned,running}'::pg_catalog.text[])
                                 AND k.assigned_agent_id OPERATOR(pg_catalog.=) $2
                                 AND ($3 IS NULL OR k.attempts OPERATOR(pg_catalog.=) $3), false)
                    AND ",
                visible!("k"),
                " RETURNING ",
                task_columns!("k")
            ),
            parameters: &[Type::Uuid, Type::Text, Type::Int, $($kind),*],
        }
    };
}

/// The column of a task that holds its lease's end.
pub const LEASE_END: i16 = 16;
/// The column of a task that holds its result.
pub const RESULT: i16 = 17;
/// The column of a task that holds its status.
pub const STATUS: i16 = 8;
/// The column of a task that holds when it was created.
pub const CREATED_AT: i16 = 20;

/// Extends a lease.
pub static EXTEND: Statement = set!("lease_expires_at = $4", Type::Time);

/// Starts work.
pub static START: Statement = set!("status = 'running'",);

/// Completes a task with the result that it has.
pub static COMPLETE: Statement = set!("status = 'completed'",);

/// Completes a task with a result.
pub static COMPLETE_WITH: Statement = set!("status = 'completed', result = $4", Type::Json);

/// Completes those of these tasks ($1) that are work and that the agent ($2) holds, each in its attempt ($3, 0 where none is
/// named), with the result in the element of the document ($5) that has its place ($4); gives their ids.
///
/// Found by a range of ids rather than by equality, so that no plan but a loop over what is given exists: it is kept from when the
/// table was small.
pub static COMPLETE_MANY: Statement = Statement {
    sql: concat!(
        "UPDATE {ws}.tasks k
            SET status = 'completed',
                result = CASE WHEN pg_catalog.jsonb_typeof(g.result) OPERATOR(pg_catalog.<>) 'null'
                              THEN g.result ELSE k.result END
           FROM (SELECT o.id, o.attempt, ($5 OPERATOR(pg_catalog.->) o.place) OPERATOR(pg_catalog.->) 'result' AS result
                   FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($3), pg_catalog.unnest($4))
                        AS o (id, attempt, place)) g
          WHERE k.id OPERATOR(pg_catalog.>=) g.id AND k.id OPERATOR(pg_catalog.<=) g.id
            AND coalesce(k.kind OPERATOR(pg_catalog.=) 'work'
                         AND k.status OPERATOR(pg_catalog.=) ANY ('{assigned,running}'::pg_catalog.text[])
                         AND k.assigned_agent_id OPERATOR(pg_catalog.=) $2
                         AND (g.attempt OPERATOR(pg_catalog.=) 0 OR k.attempts OPERATOR(pg_catalog.=) g.attempt), false)
            AND ",
        visible!("k"),
        "
      RETURNING k.id"
    ),
    parameters: &[
        Type::Uuids,
        Type::Text,
        Type::Ints,
        Type::Ints,
        Type::Json,
    ],
};

/// What tasks ($1) are of: ticket, phase, kind, and what a summary was asked for with.
pub static HOLDERS: Statement = Statement {
    sql: concat!(
        "SELECT k.id, k.ticket_id, k.phase_id, k.kind::pg_catalog.text, k.result OPERATOR(pg_catalog.->) 'request'
           FROM {ws}.tasks k
          WHERE k.id OPERATOR(pg_catalog.=) ANY ($1)
            AND ",
        visible!("k")
    ),
    parameters: &[Type::Uuids],
};

/// Ends the last attempt in failure, and says why.
pub static FAIL: Statement = set!("status = 'failed', error_message = $4", Type::Text);

/// Ends an attempt in failure, and says why ($4). Where another is left it begins when the time of this one ($5, the first
/// attempt's first, the last one's for all that follow) has come.
pub static FAIL_AND_RETRY: Statement = set!(
    "status = CASE WHEN k.attempts OPERATOR(pg_catalog.<) k.max_attempts THEN 'pending' ELSE 'failed' END,
     scheduled_at = CASE WHEN k.attempts OPERATOR(pg_catalog.<) k.max_attempts
                         THEN ($5)[GREATEST(1, LEAST(k.attempts, pg_catalog.cardinality($5)))] END,
     error_message = $4",
    Type::Text,
    Type::Times
);

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

/// The last rejection of a ticket's phase, and who gave it.
pub static LAST_REJECTION: Statement = Statement {
    sql: "SELECT k.id, k.result, k.assigned_agent_id::pg_catalog.text
            FROM {ws}.tasks k
           WHERE k.ticket_id OPERATOR(pg_catalog.=) $1 AND k.phase_id OPERATOR(pg_catalog.=) $2
             AND k.kind OPERATOR(pg_catalog.=) 'review' AND k.status OPERATOR(pg_catalog.=) 'completed'
             AND (k.result OPERATOR(pg_catalog.->) 'approved') OPERATOR(pg_catalog.=) 'false'::pg_catalog.jsonb
           ORDER BY k.completed_at DESC, k.id DESC LIMIT 1",
    parameters: &[Type::Uuid, Type::Phase],
};

/// What a reviewer is to judge. Parts: 1 what the phase's gate asks for; 2 its current artifacts, those that the gate asks
/// for and then the newest first, one more than are shown; 3 its completed work.
///
/// Columns: part, id, type, path or description, document, by whom, since when, whether the gate asks for it.
pub static BRIEF: Statement = Statement {
    sql: "SELECT 1, NULL::pg_catalog.uuid, NULL::pg_catalog.text, NULL::pg_catalog.text,
                 pg_catalog.jsonb_build_object(
                     'required_artifacts', q.required_artifacts,
                     'required_tasks_completed', q.required_tasks_completed,
                     'validation_criteria', q.validation_criteria),
                 NULL::pg_catalog.text, NULL::pg_catalog.timestamptz, true
            FROM {ws}.phase_gate_requirements q WHERE q.phase_id OPERATOR(pg_catalog.=) $2
           UNION ALL
          (SELECT 2, c.id, c.artifact_type::pg_catalog.text, c.artifact_path, c.artifact_content,
                  c.collected_by::pg_catalog.text, c.collected_at, w.wanted
             FROM (SELECT a.*
                     FROM {ws}.phase_gate_artifacts a
                    WHERE a.ticket_id OPERATOR(pg_catalog.=) $1 AND a.phase_id OPERATOR(pg_catalog.=) $2
                      AND a.superseded_at IS NULL) c
            CROSS JOIN LATERAL (
                  SELECT EXISTS (
                         SELECT 1 FROM {ws}.phase_gate_requirements q
                          WHERE q.phase_id OPERATOR(pg_catalog.=) $2
                            AND (c.artifact_type::pg_catalog.text OPERATOR(pg_catalog.=) ANY (q.required_artifacts)
                                 OR q.validation_criteria OPERATOR(pg_catalog.?) c.artifact_type::pg_catalog.text)) AS wanted) w
            ORDER BY w.wanted DESC, c.collected_at DESC, c.id DESC
            LIMIT 1001)
           UNION ALL
          SELECT 3, k.id, k.task_type::pg_catalog.text, k.description::pg_catalog.text, k.result,
                 k.assigned_agent_id::pg_catalog.text, k.completed_at, true
            FROM {ws}.tasks k
           WHERE k.ticket_id OPERATOR(pg_catalog.=) $1 AND k.phase_id OPERATOR(pg_catalog.=) $2
             AND k.kind OPERATOR(pg_catalog.=) 'work' AND k.status OPERATOR(pg_catalog.=) 'completed'",
    parameters: &[Type::Uuid, Type::Phase],
};
