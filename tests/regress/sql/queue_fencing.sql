-- Only the holder of a task's present attempt can do anything with it.
SET phasegate.now = '2026-01-01 12:00:00+00';
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
INSERT INTO tickets (id, title) VALUES ('00000000-0000-0000-0000-000000000001', 'Refunds');
\set task '00000000-0000-0000-0000-00000000000a'
INSERT INTO tasks (id, ticket_id, phase_id) VALUES (:'task', '00000000-0000-0000-0000-000000000001', 'PHASE_BACKLOG');
SELECT heartbeat_task(:'task', 'ada');
SELECT status, attempt, lease_expires_at FROM claim_task('ada');
SELECT complete_task(:'task', 'bob');
-- The holder starts, and beats.
SELECT start_task(:'task', 'ada');
SELECT start_task(:'task', 'ada', attempt => 1);
SELECT status, started_at FROM tasks;
SELECT heartbeat_task(:'task', 'ada', '10 minutes', 1);
SELECT heartbeat_task(:'task', 'ada', '10 minutes', 2);
SELECT heartbeat_task(:'task', 'ada', '0 minutes', 1);
-- Late, but nobody took it meanwhile: it is still hers.
SET phasegate.now = '2026-01-01 12:10:01+00';
SELECT heartbeat_task(:'task', 'ada', '1 minute', 1);
-- Taken by somebody else.
SET phasegate.now = '2026-01-01 12:20:00+00';
SELECT assigned_agent_id, attempt, status, started_at FROM claim_task('bob');
SELECT complete_task(:'task', 'ada', attempt => 1);
SELECT fail_task(:'task', 'ada', 'late', attempt => 1);
SELECT heartbeat_task(:'task', 'ada', attempt => 1);
SELECT start_task(:'task', 'ada');
-- Taken again under the same name: the attempt tells the two apart.
SET phasegate.now = '2026-01-01 12:30:00+00';
SELECT assigned_agent_id, attempt FROM claim_task('bob');
SELECT complete_task(:'task', 'bob', attempt => 2);
SELECT fail_task(:'task', 'bob', 'late', attempt => 2);
SELECT heartbeat_task(:'task', 'bob', attempt => 2);
SELECT start_task(:'task', 'bob', attempt => 2);
SELECT status, attempts, lease_expires_at FROM tasks;
SELECT (c).status, (c).completed_at, (c).lease_expires_at, (c).assigned_agent_id
  FROM (SELECT complete_task(:'task', 'bob', '{"summary": "done"}', 3) AS c) x;
-- Done is done.
SELECT complete_task(:'task', 'bob', attempt => 3);
SELECT cancel_task(:'task');
-- Handing a task to somebody else by hand is a new attempt as well.
\set task '00000000-0000-0000-0000-00000000000b'
INSERT INTO tasks (id, ticket_id, phase_id) VALUES (:'task', '00000000-0000-0000-0000-000000000001', 'PHASE_BACKLOG');
SELECT attempt FROM claim_task('ada');
UPDATE tasks SET assigned_agent_id = 'bob' WHERE id = :'task';
UPDATE tasks SET assigned_agent_id = 'ada' WHERE id = :'task';
SELECT complete_task(:'task', 'ada', attempt => 1);
UPDATE tasks SET attempts = 1 WHERE id = :'task' RETURNING attempts;
-- What is not there, and what must be given.
SELECT complete_task('00000000-0000-0000-0000-0000000000ff', 'ada');
SELECT cancel_task('00000000-0000-0000-0000-0000000000ff');
SELECT complete_task(NULL, 'ada');
SELECT complete_task(:'task', NULL);
SELECT fail_task(:'task', 'ada', NULL);
SELECT heartbeat_task(:'task', 'ada', NULL);
