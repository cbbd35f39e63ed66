-- A session that checks a gate again reads its evidence by what it knows of the tables. What has changed since counts all the
-- same, and the answer is the one that is stored.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
DELETE FROM phase_gate_requirements;
INSERT INTO phase_gate_requirements (phase_id, required_artifacts, required_tasks_completed, validation_criteria)
VALUES ('PHASE_DESIGN', '{plan,"a \"quoted\" one"}', true, '{"plan": {"schema": {"required": ["scope"], "properties": {"scope": {"type": ["string", "array"]}}}}}');
DELETE FROM task_templates;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 't', 'PHASE_DESIGN');
-- Evidence of another ticket, and of another phase of this one.
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000002', 'other', 'PHASE_DESIGN');
INSERT INTO tasks (ticket_id, phase_id, task_type)
VALUES ('00000000-0000-7000-8000-000000000002', 'PHASE_DESIGN', 'other'), ('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING', 'later');
SELECT 1 FROM add_artifact('00000000-0000-7000-8000-000000000002', 'plan', 'other.json', '{"scope": 1}');
SELECT 1 FROM add_artifact('00000000-0000-7000-8000-000000000001', 'plan', 'later.json', '{"scope": 1}', 'PHASE_TESTING');
CREATE FUNCTION public.status() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer jsonb := check_gate_requirements('00000000-0000-7000-8000-000000000001');
    stored jsonb;
BEGIN
    PERFORM validate_gate('00000000-0000-7000-8000-000000000001');
    SELECT validation_result INTO stored FROM acme.phase_gate_results ORDER BY id DESC LIMIT 1;
    RETURN format('%s: missing %s, tasks %s of %s, %s', answer ->> 'validation_status', answer ->> 'missing_artifacts',
                  answer ->> 'tasks_completed', answer ->> 'tasks_total',
                  CASE WHEN answer::text = stored::text THEN 'as stored' ELSE 'stored: ' || stored::text END);
END $$;
CREATE FUNCTION public.hand_in(type text, content jsonb) RETURNS int LANGUAGE sql AS $$
    SELECT 1 FROM add_artifact('00000000-0000-7000-8000-000000000001', type, type || '.json', content) $$;
SELECT public.status();
SELECT public.status();
SELECT public.hand_in('plan', '{"scope": "small"}');
SELECT public.status();
SELECT public.hand_in('a "quoted" one', NULL);
SELECT public.status();
-- The newest of a type counts, however large.
SELECT public.hand_in('plan', jsonb_build_object('scope', NULL, 'text', (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 5000) n)));
SELECT public.status();
SELECT public.hand_in('plan', jsonb_build_object('text', (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 5000) n), 'scope', 'large'));
SELECT public.status();
-- Tasks come, and are named as they are.
INSERT INTO tasks (id, ticket_id, phase_id, task_type, description)
SELECT format('00000000-0000-7000-8000-00000000010%s', n)::uuid, '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'draw', d
  FROM (VALUES (1, NULL), (2, E'a tab\t, a "quote", a \\ and \u00e9 \U0001F600'), (3, '')) v (n, d);
SELECT public.status();
SELECT jsonb_pretty(check_gate_requirements('00000000-0000-7000-8000-000000000001'));
UPDATE tasks SET status = 'cancelled' WHERE description = '' OR task_type = 'other';
SELECT count(complete_task(id, 'ada', '{"summary": "Drawn.", "context": {"numbers": [1.10, -0, 12345678901234567890, 1e3, true, null, {}, []]}}'))
  FROM claim_tasks('ada', 3, phases => '{PHASE_DESIGN}') WHERE ticket_id = '00000000-0000-7000-8000-000000000001';
SELECT public.status();
-- Within a transaction, and after its end.
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO tasks (ticket_id, phase_id, task_type) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'more');
SELECT public.status();
SAVEPOINT s;
DELETE FROM tasks;
SELECT public.status();
ROLLBACK TO s;
SELECT public.status();
ROLLBACK;
SELECT public.status();
-- Indexes in another order, gone, and back.
DO $$ DECLARE name regclass; BEGIN
    FOR name IN SELECT indexrelid::regclass FROM pg_index
                 WHERE indrelid IN ('tasks'::regclass, 'phase_gate_artifacts'::regclass) AND NOT indisprimary LOOP
        EXECUTE 'DROP INDEX ' || name;
    END LOOP;
END $$;
SELECT public.status();
CREATE INDEX other_tasks ON tasks (phase_id DESC, ticket_id DESC);
CREATE INDEX other_artifacts ON phase_gate_artifacts USING hash (ticket_id);
SELECT public.status();
SELECT public.status();
SELECT create_workspace('acme');
SELECT public.status();
SELECT public.status();
-- Columns come and go, tables are written anew, the workspace gets another name.
ALTER TABLE tasks ADD COLUMN note text DEFAULT 'noted', DROP COLUMN task_type;
SELECT create_workspace('acme');
ALTER TABLE phase_gate_artifacts ADD COLUMN note text DEFAULT 'noted', ALTER artifact_path TYPE text;
SELECT public.status();
VACUUM FULL tasks;
CLUSTER phase_gate_artifacts USING phase_gate_artifacts_pkey;
SELECT public.status();
ALTER SCHEMA acme RENAME TO apex;
SET search_path = apex, phasegate;
SELECT check_gate_requirements('00000000-0000-7000-8000-000000000001') ->> 'validation_status';
ALTER SCHEMA apex RENAME TO acme;
SET search_path = acme, phasegate;
SELECT public.status();
-- Whoever asks, and whatever the owner is kept from by a policy.
CREATE ROLE regress_reader;
SELECT grant_access('acme', 'regress_reader', 'reader');
SET ROLE regress_reader;
SELECT check_gate_requirements('00000000-0000-7000-8000-000000000001') ->> 'validation_status';
SELECT check_gate_requirements('00000000-0000-7000-8000-000000000001') ->> 'validation_status';
RESET ROLE;
ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
SET ROLE regress_reader;
SELECT check_gate_requirements('00000000-0000-7000-8000-000000000001') ->> 'validation_status';
RESET ROLE;
ALTER TABLE tickets DISABLE ROW LEVEL SECURITY;
REVOKE SELECT ON tickets FROM regress_reader;
SET ROLE regress_reader;
SELECT check_gate_requirements('00000000-0000-7000-8000-000000000001') ->> 'validation_status';
RESET ROLE;
SELECT public.status();
SET plan_cache_mode = force_custom_plan;
SELECT public.status();
SET plan_cache_mode = auto;
-- A move is judged by the same, and takes along what it saw.
SELECT public.hand_in('plan', '{}');
SELECT transitioned, error_code FROM try_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_IMPLEMENTATION');
SELECT public.hand_in('plan', '{"scope": []}');
SELECT transitioned, error_code FROM try_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_IMPLEMENTATION');
SELECT context #> '{design_phase,numbers}' AS numbers,
       aggregate_phase_context(id, 'PHASE_DESIGN')::text = (context -> 'design_phase')::text AS is_stored,
       (get_context_for_phase(id, 'PHASE_TESTING') -> 'design_phase')::text = (context -> 'design_phase')::text AS is_handed_over
  FROM tickets WHERE title = 't';
DROP OWNED BY regress_reader;
DROP ROLE regress_reader;
SELECT sum(violations) FROM check_workspace('acme');
