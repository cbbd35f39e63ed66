-- However many moves a ticket made under whatever names, it can be deleted: its history is kept in documents of some 16 MB.
SET client_min_messages = warning;
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
INSERT INTO tickets (title) VALUES ('t');
SET session_replication_role = replica;
INSERT INTO phase_history (ticket_id, from_phase, to_phase, transitioned_by, db_role, created_at)
SELECT id, 'PHASE_BACKLOG', 'PHASE_BACKLOG', repeat('😀', 255), 'postgres', created_at + n * interval '1 s' FROM tickets, generate_series(1, 9000) n;
RESET session_replication_role;
DELETE FROM tickets;
SELECT count(*) AS documents, sum(jsonb_array_length(document -> 'history')) AS moves, max(octet_length(document::text)) < 20000000 AS is_within
  FROM ticket_archive;
SELECT count(*) FROM phase_history;
