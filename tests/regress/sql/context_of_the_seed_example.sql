-- The context that the design's source gives as its example comes out of tasks whose results carry its parts.
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT phasegate.create_workspace('acme') \g /dev/null
SET search_path = acme, phasegate;
UPDATE task_templates SET is_active = false;
DELETE FROM phase_gate_requirements;
-- A completed piece of work.
CREATE PROCEDURE done(ticket uuid, phase text, type text, result jsonb) LANGUAGE sql AS $$
    INSERT INTO tasks (ticket_id, phase_id, task_type, status, assigned_agent_id, result)
    VALUES (ticket, phase::phase, type, 'completed', 'agent', result)
$$;
INSERT INTO tickets (title, phase_id) VALUES ('one', 'PHASE_REQUIREMENTS') RETURNING id AS t \gset
CALL done(:'t', 'PHASE_REQUIREMENTS', 'analyze', '{"summary": "Analyzed.", "context": {"key_decisions": ["decision1"], "scope_clarifications": ["clarification1"]}}');
CALL done(:'t', 'PHASE_REQUIREMENTS', 'write', '{"summary": "Written.", "outputs": {"pages": 3}, "context": {"requirements_doc": "...", "key_decisions": ["decision1", "decision2"]}}');
SELECT current_phase FROM transition_ticket(:'t', 'PHASE_DESIGN');
CALL done(:'t', 'PHASE_DESIGN', 'design', '{"context": {"architecture_doc": "...", "design_decisions": ["decision1"]}}');
SELECT current_phase FROM transition_ticket(:'t', 'PHASE_IMPLEMENTATION');
CALL done(:'t', 'PHASE_IMPLEMENTATION', 'implement', '{"context": {"code_changes_summary": "...", "key_implementations": ["feature1", "feature2"]},
    "artifacts": [{"type": "code_changes", "path": "src/"}]}');
SELECT current_phase FROM transition_ticket(:'t', 'PHASE_TESTING');

-- The example, key for key.
SELECT key, value - 'tasks' - 'artifacts' - 'summary' AS block FROM tickets, jsonb_each(context) WHERE key LIKE '%phase' ORDER BY key;
SELECT context ->> 'summary' = context_summary AS same_summary, context_summary FROM tickets;
-- And what every block has.
SELECT key, value -> 'artifacts' AS artifacts, value ->> 'summary' AS summary,
       jsonb_path_query_array(value, '$.tasks[*].task_type') AS tasks, jsonb_path_query_array(value, '$.tasks[*].outputs') AS outputs
  FROM tickets, jsonb_each(context) WHERE key LIKE '%phase' ORDER BY key;
SELECT phase_context.phase_id, context_data = tickets.context -> (lower(substr(phase_context.phase_id::text, 7)) || '_phase') AS same, phase_context.context_summary
  FROM phase_context JOIN tickets ON ticket_id = tickets.id ORDER BY phase_context.phase_id;
SELECT jsonb_object_keys(ticket_context(:'t')) AS ticket_context;
SELECT extract_key_points(context) AS points FROM tickets;
