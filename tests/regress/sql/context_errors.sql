-- What the context functions refuse, and how they say it.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
INSERT INTO tickets (id, title) VALUES ('00000000-0000-7000-8000-000000000001', 't');
\set ticket '00000000-0000-7000-8000-000000000001'
\set unknown '00000000-0000-7000-8000-00000000000f'
CREATE FUNCTION refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text; hint text; answer text;
BEGIN
    EXECUTE statement INTO answer;
    RETURN 'answers ' || coalesce(answer, 'NULL');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', SQLSTATE, SQLERRM, nullif(detail, ''), nullif(hint, ''));
END $$;
CREATE TABLE calls (n serial, call text);
-- NULL for what is required; NULL for what is not.
INSERT INTO calls (call) VALUES ('aggregate_phase_context(NULL)'), ('get_context_for_phase(NULL)'), ('update_ticket_context(NULL)'), ('ticket_context(NULL)'), ('context_summary(NULL)'),
    ('summarize_context(NULL)'), ('summarize_structured(NULL)'), ('extract_key_points(NULL)'), ('count_tokens(NULL)'),
    ('summarize_context(''{}'', NULL)'), ('context_summary(''{t}'', NULL)'), ('get_context_for_phase(''{t}'', NULL, NULL)'),
    ('aggregate_phase_context(''{t}'', NULL)'), ('get_context_for_phase(''{t}'', NULL)'), ('update_ticket_context(''{t}'', NULL)'),
-- Tickets that are not there.
    ('aggregate_phase_context(''{u}'')'), ('get_context_for_phase(''{u}'')'), ('update_ticket_context(''{u}'')'), ('ticket_context(''{u}'')'), ('context_summary(''{u}'')'),
-- Phases that are not there, or not quite.
    ('aggregate_phase_context(''{t}'', ''PHASE_LUNCH'')'), ('get_context_for_phase(''{t}'', ''phase_design'')'), ('update_ticket_context(''{t}'', '''')'),
    ('get_context_for_phase(''{t}'', ''design_phase'')'), ('get_context_for_phase(''{t}'', repeat(''x'', 10000))'),
-- Budgets.
    ('summarize_context(''{}'', 0)'), ('summarize_context(''{}'', -1)'), ('summarize_context(''{}'', -2147483648)'), ('summarize_context(''{"a": "b"}'', 2147483647)'),
    ('context_summary(''{t}'', 0)'), ('get_context_for_phase(''{t}'', ''PHASE_DONE'', 0)'), ('get_context_for_phase(''{u}'', ''PHASE_LUNCH'', 0)'),
-- Depth: 127 levels are read.
    ('length(summarize_context((repeat(''['', 127) || repeat('']'', 127))::jsonb))'), ('summarize_context((repeat(''['', 128) || repeat('']'', 128))::jsonb)'),
    ('summarize_structured((repeat(''{"a":'', 128) || ''1'' || repeat(''}'', 128))::jsonb)'), ('extract_key_points((repeat(''['', 128) || repeat('']'', 128))::jsonb)');
SELECT n, replace(replace(call, '''{t}''', 't'), '''{u}''', 'unknown') AS call, left(refusal('SELECT ' || replace(replace(call, '{t}', :'ticket'), '{u}', :'unknown')), 200) AS outcome FROM calls ORDER BY n;
-- A ticket's context deeper than that: those who read it say so, the ticket is as it was.
UPDATE tickets SET context = (repeat('[', 128) || repeat(']', 128))::jsonb;
SELECT get_context_for_phase(:'ticket');
SELECT context_summary(:'ticket');
SELECT length(ticket_context(:'ticket')::text) > 256 AS shown;
SELECT update_ticket_context(:'ticket');
-- Outside of any workspace; reading contexts that are no ticket's needs none.
SET search_path = phasegate;
SELECT get_context_for_phase(:'ticket');
SELECT acme.refusal(format('SELECT %s(%L)', f, :'ticket')) FROM unnest('{aggregate_phase_context,update_ticket_context,ticket_context,context_summary}'::text[]) f;
SELECT summarize_context('{"a": "b"}'), count_tokens('a b'), extract_key_points('{"a": "b"}');
-- Nothing writes in a read-only transaction, and what reads may.
SET search_path = acme, phasegate;
UPDATE tickets SET context = NULL;
INSERT INTO tasks (ticket_id, phase_id, status, result) VALUES (:'ticket', 'PHASE_BACKLOG', 'completed', '{"context": {"key_decisions": ["Worth it"]}}');
BEGIN READ ONLY;
SELECT context_summary(:'ticket'), get_context_for_phase(:'ticket'), aggregate_phase_context(:'ticket') -> 'key_decisions' AS decisions;
SELECT update_ticket_context(:'ticket');
ROLLBACK;
-- What was refused left nothing.
SELECT context, context_summary, (SELECT count(*) FROM phase_context) AS blocks FROM tickets;
SELECT check_name, violations FROM check_workspace() WHERE violations <> 0;
