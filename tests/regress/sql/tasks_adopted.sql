-- An app's own tasks are put in order when they are adopted, and when a detached workspace is taken back.
SET phasegate.now = '2026-01-01 12:00:00+00';
CREATE FUNCTION id(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid $$;
CREATE SCHEMA app;
CREATE TABLE app.tickets (id uuid PRIMARY KEY, title text);
CREATE TABLE app.tasks (note text, status text, id uuid PRIMARY KEY, ticket_id uuid REFERENCES app.tickets, phase_id text, dependencies jsonb, attempts integer, updated_at timestamptz);
INSERT INTO app.tickets VALUES (id(1), 'Refunds');
INSERT INTO app.tasks VALUES
    ('a', 'completed', id(11), id(1), 'PHASE_DESIGN', NULL, 1, '2025-01-01'),
    ('b', 'running', id(12), id(1), 'PHASE_DESIGN', NULL, 0, '2025-01-01'),
    ('c', 'pending', id(13), id(1), 'PHASE_DESIGN', jsonb_build_object('depends_on', ARRAY[id(11), id(12)]), 5, '2025-01-01'),
    ('d', 'pending', id(14), id(1), 'PHASE_DESIGN', jsonb_build_object('depends_on', ARRAY[id(13)::text, 'elsewhere'], 'why', 'x'), NULL, '2025-01-01'),
    ('e', 'failed', id(15), id(1), 'PHASE_DESIGN', '"e"', -3, '2025-01-01');
SET phasegate.actor = 'ada';
-- What cannot be counted, read or told is said at once.
SELECT phasegate.create_workspace('app');
UPDATE app.tasks SET dependencies = NULL WHERE note = 'e';
ALTER TABLE app.tasks ADD COLUMN lease_expires_at timestamptz;
UPDATE app.tasks SET lease_expires_at = '2026-01-01 13:00:00+00' WHERE note = 'b';
SELECT phasegate.create_workspace('app');
UPDATE app.tasks SET dependencies = jsonb_build_object('depends_on', ARRAY[id(13)::text]) WHERE note = 'd';
SELECT phasegate.create_workspace('app');
SET search_path = app, phasegate, public;
CREATE VIEW look AS SELECT note, status, assigned_agent_id IS NOT NULL AS has_agent, attempts, max_attempts, pending_dependencies AS pending, started_at, completed_at FROM tasks ORDER BY note;
SELECT * FROM look;
SELECT check_name, violations FROM check_workspace() WHERE violations <> 0;
-- They obey from now on, wherever the columns stand and whatever other rows hold.
SELECT note FROM tasks k JOIN claim_tasks('bob', 9) c ON c.id = k.id;
UPDATE tasks SET status = 'completed' WHERE note = 'b';
SELECT note, attempt FROM tasks k JOIN claim_tasks('bob', 9) c ON c.id = k.id;
SELECT (complete_task(id(13), 'bob', attempt => 6)).status;
SELECT note FROM tasks k JOIN claim_tasks('bob', 9) c ON c.id = k.id;
UPDATE tasks SET status = 'pending' WHERE note = 'e';
SELECT * FROM look;
UPDATE tasks SET dependencies = '[]' WHERE note IN ('d', 'e') RETURNING note, dependencies;
-- Detached, changed and taken back.
SELECT detach_workspace('app');
UPDATE tasks SET status = CASE note WHEN 'd' THEN 'completed' WHEN 'e' THEN 'assigned' ELSE status END;
INSERT INTO tasks (note, id, ticket_id, phase_id, dependencies) VALUES ('f', id(16), id(1), 'PHASE_DESIGN', jsonb_build_object('depends_on', ARRAY[id(15)]));
SELECT create_workspace('app');
SELECT * FROM look;
SELECT check_name, violations FROM check_workspace() WHERE violations <> 0;
-- Altering a column's type to what a workspace cannot use is met with an error, not with a crash.
\set VERBOSITY terse
ALTER TABLE tasks ALTER COLUMN required_capabilities TYPE text;
DROP INDEX tasks_claimable_groups;
ALTER TABLE tasks ALTER COLUMN required_capabilities TYPE text;
UPDATE tasks SET status = 'cancelled' WHERE note = 'f';
SELECT claim_task('bob');
ALTER TABLE tasks ALTER COLUMN required_capabilities TYPE jsonb USING required_capabilities::jsonb;
ALTER TABLE tasks RENAME COLUMN max_attempts TO tries;
UPDATE tasks SET status = 'cancelled' WHERE note = 'f';
ALTER TABLE tasks RENAME COLUMN tries TO max_attempts;
UPDATE tasks SET status = 'cancelled' WHERE note = 'f';
