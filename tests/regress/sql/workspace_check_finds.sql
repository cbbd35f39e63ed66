-- Each check of check_workspace finds what it is for.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;
INSERT INTO tickets (id, title, phase_id) SELECT ('00000000-0000-7000-8000-00000000000' || n)::uuid, 't' || n, 'PHASE_DESIGN' FROM generate_series(1, 3) n;
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION' WHERE title < 't3';
CREATE FUNCTION public.found() RETURNS TABLE (check_name text, violations bigint, example text) LANGUAGE sql AS $$
    SELECT c.check_name, c.violations, regexp_replace(c.example, 'history row .*', 'history row ...') FROM phasegate.check_workspace() c WHERE c.violations > 0 OR c.example IS NOT NULL $$;
SELECT count(*) FROM public.found();
-- Every check by name, healthy.
SELECT check_name FROM phasegate.check_workspace() WHERE check_name IN
    ('phase_is_last_history_phase', 'history_is_unbroken', 'gate_result_is_passed', 'task_state_is_possible', 'pending_dependencies_are_true', 'structure_is_whole', 'owner_is_one', 'views_are_in_place', 'tasks_are_vacuumed_often', 'no_trigger_privileges', 'one_phase_is_the_start', 'context_keys_are_phases', 'shape_is_current');
-- Corrupted with the triggers off, one by one.
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE tickets SET phase_id = 'PHASE_DONE' WHERE title < 't3';
SELECT * FROM public.found();
ROLLBACK;
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM phase_history WHERE ticket_id = '00000000-0000-7000-8000-000000000003';
SELECT * FROM public.found();
ROLLBACK;
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE phase_history SET to_phase = 'PHASE_TESTING' WHERE from_phase IS NULL AND ticket_id = '00000000-0000-7000-8000-000000000001';
SELECT * FROM public.found();
ROLLBACK;
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM phase_history WHERE from_phase IS NULL AND ticket_id = '00000000-0000-7000-8000-000000000001';
SELECT * FROM public.found();
ROLLBACK;
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE phase_history SET from_phase = CASE WHEN from_phase IS NULL THEN 'PHASE_BACKLOG' END::phase WHERE ticket_id = '00000000-0000-7000-8000-000000000001';
SELECT * FROM public.found();
-- Two starts there cannot be, triggers or not.
UPDATE phase_history SET from_phase = NULL WHERE ticket_id = '00000000-0000-7000-8000-000000000001';
ROLLBACK;
-- A gate result that is not there, of another ticket, of another phase, failed; and one that is right.
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE phase_history SET gate_result_id = '00000000-0000-7000-8000-00000000000a' WHERE from_phase IS NOT NULL AND ticket_id = '00000000-0000-7000-8000-000000000001';
SELECT * FROM public.found();
INSERT INTO phase_gate_results (id, ticket_id, phase_id, gate_status) VALUES ('00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-000000000002', 'PHASE_DESIGN', 'passed');
SELECT * FROM public.found();
UPDATE phase_gate_results SET ticket_id = '00000000-0000-7000-8000-000000000001', phase_id = 'PHASE_TESTING';
SELECT * FROM public.found();
UPDATE phase_gate_results SET phase_id = 'PHASE_DESIGN', gate_status = 'failed';
SELECT * FROM public.found();
UPDATE phase_gate_results SET gate_status = 'passed';
SELECT * FROM public.found();
ROLLBACK;
-- Tasks.
BEGIN;
SET LOCAL session_replication_role = replica;
INSERT INTO tasks (id, ticket_id, phase_id, status, assigned_agent_id, attempts, lease_expires_at, completed_at) VALUES
    ('00000000-0000-7000-8000-0000000000f1', '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'assigned', NULL, 1, now(), NULL),
    ('00000000-0000-7000-8000-0000000000f2', '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'pending', NULL, 0, now(), NULL),
    ('00000000-0000-7000-8000-0000000000f3', '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'pending', NULL, -1, NULL, NULL),
    ('00000000-0000-7000-8000-0000000000f4', '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'failed', NULL, 4, NULL, NULL),
    ('00000000-0000-7000-8000-0000000000f5', '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'completed', NULL, 1, NULL, NULL),
    ('00000000-0000-7000-8000-0000000000f6', '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 'pending', NULL, 0, NULL, now());
SELECT check_name, violations FROM public.found();
ROLLBACK;
BEGIN;
SET LOCAL session_replication_role = replica;
INSERT INTO tasks (id, ticket_id, phase_id, pending_dependencies, dependencies) VALUES
    ('00000000-0000-7000-8000-0000000000f1', '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 0, NULL),
    ('00000000-0000-7000-8000-0000000000f2', '00000000-0000-7000-8000-000000000001', 'PHASE_DESIGN', 1, '{"depends_on": ["00000000-0000-7000-8000-0000000000f1"]}');
SELECT * FROM public.found();
UPDATE tasks SET pending_dependencies = 0;
SELECT check_name, violations FROM public.found();
UPDATE tasks SET pending_dependencies = 2 WHERE dependencies IS NOT NULL;
SELECT check_name, violations FROM public.found();
ROLLBACK;
-- Triggers that are gone, off, or for replication only.
BEGIN;
DROP TRIGGER aa_phasegate_write ON tickets;
SELECT * FROM public.found();
ROLLBACK;
BEGIN;
ALTER TABLE phase_history DISABLE TRIGGER phasegate_append_only;
SELECT * FROM public.found();
ALTER TABLE phase_history ENABLE REPLICA TRIGGER phasegate_append_only;
SELECT * FROM public.found();
ALTER TABLE phase_history ENABLE ALWAYS TRIGGER phasegate_append_only;
SELECT * FROM public.found();
ROLLBACK;
-- Those that a subscription must fire, as a restore with --disable-triggers leaves them.
BEGIN;
ALTER TABLE task_templates DISABLE TRIGGER ALL;
ALTER TABLE task_templates ENABLE TRIGGER ALL;
SELECT * FROM public.found();
SELECT phasegate.create_workspace('acme');
SELECT count(*) FROM public.found();
ROLLBACK;
-- Casts, as the restore of a dump of one schema leaves them.
BEGIN;
DROP CAST (varchar AS phase);
SELECT * FROM public.found();
SELECT phasegate.create_workspace('acme');
SELECT count(*) FROM public.found();
ROLLBACK;
BEGIN;
ALTER TABLE tickets DISABLE TRIGGER ALL;
SELECT check_name, violations > 3 AS many FROM public.found();
ROLLBACK;
-- Keys of a context that are no phase's.
BEGIN;
UPDATE tickets SET context = '{"design_phase": {}, "lunch_phase": {}, "else": 1}' WHERE title = 't1';
UPDATE tickets SET context = '[1]' WHERE title = 't2';
UPDATE tickets SET context = '{"testing_phase": {}}' WHERE title = 't3';
SELECT * FROM public.found();
ROLLBACK;
SELECT count(*) FROM public.found();
