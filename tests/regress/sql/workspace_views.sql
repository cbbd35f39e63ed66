-- phase_board, phase_durations and task_queue.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;
SET phasegate.now = '2025-01-01 08:00';
SELECT * FROM phase_board;
INSERT INTO tickets (id, title, phase_id) VALUES
    ('00000000-0000-7000-8000-000000000001', 'a', 'PHASE_REQUIREMENTS'), ('00000000-0000-7000-8000-000000000002', 'b', 'PHASE_DESIGN');
SET phasegate.now = '2025-01-02 08:00';
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000003', 'c', 'PHASE_DESIGN');
SET phasegate.now = '2025-01-03 08:00';
UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE title = 'a';
SET phasegate.now = '2025-01-04 12:00';
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 'a';
-- A clock that was set back does not put a move before the one it follows.
SET phasegate.now = '2024-01-01';
UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE title = 'a';
RESET phasegate.now;
SET session_replication_role = replica;
INSERT INTO tasks (id, ticket_id, phase_id, status, created_at, assigned_agent_id, completed_at) VALUES
    ('00000000-0000-7000-8000-0000000000f1', '00000000-0000-7000-8000-000000000002', 'PHASE_DESIGN', 'pending', '2025-01-01', NULL, NULL),
    ('00000000-0000-7000-8000-0000000000f2', '00000000-0000-7000-8000-000000000003', 'PHASE_DESIGN', 'pending', '2025-01-02', NULL, NULL),
    ('00000000-0000-7000-8000-0000000000f3', '00000000-0000-7000-8000-000000000003', 'PHASE_DESIGN', 'cancelled', '2025-01-02', NULL, NULL);
INSERT INTO phase_gate_results (ticket_id, phase_id, gate_status, validated_at) VALUES
    ('00000000-0000-7000-8000-000000000002', 'PHASE_DESIGN', 'passed', '2025-01-01'), ('00000000-0000-7000-8000-000000000002', 'PHASE_DESIGN', 'failed', '2025-01-02'),
    ('00000000-0000-7000-8000-000000000003', 'PHASE_DESIGN', 'failed', '2025-01-01'), ('00000000-0000-7000-8000-000000000003', 'PHASE_DESIGN', 'passed', '2025-01-02'),
    ('00000000-0000-7000-8000-000000000003', 'PHASE_TESTING', 'failed', '2025-01-03');
RESET session_replication_role;
SELECT * FROM phase_board;
SELECT right(ticket_id::text, 1) AS ticket, phase, entered_at, left_at, CASE WHEN left_at IS NULL THEN duration > '1 day' END AS goes_on, CASE WHEN left_at IS NOT NULL THEN duration END AS duration
  FROM phase_durations ORDER BY 1, entered_at;
SELECT phase, status, tasks, oldest FROM task_queue;
-- An imported history whose times are infinite has no durations; the others stay.
BEGIN;
INSERT INTO tickets (id, title) VALUES ('00000000-0000-7000-8000-000000000009', 'imported');
INSERT INTO phase_history (ticket_id, from_phase, to_phase, created_at) VALUES ('00000000-0000-7000-8000-000000000009', 'PHASE_DONE', 'PHASE_DESIGN', '-infinity'), ('00000000-0000-7000-8000-000000000009', 'PHASE_BACKLOG', 'PHASE_TESTING', 'infinity');
SELECT phase, duration FROM phase_durations WHERE ticket_id = '00000000-0000-7000-8000-000000000009' ORDER BY entered_at;
ROLLBACK;
-- A view shows no more than its reader may see.
CREATE ROLE regress_reader;
GRANT USAGE ON SCHEMA acme TO regress_reader;
GRANT SELECT ON phase_board, phase_durations, task_queue TO regress_reader;
SET ROLE regress_reader;
SELECT * FROM acme.phase_durations;
RESET ROLE;
GRANT SELECT ON ALL TABLES IN SCHEMA acme TO regress_reader;
ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON tickets USING (title = 'a');
SET ROLE regress_reader;
SELECT phase, tickets FROM acme.phase_board WHERE tickets > 0;
SELECT count(DISTINCT ticket_id) FROM acme.phase_durations;
SELECT count(*) FROM acme.task_queue;
RESET ROLE;
DROP OWNED BY regress_reader;
DROP ROLE regress_reader;
