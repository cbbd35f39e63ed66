-- Evidence for a phase may be there before the ticket is; of each type the newest counts.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
UPDATE task_templates SET is_active = false;
UPDATE phase_gate_requirements SET required_tasks_completed = false;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 't', 'PHASE_DESIGN');
SELECT (a).phase_id, (a).artifact_type FROM phasegate.add_artifact('00000000-0000-7000-8000-000000000001', 'code_changes', 'src', '{"has_tests": true}', 'PHASE_IMPLEMENTATION') a;
SELECT (a).phase_id, (a).artifact_type FROM phasegate.add_artifact('00000000-0000-7000-8000-000000000001', 'test_coverage', NULL, '{"percentage": 90}', 'PHASE_IMPLEMENTATION') a;
-- A task of a later phase that is completed early hands in for that phase.
INSERT INTO tasks (ticket_id, phase_id, task_type) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING', 'run_tests');
UPDATE tasks SET status = 'completed', assigned_agent_id = 'worker', result = '{"artifacts": [{"type": "test_results", "content": {"all_passed": true}}, {"type": "test_evidence", "path": "log.txt"}]}';
SELECT phase_id, artifact_type FROM phase_gate_artifacts ORDER BY phase_id, artifact_type;
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION';
UPDATE tickets SET phase_id = 'PHASE_TESTING';
UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT';
SELECT from_phase, to_phase, (SELECT jsonb_agg(a - 'id') FROM jsonb_array_elements(artifacts) a) AS artifacts FROM phase_history ORDER BY created_at, id;
-- The newest of a type counts, for better or worse; a change makes an artifact new.
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000002', 'u', 'PHASE_IMPLEMENTATION');
INSERT INTO phase_gate_artifacts (id, ticket_id, phase_id, artifact_type, artifact_content) VALUES
    ('00000000-0000-7000-8000-0000000000a1', '00000000-0000-7000-8000-000000000002', 'PHASE_IMPLEMENTATION', 'code_changes', '{"has_tests": true}'),
    ('00000000-0000-7000-8000-0000000000a3', '00000000-0000-7000-8000-000000000002', 'PHASE_IMPLEMENTATION', 'test_coverage', '{"percentage": 90}'),
    ('00000000-0000-7000-8000-0000000000a2', '00000000-0000-7000-8000-000000000002', 'PHASE_IMPLEMENTATION', 'test_coverage', '{"percentage": 10}');
CREATE FUNCTION public.says() RETURNS text[] LANGUAGE sql AS $$ SELECT blocking_reasons FROM phasegate.can_transition_ticket('00000000-0000-7000-8000-000000000002', 'PHASE_TESTING') $$;
SELECT public.says();
UPDATE phase_gate_artifacts SET artifact_path = 'coverage.xml' WHERE id = '00000000-0000-7000-8000-0000000000a3';
SELECT public.says();
DELETE FROM phase_gate_artifacts WHERE id = '00000000-0000-7000-8000-0000000000a3';
SELECT public.says();
-- An artifact of another phase or ticket is none of this one's.
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, artifact_content) VALUES
    ('00000000-0000-7000-8000-000000000002', 'PHASE_TESTING', 'test_coverage', '{"percentage": 99}'),
    ('00000000-0000-7000-8000-000000000001', 'PHASE_IMPLEMENTATION', 'test_coverage', '{"percentage": 99}');
SELECT public.says();
UPDATE phase_gate_artifacts SET ticket_id = '00000000-0000-7000-8000-000000000002', artifact_content = '{"percentage": 80}' WHERE ticket_id = '00000000-0000-7000-8000-000000000001' AND artifact_content = '{"percentage": 99}';
SELECT public.says();
