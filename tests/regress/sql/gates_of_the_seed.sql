-- The three gates that a workspace starts with: every criterion at its limit, just beside it, and on contents
-- that are missing, of the wrong type, null, or no object. A gate answers all of them; none is an SQL error.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
UPDATE task_templates SET is_active = false;
SELECT phase_id, required_artifacts, required_tasks_completed, validation_criteria, requires_review FROM phase_gate_requirements ORDER BY 1;

CREATE TABLE public.good (phase text, type text, content jsonb);
INSERT INTO public.good VALUES
    ('PHASE_REQUIREMENTS',   'requirements_document', '{"length": 500, "sections": ["scope", "acceptance_criteria"]}'),
    ('PHASE_IMPLEMENTATION', 'code_changes',          '{"has_tests": true}'),
    ('PHASE_IMPLEMENTATION', 'test_coverage',         '{"percentage": 80}'),
    ('PHASE_TESTING',        'test_results',          '{"all_passed": true}'),
    ('PHASE_TESTING',        'test_evidence',         NULL);

-- A ticket in the phase with a completed task and good artifacts, but for the one of this type.
CREATE FUNCTION public.ticket_with(in_phase text, of_type text, content jsonb, is_there boolean DEFAULT true) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE ticket uuid;
BEGIN
    INSERT INTO tickets (title, phase_id) VALUES ('t', in_phase::phase) RETURNING id INTO ticket;
    INSERT INTO tasks (ticket_id, phase_id, task_type) VALUES (ticket, in_phase::phase, 'work');
    UPDATE tasks SET status = 'completed', assigned_agent_id = 'worker', result = '{"summary": "done"}' WHERE ticket_id = ticket;
    INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, artifact_content)
    SELECT ticket, in_phase::phase, g.type, CASE g.type WHEN of_type THEN ticket_with.content ELSE g.content END
      FROM public.good g WHERE g.phase = in_phase AND (is_there OR g.type <> of_type);
    RETURN ticket;
END $$;

-- What the gate says, shortly: the codes and criteria of its reasons.
CREATE FUNCTION public.says(verdict jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(concat_ws(' ', r ->> 'code', r ->> 'artifact_type', r ->> 'criterion'), ', ' ORDER BY place), 'passes')
      FROM jsonb_array_elements(verdict -> 'reasons') WITH ORDINALITY AS r (r, place) $$;

CREATE TABLE public.cases (n int GENERATED ALWAYS AS IDENTITY, phase text, type text, content jsonb, expected text);
INSERT INTO public.cases (phase, type, content, expected) VALUES
    -- min_length
    ('PHASE_REQUIREMENTS', 'requirements_document', '{"length": 500, "sections": ["scope", "acceptance_criteria"]}', ''),
    ('PHASE_REQUIREMENTS', 'requirements_document', '{"length": 501, "sections": ["scope", "acceptance_criteria"]}', ''),
    ('PHASE_REQUIREMENTS', 'requirements_document', '{"length": 500.0, "sections": ["scope", "acceptance_criteria"]}', ''),
    ('PHASE_REQUIREMENTS', 'requirements_document', '{"length": 499, "sections": ["scope", "acceptance_criteria"]}', 'min_length'),
    ('PHASE_REQUIREMENTS', 'requirements_document', '{"length": 499.9999999999999999999, "sections": ["scope", "acceptance_criteria"]}', 'min_length'),
    ('PHASE_REQUIREMENTS', 'requirements_document', '{"sections": ["scope", "acceptance_criteria"]}', 'min_length'),
    ('PHASE_REQUIREMENTS', 'requirements_document', '{"length": "500", "sections": ["scope", "acceptance_criteria"]}', 'min_length'),
    ('PHASE_REQUIREMENTS', 'requirements_document', '{"length": [500], "sections": ["scope", "acceptance_criteria"]}', 'min_length'),
    ('PHASE_REQUIREMENTS', 'requirements_document', '{"length": true, "sections": ["scope", "acceptance_criteria"]}', 'min_length'),
    ('PHASE_REQUIREMENTS', 'requirements_document', '{"length": null, "sections": ["scope", "acceptance_criteria"]}', 'min_length'),
    ('PHASE_REQUIREMENTS', 'requirements_document', '{"length": -500, "sections": ["scope", "acceptance_criteria"]}', 'min_length'),
    ('PHASE_REQUIREMENTS', 'requirements_document', '{"length": 1e400, "sections": ["scope", "acceptance_criteria"]}', ''),
    ('PHASE_REQUIREMENTS', 'requirements_document', jsonb_build_object('content', repeat('x', 499), 'sections', '["scope", "acceptance_criteria"]'::jsonb), 'min_length'),
    ('PHASE_REQUIREMENTS', 'requirements_document', jsonb_build_object('content', repeat('x', 500), 'sections', '["scope", "acceptance_criteria"]'::jsonb), ''),
    ('PHASE_REQUIREMENTS', 'requirements_document', jsonb_build_object('text', repeat('x', 501), 'sections', '["scope", "acceptance_criteria"]'::jsonb), ''),
    ('PHASE_REQUIREMENTS', 'requirements_document', '{"content": 500, "sections": ["scope", "acceptance_criteria"]}', 'min_length required_sections'),
    -- required_sections
    ('PHASE_REQUIREMENTS', 'requirements_document', '{"length": 500, "sections": ["scope", "acceptance_criteria", "more"]}', ''),
    ('PHASE_REQUIREMENTS', 'requirements_document', '{"length": 500, "sections": ["Scope", "Acceptance Criteria"]}', ''),
    ('PHASE_REQUIREMENTS', 'requirements_document', '{"length": 500, "sections": ["scope"]}', 'required_sections'),
    ('PHASE_REQUIREMENTS', 'requirements_document', '{"length": 500, "sections": ["scopes", "acceptance_criteria"]}', 'required_sections'),
    ('PHASE_REQUIREMENTS', 'requirements_document', '{"length": 500, "sections": []}', 'required_sections'),
    ('PHASE_REQUIREMENTS', 'requirements_document', '{"length": 500}', 'required_sections'),
    ('PHASE_REQUIREMENTS', 'requirements_document', '{"length": 500, "sections": "scope acceptance_criteria"}', 'required_sections'),
    ('PHASE_REQUIREMENTS', 'requirements_document', '{"length": 500, "sections": 2}', 'required_sections'),
    ('PHASE_REQUIREMENTS', 'requirements_document', '{"length": 500, "sections": [null, 1, ["scope"], {"acceptance_criteria": 1}]}', 'required_sections'),
    ('PHASE_REQUIREMENTS', 'requirements_document', '{"length": 500, "sections": null}', 'required_sections'),
    ('PHASE_REQUIREMENTS', 'requirements_document', '{}', 'min_length required_sections'),
    -- must_have_tests
    ('PHASE_IMPLEMENTATION', 'code_changes', '{"has_tests": true, "files": 3}', ''),
    ('PHASE_IMPLEMENTATION', 'code_changes', '{"has_tests": false}', 'must_have_tests'),
    ('PHASE_IMPLEMENTATION', 'code_changes', '{}', 'must_have_tests'),
    ('PHASE_IMPLEMENTATION', 'code_changes', '{"has_tests": "true"}', 'must_have_tests'),
    ('PHASE_IMPLEMENTATION', 'code_changes', '{"has_tests": 1}', 'must_have_tests'),
    ('PHASE_IMPLEMENTATION', 'code_changes', '{"has_tests": null}', 'must_have_tests'),
    -- min_percentage
    ('PHASE_IMPLEMENTATION', 'test_coverage', '{"percentage": 80}', ''),
    ('PHASE_IMPLEMENTATION', 'test_coverage', '{"percentage": 80.0000000000000000001}', ''),
    ('PHASE_IMPLEMENTATION', 'test_coverage', '{"percentage": 79.9999999999999999999}', 'min_percentage'),
    ('PHASE_IMPLEMENTATION', 'test_coverage', '{"percentage": 79}', 'min_percentage'),
    ('PHASE_IMPLEMENTATION', 'test_coverage', '{"percentage": 100}', ''),
    ('PHASE_IMPLEMENTATION', 'test_coverage', '{}', 'min_percentage'),
    ('PHASE_IMPLEMENTATION', 'test_coverage', '{"percentage": "80"}', 'min_percentage'),
    ('PHASE_IMPLEMENTATION', 'test_coverage', '{"percentage": "80%"}', 'min_percentage'),
    ('PHASE_IMPLEMENTATION', 'test_coverage', '{"percentage": {"lines": 80}}', 'min_percentage'),
    ('PHASE_IMPLEMENTATION', 'test_coverage', '{"percentage": null}', 'min_percentage'),
    -- all_passed
    ('PHASE_TESTING', 'test_results', '{"all_passed": true, "failed": 0}', ''),
    ('PHASE_TESTING', 'test_results', '{"all_passed": true, "failed": 0.0}', ''),
    ('PHASE_TESTING', 'test_results', '{"all_passed": true, "failed": 1}', 'all_passed'),
    ('PHASE_TESTING', 'test_results', '{"all_passed": true, "failed": -1}', 'all_passed'),
    ('PHASE_TESTING', 'test_results', '{"all_passed": true, "failed": 1e-400}', 'all_passed'),
    ('PHASE_TESTING', 'test_results', '{"all_passed": true, "failed": "0"}', 'all_passed'),
    ('PHASE_TESTING', 'test_results', '{"all_passed": true, "failed": null}', 'all_passed'),
    ('PHASE_TESTING', 'test_results', '{"all_passed": false}', 'all_passed'),
    ('PHASE_TESTING', 'test_results', '{"failed": 0}', 'all_passed'),
    ('PHASE_TESTING', 'test_results', '{"all_passed": "yes"}', 'all_passed'),
    ('PHASE_TESTING', 'test_results', '{"all_passed": null}', 'all_passed'),
    -- What has no criteria only has to be there.
    ('PHASE_TESTING', 'test_evidence', '[]', ''),
    ('PHASE_TESTING', 'test_evidence', NULL, '');
-- Contents that are no object fail every criterion of their type.
INSERT INTO public.cases (phase, type, content, expected)
SELECT g.phase, g.type, c.content,
       (SELECT string_agg(key, ' ' ORDER BY ordinality) FROM jsonb_object_keys(r.validation_criteria -> g.type) WITH ORDINALITY AS k (key, ordinality))
  FROM public.good g JOIN phase_gate_requirements r ON r.phase_id::text = g.phase,
       unnest(ARRAY[NULL, 'null', 'true', '80', '"text"', '[]', '[{"has_tests": true}]']::jsonb[]) c (content)
 WHERE r.validation_criteria ? g.type
 ORDER BY c.content, g.type COLLATE "C";

-- What came of each case; "as expected" means that exactly these criteria failed, each with the code criterion_failed.
CREATE TABLE public.tried AS SELECT *, public.ticket_with(phase, type, content) AS ticket FROM public.cases;
CREATE TABLE public.outcomes AS
SELECT n, phase, type, content, expected, says, says = coalesce(nullif((
           SELECT string_agg(format('criterion_failed %s %s', type, criterion), ', ' ORDER BY place)
             FROM string_to_table(expected, ' ') WITH ORDINALITY AS e (criterion, place) WHERE criterion <> ''), ''), 'passes') AS as_expected
  FROM (SELECT t.*, public.says(phasegate.check_gate_requirements(t.ticket, t.phase)) AS says FROM public.tried t) t;
SELECT left(content::text, 60) AS content, says FROM public.outcomes ORDER BY n;
SELECT as_expected, count(*) FROM public.outcomes GROUP BY 1;
SELECT * FROM public.outcomes WHERE NOT as_expected;
-- can_transition_ticket, try_transition_ticket and validate_gate say the same.
SELECT count(*) AS cases,
       count(*) FILTER (WHERE (says = 'passes') = (phasegate.can_transition_ticket(ticket, next)).can_transition) AS same,
       count(*) FILTER (WHERE (says = 'passes') = ((phasegate.validate_gate(ticket)).gate_status = 'passed')) AS validated_the_same,
       count(*) FILTER (WHERE (says = 'passes') = (phasegate.try_transition_ticket(ticket, next)).transitioned) AS tried_the_same
  FROM public.outcomes JOIN public.tried USING (n),
       LATERAL (SELECT CASE outcomes.phase WHEN 'PHASE_REQUIREMENTS' THEN 'PHASE_DESIGN' WHEN 'PHASE_IMPLEMENTATION' THEN 'PHASE_TESTING' ELSE 'PHASE_DEPLOYMENT' END) x (next);

-- The artifact itself missing; the others then are judged all the same.
CREATE TABLE public.lacking AS SELECT phase, type, public.ticket_with(phase, type, NULL, false) AS ticket FROM public.good;
SELECT phase, type, public.says(phasegate.check_gate_requirements(ticket)) FROM public.lacking ORDER BY phase, type;
-- Tasks: none, one that is not completed, cancelled ones alone, and one completed beside a cancelled one.
SELECT public.ticket_with('PHASE_TESTING', NULL, NULL) AS t \gset
SELECT public.says(phasegate.check_gate_requirements(:'t'));
INSERT INTO tasks (id, ticket_id, phase_id, task_type) VALUES ('00000000-0000-7000-8000-000000000001', :'t', 'PHASE_TESTING', 'another');
SELECT public.says(phasegate.check_gate_requirements(:'t'));
UPDATE tasks SET status = 'running', assigned_agent_id = 'worker' WHERE id = '00000000-0000-7000-8000-000000000001';
SELECT public.says(phasegate.check_gate_requirements(:'t'));
UPDATE tasks SET status = 'failed', error_message = 'no' WHERE id = '00000000-0000-7000-8000-000000000001';
SELECT public.says(c), c ->> 'validation_status' AS status, c ->> 'tasks_total' AS total, c ->> 'tasks_completed' AS completed, c #>> '{reasons,0,message}' AS message,
       (c #> '{incomplete_tasks,0}') - 'task_id' AS incomplete
  FROM phasegate.check_gate_requirements(:'t') c;
UPDATE tasks SET status = 'cancelled' WHERE id = '00000000-0000-7000-8000-000000000001';
SELECT public.says(phasegate.check_gate_requirements(:'t'));
DELETE FROM tasks WHERE ticket_id = :'t' AND status = 'completed';
SELECT public.says(phasegate.check_gate_requirements(:'t'));
-- A review or summary is no work.
INSERT INTO tasks (ticket_id, phase_id, kind) VALUES (:'t', 'PHASE_TESTING', 'review'), (:'t', 'PHASE_TESTING', 'summary');
SELECT public.says(phasegate.check_gate_requirements(:'t'));
-- Everything wrong at once: every reason is named, in the order artifacts, tasks, criteria.
INSERT INTO tickets (title, phase_id) VALUES ('all wrong', 'PHASE_IMPLEMENTATION') RETURNING id AS t \gset
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, artifact_content) VALUES (:'t', 'PHASE_IMPLEMENTATION', 'test_coverage', '{"percentage": 12}');
SELECT jsonb_pretty(phasegate.check_gate_requirements(:'t'));
-- The phases without a row have no gate.
SELECT phase, c ->> 'validation_status' AS status, c -> 'requirements_met' AS met
  FROM unnest(enum_range(NULL::phase)) phase, phasegate.check_gate_requirements(:'t', phase::text) c WHERE c ->> 'validation_status' = 'not_configured';
SELECT sum(violations) FROM phasegate.check_workspace();
