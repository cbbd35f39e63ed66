-- Each check counts the rows that break one rule and shows one of them; a healthy workspace has none.
-- Names and operators are qualified because this runs under the caller's search_path. What belongs to a ticket is
-- joined to it, so that a caller from whom row security hides tickets is told of the others alone.
WITH history AS (
    SELECT h.id, h.ticket_id, h.from_phase, h.to_phase, h.gate_result_id,
           pg_catalog.lag(h.to_phase) OVER w AS former_phase,
           pg_catalog.row_number() OVER w OPERATOR(pg_catalog.=) 1 AS is_first,
           pg_catalog.lead(h.id) OVER w IS NULL AS is_last
      FROM {ws}.phase_history h
      JOIN {tickets} t ON t.{ticket.id} OPERATOR(pg_catalog.=) h.ticket_id
    WINDOW w AS (PARTITION BY h.ticket_id ORDER BY h.created_at, h.id)
)
SELECT 'phase_is_last_history_phase'::pg_catalog.text AS check_name, pg_catalog.count(*) AS violations,
       pg_catalog.min('ticket ' OPERATOR(pg_catalog.||) t.{ticket.id}::pg_catalog.text) AS example
  FROM {tickets} t
  LEFT JOIN history h ON h.ticket_id OPERATOR(pg_catalog.=) t.{ticket.id} AND h.is_last
 WHERE h.id IS NULL OR h.to_phase OPERATOR(pg_catalog.<>) t.{ticket.phase_id}
UNION ALL
SELECT 'history_is_unbroken', pg_catalog.count(*),
       pg_catalog.min('history row ' OPERATOR(pg_catalog.||) h.id::pg_catalog.text)
  FROM history h
 WHERE NOT h.is_first AND (h.from_phase IS NULL OR h.from_phase OPERATOR(pg_catalog.<>) h.former_phase)
    OR h.is_first AND h.from_phase IS NOT NULL
UNION ALL
SELECT 'gate_result_is_passed', pg_catalog.count(*),
       pg_catalog.min('history row ' OPERATOR(pg_catalog.||) h.id::pg_catalog.text)
  FROM {ws}.phase_history h
  JOIN {tickets} t ON t.{ticket.id} OPERATOR(pg_catalog.=) h.ticket_id
  LEFT JOIN {ws}.phase_gate_results r ON r.id OPERATOR(pg_catalog.=) h.gate_result_id
 WHERE h.gate_result_id IS NOT NULL AND NOT h.forced
   AND (r.id IS NULL OR r.gate_status OPERATOR(pg_catalog.<>) 'passed'
        OR r.ticket_id OPERATOR(pg_catalog.<>) h.ticket_id
        OR h.from_phase OPERATOR(pg_catalog.<>) r.phase_id
           AND NOT EXISTS (SELECT 1 FROM {ws}.phases p
                            WHERE p.phase_id OPERATOR(pg_catalog.=) h.from_phase
                              AND p.kind OPERATOR(pg_catalog.=) ANY ('{blocked,abandoned}'::pg_catalog.text[])))
UNION ALL
SELECT 'task_state_is_possible', pg_catalog.count(*),
       pg_catalog.min('task ' OPERATOR(pg_catalog.||) k.id::pg_catalog.text)
  FROM {ws}.tasks k
  JOIN {tickets} t ON t.{ticket.id} OPERATOR(pg_catalog.=) k.ticket_id
 WHERE k.attempts OPERATOR(pg_catalog.<) 0
    OR k.attempts OPERATOR(pg_catalog.>) k.max_attempts
    OR k.status OPERATOR(pg_catalog.=) 'pending'
       AND (k.assigned_agent_id IS NOT NULL OR k.attempts OPERATOR(pg_catalog.=) k.max_attempts)
    OR k.status OPERATOR(pg_catalog.=) ANY ('{assigned,running}'::pg_catalog.text[])
       AND (k.assigned_agent_id IS NULL OR k.attempts OPERATOR(pg_catalog.=) 0)
    OR k.status OPERATOR(pg_catalog.<>) ALL ('{assigned,running}'::pg_catalog.text[])
       AND k.lease_expires_at IS NOT NULL
    OR k.status OPERATOR(pg_catalog.<>) 'pending' AND k.scheduled_at IS NOT NULL
    OR k.status OPERATOR(pg_catalog.=) ANY ('{pending,assigned}'::pg_catalog.text[]) AND k.started_at IS NOT NULL
    OR k.status OPERATOR(pg_catalog.=) 'running' AND k.started_at IS NULL
    OR (k.status OPERATOR(pg_catalog.=) ANY ('{completed,failed,cancelled}'::pg_catalog.text[]))
       OPERATOR(pg_catalog.<>) (k.completed_at IS NOT NULL)
    OR k.assigned_agent_id IS NOT NULL
       AND k.assigned_agent_id::pg_catalog.text OPERATOR(pg_catalog.<>) ALL (k.agents::pg_catalog.text[])
UNION ALL
SELECT 'pending_dependencies_are_true', pg_catalog.count(*),
       pg_catalog.min('task ' OPERATOR(pg_catalog.||) k.id::pg_catalog.text)
  FROM {ws}.tasks k
  JOIN {tickets} t ON t.{ticket.id} OPERATOR(pg_catalog.=) k.ticket_id
 WHERE k.dependencies IS NULL AND k.pending_dependencies OPERATOR(pg_catalog.<>) 0
    OR k.dependencies IS NOT NULL
       AND k.pending_dependencies OPERATOR(pg_catalog.<>)
           (SELECT pg_catalog.count(*)
              FROM {ws}.tasks d
             WHERE d.ticket_id OPERATOR(pg_catalog.=) k.ticket_id
               AND d.status OPERATOR(pg_catalog.<>) 'completed'
               AND (k.dependencies OPERATOR(pg_catalog.->) 'depends_on')
                   OPERATOR(pg_catalog.?) d.id::pg_catalog.text)
UNION ALL
SELECT 'structure_is_whole', pg_catalog.cardinality($8)::pg_catalog.int8,
       -- Not by nullif, which takes the = that the caller's search_path finds.
       CASE WHEN pg_catalog.cardinality($8) OPERATOR(pg_catalog.>) 0
            THEN pg_catalog.array_to_string($8[:10], ', ')
                 OPERATOR(pg_catalog.||) CASE WHEN pg_catalog.cardinality($8) OPERATOR(pg_catalog.>) 10 THEN ', ...' ELSE '' END END
UNION ALL
