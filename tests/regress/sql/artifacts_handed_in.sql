-- Handing in evidence, by the function, by hand and by completing tasks.
\set SHOW_CONTEXT never
CREATE ROLE regress_owner;
CREATE ROLE regress_agent;
CREATE SCHEMA acme AUTHORIZATION regress_owner;
SET ROLE regress_owner;
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
UPDATE task_templates SET is_active = false;
GRANT USAGE ON SCHEMA acme TO regress_agent;
GRANT SELECT, INSERT, UPDATE, DELETE ON tickets, tasks, phase_gate_artifacts TO regress_agent;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 't', 'PHASE_DESIGN'), ('00000000-0000-7000-8000-000000000002', 'u', 'PHASE_DESIGN');
SET ROLE regress_agent;
-- Arguments: the phase is the ticket's unless given, the collector the actor unless given.
SELECT (a).ticket_id, (a).phase_id, (a).artifact_type, (a).artifact_path, (a).artifact_content, (a).collected_by = current_user AS by_role, (a).task_id, (a).superseded_at, now() - (a).collected_at < '1 minute' AS now
  FROM phasegate.add_artifact('00000000-0000-7000-8000-000000000001', 'sketch') a;
SET phasegate.actor = 'agent-7';
SELECT (a).phase_id, (a).artifact_path, (a).artifact_content, (a).collected_by FROM phasegate.add_artifact('00000000-0000-7000-8000-000000000001', 'sketch', 'a.svg', '{"n": 1}', 'PHASE_TESTING') a;
SELECT (a).collected_by FROM phasegate.add_artifact(ticket_id => '00000000-0000-7000-8000-000000000001', artifact_type => 'sketch', collected_by => 'helper') a;
RESET phasegate.actor;
SELECT count(*), bool_and(a.id = b.id) FROM phase_gate_artifacts a JOIN (SELECT * FROM phase_gate_artifacts) b USING (id);
-- What is wrong with them.
SELECT phasegate.add_artifact(NULL, 'sketch');
SELECT phasegate.add_artifact('00000000-0000-7000-8000-000000000001', NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT phasegate.add_artifact('00000000-0000-7000-8000-00000000000f', 'sketch');
\echo :LAST_ERROR_SQLSTATE
SELECT phasegate.add_artifact('00000000-0000-7000-8000-000000000001', 'sketch', phase_id => 'PHASE_NONE');
\echo :LAST_ERROR_SQLSTATE
SELECT phasegate.add_artifact('00000000-0000-7000-8000-000000000001', repeat('x', 101));
SELECT phasegate.collect_artifacts(NULL);
SELECT * FROM phasegate.collect_artifacts('00000000-0000-7000-8000-00000000000f');
-- Too large, however it comes; the limit is the superuser's to lift.
SELECT phasegate.add_artifact('00000000-0000-7000-8000-000000000001', 'sketch', artifact_content => to_jsonb(repeat('x', 1048576)));
\echo :LAST_ERROR_SQLSTATE
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, artifact_content) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'sketch', to_jsonb(repeat('x', 1048576)));
UPDATE phase_gate_artifacts SET artifact_content = to_jsonb(repeat('x', 1048575));
SELECT (a).artifact_type FROM phasegate.add_artifact('00000000-0000-7000-8000-000000000002', 'sketch', artifact_content => to_jsonb(repeat('x', 1048574))) a;
RESET ROLE;
BEGIN;
SET LOCAL phasegate.max_result_bytes = 10;
SELECT phasegate.add_artifact('00000000-0000-7000-8000-000000000001', 'sketch', artifact_content => '{"n": 12345}');
ROLLBACK;
SET ROLE regress_agent;
-- The columns that say what counts are phasegate's: nobody but the owner supersedes, and nobody dates an artifact.
DELETE FROM phase_gate_artifacts;
INSERT INTO phase_gate_artifacts (id, ticket_id, phase_id, artifact_type, collected_at, superseded_at)
VALUES ('00000000-0000-7000-8000-0000000000a1', '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'sketch', '2100-01-01', '2000-01-01');
SELECT collected_at <= clock_timestamp() AS now, superseded_at FROM phase_gate_artifacts;
UPDATE phase_gate_artifacts SET collected_at = '2100-01-01', superseded_at = '2000-01-01';
SELECT collected_at <= clock_timestamp() AS now, superseded_at FROM phase_gate_artifacts;
SET ROLE regress_owner;
UPDATE phase_gate_artifacts SET superseded_at = '2000-01-01 UTC';
SET ROLE regress_agent;
UPDATE phase_gate_artifacts SET superseded_at = NULL;
UPDATE phase_gate_artifacts SET superseded_at = NULL, artifact_path = 'b.svg';
SELECT artifact_path, superseded_at = '2000-01-01 UTC' AS superseded FROM phase_gate_artifacts;
-- What tasks hand in: with the type, once each; of two with the same type and path the later.
INSERT INTO tasks (id, ticket_id, phase_id) SELECT ('00000000-0000-7000-8000-0000000000b' || n)::uuid, '00000000-0000-7000-8000-000000000002', 'PHASE_DESIGN' FROM generate_series(1, 4) n;
UPDATE tasks SET status = 'completed', assigned_agent_id = 'worker', result = '{"summary": "done", "artifacts": [
    {"type": "sketch", "path": "a.svg", "content": {"n": 1}}, {"type": "sketch", "path": "b.svg", "collected_by": "helper"}, {"type": "sketch"},
    {"type": "note", "content": null}, {"type": "note", "path": ""}, {"type": "sketch", "path": "a.svg", "content": {"n": 2}}]}'
 WHERE id = '00000000-0000-7000-8000-0000000000b1';
CREATE VIEW pg_temp.handed_in AS
SELECT right(task_id::text, 2) AS task, artifact_type, artifact_path, artifact_content, collected_by FROM acme.phase_gate_artifacts WHERE task_id IS NOT NULL ORDER BY task_id, artifact_type, artifact_path, collected_by;
SELECT * FROM pg_temp.handed_in;
SELECT * FROM phasegate.collect_artifacts('00000000-0000-7000-8000-000000000002');
-- By the queue, by INSERT of a finished one, and by a result that is written later.
SELECT (phasegate.complete_task(c.id, 'worker', '{"artifacts": [{"type": "plan"}]}')).status FROM phasegate.claim_task('worker') c;
INSERT INTO tasks (id, ticket_id, phase_id, status, assigned_agent_id, result)
VALUES ('00000000-0000-7000-8000-0000000000b5', '00000000-0000-7000-8000-000000000002', 'PHASE_TESTING', 'completed', 'worker', '{"artifacts": [{"type": "log"}]}');
UPDATE tasks SET status = 'completed', assigned_agent_id = 'worker' WHERE id = '00000000-0000-7000-8000-0000000000b3';
UPDATE tasks SET result = '{"artifacts": [{"type": "late"}]}' WHERE id = '00000000-0000-7000-8000-0000000000b3';
UPDATE tasks SET result = '{"artifacts": [{"type": "late"}, {"type": "later"}]}' WHERE id = '00000000-0000-7000-8000-0000000000b3';
-- Not by a task that is not completed, nor by a review.
UPDATE tasks SET status = 'failed', result = '{"artifacts": [{"type": "never"}]}' WHERE id = '00000000-0000-7000-8000-0000000000b4';
SELECT * FROM pg_temp.handed_in WHERE task <> 'b1';
SELECT count(*) FROM phasegate.collect_artifacts('00000000-0000-7000-8000-000000000002'), phasegate.collect_artifacts('00000000-0000-7000-8000-000000000002', 'PHASE_TESTING') x;
-- A result that breaks the contract completes nothing.
UPDATE tasks SET status = 'pending' WHERE id = '00000000-0000-7000-8000-0000000000b4';
UPDATE tasks SET status = 'completed', result = '{"artifacts": [{"path": "a"}]}' WHERE id = '00000000-0000-7000-8000-0000000000b4';
UPDATE tasks SET status = 'completed', result = jsonb_build_object('artifacts', jsonb_build_array(jsonb_build_object('type', repeat('x', 101)))) WHERE id = '00000000-0000-7000-8000-0000000000b4';
-- What is missing is collected when asked for: here, of a task that was completed while triggers were off.
RESET ROLE;
SET session_replication_role = replica;
UPDATE acme.tasks SET status = 'completed', assigned_agent_id = 'worker', completed_at = now(), result = '{"artifacts": [{"type": "old", "path": "x"}, {"type": "older"}]}' WHERE id = '00000000-0000-7000-8000-0000000000b4';
RESET session_replication_role;
SELECT artifact_type, artifact_path, collected_by FROM phasegate.collect_artifacts('00000000-0000-7000-8000-000000000002', 'PHASE_TESTING');
SELECT artifact_type, artifact_path, collected_by FROM phasegate.collect_artifacts('00000000-0000-7000-8000-000000000002');
SELECT artifact_type FROM phasegate.collect_artifacts('00000000-0000-7000-8000-000000000002');
-- COPY obeys as well; artifacts of a ticket that is not there are refused.
COPY phase_gate_artifacts (ticket_id, phase_id, artifact_type, collected_at) FROM stdin;
00000000-0000-7000-8000-000000000001	PHASE_DESIGN	copied	2100-01-01
\.
SELECT collected_at <= clock_timestamp() AS now FROM phase_gate_artifacts WHERE artifact_type = 'copied';
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type) VALUES ('00000000-0000-7000-8000-00000000000f', 'PHASE_DESIGN', 'sketch');
-- A ticket with much evidence goes with all of it, for a role that may delete tickets and nothing else.
CREATE ROLE regress_deleter;
GRANT USAGE ON SCHEMA acme TO regress_deleter;
GRANT SELECT, DELETE ON tickets TO regress_deleter;
INSERT INTO tasks (ticket_id, phase_id) SELECT '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN' FROM generate_series(1, 2000);
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type) SELECT '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'note' FROM generate_series(1, 2000);
INSERT INTO tasks (ticket_id, phase_id, kind, status, assigned_agent_id, result) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'review', 'completed', 'inspector', '{"approved": true}');
SELECT gate_status FROM phasegate.validate_gate('00000000-0000-7000-8000-000000000001');
SET ROLE regress_deleter;
SET statement_timeout = '20s';
DELETE FROM tickets;
RESET ROLE;
SELECT (SELECT count(*) FROM tasks) AS tasks, (SELECT count(*) FROM phase_gate_artifacts) AS artifacts, (SELECT count(*) FROM phase_gate_results) AS results, (SELECT count(*) FROM phase_history) AS history;
SET client_min_messages = warning;
DROP OWNED BY regress_owner, regress_agent, regress_deleter CASCADE;
DROP ROLE regress_owner, regress_agent, regress_deleter;
