-- What each level of access may do: every function, and every way to read and write every table, as the catalog has
-- them. yes is done (and undone again); a dash is refused: a privilege is missing, or no workspace is to be seen.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_owner;
CREATE ROLE regress_none;
CREATE ROLE regress_reader;
CREATE ROLE regress_agent;
CREATE ROLE regress_reviewer;
CREATE ROLE regress_manager;
CREATE SCHEMA acme AUTHORIZATION regress_owner;
SET ROLE regress_owner;
SELECT phasegate.create_workspace('acme');
SELECT phasegate.grant_access('acme', 'regress_reader', 'reader'), phasegate.grant_access('acme', 'regress_agent', 'agent'),
       phasegate.grant_access('acme', 'regress_reviewer', 'reviewer'), phasegate.grant_access('acme', 'regress_manager', 'manager');
SET search_path = acme, phasegate;

-- A row in every table: a ticket that can move on and a blocked one; tasks that are pending, held, expired, completed, and a review.
UPDATE task_templates SET is_active = false WHERE phase_id <> 'PHASE_TESTING';
INSERT INTO tickets (id, title, phase_id) VALUES
    ('00000000-0000-7000-8000-000000000001', 'moves on', 'PHASE_DESIGN'),
    ('00000000-0000-7000-8000-000000000002', 'blocked', 'PHASE_DESIGN');
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 'blocked';
INSERT INTO tasks (id, ticket_id, phase_id, kind, status, assigned_agent_id, lease_expires_at, result)
SELECT id::uuid, '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', kind, status, agent, lease::timestamptz, result::jsonb FROM (VALUES
    ('00000000-0000-7000-8000-0000000000a1', 'work', 'pending', NULL, NULL, NULL),
    ('00000000-0000-7000-8000-0000000000a2', 'work', 'assigned', 'ada', 'infinity', NULL),
    ('00000000-0000-7000-8000-0000000000a3', 'work', 'assigned', 'ada', '-infinity', NULL),
    ('00000000-0000-7000-8000-0000000000a4', 'work', 'completed', 'ada', NULL, '{"context": {"risks": ["x"]}, "artifacts": [{"type": "log"}]}'),
    ('00000000-0000-7000-8000-0000000000a5', 'review', 'assigned', 'vera', 'infinity', NULL)) t (id, kind, status, agent, lease, result);
INSERT INTO tickets (title) VALUES ('overdue'), ('deleted');
UPDATE phases SET due_after = '1 microsecond' WHERE phase_id = 'PHASE_BACKLOG';
DELETE FROM tickets WHERE title = 'deleted';
SELECT update_ticket_context('00000000-0000-7000-8000-000000000001'), (validate_gate('00000000-0000-7000-8000-000000000001')).gate_status;
RESET ROLE;
CREATE VIEW public.its_tables AS
    SELECT relname AS name, 'acme.' || relname AS qualified, relkind FROM pg_class WHERE relnamespace = 'acme'::regnamespace AND relkind IN ('r', 'v');
CREATE FUNCTION public.has_rows(relation text, found boolean DEFAULT false) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', relation) INTO found;
    RETURN found;
END $$;
SELECT name AS empty FROM public.its_tables WHERE NOT public.has_rows(qualified);
CREATE FUNCTION public.may(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('role', 'regress_' || role, true);
    EXECUTE statement;
    RAISE 'done' USING ERRCODE = 'P0099';
EXCEPTION
    WHEN SQLSTATE 'P0099' THEN RETURN 'yes';
    WHEN insufficient_privilege OR invalid_schema_name THEN RETURN '-';
    WHEN OTHERS THEN RETURN SQLERRM;
END $$;

-- Functions. Where calls of one need different rights, each is here.
CREATE TABLE public.calls (place int GENERATED ALWAYS AS IDENTITY, room text, function text, arguments text, note text DEFAULT '');
INSERT INTO public.calls (room, function, arguments, note) VALUES
    ('workspace', 'create_workspace',          $$'acme'$$, 'again'),
    ('workspace', 'create_workspace',          $$'another'$$, 'a new one: CREATE on the database'),
    ('workspace', 'adoption_report',           $$'acme'$$, DEFAULT),
    ('workspace', '_adopt_step',               $$'acme', NULL, NULL, true, NULL$$, 'which adopt_workspace calls'),
    ('workspace', 'upgrade_workspace',         $$'acme'$$, DEFAULT),
    ('workspace', 'detach_workspace',          $$'acme'$$, DEFAULT),
    ('workspace', 'distribute_workspace',      $$'acme'$$, DEFAULT),
    ('workspace', 'grant_access',              $$'acme', 'regress_none', 'reader'$$, DEFAULT),
    ('workspace', 'revoke_access',             $$'acme', 'regress_reader'$$, DEFAULT),
    ('workspace', 'check_workspace',           $$$$, DEFAULT),
    ('workspace', 'uuid_v7',                   $$$$, DEFAULT),
    ('workflow',  'get_current_phase',         $$<ticket>$$, DEFAULT),
    ('workflow',  'get_phase_history',         $$<ticket>$$, DEFAULT),
    ('workflow',  'can_transition',            $$'PHASE_DESIGN', 'PHASE_BLOCKED'$$, DEFAULT),
    ('workflow',  'get_valid_transitions',     $$'PHASE_DESIGN'$$, DEFAULT),
    ('workflow',  'can_transition_ticket',     $$<ticket>, 'PHASE_IMPLEMENTATION'$$, DEFAULT),
    ('workflow',  'phase_diagram',             $$$$, DEFAULT),
    ('workflow',  'transition_ticket',         $$<ticket>, 'PHASE_IMPLEMENTATION'$$, DEFAULT),
    ('workflow',  'try_transition_ticket',     $$<ticket>, 'PHASE_IMPLEMENTATION'$$, DEFAULT),
    ('workflow',  'transition_tickets',        $$ARRAY[<ticket>]::uuid[], 'PHASE_IMPLEMENTATION'$$, DEFAULT),
    ('workflow',  'force_transition_ticket',   $$<ticket>, 'PHASE_DONE', 'why'$$, DEFAULT),
    ('workflow',  'archive_tickets',           $$'-infinity'$$, DEFAULT),
    ('workflow',  'advance_tickets',           $$$$, DEFAULT),
    ('workflow',  'block_ticket',              $$<ticket>, 'why'$$, DEFAULT),
    ('workflow',  'unblock_ticket',            $$<blocked>$$, DEFAULT),
    ('tasks',     'get_templates_for_phase',   $$'PHASE_TESTING'$$, DEFAULT),
    ('tasks',     'took_part',                 $$<ticket>, 'PHASE_DESIGN', 'ada'$$, DEFAULT),
    ('tasks',     '_has_approved',             $$<ticket>, 'PHASE_DESIGN', 'ada'$$, DEFAULT),
    ('tasks',     'claim_task',                $$'bob'$$, DEFAULT),
    ('tasks',     'claim_tasks',               $$'bob', 9$$, DEFAULT),
    ('tasks',     'start_task',                $$<held>, 'ada'$$, DEFAULT),
    ('tasks',     'heartbeat_task',            $$<held>, 'ada'$$, DEFAULT),
    ('tasks',     'complete_task',             $$<held>, 'ada', '{"artifacts": [{"type": "log"}]}'$$, 'work'),
    ('tasks',     'complete_task',             $$<review>, 'vera', '{"approved": true}'$$, 'a review: gives a verdict'),
    ('tasks',     'complete_tasks',            $$'ada', '[{"task_id": "00000000-0000-7000-8000-0000000000a2"}]'$$, DEFAULT),
    ('tasks',     'fail_task',                 $$<held>, 'ada', 'why'$$, DEFAULT),
    ('tasks',     'cancel_task',               $$<held>$$, DEFAULT),
    ('tasks',     'release_expired_tasks',     $$$$, DEFAULT),
    ('tasks',     'generate_phase_tasks',      $$<ticket>, 'PHASE_TESTING'$$, DEFAULT),
    ('tasks',     'generate_task_from_template', $$<ticket>, <template>$$, DEFAULT),
    ('gates',     'check_gate_requirements',   $$<ticket>$$, DEFAULT),
    ('gates',     'gate_status',               $$<ticket>$$, DEFAULT),
    ('gates',     'add_artifact',              $$<ticket>, 'log', 'path', '{"a": 1}'$$, DEFAULT),
    ('gates',     'collect_artifacts',         $$<ticket>$$, DEFAULT),
    ('gates',     'validate_gate',             $$<ticket>$$, DEFAULT),
    ('gates',     'validate_phase_completion', $$<ticket>$$, DEFAULT),
    ('gates',     'request_review',            $$<ticket>$$, DEFAULT),
    ('context',   'aggregate_phase_context',   $$<ticket>$$, DEFAULT),
    ('context',   'get_context_for_phase',     $$<ticket>$$, DEFAULT),
    ('context',   'ticket_context',            $$<ticket>$$, DEFAULT),
    ('context',   'context_summary',           $$<ticket>$$, DEFAULT),
    ('context',   'update_ticket_context',     $$<ticket>$$, DEFAULT),
    ('context',   'summarize_using_llm',       $$<ticket>$$, DEFAULT),
    ('context',   'request_summary',           $$<ticket>$$, DEFAULT),
    ('context',   'summarize_context',         $$'{}'$$, 'pure'),
    ('context',   'summarize_structured',      $$'{}'$$, 'pure'),
    ('context',   'extract_key_points',        $$'{}'$$, 'pure'),
    ('context',   'count_tokens',              $$'a'$$, 'pure');
UPDATE public.calls SET arguments = replace(arguments, name, quote_literal(id)) FROM (VALUES
    ('<ticket>', '00000000-0000-7000-8000-000000000001'), ('<held>', '00000000-0000-7000-8000-0000000000a2')) t (name, id) WHERE arguments LIKE '%' || name || '%';
UPDATE public.calls SET arguments = replace(arguments, name, quote_literal(id)) FROM (VALUES
    ('<blocked>', '00000000-0000-7000-8000-000000000002'), ('<review>', '00000000-0000-7000-8000-0000000000a5'),
    ('<template>', (SELECT id::text FROM acme.task_templates LIMIT 1))) t (name, id) WHERE arguments LIKE '%' || name || '%';
SELECT format('GRANT CREATE ON DATABASE %I TO regress_owner', current_database()) \gexec
-- None is forgotten: a new function is to be added above.
SELECT coalesce(proname, function) AS missing FROM (SELECT proname FROM pg_proc WHERE pronamespace = 'phasegate'::regnamespace AND prokind = 'f' AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)) p
  FULL JOIN public.calls ON function = proname WHERE proname IS NULL OR function IS NULL;
-- Trigger functions are for triggers alone, for everybody.
SELECT count(*) > 20 AS triggers, min(answer), max(answer) FROM
    (SELECT public.may(role, format('SELECT phasegate.%I()', proname)) AS answer FROM unnest('{none,reader,agent,reviewer,manager,owner}'::text[]) role, pg_proc
      WHERE pronamespace = 'phasegate'::regnamespace AND prorettype = 'trigger'::regtype) t;
CREATE VIEW public.functions AS
    SELECT room, function || CASE note WHEN '' THEN '' ELSE ' (' || note || ')' END AS function, role,
           public.may(role, format('SELECT phasegate.%I(%s)', function, arguments)) AS answer, place
      FROM public.calls, unnest('{none,reader,agent,reviewer,manager,owner}'::text[]) role;
\set levels 'max(answer) FILTER (WHERE role = \'none\') AS none, max(answer) FILTER (WHERE role = \'reader\') AS reader, max(answer) FILTER (WHERE role = \'agent\') AS agent, max(answer) FILTER (WHERE role = \'reviewer\') AS reviewer, max(answer) FILTER (WHERE role = \'manager\') AS manager, max(answer) FILTER (WHERE role = \'owner\') AS owner'
SELECT function AS workspace, :levels FROM public.functions WHERE room = 'workspace' GROUP BY place, function ORDER BY place;
SELECT function AS workflow, :levels FROM public.functions WHERE room = 'workflow' GROUP BY place, function ORDER BY place;
SELECT function AS tasks, :levels FROM public.functions WHERE room = 'tasks' GROUP BY place, function ORDER BY place;
SELECT function AS gates, :levels FROM public.functions WHERE room = 'gates' GROUP BY place, function ORDER BY place;
SELECT function AS context, :levels FROM public.functions WHERE room = 'context' GROUP BY place, function ORDER BY place;

-- Tables. For INSERT and UPDATE each column is tried by itself, UPDATE and DELETE with the rows that are there.
CREATE FUNCTION public.columns(role text, "table" text, statement text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN every(answer = 'yes') THEN 'all' WHEN every(answer = '-') THEN '-'
                ELSE string_agg(attname || CASE answer WHEN 'yes' THEN '' ELSE ': ' || answer END, ', ' ORDER BY attnum) FILTER (WHERE answer <> '-') END
      FROM (SELECT attname, attnum, public.may(role, format(statement, attname, "table")) AS answer
              FROM pg_attribute WHERE attrelid = "table"::regclass AND attnum > 0 AND NOT attisdropped) c $$;
CREATE VIEW public.writes AS
    SELECT t.name, t.relkind, role, command,
           CASE command
           WHEN 'SELECT' THEN public.may(role, format('SELECT * FROM %s', qualified))
           WHEN 'INSERT' THEN public.columns(role, qualified, 'INSERT INTO %2$s (%1$I) SELECT %1$I FROM %2$s WHERE false')
           WHEN 'UPDATE' THEN public.columns(role, qualified, 'UPDATE %2$s SET %1$I = %1$I')
           WHEN 'DELETE' THEN public.may(role, format('DELETE FROM %s', qualified))
           WHEN 'TRUNCATE' THEN public.may(role, format('TRUNCATE %s CASCADE', qualified)) END AS answer
      FROM public.its_tables t, unnest('{none,reader,agent,reviewer,manager,owner}'::text[]) role, unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE}'::text[]) command
     WHERE relkind = 'r' OR command = 'SELECT';
-- Reading: all of it, or nothing.
SELECT role, string_agg(DISTINCT answer, ', ') FILTER (WHERE relkind = 'r') AS tables, string_agg(DISTINCT answer, ', ') FILTER (WHERE relkind = 'v') AS views
  FROM public.writes WHERE command = 'SELECT' GROUP BY role ORDER BY array_position('{none,reader,agent,reviewer,manager,owner}', role);
-- Writing, by those who write anything. Nobody but the owner touches history, results or context, or deletes what is on record.
SELECT name AS "table", role,
       max(answer) FILTER (WHERE command = 'INSERT') AS "INSERT", max(answer) FILTER (WHERE command = 'UPDATE') AS "UPDATE",
       max(answer) FILTER (WHERE command = 'DELETE') AS "DELETE", max(answer) FILTER (WHERE command = 'TRUNCATE') AS "TRUNCATE"
  FROM public.writes WHERE command <> 'SELECT'
 GROUP BY name, role HAVING bool_or(answer <> '-')
 ORDER BY name, array_position('{none,reader,agent,reviewer,manager,owner}', role);
DROP OWNED BY regress_owner, regress_none, regress_reader, regress_agent, regress_reviewer, regress_manager CASCADE;
DROP ROLE regress_owner, regress_none, regress_reader, regress_agent, regress_reviewer, regress_manager;
