//! The statements of the workflow, named and together.

use crate::pg::value::Type;
use crate::workspace::Statement;

mod archive;

pub use archive::*;

/// Moves one ticket, with the caller's rights.
pub static MOVE_ONE: Statement = Statement {
    sql: "UPDATE {tickets} SET {ticket.phase_id} = $2 WHERE {ticket.id} OPERATOR(pg_catalog.=) $1",
    parameters: &[Type::Uuid, Type::Phase],
};

/// Moves many tickets, with the caller's rights; locks them in the order of their ids, so that two
/// overlapping calls wait for one another and never deadlock. Returns the ids of those that exist and
/// were not left out.
pub static MOVE_MANY: Statement = Statement {
    sql: "WITH locked AS MATERIALIZED (
              SELECT t.{ticket.id} AS id
                FROM {tickets} t
               WHERE t.{ticket.id} OPERATOR(pg_catalog.=) ANY ($1)
               ORDER BY t.{ticket.id}
                 FOR NO KEY UPDATE)
          UPDATE {tickets} t SET {ticket.phase_id} = $2
            FROM locked
           WHERE t.{ticket.id} OPERATOR(pg_catalog.=) locked.id
       RETURNING t.{ticket.id}",
    parameters: &[Type::Uuids, Type::Phase],
};

/// The tickets in some phases ($1), with the caller's rights, and when they entered them.
pub static IN_PHASES: Statement = Statement {
    sql: "SELECT t.{ticket.id}, t.{ticket.phase_id}, t.{ticket.phase_entered_at} FROM {tickets} t WHERE t.{ticket.phase_id} OPERATOR(pg_catalog.=) ANY ($1)",
    parameters: &[Type::Phases],
};

/// Those of the tickets ($1) in phases ($2) that have no open work there.
pub static IDLE: Statement = Statement {
    sql: "SELECT c.ticket_id
            FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS c (ticket_id, phase_id)
           WHERE NOT EXISTS (
                 SELECT FROM {ws}.tasks k
                  WHERE k.ticket_id OPERATOR(pg_catalog.=) c.ticket_id AND k.phase_id OPERATOR(pg_catalog.=) c.phase_id
                    AND k.kind OPERATOR(pg_catalog.=) 'work'
                    AND k.status OPERATOR(pg_catalog.=) ANY ('{pending,assigned,running}'::pg_catalog.text[]))",
    parameters: &[Type::Uuids, Type::Phases],
};

/// Those of the tickets ($1) in phases ($2) that have completed work there, and none that is not completed.
pub static DONE_WORK: Statement = Statement {
    sql: "SELECT c.ticket_id
            FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS c (ticket_id, phase_id)
           CROSS JOIN LATERAL (
                 SELECT pg_catalog.bool_and(k.status OPERATOR(pg_catalog.=) 'completed') AS is_done
                   FROM {ws}.tasks k
                  WHERE k.ticket_id OPERATOR(pg_catalog.=) c.ticket_id AND k.phase_id OPERATOR(pg_catalog.=) c.phase_id
                    AND k.kind OPERATOR(pg_catalog.=) 'work' AND k.status OPERATOR(pg_catalog.<>) 'cancelled') w
           WHERE w.is_done",
    parameters: &[Type::Uuids, Type::Phases],
};

/// Holds those of the tickets ($1) that nobody else holds, with the caller's rights; gives the phases that they are in.
pub static HOLD_FREE: Statement = Statement {
    sql: "SELECT t.{ticket.id}, t.{ticket.phase_id} FROM {tickets} t
           WHERE t.{ticket.id} OPERATOR(pg_catalog.=) ANY ($1)
             FOR NO KEY UPDATE SKIP LOCKED",
    parameters: &[Type::Uuids],
};

/// Where a ticket is and was, with the caller's rights.
pub static POSITION: Statement = Statement {
    sql: "SELECT {ticket.phase_id}, {ticket.previous_phase_id} FROM {tickets} WHERE {ticket.id} OPERATOR(pg_catalog.=) $1",
    parameters: &[Type::Uuid],
};

/// As [`POSITION`], and holds the ticket there.
pub static POSITION_LOCKED: Statement = Statement {
    sql: "SELECT {ticket.phase_id}, {ticket.previous_phase_id} FROM {tickets} WHERE {ticket.id} OPERATOR(pg_catalog.=) $1
             FOR NO KEY UPDATE",
    parameters: &[Type::Uuid],
};

/// Where tickets are, whatever the caller may see.
pub static POSITIONS: Statement = Statement {
    sql: "SELECT {ticket.id}, {ticket.phase_id}, {ticket.previous_phase_id}, {ticket.phase_entered_at} FROM {tickets} WHERE {ticket.id} OPERATOR(pg_catalog.=) ANY ($1)",
    parameters: &[Type::Uuids],
};

/// Those of the triggers that decide about moves and write them down that fire whatever `session_replication_role` is.
pub static FIRING_ALWAYS: Statement = Statement {
    sql: "SELECT 1 FROM pg_catalog.pg_trigger t
           WHERE t.tgrelid OPERATOR(pg_catalog.=) $1
             AND t.tgname OPERATOR(pg_catalog.=) ANY ('{zz_phasegate_decide,aa_phasegate_write}'::pg_catalog.name[])
             AND t.tgenabled OPERATOR(pg_catalog.=) ANY ('{A,R}'::pg_catalog.\"char\"[])",
    parameters: &[Type::Oid],
};

/// A ticket's history, oldest first, if the caller may see the ticket.
pub static HISTORY: Statement = Statement {
    sql: "SELECT h.id, h.ticket_id, pg_catalog.textin(pg_catalog.enum_out(h.from_phase)), pg_catalog.textin(pg_catalog.enum_out(h.to_phase)),
                 h.transition_reason, h.transitioned_by::pg_catalog.text, h.artifacts, h.created_at,
                 h.db_role::pg_catalog.text, h.gate_result_id, h.forced
            FROM {ws}.phase_history h
            JOIN {tickets} t ON t.{ticket.id} OPERATOR(pg_catalog.=) h.ticket_id
           WHERE h.ticket_id OPERATOR(pg_catalog.=) $1
           ORDER BY h.created_at, h.id",
    parameters: &[Type::Uuid],
};

/// An INSERT of one history row. The parameters: its columns in their order, without the artifacts of the phase left.
macro_rules! record_one {
    ($artifacts:expr, $parameters:expr) => {
        Statement {
            sql: concat!(
                "INSERT INTO {ws}.phase_history
                 (id, ticket_id, from_phase, to_phase, created_at, transition_reason, transitioned_by, db_role,
                  gate_result_id, acting_role, cluster, forced, artifacts)
          VALUES ($1, $2, $3, $4, $5, $6, $7, $8::pg_catalog.name, $9, $11::pg_catalog.name, $12, $13, ",
                $artifacts,
                ")"
            ),
            parameters: $parameters,
        }
    };
}

/// The artifacts that a phase of a ticket has now, as history keeps them: a thousand at most.
macro_rules! artifacts_of {
    ($ticket:literal, $phase:literal) => {
        concat!(
            "(SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                            'id', c.id, 'type', c.artifact_type, 'path', c.artifact_path)
                            ORDER BY c.artifact_type COLLATE pg_catalog.\"C\", c.collected_at, c.id)
                   FROM (SELECT a.id, a.artifact_type, a.artifact_path, a.collected_at
                           FROM {ws}.phase_gate_artifacts a
                          WHERE a.ticket_id OPERATOR(pg_catalog.=) ",
            $ticket,
            "
                            AND a.phase_id OPERATOR(pg_catalog.=) ",
            $phase,
            "
                            AND a.superseded_at IS NULL
                          ORDER BY a.artifact_type COLLATE pg_catalog.\"C\", a.collected_at, a.id
                          LIMIT 1000) c)"
        )
    };
}

/// Writes the history row of one move with the artifacts given, or none.
pub static RECORD_GIVEN: Statement = record_one!(
    "$10",
    &[
        Type::Uuid,
        Type::Uuid,
        Type::Phase,
        Type::Phase,
        Type::Time,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Uuid,
        Type::Json,
        Type::Text,
        Type::Big,
        Type::Bool,
    ]
);

/// Writes the history row of one move with the artifacts of the phase left. The cheap form of [`RECORD_MANY`]: nothing
/// to unnest, nothing to join.
pub static RECORD_ONE: Statement = record_one!(
    artifacts_of!("$2", "$10"),
    &[
        Type::Uuid,
        Type::Uuid,
        Type::Phase,
        Type::Phase,
        Type::Time,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Uuid,
        Type::Phase,
        Type::Text,
        Type::Big,
        Type::Bool,
    ]
);

/// Writes the history rows of many moves of one actor and reason. Artifacts are those given for all ($9), else those seen
/// ($10, JSON text), else those of the phase left ($11); NULL is none.
pub static RECORD_MANY: Statement = Statement {
    sql: concat!(
        "INSERT INTO {ws}.phase_history
                 (id, ticket_id, from_phase, to_phase, created_at, transition_reason, transitioned_by, db_role,
                  acting_role, cluster, forced, gate_result_id, artifacts)
          SELECT m.id, m.ticket_id, m.from_phase, m.to_phase, m.at, $6, $7, $8::pg_catalog.name,
                 $13::pg_catalog.name, $14, $15,
                 CASE WHEN m.gate_result_id OPERATOR(pg_catalog.<>) '00000000-0000-0000-0000-000000000000'::pg_catalog.uuid
                      THEN m.gate_result_id END,
                 coalesce($9, m.seen::pg_catalog.jsonb, CASE WHEN m.left_phase IS NOT NULL THEN ",
        artifacts_of!("m.ticket_id", "m.left_phase"),
        " END)
            FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4),
                            pg_catalog.unnest($5), pg_catalog.unnest($10), pg_catalog.unnest($11), pg_catalog.unnest($12))
                 AS m (id, ticket_id, from_phase, to_phase, at, seen, left_phase, gate_result_id)"
    ),
    parameters: &[
        Type::Uuids,
        Type::Uuids,
        Type::Phases,
        Type::Phases,
        Type::Times,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Json,
        Type::Texts,
        Type::Phases,
        Type::Uuids,
        Type::Text,
        Type::Big,
        Type::Bool,
    ],
};
