UNION ALL
SELECT 'views_are_in_place', pg_catalog.count(*), pg_catalog.min(v.name)
  FROM pg_catalog.unnest($9) AS v (name)
 WHERE NOT EXISTS (
       SELECT 1 FROM pg_catalog.pg_class c
        WHERE c.relnamespace OPERATOR(pg_catalog.=) $1 AND c.relname OPERATOR(pg_catalog.=) v.name::pg_catalog.name
          AND c.relkind OPERATOR(pg_catalog.=) 'v'
          AND c.reloptions::pg_catalog.text OPERATOR(pg_catalog.~~) '%security_invoker=true%')
UNION ALL
-- What autovacuum does by the server's own settings comes too late for a queue.
SELECT 'tasks_are_vacuumed_often', pg_catalog.count(*), pg_catalog.min('autovacuum settings of tasks')
  FROM pg_catalog.pg_class c
 WHERE c.relnamespace OPERATOR(pg_catalog.=) $1 AND c.relname OPERATOR(pg_catalog.=) 'tasks'::pg_catalog.name
   AND c.relkind OPERATOR(pg_catalog.=) 'r'::pg_catalog."char"
   AND (c.reloptions IS NULL
        OR pg_catalog.array_to_string(c.reloptions, ' ') OPERATOR(pg_catalog.!~) 'autovacuum_vacuum_(scale_factor|threshold)='
        OR pg_catalog.array_to_string(c.reloptions, ' ') OPERATOR(pg_catalog.~) 'autovacuum_enabled=(false|off|0)')
UNION ALL
-- Whoever holds it can have code of theirs called on every row that is inserted; what would run with the owner's rights is refused.
-- Triggers of others stay when the privilege is taken back, and some may be older than the event trigger, or restored; on a table
-- that refers to one of these they run with the rights of its owner when a foreign key writes to it.
SELECT 'no_trigger_privileges', pg_catalog.count(*), pg_catalog.min(v.found)
  FROM pg_catalog.pg_class c
 CROSS JOIN LATERAL (
       SELECT (c.relnamespace OPERATOR(pg_catalog.=) $1 AND c.relname::pg_catalog.text OPERATOR(pg_catalog.=) ANY ($5)
               OR c.oid OPERATOR(pg_catalog.=) $6)) AS own (is_ours)
 CROSS JOIN LATERAL (
       SELECT pg_catalog.format('TRIGGER on %s granted to %s', c.relname,
                  CASE WHEN x.grantee OPERATOR(pg_catalog.=) 0::pg_catalog.oid THEN 'PUBLIC'
                       ELSE pg_catalog.pg_get_userbyid(x.grantee)::pg_catalog.text END)
         FROM pg_catalog.aclexplode(c.relacl) x
        WHERE own.is_ours AND x.privilege_type OPERATOR(pg_catalog.=) 'TRIGGER' AND x.grantee OPERATOR(pg_catalog.<>) c.relowner
        UNION ALL
       SELECT pg_catalog.format('trigger %s on %s with a function of %s', g.tgname, c.relname,
                  pg_catalog.pg_get_userbyid(p.proowner))
         FROM pg_catalog.pg_trigger g
         JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) g.tgfoid
        WHERE g.tgrelid OPERATOR(pg_catalog.=) c.oid AND NOT g.tgisinternal
          AND NOT pg_catalog.pg_has_role(p.proowner, c.relowner, 'USAGE')
          AND NOT EXISTS (
              SELECT 1 FROM pg_catalog.pg_depend d
                JOIN pg_catalog.pg_extension e ON e.oid OPERATOR(pg_catalog.=) d.refobjid
               WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
                 AND d.objid OPERATOR(pg_catalog.=) p.oid AND d.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog."char"
                 AND e.extname OPERATOR(pg_catalog.=) 'phasegate'::pg_catalog.name)) AS v (found)
 WHERE (own.is_ours
        OR EXISTS (SELECT 1 FROM pg_catalog.pg_constraint f
                     JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) f.confrelid
                    WHERE f.conrelid OPERATOR(pg_catalog.=) c.oid AND f.contype OPERATOR(pg_catalog.=) 'f'::pg_catalog."char"
                      AND (r.relnamespace OPERATOR(pg_catalog.=) $1 AND r.relname::pg_catalog.text OPERATOR(pg_catalog.=) ANY ($5)
                           OR r.oid OPERATOR(pg_catalog.=) $6)))
   AND c.relkind OPERATOR(pg_catalog.<>) 'v'::pg_catalog."char"
UNION ALL
SELECT 'context_keys_are_phases', pg_catalog.count(*),
       pg_catalog.min('ticket ' OPERATOR(pg_catalog.||) t.{ticket.id}::pg_catalog.text)
  FROM {tickets} t
 CROSS JOIN LATERAL pg_catalog.jsonb_object_keys(
       CASE WHEN pg_catalog.jsonb_typeof(t.{ticket.context}) OPERATOR(pg_catalog.=) 'object' THEN t.{ticket.context} END) AS k (key)
 WHERE k.key OPERATOR(pg_catalog.~~) E'%\\_phase'
   AND k.key OPERATOR(pg_catalog.<>) ALL ($4)
UNION ALL
SELECT 'one_phase_is_the_start',
       (pg_catalog.count(*) OPERATOR(pg_catalog.>) 0
        AND pg_catalog.count(*) FILTER (WHERE p.kind OPERATOR(pg_catalog.=) 'start') OPERATOR(pg_catalog.<>) 1)::pg_catalog.int4,
       NULL
  FROM {ws}.phases p
UNION ALL
SELECT 'shape_is_current', pg_catalog.count(*),
       pg_catalog.min(pg_catalog.format('shape %s, upgrade_workspace makes it shape %s', $2, $3))
 WHERE $2 OPERATOR(pg_catalog.<) $3
