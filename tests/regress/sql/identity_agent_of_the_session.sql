-- phasegate.agent: where it is set no other name goes on record, by no function that takes one (as the catalog has them) and by no
-- statement; and it is what goes on record where none is given.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
UPDATE task_templates SET is_active = false;
\set ticket '00000000-0000-7000-8000-000000000001'
INSERT INTO tickets (id, title, phase_id) VALUES (:'ticket', 'one', 'PHASE_DESIGN'), ('00000000-0000-7000-8000-000000000002', 'two', 'PHASE_DESIGN');
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 'two';
INSERT INTO tasks (id, ticket_id, phase_id, status, assigned_agent_id, lease_expires_at)
SELECT ('00000000-0000-7000-8000-0000000000' || n)::uuid, :'ticket', 'PHASE_DESIGN', status, agent, CASE status WHEN 'assigned' THEN now() + interval '1 hour' END
  FROM (VALUES ('a1', 'assigned', 'ada'), ('a2', 'pending', NULL), ('a3', 'pending', NULL), ('b1', 'assigned', 'bob')) t (n, status, agent);
CREATE FUNCTION public.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    code text;
BEGIN
    EXECUTE statement;
    RAISE 'done' USING ERRCODE = 'P0099';
EXCEPTION
    WHEN SQLSTATE 'P0099' THEN RETURN 'done';
    WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS code = CONSTRAINT_NAME;
        RETURN SQLSTATE || ' ' || code;
END $$;
CREATE TABLE public.calls (function text, arguments text);
INSERT INTO public.calls VALUES
    ('claim_task', '%L'), ('claim_tasks', '%L, 1'), ('start_task', $$'00000000-0000-7000-8000-0000000000a1', %L$$),
    ('heartbeat_task', $$'00000000-0000-7000-8000-0000000000a1', %L$$), ('complete_task', $$'00000000-0000-7000-8000-0000000000a1', %L$$),
    ('complete_tasks', $$%L, '[]'$$), ('fail_task', $$'00000000-0000-7000-8000-0000000000a1', %L, 'x'$$),
    ('took_part', $$'00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', %L$$),
    ('add_artifact', $$'00000000-0000-7000-8000-000000000001', 'log', collected_by => %L$$),
    ('validate_gate', $$'00000000-0000-7000-8000-000000000001', validated_by => %L$$),
    ('transition_ticket', $$'00000000-0000-7000-8000-000000000001', 'PHASE_BLOCKED', transitioned_by => %L$$),
    ('try_transition_ticket', $$'00000000-0000-7000-8000-000000000001', 'PHASE_BLOCKED', transitioned_by => %L$$),
    ('transition_tickets', $$'{00000000-0000-7000-8000-000000000001}', 'PHASE_BLOCKED', transitioned_by => %L$$),
    ('force_transition_ticket', $$'00000000-0000-7000-8000-000000000001', 'PHASE_DONE', 'x', transitioned_by => %L$$),
    ('advance_tickets', 'transitioned_by => %L'),
    ('block_ticket', $$'00000000-0000-7000-8000-000000000001', 'x', transitioned_by => %L$$),
    ('unblock_ticket', $$'00000000-0000-7000-8000-000000000002', transitioned_by => %L$$);
CREATE VIEW public.naming AS
    SELECT DISTINCT p.proname::text AS function FROM pg_proc p, unnest(p.proargnames) a
     WHERE p.pronamespace = 'phasegate'::regnamespace AND a IN ('agent_id', 'collected_by', 'transitioned_by', 'validated_by') AND p.proname NOT LIKE '\_%';
SELECT function AS without_a_call FROM public.naming EXCEPT SELECT function FROM public.calls;
SELECT function AS takes_no_name FROM public.calls EXCEPT SELECT function FROM public.naming;
CREATE FUNCTION public.each(name text, found text) RETURNS TABLE (function text, outcome text) LANGUAGE sql AS $$
    SELECT c.function, o.outcome FROM public.calls c, public.outcome(format('SELECT phasegate.%I(' || c.arguments || ')', c.function, name)) o (outcome) WHERE o.outcome <> found ORDER BY 1
$$;
-- Without the setting every name is taken that is one.
SELECT * FROM public.each('ada', 'done');
SELECT * FROM public.each('eve', 'done');
-- With it no other, and none means it.
SET phasegate.agent = 'ada';
SELECT * FROM public.each('eve', '42501 other_agent');
SELECT * FROM public.each('', '42501 other_agent');
SELECT * FROM public.each('Ada', '42501 other_agent');
SELECT * FROM public.each('ada', 'done');
SELECT * FROM public.each(NULL, 'done');
-- The other setting may not say otherwise.
SET phasegate.actor = 'eve';
SELECT * FROM public.each('ada', '42501 other_agent');
SELECT * FROM public.each(NULL, '42501 other_agent');
SELECT public.outcome($$UPDATE tickets SET phase_id = 'PHASE_BLOCKED'$$), public.outcome($$INSERT INTO tickets (title) VALUES ('x')$$),
       public.outcome($$UPDATE phases SET description = 'x'$$), public.outcome($$DELETE FROM tickets$$);
SET phasegate.actor = 'ada';
SELECT * FROM public.each('ada', 'done');
RESET phasegate.actor;
-- Statements: no other name comes into a column, whoever writes it.
SELECT what, public.outcome(statement) FROM (VALUES
    ('another claims', $$UPDATE tasks SET status = 'assigned', assigned_agent_id = 'eve' WHERE id = '00000000-0000-7000-8000-0000000000a2'$$),
    ('claims', $$UPDATE tasks SET status = 'assigned', assigned_agent_id = 'ada' WHERE id = '00000000-0000-7000-8000-0000000000a2'$$),
    ('claims in no name', $$UPDATE tasks SET status = 'assigned' WHERE id = '00000000-0000-7000-8000-0000000000a2'$$),
    ('hands over', $$UPDATE tasks SET assigned_agent_id = 'eve' WHERE id = '00000000-0000-7000-8000-0000000000a1'$$),
    ('puts back', $$UPDATE tasks SET status = 'pending', assigned_agent_id = NULL WHERE id = '00000000-0000-7000-8000-0000000000b1'$$),
    ('completes for another', $$UPDATE tasks SET status = 'completed' WHERE id = '00000000-0000-7000-8000-0000000000b1'$$),
    ('writes the result of another', $$UPDATE tasks SET result = '{"summary": "x"}' WHERE id = '00000000-0000-7000-8000-0000000000b1'$$),
    ('cancels for another', $$UPDATE tasks SET status = 'cancelled' WHERE id = '00000000-0000-7000-8000-0000000000b1'$$),
    ('completes', $$UPDATE tasks SET status = 'completed' WHERE id = '00000000-0000-7000-8000-0000000000a1'$$),
    ('adds what another did', $$INSERT INTO tasks (ticket_id, phase_id, status, assigned_agent_id) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'completed', 'eve')$$),
    ('adds', $$INSERT INTO tasks (ticket_id, phase_id, status, assigned_agent_id) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'completed', 'ada')$$),
    ('a result with another collector', $$SELECT complete_task('00000000-0000-7000-8000-0000000000a1', 'ada', '{"artifacts": [{"type": "log", "collected_by": "eve"}]}')$$),
    ('the same, of many', $$DO 'BEGIN IF (SELECT error_code FROM phasegate.complete_tasks(''ada'', ''[{"task_id": "00000000-0000-7000-8000-0000000000a1", "result": {"artifacts": [{"type": "log", "collected_by": "eve"}]}}]'')) IS DISTINCT FROM ''other_agent'' THEN RAISE ''no''; END IF; END'$$),
    ('a result', $$SELECT complete_task('00000000-0000-7000-8000-0000000000a1', 'ada', '{"artifacts": [{"type": "log", "collected_by": "ada"}, {"type": "plan"}]}')$$),
    ('evidence of another', $$INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, collected_by) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'x', 'eve')$$),
    ('evidence', $$INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, collected_by) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'x', 'ada')$$),
    ('a verdict of another', $$INSERT INTO phase_gate_results (ticket_id, phase_id, gate_status, validated_by) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'passed', 'eve')$$),
    ('a verdict', $$INSERT INTO phase_gate_results (ticket_id, phase_id, gate_status, validated_by) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'passed', 'ada')$$),
    ('a move with evidence of another', $$SELECT transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_BLOCKED', artifacts => '[{"type": "a"}, {"type": "b", "collected_by": "eve"}]')$$),
    ('the same in one object', $$SELECT transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_BLOCKED', artifacts => '{"type": "b", "agent_id": ["eve"]}')$$),
    ('a move with evidence', $$SELECT transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_BLOCKED', artifacts => '[{"type": "a", "collected_by": null}, {"type": "b", "collected_by": "ada"}]')$$),
    ('the same too deep to read', $$SELECT transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_BLOCKED', artifacts => (repeat('[', 200) || repeat(']', 200))::jsonb)$$),
    ('history', $$INSERT INTO phase_history (ticket_id, from_phase, to_phase, transitioned_by) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'PHASE_DONE', 'eve')$$),
    ('configuration history', $$INSERT INTO configuration_history (table_name, operation, actor) VALUES ('phases', 'UPDATE', 'eve')$$),
    ('archive', $$INSERT INTO ticket_archive (ticket_id, document) VALUES ('00000000-0000-7000-8000-000000000001', '{"archived_by": "eve"}')$$)) t (what, statement);
-- What comes on record where no name is given.
BEGIN;
SELECT assigned_agent_id FROM claim_task(NULL);
SELECT collected_by FROM add_artifact(:'ticket', 'log');
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type) VALUES (:'ticket', 'PHASE_DESIGN', 'y') RETURNING collected_by;
INSERT INTO phase_gate_results (ticket_id, phase_id, gate_status) VALUES (:'ticket', 'PHASE_DESIGN', 'failed') RETURNING validated_by;
UPDATE phase_gate_artifacts SET collected_by = 'eve' WHERE artifact_type = 'y';
ROLLBACK;
SELECT validated_by FROM validate_gate(:'ticket');
SELECT transitioned_by FROM block_ticket(:'ticket', 'wait');
UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE id = :'ticket';
UPDATE phases SET description = 'x' WHERE kind = 'final';
DELETE FROM tickets WHERE title = 'two';
SELECT transitioned_by, count(*) FROM phase_history WHERE ticket_id = :'ticket' GROUP BY 1 ORDER BY 1;
SELECT actor, count(*) FROM configuration_history WHERE new ->> 'description' = 'x' GROUP BY 1;
SELECT document ->> 'deleted_by' AS deleted_by FROM ticket_archive;
-- What phasegate itself writes names whom it is about: a task that bob completed, collected by somebody else.
RESET phasegate.agent;
SELECT status FROM complete_task('00000000-0000-7000-8000-0000000000b1', 'bob', '{"artifacts": [{"type": "design"}]}');
DELETE FROM phase_gate_artifacts WHERE artifact_type = 'design';
SET phasegate.agent = 'ada';
SELECT artifact_type, collected_by FROM collect_artifacts(:'ticket');
RESET phasegate.agent;

-- Where nobody says who it is the role that acts goes on record; and a role that is renamed does at once under its new name.
CREATE ROLE regress_one;
SELECT grant_access('acme', 'regress_one', 'manager');
SET ROLE regress_one;
SELECT transitioned_by FROM block_ticket(:'ticket', 'wait');
RESET ROLE;
ALTER ROLE regress_one RENAME TO regress_other;
SET ROLE regress_other;
SELECT transitioned_by FROM unblock_ticket(:'ticket');
RESET ROLE;
CREATE ROLE regress_login SUPERUSER;
SET SESSION AUTHORIZATION regress_login;
SELECT transitioned_by FROM block_ticket(:'ticket', 'wait');
RESET SESSION AUTHORIZATION;
ALTER ROLE regress_login RENAME TO regress_login_too;
SET SESSION AUTHORIZATION regress_login_too;
SELECT transitioned_by FROM unblock_ticket(:'ticket');
RESET SESSION AUTHORIZATION;
SELECT transitioned_by, db_role = session_user AS login, db_role LIKE 'regress%' AS other, acting_role FROM phase_history ORDER BY created_at DESC LIMIT 4;
DROP OWNED BY regress_other, regress_login_too;
DROP ROLE regress_other, regress_login_too;
SELECT sum(violations) FROM check_workspace();
