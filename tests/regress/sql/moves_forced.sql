-- force_transition_ticket: past the rules, on record as such with the verdict that was overridden, and for nobody but whom the
-- owner lets.
\set SHOW_CONTEXT never
CREATE ROLE regress_owner;
CREATE ROLE regress_mia;
CREATE SCHEMA acme AUTHORIZATION regress_owner;
SET ROLE regress_owner;
SELECT phasegate.create_workspace('acme');
SELECT phasegate.grant_access('acme', 'regress_mia', 'manager');
SET search_path = acme, phasegate;
UPDATE task_templates SET is_active = false;
UPDATE phase_gate_requirements SET requires_review = true, required_artifacts = '{}', required_tasks_completed = false, validation_criteria = NULL WHERE phase_id = 'PHASE_TESTING';
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 't', 'PHASE_IMPLEMENTATION');
-- A manager moves tickets, and may not go past the rules; in no way.
SET ROLE regress_mia;
SELECT force_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DONE', 'The customer waits');
\echo :LAST_ERROR_SQLSTATE
SELECT transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DONE');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO phase_history (ticket_id, from_phase, to_phase, forced) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_IMPLEMENTATION', 'PHASE_DONE', true);
RESET ROLE;
SET ROLE regress_owner;
-- The reason is required.
SELECT force_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DONE', NULL);
SELECT force_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DONE', '  ');
SELECT force_transition_ticket('00000000-0000-7000-8000-00000000000f', 'PHASE_DONE', 'x');
SELECT force_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_LUNCH', 'x');
-- The owner does.
SELECT previous_phase, current_phase, transitioned_by FROM force_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DONE', 'The customer waits', 'olga');
SELECT previous_phase, current_phase, transitioned_at FROM force_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DONE', 'again');
-- Whom the owner lets, too: any phase to any phase.
GRANT INSERT (forced) ON phase_history TO regress_mia;
SET ROLE regress_mia;
SELECT current_phase FROM force_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_BACKLOG', 'back to the start');
SELECT current_phase FROM force_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING', 'it is in test already');
SELECT current_phase FROM force_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DEPLOYMENT', 'only the review is missing');
SELECT current_phase FROM force_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_BLOCKED', 'wait');
SELECT current_phase FROM force_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DEPLOYMENT', 'go on');
-- It still makes no row by itself, and no other move is forced.
INSERT INTO phase_history (ticket_id, from_phase, to_phase, forced) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_IMPLEMENTATION', 'PHASE_DONE', true);
SELECT transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_BACKLOG');
UPDATE tickets SET phase_id = 'PHASE_BLOCKED';
RESET ROLE;
SET ROLE regress_owner;
-- On record: forced, by whom and why, and what the gate of the phase left said at that moment.
SELECT h.from_phase, h.to_phase, h.forced, h.transition_reason, h.transitioned_by, h.db_role = session_user AS login, h.acting_role, r.phase_id, r.gate_status, r.blocking_reasons[1]
  FROM phase_history h LEFT JOIN phase_gate_results r ON r.id = h.gate_result_id ORDER BY h.created_at;
SELECT to_phase, forced FROM get_phase_history('00000000-0000-7000-8000-000000000001');
SELECT phase, forced FROM phase_durations ORDER BY entered_at;
-- Nobody is asked to review what was overridden.
SELECT count(*) FROM tasks WHERE kind = 'review';
SELECT * FROM check_workspace() WHERE violations > 0;
-- A direct UPDATE within a forced move, by a trigger of the owner's, is not forced.
CREATE FUNCTION also() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.title = 't' THEN UPDATE acme.tickets SET phase_id = 'PHASE_DONE' WHERE title = 'other'; END IF; RETURN NEW; END $$;
INSERT INTO tickets (id, title) VALUES ('00000000-0000-7000-8000-000000000002', 'other');
CREATE TRIGGER also BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION also();
SELECT current_phase FROM force_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DONE', 'x');
RESET ROLE;
DROP OWNED BY regress_mia, regress_owner CASCADE;
DROP ROLE regress_mia, regress_owner;
