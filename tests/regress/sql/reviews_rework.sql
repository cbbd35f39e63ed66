-- What a rejection sends back: a task with what the reviewer said, as often as the gate says, until the phase is approved.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
UPDATE task_templates SET is_active = false;
INSERT INTO phase_gate_requirements (phase_id, required_artifacts, required_tasks_completed, requires_review, max_rework) VALUES ('PHASE_DESIGN', '{sketch}', true, true, 2);
INSERT INTO tickets (title, phase_id, priority) VALUES ('Refunds', 'PHASE_DESIGN', 'HIGH') RETURNING id AS ticket \gset
CREATE FUNCTION gate() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' | ', c ->> 'review', c ->> 'validation_status', (SELECT string_agg(r ->> 'code' || ': ' || (r ->> 'message'), ' ') FROM jsonb_array_elements(c -> 'reasons') r))
      FROM (SELECT check_gate_requirements(id, 'PHASE_DESIGN') AS c FROM tickets LIMIT 1) x $$;
CREATE VIEW rework AS SELECT phase_id, kind, task_type, description, priority, status, required_capabilities, error_message FROM tasks WHERE task_type = 'rework' ORDER BY created_at, id;
CREATE FUNCTION review(agent text, verdict jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT (validate_gate(id)).gate_status FROM tickets;
    SELECT (complete_task(c.id, agent, verdict)).status FROM claim_task(agent, '{validation}', kinds => '{review}') c $$;

-- The work, and a review that rejects it.
INSERT INTO tasks (ticket_id, phase_id, task_type, required_capabilities) VALUES (:'ticket', 'PHASE_DESIGN', 'design', '["design"]'), (:'ticket', 'PHASE_DESIGN', 'write up', '["writing"]');
SELECT (complete_task(c.id, 'worker', '{"artifacts": [{"type": "sketch", "path": "a.svg"}]}')).status FROM claim_tasks('worker', 2, '{design,writing}') c;
SELECT review('inspector', '{"approved": false, "feedback": "Not yet.", "blocking_reasons": ["no error paths", "too coarse"]}');
SELECT * FROM rework;
SELECT gate();
SELECT * FROM advance_tickets();
-- Whoever claims it is told what was said.
SELECT task_type, (context -> 'review') - 'task_id' AS review FROM claim_task('worker', '{writing}') \gset claimed_
SELECT :'claimed_task_type' AS task_type, :'claimed_review' AS review;
SELECT id AS task FROM tasks WHERE task_type = 'rework' \gset
SELECT gate();
-- What is done is evidence: the rejection stands no more, and another review is asked for.
SELECT status FROM complete_task(:'task', 'worker', '{"summary": "mended"}');
SELECT gate();
SELECT error_code FROM advance_tickets();
SELECT count(*) FROM claim_task('worker', '{validation}');
-- A second one, and there is no third.
SELECT review('inspector', '{"approved": false, "feedback": "Still not."}');
SELECT description, status FROM rework;
SELECT context #> '{review,feedback}' AS feedback, (complete_task(c.id, 'worker')).status FROM claim_task('worker', '{writing}') c;
SELECT review('inspector', '{"approved": false}');
SELECT count(*) FROM rework;
SELECT gate();
SELECT gate_status, blocking_reasons FROM validate_gate(:'ticket');
-- Somebody looked, and handed in what was missing.
SELECT artifact_type FROM add_artifact(:'ticket', 'sketch', 'b.svg', collected_by => 'somebody');
SELECT review('inspector', '{"approved": true}');
SELECT current_phase FROM advance_tickets();

-- With the clock standing still it is the same.
SET phasegate.now = '2030-01-01';
DELETE FROM tickets;
INSERT INTO tickets (title, phase_id) VALUES ('Invoices', 'PHASE_DESIGN') RETURNING id AS ticket \gset
INSERT INTO tasks (ticket_id, phase_id, status, assigned_agent_id, result) VALUES (:'ticket', 'PHASE_DESIGN', 'completed', 'worker', '{"artifacts": [{"type": "sketch"}]}');
SELECT review('inspector', '{"approved": false, "feedback": "No."}');
SELECT (complete_task(c.id, 'worker')).status FROM claim_task('worker') c;
SELECT gate();
SELECT review('inspector', '{"approved": true}');
SELECT gate();
RESET phasegate.now;

-- However the verdict arrives; a second rejection while the work is under way adds to what is to be mended.
DELETE FROM tickets;
INSERT INTO tickets (title, phase_id) VALUES ('Refunds', 'PHASE_DESIGN') RETURNING id AS ticket \gset
INSERT INTO tasks (ticket_id, phase_id, status, assigned_agent_id, result) VALUES (:'ticket', 'PHASE_DESIGN', 'completed', 'worker', '{"artifacts": [{"type": "sketch"}]}');
CREATE ROLE regress_reviewer;
GRANT USAGE ON SCHEMA acme TO regress_reviewer;
GRANT SELECT, INSERT, UPDATE ON tasks, phase_gate_results TO regress_reviewer;
GRANT SELECT ON tickets TO regress_reviewer;
SET ROLE regress_reviewer;
INSERT INTO tasks (ticket_id, phase_id, kind, status, assigned_agent_id, result) VALUES (:'ticket', 'PHASE_DESIGN', 'review', 'completed', 'inspector', '{"approved": false, "feedback": "One."}');
INSERT INTO tasks (ticket_id, phase_id, kind, status, assigned_agent_id, result) VALUES (:'ticket', 'PHASE_DESIGN', 'review', 'completed', 'auditor', '{"approved": false, "feedback": "Two."}');
RESET ROLE;
SELECT description, status FROM rework;
-- Who mends it without taking the task, and is approved, leaves none.
SELECT artifact_type FROM add_artifact(:'ticket', 'sketch', 'b.svg', collected_by => 'somebody');
SELECT gate();
SELECT review('inspector', '{"approved": true}');
SELECT status, error_message FROM rework;
SELECT gate();
-- Not where the gate says so, where it asks for no review, where the ticket is no more, nor for what is over.
UPDATE phase_gate_requirements SET rework = false WHERE phase_id = 'PHASE_DESIGN';
SET ROLE regress_reviewer;
INSERT INTO tasks (ticket_id, phase_id, kind, status, assigned_agent_id, result) VALUES (:'ticket', 'PHASE_DESIGN', 'review', 'completed', 'auditor', '{"approved": false}');
RESET ROLE;
SELECT gate();
SELECT count(*) FROM rework;
UPDATE phase_gate_requirements SET rework = true, requires_review = false WHERE phase_id = 'PHASE_DESIGN';
SET ROLE regress_reviewer;
INSERT INTO tasks (ticket_id, phase_id, kind, status, assigned_agent_id, result) VALUES (:'ticket', 'PHASE_DESIGN', 'review', 'completed', 'auditor', '{"approved": false}');
RESET ROLE;
SELECT count(*) FROM rework;
UPDATE phase_gate_requirements SET requires_review = true WHERE phase_id = 'PHASE_DESIGN';
SET ROLE regress_reviewer;
INSERT INTO tasks (ticket_id, phase_id, kind, status, assigned_agent_id, result) VALUES (:'ticket', 'PHASE_TESTING', 'review', 'completed', 'auditor', '{"approved": false}');
RESET ROLE;
SELECT count(*) FROM rework;
INSERT INTO tasks (ticket_id, phase_id, kind, status, assigned_agent_id, result, completed_at) VALUES (:'ticket', 'PHASE_DESIGN', 'review', 'completed', 'auditor', '{"approved": false}', '2020-01-01');
SELECT count(*) FROM rework;
-- Of a blocked ticket it waits.
UPDATE tickets SET phase_id = 'PHASE_BLOCKED';
SET ROLE regress_reviewer;
INSERT INTO tasks (ticket_id, phase_id, kind, status, assigned_agent_id, result) VALUES (:'ticket', 'PHASE_DESIGN', 'review', 'completed', 'auditor', '{"approved": false}');
RESET ROLE;
SELECT status, on_hold FROM tasks WHERE task_type = 'rework' AND status = 'pending';
SELECT count(*) FROM claim_task('worker', '{}');
UPDATE tickets SET phase_id = 'PHASE_DESIGN';
SELECT task_type FROM claim_task('worker', '{}');
SELECT * FROM check_workspace() WHERE violations > 0;
SET client_min_messages = warning;
DROP OWNED BY regress_reviewer;
DROP ROLE regress_reviewer;
