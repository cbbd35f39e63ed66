-- The same rows give the same bytes, whatever the order of writing, the plan, or the session; and the order of merging is that of completion.
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;
CREATE FUNCTION id(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
INSERT INTO tickets (id, title, phase_id) VALUES (id(1), 'a', 'PHASE_REQUIREMENTS');
CREATE TABLE planned AS
SELECT id(n) AS id, 't' || n AS task_type, '2026-01-01 12:00+00'::timestamptz + (n * 37 % 40) / 4 * interval '1 minute' AS completed_at,
       jsonb_build_object('summary', 'Task ' || n,
           'context', jsonb_build_object('last', n, 'list', jsonb_build_array(n % 7, 'x' || n % 5, jsonb_build_object('b', n % 3, 'a', 1)),
               'by_task', jsonb_build_object('k' || n % 4, n, 'all', jsonb_build_array(n)), CASE WHEN n % 2 = 0 THEN 'even' ELSE 'odd' END, n * 1.50),
           'outputs', jsonb_build_object('n', n)) AS result
  FROM generate_series(1, 60) n;
-- In one order, and in another with an UPDATE of each in between.
INSERT INTO tasks (id, ticket_id, phase_id, task_type, status, completed_at, result)
SELECT id, id(1), 'PHASE_REQUIREMENTS', task_type, 'completed', completed_at, result FROM planned ORDER BY task_type;
SELECT bool_and(t.completed_at = p.completed_at) AS as_planned FROM tasks t JOIN planned p USING (id);
SELECT aggregate_phase_context(id(1))::text AS first \gset
SELECT md5(:'first') = md5(aggregate_phase_context(id(1))::text) AS again;
SET enable_seqscan = off; SET enable_sort = off; SET enable_hashagg = off;
SELECT :'first' = aggregate_phase_context(id(1))::text AS another_plan;
RESET enable_seqscan; RESET enable_sort; RESET enable_hashagg;
\c
SET search_path = acme, phasegate;
SELECT :'first' = aggregate_phase_context(id(1))::text AS another_session;
DELETE FROM tasks;
INSERT INTO tasks (id, ticket_id, phase_id, task_type, status, completed_at, result)
SELECT id, id(1), 'PHASE_REQUIREMENTS', task_type, 'completed', completed_at, result FROM planned ORDER BY md5(id::text);
UPDATE tasks SET description = '' WHERE right(id::text, 1) < '5';
UPDATE tasks SET description = NULL;
SELECT :'first' = aggregate_phase_context(id(1))::text AS another_order_of_rows;
-- Other settings that change how values are written.
SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'German'; SET extra_float_digits = -15; SET bytea_output = escape; SET standard_conforming_strings = off;
SELECT :'first' = aggregate_phase_context(id(1))::text AS other_settings;
RESET standard_conforming_strings;
-- The order: by completion, then by id. The last to write a scalar wins, the first to say an item places it.
SELECT (aggregate_phase_context(id(1)) ->> 'last')::integer = (SELECT (result #>> '{context,last}')::integer FROM planned ORDER BY completed_at DESC, id DESC LIMIT 1) AS last_wins,
       ARRAY(SELECT t ->> 'task_type' FROM jsonb_array_elements(aggregate_phase_context(id(1)) -> 'tasks') t)
       = ARRAY(SELECT task_type FROM planned ORDER BY completed_at, id) AS in_completion_order;
SELECT (SELECT count(*) = count(DISTINCT e) FROM jsonb_array_elements(aggregate_phase_context(id(1)) -> 'list') e) AS no_duplicates,
       jsonb_array_length(aggregate_phase_context(id(1)) -> 'list') AS items;
-- Small, to be read: objects by key, lists joined, scalars by the last, kinds that differ by the last.
DELETE FROM tasks;
INSERT INTO tasks (id, ticket_id, phase_id, task_type, status, completed_at, result)
SELECT id(9 - n::integer), id(1), 'PHASE_REQUIREMENTS', 't', 'completed', '2026-01-01 12:00+00'::timestamptz + n * interval '1 second', jsonb_build_object('context', c)
  FROM unnest(ARRAY['{"a": 1, "o": {"x": 1, "l": [1, 2, 1]}, "l": ["b", "a"], "k": [1], "deep": [[1], [1]]}',
                    '{"a": "two", "o": {"y": 2, "l": [3, 2]}, "l": ["a", "c", "b"], "k": {"now": "an object"}, "deep": [[1, 1], [1]]}',
                    '{"a": null, "o": {"x": 3}, "l": [], "tasks": "mine", "artifacts": 1, "summary": []}']::jsonb[]) WITH ORDINALITY AS c (c, n);
SELECT aggregate_phase_context(id(1)) - 'tasks' AS block;
-- Numbers are kept as they are written, of whatever size.
DELETE FROM tasks;
INSERT INTO tasks (ticket_id, phase_id, status, result)
VALUES (id(1), 'PHASE_REQUIREMENTS', 'completed', '{"context": {"n": [1.50, 1.5, 0.1, 123456789012345678901234567890, -0.0, 1e30, 0.00000000000000000000000001]}}');
SELECT aggregate_phase_context(id(1)) -> 'n' AS numbers, aggregate_phase_context(id(1)) -> 'n' = result #> '{context,n}' AS all_of_them FROM tasks;
-- Only completed work counts: not open or cancelled tasks, reviews, summaries, other phases or other tickets.
DELETE FROM tasks;
INSERT INTO tickets (id, title, phase_id) VALUES (id(2), 'b', 'PHASE_REQUIREMENTS');
INSERT INTO tasks (ticket_id, phase_id, kind, status, assigned_agent_id, result)
SELECT id(t), p::phase, k, s, k, jsonb_build_object('approved', true, 'summary', 'x', 'context', jsonb_build_object(k || '_' || s || '_' || p || '_' || t, 1))
  FROM unnest('{1,2}'::int[]) t, unnest('{PHASE_REQUIREMENTS,PHASE_DESIGN}'::text[]) p, unnest('{work,review,summary}'::text[]) k,
       unnest('{pending,assigned,running,completed,failed,cancelled}'::text[]) s;
SELECT jsonb_object_keys(aggregate_phase_context(id(1)) - '{tasks,artifacts,summary}'::text[]);
-- The current artifacts: the latest of a type, none that was superseded.
SET phasegate.now = '2026-01-01 12:00+00';
SELECT (add_artifact(id(1), 'requirements_document', 'old.md')).artifact_type;
SET phasegate.now = '2026-01-01 12:01+00';
SELECT (add_artifact(id(1), 'requirements_document', 'new.md')).artifact_type;
SELECT (add_artifact(id(1), 'minutes', NULL, '{"a": 1}')).artifact_type;
SELECT (add_artifact(id(1), 'gone', 'gone.md')).artifact_type;
UPDATE phase_gate_artifacts SET superseded_at = now() WHERE artifact_type = 'gone';
SELECT aggregate_phase_context(id(1)) -> 'artifacts' AS artifacts;
