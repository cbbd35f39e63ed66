-- A gate that requires a review: who may give it, what it must look like, and how long it counts.
\set SHOW_CONTEXT never
CREATE ROLE regress_owner;
CREATE ROLE regress_agent;
CREATE ROLE regress_reviewer;
CREATE SCHEMA acme AUTHORIZATION regress_owner;
SET ROLE regress_owner;
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
UPDATE task_templates SET is_active = false;
GRANT USAGE ON SCHEMA acme TO regress_agent, regress_reviewer;
GRANT SELECT, INSERT, UPDATE, DELETE ON tickets, tasks, phase_gate_artifacts TO regress_agent, regress_reviewer;
GRANT SELECT ON phase_gate_results TO regress_agent;
GRANT SELECT, INSERT ON phase_gate_results TO regress_reviewer;
INSERT INTO phase_gate_requirements (phase_id, required_artifacts, required_tasks_completed, requires_review) VALUES ('PHASE_DESIGN', '{sketch}', true, true);
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 't', 'PHASE_DESIGN');
CREATE FUNCTION acme.gate() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' | ', c ->> 'review', c ->> 'validation_status', (SELECT string_agg(r ->> 'code' || ': ' || (r ->> 'message'), ' ') FROM jsonb_array_elements(c -> 'reasons') r))
      FROM phasegate.check_gate_requirements('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN') c $$;
CREATE VIEW acme.queue AS
SELECT kind, phase_id, task_type, description, priority, status, required_capabilities, assigned_agent_id, result FROM acme.tasks WHERE kind = 'review' ORDER BY created_at, id;
GRANT SELECT ON acme.queue TO PUBLIC;

-- The worker works. Before there is anything to review, none is asked for.
SET ROLE regress_agent;
INSERT INTO tasks (id, ticket_id, phase_id, task_type) VALUES ('00000000-0000-7000-8000-0000000000a1', '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'design');
SELECT (phasegate.validate_gate('00000000-0000-7000-8000-000000000001')).gate_status;
SELECT count(*) FROM acme.queue;
UPDATE tasks SET status = 'completed', assigned_agent_id = 'worker', result = '{"artifacts": [{"type": "sketch", "path": "a.svg", "collected_by": "helper"}]}'
 WHERE id = '00000000-0000-7000-8000-0000000000a1';
-- Only the review is missing: the result is pending, and one review is in the queue, however often that is found.
SELECT acme.gate();
SELECT (phasegate.validate_gate('00000000-0000-7000-8000-000000000001')).gate_status;
SELECT error_code, blocking_reasons FROM phasegate.try_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_IMPLEMENTATION');
SELECT (phasegate.validate_gate('00000000-0000-7000-8000-000000000001')).gate_status;
SELECT count(DISTINCT (phasegate.validate_phase_completion('00000000-0000-7000-8000-000000000001')).id) FROM generate_series(1, 2);
SELECT * FROM acme.queue;
SELECT gate_status, count(*) FROM phase_gate_results GROUP BY 1 ORDER BY 1;
SELECT acme.gate();
SELECT id AS review FROM tasks WHERE kind = 'review' \gset

-- Nobody without the privilege approves: by the function, by UPDATE, by INSERT of a finished review.
SELECT count(*) FROM phasegate.claim_task('other', '{validation}');
SELECT phasegate.complete_task(:'review', 'other', '{"approved": true}');
UPDATE tasks SET status = 'completed', assigned_agent_id = 'other', result = '{"approved": true}' WHERE kind = 'review';
INSERT INTO tasks (ticket_id, phase_id, kind, status, assigned_agent_id, result) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'review', 'completed', 'other', '{"approved": true}');
\echo :LAST_ERROR_SQLSTATE
-- Nor forges the result, nor turns finished work into a review.
INSERT INTO phase_gate_results (ticket_id, phase_id, gate_status) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'passed');
UPDATE phase_gate_results SET gate_status = 'passed';
DELETE FROM phase_gate_results;
UPDATE tasks SET kind = 'review', result = '{"approved": true}' WHERE kind = 'work';
SET ROLE regress_reviewer;
INSERT INTO phase_gate_results (ticket_id, phase_id, gate_status) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'passed');
\echo :LAST_ERROR_SQLSTATE
SELECT acme.gate();

-- Nobody who took part does, whatever the privilege: neither who completed work nor who collected an artifact.
UPDATE tasks SET status = 'pending' WHERE kind = 'review';
SELECT count(*) FROM phasegate.claim_task('worker', '{validation}');
SELECT count(*) FROM phasegate.claim_task('helper', '{validation}');
UPDATE tasks SET status = 'assigned', assigned_agent_id = 'worker' WHERE kind = 'review';
SELECT phasegate.complete_task(:'review', 'worker', '{"approved": true}');
UPDATE tasks SET status = 'completed', result = '{"approved": true}' WHERE kind = 'review';
UPDATE tasks SET status = 'pending' WHERE kind = 'review';
UPDATE tasks SET status = 'completed', assigned_agent_id = 'helper', result = '{"approved": true}' WHERE kind = 'review';
INSERT INTO tasks (ticket_id, phase_id, kind, status, assigned_agent_id, result) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'review', 'completed', 'worker', '{"approved": true}');
SET phasegate.actor = 'worker';
INSERT INTO tasks (ticket_id, phase_id, kind, status, result) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'review', 'completed', '{"approved": true}');
\echo :LAST_ERROR_SQLSTATE
RESET phasegate.actor;
-- A rejection by them is refused as well.
UPDATE tasks SET status = 'completed', assigned_agent_id = 'worker', result = '{"approved": false}' WHERE kind = 'review';
-- The shape of a verdict.
UPDATE tasks SET status = 'completed', assigned_agent_id = 'inspector' WHERE kind = 'review';
UPDATE tasks SET status = 'completed', assigned_agent_id = 'inspector', result = '{"approved": "yes"}' WHERE kind = 'review';
UPDATE tasks SET status = 'completed', assigned_agent_id = 'inspector', result = '{"approved": true, "blocking_reasons": "none"}' WHERE kind = 'review';
INSERT INTO tasks (ticket_id, phase_id, kind, status, result) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'review', 'completed', '{}');
\echo :LAST_ERROR_SQLSTATE
SELECT acme.gate();

-- A rejection fails the gate with its reasons.
SELECT kind, attempt, ticket_title FROM phasegate.claim_task('inspector', '{validation}');
SELECT (t).status, (t).assigned_agent_id FROM phasegate.complete_task(:'review', 'inspector', '{"approved": false, "feedback": "not yet", "blocking_reasons": ["no error paths", "too coarse."]}') t;
SELECT acme.gate();
SELECT gate_status, blocking_reasons FROM phasegate.validate_gate('00000000-0000-7000-8000-000000000001', validated_by => 'inspector');
SELECT transitioned, error_code FROM phasegate.try_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_IMPLEMENTATION');
-- It stays, for everybody who is no reviewer: it can be neither edited nor deleted nor reopened.
SET ROLE regress_agent;
UPDATE tasks SET result = '{"approved": true}' WHERE kind = 'review';
DELETE FROM tasks WHERE kind = 'review';
\set VERBOSITY terse
UPDATE tasks SET status = 'pending' WHERE kind = 'review';
\set VERBOSITY default
UPDATE tasks SET kind = 'summary' WHERE kind = 'review';
UPDATE tasks SET phase_id = 'PHASE_TESTING' WHERE kind = 'review';
SELECT acme.gate();
-- New evidence alone makes it stale, and a new review is asked for; until that is given the gate waits.
SELECT (phasegate.add_artifact('00000000-0000-7000-8000-000000000001', 'sketch', 'b.svg', collected_by => 'worker')).artifact_path;
SELECT acme.gate();
SELECT (phasegate.validate_gate('00000000-0000-7000-8000-000000000001')).gate_status;
SELECT acme.gate();
SELECT count(*) FILTER (WHERE status = 'pending') AS open, count(*) AS all FROM acme.queue;
SET ROLE regress_reviewer;
SELECT id AS review FROM tasks WHERE kind = 'review' AND status = 'pending' \gset
UPDATE tasks SET status = 'completed', assigned_agent_id = 'inspector', result = '{"approved": true}' WHERE id = :'review';
SELECT acme.gate();
-- An approval that is older than the newest artifact does not count, whatever the artifact is.
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, collected_at) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'note', '2000-01-01');
SELECT acme.gate();
SELECT phasegate.transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_IMPLEMENTATION');
-- Nor does one become newer by being edited, or by a time of its own; one that was given in advance counts from now.
UPDATE tasks SET result = '{"approved": true, "feedback": "still"}', completed_at = '2100-01-01' WHERE id = :'review';
SELECT acme.gate();
INSERT INTO tasks (id, ticket_id, phase_id, kind, status, assigned_agent_id, result, completed_at)
VALUES ('00000000-0000-7000-8000-0000000000a2', '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'review', 'completed', 'inspector', '{"approved": true}', '2100-01-01');
SELECT acme.gate();
SELECT completed_at <= clock_timestamp() AS not_in_the_future FROM tasks WHERE id = '00000000-0000-7000-8000-0000000000a2';
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'note');
SELECT acme.gate();
-- The last verdict counts; changing it is judging again, with the privilege and the independence that takes.
INSERT INTO tasks (id, ticket_id, phase_id, kind, status, assigned_agent_id, result)
VALUES ('00000000-0000-7000-8000-0000000000a3', '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'review', 'completed', 'inspector', '{"approved": true}');
SELECT acme.gate();
INSERT INTO tasks (id, ticket_id, phase_id, kind, status, assigned_agent_id, result)
VALUES ('00000000-0000-7000-8000-0000000000a4', '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'review', 'completed', 'auditor', '{"approved": false, "feedback": "I differ"}');
SELECT acme.gate();
UPDATE tasks SET result = '{"approved": true}' WHERE id = '00000000-0000-7000-8000-0000000000a4';
SELECT acme.gate();
UPDATE tasks SET result = '{"approved": false}' WHERE id = '00000000-0000-7000-8000-0000000000a3';
SELECT acme.gate();
DELETE FROM tasks WHERE id = '00000000-0000-7000-8000-0000000000a3';
SELECT acme.gate();
-- Who approves and takes part afterwards has reviewed themselves after all: it counts no more.
BEGIN;
INSERT INTO tasks (id, ticket_id, phase_id) VALUES ('00000000-0000-7000-8000-0000000000a5', '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN');
UPDATE tasks SET status = 'completed', assigned_agent_id = 'auditor' WHERE id = '00000000-0000-7000-8000-0000000000a5';
SELECT acme.gate();
ROLLBACK;
-- Approved, the gate passes, and its result says by whom the move was made.
SELECT (phasegate.transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_IMPLEMENTATION', transitioned_by => 'agent-7')).current_phase;
SELECT gate_status, validated_by, validation_result ->> 'review' AS review FROM phase_gate_results ORDER BY validated_at DESC LIMIT 1;
-- After a regression an approval is stale, also where the phase asks for no artifact.
RESET ROLE;
SET search_path = acme;
UPDATE phase_gate_requirements SET required_artifacts = '{}', required_tasks_completed = false WHERE phase_id = 'PHASE_DESIGN';
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000002', 'u', 'PHASE_DESIGN');
CREATE FUNCTION public.review_of(ticket uuid) RETURNS text LANGUAGE sql AS $$ SELECT phasegate.check_gate_requirements(ticket, 'PHASE_DESIGN') ->> 'review' $$;
INSERT INTO tasks (ticket_id, phase_id, kind, status, assigned_agent_id, result) VALUES ('00000000-0000-7000-8000-000000000002', 'PHASE_DESIGN', 'review', 'completed', 'inspector', '{"approved": true}');
SELECT public.review_of('00000000-0000-7000-8000-000000000002');
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 'u';
UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE title = 'u';
SELECT public.review_of('00000000-0000-7000-8000-000000000002');
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION' WHERE title = 'u';
SELECT public.review_of('00000000-0000-7000-8000-000000000002');
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 'u';
SELECT public.review_of('00000000-0000-7000-8000-000000000002');
UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE title = 'u';
SELECT public.review_of('00000000-0000-7000-8000-000000000002');
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION' WHERE title = 'u';
-- With the clock standing still, what comes later still is later.
SET phasegate.now = '2030-01-01';
INSERT INTO tasks (ticket_id, phase_id, kind, assigned_agent_id, result) VALUES ('00000000-0000-7000-8000-000000000002', 'PHASE_DESIGN', 'review', 'inspector', '{"approved": true}');
UPDATE tasks SET status = 'completed' WHERE ticket_id = '00000000-0000-7000-8000-000000000002' AND status = 'pending';
SELECT public.review_of('00000000-0000-7000-8000-000000000002');
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type) VALUES ('00000000-0000-7000-8000-000000000002', 'PHASE_DESIGN', 'note');
SELECT public.review_of('00000000-0000-7000-8000-000000000002');
INSERT INTO tasks (ticket_id, phase_id, kind, assigned_agent_id) VALUES ('00000000-0000-7000-8000-000000000002', 'PHASE_DESIGN', 'review', 'inspector');
UPDATE tasks SET status = 'completed', result = '{"approved": true}' WHERE ticket_id = '00000000-0000-7000-8000-000000000002' AND status = 'pending';
SELECT public.review_of('00000000-0000-7000-8000-000000000002');
INSERT INTO tasks (ticket_id, phase_id, kind, assigned_agent_id) VALUES ('00000000-0000-7000-8000-000000000002', 'PHASE_DESIGN', 'review', 'inspector');
UPDATE tasks SET status = 'completed', result = '{"approved": false}' WHERE ticket_id = '00000000-0000-7000-8000-000000000002' AND status = 'pending';
SELECT public.review_of('00000000-0000-7000-8000-000000000002');
RESET phasegate.now;
-- The owner may bring in reviews of the past, with their times.
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000003', 'v', 'PHASE_DESIGN');
INSERT INTO tasks (ticket_id, phase_id, kind, status, assigned_agent_id, result, completed_at) VALUES
    ('00000000-0000-7000-8000-000000000003', 'PHASE_DESIGN', 'review', 'completed', 'inspector', '{"approved": true}', '2021-01-01'),
    ('00000000-0000-7000-8000-000000000003', 'PHASE_DESIGN', 'review', 'completed', 'inspector', '{"approved": false}', '2020-01-01');
SELECT public.review_of('00000000-0000-7000-8000-000000000003');
-- A ticket takes its verdicts with it, whoever deletes it.
SET ROLE regress_agent;
DELETE FROM tickets;
SELECT count(*) FROM tasks;
RESET ROLE;
SELECT sum(violations) FROM phasegate.check_workspace();
SET client_min_messages = warning;
DROP OWNED BY regress_owner, regress_agent, regress_reviewer CASCADE;
DROP ROLE regress_owner, regress_agent, regress_reviewer;
