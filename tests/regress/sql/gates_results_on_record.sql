-- Which verdicts stay on record: those of try_transition_ticket and validate_gate, passed or not; a refusal that
-- raises leaves nothing; a move that passed leaves its result together with its history row.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
UPDATE task_templates SET is_active = false;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 't', 'PHASE_IMPLEMENTATION');
CREATE VIEW public.record AS
SELECT r.phase_id, r.gate_status, r.validated_by, r.blocking_reasons, r.validation_result ->> 'validation_status' AS validation_status,
       ARRAY(SELECT s ->> 'message' FROM jsonb_array_elements(r.validation_result -> 'reasons') s) = r.blocking_reasons AS reasons_agree
  FROM phase_gate_results r ORDER BY r.validated_at, r.id;
-- transition_ticket names every reason in its DETAIL, one a line, and leaves nothing.
SELECT phasegate.transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING', 'ready', 'agent-7');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM phase_gate_results;
-- Nor does it in a subtransaction whose error is caught.
DO $$
BEGIN
    PERFORM phasegate.transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING');
EXCEPTION WHEN object_not_in_prerequisite_state THEN
    RAISE NOTICE '%', SQLERRM;
END $$;
SELECT count(*) FROM phase_gate_results;
-- try_transition_ticket answers, and keeps the failed result.
SELECT transitioned, previous_phase, current_phase, error_code, blocking_reasons
  FROM phasegate.try_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING', 'ready', 'agent-7');
SELECT * FROM public.record;
-- Not when it is rolled back, and not for what is no gate's refusal.
BEGIN;
SELECT error_code FROM phasegate.try_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING');
ROLLBACK;
SELECT error_code FROM phasegate.try_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DONE');
SELECT error_code FROM phasegate.try_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING', expected_phase => 'PHASE_DESIGN');
SELECT count(*) FROM phase_gate_results;
-- The dry runs write nothing; validate_gate stores what it found.
SELECT * FROM phasegate.can_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING');
SELECT phasegate.check_gate_requirements('00000000-0000-7000-8000-000000000001') -> 'requirements_met' AS met;
SELECT count(*) FROM phase_gate_results;
SELECT (v).phase_id, (v).gate_status, (v).validated_by, (v).blocking_reasons FROM phasegate.validate_gate('00000000-0000-7000-8000-000000000001', validated_by => 'inspector') v;
-- With the evidence: one passed result, in the transaction and at the time of the history row, which names it.
INSERT INTO tasks (ticket_id, phase_id, task_type) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_IMPLEMENTATION', 'implement_feature');
UPDATE tasks SET status = 'completed', assigned_agent_id = 'worker', result = '{"artifacts": [
    {"type": "code_changes", "path": "src", "content": {"has_tests": true}}, {"type": "test_coverage", "content": {"percentage": 81}}]}';
SELECT (phasegate.transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING', 'ready', 'agent-7')).current_phase;
SELECT * FROM public.record;
SELECT r.gate_status, r.xmin = h.xmin AS same_transaction, r.validated_at = h.created_at AS same_time, r.validated_by = h.transitioned_by AS same_actor,
       (SELECT jsonb_agg(a - 'id') FROM jsonb_array_elements(h.artifacts) a) AS artifacts
  FROM phase_history h JOIN phase_gate_results r ON r.id = h.gate_result_id;
-- A later savepoint's rollback takes both or none.
BEGIN;
UPDATE phase_gate_requirements SET required_tasks_completed = false, required_artifacts = '{}', validation_criteria = NULL WHERE phase_id = 'PHASE_TESTING';
SAVEPOINT s;
UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT';
ROLLBACK TO s;
SELECT count(*) FROM phase_gate_results WHERE phase_id = 'PHASE_TESTING';
UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT';
SELECT count(*) FROM phase_gate_results WHERE phase_id = 'PHASE_TESTING';
COMMIT;
-- gate_status: what is configured, how it stands, what was stored last.
SELECT s - '{ticket_id,check,latest_result}'::text[] AS status, s #>> '{check,validation_status}' AS check, s -> 'latest_result' AS latest
  FROM phasegate.gate_status('00000000-0000-7000-8000-000000000001') s;
UPDATE tickets SET phase_id = 'PHASE_BLOCKED';
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION';
SELECT s - '{ticket_id,check,latest_result}'::text[] AS status, s #>> '{check,validation_status}' AS check,
       s #>> '{latest_result,gate_status}' AS latest, s #>> '{latest_result,validated_by}' AS by
  FROM phasegate.gate_status('00000000-0000-7000-8000-000000000001') s;
-- Arguments.
SELECT phasegate.validate_gate(NULL);
SELECT phasegate.validate_gate('00000000-0000-7000-8000-00000000000f');
SELECT phasegate.validate_gate('00000000-0000-7000-8000-000000000001', 'PHASE_NONE');
SELECT phasegate.check_gate_requirements(NULL);
SELECT phasegate.check_gate_requirements('00000000-0000-7000-8000-00000000000f');
SELECT phasegate.gate_status('00000000-0000-7000-8000-00000000000f');
\echo :LAST_ERROR_SQLSTATE
SELECT sum(violations) FROM phasegate.check_workspace();
