-- Whatever a task's result or a ticket's context holds, the ticket moves. New results are checked when they are written;
-- those here are older than the check, or came in with the triggers off.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET phasegate.now = '2026-01-01 12:00:00+00';
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;
-- jsonb itself refuses NUL, half of a surrogate pair, and more than it can parse.
SELECT '{"summary": "\u0000"}'::jsonb;
SELECT '{"summary": "\ud83d"}'::jsonb;
CREATE TABLE shapes (n integer PRIMARY KEY, name text, shape jsonb);
INSERT INTO shapes VALUES
    (1, 'null', 'null'), (2, 'true', 'true'), (3, 'a number', '7'), (4, 'a huge number', ('1' || repeat('0', 5000))::jsonb), (5, 'a string', '"text"'),
    (6, 'an empty string', '""'), (7, 'an array', '[1, "a", null, {"key_decisions": ["x"]}, [[]]]'), (8, 'an empty array', '[]'), (9, 'an empty object', '{}'),
    (10, 'parts of wrong kinds', '{"summary": 7, "context": ["x"], "artifacts": "none", "outputs": null}'),
    (11, 'parts of other wrong kinds', '{"summary": ["a", 1], "context": "x", "artifacts": {"type": 1}, "outputs": [[]]}'),
    (12, 'parts that are null', '{"summary": null, "context": null, "artifacts": null}'),
    (13, 'keys of the block in the context', '{"context": {"tasks": 1, "artifacts": [null], "summary": {"a": 1}, "key_decisions": "one"}}'),
    (14, 'odd keys', '{"context": {"": "", " ": [], "_phase": {}, "design_phase": {"key_decisions": 1}, "💥": "💥", "a\"b\\c\n": "\"\\\n\u0001\u001f\u007f\u2028"}}'),
    (15, 'a number in private clothes', '{"summary": "s", "context": {"n": {"$serde_json::private::Number": "12"}}}'),
    (16, 'no number in private clothes', '{"summary": "s", "context": {"n": {"$serde_json::private::Number": "twelve"}}}'),
    (17, 'private clothes alone', '{"$serde_json::private::Number": ""}'),
    (18, 'a raw value in private clothes', '{"context": {"$serde_json::private::RawValue": "{\"x\":"}}'),
    (19, '1 MB in one key', jsonb_build_object('context', jsonb_build_object('key_decisions', jsonb_build_array(repeat('x', 1048576))))),
    (20, '100 kB of a key', jsonb_build_object('context', jsonb_build_object(repeat('k', 100000), 'v'))),
    (21, '1 MB of words', jsonb_build_object('summary', repeat('word ', 209715))),
    (22, '20,000 items', jsonb_build_object('context', jsonb_build_object('risks', (SELECT jsonb_agg(n % 10000) FROM generate_series(1, 20000) n)))),
    (23, '2,000 keys', jsonb_build_object('context', (SELECT jsonb_object_agg('key' || n, jsonb_build_object('decision', n)) FROM generate_series(1, 2000) n))),
    (24, '90 deep', (repeat('{"context": ', 90) || '1' || repeat('}', 90))::jsonb),
    (25, '110 deep', (repeat('{"context": ', 110) || '1' || repeat('}', 110))::jsonb),
    (26, '130 deep', ('{"context": ' || repeat('[', 130) || repeat(']', 130) || '}')::jsonb);
-- 10,000 levels need more stack than is the default for a client's text, yet may come from a session with more.
SET max_stack_depth = '7MB';
INSERT INTO shapes VALUES
    (27, '10,000 arrays', (repeat('[', 10000) || repeat(']', 10000))::jsonb),
    (28, '10,000 arrays in the context', ('{"summary": "s", "context": {"a": ' || repeat('[', 10000) || repeat(']', 10000) || ', "b": 1}}')::jsonb),
    (29, '10,000 objects', (repeat('{"context": ', 10000) || '1' || repeat('}', 10000))::jsonb),
    (30, '10,000 arrays and objects as outputs', ('{"summary": "s", "context": {"b": 1}, "outputs": ' || repeat('[{"a":', 5000) || '1' || repeat('}]', 5000) || '}')::jsonb);
RESET max_stack_depth;
CREATE FUNCTION id(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
-- As results: each between two tasks that say something.
INSERT INTO tickets (id, title, phase_id) SELECT id(n), name, 'PHASE_REQUIREMENTS' FROM shapes;
ALTER TABLE tasks DISABLE TRIGGER USER;
INSERT INTO tasks (id, ticket_id, phase_id, status, description, pending_dependencies, completed_at, result)
SELECT id(n * 10 + m), id(n), 'PHASE_REQUIREMENTS', 'completed', 'Task ' || m, 0, '2026-01-01'::timestamptz + m * interval '1 minute',
       CASE m WHEN 2 THEN shape ELSE jsonb_build_object('summary', 'Sound ' || m, 'context', jsonb_build_object('design_decisions', jsonb_build_array('Kept ' || m))) END
  FROM shapes, generate_series(1, 3) m;
ALTER TABLE tasks ENABLE TRIGGER USER;
UPDATE tickets SET phase_id = 'PHASE_DESIGN';
CREATE FUNCTION short(j jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS
    $$ SELECT CASE WHEN length(j::text) > 90 THEN '(' || length(j::text) || ' characters)' ELSE j::text END $$;
SELECT n, name, phase_id = 'PHASE_DESIGN' AS moved, context #> '{requirements_phase,design_decisions}' AS decisions,
       short((context -> 'requirements_phase') - '{design_decisions,tasks,artifacts,summary}'::text[]) AS taken,
       short(context #> '{requirements_phase,tasks,1,outputs}') AS outputs, short(context #> '{requirements_phase,summary}') AS summary,
       count_tokens(context_summary) <= 2000 AS fits
  FROM shapes JOIN tickets ON title = name ORDER BY n;
SELECT count(*) FROM phase_context c JOIN tickets t ON t.id = ticket_id AND context -> 'requirements_phase' = context_data;
-- All that reads them goes on reading.
SELECT count(get_context_for_phase(id)) AS shown, count(context_summary(id)) AS summaries, count(ticket_context(id)) AS contexts,
       count(aggregate_phase_context(id, 'PHASE_REQUIREMENTS')) AS aggregates, count(*) FILTER (WHERE update_ticket_context(id, 'PHASE_REQUIREMENTS') IS NULL) AS updates FROM tickets;
SELECT check_name, violations FROM check_workspace() WHERE violations <> 0;
-- The check on new results refuses the deep ones too, or takes them; a ticket moves all the same.
CREATE PROCEDURE try() LANGUAGE plpgsql AS $$
DECLARE s shapes;
BEGIN
    FOR s IN SELECT * FROM shapes ORDER BY n LOOP
        BEGIN
            INSERT INTO tasks (ticket_id, phase_id, status, result) VALUES (id(s.n), 'PHASE_DESIGN', 'completed', s.shape);
            RAISE WARNING '%: taken', s.name;
        EXCEPTION WHEN OTHERS THEN
            RAISE WARNING '%: % %', s.name, SQLSTATE, SQLERRM;
        END;
    END LOOP;
END $$;
CALL try();
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION';
SELECT count(*) FILTER (WHERE context ? 'design_phase') AS folded, count(*) FROM tickets;
-- As the ticket's context: a new block is folded into it; what cannot be read is left as it is.
DELETE FROM tickets;
INSERT INTO tickets (id, title, phase_id, context, context_summary) SELECT id(n), name, 'PHASE_REQUIREMENTS', shape, 'of old' FROM shapes;
INSERT INTO tickets (id, title, phase_id, context) SELECT id(100), 'a block that is none', 'PHASE_REQUIREMENTS', '{"requirements_phase": [1], "design_phase": "text", "summary": {"a": 1}}';
INSERT INTO tasks (ticket_id, phase_id, status, result) SELECT id, 'PHASE_REQUIREMENTS', 'completed', '{"context": {"key_decisions": ["Kept"]}}' FROM tickets;
UPDATE tickets SET phase_id = 'PHASE_DESIGN';
SELECT title, phase_id = 'PHASE_DESIGN' AS moved, context #>> '{requirements_phase,key_decisions,0}' AS decision,
       CASE WHEN jsonb_typeof(context) = 'object' THEN short(context - '{requirements_phase,summary}'::text[]) ELSE short(context) END AS rest,
       context = shape AS as_before, count_tokens(context_summary) <= 2000 AS fits, context_summary = 'of old' AS old_summary
  FROM tickets LEFT JOIN shapes ON title = name ORDER BY id;
-- Its task can be claimed, and it moves on and back.
INSERT INTO tasks (ticket_id, phase_id) SELECT id, 'PHASE_DESIGN' FROM tickets;
SELECT count(*) FROM claim_tasks('ada', 1000, phases => '{PHASE_DESIGN}');
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION';
UPDATE tickets SET phase_id = 'PHASE_BLOCKED';
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS';
SELECT phase_id, count(*) FROM tickets GROUP BY 1;
-- The functions say what they cannot read.
CREATE FUNCTION outcome(statement text, ticket uuid) RETURNS text LANGUAGE plpgsql AS $$
BEGIN EXECUTE statement USING ticket; RETURN 'answers'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM; END $$;
SELECT call, outcome(call, id), count(*), min(title), max(title)
  FROM tickets, unnest('{SELECT get_context_for_phase($1),SELECT context_summary($1),SELECT ticket_context($1),SELECT aggregate_phase_context($1),SELECT update_ticket_context($1)}'::text[]) call
 GROUP BY 1, 2 ORDER BY 1, 2;
SELECT call, outcome(format('SELECT %s(shape) FROM shapes WHERE id(n) = $1', call), id(n)), count(*), min(name), max(name)
  FROM shapes, unnest('{summarize_context,summarize_structured,extract_key_points}'::text[]) call GROUP BY 1, 2 ORDER BY 1, 2;
SELECT check_name, violations FROM check_workspace() WHERE violations <> 0;
