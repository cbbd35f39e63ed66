-- A ticket goes back from TESTING to IMPLEMENTATION, and through PHASE_BLOCKED to any earlier phase.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 't', 'PHASE_TESTING');
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION';
SELECT phase_id, previous_phase_id FROM tickets;
UPDATE tickets SET phase_id = 'PHASE_TESTING';
UPDATE tickets SET phase_id = 'PHASE_BLOCKED';
SELECT (phasegate.transition_ticket(id, 'PHASE_REQUIREMENTS', 'start over')).current_phase FROM tickets;
SELECT phase_id, previous_phase_id FROM tickets;
-- There is no regression that is not configured.
UPDATE tickets SET phase_id = 'PHASE_BACKLOG';
\echo :LAST_ERROR_SQLSTATE
INSERT INTO phase_transitions VALUES ('PHASE_REQUIREMENTS', 'PHASE_BACKLOG');
UPDATE tickets SET phase_id = 'PHASE_BACKLOG';
SELECT from_phase, to_phase, transition_reason FROM phase_history ORDER BY created_at, id;
SELECT sum(violations) FROM phasegate.check_workspace();
