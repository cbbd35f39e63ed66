-- The queue runs with the caller's rights; side effects run with the owner's.
\set VERBOSITY terse
SET phasegate.now = '2026-01-01 12:00:00+00';
CREATE ROLE regress_queue_owner;
CREATE ROLE regress_queue_agent;
CREATE ROLE regress_queue_stranger;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_queue_owner', current_database()) \gexec
SET ROLE regress_queue_owner;
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
GRANT USAGE ON SCHEMA acme TO regress_queue_agent, regress_queue_stranger;
GRANT SELECT ON tickets TO regress_queue_agent;
GRANT SELECT, UPDATE ON tasks TO regress_queue_agent;
INSERT INTO task_templates (phase_id, task_type, template_description, dependencies_template)
    VALUES ('PHASE_DESIGN', 'present', 'x', '["design_architecture"]');
INSERT INTO tickets (id, title, phase_id) VALUES
    ('00000000-0000-0000-0000-000000000001', 'For all', 'PHASE_DESIGN'), ('00000000-0000-0000-0000-000000000002', 'Secret', 'PHASE_DESIGN');
-- A stranger can do nothing.
SET ROLE regress_queue_stranger;
SELECT claim_task('x');
SELECT release_expired_tasks();
SELECT generate_phase_tasks('00000000-0000-0000-0000-000000000001');
SELECT get_templates_for_phase('PHASE_DESIGN');
SELECT took_part('00000000-0000-0000-0000-000000000001', 'PHASE_DESIGN', 'x');
-- An agent can work with UPDATE on tasks and SELECT on tickets; letting dependents go needs no more.
SET ROLE regress_queue_agent;
SELECT ticket_title, task_type FROM claim_tasks('ada', 2, '{design}');
SELECT (complete_task(id, 'ada')).task_type FROM tasks WHERE assigned_agent_id = 'ada';
SELECT task_type, pending_dependencies FROM tasks ORDER BY id;
SELECT count(*) FROM get_templates_for_phase('PHASE_DESIGN');
-- It cannot add tasks, by hand or by generating.
SELECT generate_phase_tasks('00000000-0000-0000-0000-000000000001');
INSERT INTO tasks (ticket_id, phase_id) VALUES ('00000000-0000-0000-0000-000000000001', 'PHASE_DESIGN');
-- Who may add tasks may generate them.
SET ROLE regress_queue_owner;
GRANT INSERT ON tasks TO regress_queue_agent;
SET ROLE regress_queue_agent;
SELECT task_type FROM generate_phase_tasks('00000000-0000-0000-0000-000000000001');
-- Work on a task asks for the right to see its ticket; to see that it is there is enough.
SET ROLE regress_queue_owner;
REVOKE SELECT ON tickets FROM regress_queue_agent;
UPDATE tasks SET status = 'assigned', assigned_agent_id = 'eve', lease_expires_at = 'infinity'
 WHERE id = (SELECT id FROM tasks WHERE status = 'pending' ORDER BY id LIMIT 1);
SELECT id AS task FROM tasks WHERE assigned_agent_id = 'eve' \gset
SET ROLE regress_queue_agent;
SELECT claim_task('eve');
SELECT start_task(:'task', 'eve');
SELECT (complete_task(:'task', 'eve')).status;
SET ROLE regress_queue_owner;
GRANT SELECT (id) ON tickets TO regress_queue_agent;
SET ROLE regress_queue_agent;
SELECT (complete_task(:'task', 'eve')).status;
SET ROLE regress_queue_owner;
GRANT SELECT ON tickets TO regress_queue_agent;
-- Row security on tickets is honoured: tasks of tickets that an agent may not see are not offered, nor generated.
SET ROLE regress_queue_owner;
UPDATE tasks SET status = 'cancelled' WHERE status = 'pending';
SELECT count(*) FROM tickets t, generate_phase_tasks(t.id);
ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
CREATE POLICY not_secret ON tickets USING (title <> 'Secret');
SET ROLE regress_queue_agent;
SELECT ticket_title, task_type FROM claim_tasks('ada', 9, '{design}');
SELECT generate_phase_tasks('00000000-0000-0000-0000-000000000002');
-- A review is not offered to who worked on the phase, though the agent cannot read the artifacts.
SET ROLE regress_queue_owner;
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, collected_by) VALUES ('00000000-0000-0000-0000-000000000001', 'PHASE_TESTING', 'x', 'bob');
INSERT INTO tasks (ticket_id, phase_id, kind, task_type) VALUES ('00000000-0000-0000-0000-000000000001', 'PHASE_TESTING', 'review', 'judge');
SET ROLE regress_queue_agent;
SELECT task_type FROM claim_tasks('bob', 9, kinds => '{review}');
SELECT task_type FROM claim_tasks('cyd', 9, kinds => '{review}');
-- Nothing that the caller plants on the search_path is found.
RESET ROLE;
SELECT count(*) FROM tickets t, generate_phase_tasks(t.id, 'PHASE_IMPLEMENTATION');
CREATE SCHEMA planted;
GRANT ALL ON SCHEMA planted TO regress_queue_agent;
SET ROLE regress_queue_agent;
CREATE FUNCTION planted.evil(a text, b text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil ran as %', current_user; END $$;
CREATE OPERATOR planted.= (FUNCTION = planted.evil, LEFTARG = text, RIGHTARG = text);
CREATE FUNCTION planted.array_position(a text[], b text) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil ran as %', current_user; END $$;
SET search_path = planted, acme, phasegate, pg_catalog;
SELECT task_type, attempt FROM claim_tasks('dot', 9, '{implementation}', kinds => '{work}');
SELECT (fail_task(id, 'dot', 'no')).status FROM tasks WHERE status OPERATOR(pg_catalog.=) 'assigned' AND assigned_agent_id OPERATOR(pg_catalog.=) 'dot';
SELECT task_type FROM generate_phase_tasks('00000000-0000-0000-0000-000000000001', 'PHASE_TESTING');
RESET ROLE;
SET phasegate.now = '2026-01-01 13:00:00+00';
SET ROLE regress_queue_agent;
SELECT task_type, attempt FROM claim_tasks('dot', 9, '{implementation}', kinds => '{work}');
UPDATE tasks SET status = 'completed' WHERE status OPERATOR(pg_catalog.=) 'assigned' AND assigned_agent_id OPERATOR(pg_catalog.=) 'dot';
SELECT release_expired_tasks();
RESET ROLE;
SET search_path = acme, phasegate;
SELECT check_name, violations FROM check_workspace() WHERE violations <> 0;
DROP SCHEMA planted, acme CASCADE;
DROP OWNED BY regress_queue_owner, regress_queue_agent, regress_queue_stranger;
DROP ROLE regress_queue_owner, regress_queue_agent, regress_queue_stranger;
