-- phase_history: nobody changes a row, nobody but the owner and the triggers adds one; rows go with their ticket.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;
INSERT INTO tickets (id, title) VALUES ('00000000-0000-7000-8000-000000000001', 'one'), ('00000000-0000-7000-8000-000000000002', 'two');
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS';
-- Not even the owner, not even for nothing.
UPDATE phase_history SET transition_reason = 'forged';
\echo :LAST_ERROR_SQLSTATE
UPDATE phase_history SET id = id;
DELETE FROM phase_history WHERE from_phase IS NULL;
\echo :LAST_ERROR_SQLSTATE
DELETE FROM phase_history WHERE ticket_id = '00000000-0000-7000-8000-00000000000f';
TRUNCATE phase_history;
\echo :LAST_ERROR_SQLSTATE
-- Together with all tickets it may be emptied, as test suites do, by the owner; so may the others that are appended to.
SET client_min_messages = warning;
BEGIN;
TRUNCATE tickets CASCADE;
SELECT count(*) FROM phase_history;
TRUNCATE phase_history, configuration_history, ticket_archive;
ROLLBACK;
RESET client_min_messages;
TRUNCATE configuration_history;
TRUNCATE ticket_archive;
WITH gone AS (DELETE FROM tickets WHERE id = '00000000-0000-7000-8000-000000000001')
DELETE FROM phase_history WHERE ticket_id = '00000000-0000-7000-8000-000000000002';
INSERT INTO phase_history (id, ticket_id, to_phase) SELECT id, ticket_id, to_phase FROM phase_history LIMIT 1
    ON CONFLICT (id) DO UPDATE SET transition_reason = 'forged';
MERGE INTO phase_history USING (SELECT 1) one ON true WHEN MATCHED THEN DELETE;
SELECT count(*) FROM phase_history;
-- A role that was granted everything.
CREATE ROLE regress_historian;
GRANT USAGE ON SCHEMA acme TO regress_historian;
GRANT ALL ON ALL TABLES IN SCHEMA acme TO regress_historian;
SET ROLE regress_historian;
INSERT INTO acme.phase_history (ticket_id, to_phase) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_DONE');
\echo :LAST_ERROR_SQLSTATE
COPY acme.phase_history (ticket_id, to_phase) FROM stdin;
00000000-0000-7000-8000-000000000001	PHASE_DONE
\.
UPDATE acme.phase_history SET transition_reason = 'forged';
DELETE FROM acme.phase_history;
TRUNCATE acme.phase_history;
INSERT INTO acme.phase_gate_results (ticket_id, phase_id, gate_status) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING', 'passed');
-- But it moves and deletes tickets, and history follows.
UPDATE acme.tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 'one';
DELETE FROM acme.tickets WHERE title = 'two';
RESET ROLE;
SELECT title, from_phase, to_phase FROM phase_history h JOIN tickets t ON t.id = ticket_id ORDER BY h.created_at, h.id;
-- The owner may add rows, as an import does.
INSERT INTO tickets (id, title) VALUES ('00000000-0000-7000-8000-000000000003', 'three');
INSERT INTO phase_history (ticket_id, from_phase, to_phase) VALUES ('00000000-0000-7000-8000-000000000003', 'PHASE_BACKLOG', 'PHASE_BACKLOG');
-- But a ticket starts once.
INSERT INTO phase_history (ticket_id, to_phase) VALUES ('00000000-0000-7000-8000-000000000003', 'PHASE_BACKLOG');
-- The cascade works for every role and under row security that hides the rows.
ALTER TABLE phase_history ENABLE ROW LEVEL SECURITY;
ALTER TABLE phase_history FORCE ROW LEVEL SECURITY;
SET ROLE regress_historian;
DELETE FROM acme.tickets WHERE title = 'one';
RESET ROLE;
SELECT count(*) FROM phase_history h JOIN tickets t ON t.id = h.ticket_id WHERE t.title = 'one';
DELETE FROM tickets;
SELECT count(*) FROM phase_history;
DROP OWNED BY regress_historian;
DROP ROLE regress_historian;
