-- Which moves between statuses are legal, and what follows from a status, whoever sets it.
SET phasegate.now = '2026-01-01 12:00:00+00';
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
INSERT INTO tickets (id, title) VALUES ('00000000-0000-0000-0000-000000000001', 'Refunds');
-- Every pair of statuses, by a plain UPDATE.
DO $$
DECLARE
    statuses text[] := '{pending,assigned,running,completed,failed,cancelled}';
    a text; b text; line text; task uuid;
BEGIN
    FOREACH a IN ARRAY statuses LOOP
        line := '';
        FOREACH b IN ARRAY statuses LOOP
            INSERT INTO tasks (ticket_id, phase_id, status, assigned_agent_id)
                VALUES ('00000000-0000-0000-0000-000000000001', 'PHASE_BACKLOG', a, 'ada') RETURNING id INTO task;
            BEGIN
                UPDATE tasks SET status = b WHERE id = task;
                line := line || ' ' || b;
            EXCEPTION WHEN check_violation THEN
                IF SQLERRM <> 'invalid task status transition' THEN RAISE; END IF;
            END;
        END LOOP;
        RAISE NOTICE '% ->%', a, line;
    END LOOP;
END $$;
SELECT check_name, violations FROM check_workspace() WHERE violations <> 0;
DELETE FROM tasks;
\set task '00000000-0000-0000-0000-00000000000a'
INSERT INTO tasks (id, ticket_id, phase_id) VALUES (:'task', '00000000-0000-0000-0000-000000000001', 'PHASE_BACKLOG');
\set VERBOSITY terse
UPDATE tasks SET status = 'done';
UPDATE tasks SET priority = 'URGENT';
\set VERBOSITY default
-- A careless ORM says the status and nothing else.
PREPARE look AS SELECT status, assigned_agent_id, attempts, max_attempts, lease_expires_at, started_at, completed_at, updated_at FROM tasks;
SET phasegate.actor = 'ada';
SET phasegate.now = '2026-01-01 12:01:00+00';
UPDATE tasks SET status = 'running';
EXECUTE look;
SET phasegate.now = '2026-01-01 12:02:00+00';
UPDATE tasks SET status = 'failed', error_message = 'no';
EXECUTE look;
UPDATE tasks SET status = 'completed';
SET phasegate.now = '2026-01-01 12:03:00+00';
UPDATE tasks SET status = 'pending';
EXECUTE look;
SET phasegate.now = '2026-01-01 12:04:00+00';
UPDATE tasks SET status = 'completed', assigned_agent_id = 'bob';
EXECUTE look;
-- An overbearing one says everything, wrongly.
SET phasegate.now = '2026-01-01 12:05:00+00';
UPDATE tasks SET assigned_agent_id = 'mallory', attempts = 0, max_attempts = 0, lease_expires_at = '2030-01-01', started_at = '2000-01-01',
                 completed_at = NULL, updated_at = '2000-01-01', pending_dependencies = 7;
EXECUTE look;
SELECT pending_dependencies FROM tasks;
UPDATE tasks SET kind = 'review';
UPDATE tasks SET phase_id = 'PHASE_DESIGN';
UPDATE tasks SET ticket_id = gen_random_uuid();
UPDATE tasks SET id = '00000000-0000-0000-0000-00000000000b';
-- New rows: what cannot be is made so that it can; times of imported rows are kept.
DELETE FROM tasks;
INSERT INTO tasks (ticket_id, phase_id, task_type, status, assigned_agent_id, attempts, max_attempts, lease_expires_at, started_at, completed_at) VALUES
    ('00000000-0000-0000-0000-000000000001', 'PHASE_BACKLOG', '1', 'pending', 'x', 5, 3, '2030-01-01', '2025-01-01', '2025-01-01'),
    ('00000000-0000-0000-0000-000000000001', 'PHASE_BACKLOG', '2', 'assigned', NULL, -1, 3, '2030-01-01', '2025-01-01', '2025-01-01'),
    ('00000000-0000-0000-0000-000000000001', 'PHASE_BACKLOG', '3', 'completed', 'x', 1, 3, '2030-01-01', '2025-01-01', '2025-01-02'),
    ('00000000-0000-0000-0000-000000000001', 'PHASE_BACKLOG', '4', 'completed', NULL, 0, 3, NULL, NULL, NULL);
COPY tasks (ticket_id, phase_id, task_type, status) FROM stdin;
00000000-0000-0000-0000-000000000001	PHASE_BACKLOG	5	running
\.
SELECT task_type, status, assigned_agent_id, attempts, max_attempts, lease_expires_at, started_at, completed_at FROM tasks ORDER BY task_type;
\set VERBOSITY terse
COPY tasks (ticket_id, phase_id, status) FROM stdin;
00000000-0000-0000-0000-000000000001	PHASE_BACKLOG	stuck
\.
\set VERBOSITY default
-- Capabilities are an array of strings, or nothing.
INSERT INTO tasks (ticket_id, phase_id, required_capabilities) VALUES ('00000000-0000-0000-0000-000000000001', 'PHASE_BACKLOG', '"analysis"');
UPDATE tasks SET required_capabilities = '["a", null]';
UPDATE tasks SET required_capabilities = 'null' WHERE task_type = '5' RETURNING required_capabilities;
-- A description is the caller's own; updated_at tells of it.
SET phasegate.now = '2026-01-01 12:06:00+00';
UPDATE tasks SET description = 'x' WHERE task_type = '5' RETURNING updated_at;
-- A user's own trigger that goes first is obeyed like a user.
CREATE FUNCTION start_at_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.status := 'running'; RETURN NEW; END $$;
CREATE TRIGGER start_at_once BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION start_at_once();
INSERT INTO tasks (ticket_id, phase_id) VALUES ('00000000-0000-0000-0000-000000000001', 'PHASE_BACKLOG') RETURNING status, assigned_agent_id, attempts, started_at;
SELECT check_name, violations FROM check_workspace() WHERE violations <> 0;
