//! The statements about evidence and verdicts.

use crate::pg::value::Type;
use crate::workspace::Statement;

/// The configured gates.
pub static REQUIREMENTS: Statement = Statement {
    sql: "SELECT phase_id, required_artifacts, required_tasks_completed, validation_criteria, requires_review,
                 required_approvals, rework, max_rework
            FROM {ws}.phase_gate_requirements",
    parameters: &[],
};

/// What a gate looks at but for reviews, in one reading and in no order. `$3` are the artifact types whose content is
/// wanted.
///
/// Parts: 1 the artifacts that are not superseded; 2 the work tasks that are not cancelled. To sort and to count takes
/// less time where the rows are read than where they are found: there are few.
macro_rules! evidence {
    ($more:literal) => {
        concat!("SELECT 1 AS part, a.id, a.artifact_type::pg_catalog.text AS name, NULL::pg_catalog.text AS status,
                 NULL::pg_catalog.text AS text,
                 CASE WHEN a.artifact_type OPERATOR(pg_catalog.=) ANY ($3) THEN a.artifact_content END AS content,
                 a.collected_at AS at", $more, "
            FROM {ws}.phase_gate_artifacts a
           WHERE a.ticket_id OPERATOR(pg_catalog.=) $1 AND a.phase_id OPERATOR(pg_catalog.=) $2
             AND a.superseded_at IS NULL
           UNION ALL
          SELECT 2, k.id, k.task_type::pg_catalog.text, k.status::pg_catalog.text,
                 CASE WHEN k.status OPERATOR(pg_catalog.<>) 'completed' THEN pg_catalog.left(k.description, 1000) END, NULL, k.created_at", $more, "
            FROM {ws}.tasks k
           WHERE k.ticket_id OPERATOR(pg_catalog.=) $1 AND k.phase_id OPERATOR(pg_catalog.=) $2
             AND k.kind OPERATOR(pg_catalog.=) 'work' AND k.status OPERATOR(pg_catalog.<>) 'cancelled'")
    };
}

/// What most gates look at.
pub static EVIDENCE: Statement = Statement {
    sql: evidence!(""),
    parameters: &[Type::Uuid, Type::Phase, Type::Texts],
};

/// The same and, in the same reading, what a gate that requires a review looks at.
///
/// Parts: 3 the verdicts, stale or not, and whose they are; 4 an open review; 5 since when an approval counts. The last
/// column: when the review of a verdict was asked for.
pub static EVIDENCE_AND_REVIEW: Statement = Statement {
    sql: concat!(
        evidence!(", NULL::pg_catalog.timestamptz AS asked_at"),
        "
           UNION ALL
          (SELECT 3, k.id, k.assigned_agent_id::pg_catalog.text, k.status::pg_catalog.text, NULL, k.result, k.completed_at, k.created_at
             FROM {ws}.tasks k
            WHERE k.ticket_id OPERATOR(pg_catalog.=) $1 AND k.phase_id OPERATOR(pg_catalog.=) $2
              AND k.kind OPERATOR(pg_catalog.=) 'review' AND k.status OPERATOR(pg_catalog.=) 'completed'
            ORDER BY k.completed_at DESC, k.id DESC LIMIT 1000)
           UNION ALL
          (SELECT 4, k.id, NULL, k.status::pg_catalog.text, NULL, NULL, NULL, NULL
             FROM {ws}.tasks k
            WHERE k.ticket_id OPERATOR(pg_catalog.=) $1 AND k.phase_id OPERATOR(pg_catalog.=) $2
              AND k.kind OPERATOR(pg_catalog.=) 'review'
              AND k.status OPERATOR(pg_catalog.=) ANY ('{pending,assigned,running}'::pg_catalog.text[])
            ORDER BY k.id LIMIT 1)
           UNION ALL
          SELECT 5, NULL, NULL, NULL, NULL, NULL, ", review_counts_since!(), ", NULL"
    ),
    parameters: &[Type::Uuid, Type::Phase, Type::Texts],
};

/// Since when an approval of a ticket's phase counts, and when its last verdict but that of task $3 was given.
pub static REVIEW_TIMES: Statement = Statement {
    sql: concat!("SELECT ", review_counts_since!(), ",
                 (SELECT pg_catalog.max(k.completed_at) FROM {ws}.tasks k
                   WHERE k.ticket_id OPERATOR(pg_catalog.=) $1 AND k.phase_id OPERATOR(pg_catalog.=) $2
                     AND k.kind OPERATOR(pg_catalog.=) 'review' AND k.id OPERATOR(pg_catalog.<>) $3)"),
    parameters: &[Type::Uuid, Type::Phase, Type::Uuid],
};

/// Whether a jsonpath predicate holds on an artifact's content: true, false, or NULL where it is neither.
pub static JSONPATH: Statement = Statement {
    sql:
        "SELECT pg_catalog.jsonb_path_match(a.artifact_content, $2::pg_catalog.jsonpath, '{}', true)
            FROM {ws}.phase_gate_artifacts a WHERE a.id OPERATOR(pg_catalog.=) $1",
    parameters: &[Type::Uuid, Type::Text],
};

/// The table and columns that results are stored in.
macro_rules! results {
    () => {
        "{ws}.phase_gate_results
                 (id, ticket_id, phase_id, gate_status, validation_result, validated_at, validated_by, blocking_reasons,
                  db_role, acting_role)"
    };
}

/// Whether the latest result of a ticket's phase has this status and says this.
macro_rules! repeats {
    ($ticket:literal, $phase:literal, $status:literal, $result:literal) => {
        concat!(
            "coalesce((SELECT l.gate_status::pg_catalog.text OPERATOR(pg_catalog.=) ",
            $status,
            " AND l.validation_result OPERATOR(pg_catalog.=) ",
            $result,
            "
                         FROM {ws}.phase_gate_results l
                        WHERE l.ticket_id OPERATOR(pg_catalog.=) ",
            $ticket,
            " AND l.phase_id OPERATOR(pg_catalog.=) ",
            $phase,
            "
                        ORDER BY l.validated_at DESC, l.id DESC LIMIT 1), false)"
        )
    };
}

/// Stores one result.
pub static STORE_ONE: Statement = Statement {
    sql: concat!(
        "INSERT INTO ",
        results!(),
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::pg_catalog.name, $10::pg_catalog.name)"
    ),
    parameters: &[
        Type::Uuid,
        Type::Uuid,
        Type::Phase,
        Type::Text,
        Type::Json,
        Type::Time,
        Type::Text,
        Type::Texts,
        Type::Text,
        Type::Text,
    ],
};

/// Stores results, several at once, but those that say again what the latest says; the reasons' sentences are taken from the
/// results themselves.
pub static STORE: Statement = Statement {
    sql: concat!("INSERT INTO ", results!(), "
          SELECT r.id, r.ticket_id, r.phase_id, r.status, r.result::pg_catalog.jsonb, r.at, r.by,
                 ARRAY(SELECT s.reason OPERATOR(pg_catalog.->>) 'message'
                         FROM pg_catalog.jsonb_array_elements(r.result::pg_catalog.jsonb OPERATOR(pg_catalog.->) 'reasons')
                              WITH ORDINALITY AS s (reason, place)
                        ORDER BY s.place),
                 $8::pg_catalog.name, $9::pg_catalog.name
            FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4),
                            pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7))
                 AS r (id, ticket_id, phase_id, status, result, at, by)
           WHERE r.status OPERATOR(pg_catalog.=) 'passed'
              OR NOT ", repeats!("r.ticket_id", "r.phase_id", "r.status", "r.result::pg_catalog.jsonb")),
    parameters: &[
        Type::Uuids,
        Type::Uuids,
        Type::Phases,
        Type::Texts,
        Type::Texts,
        Type::Times,
        Type::Texts,
        Type::Text,
        Type::Text,
    ],
};

/// Stores one result, unless it is what the ticket's latest for the phase says already.
pub static STORE_NEWS: Statement = Statement {
    sql: concat!(
        "INSERT INTO ",
        results!(),
        " SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9::pg_catalog.name, $10::pg_catalog.name
           WHERE NOT ",
        repeats!("$2", "$3", "$4", "$5")
    ),
    parameters: STORE_ONE.parameters,
};

/// The latest stored result of a ticket's phase as `gate_result` shows it.
pub static LATEST_RESULT: Statement = Statement {
    sql: "SELECT r.id, r.ticket_id, pg_catalog.textin(pg_catalog.enum_out(r.phase_id)), r.gate_status::pg_catalog.text, r.validation_result,
                 r.validated_at, r.validated_by::pg_catalog.text, r.blocking_reasons
            FROM {ws}.phase_gate_results r
           WHERE r.ticket_id OPERATOR(pg_catalog.=) $1 AND r.phase_id OPERATOR(pg_catalog.=) $2
           ORDER BY r.validated_at DESC, r.id DESC LIMIT 1",
    parameters: &[Type::Uuid, Type::Phase],
};

/// A stored result as `gate_result` shows it.
pub static RESULT: Statement = Statement {
    sql: "SELECT r.id, r.ticket_id, pg_catalog.textin(pg_catalog.enum_out(r.phase_id)), r.gate_status::pg_catalog.text, r.validation_result,
                 r.validated_at, r.validated_by::pg_catalog.text, r.blocking_reasons
            FROM {ws}.phase_gate_results r WHERE r.id OPERATOR(pg_catalog.=) $1",
    parameters: &[Type::Uuid],
};

/// Marks the artifacts of the given tickets' phases as superseded.
pub static SUPERSEDE: Statement = Statement {
    sql: "UPDATE {ws}.phase_gate_artifacts a
             SET superseded_at = $3
            FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS s (ticket_id, phase_id)
           WHERE a.ticket_id OPERATOR(pg_catalog.=) s.ticket_id AND a.phase_id OPERATOR(pg_catalog.=) s.phase_id
             AND a.superseded_at IS NULL",
    parameters: &[Type::Uuids, Type::Phases, Type::Time],
};

/// As [`SUPERSEDE`] for phases of one ticket.
pub static SUPERSEDE_ONE: Statement = Statement {
    sql: "UPDATE {ws}.phase_gate_artifacts a
             SET superseded_at = $3
           WHERE a.ticket_id OPERATOR(pg_catalog.=) $1 AND a.phase_id OPERATOR(pg_catalog.=) ANY ($2)
             AND a.superseded_at IS NULL",
    parameters: &[Type::Uuid, Type::Phases, Type::Time],
};

/// Holds a ticket while its evidence changes: a transition and a change of its evidence wait for one another.
/// Gives when the phase was reviewed last.
pub static HOLD_TICKET: Statement = Statement {
    sql: "SELECT (SELECT pg_catalog.max(k.completed_at) FROM {ws}.tasks k
                   WHERE k.ticket_id OPERATOR(pg_catalog.=) $1 AND k.phase_id OPERATOR(pg_catalog.=) $2
                     AND k.kind OPERATOR(pg_catalog.=) 'review')
            FROM {tickets} t
           WHERE t.{ticket.id} OPERATOR(pg_catalog.=) $1
             FOR NO KEY UPDATE",
    parameters: &[Type::Uuid, Type::Phase],
};

/// Holds the tickets of the rows in a statement trigger's transition table, in the order of their ids. Gives the phases that
/// they are in.
pub static HOLD_TICKETS_OF_NEW: Statement = Statement {
    sql: "SELECT t.{ticket.phase_id} FROM {tickets} t
           WHERE t.{ticket.id} OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT DISTINCT n.ticket_id FROM changed n
                                                         WHERE n.kind OPERATOR(pg_catalog.=) 'work'))
           ORDER BY t.{ticket.id}
             FOR NO KEY UPDATE",
    parameters: &[],
};

/// Puts on hold those of the new rows whose ticket is in one of the phases ($1) where work stops, and another than theirs.
pub static HOLD_NEW: Statement = Statement {
    sql: "UPDATE {ws}.tasks k SET on_hold = true
            FROM changed n
            JOIN {tickets} t ON t.{ticket.id} OPERATOR(pg_catalog.=) n.ticket_id
           WHERE k.id OPERATOR(pg_catalog.=) n.id AND NOT k.on_hold
             AND k.kind OPERATOR(pg_catalog.<>) 'summary'
             AND k.status OPERATOR(pg_catalog.<>) ALL ('{completed,cancelled}'::pg_catalog.text[])
             AND t.{ticket.phase_id} OPERATOR(pg_catalog.=) ANY ($1) AND t.{ticket.phase_id} OPERATOR(pg_catalog.<>) k.phase_id",
    parameters: &[Type::Phases],
};

/// Takes the artifacts out of completed tasks' results, each (task, type, path) once; of two in one result the
/// later. Whoever may run it at the same time as others holds the ticket first. `$2` NULL means all
/// phases, `$3` NULL all tasks. The contents never leave the server: what goes in comes out.
pub static COLLECT: Statement = Statement {
    sql: "INSERT INTO {ws}.phase_gate_artifacts
                 (ticket_id, phase_id, artifact_type, artifact_path, artifact_content, collected_by, task_id)
          SELECT k.ticket_id, k.phase_id, i.item OPERATOR(pg_catalog.->>) 'type', i.item OPERATOR(pg_catalog.->>) 'path',
                 CASE WHEN pg_catalog.jsonb_typeof(i.item OPERATOR(pg_catalog.->) 'content') OPERATOR(pg_catalog.<>) 'null'
                      THEN i.item OPERATOR(pg_catalog.->) 'content' END,
                 coalesce(i.item OPERATOR(pg_catalog.->>) 'collected_by', k.assigned_agent_id), k.id
            FROM {ws}.tasks k
           CROSS JOIN LATERAL (
                 SELECT DISTINCT ON (e.item OPERATOR(pg_catalog.->>) 'type', coalesce(e.item OPERATOR(pg_catalog.->>) 'path', ''))
                        e.item, e.place
                   FROM pg_catalog.jsonb_array_elements(
                        CASE WHEN pg_catalog.jsonb_typeof(k.result OPERATOR(pg_catalog.->) 'artifacts') OPERATOR(pg_catalog.=) 'array'
                             THEN k.result OPERATOR(pg_catalog.->) 'artifacts' END) WITH ORDINALITY AS e (item, place)
                  WHERE pg_catalog.jsonb_typeof(e.item OPERATOR(pg_catalog.->) 'type') OPERATOR(pg_catalog.=) 'string'
                    AND coalesce(pg_catalog.octet_length(e.item OPERATOR(pg_catalog.->>) 'path'), 0) OPERATOR(pg_catalog.<=) 4096
                  ORDER BY e.item OPERATOR(pg_catalog.->>) 'type', coalesce(e.item OPERATOR(pg_catalog.->>) 'path', ''),
                           e.place DESC) i
           WHERE k.ticket_id OPERATOR(pg_catalog.=) $1
             AND ($2 IS NULL OR k.phase_id OPERATOR(pg_catalog.=) $2)
             AND ($3 IS NULL OR k.id OPERATOR(pg_catalog.=) $3)
             AND k.kind OPERATOR(pg_catalog.=) 'work' AND k.status OPERATOR(pg_catalog.=) 'completed'
             AND NOT EXISTS (
                 SELECT 1 FROM {ws}.phase_gate_artifacts a
                  WHERE a.task_id OPERATOR(pg_catalog.=) k.id AND a.ticket_id OPERATOR(pg_catalog.=) k.ticket_id
                    AND a.artifact_type::pg_catalog.text OPERATOR(pg_catalog.=) (i.item OPERATOR(pg_catalog.->>) 'type')
                    AND coalesce(a.artifact_path, '') OPERATOR(pg_catalog.=) coalesce(i.item OPERATOR(pg_catalog.->>) 'path', ''))
           ORDER BY k.completed_at, k.id, i.place
       RETURNING id, ticket_id, pg_catalog.textin(pg_catalog.enum_out(phase_id)), artifact_type::pg_catalog.text, artifact_path, artifact_content,
                 collected_at, collected_by::pg_catalog.text, task_id, superseded_at",
    parameters: &[Type::Uuid, Type::Phase, Type::Uuid],
};

/// Hands in one artifact, with the caller's rights.
pub static ADD: Statement = Statement {
    sql: "INSERT INTO {ws}.phase_gate_artifacts
                 (id, ticket_id, phase_id, artifact_type, artifact_path, artifact_content, collected_by)
          VALUES ($1, $2, $3, $4, $5, $6, $7)",
    parameters: &[
        Type::Uuid,
        Type::Uuid,
        Type::Phase,
        Type::Text,
        Type::Text,
        Type::Json,
        Type::Text,
    ],
};

/// An artifact as the type `artifact` shows it.
pub static ARTIFACT: Statement = Statement {
    sql: "SELECT id, ticket_id, pg_catalog.textin(pg_catalog.enum_out(phase_id)), artifact_type::pg_catalog.text, artifact_path, artifact_content,
                 collected_at, collected_by::pg_catalog.text, task_id, superseded_at
            FROM {ws}.phase_gate_artifacts WHERE id OPERATOR(pg_catalog.=) $1",
    parameters: &[Type::Uuid],
};

/// A ticket's phase, with the caller's rights: who may see a ticket may see where its gate stands.
pub static TICKET_PHASE: Statement = Statement {
    sql: "SELECT {ticket.phase_id} FROM {tickets} WHERE {ticket.id} OPERATOR(pg_catalog.=) $1",
    parameters: &[Type::Uuid],
};

/// As [`TICKET_PHASE`], and holds the ticket.
pub static TICKET_PHASE_LOCKED: Statement = Statement {
    sql: "SELECT {ticket.phase_id} FROM {tickets} WHERE {ticket.id} OPERATOR(pg_catalog.=) $1 FOR NO KEY UPDATE",
    parameters: &[Type::Uuid],
};

/// The live check beside what is configured and the latest stored result.
pub static GATE_STATUS: Statement = Statement {
    sql: "SELECT pg_catalog.jsonb_build_object(
                 'ticket_id', $1, 'phase_id', $2,
                 'requirements', (
                 SELECT pg_catalog.jsonb_build_object(
                            'required_artifacts', q.required_artifacts,
                            'required_tasks_completed', q.required_tasks_completed,
                            'validation_criteria', q.validation_criteria,
                            'requires_review', q.requires_review,
                            'required_approvals', q.required_approvals,
                            'rework', q.rework,
                            'max_rework', q.max_rework)
                   FROM {ws}.phase_gate_requirements q WHERE q.phase_id OPERATOR(pg_catalog.=) $2),
                 'check', $3,
                 'latest_result', (
                 SELECT pg_catalog.to_jsonb(r) FROM {ws}.phase_gate_results r
                  WHERE r.ticket_id OPERATOR(pg_catalog.=) $1 AND r.phase_id OPERATOR(pg_catalog.=) $2
                  ORDER BY r.validated_at DESC, r.id DESC LIMIT 1))",
    parameters: &[Type::Uuid, Type::Phase, Type::Json],
};
