-- A name that reads like another and is not, by blanks or by what is not seen, is nobody's: else one reviewer is two, and who worked
-- on a phase reviews it. Other case and other letters are other names.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_manager;
SELECT phasegate.create_workspace('acme');
SELECT phasegate.grant_access('acme', 'regress_manager', 'manager');
SET search_path = acme, phasegate;
UPDATE task_templates SET is_active = false;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 'one', 'PHASE_DESIGN');
INSERT INTO tasks (id, ticket_id, phase_id, status, assigned_agent_id, lease_expires_at) VALUES
    ('00000000-0000-7000-8000-0000000000a1', '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'assigned', 'ada', now() + interval '1 hour'),
    ('00000000-0000-7000-8000-0000000000a2', '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'pending', NULL, NULL),
    ('00000000-0000-7000-8000-0000000000a3', '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'pending', NULL, NULL);
CREATE FUNCTION public.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    place text;
    code text;
BEGIN
    EXECUTE statement;
    RAISE 'done' USING ERRCODE = 'P0099';
EXCEPTION
    WHEN SQLSTATE 'P0099' THEN RETURN 'done';
    WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS code = CONSTRAINT_NAME, place = COLUMN_NAME;
        RETURN SQLSTATE || ' ' || code || ' ' || place;
END $$;
CREATE TABLE public.ways (way text, statement text);
INSERT INTO public.ways VALUES
    ('claims', 'SELECT claim_task(%L)'),
    ('holds', $$SELECT heartbeat_task('00000000-0000-7000-8000-0000000000a1', %L)$$),
    ('completes', $$SELECT complete_task('00000000-0000-7000-8000-0000000000a1', %L)$$),
    ('took part', $$SELECT took_part('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', %L)$$),
    ('claims by hand', $$UPDATE tasks SET status = 'assigned', assigned_agent_id = %L WHERE id = '00000000-0000-7000-8000-0000000000a2'$$),
    ('hands over by hand', $$UPDATE tasks SET assigned_agent_id = %L WHERE id = '00000000-0000-7000-8000-0000000000a1'$$),
    ('adds by hand', $$INSERT INTO tasks (ticket_id, phase_id, status, assigned_agent_id) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'completed', %L)$$),
    ('hands in', $$SELECT add_artifact('00000000-0000-7000-8000-000000000001', 'log', collected_by => %L)$$),
    ('hands in by hand', $$INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, collected_by) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'log', %L)$$),
    ('hands in with a result', $$UPDATE tasks SET status = 'completed', result = jsonb_build_object('artifacts', jsonb_build_array(jsonb_build_object('type', 'log', 'collected_by', %L::text)))
                                  WHERE id = '00000000-0000-7000-8000-0000000000a1'$$),
    ('is the agent of the session', $$SELECT set_config('phasegate.agent', %L, true), claim_task(NULL)$$);
CREATE TABLE public.names (what text, name text);
INSERT INTO public.names VALUES ('blank after', 'vera '), ('blank before', ' vera'), ('a blank', ' '), ('line break', E'vera\n'), ('tab within', E've\tra'), ('no-break space', E'vera\u00a0'),
    ('no width', E've\u200bra'), ('direction', E'\u202evera'), ('mark of byte order', E'\ufeffvera');
GRANT SELECT ON public.ways, public.names TO regress_manager;
SET ROLE regress_manager;
SET search_path = acme, phasegate;
SELECT way, array_agg(DISTINCT public.outcome(format(statement, name))) AS outcomes FROM public.ways, public.names GROUP BY way ORDER BY way;
SELECT way, array_agg(DISTINCT public.outcome(format(statement, name))) AS outcomes FROM public.ways, (VALUES ('Vera Ü. (QA)'), (E'\u0645\u06cc\u200c\u0631')) n (name)
 WHERE way NOT IN ('holds', 'completes') GROUP BY way ORDER BY way;
RESET ROLE;
-- The owner brings in what was elsewhere.
SELECT way, public.outcome(format(statement, 'vera ')) FROM public.ways WHERE way IN ('adds by hand', 'hands in by hand', 'claims by hand', 'claims', 'hands in') ORDER BY way;
\set VERBOSITY verbose
SELECT claim_task(E'vera\n');
\set VERBOSITY default
DROP TABLE public.ways, public.names;
DROP FUNCTION public.outcome;
DROP OWNED BY regress_manager;
DROP ROLE regress_manager;
