-- Evidence and requirements made to hurt: each gets a clear error or an answer, in bounded time, and the server stays up.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
UPDATE task_templates SET is_active = false;
UPDATE phase_gate_requirements SET required_tasks_completed = false, required_artifacts = '{}', validation_criteria = NULL;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 't', 'PHASE_TESTING');
-- Whatever takes longer than this is a failure. A statement that is cancelled would say so.
SET statement_timeout = '5min';
CREATE FUNCTION public.judge(criteria jsonb, content jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text;
BEGIN
    UPDATE phase_gate_requirements SET validation_criteria = jsonb_build_object('test_results', criteria) WHERE phase_id = 'PHASE_TESTING';
    DELETE FROM phase_gate_artifacts;
    INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, artifact_content) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING', 'test_results', content);
    SELECT coalesce(string_agg(left(r ->> 'message', 150), ' '), 'passes') INTO message
      FROM jsonb_array_elements(phasegate.check_gate_requirements('00000000-0000-7000-8000-000000000001') -> 'reasons') r;
    RETURN message;
END $$;
\pset tuples_only on
\pset format unaligned
-- 10,000 levels, of arrays and of objects, alone and within a content that is else fine.
\set VERBOSITY terse
SET max_stack_depth = '6MB';
SELECT public.judge('{"all_passed": true}', (repeat('[', 10000) || repeat(']', 10000))::jsonb);
SELECT public.judge('{"all_passed": true}', (repeat('{"a":', 5000) || '1' || repeat('}', 5000))::jsonb);
SELECT public.judge('{"all_passed": true}', ('{"all_passed": true, "log": ' || repeat('[', 10000) || repeat(']', 10000) || '}')::jsonb);
SELECT public.judge('{"schema": {}}', ('{"log": ' || repeat('[', 10000) || repeat(']', 10000) || '}')::jsonb);
SELECT public.judge('{"jsonpath": "$.**.size() > 0"}', ('{"log": ' || repeat('[', 10000) || repeat(']', 10000) || '}')::jsonb);
SELECT public.judge('{"min_length": 5, "required_sections": ["a"], "min_percentage": 1, "must_have_tests": true}', ('{"content": ' || repeat('[', 10000) || repeat(']', 10000) || '}')::jsonb);
-- It is there all the same: the artifact exists, and the ticket can be moved, shown and put on record.
UPDATE phase_gate_requirements SET validation_criteria = '{"test_results": {"must_exist": true}}' WHERE phase_id = 'PHASE_TESTING';
UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT';
UPDATE tickets SET phase_id = 'PHASE_BLOCKED';
UPDATE tickets SET phase_id = 'PHASE_TESTING';
-- As many levels as are read, and one more.
SELECT public.judge('{"all_passed": true}', ('{"all_passed": true, "log": ' || repeat('[', 126) || repeat(']', 126) || '}')::jsonb);
SELECT public.judge('{"all_passed": true}', ('{"all_passed": true, "log": ' || repeat('[', 127) || repeat(']', 127) || '}')::jsonb);
-- With the stack that a server has by default PostgreSQL itself refuses what nests too deeply, or it is judged as above.
RESET max_stack_depth;
CREATE FUNCTION public.deep() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN public.judge('{"all_passed": true}', (repeat('[', 10000) || repeat(']', 10000))::jsonb);
EXCEPTION WHEN statement_too_complex THEN
    RETURN 'The artifact "test_results" has a content that cannot be read: it is nested too deeply.';
END $$;
SELECT public.deep();
-- A deep result of a task, and a deep verdict.
INSERT INTO tasks (id, ticket_id, phase_id) VALUES ('00000000-0000-7000-8000-0000000000a1', '00000000-0000-7000-8000-000000000001', 'PHASE_TESTING');
UPDATE tasks SET status = 'completed', assigned_agent_id = 'worker', result = ('{"artifacts": [{"type": "log", "content": ' || repeat('[', 2000) || repeat(']', 2000) || '}]}')::jsonb;
INSERT INTO tasks (ticket_id, phase_id, kind, status, assigned_agent_id, result) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING', 'review', 'completed', 'inspector', ('{"approved": true, "x": ' || repeat('[', 2000) || repeat(']', 2000) || '}')::jsonb);
-- 10 MB, with the limit raised: one text, many members, many elements; every criterion on each.
SET phasegate.max_result_bytes = '16MB';
SELECT public.judge('{"min_length": 10000000, "required_sections": ["end"]}', jsonb_build_object('content', repeat('x', 10000000) || E'\n\n# end\n'));
SELECT public.judge('{"min_length": 10000000, "required_sections": ["end"]}', jsonb_build_object('content', repeat(E'#\n', 5000000)));
SELECT public.judge('{"required_sections": ["s0", "s250000", "s499999"]}', jsonb_build_object('sections', (SELECT jsonb_agg('s' || n) FROM generate_series(0, 499998) n)));
SELECT public.judge('{"schema": {"additionalProperties": {"type": "integer"}}}', (SELECT jsonb_object_agg('key' || n, n) FROM generate_series(1, 200000) n));
SELECT public.judge('{"schema": {"properties": {"items": {"items": {"type": "integer", "maximum": 5}, "uniqueItems": true}}}}', (SELECT jsonb_build_object('items', jsonb_agg(n)) FROM generate_series(1, 400000) n));
SELECT public.judge('{"jsonpath": "$.items.size() == 400000"}', (SELECT jsonb_build_object('items', jsonb_agg(n)) FROM generate_series(1, 400000) n));
SELECT public.judge('{"min_percentage": 80}', ('{"percentage": 1' || repeat('0', 100000) || '}')::jsonb);
RESET phasegate.max_result_bytes;
-- Schemas that would take for ever: exponential branching, recursion without end, wide and deep combinations.
SELECT public.judge('{"schema": {"anyOf": [{"properties": {"a": {"$ref": "#"}}, "required": ["x"]}, {"properties": {"a": {"$ref": "#"}}, "required": ["y"]}]}}',
    (repeat('{"a":', 100) || '{}' || repeat('}', 100))::jsonb);
SELECT public.judge('{"schema": {"$ref": "#/$defs/n", "$defs": {"n": {"oneOf": [{"properties": {"a": {"$ref": "#/$defs/n"}}, "minProperties": 1}, {"properties": {"a": {"$ref": "#/$defs/n"}}, "maxProperties": 1}]}}}}',
    (repeat('{"a":', 100) || '{}' || repeat('}', 100))::jsonb);
SELECT public.judge('{"schema": {"$ref": "#"}}', '{"a": 1}');
SELECT public.judge('{"schema": {"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}, {"$ref": "#/$defs/b"}]}, "b": {"anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]}}}}', '{"a": 1}');
SELECT public.judge(jsonb_build_object('schema', (
    SELECT jsonb_build_object('anyOf', jsonb_build_array('{"$ref": "#/$defs/l1"}'::jsonb), '$defs', (SELECT jsonb_object_agg('l' || n, jsonb_build_object('anyOf', jsonb_build_array(jsonb_build_object('$ref', '#/$defs/l' || n + 1), jsonb_build_object('$ref', '#/$defs/l' || n + 1)))) FROM generate_series(1, 29) n) || '{"l30": {"required": ["x"]}}'))), '{"a": 1}');
SELECT public.judge('{"schema": {"properties": {"items": {"uniqueItems": true}}}}', (SELECT jsonb_build_object('items', jsonb_agg(jsonb_build_object('n', n))) FROM generate_series(1, 20000) n));
-- Regular expressions that backtracking engines choke on.
SELECT public.judge('{"schema": {"properties": {"t": {"pattern": "^(a+)+$"}}}}', jsonb_build_object('t', repeat('a', 100000) || 'b'));
SELECT public.judge('{"schema": {"properties": {"t": {"pattern": "^(a|a?)+$"}}}}', jsonb_build_object('t', repeat('a', 100000) || 'b'));
SELECT public.judge('{"schema": {"properties": {"t": {"pattern": "(x+x+)+y"}}}}', jsonb_build_object('t', repeat('x', 100000)));
SELECT public.judge('{"schema": {"patternProperties": {"^(a+)+$": {"type": "integer"}}}}', jsonb_build_object(repeat('a', 100000) || 'b', 'x'));
SELECT public.judge('{"schema": {"properties": {"t": {"pattern": "(a{1000}){1000}"}}}}', '{"t": "a"}');
SELECT public.judge('{"schema": {"properties": {"t": {"format": "email"}}}}', jsonb_build_object('t', repeat('a', 500000) || '@'));
-- PostgreSQL's own, in a jsonpath. A predicate that runs for long can be cancelled like any statement.
SELECT public.judge('{"jsonpath": "$.t like_regex \"^(a+)+$\""}', jsonb_build_object('t', repeat('a', 1000) || 'b'));
UPDATE phase_gate_requirements SET validation_criteria = '{"test_results": {"jsonpath": "exists($.a[*] ? (exists($.a[*] ? (@ == \"never\"))))"}}' WHERE phase_id = 'PHASE_TESTING';
DELETE FROM phase_gate_artifacts;
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, artifact_content)
SELECT '00000000-0000-7000-8000-000000000001', 'PHASE_TESTING', 'test_results', jsonb_build_object('a', (SELECT jsonb_agg(n) FROM generate_series(1, 20000) n));
SET statement_timeout = '500ms';
UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT';
SET statement_timeout = '5min';
SELECT phase_id FROM tickets;
-- The session and the workspace are as they were.
UPDATE phase_gate_requirements SET validation_criteria = NULL;
UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT';
SELECT phase_id FROM tickets;
SELECT sum(violations) FROM phasegate.check_workspace();
