-- What a task's result may be. What breaks the contract is refused, and the task stays held.
SET phasegate.now = '2026-01-01 12:00:00+00';
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
INSERT INTO tickets (id, title) VALUES ('00000000-0000-0000-0000-000000000001', 'Refunds');
\set task '00000000-0000-0000-0000-00000000000a'
INSERT INTO tasks (id, ticket_id, phase_id) VALUES (:'task', '00000000-0000-0000-0000-000000000001', 'PHASE_BACKLOG');
SELECT attempt FROM claim_task('ada');
SELECT complete_task(:'task', 'ada', '"done"');
SELECT complete_task(:'task', 'ada', '[]');
SELECT complete_task(:'task', 'ada', '{"summary": 7}');
SELECT complete_task(:'task', 'ada', '{"context": ["x"]}');
SELECT complete_task(:'task', 'ada', '{"artifacts": {"type": "x"}}');
SELECT complete_task(:'task', 'ada', '{"artifacts": [{"type": "a"}, {"path": "x"}]}');
SELECT complete_task(:'task', 'ada', '{"artifacts": [{"type": "a", "path": 1}]}');
SELECT complete_task(:'task', 'ada', jsonb_build_object('artifacts', jsonb_build_array(jsonb_build_object('type', repeat('x', 101)))));
SELECT complete_task(:'task', 'ada', (repeat('[', 500) || repeat(']', 500))::jsonb);
UPDATE tasks SET result = '3';
INSERT INTO tasks (ticket_id, phase_id, status, result) VALUES ('00000000-0000-0000-0000-000000000001', 'PHASE_BACKLOG', 'completed', '"x"');
-- The size limit is on the JSON text.
SHOW phasegate.max_result_bytes;
SELECT complete_task(:'task', 'ada', jsonb_build_object('summary', repeat('x', 1048576 - 14)));
SELECT status, assigned_agent_id, attempts, result FROM tasks;
SELECT length(((complete_task(:'task', 'ada', jsonb_build_object('summary', repeat('x', 1048576 - 15)))).result)::text);
SET phasegate.max_result_bytes = 20;
UPDATE tasks SET result = '{"summary": "more than twenty bytes"}';
RESET phasegate.max_result_bytes;
CREATE ROLE regress_result_agent;
SET ROLE regress_result_agent;
SET phasegate.max_result_bytes = '1GB';
RESET ROLE;
DROP ROLE regress_result_agent;
-- Known keys may be null, unknown ones are kept.
UPDATE tasks SET result = '{"summary": null, "context": {"key_decisions": ["a"]}, "artifacts": [{"type": "doc", "content": [1]}], "outputs": 1, "mood": "good"}'
    RETURNING result;
-- JSON null, as ORMs write it for none, is none.
UPDATE tasks SET result = 'null' RETURNING result IS NULL AS is_null;
DELETE FROM tasks;
INSERT INTO tasks (id, ticket_id, phase_id, result) VALUES (:'task', '00000000-0000-0000-0000-000000000001', 'PHASE_BACKLOG', 'null') RETURNING result IS NULL AS is_null;
-- A result may grow while the task runs; completing without one keeps it.
SELECT attempt FROM claim_task('ada');
UPDATE tasks SET result = '{"summary": "half way"}';
SELECT (complete_task(:'task', 'ada')).result;
-- Reviews and summaries are answers: without one, or with an ill-shaped one, they are not completed.
DELETE FROM tasks;
INSERT INTO tasks (ticket_id, phase_id, kind) VALUES
    ('00000000-0000-0000-0000-000000000001', 'PHASE_BACKLOG', 'review'), ('00000000-0000-0000-0000-000000000001', 'PHASE_BACKLOG', 'summary');
UPDATE tasks SET status = 'completed' WHERE kind = 'review';
UPDATE tasks SET status = 'completed', result = '{"summary": "fine"}' WHERE kind = 'review';
UPDATE tasks SET status = 'completed', result = '{"approved": "yes"}' WHERE kind = 'review';
UPDATE tasks SET status = 'completed', result = '{"approved": true, "blocking_reasons": "none"}' WHERE kind = 'review';
UPDATE tasks SET status = 'completed', result = 'null' WHERE kind = 'summary';
UPDATE tasks SET status = 'completed', result = '{"summary": " "}' WHERE kind = 'summary';
INSERT INTO tasks (ticket_id, phase_id, kind, status) VALUES ('00000000-0000-0000-0000-000000000001', 'PHASE_BACKLOG', 'review', 'completed');
SELECT kind, status FROM tasks ORDER BY kind;
SELECT check_name, violations FROM check_workspace() WHERE violations <> 0;
