-- A ticket goes from BACKLOG to TESTING; what its agents hand in becomes its context, key for key.
SET phasegate.now = '2026-01-01 12:00:00+00';
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
DELETE FROM phase_gate_requirements;
CREATE TABLE results (phase text, task_type text, result jsonb);
INSERT INTO results VALUES
    ('PHASE_REQUIREMENTS', 'analyze_requirements', '{"summary": "Requirements analysed",
        "context": {"requirements_doc": "Refunds within 30 days", "key_decisions": ["decision1"], "scope_clarifications": ["clarification1"]},
        "artifacts": [{"type": "requirements_document", "path": "docs/req.md"}], "outputs": {"pages": 3}}'),
    ('PHASE_REQUIREMENTS', 'create_requirements_doc', '{"summary": "Scope clarified",
        "context": {"key_decisions": ["decision1", "decision2"], "scope_clarifications": ["clarification1"]}}'),
    ('PHASE_DESIGN', 'design_architecture', '{"summary": "Designed",
        "context": {"architecture_doc": "One service, one table", "design_decisions": ["decision1"]}}'),
    ('PHASE_IMPLEMENTATION', 'implement_feature', '{"summary": "Built",
        "context": {"code_changes_summary": "Added refunds", "key_implementations": ["feature1", "feature2"]}}');
INSERT INTO tickets (id, title) VALUES ('00000000-0000-7000-8000-000000000001', 'Refunds');
-- An agent that does all there is to do, in the order of the queue; for other work it has nothing to say.
CREATE PROCEDURE work() LANGUAGE plpgsql AS $$
DECLARE task claimed_task;
BEGIN
    LOOP
        PERFORM set_config('phasegate.now', (current_setting('phasegate.now')::timestamptz + interval '1 minute')::text, false);
        SELECT * INTO task FROM claim_task('ada', ARRAY(SELECT DISTINCT jsonb_array_elements_text(required_capabilities) FROM tasks
                                                          WHERE jsonb_typeof(required_capabilities) = 'array'));
        EXIT WHEN task.id IS NULL;
        PERFORM complete_task(task.id, 'ada', (SELECT result FROM results r WHERE r.task_type = task.task_type AND r.phase = task.phase_id::text));
    END LOOP;
END $$;
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS';
SELECT context, context_summary FROM tickets;
CALL work();
SELECT transition_ticket(id, 'PHASE_DESIGN') IS NOT NULL AS moved FROM tickets;
CALL work();
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION';
CALL work();
UPDATE tickets SET phase_id = 'PHASE_TESTING';
-- The example, in its keys; tasks, artifacts and summary are what every block has.
SELECT jsonb_pretty((SELECT jsonb_object_agg(key, CASE jsonb_typeof(value) WHEN 'object' THEN value - '{tasks,artifacts,summary}'::text[] ELSE '"..."' END)
                       FROM jsonb_each(context))) AS context FROM tickets;
SELECT key, value -> 'artifacts' AS artifacts, value -> 'summary' AS summary
  FROM tickets, jsonb_each(context) WHERE key <> 'summary' ORDER BY key;
SELECT b.key, k.value - 'task_id' AS task, t.task_type = k.value ->> 'task_type' AND t.phase_id::text = upper('phase_' || replace(b.key, '_phase', '')) AS is_that_task
  FROM tickets, jsonb_each(context - 'summary') b, jsonb_array_elements(b.value -> 'tasks') WITH ORDINALITY k (value, n)
       LEFT JOIN tasks t ON t.id = (k.value ->> 'task_id')::uuid ORDER BY b.key, k.n;
SELECT context_summary, count_tokens(context_summary) <= 2000 AS fits, context ->> 'summary' = context_summary AS same FROM tickets;
-- Each phase's block is kept by itself too, with a summary of its own.
SELECT c.phase_id, c.context_data = t.context -> (lower(replace(c.phase_id::text, 'PHASE_', '')) || '_phase') AS same, c.context_summary
  FROM phase_context c JOIN tickets t ON t.id = ticket_id ORDER BY c.phase_id;
-- What the functions say of it.
SELECT get_context_for_phase(id) = context AS for_the_present_phase, context_summary(id) = context_summary AS summary,
       ticket_context(id) - 'last_updated' = jsonb_build_object('ticket_id', id, 'full_context', context, 'summary', context_summary) AS whole,
       ticket_context(id) ->> 'last_updated' AS last_updated FROM tickets;
SELECT aggregate_phase_context(id, 'PHASE_DESIGN') = context -> 'design_phase' AS computed_again FROM tickets;
SELECT check_name, violations FROM check_workspace() WHERE violations <> 0;
