-- What a ticket costs on disk once it is done, in bytes by table, and in the archive. A thousand go through all phases, twenty
-- at a time, with the demonstration's results and a review of the requirements, and VACUUM comes by between, as autovacuum does.
-- Run in an empty database from the repository's root:  psql -X -f tests/docs/ticket_size.sql  (-v hundreds=3 for 300)
\if :{?hundreds}
\else
\set hundreds 10
\endif
\set QUIET on
\set ON_ERROR_STOP on
\encoding UTF8
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS phasegate;
SELECT phasegate.create_workspace('shop') \g /dev/null
SET search_path = shop, phasegate;
UPDATE phase_gate_requirements SET requires_review = true WHERE phase_id = 'PHASE_REQUIREMENTS';
CREATE TEMP TABLE demo_results (task_type text, variant text, result jsonb, PRIMARY KEY (task_type, variant));
\ir ../../demo/agents.sql
CREATE TEMP TABLE stories (title text, description text, priority text);
\copy stories from demo/tickets.csv with (format csv, header)

CREATE PROCEDURE pg_temp.go(tickets int) LANGUAGE plpgsql AS $$
DECLARE
    moved int := 1;
BEGIN
    INSERT INTO tickets (title, description, priority)
    SELECT s.title || ', part ' || n, s.description, s.priority
      FROM generate_series(1, tickets) n, LATERAL (SELECT * FROM stories s WHERE n > 0 ORDER BY md5(s.title || n) LIMIT 1) s;
    PERFORM transition_tickets(ARRAY(SELECT id FROM tickets WHERE phase_id = 'PHASE_BACKLOG'), 'PHASE_REQUIREMENTS', 'Sprint', 'planner');
    COMMIT;
    WHILE moved > 0 LOOP
        CALL pg_temp.work('worker', '{analysis,documentation,design,implementation,testing,deployment}');
        moved := (SELECT count(*) FROM advance_tickets(1000, 'conductor'));
        COMMIT;
        CALL pg_temp.review('vera');
    END LOOP;
END
$$;
SELECT 'CALL pg_temp.go(20)', 'VACUUM tickets, tasks, phase_history, phase_gate_artifacts, phase_gate_results, phase_context'
  FROM generate_series(1, 5 * :hundreds) \gexec
SELECT count(*) = 100 * :hundreds AS all_done FROM tickets WHERE phase_id = 'PHASE_DONE' \gset
\if :all_done
\else
DO $$ BEGIN RAISE EXCEPTION 'not all tickets are done'; END $$;
\endif
\pset footer off
CREATE TEMP VIEW sizes AS
SELECT c.relname AS "table", pg_relation_size(c.oid) AS rows, coalesce(pg_total_relation_size(nullif(c.reltoastrelid, 0)), 0) AS toast,
       pg_indexes_size(c.oid) AS indexes
  FROM pg_class c
 WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind = 'r'
   AND c.relname IN ('tickets', 'tasks', 'phase_history', 'phase_gate_artifacts', 'phase_gate_results', 'phase_context', 'ticket_archive');
CREATE TEMP TABLE done AS SELECT count(*) AS tickets FROM tickets;
CREATE TEMP TABLE counted AS
SELECT 'tickets' AS "table", count(*) AS rows FROM tickets UNION ALL SELECT 'tasks', count(*) FROM tasks
 UNION ALL SELECT 'phase_history', count(*) FROM phase_history UNION ALL SELECT 'phase_gate_artifacts', count(*) FROM phase_gate_artifacts
 UNION ALL SELECT 'phase_gate_results', count(*) FROM phase_gate_results UNION ALL SELECT 'phase_context', count(*) FROM phase_context;
CREATE FUNCTION pg_temp.a_ticket(bytes numeric) RETURNS numeric LANGUAGE sql AS $$ SELECT round(bytes / tickets, -2) FROM done $$;
SELECT coalesce("table", 'all') AS "table", pg_temp.a_ticket(sum(sizes.rows)) AS rows, pg_temp.a_ticket(sum(toast)) AS toast, pg_temp.a_ticket(sum(indexes)) AS indexes,
       pg_temp.a_ticket(sum(sizes.rows + toast + indexes)) AS bytes_a_ticket,
       CASE WHEN "table" IS NOT NULL THEN round(sum(sizes.rows + toast + indexes) / min(counted.rows), -1) END AS bytes_a_row
  FROM sizes JOIN counted USING ("table") GROUP BY ROLLUP ("table") ORDER BY sum(sizes.rows + toast + indexes) DESC;
SELECT archive_tickets('infinity', 1000000) > 0 AS archived \g /dev/null
SELECT "table", pg_temp.a_ticket(rows) AS rows, pg_temp.a_ticket(toast) AS toast, pg_temp.a_ticket(indexes) AS indexes, pg_temp.a_ticket(rows + toast + indexes) AS bytes_a_ticket,
       pg_temp.a_ticket(rows + toast + indexes) AS bytes_a_row
  FROM sizes WHERE "table" = 'ticket_archive';
