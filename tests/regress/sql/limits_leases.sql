-- An agent holds a task, and puts one off, no longer than phasegate.max_lease says, by function or by UPDATE. Managers and the
-- owner may set any time.
CREATE ROLE lease_agent;
CREATE ROLE lease_manager;
SELECT phasegate.create_workspace('acme');
SELECT phasegate.grant_access('acme', 'lease_agent', 'agent'), phasegate.grant_access('acme', 'lease_manager', 'manager');
SET search_path = acme, phasegate;
SET phasegate.now = '2026-01-01 12:00+00';
SET timezone = 'UTC';
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 'a', 'PHASE_DESIGN');
DELETE FROM tasks;
INSERT INTO tasks (id, ticket_id, phase_id)
SELECT ('00000000-0000-7000-8000-0000000000a' || n)::uuid, '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN' FROM generate_series(1, 4) n;
SHOW phasegate.max_lease;

SET ROLE lease_agent;
SET phasegate.max_lease = '1 year';
-- Direct writes are in ada's name: what she does not hold she does not put off.
SET phasegate.actor = 'ada';
SELECT claim_task('ada', lease => '25 hours');
SELECT claim_tasks('ada', 2, lease => '2 days');
SELECT lease_expires_at FROM claim_task('ada', lease => '1 day');
SELECT heartbeat_task('00000000-0000-7000-8000-0000000000a1', 'ada', lease => '1 month');
SELECT heartbeat_task('00000000-0000-7000-8000-0000000000a1', 'ada', lease => '1 hour');
\set VERBOSITY verbose
UPDATE tasks SET lease_expires_at = '2026-01-02 12:00:01+00' WHERE id = '00000000-0000-7000-8000-0000000000a1';
\set VERBOSITY default
UPDATE tasks SET lease_expires_at = 'infinity' WHERE id = '00000000-0000-7000-8000-0000000000a1';
UPDATE tasks SET status = 'assigned', assigned_agent_id = 'eve', lease_expires_at = '2027-01-01' WHERE id = '00000000-0000-7000-8000-0000000000a2';
UPDATE tasks SET scheduled_at = '2026-01-02 11:00+00' WHERE id = '00000000-0000-7000-8000-0000000000a2';
UPDATE tasks SET status = 'assigned', assigned_agent_id = 'ada', lease_expires_at = '2026-01-01 13:00+00' WHERE id = '00000000-0000-7000-8000-0000000000a2';
UPDATE tasks SET status = 'pending', scheduled_at = 'infinity' WHERE id = '00000000-0000-7000-8000-0000000000a2';
UPDATE tasks SET status = 'pending', scheduled_at = '2026-01-02 11:00+00' WHERE id = '00000000-0000-7000-8000-0000000000a2';
-- Without an end, a lease has the longest.
UPDATE tasks SET status = 'assigned', assigned_agent_id = 'eve' WHERE id = '00000000-0000-7000-8000-0000000000a3';
UPDATE tasks SET lease_expires_at = NULL WHERE id = '00000000-0000-7000-8000-0000000000a1';
SELECT right(id::text, 2) AS task, status, assigned_agent_id, lease_expires_at, scheduled_at FROM tasks ORDER BY id;

-- Who directs the queue may say other times; an agent's work goes on with them.
SET ROLE lease_manager;
UPDATE tasks SET status = 'assigned', assigned_agent_id = 'bob', lease_expires_at = NULL WHERE id = '00000000-0000-7000-8000-0000000000a4';
UPDATE tasks SET lease_expires_at = '2026-02-01' WHERE id = '00000000-0000-7000-8000-0000000000a1';
UPDATE tasks SET scheduled_at = '2026-03-01' WHERE id = '00000000-0000-7000-8000-0000000000a2';
SELECT claim_task('ada', lease => '25 hours');
SET ROLE lease_agent;
SELECT start_task('00000000-0000-7000-8000-0000000000a1', 'ada'), start_task('00000000-0000-7000-8000-0000000000a4', 'bob');
SELECT right(id::text, 2) AS task, status, assigned_agent_id, lease_expires_at, scheduled_at FROM tasks ORDER BY id;

-- A retry's wait is none of the agent's choosing.
RESET ROLE;
SET phasegate.max_lease = '1s';
SET ROLE lease_agent;
SELECT status, scheduled_at > '2026-01-01 12:00+00' AS waits FROM fail_task('00000000-0000-7000-8000-0000000000a1', 'ada', 'no');
SELECT count(*) FROM claim_task('ada', lease => '1 second');
RESET ROLE;
RESET phasegate.max_lease;

-- How an attempt failed, or why a task was cancelled, is cut where it is too long; an UPDATE is refused.
SELECT length(error_message), right(error_message, 30) FROM fail_task('00000000-0000-7000-8000-0000000000a4', 'bob', repeat('x', 10000000));
SELECT length(error_message), right(error_message, 30) FROM cancel_task('00000000-0000-7000-8000-0000000000a4', repeat('ü', 100000));
UPDATE tasks SET error_message = repeat('x', 65537);
SELECT status FROM fail_task('00000000-0000-7000-8000-0000000000a3', 'eve', NULL);

SET client_min_messages = warning;
DROP SCHEMA acme CASCADE;
DROP ROLE lease_agent, lease_manager;
