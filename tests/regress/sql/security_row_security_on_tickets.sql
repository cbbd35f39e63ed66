-- Row security on tickets alone is security for all that belongs to a ticket: to every function a hidden ticket, and
-- a task of one, is as one that is not there. Red and blue are tenants in one workspace; red tries blue's.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE ROLE regress_owner;
CREATE ROLE regress_red;
CREATE ROLE regress_blue;
CREATE SCHEMA acme AUTHORIZATION regress_owner;
GRANT CREATE ON SCHEMA public TO regress_owner;
SET ROLE regress_owner;
SELECT phasegate.create_workspace('acme');
SELECT phasegate.grant_access('acme', 'regress_red', 'manager'), phasegate.grant_access('acme', 'regress_blue', 'manager');
SET search_path = acme, phasegate;
ALTER TABLE tickets ADD COLUMN tenant name NOT NULL DEFAULT current_user;
CREATE POLICY tenants ON tickets USING (tenant = current_user);
ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
-- A ticket of each with everything that can belong to one, and a blocked one; ids that nothing has.
CREATE PROCEDURE public.fill(digit text) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO acme.tickets (id, title, phase_id) VALUES
        (('00000000-0000-7000-8000-000000000' || digit || '01')::uuid, digit, 'PHASE_TESTING'),
        (('00000000-0000-7000-8000-000000000' || digit || '02')::uuid, digit || ' blocked', 'PHASE_DESIGN');
    PERFORM phasegate.block_ticket(('00000000-0000-7000-8000-000000000' || digit || '02')::uuid, 'why');
    INSERT INTO acme.tasks (id, ticket_id, phase_id, kind, task_type, status, assigned_agent_id, lease_expires_at, result)
    SELECT ('00000000-0000-7000-8000-000000000' || digit || n)::uuid, ('00000000-0000-7000-8000-000000000' || digit || '01')::uuid,
           'PHASE_TESTING', kind, kind || ' ' || digit, status, agent, lease::timestamptz, result::jsonb
      FROM (VALUES ('a1', 'work', 'pending', NULL, NULL, NULL), ('a2', 'work', 'assigned', 'ada', 'infinity', NULL),
                   ('a3', 'review', 'assigned', 'vera', 'infinity', NULL), ('a4', 'review', 'pending', NULL, NULL, NULL),
                   ('a5', 'work', 'completed', 'ada', NULL, '{"context": {"risks": ["x"]}, "artifacts": [{"type": "log"}]}')) t (n, kind, status, agent, lease, result);
    PERFORM phasegate.validate_gate(('00000000-0000-7000-8000-000000000' || digit || '01')::uuid);
    PERFORM phasegate.update_ticket_context(('00000000-0000-7000-8000-000000000' || digit || '01')::uuid);
END $$;
SET ROLE regress_red;
CALL public.fill('1');
SET ROLE regress_blue;
CALL public.fill('2');
RESET ROLE;
-- How many rows each table has, and a digest of them.
CREATE FUNCTION public.everything() RETURNS TABLE (name text, rows bigint, digest text) LANGUAGE plpgsql AS $$
BEGIN
    FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'acme'::regnamespace AND relkind = 'r' ORDER BY 1 LOOP
        EXECUTE format('SELECT count(*), md5(string_agg(t::text, '','' ORDER BY t::text)) FROM acme.%I t', name) INTO rows, digest;
        RETURN NEXT;
    END LOOP;
END $$;
CREATE TEMP TABLE before AS SELECT * FROM public.everything();
SELECT name, rows FROM before;

-- Every function with an id of a ticket or task, called with blue's and with one that nothing has; <template> is one of the workspace's.
CREATE TABLE public.calls (place int GENERATED ALWAYS AS IDENTITY, function text, arguments text, ending text);
INSERT INTO public.calls (function, arguments, ending) VALUES
    ('get_current_phase',           $$<id>$$, '01'),
    ('get_phase_history',           $$<id>$$, '01'),
    ('can_transition_ticket',       $$<id>, 'PHASE_DEPLOYMENT'$$, '01'),
    ('transition_ticket',           $$<id>, 'PHASE_BLOCKED'$$, '01'),
    ('transition_ticket',           $$<id>, 'PHASE_DONE', expected_phase => 'PHASE_DESIGN'$$, '01'),
    ('try_transition_ticket',       $$<id>, 'PHASE_BLOCKED'$$, '01'),
    ('transition_tickets',          $$ARRAY[<id>]::uuid[], 'PHASE_BLOCKED'$$, '01'),
    ('force_transition_ticket',     $$<id>, 'PHASE_DONE', 'why'$$, '01'),
    ('block_ticket',                $$<id>, 'why'$$, '01'),
    ('unblock_ticket',              $$<id>$$, '02'),
    ('took_part',                   $$<id>, 'PHASE_TESTING', 'ada'$$, '01'),
    ('generate_phase_tasks',        $$<id>, 'PHASE_DESIGN'$$, '01'),
    ('generate_task_from_template', $$<id>, <template>$$, '01'),
    ('start_task',                  $$<id>, 'ada'$$, 'a2'),
    ('start_task',                  $$<id>, 'not ada'$$, 'a2'),
    ('heartbeat_task',              $$<id>, 'ada'$$, 'a2'),
    ('complete_task',               $$<id>, 'ada', '{"artifacts": [{"type": "x"}]}'$$, 'a2'),
    ('complete_task',               $$<id>, 'vera', '{"approved": true}'$$, 'a3'),
    ('fail_task',                   $$<id>, 'ada', 'why'$$, 'a2'),
    ('cancel_task',                 $$<id>$$, 'a1'),
    ('cancel_task',                 $$<id>$$, 'a5'),
    ('add_artifact',                $$<id>, 'log'$$, '01'),
    ('collect_artifacts',           $$<id>$$, '01'),
    ('check_gate_requirements',     $$<id>$$, '01'),
    ('gate_status',                 $$<id>$$, '01'),
    ('validate_gate',               $$<id>$$, '01'),
    ('validate_phase_completion',   $$<id>$$, '01'),
    ('request_review',              $$<id>$$, '01'),
    ('aggregate_phase_context',     $$<id>$$, '01'),
    ('get_context_for_phase',       $$<id>$$, '01'),
    ('ticket_context',              $$<id>$$, '01'),
    ('context_summary',             $$<id>$$, '01'),
    ('update_ticket_context',       $$<id>$$, '01'),
    ('summarize_using_llm',         $$<id>$$, '01'),
    ('request_summary',             $$<id>$$, '01');
UPDATE public.calls SET arguments = replace(arguments, '<template>', (SELECT quote_literal(id) FROM acme.task_templates LIMIT 1));
-- None is forgotten: a new function that takes such an id is to be added above, but the one that claims ask for reviews
-- of tickets that they see.
SELECT proname AS missing FROM pg_proc WHERE pronamespace = 'phasegate'::regnamespace
   AND proargnames && '{ticket_id,ticket_ids,task_id,task_ids,artifact_id}' AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
   AND proname NOT IN (SELECT function FROM public.calls) AND proname <> '_has_approved';
-- Its answer, or all that its error says.
CREATE FUNCTION public.answer(function text, arguments text, id text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text; message text; detail text; hint text;
BEGIN
    EXECUTE format('SELECT string_agg(f::text, '' '') FROM phasegate.%I(%s) f', function, replace(arguments, '<id>', quote_literal(id))) INTO result;
    RETURN replace(coalesce(result, 'nothing'), id, '<id>');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN replace(concat_ws(' / ', SQLSTATE, message, nullif(detail, ''), nullif(hint, '')), id, '<id>');
END $$;
CREATE FUNCTION public.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text; detail text;
BEGIN
    EXECUTE statement;
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    RETURN concat_ws(' / ', SQLSTATE, message, detail);
END $$;
GRANT SELECT ON public.calls TO regress_red, regress_blue;
SET ROLE regress_red;
SELECT function, hidden, hidden = public.answer(function, arguments, '00000000-0000-7000-8000-000000000f' || ending) AS as_unknown
  FROM (SELECT *, public.answer(function, arguments, '00000000-0000-7000-8000-0000000002' || ending) AS hidden FROM public.calls OFFSET 0) c ORDER BY place;
-- It has changed nothing.
RESET ROLE;
SELECT name AS changed FROM (SELECT * FROM public.everything() EXCEPT TABLE before) c;
-- With ids of its own none of the calls is answered like that: it was not they that failed.
SET ROLE regress_red;
SELECT function, answer FROM
    (SELECT place, function, public.answer(function, arguments, '00000000-0000-7000-8000-0000000001' || ending) AS answer FROM public.calls OFFSET 0) c
 WHERE answer ~ '^P0002|not_found|^false' ORDER BY place;
-- A task of a hidden ticket is no more to be waited for than one that is not there.
SELECT hidden, hidden = unknown AS as_unknown FROM (SELECT max(answer) FILTER (WHERE id LIKE '%0002a1') AS hidden, max(answer) FILTER (WHERE id LIKE '%000fa1') AS unknown FROM
    (SELECT id, replace(replace(refused, id, '<id>'), substring(refused FROM 'Task ([-0-9a-f]*)'), '<new>') AS answer FROM unnest('{00000000-0000-7000-8000-0000000002a1,00000000-0000-7000-8000-000000000fa1}'::text[]) id,
        public.refused(format('INSERT INTO acme.tasks (ticket_id, phase_id, dependencies) VALUES (%L, %L, %L)',
            '00000000-0000-7000-8000-000000000101', 'PHASE_TESTING', jsonb_build_object('depends_on', jsonb_build_array(id)))) refused) a) b;

-- What looks at many tickets or tasks looks at those of visible tickets. A lease of each runs out.
RESET ROLE;
INSERT INTO tasks (ticket_id, phase_id, status, assigned_agent_id, lease_expires_at)
SELECT id, phase_id, 'assigned', 'late', '-infinity' FROM tickets WHERE title IN ('1', '2');
CREATE VIEW public.boards WITH (security_invoker = true) AS
    SELECT (SELECT sum(tickets) FROM phase_board) AS tickets, (SELECT sum(open_tasks) FROM phase_board) AS open_tasks, (SELECT sum(failed_gates) FROM phase_board) AS failed_gates,
           (SELECT count(*) FROM phase_durations) AS visits, (SELECT sum(tasks) FROM task_queue) AS tasks, (SELECT sum(claimable) FROM task_queue) AS claimable;
GRANT SELECT ON public.boards TO regress_red, regress_blue;
SELECT * FROM public.boards;
SET ROLE regress_red;
SELECT * FROM public.boards;
SELECT release_expired_tasks();
SET ROLE regress_blue;
SELECT * FROM public.boards;
SELECT count(*), min(ticket_title), max(ticket_title) FROM claim_tasks('bob', 100, '{testing,validation}');
SET ROLE regress_red;
SELECT count(*) > 1 AS several, min(ticket_title), max(ticket_title) FROM claim_tasks('bob', 100, '{testing,validation}');
SELECT ticket_id, error_code FROM transition_tickets('{00000000-0000-7000-8000-000000000101,00000000-0000-7000-8000-000000000201}', 'PHASE_BLOCKED');
UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE phase_id = 'PHASE_BLOCKED';
RESET ROLE;
SELECT title, phase_id FROM tickets ORDER BY id;
-- check_workspace too tells of the tickets that its caller sees.
SET session_replication_role = replica;
UPDATE phase_history SET to_phase = 'PHASE_DONE' WHERE ticket_id = '00000000-0000-7000-8000-000000000201';
UPDATE tasks SET attempts = -1, pending_dependencies = 7, dependencies = NULL WHERE ticket_id = '00000000-0000-7000-8000-000000000201' AND status = 'completed';
RESET session_replication_role;
SET ROLE regress_red;
SELECT sum(violations) FROM check_workspace();
SET ROLE regress_blue;
SELECT check_name, violations FROM check_workspace() WHERE violations > 0;

-- Direct statements on the other tables are subject to policies on those tables. One that follows the tickets:
SET ROLE regress_red;
SELECT count(DISTINCT ticket_id) FROM tasks;
SET ROLE regress_owner;
CREATE POLICY of_visible_tickets ON tasks USING (ticket_id IN (SELECT id FROM tickets));
ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_visible_tickets ON phase_gate_artifacts USING (ticket_id IN (SELECT id FROM tickets));
ALTER TABLE phase_gate_artifacts ENABLE ROW LEVEL SECURITY;
SET ROLE regress_red;
SELECT DISTINCT ticket_id FROM tasks ORDER BY 1;
UPDATE tasks SET status = 'completed' WHERE ticket_id = '00000000-0000-7000-8000-000000000201';
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type) VALUES ('00000000-0000-7000-8000-000000000201', 'PHASE_TESTING', 'log');
-- Functions work as before under it.
INSERT INTO tickets (title, phase_id) VALUES ('more', 'PHASE_TESTING') RETURNING id AS more \gset
SELECT DISTINCT status FROM (SELECT id FROM claim_tasks('bob', 9, '{testing}', kinds => '{work}')) c, complete_task(c.id, 'bob', '{"artifacts": [{"type": "log"}]}');
SELECT artifact_type FROM phase_gate_artifacts WHERE ticket_id = :'more';
SELECT count(*) FROM claim_tasks('bob', 9, '{testing}');
RESET ROLE;
DROP OWNED BY regress_owner, regress_red, regress_blue CASCADE;
DROP ROLE regress_owner, regress_red, regress_blue;
