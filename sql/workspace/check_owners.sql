SELECT 'owner_is_one', pg_catalog.count(*), pg_catalog.min(o.name)
  FROM (SELECT c.relname::pg_catalog.text, c.relowner
          FROM pg_catalog.pg_class c
         WHERE c.relnamespace OPERATOR(pg_catalog.=) $1
           AND c.relname::pg_catalog.text OPERATOR(pg_catalog.=)
               ANY ($5 OPERATOR(pg_catalog.||) '{phase_board,phase_durations,task_queue,overdue_tickets}'::pg_catalog.text[])
         UNION ALL
        SELECT 'type phase', y.typowner
          FROM pg_catalog.pg_type y
         WHERE y.typnamespace OPERATOR(pg_catalog.=) $1 AND y.typname OPERATOR(pg_catalog.=) 'phase') AS o (name, owner)
  JOIN pg_catalog.pg_class t ON t.relnamespace OPERATOR(pg_catalog.=) $1 AND t.relname OPERATOR(pg_catalog.=) 'tickets'
 WHERE o.owner OPERATOR(pg_catalog.<>) t.relowner
