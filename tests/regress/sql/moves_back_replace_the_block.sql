-- A phase that is entered again by a regression has its block replaced when it is left again.
\set SHOW_CONTEXT never
SET phasegate.now = '2026-01-01 12:00:00+00';
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
DELETE FROM phase_gate_requirements;
UPDATE task_templates SET is_active = false;
INSERT INTO tickets (id, title, phase_id) VALUES ('00000000-0000-7000-8000-000000000001', 't', 'PHASE_IMPLEMENTATION');
\set ticket '00000000-0000-7000-8000-000000000001'
CREATE PROCEDURE done(phase text, result jsonb) LANGUAGE sql AS
    $$ INSERT INTO tasks (ticket_id, phase_id, task_type, status, result, completed_at) SELECT id, phase::phase, 'work', 'completed', result, clock_timestamp() FROM tickets $$;
CREATE VIEW blocks AS
    SELECT b.key, b.value - '{tasks,artifacts,summary}'::text[] AS block, b.value -> 'artifacts' AS artifacts, b.value = c.context_data AS kept
      FROM tickets t, jsonb_each(t.context - 'summary') b LEFT JOIN phase_context c ON lower(replace(c.phase_id::text, 'PHASE_', '')) || '_phase' = b.key ORDER BY 1;
CALL done('PHASE_IMPLEMENTATION', '{"summary": "First", "context": {"key_implementations": ["one"], "engine": "A"}}');
SELECT (add_artifact(:'ticket', 'code_changes', 'first.patch')).artifact_type;
UPDATE tickets SET phase_id = 'PHASE_TESTING';
CALL done('PHASE_TESTING', '{"context": {"risks": ["It is slow"]}}');
SELECT update_ticket_context(:'ticket');
TABLE blocks;
-- Back: nothing is folded, and the block stays until the phase is left again.
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION';
TABLE blocks;
-- The second visit: the work done again says otherwise; the artifact of the first visit is stale.
CALL done('PHASE_IMPLEMENTATION', '{"summary": "Second", "context": {"key_implementations": ["two"], "engine": "B"}}');
SELECT (add_artifact(:'ticket', 'code_changes', 'second.patch')).artifact_type;
UPDATE tickets SET phase_id = 'PHASE_TESTING';
TABLE blocks;
SELECT count(*), count(DISTINCT phase_id) FROM phase_context;
-- The first visit's work was withdrawn: on the next visit nothing of it is left, in the context or in phase_context.
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION';
DELETE FROM tasks WHERE phase_id = 'PHASE_IMPLEMENTATION';
CALL done('PHASE_IMPLEMENTATION', '{"summary": "Third", "context": {"engine": "C"}}');
UPDATE tickets SET phase_id = 'PHASE_TESTING';
TABLE blocks;
-- And with nothing produced at all the block of before is not left standing.
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION';
DELETE FROM tasks WHERE phase_id = 'PHASE_IMPLEMENTATION';
UPDATE tickets SET phase_id = 'PHASE_TESTING';
TABLE blocks;
SELECT context_summary FROM tickets;
SELECT check_name, violations FROM check_workspace() WHERE violations <> 0;
