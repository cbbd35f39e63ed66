-- complete_tasks: those that can be are completed, the others reported, one row an element in the order given.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
UPDATE task_templates SET is_active = false;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 'Refunds', 'PHASE_DESIGN');
INSERT INTO tasks (id, ticket_id, phase_id, kind, task_type, dependencies)
SELECT ('00000000-0000-7000-8000-0000000000' || n)::uuid, '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', kind, 'part', links::jsonb FROM (VALUES
    ('a1', 'work', NULL), ('a2', 'work', NULL), ('a3', 'work', NULL), ('a4', 'work', NULL), ('a5', 'work', NULL), ('a6', 'work', NULL),
    ('b1', 'review', NULL), ('b2', 'review', NULL), ('c1', 'summary', NULL), ('d1', 'work', '{"depends_on": ["00000000-0000-7000-8000-0000000000a1"]}')) t (n, kind, links);
CREATE FUNCTION pg_temp.id(n text) RETURNS text LANGUAGE sql AS $$ SELECT '00000000-0000-7000-8000-0000000000' || n $$;
CREATE FUNCTION pg_temp.n(id uuid) RETURNS text LANGUAGE sql AS $$ SELECT right(id::text, 2) $$;
SELECT count(*) FROM claim_tasks('eve', 1);
SELECT count(*) FROM claim_tasks('ada', 100, kinds => '{work}');
SELECT count(*) FROM claim_tasks('vera', 1, kinds => '{review}');
SELECT assigned_agent_id, array_agg(pg_temp.n(id) ORDER BY id) FROM tasks GROUP BY 1 ORDER BY 1;
-- Held, with a result and without; held by somebody else; by nobody; unknown; in another attempt; twice the same; and ill-shaped ones.
SELECT pg_temp.n(task_id), completed, error_code FROM complete_tasks('ada', jsonb_build_array(
    jsonb_build_object('task_id', pg_temp.id('a3'), 'attempt', 1, 'result', '{"summary": "Done", "outputs": [1.10, {"$serde_json::private::Number": "5"}]}'::jsonb),
    jsonb_build_object('task_id', pg_temp.id('a2'), 'result', null),
    jsonb_build_object('task_id', pg_temp.id('a1'), 'attempt', 1),
    jsonb_build_object('task_id', pg_temp.id('d1'), 'attempt', 1),
    jsonb_build_object('task_id', pg_temp.id('ff'), 'attempt', 1),
    jsonb_build_object('task_id', pg_temp.id('a4'), 'attempt', 2),
    jsonb_build_object('task_id', pg_temp.id('a4'), 'attempt', 0),
    jsonb_build_object('task_id', pg_temp.id('a2'), 'attempt', 1, 'result', '{"summary": "again"}'::jsonb),
    jsonb_build_object('task_id', pg_temp.id('a5'), 'result', '[]'::jsonb),
    jsonb_build_object('task_id', pg_temp.id('a5'), 'result', '{"summary": 7}'::jsonb),
    jsonb_build_object('task_id', pg_temp.id('a5'), 'result', jsonb_build_object('summary', repeat('x', 1100000))),
    jsonb_build_object('task_id', pg_temp.id('a6'), 'attempt', 'one'),
    jsonb_build_object('task_id', 'no id'), jsonb_build_object('id', pg_temp.id('a6')), 'null', '7', '"text"', '[]', '{}',
    (repeat('[', 200) || repeat(']', 200))::jsonb));
SELECT pg_temp.n(id), status, attempts, assigned_agent_id, pending_dependencies, result FROM tasks WHERE kind = 'work' ORDER BY id;
-- The same element twice with one that cannot be: the one that can counts, wherever it stands.
SELECT pg_temp.n(task_id), completed, error_code FROM complete_tasks('ada', jsonb_build_array(
    jsonb_build_object('task_id', pg_temp.id('a5'), 'attempt', 7),
    jsonb_build_object('task_id', pg_temp.id('a5'), 'result', '{"artifacts": [{"type": "plan"}, {"type": "log", "collected_by": "ci"}]}'::jsonb),
    jsonb_build_object('task_id', pg_temp.id('a5'))));
SELECT artifact_type, collected_by, pg_temp.n(task_id) FROM phase_gate_artifacts ORDER BY 1;
-- What waited for a completed task can be claimed.
SELECT completed FROM complete_tasks('eve', jsonb_build_array(jsonb_build_object('task_id', pg_temp.id('a1'))));
SELECT pg_temp.n(id) FROM claim_tasks('bob', 10, kinds => '{work}');
-- Reviews and summaries, beside work: each as by complete_task.
SELECT pg_temp.n(id) FROM claim_tasks('vera', 10, '{validation,summarization}', kinds => '{review,summary}') ORDER BY 1;
UPDATE tasks SET assigned_agent_id = 'ada' WHERE id = pg_temp.id('b2')::uuid;
SELECT pg_temp.n(task_id), completed, error_code FROM complete_tasks('vera', jsonb_build_array(
    jsonb_build_object('task_id', pg_temp.id('b1'), 'result', '{"approved": "yes"}'::jsonb),
    jsonb_build_object('task_id', pg_temp.id('b1')),
    jsonb_build_object('task_id', pg_temp.id('b1'), 'attempt', 1, 'result', '{"approved": true}'::jsonb),
    jsonb_build_object('task_id', pg_temp.id('b1'), 'attempt', 1, 'result', '{"approved": false}'::jsonb),
    jsonb_build_object('task_id', pg_temp.id('c1'), 'result', '{"summary": ""}'::jsonb),
    jsonb_build_object('task_id', pg_temp.id('c1'), 'result', jsonb_build_object('summary', repeat('many words ', 3000))),
    jsonb_build_object('task_id', pg_temp.id('c1'), 'result', '{"summary": "Short."}'::jsonb)));
SELECT pg_temp.n(task_id), completed, error_code FROM complete_tasks('ada', jsonb_build_array(
    jsonb_build_object('task_id', pg_temp.id('a6')),
    jsonb_build_object('task_id', pg_temp.id('b2'), 'result', '{"approved": true}'::jsonb)));
SELECT pg_temp.n(id), status, result FROM tasks WHERE kind <> 'work' ORDER BY id;
-- Nothing, and what is refused as a whole.
SELECT * FROM complete_tasks('ada', '[]');
SELECT * FROM complete_tasks('ada', '{}');
SELECT * FROM complete_tasks('ada', NULL);
SELECT * FROM complete_tasks(NULL, '[]');
SELECT * FROM complete_tasks('', '[]');
SELECT * FROM complete_tasks('ada', (SELECT jsonb_agg(n) FROM generate_series(1, 1001) n));
SELECT * FROM claim_tasks('ada', 0);
SELECT * FROM claim_tasks('ada', 1001);
-- A thousand at once.
INSERT INTO tasks (ticket_id, phase_id) SELECT '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN' FROM generate_series(1, 1200);
SELECT jsonb_agg(jsonb_build_object('task_id', id, 'attempt', attempt, 'result', jsonb_build_object('outputs', n))) AS results
  FROM (SELECT row_number() OVER () AS n, c.* FROM claim_tasks('carl', 1000) c) c \gset
SELECT completed, count(*), count(DISTINCT task_id) FROM complete_tasks('carl', :'results') GROUP BY 1;
SELECT status, count(*), count(DISTINCT result -> 'outputs') FROM tasks WHERE assigned_agent_id = 'carl' GROUP BY 1;
-- Row security: a task of a ticket that is hidden is not there.
CREATE ROLE regress_many;
SELECT grant_access('acme', 'regress_many', 'reviewer');
INSERT INTO tasks (id, ticket_id, phase_id, status, assigned_agent_id, lease_expires_at)
    VALUES (pg_temp.id('e1')::uuid, '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'assigned', 'dora', now() + interval '1 hour');
ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
SET ROLE regress_many;
SELECT right(task_id::text, 2), completed, error_code FROM complete_tasks('dora', '[{"task_id": "00000000-0000-7000-8000-0000000000e1"}]');
RESET ROLE;
CREATE POLICY all_of_them ON tickets USING (true);
SET ROLE regress_many;
SELECT right(task_id::text, 2), completed, error_code FROM complete_tasks('dora', '[{"task_id": "00000000-0000-7000-8000-0000000000e1"}]');
RESET ROLE;
DROP OWNED BY regress_many;
DROP ROLE regress_many;
SELECT sum(violations) FROM check_workspace();
