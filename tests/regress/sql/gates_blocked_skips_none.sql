-- Whichever way a ticket takes through PHASE_BLOCKED, it passes every gate that it would have passed without.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
UPDATE task_templates SET is_active = false;
UPDATE phase_gate_requirements SET required_tasks_completed = false;
INSERT INTO tickets (id, title, phase_id) SELECT ('00000000-0000-7000-8000-00000000000' || n)::uuid, 't' || n, 'PHASE_REQUIREMENTS' FROM generate_series(1, 3) n;
UPDATE tickets SET phase_id = 'PHASE_BLOCKED';
-- Forward out of it: the gates of all phases passed over are asked, and their reasons named together.
UPDATE tickets SET phase_id = 'PHASE_TESTING' WHERE title = 't1';
SELECT * FROM phasegate.can_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING');
UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE title = 't1';
SELECT transitioned, error_code, blocking_reasons FROM phasegate.try_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING');
SELECT phase_id, gate_status FROM phase_gate_results ORDER BY phase_id;
-- What the ticket remembers of where it was cannot be forged.
UPDATE tickets SET previous_phase_id = 'PHASE_TESTING' WHERE title = 't1';
UPDATE tickets SET previous_phase_id = 'PHASE_TESTING', phase_id = 'PHASE_TESTING' WHERE title = 't1';
SELECT phase_id, previous_phase_id FROM tickets WHERE title = 't1';
-- Back to where it was needs no gate, nor does going further back; then the gate is asked as ever.
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title = 't2';
UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE title = 't2';
-- Through it twice, or around by phases without a gate: no.
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 't2';
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION' WHERE title = 't2';
-- With the evidence of one of two gates it reaches what lies behind that one.
SELECT (phasegate.add_artifact('00000000-0000-7000-8000-000000000003', 'requirements_document', artifact_content => '{"length": 500, "sections": ["scope", "acceptance criteria"]}',
                               phase_id => 'PHASE_REQUIREMENTS')).artifact_type;
SELECT error_code, blocking_reasons FROM phasegate.try_transition_ticket('00000000-0000-7000-8000-000000000003', 'PHASE_TESTING');
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION' WHERE title = 't3';
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 't3';
UPDATE tickets SET phase_id = 'PHASE_TESTING' WHERE title = 't3';
SELECT (phasegate.add_artifact('00000000-0000-7000-8000-000000000003', 'code_changes', artifact_content => '{"has_tests": true}', phase_id => 'PHASE_IMPLEMENTATION')).artifact_type;
SELECT (phasegate.add_artifact('00000000-0000-7000-8000-000000000003', 'test_coverage', artifact_content => '{"percentage": 80}', phase_id => 'PHASE_IMPLEMENTATION')).artifact_type;
UPDATE tickets SET phase_id = 'PHASE_TESTING' WHERE title = 't3';
-- The history row names the result of the phase left; all that were judged are on record.
SELECT from_phase, to_phase, r.phase_id AS gate, gate_status FROM phase_history h LEFT JOIN phase_gate_results r ON r.id = h.gate_result_id
 WHERE h.ticket_id = '00000000-0000-7000-8000-000000000003' ORDER BY h.created_at, h.id;
SELECT phase_id, gate_status, count(*) FROM phase_gate_results WHERE ticket_id = '00000000-0000-7000-8000-000000000003' GROUP BY 1, 2 ORDER BY 1, 2;
-- The phase a blocked ticket left is the one whose artifacts go into the history and whose gate is shown.
SELECT title, phase_id, previous_phase_id FROM tickets ORDER BY title;
SELECT sum(violations) FROM phasegate.check_workspace();
-- Only the gates on the way are asked that walking it would ask: where no edge requires one, none.
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000004', 't4', 'PHASE_REQUIREMENTS');
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 't4';
UPDATE phase_transitions SET requires_gate = false WHERE from_phase = 'PHASE_REQUIREMENTS';
SELECT * FROM phasegate.can_transition_ticket('00000000-0000-7000-8000-000000000004', 'PHASE_TESTING');
SELECT * FROM phasegate.can_transition_ticket('00000000-0000-7000-8000-000000000004', 'PHASE_DESIGN');
UPDATE phase_transitions SET requires_gate = false;
SELECT * FROM phasegate.can_transition_ticket('00000000-0000-7000-8000-000000000004', 'PHASE_TESTING');
UPDATE tickets SET phase_id = 'PHASE_TESTING' WHERE title = 't4';
-- One of several ways ahead is enough; the edge out of the blocked phase itself still asks for that of the phase left.
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 't4';
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title = 't4';
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 't4';
INSERT INTO phase_transitions VALUES ('PHASE_REQUIREMENTS', 'PHASE_TESTING', true);
SELECT can_transition FROM phasegate.can_transition_ticket('00000000-0000-7000-8000-000000000004', 'PHASE_DESIGN');
DELETE FROM phase_transitions WHERE to_phase = 'PHASE_TESTING' AND from_phase = 'PHASE_REQUIREMENTS';
UPDATE phase_transitions SET requires_gate = true WHERE to_phase = 'PHASE_DESIGN' AND from_phase = 'PHASE_BLOCKED';
SELECT can_transition FROM phasegate.can_transition_ticket('00000000-0000-7000-8000-000000000004', 'PHASE_DESIGN');
