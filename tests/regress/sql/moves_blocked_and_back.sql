-- Blocking remembers where the ticket was; unblocking leads back there, or says where it can go.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;
INSERT INTO tickets (id, title, phase_id) VALUES
    ('00000000-0000-7000-8000-000000000001', 'requirements', 'PHASE_REQUIREMENTS'),
    ('00000000-0000-7000-8000-000000000002', 'design', 'PHASE_DESIGN'),
    ('00000000-0000-7000-8000-000000000003', 'implementation', 'PHASE_IMPLEMENTATION'),
    ('00000000-0000-7000-8000-000000000004', 'testing', 'PHASE_TESTING'),
    ('00000000-0000-7000-8000-000000000005', 'deployment', 'PHASE_DEPLOYMENT'),
    ('00000000-0000-7000-8000-000000000006', 'backlog', 'PHASE_BACKLOG');
SELECT (b).previous_phase, (b).current_phase, (b).transitioned_by
  FROM (SELECT phasegate.block_ticket(id, 'no answer', 'agent-7') AS b FROM tickets WHERE phase_id <> 'PHASE_BACKLOG' ORDER BY id) x;
-- Not from everywhere, and not without a reason.
SELECT phasegate.block_ticket('00000000-0000-7000-8000-000000000006', 'no answer');
SELECT phasegate.block_ticket('00000000-0000-7000-8000-000000000001', NULL);
SELECT phasegate.block_ticket('00000000-0000-7000-8000-000000000001', E' \n');
-- Blocking what is blocked changes nothing.
SELECT (phasegate.block_ticket('00000000-0000-7000-8000-000000000001', 'again')).*;
SELECT (u).previous_phase, (u).current_phase
  FROM (SELECT phasegate.unblock_ticket(id, 'answered') AS u FROM tickets WHERE previous_phase_id < 'PHASE_DEPLOYMENT' ORDER BY id) x;
-- From DEPLOYMENT there is no way straight back.
SELECT phasegate.unblock_ticket('00000000-0000-7000-8000-000000000005');
SELECT phasegate.transition_ticket('00000000-0000-7000-8000-000000000005', 'PHASE_DEPLOYMENT');
SELECT phasegate.can_transition_ticket('00000000-0000-7000-8000-000000000005', 'PHASE_DEPLOYMENT');
SELECT (phasegate.transition_ticket('00000000-0000-7000-8000-000000000005', 'PHASE_TESTING')).current_phase;
-- Until somebody adds one.
SELECT (phasegate.transition_ticket('00000000-0000-7000-8000-000000000005', 'PHASE_DEPLOYMENT')).current_phase;
SELECT (phasegate.block_ticket('00000000-0000-7000-8000-000000000005', 'again')).current_phase;
INSERT INTO phase_transitions VALUES ('PHASE_BLOCKED', 'PHASE_DEPLOYMENT');
SELECT (phasegate.unblock_ticket('00000000-0000-7000-8000-000000000005')).current_phase;
-- Where nothing leads out, the error says so.
DELETE FROM phase_transitions WHERE from_phase = 'PHASE_BLOCKED';
SELECT (phasegate.block_ticket('00000000-0000-7000-8000-000000000005', 'for good')).current_phase;
SELECT phasegate.unblock_ticket('00000000-0000-7000-8000-000000000005');
-- Only what is blocked can be unblocked.
SELECT phasegate.unblock_ticket('00000000-0000-7000-8000-000000000006');
\echo :LAST_ERROR_SQLSTATE
SELECT phasegate.unblock_ticket('00000000-0000-7000-8000-00000000000f');
\echo :LAST_ERROR_SQLSTATE
SELECT title, from_phase, to_phase, transition_reason FROM phase_history h JOIN tickets t ON t.id = ticket_id
 WHERE from_phase IS NOT NULL ORDER BY ticket_id, h.created_at, h.id;
SELECT sum(violations) FROM phasegate.check_workspace();
