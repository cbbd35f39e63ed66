-- Each check counts the rows that break one rule and shows one of them; a healthy workspace has none.
-- Names and operators are qualified because this runs under the caller's search_path. What belongs to a ticket is
-- joined to it, so that a caller from whom row security hides tickets is told of the others alone.
WITH history AS (
    SELECT h.id, h.ticket_id, h.from_phase, h.to_phase, h.gate_result_id,
           pg_catalog.lag(h.to_phase) OVER w AS former_phase,
           pg_catalog.row_number() OVER w OPERATOR(pg_catalog.=) 1 AS is_first,
           pg_catalog.lead(h.id) OVER w IS NULL AS is_last
      FROM {ws}.phase_history h
      JOIN {ws}.tickets t ON t.id OPERATOR(pg_catalog.=) h.ticket_id
    WINDOW w AS (PARTITION BY h.ticket_id ORDER BY h.created_at, h.id)
),
-- The definitions of what there is, without what may differ: see structure.txt.
found (relname, kind, name, definition) AS (
    SELECT c.relname::pg_catalog.text, o.kind, o.name,
           pg_catalog.regexp_replace(
               pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(o.definition, $9, ''), 'phasegate.', ''), 'pg_catalog.', ''),
               E'::(text|character varying)(\\[\\])?|OPERATOR[(]|[() ]|ONLY ', '', 'g')
      FROM pg_catalog.pg_class c
     CROSS JOIN LATERAL (
           SELECT 'column', a.attname::pg_catalog.text,
                  pg_catalog.concat_ws(' ',
                      pg_catalog.regexp_replace(pg_catalog.format_type(a.atttypid, a.atttypmod), '^character varying([(][0-9]+[)])?$', 'text'),
                      CASE WHEN a.attnotnull THEN 'NOT NULL' END,
                      CASE WHEN c.relname OPERATOR(pg_catalog.<>) ALL ('{tickets,tasks}'::pg_catalog.name[])
                           THEN (SELECT 'DEFAULT ' OPERATOR(pg_catalog.||) pg_catalog.pg_get_expr(d.adbin, d.adrelid)
                                   FROM pg_catalog.pg_attrdef d
                                  WHERE d.adrelid OPERATOR(pg_catalog.=) c.oid AND d.adnum OPERATOR(pg_catalog.=) a.attnum) END)
             FROM pg_catalog.pg_attribute a
            WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
            UNION ALL
           SELECT 'constraint', k.conname::pg_catalog.text, pg_catalog.pg_get_constraintdef(k.oid)
             FROM pg_catalog.pg_constraint k
            WHERE k.conrelid OPERATOR(pg_catalog.=) c.oid
            UNION ALL
           SELECT 'index', i.indexrelid::pg_catalog.text,
                  pg_catalog.regexp_replace(pg_catalog.pg_get_indexdef(i.indexrelid), '^CREATE (UNIQUE )?INDEX .* USING ', E'\\1')
             FROM pg_catalog.pg_index i
            WHERE i.indrelid OPERATOR(pg_catalog.=) c.oid AND i.indisvalid
            UNION ALL
           SELECT 'trigger', g.tgname::pg_catalog.text,
                  pg_catalog.concat(
                      pg_catalog.regexp_replace(pg_catalog.pg_get_triggerdef(g.oid), '^CREATE TRIGGER ("[^"]*"|[^ ]*) ', ''),
                      CASE WHEN g.tgenabled OPERATOR(pg_catalog.=) 'A'::pg_catalog."char" THEN ' ALWAYS'
                           WHEN g.tgenabled OPERATOR(pg_catalog.<>) 'O'::pg_catalog."char" THEN ' OFF' END)
             FROM pg_catalog.pg_trigger g
            WHERE g.tgrelid OPERATOR(pg_catalog.=) c.oid AND NOT g.tgisinternal) AS o (kind, name, definition)
     WHERE c.relnamespace OPERATOR(pg_catalog.=) $1 AND c.relname::pg_catalog.text OPERATOR(pg_catalog.=) ANY ($5)
     UNION ALL
    SELECT 'phase', 'cast', pg_catalog.replace(pg_catalog.format_type(k.castsource, NULL), 'pg_catalog.', ''), ''
      FROM pg_catalog.pg_cast k
      JOIN pg_catalog.pg_type y ON y.oid OPERATOR(pg_catalog.=) k.casttarget
     WHERE y.typnamespace OPERATOR(pg_catalog.=) $1 AND y.typname OPERATOR(pg_catalog.=) 'phase'
)
SELECT 'phase_is_last_history_phase'::pg_catalog.text AS check_name, pg_catalog.count(*) AS violations,
       pg_catalog.min('ticket ' OPERATOR(pg_catalog.||) t.id::pg_catalog.text) AS example
  FROM {ws}.tickets t
  LEFT JOIN history h ON h.ticket_id OPERATOR(pg_catalog.=) t.id AND h.is_last
 WHERE h.id IS NULL OR h.to_phase OPERATOR(pg_catalog.<>) t.phase_id
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
  JOIN {ws}.tickets t ON t.id OPERATOR(pg_catalog.=) h.ticket_id
  LEFT JOIN {ws}.phase_gate_results r ON r.id OPERATOR(pg_catalog.=) h.gate_result_id
 WHERE h.gate_result_id IS NOT NULL
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
  JOIN {ws}.tickets t ON t.id OPERATOR(pg_catalog.=) k.ticket_id
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
  JOIN {ws}.tickets t ON t.id OPERATOR(pg_catalog.=) k.ticket_id
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
SELECT 'structure_is_whole', pg_catalog.count(*),
       pg_catalog.min(pg_catalog.format('%s %s of %s', e.kind, e.name, e.relname))
  FROM ROWS FROM (pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7), pg_catalog.unnest($8))
       AS e (relname, kind, name, definition)
  LEFT JOIN pg_catalog.pg_class c ON c.relnamespace OPERATOR(pg_catalog.=) $1
                                 AND c.relname OPERATOR(pg_catalog.=) e.relname::pg_catalog.name
 WHERE $2 OPERATOR(pg_catalog.=) $3
   AND (e.kind OPERATOR(pg_catalog.<>) 'row trigger' OR c.relkind OPERATOR(pg_catalog.=) 'p' OR c.relispartition)
   AND NOT EXISTS (
       SELECT 1 FROM found f
        WHERE f.relname OPERATOR(pg_catalog.=) e.relname
          AND f.kind OPERATOR(pg_catalog.=) pg_catalog.replace(e.kind, 'row ', '')
          AND (f.name OPERATOR(pg_catalog.=) e.name OR e.kind OPERATOR(pg_catalog.=) ANY ('{constraint,index}'::pg_catalog.text[]))
          AND (f.definition OPERATOR(pg_catalog.=) ANY (ARRAY[e.definition, e.definition OPERATOR(pg_catalog.||) 'ALWAYS'])
               OR e.definition OPERATOR(pg_catalog.~~) '%...'
                  AND pg_catalog.starts_with(f.definition, pg_catalog.rtrim(e.definition, '.'))))
UNION ALL
