-- A ticket that goes back hands in anew what the phases it goes through again ask for; what it had stays on record.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
UPDATE task_templates SET is_active = false;
UPDATE phase_gate_requirements SET required_tasks_completed = false;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 't', 'PHASE_IMPLEMENTATION');
CREATE FUNCTION public.hand_in(in_phase text) RETURNS bigint LANGUAGE sql AS $$
    WITH handed AS (
        SELECT phasegate.add_artifact('00000000-0000-7000-8000-000000000001', type, artifact_content => content, phase_id => in_phase, collected_by => 'worker') AS a
          FROM (VALUES ('PHASE_REQUIREMENTS', 'requirements_document', '{"length": 500, "sections": ["scope", "acceptance criteria"]}'::jsonb),
                       ('PHASE_IMPLEMENTATION', 'code_changes', '{"has_tests": true}'), ('PHASE_IMPLEMENTATION', 'test_coverage', '{"percentage": 80}'),
                       ('PHASE_TESTING', 'test_results', '{"all_passed": true}'), ('PHASE_TESTING', 'test_evidence', NULL),
                       ('PHASE_DESIGN', 'sketch', NULL)) x (phase, type, content)
         WHERE phase = in_phase)
    SELECT count((a).id) FROM handed $$;
CREATE VIEW public.evidence AS
SELECT phase_id, artifact_type, count(*) FILTER (WHERE superseded_at IS NULL) AS counts, count(*) FILTER (WHERE superseded_at IS NOT NULL) AS superseded
  FROM phase_gate_artifacts GROUP BY 1, 2 ORDER BY 1, 2;
SELECT public.hand_in('PHASE_REQUIREMENTS'), public.hand_in('PHASE_DESIGN'), public.hand_in('PHASE_IMPLEMENTATION'), public.hand_in('PHASE_TESTING');
UPDATE tickets SET phase_id = 'PHASE_TESTING';
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION';
-- The phases from the one entered to the one left; the others keep theirs.
SELECT * FROM public.evidence;
SELECT count(DISTINCT superseded_at) AS times, bool_and(superseded_at = phase_entered_at) AS at_the_move FROM phase_gate_artifacts, tickets WHERE superseded_at IS NOT NULL;
-- The history of the regression still lists what there was.
SELECT from_phase, to_phase, (SELECT jsonb_agg(a ->> 'type') FROM jsonb_array_elements(artifacts) a) AS artifacts FROM phase_history ORDER BY created_at, id;
UPDATE tickets SET phase_id = 'PHASE_TESTING';
SELECT public.hand_in('PHASE_IMPLEMENTATION');
UPDATE tickets SET phase_id = 'PHASE_TESTING';
UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT';
-- What was superseded cannot be brought back by those who hand in evidence, nor by changing or collecting it again.
UPDATE tickets SET phase_id = 'PHASE_BLOCKED';
UPDATE tickets SET phase_id = 'PHASE_DESIGN';
SELECT * FROM public.evidence;
UPDATE phase_gate_artifacts SET artifact_content = '{"percentage": 100}' WHERE artifact_type = 'test_coverage';
SELECT count(*) FROM phasegate.collect_artifacts('00000000-0000-7000-8000-000000000001', 'PHASE_IMPLEMENTATION');
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION';
UPDATE tickets SET phase_id = 'PHASE_TESTING';
-- Neither blocking nor returning supersedes anything, nor does going forward.
SELECT public.hand_in('PHASE_IMPLEMENTATION');
UPDATE tickets SET phase_id = 'PHASE_BLOCKED';
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION';
UPDATE tickets SET phase_id = 'PHASE_TESTING';
SELECT * FROM public.evidence;
-- Artifacts of tasks completed before the regression are not collected again after it.
INSERT INTO tasks (id, ticket_id, phase_id) VALUES ('00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-000000000001', 'PHASE_TESTING');
UPDATE tasks SET status = 'completed', assigned_agent_id = 'worker', result = '{"artifacts": [{"type": "test_results", "content": {"all_passed": true}}, {"type": "test_evidence"}]}'
 WHERE id = '00000000-0000-7000-8000-000000000002';
SELECT gate_status FROM phasegate.validate_gate('00000000-0000-7000-8000-000000000001');
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION';
SELECT gate_status, blocking_reasons FROM phasegate.validate_gate('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING');
SELECT count(*) FROM phasegate.collect_artifacts('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING');
-- Many tickets in one UPDATE, each with its own way back.
INSERT INTO tickets (title, phase_id) SELECT 'many', CASE n % 2 WHEN 0 THEN 'PHASE_TESTING' ELSE 'PHASE_DESIGN' END::phase FROM generate_series(1, 10) n;
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type) SELECT t.id, p, 'any' FROM tickets t, unnest(ARRAY['PHASE_REQUIREMENTS', 'PHASE_DESIGN', 'PHASE_TESTING']::phase[]) p WHERE title = 'many';
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 'many';
UPDATE tickets SET phase_id = CASE previous_phase_id WHEN 'PHASE_TESTING' THEN 'PHASE_DESIGN' ELSE 'PHASE_REQUIREMENTS' END::phase WHERE title = 'many';
SELECT t.phase_id AS went_to, a.phase_id AS artifact_of, count(*) FILTER (WHERE superseded_at IS NULL) AS counts, count(*) FILTER (WHERE superseded_at IS NOT NULL) AS superseded
  FROM tickets t JOIN phase_gate_artifacts a ON a.ticket_id = t.id WHERE title = 'many' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT sum(violations) FROM phasegate.check_workspace();
