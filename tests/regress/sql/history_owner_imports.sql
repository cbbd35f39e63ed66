-- The workspace's owner may import finished and blocked tickets, the latter with where they were blocked.
\set SHOW_CONTEXT never
CREATE ROLE regress_owner;
CREATE ROLE regress_member IN ROLE regress_owner;
CREATE SCHEMA acme AUTHORIZATION regress_owner;
SET ROLE regress_owner;
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
UPDATE task_templates SET is_active = false;
DELETE FROM phase_gate_requirements;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 'done', 'PHASE_DONE');
INSERT INTO tickets (id, title, phase_id, previous_phase_id) VALUES ('00000000-0000-7000-8000-000000000002', 'blocked', 'PHASE_BLOCKED', 'PHASE_TESTING');
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000003', 'blocked', 'PHASE_BLOCKED');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO tickets (id, title, phase_id, previous_phase_id) VALUES ('00000000-0000-7000-8000-000000000003', 'blocked', 'PHASE_BLOCKED', 'PHASE_BLOCKED');
SELECT (phasegate.unblock_ticket('00000000-0000-7000-8000-000000000002')).current_phase;
-- So may a member of the owner and a superuser.
SET ROLE regress_member;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000004', 'done', 'PHASE_DONE');
RESET ROLE;
INSERT INTO tickets (id, title, phase_id, previous_phase_id) VALUES ('00000000-0000-7000-8000-000000000005', 'blocked', 'PHASE_BLOCKED', 'PHASE_DESIGN');
SELECT title, phase_id, previous_phase_id FROM tickets ORDER BY id;
SELECT t.title, h.from_phase, h.to_phase FROM phase_history h JOIN tickets t ON t.id = h.ticket_id ORDER BY h.ticket_id, h.created_at, h.id;
SELECT sum(violations) FROM phasegate.check_workspace();
SET client_min_messages = warning;
DROP OWNED BY regress_owner CASCADE;
DROP ROLE regress_member, regress_owner;
