//! The statements of the context room, named and together.

use crate::pg::value::Type;
use crate::workspace::Statement;

/// What a phase of a ticket produced: its completed work tasks and its current artifacts, of more than anybody reads some,
/// in no order. Most moves find nothing, and a sort that is set up for nothing takes longer than both look-ups.
/// Columns: whether it is a task, its id, its type, description or path, result, when it was completed or collected.
pub static EVIDENCE: Statement = Statement {
    sql: "SELECT true, k.id, k.task_type::pg_catalog.text, k.description, k.result, k.completed_at
            FROM {ws}.tasks k
           WHERE k.ticket_id OPERATOR(pg_catalog.=) $1
             AND k.phase_id OPERATOR(pg_catalog.=) $2
             AND k.kind OPERATOR(pg_catalog.=) 'work'
             AND k.status OPERATOR(pg_catalog.=) 'completed'
           UNION ALL
          (SELECT false, a.id, a.artifact_type::pg_catalog.text, a.artifact_path, NULL, a.collected_at
             FROM {ws}.phase_gate_artifacts a
            WHERE a.ticket_id OPERATOR(pg_catalog.=) $1
              AND a.phase_id OPERATOR(pg_catalog.=) $2
              AND a.superseded_at IS NULL
            LIMIT 10000)",
    parameters: &[Type::Uuid, Type::Phase],
};

/// The rows of [`EVIDENCE`] without their columns: whether there is one is asked of it. To start it takes half of the time, and
/// most moves need no more.
pub static HAS_EVIDENCE: Statement = Statement {
    sql: "SELECT FROM {ws}.tasks k
           WHERE k.ticket_id OPERATOR(pg_catalog.=) $1
             AND k.phase_id OPERATOR(pg_catalog.=) $2
             AND k.kind OPERATOR(pg_catalog.=) 'work'
             AND k.status OPERATOR(pg_catalog.=) 'completed'
           UNION ALL
          SELECT FROM {ws}.phase_gate_artifacts a
           WHERE a.ticket_id OPERATOR(pg_catalog.=) $1
             AND a.phase_id OPERATOR(pg_catalog.=) $2
             AND a.superseded_at IS NULL",
    parameters: &[Type::Uuid, Type::Phase],
};

/// A ticket's phase, context and summary, with the caller's rights.
pub static TICKET: Statement = Statement {
    sql: "SELECT {ticket.phase_id}, {ticket.context}, {ticket.context_summary}, {ticket.updated_at}
            FROM {tickets} WHERE {ticket.id} OPERATOR(pg_catalog.=) $1",
    parameters: &[Type::Uuid],
};

/// As [`TICKET`], and holds the ticket as it is.
pub static TICKET_LOCKED: Statement = Statement {
    sql: "SELECT {ticket.phase_id}, {ticket.context}, {ticket.context_summary}, {ticket.updated_at}
            FROM {tickets} WHERE {ticket.id} OPERATOR(pg_catalog.=) $1
             FOR NO KEY UPDATE",
    parameters: &[Type::Uuid],
};

/// Sets a ticket's context and summary, with the caller's rights, where they differ.
pub static SET_CONTEXT: Statement = Statement {
    sql: "UPDATE {tickets} SET {ticket.context} = $2, {ticket.context_summary} = $3
           WHERE {ticket.id} OPERATOR(pg_catalog.=) $1
             AND NOT ({ticket.context} IS NOT NULL AND {ticket.context} OPERATOR(pg_catalog.=) $2
                      AND {ticket.context_summary} IS NOT NULL AND {ticket.context_summary} OPERATOR(pg_catalog.=) $3)",
    parameters: &[Type::Uuid, Type::Json, Type::Text],
};

/// Keeps blocks of phases that were left, where they differ from what is kept; `$rows` gives them.
macro_rules! keep {
    ($rows:literal) => {
        concat!(
            "INSERT INTO {ws}.phase_context AS c (ticket_id, phase_id, context_data, context_summary, created_at, updated_at)
          ",
            $rows,
            "
              ON CONFLICT (ticket_id, phase_id) DO UPDATE
             SET context_data = EXCLUDED.context_data, context_summary = EXCLUDED.context_summary,
                 updated_at = EXCLUDED.updated_at
           WHERE c.context_data OPERATOR(pg_catalog.<>) EXCLUDED.context_data
              OR c.context_summary IS NULL
              OR c.context_summary OPERATOR(pg_catalog.<>) EXCLUDED.context_summary"
        )
    };
}

/// Keeps one block.
pub static KEEP_BLOCK: Statement = Statement {
    sql: keep!("VALUES ($1, $2, $3, $4, $5, $5)"),
    parameters: &[Type::Uuid, Type::Phase, Type::Json, Type::Text, Type::Time],
};

/// Keeps many, one a ticket and phase.
pub static KEEP_BLOCKS: Statement = Statement {
    sql: keep!(
        "SELECT b.ticket_id, b.phase_id, b.data::pg_catalog.jsonb, b.summary, $5, $5
            FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4))
                 AS b (ticket_id, phase_id, data, summary)"
    ),
    parameters: &[
        Type::Uuids,
        Type::Phases,
        Type::Texts,
        Type::Texts,
        Type::Time,
    ],
};

/// A ticket's context as one object; `last_updated` is when a block was kept last, else when the ticket was.
pub static TICKET_CONTEXT: Statement = Statement {
    sql: "SELECT pg_catalog.jsonb_build_object(
                     'ticket_id', $1, 'full_context', $2, 'summary', $3,
                     'last_updated', coalesce((SELECT pg_catalog.max(c.updated_at) FROM {ws}.phase_context c
                                                WHERE c.ticket_id OPERATOR(pg_catalog.=) $1), $4))",
    parameters: &[Type::Uuid, Type::Json, Type::Text, Type::Time],
};

/// The summary that an outside summarizer made of the content with this fingerprint.
pub static APPLIED: Statement = Statement {
    sql: "SELECT k.result OPERATOR(pg_catalog.->>) 'summary'
            FROM {ws}.tasks k
           WHERE k.ticket_id OPERATOR(pg_catalog.=) $1
             AND k.kind OPERATOR(pg_catalog.=) 'summary' AND k.status OPERATOR(pg_catalog.=) 'completed'
             AND (k.result OPERATOR(pg_catalog.->) 'applied') OPERATOR(pg_catalog.=) 'true'::pg_catalog.jsonb
             AND (k.result OPERATOR(pg_catalog.#>>) '{request,fingerprint}'::pg_catalog.text[]) OPERATOR(pg_catalog.=) $2
           ORDER BY k.completed_at DESC, k.id DESC LIMIT 1",
    parameters: &[Type::Uuid, Type::Text],
};

/// The ticket's open summary tasks, and of which content they are to be.
pub static OPEN: Statement = Statement {
    sql: "SELECT k.id, k.result OPERATOR(pg_catalog.#>>) '{request,fingerprint}'::pg_catalog.text[] FROM {ws}.tasks k
           WHERE k.ticket_id OPERATOR(pg_catalog.=) $1 AND k.kind OPERATOR(pg_catalog.=) 'summary'
             AND k.status OPERATOR(pg_catalog.=) ANY ('{pending,assigned,running}'::pg_catalog.text[])
           ORDER BY k.id",
    parameters: &[Type::Uuid],
};

/// Cancels the ticket's summary tasks that nobody has begun.
pub static DROP_REQUESTS: Statement = Statement {
    sql: "UPDATE {ws}.tasks k
             SET status = 'cancelled', error_message = 'the context has changed since this summary was asked for'
           WHERE k.id OPERATOR(pg_catalog.=) ANY (ARRAY(
                 SELECT o.id FROM {ws}.tasks o
                  WHERE o.ticket_id OPERATOR(pg_catalog.=) $1 AND o.kind OPERATOR(pg_catalog.=) 'summary'
                    AND o.status OPERATOR(pg_catalog.=) 'pending'
                    FOR NO KEY UPDATE SKIP LOCKED))",
    parameters: &[Type::Uuid],
};

/// Puts a summary into the queue, as urgent as its ticket.
pub static ASK: Statement = Statement {
    sql: "INSERT INTO {ws}.tasks
                 (id, ticket_id, phase_id, kind, task_type, description, priority, required_capabilities, result)
          SELECT $1, t.{ticket.id}, $3, 'summary', 'summary',
                 pg_catalog.format('Summarize for %s, in at most %s tokens, the context of: %s', $6, $5, t.{ticket.title}),
                 t.{ticket.priority}, '[\"summarization\"]', $4
            FROM {tickets} t WHERE t.{ticket.id} OPERATOR(pg_catalog.=) $2",
    parameters: &[
        Type::Uuid,
        Type::Uuid,
        Type::Phase,
        Type::Json,
        Type::Int,
        Type::Text,
    ],
};

/// Sets the ticket's summary, in its column and in its context where that is an object.
pub static APPLY: Statement = Statement {
    sql: "UPDATE {tickets}
             SET {ticket.context_summary} = $2,
                 {ticket.context} = CASE WHEN pg_catalog.jsonb_typeof({ticket.context}) OPERATOR(pg_catalog.=) 'object'
                                         THEN {ticket.context} OPERATOR(pg_catalog.||) $3 ELSE {ticket.context} END
           WHERE {ticket.id} OPERATOR(pg_catalog.=) $1",
    parameters: &[Type::Uuid, Type::Text, Type::Json],
};

/// The tickets for which a phase has produced anything, at most as many as asked for.
pub static PRODUCTIVE: Statement = Statement {
    sql: "SELECT k.ticket_id FROM {ws}.tasks k
           WHERE k.phase_id OPERATOR(pg_catalog.=) $1
             AND k.kind OPERATOR(pg_catalog.=) 'work' AND k.status OPERATOR(pg_catalog.=) 'completed'
           UNION
          SELECT a.ticket_id FROM {ws}.phase_gate_artifacts a
           WHERE a.phase_id OPERATOR(pg_catalog.=) $1 AND a.superseded_at IS NULL
           LIMIT $2",
    parameters: &[Type::Phase, Type::Big],
};

/// How many pages [`PRODUCTIVE`] reads of these tables.
pub static PAGES: Statement = Statement {
    sql: "SELECT (pg_catalog.pg_relation_size($1) OPERATOR(pg_catalog.+) pg_catalog.pg_relation_size($2))
                 OPERATOR(pg_catalog./) pg_catalog.current_setting('block_size')::pg_catalog.int8",
    parameters: &[Type::Oid, Type::Oid],
};
