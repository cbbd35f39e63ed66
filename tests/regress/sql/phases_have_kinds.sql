-- What a phase means is its row in phases, whatever its label; a label without a row is work.
\set VERBOSITY default
SET client_min_messages = warning;
CREATE SCHEMA acme;
CREATE TYPE acme.phase AS ENUM ('PHASE_BACKLOG', 'PHASE_REQUIREMENTS', 'PHASE_DESIGN', 'PHASE_IMPLEMENTATION', 'PHASE_TESTING', 'PHASE_DEPLOYMENT', 'PHASE_DONE', 'PHASE_BLOCKED', 'Won''t do', 'Later');
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
SELECT phase_id, kind, context_key, due_after FROM phases;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;
UPDATE phases SET kind = 'abandoned' WHERE phase_id = 'Won''t do';
DELETE FROM phases WHERE phase_id = 'Later';
INSERT INTO phase_transitions VALUES ('PHASE_DESIGN', 'Won''t do', true), ('Won''t do', 'PHASE_TESTING', false), ('PHASE_DESIGN', 'Later', false);
INSERT INTO phase_gate_requirements (phase_id, required_artifacts) VALUES ('PHASE_DESIGN', '{sketch}');
-- One start, one blocked phase.
UPDATE phases SET kind = 'start' WHERE phase_id = 'PHASE_TESTING';
UPDATE phases SET kind = 'blocked' WHERE phase_id = 'PHASE_TESTING';
UPDATE phases SET kind = 'odd' WHERE phase_id = 'PHASE_TESTING';
-- The key is set once, from the label, and stays when that is renamed.
UPDATE phases SET context_key = 'other' WHERE phase_id = 'PHASE_TESTING';
INSERT INTO phases (phase_id) VALUES ('Later') RETURNING kind, context_key;
ALTER TYPE phase RENAME VALUE 'PHASE_BLOCKED' TO 'On ice';
ALTER TYPE phase RENAME VALUE 'PHASE_DONE' TO 'Shipped';
SELECT kind, context_key FROM phases WHERE phase_id IN ('On ice', 'Shipped') ORDER BY 1;
SELECT phase FROM phase_board;
-- Nothing depends on labels: blocked, back, no start where tickets end.
INSERT INTO tickets (id, title, phase_id) SELECT ('00000000-0000-7000-8000-00000000000' || n)::uuid, 't' || n, 'PHASE_DESIGN' FROM generate_series(1, 3) n;
SELECT (block_ticket(id, 'waits')).current_phase FROM tickets WHERE title = 't1';
SELECT (unblock_ticket(id)).current_phase FROM tickets WHERE title = 't1';
CREATE ROLE regress_mover;
SELECT grant_access('acme', 'regress_mover', 'manager');
SET ROLE regress_mover;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000009', 'x', 'Shipped');
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000009', 'x', 'Won''t do');
-- To give up takes no gate, though its edge asks for one; to come back takes those of all phases on the way.
UPDATE tickets SET phase_id = 'Won''t do' WHERE title = 't2';
UPDATE tickets SET phase_id = 'PHASE_TESTING' WHERE title = 't2';
-- A row that tickets rely on stays.
DELETE FROM phases WHERE phase_id = 'Won''t do';
UPDATE phases SET kind = 'work' WHERE phase_id = 'Won''t do';
RESET ROLE;
TRUNCATE phases;
INSERT INTO tickets (title, phase_id) VALUES ('done', 'Shipped');
UPDATE phases SET kind = 'work' WHERE phase_id = 'Shipped';
UPDATE phases SET description = 'Out.' WHERE phase_id = 'Shipped';
-- Who changed what is on record.
SELECT table_name, operation, old ->> 'description' AS old, new ->> 'description' AS new, db_role, acting_role FROM configuration_history ORDER BY id DESC LIMIT 1;
SELECT table_name, operation, count(*) FROM configuration_history GROUP BY 1, 2 ORDER BY 1, 2;
-- Without a phase for it nobody is blocked.
DELETE FROM phases WHERE kind = 'blocked';
SELECT block_ticket(id, 'waits') FROM tickets WHERE title = 't1';
-- Overdue, and what is left of a deleted ticket.
UPDATE phases SET due_after = '1 microsecond' WHERE phase_id IN ('PHASE_DESIGN', 'Shipped');
SELECT title, phase, due_at - entered_at AS allowed FROM overdue_tickets ORDER BY title;
DELETE FROM tickets WHERE title = 'done';
SELECT title, finished_at IS NOT NULL AS finished, deleted, document ->> 'format' AS format, document ->> 'deleted_by' AS by, document -> 'history' -> 0 ->> 'to_phase' AS started_in FROM ticket_archive;
SELECT check_name, example FROM check_workspace() WHERE violations > 0;
DROP OWNED BY regress_mover;
DROP ROLE regress_mover;
