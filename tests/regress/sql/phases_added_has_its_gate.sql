-- A phase that the owner adds can have a gate like any other, in sessions that were open before.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
UPDATE task_templates SET is_active = false;
UPDATE phase_gate_requirements SET required_tasks_completed = false, required_artifacts = '{}', validation_criteria = NULL WHERE phase_id = 'PHASE_TESTING';
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 't', 'PHASE_TESTING'), ('00000000-0000-7000-8000-000000000002', 'u', 'PHASE_TESTING');
SELECT phasegate.check_gate_requirements('00000000-0000-7000-8000-000000000001') ->> 'validation_status';
ALTER TYPE phase ADD VALUE 'PHASE_SECURITY_REVIEW' AFTER 'PHASE_TESTING';
INSERT INTO phase_transitions VALUES ('PHASE_TESTING', 'PHASE_SECURITY_REVIEW', true), ('PHASE_SECURITY_REVIEW', 'PHASE_DEPLOYMENT', true),
    ('PHASE_SECURITY_REVIEW', 'PHASE_BLOCKED', false), ('PHASE_BLOCKED', 'PHASE_SECURITY_REVIEW', false), ('PHASE_BLOCKED', 'PHASE_DEPLOYMENT', false), ('PHASE_SECURITY_REVIEW', 'PHASE_TESTING', false);
UPDATE tickets SET phase_id = 'PHASE_SECURITY_REVIEW' WHERE title = 't';
SELECT phasegate.check_gate_requirements('00000000-0000-7000-8000-000000000001') ->> 'validation_status';
INSERT INTO phase_gate_requirements VALUES ('PHASE_SECURITY_REVIEW', '{scan}', true, '{"scan": {"jsonpath": "$.findings.size() == 0"}}', true);
UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT' WHERE title = 't';
-- Blocked before it, a ticket cannot get around it.
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 'u';
UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT' WHERE title = 'u';
-- Handed in, worked, reviewed: it passes.
SELECT (a).phase_id FROM phasegate.add_artifact('00000000-0000-7000-8000-000000000001', 'scan', artifact_content => '{"findings": []}', collected_by => 'scanner') a;
INSERT INTO tasks (ticket_id, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_SECURITY_REVIEW');
UPDATE tasks SET status = 'completed', assigned_agent_id = 'worker';
SELECT gate_status FROM phasegate.validate_gate('00000000-0000-7000-8000-000000000001');
UPDATE tasks SET status = 'completed', assigned_agent_id = 'inspector', result = '{"approved": true}' WHERE kind = 'review';
UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT' WHERE title = 't';
SELECT to_phase, r.phase_id AS gate, gate_status FROM phase_history h LEFT JOIN phase_gate_results r ON r.id = h.gate_result_id WHERE h.ticket_id = '00000000-0000-7000-8000-000000000001' ORDER BY h.created_at, h.id;
-- A regression through it makes its evidence stale.
INSERT INTO phase_transitions VALUES ('PHASE_DEPLOYMENT', 'PHASE_TESTING', false);
UPDATE tickets SET phase_id = 'PHASE_TESTING' WHERE title = 't';
UPDATE tickets SET phase_id = 'PHASE_SECURITY_REVIEW' WHERE title = 't';
UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT' WHERE title = 't';
SELECT sum(violations) FROM phasegate.check_workspace();
-- Renamed, it keeps its gate; without its row it has none.
ALTER TYPE phase RENAME VALUE 'PHASE_SECURITY_REVIEW' TO 'PHASE_AUDIT';
SELECT phasegate.gate_status('00000000-0000-7000-8000-000000000001') #> '{requirements,required_artifacts}' AS required;
UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT' WHERE title = 't';
DELETE FROM phase_gate_requirements WHERE phase_id = 'PHASE_AUDIT';
UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT' WHERE title = 't';
