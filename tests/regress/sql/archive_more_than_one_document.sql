-- A ticket whose moves were given more than one document holds: the archive leaves it, and deleting it loses nothing.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
UPDATE task_templates SET is_active = false;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 'large', 'PHASE_DEPLOYMENT'), ('00000000-0000-7000-8000-000000000002', 'small', 'PHASE_DEPLOYMENT');
UPDATE tickets SET phase_id = 'PHASE_DONE';
INSERT INTO phase_history (ticket_id, from_phase, to_phase, created_at, artifacts)
SELECT '00000000-0000-7000-8000-000000000001', 'PHASE_DEPLOYMENT', 'PHASE_DEPLOYMENT', timestamptz '2026-01-01 00:00:00+00' - n * interval '1 s', to_jsonb(repeat('x', 1000000))
  FROM generate_series(1, 70) n;
SELECT archive_tickets('infinity');
SELECT title FROM tickets;
SELECT count(*) AS moves, pg_size_pretty(sum(octet_length(artifacts::text))) AS given FROM phase_history \gset
DELETE FROM tickets;
SELECT title, deleted, count(*) AS documents, sum(jsonb_array_length(document -> 'history')) AS moves, sum(jsonb_array_length(document -> 'history')) = :moves AS all_of_them,
       count(DISTINCT document ->> 'deleted_by') AS by, max(octet_length(document::text)) < 70000000 AS none_is_large
  FROM ticket_archive GROUP BY 1, 2 ORDER BY 1;
SELECT count(*) FROM phase_history;
