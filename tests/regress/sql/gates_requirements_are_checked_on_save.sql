-- What could never be checked, or would let everything through by a typo, is refused when it is saved.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
CREATE FUNCTION public.save(criteria jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text;
BEGIN
    UPDATE phase_gate_requirements SET validation_criteria = criteria WHERE phase_id = 'PHASE_TESTING';
    RETURN 'saved';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN concat_ws(' | ', SQLSTATE, SQLERRM, detail);
END $$;
CREATE FUNCTION public.save_all(VARIADIC criteria text[]) RETURNS TABLE (criterion text, answer text) LANGUAGE sql AS $$
    SELECT left(c, 70), public.save(format('{"test_results": %s}', c)::jsonb) FROM unnest(criteria) c $$;
\pset format unaligned
\pset fieldsep '  '
\pset tuples_only on
-- Unknown criteria, of known and unknown names alike.
SELECT * FROM public.save_all('{"min_lenght": 500}', '{"MIN_LENGTH": 500}', '{"": 1}', '{"min_length": 1, "unknown": null}');
-- Operands of the wrong type or range; those at the edge are fine.
SELECT * FROM public.save_all('{"min_length": "500"}', '{"min_length": -1}', '{"min_length": 1.5}', '{"min_length": null}', '{"min_length": 0}',
    '{"required_sections": "scope"}', '{"required_sections": []}', '{"required_sections": ["scope", 1]}', '{"required_sections": ["  "]}', '{"required_sections": {"scope": true}}',
    '{"min_percentage": "80"}', '{"min_percentage": -0.1}', '{"min_percentage": 100.1}', '{"min_percentage": 100}', '{"min_percentage": true}',
    '{"must_have_tests": false}', '{"must_have_tests": 1}', '{"all_passed": false}', '{"all_passed": "true"}', '{"must_exist": false}', '{"must_exist": null}', '{"must_exist": true}');
-- The whole of the criteria, and those of a type, are objects; NULL and {} are none.
SELECT x, public.save(x) FROM unnest(ARRAY['[]', '"text"', '5', 'null', '{"test_results": []}', '{"test_results": null}', '{"": {"must_exist": true}}', '{}', '{"test_results": {}}', NULL]::jsonb[]) x;
SELECT public.save(jsonb_build_object(repeat('x', 100), '{"must_exist": true}'::jsonb)), public.save(jsonb_build_object(repeat('x', 101), '{"must_exist": true}'::jsonb));
-- Schemas.
SELECT * FROM public.save_all('{"schema": "object"}', '{"schema": true}', '{"schema": {"type": "objekt"}}', '{"schema": {"required": "name"}}', '{"schema": {"minimum": "1"}}',
    '{"schema": {"pattern": "("}}', '{"schema": {"pattern": "(a)\\1"}}', '{"schema": {"properties": {"n": {"type": "integer"}}, "required": ["n"]}}',
    '{"schema": {"$ref": "#/$defs/n", "$defs": {"n": {"type": "object"}}}}', '{"schema": {"$ref": "#/$defs/missing"}}');
-- A reference to anything but the schema itself is refused, and nothing is read or connected to for it.
SELECT * FROM public.save_all('{"schema": {"$ref": "http://127.0.0.1:9/schema.json"}}', '{"schema": {"$ref": "https://example.com/schema.json"}}',
    '{"schema": {"$ref": "file:///etc/passwd"}}', '{"schema": {"$ref": "other.json"}}', '{"schema": {"$dynamicRef": "http://example.com/x"}}',
    '{"schema": {"$schema": "http://example.com/meta", "type": "object"}}', '{"schema": {"properties": {"a": {"items": {"$ref": "http://example.com/x#/y"}}}}}');
-- Schemas that are out of all measure.
SELECT split_part(public.save(jsonb_build_object('test_results', jsonb_build_object('schema', jsonb_build_object('description', repeat('x', 100000))))), ' | ', 3);
SELECT split_part(public.save(format('{"test_results": {"schema": %s{}%s}}', repeat('{"items": ', 80), repeat('}', 80))::jsonb), ' | ', 3);
SELECT split_part(public.save(format('{"test_results": {"schema": {"x": %s0%s}}}', repeat('[', 2000), repeat(']', 2000))::jsonb), ' | ', 3);
SELECT split_part(public.save(jsonb_build_object('test_results', jsonb_build_object('schema', jsonb_build_object('pattern', '((a{100}){100}){100}')))), ' | ', 2);
-- jsonpaths, judged by PostgreSQL itself.
SELECT * FROM public.save_all('{"jsonpath": "$.a >"}', '{"jsonpath": ""}', '{"jsonpath": 5}', '{"jsonpath": null}', '{"jsonpath": "$.a like_regex \"(\""}', '{"jsonpath": "a == 1"}', '{"jsonpath": "$.coverage.lines >= 80"}');
-- Artifact types.
SELECT public.save(NULL);
UPDATE phase_gate_requirements SET required_artifacts = '{test_results,NULL}' WHERE phase_id = 'PHASE_TESTING';
UPDATE phase_gate_requirements SET required_artifacts = '{""}' WHERE phase_id = 'PHASE_TESTING';
UPDATE phase_gate_requirements SET required_artifacts = ARRAY[repeat('x', 101)] WHERE phase_id = 'PHASE_TESTING';
UPDATE phase_gate_requirements SET required_artifacts = '{}' WHERE phase_id = 'PHASE_TESTING';
-- By INSERT and COPY as well; several rows, one bad: none is saved.
INSERT INTO phase_gate_requirements (phase_id, validation_criteria) VALUES ('PHASE_DESIGN', '{"sketch": {"must_exist": true}}'), ('PHASE_DEPLOYMENT', '{"log": {"must_exit": true}}');
\echo :LAST_ERROR_SQLSTATE
COPY phase_gate_requirements (phase_id, validation_criteria) FROM stdin;
PHASE_DESIGN	{"sketch": {"must_exit": true}}
\.
SELECT phase_id FROM phase_gate_requirements ORDER BY 1;
-- A criterion on a type that is not listed as required needs the artifact all the same.
\pset tuples_only off
\pset format aligned
INSERT INTO phase_gate_requirements (phase_id, validation_criteria) VALUES ('PHASE_DESIGN', '{"sketch": {"must_exist": true}, "note": {"jsonpath": "$.words > 3"}}');
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 't', 'PHASE_DESIGN');
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION';
SELECT (a).id IS NOT NULL FROM phasegate.add_artifact('00000000-0000-7000-8000-000000000001', 'sketch') a;
SELECT (a).id IS NOT NULL FROM phasegate.add_artifact('00000000-0000-7000-8000-000000000001', 'note', artifact_content => '{"words": "many"}') a;
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION';
SELECT (a).id IS NOT NULL FROM phasegate.add_artifact('00000000-0000-7000-8000-000000000001', 'note', artifact_content => '{"words": 2}') a;
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION';
SELECT (a).id IS NOT NULL FROM phasegate.add_artifact('00000000-0000-7000-8000-000000000001', 'note', artifact_content => '{"words": [1, 4]}') a;
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION';
-- The schema criterion says what does not match.
UPDATE phase_gate_requirements SET required_tasks_completed = false, required_artifacts = '{}',
       validation_criteria = '{"report": {"schema": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "minLength": 3}, "runs": {"type": "array", "items": {"type": "integer"}}}}}}'
 WHERE phase_id = 'PHASE_IMPLEMENTATION';
SELECT content, (SELECT r ->> 'message' FROM phasegate.check_gate_requirements('00000000-0000-7000-8000-000000000001') c, jsonb_array_elements(c -> 'reasons') r) AS before
  FROM unnest(ARRAY['{"name": "ab"}']::jsonb[]) content;
CREATE FUNCTION public.try(content jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM phase_gate_artifacts WHERE artifact_type = 'report';
    INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, artifact_content) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_IMPLEMENTATION', 'report', content);
    RETURN coalesce((SELECT string_agg(r, ' ') FROM unnest((phasegate.can_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING')).blocking_reasons) r), 'passes');
END $$;
SELECT content, public.try(content) FROM unnest(ARRAY['{"name": "ab"}', '{"name": 5}', '{}', '[]', '{"name": "abc", "runs": [1, 2, "three"]}', '{"name": "abc", "runs": [1, 2, 3]}']::jsonb[]) content;
