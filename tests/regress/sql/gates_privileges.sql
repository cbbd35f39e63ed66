-- What each function of the gates needs, and that nothing less will do.
\set SHOW_CONTEXT never
CREATE ROLE regress_owner;
CREATE ROLE regress_actor;
CREATE SCHEMA acme AUTHORIZATION regress_owner;
SET ROLE regress_owner;
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
UPDATE task_templates SET is_active = false;
UPDATE phase_gate_requirements SET required_tasks_completed = false;
GRANT USAGE ON SCHEMA acme TO regress_actor;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 't', 'PHASE_TESTING');
INSERT INTO tasks (id, ticket_id, phase_id) VALUES ('00000000-0000-7000-8000-0000000000a1', '00000000-0000-7000-8000-000000000001', 'PHASE_TESTING');
INSERT INTO tasks (id, ticket_id, phase_id, kind) VALUES ('00000000-0000-7000-8000-0000000000a2', '00000000-0000-7000-8000-000000000001', 'PHASE_TESTING', 'review');
RESET ROLE;

-- Each statement is tried with each set of grants, as a role that has nothing else, and undone.
CREATE TABLE public.statements (place int GENERATED ALWAYS AS IDENTITY, what text, statement text);
INSERT INTO public.statements (what, statement) VALUES
    ('add_artifact',              $$SELECT phasegate.add_artifact('00000000-0000-7000-8000-000000000001', 'log')$$),
    ('INSERT artifact',           $$INSERT INTO acme.phase_gate_artifacts (ticket_id, phase_id, artifact_type) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING', 'log')$$),
    ('collect_artifacts',         $$SELECT count(*) FROM phasegate.collect_artifacts('00000000-0000-7000-8000-000000000001')$$),
    ('check_gate_requirements',   $$SELECT phasegate.check_gate_requirements('00000000-0000-7000-8000-000000000001')$$),
    ('gate_status',               $$SELECT phasegate.gate_status('00000000-0000-7000-8000-000000000001')$$),
    ('can_transition_ticket',     $$SELECT phasegate.can_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DEPLOYMENT')$$),
    ('validate_gate',             $$SELECT phasegate.validate_gate('00000000-0000-7000-8000-000000000001')$$),
    ('validate_phase_completion', $$SELECT phasegate.validate_phase_completion('00000000-0000-7000-8000-000000000001')$$),
    ('try_transition_ticket',     $$SELECT phasegate.try_transition_ticket('00000000-0000-7000-8000-000000000001', 'PHASE_DEPLOYMENT')$$),
    ('complete work',             $$UPDATE acme.tasks SET status = 'completed', assigned_agent_id = 'worker', result = '{"artifacts": [{"type": "log"}]}' WHERE id = '00000000-0000-7000-8000-0000000000a1'$$),
    ('approve',                   $$UPDATE acme.tasks SET status = 'completed', assigned_agent_id = 'inspector', result = '{"approved": true}' WHERE id = '00000000-0000-7000-8000-0000000000a2'$$),
    ('forge a result',            $$INSERT INTO acme.phase_gate_results (ticket_id, phase_id, gate_status) VALUES ('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING', 'passed')$$),
    ('lower the requirements',    $$DELETE FROM acme.phase_gate_requirements$$);
CREATE FUNCTION public.allowed(grants text) RETURNS TABLE (place int, answer text) LANGUAGE plpgsql AS $$
DECLARE one record; message text;
BEGIN
    FOR one IN SELECT * FROM public.statements ORDER BY 1 LOOP
        BEGIN
            EXECUTE grants;
            SET LOCAL ROLE regress_actor;
            EXECUTE one.statement;
            RAISE EXCEPTION 'undo' USING ERRCODE = 'P0099';
        EXCEPTION
            WHEN SQLSTATE 'P0099' THEN message := 'yes';
            WHEN OTHERS THEN message := regexp_replace(SQLERRM, 'permission denied for (table|schema)', 'no:');
        END;
        place := one.place; answer := message;
        RETURN NEXT;
    END LOOP;
END $$;
CREATE TEMP TABLE answers AS
SELECT name, a.* FROM (VALUES
    ('nothing',  'SELECT 1'),
    ('reader',   'GRANT SELECT ON acme.tickets TO regress_actor'),
    ('agent',    'GRANT SELECT ON acme.tickets TO regress_actor; GRANT INSERT ON acme.phase_gate_artifacts TO regress_actor; GRANT SELECT, UPDATE ON acme.tasks TO regress_actor'),
    ('mover',    'GRANT SELECT, UPDATE (phase_id) ON acme.tickets TO regress_actor'),
    ('editor',   'GRANT SELECT, UPDATE (title) ON acme.tickets TO regress_actor'),
    ('reviewer', 'GRANT SELECT, UPDATE ON acme.tasks TO regress_actor; GRANT INSERT ON acme.phase_gate_results TO regress_actor'),
    ('all but owning', 'GRANT ALL ON ALL TABLES IN SCHEMA acme TO regress_actor')) g (name, grants), public.allowed(grants) a;
SELECT what, max(answer) FILTER (WHERE name = 'nothing') AS nothing, max(answer) FILTER (WHERE name = 'reader') AS reader, max(answer) FILTER (WHERE name = 'agent') AS agent,
       max(answer) FILTER (WHERE name = 'mover') AS mover, max(answer) FILTER (WHERE name = 'editor') AS editor, max(answer) FILTER (WHERE name = 'reviewer') AS reviewer,
       max(answer) FILTER (WHERE name = 'all but owning') AS all_but_owning
  FROM answers JOIN public.statements USING (place) GROUP BY place, what ORDER BY place;

-- The gate is judged by all the evidence there is, not by what the mover may see of it.
SET ROLE regress_owner;
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, artifact_content) VALUES
    ('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING', 'test_results', '{"all_passed": true}'), ('00000000-0000-7000-8000-000000000001', 'PHASE_TESTING', 'test_evidence', NULL);
ALTER TABLE phase_gate_artifacts ENABLE ROW LEVEL SECURITY;
ALTER TABLE phase_gate_artifacts FORCE ROW LEVEL SECURITY;
ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;
ALTER TABLE phase_gate_requirements ENABLE ROW LEVEL SECURITY;
ALTER TABLE phase_gate_requirements FORCE ROW LEVEL SECURITY;
GRANT SELECT, UPDATE (phase_id) ON tickets TO regress_actor;
GRANT SELECT ON phase_gate_artifacts, tasks, phase_gate_requirements TO regress_actor;
SET ROLE regress_actor;
SELECT count(*) FROM phase_gate_artifacts;
SELECT phasegate.check_gate_requirements('00000000-0000-7000-8000-000000000001') ->> 'validation_status';
UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT';
SELECT phase_id FROM tickets;
-- A ticket that row security hides has no gate to be looked at.
SET ROLE regress_owner;
ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
SET ROLE regress_actor;
SELECT phasegate.check_gate_requirements('00000000-0000-7000-8000-000000000001');
SELECT phasegate.gate_status('00000000-0000-7000-8000-000000000001');
SELECT phasegate.validate_gate('00000000-0000-7000-8000-000000000001');
SELECT phasegate.add_artifact('00000000-0000-7000-8000-000000000001', 'log');
-- The trigger functions do not act for whoever attaches them to a table of their own.
RESET ROLE;
GRANT CREATE ON SCHEMA acme TO regress_actor;
SET ROLE regress_actor;
CREATE TABLE acme.bait (LIKE acme.phase_gate_artifacts);
CREATE TRIGGER t BEFORE INSERT ON acme.bait FOR EACH ROW EXECUTE FUNCTION phasegate._artifact_changes();
INSERT INTO acme.bait (id, ticket_id, phase_id, artifact_type, collected_at) VALUES ('00000000-0000-7000-8000-0000000000b1', '00000000-0000-7000-8000-000000000001', 'PHASE_TESTING', 'x', now());
CREATE TABLE acme.bait2 (LIKE acme.tasks);
CREATE TRIGGER t AFTER INSERT ON acme.bait2 FOR EACH ROW EXECUTE FUNCTION phasegate._task_completed();
INSERT INTO acme.bait2 SELECT (jsonb_populate_record(NULL::acme.bait2, '{"id": "00000000-0000-7000-8000-0000000000b1", "ticket_id": "00000000-0000-7000-8000-000000000001", "phase_id": "PHASE_TESTING", "kind": "work", "priority": "LOW", "status": "completed", "result": {"artifacts": [{"type": "forged"}]}, "pending_dependencies": 0, "attempts": 0, "max_attempts": 1, "on_hold": false, "agents": [], "created_at": "2020-01-01", "updated_at": "2020-01-01"}')).*;
CREATE TABLE acme.bait3 (LIKE acme.tasks);
CREATE TRIGGER t AFTER INSERT ON acme.bait3 REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION phasegate._tasks_added();
INSERT INTO acme.bait3 SELECT * FROM acme.bait2;
CREATE TRIGGER u BEFORE INSERT ON acme.bait3 FOR EACH STATEMENT EXECUTE FUNCTION phasegate._tasks_keep();
INSERT INTO acme.bait3 SELECT * FROM acme.bait2;
SELECT phasegate.verdict_check();
RESET ROLE;
SET client_min_messages = warning;
DROP OWNED BY regress_owner, regress_actor CASCADE;
DROP ROLE regress_owner, regress_actor;
