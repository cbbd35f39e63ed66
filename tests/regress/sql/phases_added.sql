-- A phase that the owner adds works everywhere in that workspace: ALTER TYPE, edges, and that is all.
\set SHOW_CONTEXT never
CREATE ROLE regress_owner;
CREATE SCHEMA acme AUTHORIZATION regress_owner;
SELECT phasegate.create_workspace('other');
SET ROLE regress_owner;
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 'one', 'PHASE_TESTING');
SELECT array(SELECT phasegate.get_valid_transitions('PHASE_TESTING'));
SELECT phasegate.can_transition('PHASE_TESTING', 'PHASE_SECURITY_REVIEW');
ALTER TYPE acme.phase ADD VALUE 'PHASE_SECURITY_REVIEW' AFTER 'PHASE_TESTING';
SELECT phasegate.can_transition('PHASE_TESTING', 'PHASE_SECURITY_REVIEW');
UPDATE tickets SET phase_id = 'PHASE_SECURITY_REVIEW';
INSERT INTO phase_transitions VALUES ('PHASE_TESTING', 'PHASE_SECURITY_REVIEW', false), ('PHASE_SECURITY_REVIEW', 'PHASE_DEPLOYMENT', true), ('PHASE_SECURITY_REVIEW', 'PHASE_BLOCKED', false), ('PHASE_BLOCKED', 'PHASE_SECURITY_REVIEW', false);
SELECT array(SELECT phasegate.get_valid_transitions('PHASE_TESTING')) AS from_testing, array(SELECT phasegate.get_valid_transitions('PHASE_BLOCKED')) AS from_blocked;
UPDATE tickets SET phase_id = 'PHASE_SECURITY_REVIEW';
SELECT (phasegate.block_ticket('00000000-0000-7000-8000-000000000001', 'r')).current_phase;
SELECT (phasegate.unblock_ticket('00000000-0000-7000-8000-000000000001')).current_phase;
INSERT INTO tickets (title, phase_id) VALUES ('starts there', 'PHASE_SECURITY_REVIEW');
SELECT (phasegate.transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DEPLOYMENT')).current_phase;
SELECT from_phase, to_phase FROM phasegate.get_phase_history('00000000-0000-7000-8000-000000000001');
SELECT phase, tickets FROM phase_board;
-- A label may be renamed; edges and tickets go with it.
ALTER TYPE phase RENAME VALUE 'PHASE_SECURITY_REVIEW' TO 'PHASE_AUDIT';
SELECT array(SELECT phasegate.get_valid_transitions('PHASE_TESTING')) AS from_testing;
SELECT title, phase_id FROM tickets ORDER BY id;
UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT' WHERE phase_id = 'PHASE_AUDIT';
SELECT sum(violations) FROM phasegate.check_workspace();
-- In this workspace alone.
RESET ROLE;
SET search_path = other;
SELECT phasegate.can_transition('PHASE_TESTING', 'PHASE_AUDIT');
SELECT array(SELECT phasegate.get_valid_transitions('PHASE_TESTING'));
-- An addition that is rolled back is gone.
SET search_path = acme;
BEGIN;
ALTER TYPE phase ADD VALUE 'PHASE_NEVER';
SELECT phasegate.can_transition('PHASE_TESTING', 'PHASE_NEVER');
ROLLBACK;
SELECT phasegate.can_transition('PHASE_TESTING', 'PHASE_NEVER');
SET client_min_messages = warning;
DROP OWNED BY regress_owner CASCADE;
DROP ROLE regress_owner;
