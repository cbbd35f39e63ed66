//! The statements about reviews, and what follows from them.

use crate::pg::value::Type;
use crate::workspace::Statement;

/// The open reviews of a ticket's phase.
pub static OPEN_REVIEWS: Statement = Statement {
    sql: "SELECT k.id FROM {ws}.tasks k
           WHERE k.ticket_id OPERATOR(pg_catalog.=) $1 AND k.phase_id OPERATOR(pg_catalog.=) $2
             AND k.kind OPERATOR(pg_catalog.=) 'review'
             AND k.status OPERATOR(pg_catalog.=) ANY ('{pending,assigned,running}'::pg_catalog.text[])
           ORDER BY k.id",
    parameters: &[Type::Uuid, Type::Phase],
};

/// Puts reviews ($1) into the queue, as urgent as their ticket ($2). They are asked for now ($4), and later than any verdict on
/// the phase ($3) was given.
pub static ASK_REVIEWS: Statement = Statement {
    sql: "INSERT INTO {ws}.tasks (id, ticket_id, phase_id, kind, task_type, description, priority, required_capabilities, created_at,
                                 on_hold)
          SELECT n.id, t.{ticket.id}, $3, 'review', 'review',
                 pg_catalog.format('Review the work of %s on: %s', $3, t.{ticket.title}), t.{ticket.priority}, '[\"validation\"]',
                 GREATEST($4, (SELECT pg_catalog.max(k.completed_at) OPERATOR(pg_catalog.+) '1 microsecond'::pg_catalog.interval
                                 FROM {ws}.tasks k
                                WHERE k.ticket_id OPERATOR(pg_catalog.=) $2 AND k.phase_id OPERATOR(pg_catalog.=) $3
                                  AND k.kind OPERATOR(pg_catalog.=) 'review' AND k.status OPERATOR(pg_catalog.=) 'completed')),
                 t.{ticket.phase_id} OPERATOR(pg_catalog.<>) $3
                 AND EXISTS (SELECT FROM {ws}.phases p
                              WHERE p.phase_id OPERATOR(pg_catalog.=) t.{ticket.phase_id}
                                AND p.kind OPERATOR(pg_catalog.=) ANY ('{blocked,final,abandoned}'::pg_catalog.text[]))
            FROM pg_catalog.unnest($1) AS n (id), {tickets} t WHERE t.{ticket.id} OPERATOR(pg_catalog.=) $2",
    parameters: &[Type::Uuids, Type::Uuid, Type::Phase, Type::Time],
};

/// Whether the agent worked on the phase of the ticket: ever held a piece of its work, or collected an artifact. Where as
/// many agents held it as are kept ([`crate::limits::AGENTS`]), any may have.
pub static TOOK_PART: Statement = Statement {
    sql: "SELECT EXISTS (
              SELECT 1 FROM {ws}.tasks k
               WHERE k.ticket_id OPERATOR(pg_catalog.=) $1
                 AND k.phase_id OPERATOR(pg_catalog.=) $2
                 AND k.kind OPERATOR(pg_catalog.=) 'work'
                 AND ($3 OPERATOR(pg_catalog.=) ANY (k.agents::pg_catalog.text[])
                      OR pg_catalog.cardinality(k.agents) OPERATOR(pg_catalog.>=) 1000))
              OR EXISTS (
              SELECT 1 FROM {ws}.phase_gate_artifacts a
               WHERE a.ticket_id OPERATOR(pg_catalog.=) $1
                 AND a.phase_id OPERATOR(pg_catalog.=) $2
                 AND a.collected_by OPERATOR(pg_catalog.=) $3)",
    parameters: &[Type::Uuid, Type::Phase, Type::Text],
};

/// Whether an approval of the phase by the agent ($3), in another review than this ($4, or NULL), counts: it is not older than
/// the evidence, and the review was not asked for before a rejection that stands.
pub static HAS_APPROVED: Statement = Statement {
    sql: concat!("SELECT EXISTS (
              SELECT 1 FROM {ws}.tasks k,
                     (SELECT coalesce(", review_counts_since!(), ", '-infinity') AS since) s
               WHERE k.ticket_id OPERATOR(pg_catalog.=) $1 AND k.phase_id OPERATOR(pg_catalog.=) $2
                 AND k.kind OPERATOR(pg_catalog.=) 'review' AND k.status OPERATOR(pg_catalog.=) 'completed'
                 AND k.assigned_agent_id::pg_catalog.text OPERATOR(pg_catalog.=) $3
                 AND ($4 IS NULL OR k.id OPERATOR(pg_catalog.<>) $4)
                 AND (k.result OPERATOR(pg_catalog.->) 'approved') OPERATOR(pg_catalog.=) 'true'::pg_catalog.jsonb
                 AND k.completed_at OPERATOR(pg_catalog.>=) s.since
                 AND NOT EXISTS (
                     SELECT 1 FROM {ws}.tasks r
                      WHERE r.ticket_id OPERATOR(pg_catalog.=) $1 AND r.phase_id OPERATOR(pg_catalog.=) $2
                        AND r.kind OPERATOR(pg_catalog.=) 'review' AND r.status OPERATOR(pg_catalog.=) 'completed'
                        AND (r.result OPERATOR(pg_catalog.->) 'approved') OPERATOR(pg_catalog.=) 'false'::pg_catalog.jsonb
                        AND r.completed_at OPERATOR(pg_catalog.>=) s.since
                        AND ($4 IS NULL OR r.id OPERATOR(pg_catalog.<>) $4)
                        AND r.completed_at OPERATOR(pg_catalog.>=) k.created_at))"),
    parameters: &[Type::Uuid, Type::Phase, Type::Text, Type::Uuid],
};

/// What is to be known of a ticket's phase when a review ($3) rejects it: the ticket's title, priority, phase and the one
/// before; how many tasks rejections have made; the one that is open, and what it says; what its last piece of work
/// took; what the review says.
pub static REJECTED: Statement = Statement {
    sql: "SELECT t.{ticket.title}::pg_catalog.text, t.{ticket.priority}::pg_catalog.text, t.{ticket.phase_id}, t.{ticket.previous_phase_id},
                 w.times, o.id, o.description, l.required_capabilities, r.result
            FROM {tickets} t
            JOIN {ws}.tasks r ON r.id OPERATOR(pg_catalog.=) $3 AND r.status OPERATOR(pg_catalog.=) 'completed'
           CROSS JOIN LATERAL (
                 SELECT pg_catalog.count(*) AS times FROM {ws}.tasks k
                  WHERE k.ticket_id OPERATOR(pg_catalog.=) $1 AND k.phase_id OPERATOR(pg_catalog.=) $2
                    AND k.kind OPERATOR(pg_catalog.=) 'work' AND k.task_type::pg_catalog.text OPERATOR(pg_catalog.=) 'rework'
                    AND k.status OPERATOR(pg_catalog.<>) 'cancelled') w
            LEFT JOIN LATERAL (
                 SELECT k.id, k.description::pg_catalog.text AS description FROM {ws}.tasks k
                  WHERE k.ticket_id OPERATOR(pg_catalog.=) $1 AND k.phase_id OPERATOR(pg_catalog.=) $2
                    AND k.kind OPERATOR(pg_catalog.=) 'work' AND k.task_type::pg_catalog.text OPERATOR(pg_catalog.=) 'rework'
                    AND k.status OPERATOR(pg_catalog.=) ANY ('{pending,assigned,running}'::pg_catalog.text[])
                  ORDER BY k.id LIMIT 1) o ON true
            LEFT JOIN LATERAL (
                 SELECT k.required_capabilities FROM {ws}.tasks k
                  WHERE k.ticket_id OPERATOR(pg_catalog.=) $1 AND k.phase_id OPERATOR(pg_catalog.=) $2
                    AND k.kind OPERATOR(pg_catalog.=) 'work' AND k.status OPERATOR(pg_catalog.=) 'completed'
                  ORDER BY k.completed_at DESC, k.id DESC LIMIT 1) l ON true
           WHERE t.{ticket.id} OPERATOR(pg_catalog.=) $1",
    parameters: &[Type::Uuid, Type::Phase, Type::Uuid],
};

/// Cancels the reviews of a rejected phase that nobody has begun: what they were to judge is not the last word.
pub static DROP_REVIEWS: Statement = Statement {
    sql: "UPDATE {ws}.tasks k SET status = 'cancelled', error_message = 'the phase was rejected'
           WHERE k.id OPERATOR(pg_catalog.=) ANY (ARRAY(
                 SELECT o.id FROM {ws}.tasks o
                  WHERE o.ticket_id OPERATOR(pg_catalog.=) $1 AND o.phase_id OPERATOR(pg_catalog.=) $2
                    AND o.kind OPERATOR(pg_catalog.=) 'review' AND o.status OPERATOR(pg_catalog.=) 'pending'
                    FOR NO KEY UPDATE SKIP LOCKED))",
    parameters: &[Type::Uuid, Type::Phase],
};

/// Cancels the rework of an approved phase that nobody has begun.
pub static DROP_REWORK: Statement = Statement {
    sql: "UPDATE {ws}.tasks k SET status = 'cancelled', error_message = 'the phase was approved'
           WHERE k.id OPERATOR(pg_catalog.=) ANY (ARRAY(
                 SELECT o.id FROM {ws}.tasks o
                  WHERE o.ticket_id OPERATOR(pg_catalog.=) $1 AND o.phase_id OPERATOR(pg_catalog.=) $2
                    AND o.kind OPERATOR(pg_catalog.=) 'work' AND o.task_type::pg_catalog.text OPERATOR(pg_catalog.=) 'rework'
                    AND o.status OPERATOR(pg_catalog.=) 'pending'
                    FOR NO KEY UPDATE SKIP LOCKED))",
    parameters: &[Type::Uuid, Type::Phase],
};

/// Puts rework into the queue.
pub static SEND_BACK: Statement = Statement {
    sql: "INSERT INTO {ws}.tasks (ticket_id, phase_id, task_type, description, priority, required_capabilities, created_at)
          VALUES ($1, $2, 'rework', $3, $4, $5, $6)",
    parameters: &[
        Type::Uuid,
        Type::Phase,
        Type::Text,
        Type::Text,
        Type::Json,
        Type::Time,
    ],
};

/// Says more of what is to be mended, unless somebody is at the task just now.
pub static SAY_MORE: Statement = Statement {
    sql: "UPDATE {ws}.tasks k SET description = $2
           WHERE k.id OPERATOR(pg_catalog.=) (
                 SELECT o.id FROM {ws}.tasks o WHERE o.id OPERATOR(pg_catalog.=) $1 FOR NO KEY UPDATE SKIP LOCKED)",
    parameters: &[Type::Uuid, Type::Text],
};
