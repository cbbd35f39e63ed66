SELECT 'owner_is_one', pg_catalog.count(*), pg_catalog.min(o.name)
  FROM (SELECT c.relname::pg_catalog.text, c.relowner
          FROM pg_catalog.pg_class c
         WHERE c.relnamespace OPERATOR(pg_catalog.=) $1
           AND c.relname::pg_catalog.text OPERATOR(pg_catalog.=)
               ANY ($5)
         UNION ALL
        SELECT q.relname::pg_catalog.text, q.relowner
          FROM pg_catalog.pg_class c
         CROSS JOIN LATERAL pg_catalog.pg_partition_tree(c.oid::pg_catalog.regclass) m
          JOIN pg_catalog.pg_class q ON q.oid OPERATOR(pg_catalog.=) m.relid::pg_catalog.oid
         WHERE (c.relnamespace OPERATOR(pg_catalog.=) $1 AND c.relname::pg_catalog.text OPERATOR(pg_catalog.=) ANY ($5)
                OR c.oid OPERATOR(pg_catalog.=) $6)
           AND c.relkind OPERATOR(pg_catalog.=) 'p'::pg_catalog."char" AND m.level OPERATOR(pg_catalog.>) 0
         UNION ALL
        SELECT 'type ' OPERATOR(pg_catalog.||) y.typname::pg_catalog.text, y.typowner
          FROM pg_catalog.pg_type y
         WHERE y.oid OPERATOR(pg_catalog.=) $7) AS o (name, owner)
  JOIN pg_catalog.pg_class t ON t.oid OPERATOR(pg_catalog.=) $6
 WHERE o.owner OPERATOR(pg_catalog.<>) t.relowner
