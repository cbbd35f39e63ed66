-- A look into an index saves statements. Where the index is gone, or another has its name, everything works as before.
\set SHOW_CONTEXT never
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
DELETE FROM phase_gate_requirements;
DELETE FROM task_templates;
INSERT INTO phase_transitions (from_phase, to_phase) VALUES ('PHASE_DESIGN', 'PHASE_REQUIREMENTS');
INSERT INTO task_templates (phase_id, task_type, template_description, dependencies_template) VALUES
    ('PHASE_REQUIREMENTS', 'read', 'Read', NULL), ('PHASE_REQUIREMENTS', 'agree', 'Agree', '{"depends_on": ["read"]}');
-- A ticket's way through a phase: what its two tasks and its artifact leave.
CREATE FUNCTION public.way(name text) RETURNS TABLE (released bigint, keys text, artifacts bigint, current bigint) LANGUAGE plpgsql AS $$
DECLARE
    ticket uuid;
BEGIN
    INSERT INTO tickets (title) VALUES (name) RETURNING id INTO ticket;
    UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE id = ticket;
    PERFORM complete_task(id, 'ada', '{"summary": "read", "artifacts": [{"type": "notes", "path": "p"}]}') FROM claim_task('ada', '{}') WHERE ticket_id = ticket;
    released := (SELECT count(*) FROM tasks WHERE ticket_id = ticket AND status = 'pending' AND pending_dependencies = 0);
    PERFORM complete_task(id, 'ada', '{"summary": "agreed"}') FROM claim_task('ada', '{}') WHERE ticket_id = ticket;
    UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE id = ticket;
    keys := (SELECT string_agg(key, ', ' ORDER BY key) FROM tickets, jsonb_object_keys(context) key WHERE id = ticket);
    artifacts := (SELECT jsonb_array_length(h.artifacts) FROM phase_history h WHERE ticket_id = ticket AND to_phase = 'PHASE_DESIGN');
    UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE id = ticket;
    current := (SELECT count(*) FROM phase_gate_artifacts WHERE ticket_id = ticket AND superseded_at IS NULL);
    UPDATE tasks SET status = 'cancelled' WHERE ticket_id = ticket AND status <> 'completed';
    RETURN NEXT;
END $$;
SELECT * FROM public.way('as made');
-- Gone.
DROP INDEX tasks_ticket, tasks_dependent, phase_gate_artifacts_ticket_phase;
SELECT * FROM public.way('gone');
-- Others of their names: with fewer rows, of other columns, in another order, of another kind, of another table.
CREATE INDEX tasks_ticket ON tasks (ticket_id, phase_id) WHERE status = 'failed';
CREATE INDEX tasks_dependent ON tasks (ticket_id) WHERE dependencies IS NULL AND status = 'failed';
CREATE INDEX phase_gate_artifacts_ticket_phase ON phase_gate_artifacts (ticket_id, phase_id) WHERE collected_by IS NULL;
SELECT * FROM public.way('fewer rows');
DROP INDEX tasks_ticket, tasks_dependent, phase_gate_artifacts_ticket_phase;
CREATE INDEX tasks_ticket ON tasks (id, phase_id) WHERE status IS NULL;
CREATE INDEX tasks_dependent ON tasks (ticket_id) WHERE error_message IS NOT NULL;
CREATE INDEX phase_gate_artifacts_ticket_phase ON phase_gate_artifacts (id, phase_id);
SELECT * FROM public.way('other columns');
DROP INDEX tasks_ticket, tasks_dependent, phase_gate_artifacts_ticket_phase;
CREATE INDEX tasks_ticket ON tasks (id, phase_id);
CREATE INDEX tasks_dependent ON tasks (id) WHERE dependencies IS NOT NULL;
CREATE INDEX phase_gate_artifacts_ticket_phase ON phase_gate_artifacts (id, phase_id);
SELECT * FROM public.way('other columns alone');
DROP INDEX tasks_ticket, tasks_dependent, phase_gate_artifacts_ticket_phase;
CREATE INDEX tasks_ticket ON tasks (phase_id, ticket_id);
CREATE INDEX tasks_dependent ON tasks (phase_id) WHERE dependencies IS NOT NULL;
CREATE INDEX phase_gate_artifacts_ticket_phase ON phase_gate_artifacts (phase_id, ticket_id);
SELECT * FROM public.way('other order');
DROP INDEX tasks_ticket, tasks_dependent, phase_gate_artifacts_ticket_phase;
CREATE INDEX tasks_ticket ON tasks USING hash (ticket_id);
CREATE INDEX tasks_dependent ON tasks ((ticket_id::text)) WHERE dependencies IS NOT NULL;
CREATE INDEX phase_gate_artifacts_ticket_phase ON tasks (ticket_id, phase_id);
SELECT * FROM public.way('others again');
DROP INDEX tasks_ticket, tasks_dependent, phase_gate_artifacts_ticket_phase;
CREATE VIEW tasks_ticket AS SELECT 1;
CREATE TABLE tasks_dependent ();
CREATE SEQUENCE phase_gate_artifacts_ticket_phase;
SELECT * FROM public.way('no indexes');
DROP VIEW tasks_ticket;
DROP TABLE tasks_dependent;
DROP SEQUENCE phase_gate_artifacts_ticket_phase;
-- Back, in a session that has seen all of it.
SELECT create_workspace('acme');
SELECT * FROM public.way('back');
BEGIN;
DROP INDEX tasks_ticket, tasks_dependent, phase_gate_artifacts_ticket_phase;
ROLLBACK;
SELECT * FROM public.way('rolled back');
-- Columns at other places than they were made at.
ALTER TABLE tasks ADD COLUMN extra int;
ALTER TABLE phase_gate_artifacts ADD COLUMN extra int;
ALTER TYPE phase ADD VALUE 'PHASE_REVIEW' BEFORE 'PHASE_DESIGN';
INSERT INTO phase_transitions (from_phase, to_phase) VALUES ('PHASE_REQUIREMENTS', 'PHASE_REVIEW'), ('PHASE_REVIEW', 'PHASE_DESIGN');
INSERT INTO tickets (title) VALUES ('added phase');
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title = 'added phase';
UPDATE tickets SET phase_id = 'PHASE_REVIEW' WHERE title = 'added phase';
SELECT (add_artifact(id, 'minutes', 'm')).artifact_type FROM tickets WHERE title = 'added phase';
UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE title = 'added phase';
SELECT key, value -> 'artifacts' AS artifacts FROM tickets, jsonb_each(context) WHERE title = 'added phase' AND key <> 'summary';
SELECT sum(violations) FROM check_workspace();

-- Statements that are planned by index leave the caller's settings to the triggers that they fire.
CREATE FUNCTION public.tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE '%: enable_seqscan %, plan_cache_mode %, jit %', NEW.status, current_setting('enable_seqscan'), current_setting('plan_cache_mode'), current_setting('jit');
    RETURN NULL;
END $$;
CREATE TRIGGER tell AFTER UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION public.tell();
SET jit = on;
INSERT INTO tasks (ticket_id, phase_id, task_type) SELECT id, phase_id, 'more' FROM tickets WHERE title = 'added phase';
INSERT INTO tasks (ticket_id, phase_id, task_type) SELECT id, phase_id, 'more' FROM tickets WHERE title = 'added phase';
SELECT d.status FROM claim_task('ada', '{}') c, complete_task(c.id, 'ada') d;
SELECT d.status FROM claim_task('ada', '{}') c, complete_task(c.id, 'ada') d;
SHOW enable_seqscan;
